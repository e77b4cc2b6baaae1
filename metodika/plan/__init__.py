"""A synthetic region by seed: pure, with its own clock and ids (contracts §8).

Rates and shapes are those of the design's population model; the country is made up.
`land` has the places and programmes, `people` who is who, `lives` what becomes of them:
`learning`, `mentoring`, and what `amends` puts right. `tiers` says how much of everything.
"""

from collections.abc import Iterator

from metodika.plan.dice import Dice
from metodika.plan.land import Land
from metodika.plan.lives import lived
from metodika.plan.people import Person
from metodika.plan.steps import Restate, Step, TakeBack
from metodika.plan.tiers import TIERS, TILED, Parameters, Tier
from metodika.plan.tiles import codes, parameters, shared, tiles_of

__all__ = [
    "TIERS",
    "TILED",
    "Parameters",
    "Restate",
    "Step",
    "TakeBack",
    "Tier",
    "codes",
    "parameters",
    "plan",
    "shared",
    "tiles_of",
]


def plan(seed: int, parameters: Parameters) -> Iterator[Step]:
    """Return everything that is asked, in the order of asking.

    One seed and one set of parameters give the same steps for ever.
    """
    yield from sorted(_steps(Dice(seed), parameters), key=lambda step: step.at)


def _steps(dice: Dice, parameters: Parameters) -> Iterator[Step]:
    land = Land(dice, parameters)
    yield from land.steps()
    people = [Person(land, n) for n in range(parameters.people)]
    methodists = [each for each in people if each.is_methodist]
    teachers = [each for each in people if not each.is_head]
    charges = {
        each.n: [one for one in teachers[n :: len(methodists)] if one is not each]
        for n, each in enumerate(methodists)
    }
    mentors = [each for each in people if not each.is_young and each.until is None]
    for each in people:
        yield from lived(each, charges.get(each.n, []), mentors)
