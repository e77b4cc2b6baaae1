"""What a service knows after hearing its neighbours, without a store."""

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any
from uuid import UUID

from shared.kernel import Borrowed, Recorded, standing
from shared.kernel.ids import EventId


class Heard:
    """`Known`, folded from a heard history as it stands."""

    def __init__(self, *history: Recorded[Any]) -> None:
        self._history = history
        self.holders: dict[tuple[str, str], UUID] = {}
        self.own: dict[UUID, tuple[Recorded[Any], ...]] = {}

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Fold the facts about one id into its document."""
        relevant = (
            each
            for each in standing(self._history)
            if isinstance(each.fact, borrowed.facts) and borrowed.about(each.fact) == about
        )
        return reduce(
            lambda so_far, each: borrowed.evolve(so_far, each.fact, each.event_id),
            relevant,
            borrowed.initial,
        )

    def every[D](self, borrowed: Borrowed[D, Any], about: Iterable[UUID]) -> Iterator[D]:
        """Fold the facts about each of these."""
        return (self.of(borrowed, each) for each in about)

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who was said to hold a key."""
        return self.holders.get((kind, key))

    def history(self, stream: UUID) -> tuple[Recorded[Any], ...]:
        """Return what was given as said of a thing of the service itself."""
        return self.own.get(stream, ())


def heard(*facts: Any) -> Heard:
    """Hear these facts in this order; the n-th has the event id n, from 1."""
    return Heard(
        *(
            Recorded(event_id=EventId(UUID(int=n)), fact=fact)
            for n, fact in enumerate(facts, start=1)
        )
    )
