"""`country`: K-F1 and K-F4 of 1.3 million teachers and 13 million facts.

The rival is the least query by hand for the same levels: it knows no corrections, no
mergers, no annulments, no reasons and no evidence. Both in turn, the best of five.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from services.monitoring import ledger
from shared.kernel import catalogue
from shared.runtime.definitions import definitions
from tests.bench.ledger_bench import AS_OF, BY_HAND
from tests.bench.ledger_country import fill
from tests.bench.measured import Measured, say, seconds
from tests.monitoring.telling import INDICATORS

TEACHERS = 1_300_000
TIMES = 5
BUDGETS = {"": 1.0, "25": 0.1}


def run() -> Iterator[Measured]:
    """Make the country, ask both indicators of it and of one region."""
    with TemporaryDirectory() as folder:
        reader = duckdb.connect(Path(folder, "country.duckdb"), config={"threads": 2})
        known = fill(reader, TEACHERS)
        reader.execute("CHECKPOINT")  # packed, as a ledger's file is
        say(f"{TEACHERS:,} teachers, {facts_of(reader):,} facts")
        yield from _measured(reader, known)
        reader.close()


def _measured(reader: duckdb.DuckDBPyConnection, known: dict[str, int]) -> Iterator[Measured]:
    for kpi in BY_HAND:
        for scope, budget in BUDGETS.items():
            ours, rival = asked(reader, kpi, scope, known)
            yield Measured(
                what=f"{kpi}, all levels of {(scope and f'region {scope}') or 'the country'}",
                ours=ours,
                unit="s",
                rival=rival,
                against="the least query by hand, without corrections or evidence",
                budget=f"≤ {budget:g} s",
                kept=ours <= budget,
            )


def asked(
    reader: duckdb.DuckDBPyConnection, kpi: str, scope: str, known: dict[str, int]
) -> tuple[float, float]:
    """Return the best times of ours and of the rival, in turn."""
    definition = definitions(INDICATORS)[kpi]
    query = ledger.by_level(definition.sql, definition.unit, definition.aggregate)
    least: dict[str, Any] = {"as_of": AS_OF, "scope": scope}

    def ours() -> object:
        return reader.execute(query, least | {"known": known}).fetchall()

    def rival() -> object:
        return reader.execute(BY_HAND[kpi], least).fetchall()

    both = [(seconds(ours), seconds(rival)) for _ in range(TIMES)]
    return min(one for one, _ in both), min(other for _, other in both)


def facts_of(reader: duckdb.DuckDBPyConnection) -> int:
    """Count the facts of a ledger."""
    counts = [f"SELECT count(*) FROM {ledger.table(each)}" for each in catalogue.values()]
    return sum(reader.execute(each).fetchall()[0][0] for each in counts)
