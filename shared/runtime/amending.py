"""Corrections: a fact said anew, or withdrawn, and when that is refused (contracts §1)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import takewhile
from typing import Any, NamedTuple, Protocol, get_origin, get_type_hints
from uuid import UUID

from shared.kernel import (
    Correct,
    Decider,
    Kind,
    Known,
    Recorded,
    Refused,
    Restated,
    Stands,
    Told,
    Withdraw,
    Withdrawal,
    catalogue,
    is_withdrawn,
    kind_of,
    require,
    standing,
)
from shared.kernel.ids import EventId
from shared.runtime.schemas import FIRST_DAY, LAST_DAY
from shared.runtime.service import Service

AMENDING = (Correct, Withdraw)


DERIVED = "следует из исправления"
"""Why a fact is withdrawn that followed from what was corrected."""


class Around(Known, Protocol):
    """What is known outside a stream."""

    def standing_on(self, decider: Decider[Any, Any, Any], stream: UUID) -> Collection[UUID]:
        """Return the other streams of the service in which a fact stands on this one."""
        ...


class Amended(NamedTuple):
    """A fact of a life as it `stood`, and what is now `said`, each with what it corrects."""

    decider: Decider[Any, Any, Any]
    stood: Any
    said: tuple[tuple[Any, EventId | None], ...]


def amended(
    service: Service,
    asked: Correct | Withdraw,
    stream: UUID,
    history: Sequence[Recorded[Any]],
    around: Around,
) -> Amended:
    """Return what a correction comes to.

    Raises `Refused`: it must leave a possible life, pass what its command must pass,
    and take no ground from under others.
    """
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
    stood = next(each for each in reversed(history) if first in {each.event_id, each.corrects})
    after = [(said, corrects)]
    if corrects:
        after += restated(service, decider, history, stood, said, around)
    anew = [*history, *not_yet(after)]
    possible = decider.is_a_life(anew)
    require(possible, clause="S1 7.2", reason="С таким исправлением история невозможна")
    if not corrects and decider.state(anew) == decider.initial:
        nobody_stands_on(around.standing_on(decider, stream))
    return Amended(decider, stood.fact, tuple(after))


def not_yet(said: Iterable[tuple[Any, EventId | None]]) -> Iterator[Recorded[Any]]:
    """Yield what is to be said as a history has it, each under a number of its own."""
    for n, (fact, corrects) in enumerate(said):
        yield Recorded(event_id=EventId(UUID(int=n)), fact=fact, corrects=corrects)


def nobody_stands_on(others: Collection[UUID]) -> None:
    """Не отзывают то, на чём стоят другие записи (S1 7.2)."""
    why = f"На этой записи стоят другие, их {len(others)}: сначала отзывают или исправляют их"
    require(not others, clause="S1 7.2", reason=why)


def stands_on(
    rules: Iterable[Stands[Any]], history: Iterable[Recorded[Any]], stream: UUID
) -> bool:
    """Say whether a fact of a history stands on the thing that a stream is about."""
    return any(
        isinstance(each.fact, rule.facts) and stream in rule.streams(each.fact)
        for rule in rules
        for each in standing(history)
    )


# ── A fact said anew ────────────────────────────────────────────────────────


def restated(  # noqa: PLR0913, PLR0917 - a fact, its place and what is around
    service: Service,
    decider: Decider[Any, Any, Any],
    history: Sequence[Recorded[Any]],
    stood: Recorded[Any],
    said: Any,
    around: Known,
) -> list[tuple[Any, EventId | None]]:
    """Return what is said with a fact that is said anew: what it derives, if other stands.

    Raises `Refused` as its command would, asked in its place and by what is known now. What
    the fact as it stood would not pass either is no fault of the correction.
    """
    days = [day for each in fields(said) if isinstance(day := getattr(said, each.name), date)]
    in_reason = all(FIRST_DAY <= day <= LAST_DAY for day in days)
    require(in_reason, clause="S1 7.2", reason="День не от 1900-01-01 до 2199-12-31")
    rule = next((each for each in service.restated if each.fact is type(said)), None)
    if rule is None:
        return []
    here, there = (decider.stream(command_of(it, rule.command)) for it in (stood.fact, said))
    require(here == there, clause="S1 7.2", reason="Исправление говорит о другом")
    first = stood.corrects or stood.event_id
    stands = standing(history)
    before = takewhile(lambda each: first not in {each.event_id, each.corrects}, stands)
    state = decider.state(before)
    was, now = (
        _judged(decider, state, each, rule.command, _evidence(service, rule, each, around))
        for each in (stood.fact, said)
    )
    if not all(each in was.wrong for each in now.wrong):
        now.refuse()
    follow = [each for each in now.facts if isinstance(each, rule.derives)]
    followed = [each for each in stands if isinstance(each.fact, rule.derives)]
    if [each.fact for each in followed] == follow:
        return []
    gone = (_withdrawal(each, said.occurred_on) for each in reversed(followed))
    return [(each, None) for each in (*gone, *follow)]


@dataclass(frozen=True)
class Judged:
    """How the command of a fact is answered: the facts, or a refusal and its evidence.

    `wrong` is all that the fact does not have from the answer.
    """

    facts: tuple[Any, ...]
    wrong: tuple[Any, ...] = ()
    refused: Refused | None = None

    def refuse(self) -> None:
        """Raise what is wrong, if anything is."""
        if self.refused:
            raise self.refused
        if self.wrong:
            why = "По тому, что записано, выходит иначе: исправляют то, из чего это следует"
            raise Refused("S1 7.2", why)


def _judged(
    decider: Decider[Any, Any, Any], state: Any, said: Any, command: type[Any], told: Any
) -> Judged:
    try:
        facts = tuple(decider.decide(state, told))
    except Refused as refused:
        evidence = tuple(getattr(told, name) for name in _told(command))
        return Judged((), (refused.clause, refused.reason, *evidence), refused)
    its = next((each for each in facts if isinstance(each, type(said))), said)
    wrong = ((n, getattr(said, n), getattr(its, n)) for n in _names(type(said)))
    return Judged(facts, tuple(each for each in wrong if each[1] != each[2]))


def _evidence(service: Service, rule: Restated, said: Any, around: Known) -> Any:
    """Return the command that would say a fact, told what is known."""
    asked = command_of(said, rule.command)
    by_command = {each.command: each.inform for each in service.informed}
    inform = rule.inform or by_command.get(rule.command)
    return inform(asked, around) if inform else asked


def command_of(said: Any, command: type[Any]) -> Any:
    """Return what is asked to have a fact said; its day is the one that has another name."""
    names = [each for each in _names(command) if each not in _told(command)]
    return command(**{name: getattr(said, name, said.occurred_on) for name in names})


def _names(its: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(its))


def _told(command: type[Any]) -> tuple[str, ...]:
    hints = get_type_hints(command, include_extras=True)
    return tuple(name for name, hint in hints.items() if get_origin(hint) is Told)


def _withdrawal(gone: Recorded[Any], on: date) -> Any:
    first = gone.corrects or gone.event_id
    return withdrawn(kind_of(gone.fact), first, DERIVED, on)


def withdrawn(kind: Kind, first: UUID, reason: str, on: date) -> Any:
    """Return the fact that withdraws one of this kind, first recorded as `first`."""
    said = catalogue[f"{kind.owner}.FactWithdrawn"].fact
    return said(withdraws=first, name=kind.name, reason=reason, occurred_on=on)


def last_record(history: Sequence[Recorded[Any]], named: UUID) -> EventId:
    """Return the record by which a fact stands, whichever of its records is named."""
    first = next(each.corrects or named for each in history if each.event_id == named)
    return next(
        each.event_id for each in reversed(history) if first in {each.event_id, each.corrects}
    )


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


def _stays_with(old: Any, new: Any, stream: UUID) -> bool:
    """Say whether a correction is still about the same thing."""
    return all(
        getattr(new, each.name) == stream
        for each in fields(old)
        if getattr(old, each.name) == stream
    )
