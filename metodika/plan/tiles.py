"""The country of a big tier: how many tiles of one pattern lie in which region.

A tile is a district with its own schools and people; what a region or the country has
once (its institute, its programmes, the competencies) its tiles share.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from metodika.plan.dice import Dice
from metodika.plan.land import Land, about, oktmo_of, regions
from metodika.plan.tiers import ALL, TIERS, TILED, Parameters, Tier
from shared.kernel.ids import Oktmo, RegionCode

type Scope = Literal["country", "region", "tile"]

PEDAGOGUES = 1_410_000
"""Of the whole country (population §6.1)."""
SCHOOL_AGE = {
    **dict.fromkeys(("20", "06", "17", "05"), 1.5),
    **dict.fromkeys(("14", "03", "04", "86", "89"), 1.25),
    **dict.fromkeys(("77", "78"), 0.85),
}
"""How many more children there are than elsewhere for each inhabitant (§6.2)."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """Where one copy of the pattern lies: its codes instead of those of the pattern."""

    region: RegionCode
    neighbour: RegionCode
    oktmo: tuple[Oktmo, ...]


def parameters(tier: Tier) -> Parameters:
    """Return what the plan of a tier is made of: of a tiled one, the plan of one tile."""
    return replace(TIERS[tier], others=codes(tier))


def codes(tier: Tier) -> tuple[str, ...]:
    """Return the regions of a tiled tier; of any other none."""
    named = TILED.get(tier, ())
    return tuple(regions()) if named == ALL else named


def tiles_of(among: Sequence[str], pattern: Parameters) -> Iterator[Tile]:
    """Return the tiles of these regions, each region with its share of the people."""
    for n, code in enumerate(among):
        next_door = among[(n + 1) % len(among)]
        for place in range(max(1, round(pedagogues(code) / pattern.people))):
            first = pattern.municipalities * place
            yield Tile(
                region=RegionCode(code),
                neighbour=RegionCode(next_door),
                oktmo=tuple(
                    oktmo_of(RegionCode(code), first + each)
                    for each in range(pattern.municipalities)
                ),
            )


def pedagogues(code: str) -> float:
    """Return how many teach in a region: by its weight and the children there (§6.2)."""
    return PEDAGOGUES * _weight(code) / sum(map(_weight, regions()))


def _weight(code: str) -> float:
    people = int(about(RegionCode(code))["population_thousand_approx"])
    return people * SCHOOL_AGE.get(code, 1.0)


def shared(seed: int, pattern: Parameters) -> dict[UUID, Scope]:
    """Return the ids of a plan that are not of one tile alone, and of what they are."""
    land = Land(Dice(seed), pattern)
    of_region: list[UUID] = [land.institute, land.centre, land.school_next_door]
    of_region += [land.methodical, *land.programs, *land.experts]
    of_country: list[UUID] = [land.federal_org, land.instrument, *land.competencies]
    scopes: dict[UUID, Scope] = {}
    scopes.update((each, "region") for each in of_region)
    scopes.update((each, "country") for each in of_country)
    return scopes
