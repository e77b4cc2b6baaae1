"""Corrections: a fact said anew, or withdrawn, and when that is refused (contracts §1)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from itertools import dropwhile, takewhile
from typing import Any, NamedTuple, NewType, Protocol, get_args, get_origin, get_type_hints
from uuid import UUID

from shared.kernel import (
    Claim,
    Correct,
    Decider,
    Kind,
    Known,
    Recorded,
    Refused,
    Release,
    Restated,
    Sealed,
    Stands,
    Told,
    Withdraw,
    Withdrawal,
    as_corrected,
    catalogue,
    is_withdrawn,
    kind_of,
    require,
    standing,
)
from shared.kernel.ids import EventId
from shared.runtime.schemas import FIRST_DAY, LAST_DAY
from shared.runtime.service import Service
from shared.runtime.territory import Standing

AMENDING = (Correct, Withdraw)


OTHER = "Исправление говорит о другом"
ERASED = "Персональные данные уничтожены: заново о человеке не записывают"
FOLLOWS = "Это следует из другой записи: исправляют или отзывают её"
DERIVED = "следует из исправления или отзыва"
"""Why a fact is withdrawn that followed from what was corrected or withdrawn."""


type History = Sequence[Recorded[Any]]

type Stood = Callable[[EventId], Standing]
"""Says where a record stands."""


class Around(Known, Protocol):
    """What is known outside a stream."""

    def standing_on(self, decider: Decider[Any, Any, Any], stream: UUID) -> Collection[UUID]:
        """Return the other streams of the service in which a fact stands on this one."""
        ...


class Said(NamedTuple):
    """What a correction says; `stood` is what it restates or withdraws, if anything."""

    fact: Any
    stood: Recorded[Any] | None = None

    @property
    def corrects(self) -> EventId | None:
        """Return the first record of the fact that is restated, if one is."""
        is_new = self.stood is None or isinstance(self.fact, Withdrawal)
        return None if is_new or self.stood is None else first_of(self.stood)


class Amended(NamedTuple):
    """A fact as it `stood`, all that is said, this fact first, and what `keys` move."""

    decider: Decider[Any, Any, Any]
    stood: Recorded[Any]
    said: Sequence[Said]
    keys: Sequence[Claim | Release]


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
    if isinstance(asked, Withdraw) and after.is_over():
        nobody_stands_on(around.standing_on(decider, stream))
    return Amended(decider, stood, said, moved(decider, life.history, after.history))


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


def taken_back(life: Life, stood: Recorded[Any], asked: Withdraw) -> list[Said]:
    """Return the withdrawal of a fact, and of what was derived from it."""
    rule = life.rule(stood.fact)
    gone = [each for each in life.since(stood) if rule and isinstance(each.fact, rule.derives)]
    on = asked.withdrawn_on
    derived = (Said(_withdrawal(each, DERIVED, on), each) for each in reversed(gone))
    return [Said(_withdrawal(stood, asked.reason, on), stood), *derived]


def last(history: History, named: EventId) -> Recorded[Any]:
    """Return how a fact stands, whichever of its records is named, or refuse."""
    wrong = next((each for each in history if each.event_id == named), None)
    if wrong is None or isinstance(wrong.fact, Withdrawal):
        raise Refused("S1 7.2", "Такой записи в этом журнале нет")
    first = first_of(wrong)
    final = "Запись уже отозвана, отзыв окончателен"
    require(not is_withdrawn(history, first), clause="S1 7.2", reason=final)
    return next(each for each in reversed(history) if first_of(each) == first)


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


def restated(life: Life, stood: Recorded[Any], said: Any) -> list[Said]:
    """Return a fact that is said anew, and what follows from it otherwise than it did.

    Raises `Refused` as its command would, asked in its place and by what is known now. What
    the fact as it stood would not pass either is no fault of the correction.
    """
    days = [day for each in fields(said) if isinstance(day := getattr(said, each.name), date)]
    in_reason = all(FIRST_DAY <= day <= LAST_DAY for day in days)
    require(in_reason, clause="S1 7.2", reason="День не от 1900-01-01 до 2199-12-31")
    require(not _sealed(said), clause="S1 5.5", reason=ERASED)
    rule = life.rule(said)
    if rule is None:
        return [Said(said, stood)]
    as_stood = _readable(stood.fact, said)
    here, there = (
        life.decider.stream(command_of(each, rule.command)) for each in (as_stood, said)
    )
    require(here == there, clause="S1 7.2", reason=OTHER)
    was, now = (judged(life, stood, each, rule) for each in (as_stood, said))
    if not all(each in was.wrong for each in now.wrong):
        now.refuse()
    return followed(life, stood, now.written(rule), rule)


def followed(life: Life, stood: Recorded[Any], said: Any, rule: Restated) -> list[Said]:
    """Return a fact said anew, what it derives, and later facts that repeat it."""
    after = [Said(said, stood)]
    answer = judged(life, stood, said, rule)
    gone = [each for each in life.since(stood) if isinstance(each.fact, rule.derives)]
    if not answer.refused and [each.fact for each in gone] != answer.derived(rule):
        on = said.occurred_on
        after += [Said(_withdrawal(it, DERIVED, on), it) for it in reversed(gone)]
        after += map(Said, answer.derived(rule))
    for each in life.since(stood):
        if isinstance(each.fact, rule.repeated):
            after += repeated(life, after, each)
    return after


def repeated(life: Life, said: Sequence[Said], later: Recorded[Any]) -> list[Said]:
    """Return a later fact anew, if it repeats what was said anew. Raises `Refused`.

    Nothing tells what a fact would be that passes no more: it takes over what changed.
    """
    rule, ahead, [anew, *_] = life.rule(later.fact), life.after(said), said
    if rule is None or anew.stood is None:
        return []
    changes = _changes(anew.stood.fact, anew.fact, rule)
    if _sealed(later.fact):
        require(not changes, clause="S1 5.5", reason=ERASED)
        return []
    was, now = (judged(each, later, later.fact, rule) for each in (life, ahead))
    if now.refused and not was.refused:
        raise now.refused
    if not was.refused:
        changes = _changes(was.its, now.its, rule)
    return followed(ahead, later, replace(later.fact, **changes), rule) if changes else []


@dataclass(frozen=True)
class Judged:
    """How the command of a fact that is `said` is answered, and what is `wrong` with it.

    `its` is the fact of the answer. A fact that is refused keeps its evidence, what it
    names and what followed: none of these may be said otherwise.
    """

    said: Any
    facts: tuple[Any, ...]
    wrong: tuple[Any, ...]
    refused: Refused | None = None

    @property
    def its(self) -> Any:
        """Return the fact as the command would say it."""
        return next((it for it in self.facts if isinstance(it, type(self.said))), self.said)

    def written(self, rule: Restated) -> Any:
        """Return the fact, what was asked in it written as the command writes it."""
        asked = _names(rule.fact) - _followed(rule)
        return replace(self.said, **{each: getattr(self.its, each) for each in asked})

    def derived(self, rule: Restated) -> list[Any]:
        """Return what the decision adds to the fact."""
        return [each for each in self.facts if isinstance(each, rule.derives)]

    def refuse(self) -> None:
        """Raise what is wrong, if anything is."""
        if self.refused:
            raise self.refused
        if self.wrong:
            why = "По тому, что записано, выходит иначе: исправляют то, из чего это следует"
            raise Refused("S1 7.2", why)


def judged(life: Life, stood: Recorded[Any], said: Any, rule: Restated) -> Judged:
    """Ask for a fact in its place."""
    told = _evidence(life, said, rule)
    try:
        facts = tuple(life.decider.decide(life.before(stood), told))
    except Refused as refused:
        evidence = (getattr(told, each) for each in _told(rule.command))
        kept = ((each, getattr(said, each)) for each in _followed(rule) | _naming(rule.fact))
        return Judged(said, (), (refused.clause, refused.reason, *evidence, *kept), refused)
    answer = Judged(said, facts, ())
    each_way = ((it, getattr(said, it), getattr(answer.its, it)) for it in _followed(rule))
    return replace(answer, wrong=tuple(each for each in each_way if each[1] != each[2]))


def _evidence(life: Life, said: Any, rule: Restated) -> Any:
    """Return the command that would say a fact, told what is known."""
    asked = command_of(said, rule.command)
    by_command = {each.command: each.inform for each in life.service.informed}
    inform = rule.inform or by_command.get(rule.command)
    return inform(asked, life.around) if inform else asked


def command_of(said: Any, command: type[Any]) -> Any:
    """Return what is asked to have a fact said; its day is the one that has another name."""
    names = _names(command) - _told(command)
    return command(**{name: getattr(said, name, said.occurred_on) for name in names})


# ── The fields of a fact ────────────────────────────────────────────────────


@cache
def _names(its: type[Any]) -> frozenset[str]:
    return frozenset(each.name for each in fields(its))


@cache
def _told(command: type[Any]) -> frozenset[str]:
    hints = get_type_hints(command, include_extras=True)
    return frozenset(name for name, hint in hints.items() if get_origin(hint) is Told)


@cache
def _followed(rule: Restated) -> frozenset[str]:
    """Name what nobody asks for: it follows from evidence, or from earlier facts."""
    asked = _names(rule.command) - _told(rule.command)
    has_day = asked - _names(rule.fact)
    return _names(rule.fact) - asked - ({"occurred_on"} if has_day else set())


@cache
def _naming(fact: type[Any]) -> frozenset[str]:
    """Name the fields that name something: a person, a place, a record."""
    hints = get_type_hints(fact, include_extras=True)
    return frozenset(name for name, hint in hints.items() if _is_a_name(hint))


def _is_a_name(hint: Any) -> bool:
    return isinstance(hint, NewType) or any(map(_is_a_name, get_args(hint)))


def _changes(before: Any, after: Any, rule: Restated) -> dict[str, Any]:
    """Return the fields of a fact that are otherwise after than before, its day aside."""
    names = _names(type(after)) & _names(rule.fact) - {"occurred_on"}
    return {it: getattr(after, it) for it in names if getattr(before, it) != getattr(after, it)}


def _sealed(fact: Any) -> set[str]:
    return {each for each in _names(type(fact)) if isinstance(getattr(fact, each), Sealed)}


def _readable(stood: Any, said: Any) -> Any:
    """Return a fact as it stood; what can't be read of it is taken to be as it is said."""
    return replace(stood, **{each: getattr(said, each) for each in _sealed(stood)})


def _withdrawal(gone: Recorded[Any], why: str, on: date) -> Any:
    return withdrawn(kind_of(gone.fact), first_of(gone), why, on)


def withdrawn(kind: Kind, first: UUID, reason: str, on: date) -> Any:
    """Return the fact that withdraws one of this kind, first recorded as `first`."""
    said = catalogue[f"{kind.owner}.FactWithdrawn"].fact
    return said(withdraws=first, name=kind.name, reason=reason, occurred_on=on)


def records_of(history: Sequence[Recorded[Any]], named: UUID) -> list[EventId]:
    """Return the records of a fact, whichever is named; by the last of them it stands."""
    first = next(each.corrects or named for each in history if each.event_id == named)
    return [each.event_id for each in history if first in {each.event_id, each.corrects}]


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
    return type(old) is type(new) and all(
        getattr(new, each.name) == stream
        for each in fields(old)
        if getattr(old, each.name) == stream
    )
