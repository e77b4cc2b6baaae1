"""`sinks`: one plan carried out in stores, in memory, and laid out in tiles.

The rival is the first sink in the same run (engines, sealing, SQLite, hearing); all of
them end in a ledger. `python -m tests.bench.sinks` prints the lines.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from metodika.generate import Clock, Columns, Stores, Take, behind, carry_out_tier
from metodika.mosaic import Mosaic
from metodika.plan import Tier, parameters, shared, tiles_of
from metodika.world import INDICATORS, opened
from services.monitoring import ledger as language
from shared.runtime.columns import Ledger
from shared.runtime.definitions import definitions
from shared.runtime.log import Record
from shared.runtime.settings import Settings
from tests.bench.measured import Measured, quiet, seconds

SEED = 1
TIER: Tier = "S"
REGIONS = ("26", "23", "25")
KNOWN = definitions(INDICATORS)


def run() -> Iterator[Measured]:
    """Carry out tier S three times; the third time three regions of it."""
    with TemporaryDirectory() as folder, quiet():
        first = in_stores(Path(folder, "stores"))
        second = into_ledger(Path(folder, "memory"), in_memory)
        third = into_ledger(Path(folder, "tiles"), in_tiles)
    for what, ours in (("in memory", second), ("in tiles", third)):
        yield Measured(
            what=f"a plan of tier {TIER} {what}, into a ledger",
            ours=ours,
            unit="facts/s",
            rival=first,
            against="the same plan through engines and SQLite stores",
        )


def in_stores(folder: Path) -> float:
    """Return the facts a second of the first sink."""
    clock = Clock()
    with opened(Settings(world=folder), clock) as world:
        sink = Stores(world, clock)
        took = seconds(lambda: carry_out_tier(sink, KNOWN, SEED, TIER))
        return heard(world.ledger) / took


def into_ledger(folder: Path, give: Callable[[Take], object]) -> float:
    """Return the facts a second of what gives records to a ledger."""
    ledger = Ledger(folder, language)

    def take() -> None:
        with behind(ledger.ingest) as later:
            give(later)

    took = seconds(take)
    facts = heard(ledger)
    ledger.close()
    return facts / took


def in_memory(take: Take) -> None:
    """Carry the plan out in memory."""
    carry_out_tier(Columns(take), KNOWN, SEED, TIER)


def in_tiles(take: Take) -> None:
    """Carry it out once, and lay it out over regions."""
    pattern: list[Record] = []
    in_memory(pattern.extend)
    of = parameters(TIER)
    for batch in Mosaic(pattern, of, shared(SEED, of)).laid(list(tiles_of(REGIONS, of))):
        take(batch)


def heard(ledger: Ledger) -> int:
    """Count the facts of a ledger."""
    return sum(position for _, position in ledger.positions().values())
