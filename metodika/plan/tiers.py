"""How large a made-up region is, and how often what happens in it."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

type Tier = Literal["XS", "S", "M", "L", "XL"]

FIRST, LAST = date(2021, 1, 11), date(2024, 12, 31)
"""The days between which people live their working lives."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a tier is made of (population §6.1). `others` are more regions on the map.

    One of `charges` people is a candidate for methodist; two thirds of them qualify.

    Up to `late` shares are per cent of occasions, drawn by chance. From `doubled` on
    they are per mille of people or occasions, counted out: of a thousand just so many,
    so small tiers have shares that leave them at least one of each.
    """

    region: str
    neighbour: str
    municipalities: int
    schools: int
    people: int
    charges: int = 170
    others: tuple[str, ...] = ()
    diagnosed: int = 22
    routed: int = 90
    completed: int = 93
    young: int = 12
    late: int = 30
    doubled: int = 5
    two_jobs: int = 60
    finished_late: int = 5
    left: int = 100
    moved: int = 40
    moved_away: int = 20
    risen: int = 20
    erased: int = 1
    corrected: int = 6
    withdrawn: int = 2
    annulled: int = 2


DISTRICT = Parameters(region="22", neighbour="24", municipalities=3, schools=55, people=2_000)
"""One tile of a big tier."""

TIERS: dict[Tier, Parameters] = {
    "XS": Parameters(
        region="25",
        neighbour="27",
        municipalities=2,
        schools=6,
        people=120,
        charges=60,
        doubled=25,
        erased=10,
        finished_late=25,
        corrected=40,
        withdrawn=20,
        annulled=50,
    ),
    "S": Parameters(
        region="26",
        neighbour="23",
        municipalities=1,
        schools=20,
        people=500,
        charges=60,
        doubled=10,
        erased=10,
        finished_late=10,
        corrected=20,
        withdrawn=10,
        annulled=20,
    ),
    "M": Parameters(region="25", neighbour="27", municipalities=34, schools=500, people=17_000),
    "L": DISTRICT,
    "XL": DISTRICT,
}

ALL = ("all",)
TILED: dict[Tier, tuple[str, ...]] = {
    "L": ("04", "17", "19", "22", "24", "38", "42", "54", "55", "70"),
    "XL": ALL,
}
"""Of these tiers `TIERS` has one tile, of which these regions are laid out. L is the
Siberian Federal District."""
