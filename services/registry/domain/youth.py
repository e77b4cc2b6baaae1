"""Who is young, and until when: by all that is known of one human (RU8, AM13, AM14)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.domain.identity import birthday, months_after

YOUTH_ENDS_AT = 35
"""Years; the birthday itself is no longer youth (AM13)."""
NOVICE_MONTHS = 36
"""The first three years of work, breaks included (AM14)."""


@dataclass(frozen=True, slots=True)
class Era:
    """Since a day, what the other records of the same human say (S1 7.2).

    `born` is said by the main record; None if it is this very one, or nobody can read it.
    `first` is the first pedagogical work of the others, if there was any.
    """

    since: date
    born: date | None
    first: date | None


ALONE = Era(date.min, None, None)
"""Before any merger: a record stands by itself."""

type Eras = tuple[Era, ...]
"""In order of time."""


@dataclass(frozen=True)
class Youth:
    """What one record says of a human's youth: his birthday, his first pedagogical work."""

    born: date
    first: date | None
    eras: Eras = ()

    def until(self, day: date) -> date | None:
        """Return until when he is young, as it is to be said for a day."""
        if not self.eras:
            return young_until(self.born, self.first)
        era = next((each for each in reversed(self.eras) if each.since <= day), ALONE)
        first = min(filter(None, (self.first, era.first)), default=None)
        return young_until(era.born or self.born, first)

    def news(self, said: Mapping[date, date | None]) -> Mapping[date, date | None]:
        """Return what is to be said by day, in order, where other was `said` or nothing.

        It ends with what holds in the end, for those who go by what they heard last.
        """
        news: dict[date, date | None] = {}
        for day in self.days(said):
            until = self.until(day)
            last = next(reversed(news.values()), until)
            if (day, until) not in said.items() or last != until:
                news[day] = until
        return news

    def days(self, said_for: Collection[date]) -> Sequence[date]:
        """Return the days for which it is to be said, in order.

        Those for which it was said, the first of work, and where it becomes another.
        """
        days = {*said_for, *filter(None, [self.first])}
        for era in self.eras:
            before = max((each for each in days if each <= era.since), default=None)
            if before and self.until(before) != self.until(era.since):
                days.add(era.since)
        return sorted(days)


def young_until(born: date, first: date | None) -> date | None:
    """Return the first day that is youth no more (AM13, AM14); None for who never is young."""
    old_on = birthday(born, YOUTH_ENDS_AT)
    if first is None or first >= old_on:
        return None
    return min(old_on, months_after(first, NOVICE_MONTHS))
