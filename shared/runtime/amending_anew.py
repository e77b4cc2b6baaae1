"""A fact said anew: as its command would say it in its place, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any, NewType, get_args, get_origin, get_type_hints

from shared.kernel import Recorded, Refused, Restated, Sealed, Told, require
from shared.runtime.amending_life import DERIVED, OTHER, Life, Said, withdrawal
from shared.runtime.our_times import FIRST_DAY, LAST_DAY

ERASED = "Персональные данные уничтожены: заново о человеке не записывают"


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
        after += [Said(withdrawal(it, DERIVED, on), it) for it in reversed(gone)]
        after += map(Said, answer.derived(rule))
    for each in life.since(stood):
        if isinstance(each.fact, rule.repeated) and not any(it.stood is each for it in after):
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
    changes = (
        _taken_over(changes, anew.stood.fact, later.fact, rule)
        if was.refused
        else _changes(was.its, now.its, rule)
    )
    return followed(ahead, later, replace(later.fact, **changes), rule) if changes else []


@dataclass(frozen=True)
class Judged:
    """How the command of a fact that is `said` is answered, and what is `wrong` with it.

    `its` is the fact of the answer. A fact that is refused keeps its evidence, what it
    names and what followed: none of these may be said otherwise, but for what followed as
    the evidence gives it.
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
        kept = ((each, getattr(said, each)) for each in _kept(life, said, rule))
        return Judged(said, (), (refused.clause, refused.reason, *evidence, *kept), refused)
    answer = Judged(said, facts, ())
    each_way = ((it, getattr(said, it), getattr(answer.its, it)) for it in _followed(rule))
    return replace(answer, wrong=tuple(each for each in each_way if each[1] != each[2]))


def _kept(life: Life, said: Any, rule: Restated) -> frozenset[str]:
    """Name what may not be said otherwise of a fact whose command is refused."""
    given = rule.by_evidence(said, life.around) if rule.by_evidence else None
    named, followed = _naming(rule.fact), _followed(rule)
    return named - followed if given == said else named | followed


def _evidence(life: Life, said: Any, rule: Restated) -> Any:
    """Return the command that would say a fact, told what is known."""
    asked = command_of(said, rule.command)
    return rule.inform(asked, life.around) if rule.inform else life.told(asked)


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


def _taken_over(
    changes: dict[str, Any], before: Any, later: Any, rule: Restated
) -> dict[str, Any]:
    """Return what of these changes a later fact repeats, and nobody asked for in it.

    Whom or what it names it may call otherwise: the methodist of an attachment.
    """
    named = {
        getattr(before, it): new for it, new in changes.items() if it in _naming(type(before))
    }
    followed = _followed(rule)
    over = {
        it: named[getattr(later, it)]
        for it in followed & _naming(rule.fact)
        if getattr(later, it) in named
    }
    return over | {it: new for it, new in changes.items() if it in followed}


def _sealed(fact: Any) -> set[str]:
    return {each for each in _names(type(fact)) if isinstance(getattr(fact, each), Sealed)}


def _readable(stood: Any, said: Any) -> Any:
    """Return a fact as it stood; what can't be read of it is taken to be as it is said."""
    return replace(stood, **{each: getattr(said, each) for each in _sealed(stood)})
