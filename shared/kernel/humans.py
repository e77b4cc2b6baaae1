"""Which records are of one human, as a service hears that they were merged (S1 7.2)."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from shared.kernel.ids import PersonId
from shared.kernel.policy import Borrowed, Known


class Merger(Protocol):
    """A fact: one record was merged into another on a day."""

    @property
    def survivor_id(self) -> PersonId:
        """Return the record that stays."""
        ...

    @property
    def merged_id(self) -> PersonId:
        """Return the record that stands for it no more."""
        ...

    @property
    def occurred_on(self) -> date:
        """Return the day."""
        ...


@dataclass(frozen=True)
class Humans:
    """What a service borrows of mergers: of each record into what, and what into it."""

    into: Borrowed[Merger | None, Merger]
    of: Borrowed[tuple[PersonId, ...], Merger]

    def records(self, known: Known, who: PersonId) -> tuple[PersonId, ...]:
        """Return every record of a human: that which all were merged into, then the others."""
        found, ahead = list[PersonId](), [self.survivor(known, who)]
        while ahead:
            found.append(ahead.pop())
            ahead += [each for each in known.of(self.of, found[-1]) if each not in found]
        return tuple(found)

    def survivor(self, known: Known, who: PersonId) -> PersonId:
        """Return the record into which this one was merged, along the chain to its end."""
        return [*self._way(known, who)][-1]

    def one_since(self, known: Known, one: PersonId, other: PersonId) -> date | None:
        """Return the day from which two records are of one human; None if they are not."""
        here, there = (self._way(known, each) for each in (one, other))
        days = (max(here[each], there[each]) for each in here.keys() & there.keys())
        return min(days, default=None)

    def _way(self, known: Known, who: PersonId) -> dict[PersonId, date]:
        """Return this record and those it was merged into, each with the day since when."""
        since = {who: date.min}
        while (said := known.of(self.into, who)) and said.survivor_id not in since:
            since[said.survivor_id] = max(since[who], said.occurred_on)
            who = said.survivor_id
        return since


def humans(service: str, merger: type[Merger]) -> Humans:
    """Return what a service borrows of this class of facts."""
    return Humans(
        Borrowed(
            name=f"{service}.merged into",
            facts=(merger,),
            about=lambda said: said.merged_id,
            initial=None,
            evolve=lambda _, said, __: said,
        ),
        Borrowed(
            name=f"{service}.merged from",
            facts=(merger,),
            about=lambda said: said.survivor_id,
            initial=(),
            evolve=lambda so_far, said, _: (*so_far, said.merged_id),
        ),
    )
