"""The life of one thing, in which something is said anew or taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import dropwhile, takewhile
from typing import Any, NamedTuple
from uuid import UUID

from shared.kernel import (
    Decider,
    Kind,
    Known,
    Recorded,
    Restated,
    Withdrawal,
    catalogue,
    kind_of,
    standing,
)
from shared.kernel.ids import EventId
from shared.runtime.service import Service

OTHER = "Исправление говорит о другом"
DERIVED = "следует из исправления или отзыва"
"""Why a fact is withdrawn that followed from what was corrected or withdrawn."""

type History = Sequence[Recorded[Any]]


class Said(NamedTuple):
    """What a correction says; `stood` is what it restates or withdraws, if anything."""

    fact: Any
    stood: Recorded[Any] | None = None

    @property
    def corrects(self) -> EventId | None:
        """Return the first record of the fact that is restated, if one is."""
        is_new = self.stood is None or isinstance(self.fact, Withdrawal)
        return None if is_new or self.stood is None else first_of(self.stood)


@dataclass(frozen=True)
class Life:
    """The life in which something is said anew, and what is known around it."""

    service: Service
    decider: Decider[Any, Any, Any]
    history: History
    around: Known

    def rule(self, said: Any) -> Restated | None:
        """Return how a fact is said anew, if that is written."""
        return next((it for it in self.service.restated if it.fact is type(said)), None)

    def told(self, command: Any) -> Any:
        """Return a command with what its guards must know."""
        by_command = {each.command: each.inform for each in self.service.informed}
        inform = by_command.get(type(command))
        return inform(command, self.around) if inform else command

    def before(self, stood: Recorded[Any]) -> Any:
        """Return the state in which a fact was said."""
        first = first_of(stood)
        earlier = takewhile(lambda it: first_of(it) != first, standing(self.history))
        return self.decider.state(earlier)

    def since(self, stood: Recorded[Any]) -> list[Recorded[Any]]:
        """Return what was said after a fact, and stands."""
        first = first_of(stood)
        later = dropwhile(lambda it: first_of(it) != first, standing(self.history))
        return list(later)[1:]

    def after(self, said: Iterable[Said]) -> "Life":
        """Return the life in which all this is said, each under a number of its own."""
        anew = (
            Recorded(event_id=EventId(UUID(int=n)), fact=each.fact, corrects=each.corrects)
            for n, each in enumerate(said, len(self.history))
        )
        return replace(self, history=[*self.history, *anew])

    def is_possible(self) -> bool:
        """Say whether each fact that stands follows from those before it."""
        return self.decider.is_a_life(self.history)

    def is_over(self) -> bool:
        """Say whether nothing of it stands."""
        return self.decider.state(self.history) == self.decider.initial


def first_of(stood: Recorded[Any]) -> EventId:
    """Return the first record of a fact."""
    return stood.corrects or stood.event_id


def withdrawal(gone: Recorded[Any], why: str, on: date) -> Any:
    """Return the fact that withdraws one that stands."""
    return withdrawn(kind_of(gone.fact), first_of(gone), why, on)


def withdrawn(kind: Kind, first: UUID, reason: str, on: date) -> Any:
    """Return the fact that withdraws one of this kind, first recorded as `first`."""
    said = catalogue[f"{kind.owner}.FactWithdrawn"].fact
    return said(withdraws=first, name=kind.name, reason=reason, occurred_on=on)
