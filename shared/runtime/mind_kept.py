"""What one service in memory keeps of facts: histories, and the documents they fold into."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any
from uuid import UUID

from shared.kernel import (
    Borrowed,
    Recorded,
    Withdrawal,
    amends,
    catalogue,
    kind_of,
    standing,
    stood,
)
from shared.runtime.amending_life import withdrawn
from shared.runtime.service import by_fact
from shared.runtime.work_kept import MOVED


@dataclass(slots=True)
class _Kept:
    """What is kept about one id; the document is good while it is `folded`."""

    document: Any
    history: list[Recorded[Any]] = field(default_factory=list[Recorded[Any]])
    folded: bool = True


class Keeping:
    """Histories by what they are about, as `Work` keeps them in a store (contracts §4)."""

    def __init__(self, borrowed: Iterable[Borrowed[Any, Any]]) -> None:
        self._listeners = by_fact(borrowed)
        self._kept: dict[tuple[str, UUID], _Kept] = {}
        self._about: dict[tuple[str, UUID], UUID] = {}

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        kept = self._kept.get((borrowed.name, about))
        if kept is None:
            return borrowed.initial
        if not kept.folded:
            kept.document = reduce(
                lambda so_far, each: borrowed.evolve(so_far, each.fact, each.event_id),
                standing(kept.history),
                borrowed.initial,
            )
            kept.folded = True
        return kept.document

    def stood(self, recorded: Recorded[Any], stream: UUID) -> Any | None:
        """Return what is kept of the fact that this withdraws or says anew, as it stood."""
        fact, first = recorded.fact, amends(recorded.fact, recorded.corrects)
        if first is None:
            return None
        kind = catalogue.get(fact.name) if isinstance(fact, Withdrawal) else kind_of(fact)
        for each in self._listeners.get(kind.fact, ()) if kind else ():
            kept = self._kept.get((each.name, self._about.get((each.name, first), stream)))
            if kept and (found := stood(kept.history, fact, recorded.corrects)):
                return found
        return None

    def learn(self, recorded: Recorded[Any], stream: UUID) -> None:
        """Keep a fact, heard or said, wherever somebody wants to know it."""
        fact = recorded.fact
        if isinstance(fact, Withdrawal):
            self._withdraw(recorded, fact, stream)
            return
        for each in self._listeners.get(type(fact), ()):
            about = each.about(fact)
            if recorded.corrects:
                at = each.name, recorded.corrects
                before = self._about.get(at, stream)
                if before != about:
                    self._keep(each, before, _gone(recorded))
                    self._come_back(each, about, recorded.corrects)
                self._about[at] = about
            elif about != stream:
                self._about[each.name, recorded.event_id] = about
            self._keep(each, about, recorded)

    def _come_back(self, each: Borrowed[Any, Any], about: UUID, first: UUID) -> None:
        """Let a fact stand again where a correction had moved it away from."""
        kept = self._kept.get((each.name, about))
        if kept is not None:
            kept.history = [one for one in kept.history if not _is_moved(one.fact, first)]

    def _withdraw(self, recorded: Recorded[Any], said: Withdrawal, stream: UUID) -> None:
        kind = catalogue.get(said.name)
        for each in self._listeners.get(kind.fact, ()) if kind else ():
            about = self._about.get((each.name, said.withdraws), stream)
            self._keep(each, about, recorded)

    def _keep(self, each: Borrowed[Any, Any], about: UUID, recorded: Recorded[Any]) -> None:
        at = each.name, about
        kept = self._kept.get(at) or self._kept.setdefault(at, _Kept(each.initial))
        kept.history.append(recorded)
        if recorded.corrects or isinstance(recorded.fact, Withdrawal):
            kept.folded = False
        elif kept.folded:
            kept.document = each.evolve(kept.document, recorded.fact, recorded.event_id)


def _gone(moved: Recorded[Any]) -> Recorded[Any]:
    """Withdraw, in one history, what a correction has moved to another."""
    fact, first = moved.fact, moved.corrects or moved.event_id
    gone = withdrawn(kind_of(fact), first, MOVED, fact.occurred_on)
    return Recorded(event_id=moved.event_id, fact=gone)


def _is_moved(fact: Any, first: UUID) -> bool:
    return isinstance(fact, Withdrawal) and (fact.withdraws, fact.reason) == (first, MOVED)
