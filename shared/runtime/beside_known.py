"""What is kept of heard and said facts, learned again from the logs at hand.

What stands in a log up to the mark is kept, unless it was put aside; nothing else is, and
each entry has the bytes of its record. In which order facts of several logs came can't be
told, so order is not compared. Where a neighbour's log is not at hand, what is kept of it
is left alone. Of an import, and of the latest package, is kept what no log says.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from shared.runtime.beside import Finding, Neighbours, as_id, shown
from shared.runtime.engine import Engine
from shared.runtime.hearing import relearned
from shared.runtime.log import Record
from shared.runtime.store_log import Still
from shared.runtime.territory import TREE
from shared.runtime.tree import UNREADABLE
from shared.runtime.work import Kept
from shared.runtime.work_kept import MOVES, moves_of

TABLE = "known"

type Entry = tuple[UUID, UUID | None, str, int, bytes]

_history = msgspec.json.Decoder(list[Kept])
_about = msgspec.json.Decoder(UUID)


def known_beside(engine: Engine, still: Still, neighbours: Neighbours) -> Iterator[Finding]:
    """Name each history that lacks what was heard, or has what no log says."""
    read = _Read(still, neighbours)
    expected = {(e.kind, e.about): e.history for e in relearned(engine, read.records())}
    kinds = {each.name for each in (*engine.service.borrowed, *TREE)}
    where = {f"{each}@" for each in kinds}
    for kind, cell, history in still.rows(TABLE):
        if kind not in kinds | where | {MOVES[0]}:
            continue
        try:
            about = as_id(cell)
            due = expected.pop((kind, about), None)
            found = read.moved(about, history, due) if kind in where else None
            if kind == MOVES[0]:
                due = due or history
                found = None if moves_of(history) == moves_of(due) else "leads elsewhere"
            if kind in kinds:
                found = next(read.differing(_entries(history), _entries(due or b"[]")), None)
        except (*UNREADABLE, msgspec.MsgspecError) as wrong:
            found, about = f"unreadable: {type(wrong).__name__}", shown(cell)
        if found:
            yield Finding(TABLE, f"{kind} {about}", found)
    expected.pop(MOVES, None)  # what an earlier release did not keep
    for (kind, about), due in expected.items():
        lacks = next(read.differing(set(), _entries(due)), None) if kind in kinds else None
        yield Finding(TABLE, f"{kind} {about}", lacks or "nothing is kept")


def _entries(history: bytes) -> set[Entry]:
    return {
        (each.event_id, each.corrects, each.name, each.schema, bytes(each.data))
        for each in _history.decode(history)
    }


@dataclass
class _Read:
    """What is read again, and whatever of it somebody had put aside."""

    still: Still
    neighbours: Neighbours
    aside: set[UUID] = field(default_factory=set[UUID])

    def __post_init__(self) -> None:
        self._marks = self.still.marks()
        every: list[Any] = [*self.still.parked(), *self.still.skipped()]
        self._put_aside = {(each.source, each.position) for each in every}
        self._whole = self._marks.keys() <= self.neighbours.keys() and not any(
            len(self.neighbours[each].epochs()) > 1 for each in self._marks
        )

    def records(self) -> Iterator[Record]:
        """Return the own facts, then all of each neighbour's up to the mark."""
        yield from self.still.walk()
        for source, log in self.neighbours.items():
            mark = self._marks.get(source)
            for each in log.walk() if mark else ():
                if mark is None or each.position > mark.position:
                    break
                if (source, each.position) in self._put_aside:
                    self.aside.add(each.event_id)
                else:
                    yield each

    def differing(self, kept: set[Entry], due: set[Entry]) -> Iterator[str]:
        """Say what a history lacks, and what it has that no log says."""
        for event_id, _, name, *_ in sorted(due - kept, key=str):
            yield f"lacks event {event_id}, {name}"
        for event_id, _, name, *_ in sorted(kept - due, key=str):
            if self._is_not_said(event_id):
                yield f"has event {event_id}, {name}, otherwise than the logs"

    def moved(self, about: UUID, kept: bytes, due: bytes | None) -> str | None:
        """Say that a fact is looked for elsewhere than it is kept."""
        if due is None:
            return "no log says so" if self._is_not_said(about) else None
        return None if _about.decode(kept) == _about.decode(due) else "leads elsewhere"

    def _is_not_said(self, event_id: UUID) -> bool:
        """False also where it was heard before it was put aside, or the mark set back."""
        if event_id in self.aside:
            return False
        if self.still.events([event_id]):
            return True
        for source, log in self.neighbours.items():
            for each in log.events([event_id]).values():
                mark = self._marks.get(source)
                return mark is not None and each.position <= mark.position
        return self._whole
