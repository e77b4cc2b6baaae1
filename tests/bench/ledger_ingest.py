"""`python -m tests.bench.ledger_ingest [FACTS]`: facts a second into the ledger.

In bulk (batches of 120,000, as a rebuild reads them), and how long a live batch of 10
facts takes until it can be asked for (median and the slowest of a hundred).
"""

import re
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import UUID

from services.monitoring import ledger as language
from shared.events.diagnostics import DeficitIdentified, DiagnosticCompleted
from shared.events.registry import EmploymentStarted, YouthPeriodDetermined
from shared.events.routes import EnrolmentStarted, ProgramCompleted
from shared.runtime.columns import Ledger
from shared.runtime.log import Record
from shared.testing.facts import a
from tests.bench.ledger_bench import say
from tests.monitoring.test_columns import told

KINDS = (
    EmploymentStarted,
    YouthPeriodDetermined,
    DiagnosticCompleted,
    DeficitIdentified,
    EnrolmentStarted,
    ProgramCompleted,
)
BATCH = 120_000
NOBODY = re.compile(str(UUID(int=0)).encode())
"""What an example says where an id stands: equal ids would pack too well."""


def records(facts: int) -> list[Record]:
    """Repeat one record of each kind, each time with its own place and its own ids."""
    ids = Random(0)  # noqa: S311 - the same each time
    first = [told(1, a(kind)) for kind in KINDS]
    heads = dict.fromkeys({each.source for each in first}, 0)
    made: list[Record] = []
    for n in range(facts):
        one = first[n % len(first)]
        heads[one.source] += 1
        made.append(
            replace(
                one,
                position=heads[one.source],
                event_id=_any_id(ids),
                stream=_any_id(ids),
                data=NOBODY.sub(lambda _: str(_any_id(ids)).encode(), one.data),
                recorded_at=one.recorded_at + timedelta(microseconds=n),
            )
        )
    return made


def _any_id(ids: Random) -> UUID:
    return UUID(int=ids.getrandbits(128), version=4)


def main(facts: int) -> None:
    """Fill a ledger, then trickle into it, and print both."""
    made = records(facts + 1000)
    bulk, live = made[:facts], made[facts:]
    with TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder), language)
        begun = perf_counter()
        for n in range(0, facts, BATCH):
            ledger.ingest(bulk[n : n + BATCH])
        took = perf_counter() - begun
        say(f"bulk: {facts} facts, {facts / took:,.0f} a second")
        times: list[float] = []
        for n in range(0, len(live), 10):
            begun = perf_counter()
            ledger.ingest(live[n : n + 10])
            times.append(1000 * (perf_counter() - begun))
        say(f"live: 10 facts in {median(times):.1f} ms, at most {max(times):.1f} ms")
        ledger.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 600_000)
