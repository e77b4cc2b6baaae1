"""`cluster`: from a command to the number of its region, through Kafka.

Processes of their own for registry, mentoring and monitoring; one command after another
over HTTP, and monitoring is asked until K-F4 of the region has grown by one. The rival is
what cannot be left out: the command's own answer and one question.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import cast
from uuid import UUID, uuid4

from metodika import imports
from metodika.services import service
from shared.kernel.ids import PersonId
from shared.runtime.asking import Asked
from shared.runtime.engine import Engine
from shared.runtime.seal import Keys
from tests.bench.measured import Measured, say, servers
from tests.bench.roster import package
from tests.bench.visible import ON, REGION, STARTED, region, support, told
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys.cluster import MASTER, Cluster
from tests.journeys.running import within

AT_WORK = ("registry", "mentoring", "monitoring")
PEOPLE = 600
COMMANDS = 120
PAUSE = 0.002
"""Seconds between two looks."""


def run() -> Iterator[Measured]:
    """Start three processes, start supports one after another, look until each is seen."""
    with TemporaryDirectory() as folder, servers() as parts:
        kafka, postgres, mongo = map(parts.part, ("kafka", "postgres", "mongo"))
        made = Cluster(
            Path(folder), cast("Kafka", kafka), cast("Postgres", postgres), cast("Mongo", mongo)
        )
        try:
            populate(made)
            for name in AT_WORK:
                made.servers[name] = made.started(name)
            young = within(60, lambda: unsupported(made), "monitoring knows the young")
            seen, least = measured(made, young[:COMMANDS])
        finally:
            made.close()
    against = "the command's answer and one question, over HTTP"
    yield from told(seen, least, ", through Kafka", against)


def populate(made: Cluster) -> None:
    """Fill a region from a roster, before anybody is at work."""
    keys = Keys(made.keys, base64.b64decode(MASTER))
    registry = Engine(service("registry"), made.stores["registry"], keys)
    registry.ask(Asked(command=region(), command_id=uuid4(), actor="bench"))
    plan = imports.roster_plan(
        registry, package(PEOPLE, REGION), system="bench", region=REGION, on=STARTED
    )
    imports.take(registry, plan, actor="import:bench", home=REGION)
    keys.close()


def unsupported(made: Cluster) -> list[PersonId]:
    """Return the young of the region whom nobody supports, once the ledger has all."""
    head = made.stores["registry"].head().position
    if made.kpi("K-F4").get("vector", {}).get("registry@0", 0) < head:
        return []
    asked = {"scope": REGION, "as_of": str(ON), "side": "not", "limit": 10_000}
    page = made.servers["monitoring"].get("/kpi/K-F4/members", **asked).json()
    return [PersonId(UUID(each["subject"])) for each in page["members"]]


def measured(made: Cluster, young: list[PersonId]) -> tuple[list[float], list[float]]:
    """Return milliseconds until each command was seen, and of what can't be left out."""
    seen: list[float] = []
    least: list[float] = []
    for person in young:
        before, look = number(made), 0.0
        begun = perf_counter()
        made.tell("mentoring", support(person))
        told = perf_counter() - begun
        after = before
        while after == before:
            sleep(PAUSE)
            looked = perf_counter()
            after = number(made)
            look = perf_counter() - looked
            if looked - begun > 60:
                raise RuntimeError("not seen within a minute")
        seen.append(1000 * (perf_counter() - begun))
        least.append(1000 * (told + look))
    say(f"{len(seen)} commands one after another, processes: {', '.join(AT_WORK)}")
    return seen, least


def number(made: Cluster) -> int:
    """Return the numerator of K-F4 in the region, as known now."""
    return made.kpi("K-F4", scope=REGION, as_of=str(ON))["num"]
