"""Corrections: a fact said anew, or withdrawn, and when that is refused (contracts §1)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from shared.kernel import (
    Decider,
    Kind,
    Recorded,
    Refused,
    Withdrawal,
    catalogue,
    is_withdrawn,
    kind_of,
)
from shared.kernel.ids import EventId
from shared.runtime.service import Service


@dataclass(frozen=True, kw_only=True)
class Correct:
    """Restate a fact in full: it was always so (contracts §1)."""

    event_id: EventId
    fact: Any


@dataclass(frozen=True, kw_only=True)
class Withdraw:
    """Say that a recorded fact never was (contracts §1)."""

    event_id: EventId
    reason: str
    withdrawn_on: date


AMENDING = (Correct, Withdraw)


class Amended(NamedTuple):
    """A fact of a life as it `stood`, the `fact` now said of it, and what that `corrects`."""

    decider: Decider[Any, Any, Any]
    stood: Any
    fact: Any
    corrects: EventId | None


def amended(
    service: Service,
    asked: Correct | Withdraw,
    stream: UUID,
    history: Sequence[Recorded[Any]],
) -> Amended:
    """Return what a correction comes to. Raises `Refused`: it must leave a possible life."""
    wrong = next((each for each in history if each.event_id == asked.event_id), None)
    if wrong is None or isinstance(wrong.fact, Withdrawal):
        raise Refused("S1 7.2", "Такой записи в этом журнале нет")
    first = wrong.corrects or wrong.event_id
    if is_withdrawn(history, first):
        raise Refused("S1 7.2", "Запись уже отозвана, отзыв окончателен")
    if isinstance(asked, Withdraw):
        kind = kind_of(wrong.fact)
        said, corrects = withdrawn(kind, first, asked.reason, asked.withdrawn_on), None
    else:
        said, corrects = asked.fact, first
        if type(said) is not type(wrong.fact) or not _stays_with(wrong.fact, said, stream):
            raise Refused("S1 7.2", "Исправление говорит о другом")
    decider = {f: d for d in service.deciders for f in d.facts}[type(wrong.fact)]
    anew = Recorded(event_id=EventId(UUID(int=0)), fact=said, corrects=corrects)
    if not decider.is_a_life([*history, anew]):
        raise Refused("S1 7.2", "С таким исправлением история невозможна")
    stood = next(each for each in reversed(history) if first in {each.event_id, each.corrects})
    return Amended(decider, stood.fact, said, corrects)


def withdrawn(kind: Kind, first: UUID, reason: str, on: date) -> Any:
    """Return the fact that withdraws one of this kind, first recorded as `first`."""
    said = catalogue[f"{kind.owner}.FactWithdrawn"].fact
    return said(withdraws=first, name=kind.name, reason=reason, occurred_on=on)


def derived(
    decider: Decider[Any, Any, Any], stream: UUID, state: Callable[[], Any]
) -> Iterator[Any]:
    """Yield what follows from a correction: what was derived is derived anew.

    Each fact is to be said before the next is asked for. Of a thing that is gone
    altogether nothing follows.
    """
    for command in decider.amended(stream):
        try:
            facts = decider.decide(state(), command)
        except Refused:
            continue
        yield from facts


def _stays_with(old: Any, new: Any, stream: UUID) -> bool:
    """Say whether a correction is still about the same thing."""
    return all(
        getattr(new, each.name) == stream
        for each in fields(old)
        if getattr(old, each.name) == stream
    )
