"""`visible`: from a command to the number of its region, in the embedded world.

A young teacher's support starts (mentoring), everybody hears it, the ledger takes it
in, K-F4 of the region is asked and must have grown by one. The rival does only what
cannot be left out: it asks the same command and then the same number, and nobody hears.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from metodika import imports
from metodika.world import World, opened
from services.mentoring.domain import StartSupport
from services.registry.domain import AddRegion
from shared.kernel.ids import PersonId, RegionCode, SupportId, Territory
from shared.runtime.asking import Asked
from shared.runtime.settings import Settings
from tests.bench.measured import Measured, say
from tests.bench.roster import package

REGION = "25"
PEOPLE = 2_000
COMMANDS = 300
BUDGET_MS = 2_000
STARTED = date(2021, 9, 2)
ON = date(2022, 3, 1)


def run() -> Iterator[Measured]:
    """Make a region, start supports one after another, look each time."""
    with TemporaryDirectory() as folder, opened(Settings(world=Path(folder))) as world:
        young = populated(world)
        seen: list[float] = []
        least: list[float] = []
        for person in young[:COMMANDS]:
            before = number(world)
            begun = perf_counter()
            ask(world, "mentoring", support(person))
            asked_for = perf_counter()
            world.settle()
            settled = perf_counter()
            after = number(world)
            done = perf_counter()
            if after != before + 1:
                raise RuntimeError(f"K-F4 was {before}, is {after}")
            seen.append(1000 * (done - begun))
            least.append(1000 * (done - settled + asked_for - begun))
        facts = sum(at for _, at in world.ledger.positions().values())
        say(f"a world of {facts:,} facts, {len(seen)} commands one after another")
    yield from told(seen, least, "", "the command and the question alone")


def told(seen: list[float], least: list[float], by: str, against: str) -> Iterator[Measured]:
    """Return the median and the slowest hundredth, in milliseconds."""
    for percent in (50, 99):
        ours, rival = (quantiles(each, n=100)[percent - 1] for each in (seen, least))
        yield Measured(
            what=f"command → visible in its region's K-F4{by}, p{percent}",
            ours=ours,
            unit="ms",
            rival=rival,
            against=against,
            budget=f"≤ {BUDGET_MS / 1000:g} s" if percent == 99 else "—",
            kept=ours <= BUDGET_MS if percent == 99 else None,
        )


def populated(world: World) -> list[PersonId]:
    """Fill a region from a roster; return those of its teachers who are young."""
    ask(world, "registry", region())
    registry = world.engines["registry"]
    plan = imports.roster_plan(
        registry, package(PEOPLE, REGION), system="bench", region=REGION, on=STARTED
    )
    imports.take(registry, plan, actor="import:bench", home=REGION)
    world.settle()
    vector, _ = world.answers.vector(None)
    members = world.answers.members("K-F4", REGION, ON, vector, side="not")
    return [PersonId(UUID(each.subject)) for each in members]


def region() -> AddRegion:
    """Return the command that puts the region on the map."""
    return AddRegion(
        region=RegionCode(REGION),
        name="Край",
        iso=None,
        utc_offset_minutes=600,
        added_on=date(2020, 9, 1),
    )


def support(person: PersonId) -> StartSupport:
    """Return the command that makes somebody count."""
    return StartSupport(
        support_id=SupportId(uuid4()),
        person_id=person,
        form="mentoring_group",
        started_on=date(2022, 2, 1),
    )


def ask(world: World, service: str, command: Any) -> None:
    """Ask for one thing; it must be accepted."""
    outcome = world.engines[service].ask(
        Asked(command=command, command_id=uuid4(), actor="bench", home=Territory(REGION))
    )
    if outcome.status != "accepted":
        raise RuntimeError(str(outcome))


def number(world: World) -> int:
    """Return the numerator of K-F4 in the region, as known now."""
    vector, lagging = world.answers.vector(None)
    return world.answers.value("K-F4", REGION, ON, vector, lagging).num
