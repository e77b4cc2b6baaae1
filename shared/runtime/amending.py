"""Corrections: a fact said anew, or withdrawn, and when that is refused (contracts §1)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from shared.kernel import (
    Claim,
    Correct,
    Decider,
    Known,
    Recorded,
    Refused,
    Release,
    Stands,
    Withdraw,
    Withdrawal,
    as_corrected,
    is_withdrawn,
    require,
    standing,
)
from shared.kernel.ids import EventId
from shared.runtime.amending_anew import restated
from shared.runtime.amending_life import (
    DERIVED,
    OTHER,
    History,
    Life,
    Said,
    first_of,
    withdrawal,
)
from shared.runtime.service import Service
from shared.runtime.territory import Standing

AMENDING = (Correct, Withdraw)
FOLLOWS = "Это следует из другой записи: исправляют или отзывают её"

type Stood = Callable[[EventId], Standing]
"""Says where a record stands."""


class Around(Known, Protocol):
    """What is known outside a stream."""

    def standing_on(self, decider: Decider[Any, Any, Any], stream: UUID) -> Collection[UUID]:
        """Return the other streams of the service in which a fact stands on this one."""
        ...


class Amended(NamedTuple):
    """A fact as it `stood`, all that is said, this fact first, and what `keys` move."""

    decider: Decider[Any, Any, Any]
    stood: Recorded[Any]
    said: Sequence[Said]
    keys: Sequence[Claim | Release]


def amended(
    service: Service,
    asked: Correct | Withdraw,
    stream: UUID,
    history: History,
    around: Around,
) -> Amended:
    """Return what a correction comes to.

    Raises `Refused`: it must leave a possible life, pass what its command must pass,
    and take no ground from under others.
    """
    stood = last(history, asked.event_id)
    decider = {f: d for d in service.deciders for f in d.facts}[type(stood.fact)]
    life = Life(service, decider, history, around)
    stands_alone = not any(isinstance(stood.fact, each.derives) for each in service.restated)
    require(stands_alone, clause="S1 7.2", reason=FOLLOWS)
    if isinstance(asked, Withdraw):
        said = taken_back(life, stood, asked)
    else:
        require(_stays_with(stood.fact, asked.fact, stream), clause="S1 7.2", reason=OTHER)
        said = restated(life, stood, asked.fact)
    after = life.after(said)
    why = "С таким исправлением история невозможна"
    require(after.is_possible(), clause="S1 7.2", reason=why)
    if not after.is_over():
        state = decider.state(after.history)
        for command in decider.amended(stream):
            told = life.told(command)
            decider.decide(state, told)  # what must follow from it may be unknowable
    if isinstance(asked, Withdraw) and after.is_over():
        nobody_stands_on(around.standing_on(decider, stream))
    return Amended(decider, stood, said, moved(decider, life.history, after.history))


def last(history: History, named: EventId) -> Recorded[Any]:
    """Return how a fact stands, whichever of its records is named, or refuse."""
    wrong = next((each for each in history if each.event_id == named), None)
    if wrong is None or isinstance(wrong.fact, Withdrawal):
        raise Refused("S1 7.2", "Такой записи в этом журнале нет")
    first = first_of(wrong)
    final = "Запись уже отозвана, отзыв окончателен"
    require(not is_withdrawn(history, first), clause="S1 7.2", reason=final)
    return next(each for each in reversed(history) if first_of(each) == first)


def taken_back(life: Life, stood: Recorded[Any], asked: Withdraw) -> list[Said]:
    """Return the withdrawal of a fact, and of what was derived from it."""
    rule = life.rule(stood.fact)
    gone = [each for each in life.since(stood) if rule and isinstance(each.fact, rule.derives)]
    on = asked.withdrawn_on
    derived = (Said(withdrawal(each, DERIVED, on), each) for each in reversed(gone))
    return [Said(withdrawal(stood, asked.reason, on), stood), *derived]


def nobody_stands_on(others: Collection[UUID]) -> None:
    """Не отзывают то, на чём стоят другие записи (S1 7.2)."""
    why = f"На этой записи стоят другие, их {len(others)}: сначала отзывают или исправляют их"
    require(not others, clause="S1 7.2", reason=why)


def _stays_with(old: Any, new: Any, stream: UUID) -> bool:
    """Say whether a correction is still about the same thing."""
    return type(old) is type(new) and all(
        getattr(new, each.name) == stream
        for each in fields(old)
        if getattr(old, each.name) == stream
    )


# ── The keys that it moves ──────────────────────────────────────────────────


def moved(
    decider: Decider[Any, Any, Any], before: History, after: History
) -> list[Claim | Release]:
    """Return the keys to be let go of, and those to be taken, for one history of another."""
    held, due = keys_of(decider, before), keys_of(decider, after)
    freed = (it for at, it in held.items() if at not in due)
    taken = (it for at, it in due.items() if at not in held)
    return [*(Release(it.kind, it.key, it.holder) for it in freed), *taken]


def keys_of(
    decider: Decider[Any, Any, Any], history: History
) -> Mapping[tuple[str, str], Claim]:
    """Return the keys that a life holds, as far as they can be read."""
    held: dict[tuple[str, str], Claim] = {}
    for said in as_corrected(history):
        for each in decider.claims(said):
            held.pop((each.kind, each.key), None)
            if isinstance(each, Claim):
                held[each.kind, each.key] = each
    return held


# ── Where it stands, and on what ────────────────────────────────────────────


def places(
    said: Iterable[Said], here: Standing, where: Standing, stands: Stood
) -> Iterator[Standing]:
    """Yield where each fact of a correction is to stand; the first goes from here to where.

    What stood with it goes with it, all else stays where it stood, a withdrawal always;
    what is new stands with what it follows from.
    """
    place = where
    for each in said:
        its = stands(each.stood.event_id) if each.stood else None
        if its and isinstance(each.fact, Withdrawal):
            yield its
            continue
        if its:
            place = where if its == here else its
        yield place


def grounds(
    rules: Iterable[Stands[Any]], history: Iterable[Recorded[Any]]
) -> AbstractSet[UUID]:
    """Return on which things the facts of a history stand."""
    stand = standing(history)
    return {
        stream
        for rule in rules
        for each in stand
        if isinstance(each.fact, rule.facts)
        for stream in rule.streams(each.fact)
    }


# ── What follows ────────────────────────────────────────────────────────────


def derived(
    decider: Decider[Any, Any, Any],
    stream: UUID,
    state: Callable[[], Any],
    tell: Callable[[Any], Any],
) -> Iterator[Any]:
    """Yield what follows from a correction: what was derived is derived anew.

    Each fact is to be said before the next is asked for. Of a thing that is gone
    altogether nothing follows. A command is told what is known, as any other.
    """
    for command in decider.amended(stream):
        try:
            facts = decider.decide(state(), tell(command))
        except Refused:
            continue
        yield from facts
