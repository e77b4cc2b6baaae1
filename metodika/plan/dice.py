"""Chance and ids that a seed decides."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from random import Random
from uuid import UUID


@dataclass
class Dice:
    """One seed gives the same throws and the same ids for ever."""

    seed: int
    random: Random = field(init=False)
    numbers: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a made-up country, not a secret
        self.numbers = count(1)

    def id(self) -> UUID:
        """Return the next id, of version 8."""
        number = self.seed << 96 | next(self.numbers)
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)

    def happens(self, per_cent: int) -> bool:
        """Say whether something of this likelihood happens."""
        return self.random.randrange(100) < per_cent

    def day(self, first: date, last: date) -> date:
        """Return a day between two, both included."""
        return first + timedelta(days=self.random.randint(0, max(0, (last - first).days)))

    def delay(self) -> timedelta:
        """Return how late something late is recorded: mostly within a week.

        Of thirty, twenty within 7 days, eight within 60, two within 400 (population §6.1).
        """
        spans, weights = ((1, 7), (8, 60), (61, 400)), (20, 8, 2)
        ((first, last),) = self.random.choices(spans, weights)
        return timedelta(days=self.random.randint(first, last))

    def snils(self) -> str:
        """Return a СНИЛС with its control number, above 001-001-998."""
        digits = f"{self.random.randint(2_000_000, 999_999_999):09d}"
        total = sum(int(d) * (9 - n) for n, d in enumerate(digits)) % 101 % 100
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {total:02d}"


def is_one_of(number: int, per_mille: int, after: int = 0) -> bool:
    """Say whether a number is counted out: so many of each thousand, spread evenly.

    `after` keeps apart those who are counted out for different things.
    """
    return per_mille > 0 and (number + after) % (1000 // per_mille) == 0
