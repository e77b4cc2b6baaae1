"""What was said, and what stands of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

from shared.kernel.facts import Sealed
from shared.kernel.ids import EventId


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """What each owner's `FactWithdrawn` says: it was recorded, and it never was so.

    It stands in the stream of the fact that it withdraws.
    """

    withdraws: EventId
    name: str
    reason: str
    occurred_on: date


class Recorded[Fact](NamedTuple):
    """A fact as a log holds it, so far as pure code may see the envelope.

    `corrects` names the first record of the fact that is restated: a fact keeps one
    identity, so of two corrections the later stands, and a withdrawal ends them all,
    for good. `caused_by` names the record after which a policy had it said; None when
    somebody asked for it.
    """

    event_id: EventId
    fact: Fact
    corrects: EventId | None = None
    caused_by: EventId | None = None


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


def as_corrected[F](history: Iterable[Recorded[F] | Recorded[Withdrawal]]) -> list[F]:
    """Return what stands: a restated fact in its first place, a withdrawn one gone."""
    return [each.fact for each in standing(history)]


def standing[F](
    history: Iterable[Recorded[F] | Recorded[Withdrawal]],
) -> list[Recorded[F]]:
    """Return what stands, each with the id of the record that says it so."""
    stands: dict[EventId, Recorded[F]] = {}
    gone: set[EventId] = set()
    for each in history:
        if isinstance(each.fact, Withdrawal):
            gone.add(each.fact.withdraws)
            stands.pop(each.fact.withdraws, None)
        elif (first := each.corrects or each.event_id) not in gone:
            stands[first] = cast("Recorded[F]", each)
    return list(stands.values())


def stood(
    history: Sequence[Recorded[Any]], said: object, corrects: EventId | None
) -> Any | None:
    """Return a fact as it stood, of which this is now said anew, or that it never was."""
    first = amends(said, corrects)
    if first is None:
        return None
    named = (each for each in reversed(history) if first in {each.event_id, each.corrects})
    return next((each.fact for each in named), None)


def amends(said: object, corrects: EventId | None) -> EventId | None:
    """Return the first record of the fact that is withdrawn or said anew, if one is."""
    return said.withdraws if isinstance(said, Withdrawal) else corrects


def is_withdrawn(history: Iterable[Recorded[object]], first: EventId) -> bool:
    """Say whether the fact first recorded as `first` was withdrawn, which is for good."""
    return any(
        isinstance(each.fact, Withdrawal) and each.fact.withdraws == first for each in history
    )


def records_of(history: Sequence[Recorded[Any]], named: UUID) -> list[EventId]:
    """Return the records of a fact, whichever is named; by the last of them it stands."""
    first = next(each.corrects or named for each in history if each.event_id == named)
    return [each.event_id for each in history if first in {each.event_id, each.corrects}]


def said_last(history: Sequence[Recorded[Any]], named: UUID) -> EventId:
    """Return of the records of a fact the one by which it stands where it stands.

    What is said once more, where the fact was heard, says the same (ADR 0019).
    """
    facts = {each.event_id: each.fact for each in history}
    records = records_of(history, named)
    return next(
        it
        for before, it in reversed([*zip([None, *records[:-1]], records, strict=True)])
        if before is None or differ(facts[before], facts[it])
    )


def differ(before: Any, after: Any) -> bool:
    """Say whether two records of a fact say otherwise, as far as it can be read."""
    values = ((getattr(before, it.name), getattr(after, it.name)) for it in fields(before))
    return any(
        one != other and not (isinstance(one, Sealed) and isinstance(other, Sealed))
        for one, other in values
    )
