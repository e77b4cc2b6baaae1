"""Whose records a fact is about: who may say it, and where else it is told (ADR 0036)."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.kernel import Concerns
from shared.kernel.ids import EventId, Territory
from shared.runtime.amending import AMENDING
from shared.runtime.asking import Asked, May, NotAllowed
from shared.runtime.territory import (
    HOME,
    PEOPLE,
    Standing,
    elsewhere,
    rights_to,
    taken_from,
    territory_of,
)
from shared.runtime.work import Thing, Work


class Concerned:
    """What a service says of several people's records at once, and all else it says."""

    def __init__(self, concerns: Iterable[Concerns[Any]]) -> None:
        self._concerns = {f: each for each in concerns for f in each.facts}
        self._told = {f: each for f, each in self._concerns.items() if each.told}

    def require_right(
        self, work: Work, thing: Thing, facts: Sequence[Any], asked: Asked, may: May
    ) -> None:
        """Raise `NotAllowed` where a caller may not say this; nothing of it is said yet.

        What a command brings about besides what it states asks no right of its own.
        """
        for fact in facts[:1]:
            if type(fact) in self._concerns:
                self._require_every_home(work, asked, (fact,), (), may)
            elif not any(map(may, work.rights_to(thing, fact, asked))) or (
                (taken := taken_from(fact, work)) and not may(taken)
            ):
                raise NotAllowed(type(asked.command).__name__)

    def require_right_to_amend(
        self,
        work: Work,
        asked: Asked,
        facts: tuple[Any, Any],
        stands: tuple[Standing, Standing],
        may: May,
    ) -> None:
        """Raise `NotAllowed` where a caller may not amend what stood by what is said."""
        (stood, fact), ((here, _), (there, _)) = facts, stands
        if type(stood) in self._concerns:
            self._require_every_home(work, asked, facts, (here, there), may)
        elif not (may(here) and any(map(may, rights_to(fact, there, work)))):
            raise NotAllowed(type(asked.command).__name__)

    def told_at(self, work: Work, fact: Any, event_id: EventId) -> list[Standing]:
        """Return the places in other regions where a fact is to be said anew."""
        concern = self._told.get(type(fact))
        return elsewhere(work.stands(event_id), _homes(work, concern, fact)) if concern else []

    def _require_every_home(
        self,
        work: Work,
        asked: Asked,
        facts: Iterable[Any],
        places: Iterable[Territory | None],
        may: May,
    ) -> None:
        """Raise `NotAllowed`: who may at some of the homes is told who may at all."""
        concerned = [(c, it) for it in facts if (c := self._concerns.get(type(it)))]
        homes = (at for concern, it in concerned for at, _ in _homes(work, concern, it))
        rights = [may(at) for at in (*places, *homes)]
        if all(rights):
            return
        (concern, _), *_ = concerned
        why = (concern.reason, concern.clause) if any(rights) else ()
        raise NotAllowed(type(asked.command).__name__, *why)


def require_right_to_hear(work: Work, thing: Thing, asked: Asked, may: May) -> None:
    """Raise `NotAllowed` where a thing is another's: why a guess fails, or that it holds.

    A person is his employers'; whatever else is theirs where its facts lead to, and where
    what a command states does, unless it states a person. A thing that is only asked for is
    theirs whose the person is of whom it would be.
    """
    command = asked.command
    if not thing.version:
        place, _ = territory_of(command, work, otherwise=asked.home)
        if any(getattr(command, each, None) for each in PEOPLE) and not may(place):
            raise NotAllowed(type(command).__name__)
        return
    places = [at for at, _ in work.homes_of(thing.stream)]
    if not work.of(HOME, thing.stream).employers:
        said = [it.fact for it in thing.history]
        stated = [] if any(hasattr(command, each) for each in PEOPLE) else [command]
        leading = (
            territory_of(each, work, otherwise=thing.territory) for each in said + stated
        )
        places += [at for at, _ in leading]
    if isinstance(command, AMENDING):
        places.append(work.is_at(command.event_id)[0])
    if not any(map(may, places)):
        raise NotAllowed(type(command).__name__)


def _homes(work: Work, concern: Concerns[Any], fact: Any) -> list[Standing]:
    """Return where everybody is at home whom a fact concerns."""
    return [at for each in concern.people(fact, work) for at in work.homes_of(each)]
