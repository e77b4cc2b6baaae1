"""Who is young, and until when: by all that is known of one human (RU8, AM13, AM14)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.domain.identity import birthday, months_after
from shared.kernel import require

UNKNOWABLE = (
    "Данные уничтожены: не узнать, до какого дня человек молод по такой записи;"
    " исправление невозможно"
)
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


def recalled(
    said: Mapping[date, date | None], first: date | None
) -> Mapping[date, date | None]:
    """Return what is to be said by day of whom nobody can know when he was born.

    `said` is what was; `first` his first pedagogical work as it stands now. Raises
    `Refused` where what was said does not tell the end of his youth.
    """
    days = sorted({*said, *filter(None, [first])})
    until = recalled_until(said, first) if days else None
    return {day: until for day in days if (day, until) not in said.items()}


def recalled_until(said: Mapping[date, date | None], first: date | None) -> date | None:
    """Return the end of youth, by what was said of it while the birth date was known.

    An end that is not 36 months after a first day of work is the birthday; one that is
    says that the birthday is no earlier; none, that it was over by the first day.
    """
    end = next(iter(said.values()), None)
    if first is None:
        return None
    if end is None:
        require(said and first >= min(said), clause="S1 5.5", reason=UNKNOWABLE)
        return None
    by_work = months_after(first, NOVICE_MONTHS)
    if any(months_after(day, NOVICE_MONTHS) == end for day in said):
        require(by_work <= end, clause="S1 5.5", reason=UNKNOWABLE)
        return by_work
    return None if first >= end else min(end, by_work)


def young_until(born: date, first: date | None) -> date | None:
    """Return the first day that is youth no more (AM13, AM14); None for who never is young."""
    old_on = birthday(born, YOUTH_ENDS_AT)
    if first is None or first >= old_on:
        return None
    return min(old_on, months_after(first, NOVICE_MONTHS))
