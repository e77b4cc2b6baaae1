"""One plan of tier S, carried out twice: in the stores of a world, and in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

import pytest

from metodika.generate import Clock, Columns, Made, Stores, carry_out_tier
from metodika.plan import Tier
from metodika.world import INDICATORS, opened
from services.monitoring import ledger as language
from shared.runtime.answers import Answers
from shared.runtime.columns import Ledger
from shared.runtime.definitions import definitions
from shared.runtime.log import Record
from shared.runtime.settings import Settings

SEED = 1
KNOWN = definitions(INDICATORS)


@dataclass
class Carried:
    """A plan carried out: what came of it, every record, and who can be asked."""

    made: Made
    records: list[Record]
    answers: Answers

    @cached_property
    def places(self) -> dict[UUID, str]:
        """Return where each event stands."""
        return {each.event_id: f"{each.source}/{each.position}" for each in self.records}


def in_stores(folder: Path, tier: Tier) -> Iterator[Carried]:
    """Carry out a plan through engines and stores."""
    clock = Clock()
    with opened(Settings(world=folder), clock) as world:
        made = carry_out_tier(Stores(world, clock), KNOWN, SEED, tier)
        records = [each for store in world.stores.values() for each in store.walk()]
        yield Carried(made, records, world.answers)


def in_memory(folder: Path, tier: Tier) -> Iterator[Carried]:
    """Carry out a plan in memory, straight into a ledger."""
    ledger, records = Ledger(folder, language), list[Record]()

    def take(some: list[Record]) -> None:
        records.extend(some)
        ledger.ingest(some)

    made = carry_out_tier(Columns(take), KNOWN, SEED, tier)
    yield Carried(made, records, Answers(ledger, KNOWN))
    ledger.close()


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    """Give the plan of tier S as the first sink carried it out."""
    yield from in_stores(tmp_path_factory.mktemp("stored"), "S")


@pytest.fixture(scope="session")
def thought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    """Give the plan of tier S as the second sink carried it out."""
    yield from in_memory(tmp_path_factory.mktemp("thought"), "S")
