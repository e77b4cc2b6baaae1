"""Where a reader stands in a log, and what follows, if the log is still what was heard.

A log put back from an older copy and written on says other things in known places. So a
reader of a neighbour's log begins at its mark, not after it (contracts §2).
"""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from typing import Protocol
from uuid import UUID

import msgspec

from shared.kernel.ids import named
from shared.runtime.log import Hole, Learned, Mark, Record, Store
from shared.runtime.store_log import LogStore

LAST = "last heard"

ENDS_BEFORE = "the log ends before it"
ANOTHER = "another record stands there"


class Last(msgspec.Struct, frozen=True, array_like=True):
    """The record of a source that was heard last: where the mark stands."""

    position: int
    event_id: UUID


def remembered(source: str, position: int, event_id: UUID) -> Learned:
    """Return what a hearer keeps of the record at its mark."""
    said = msgspec.json.encode(Last(position, event_id))
    return Learned(*_at(source), said)


def last_heard(own: Store, marks: Collection[Mark]) -> dict[str, UUID]:
    """Return, for each source, the event that was heard where its mark stands."""
    kept = own.known([_at(each.source) for each in marks])
    found: dict[str, UUID] = {}
    for mark in marks:
        with suppress(msgspec.MsgspecError):  # then the epoch alone is compared
            last = msgspec.json.decode(kept.get(_at(mark.source), b""), type=Last)
            if last.position == mark.position:
                found[mark.source] = last.event_id
    return found


def _at(source: str) -> tuple[str, UUID]:
    return LAST, named("heard", source)


class Read(Protocol):
    """A log that can be read, at hand or out of its topic."""

    source: str

    def read(self, after: int, limit: int, /) -> Sequence[Record]:
        """Return records after a position, in order."""
        ...


def differs(log: Read, mark: Mark, heard: UUID | None) -> str | None:
    """Say what is wrong with a log at a mark, None if what was heard stands there."""
    return _differs(log.read(mark.position - 1, 1), mark, heard) if mark.position else None


def _differs(found: Sequence[Record], mark: Mark, heard: UUID | None) -> str | None:
    if not found or found[0].position != mark.position:
        return ENDS_BEFORE
    known = (found[0].event_id, heard) if heard else (found[0].epoch, mark.epoch)
    return None if known[0] == known[1] else ANOTHER


def following(
    log: LogStore, mark: Mark | None, heard: UUID | None, limit: int
) -> Sequence[Record]:
    """Return what follows a mark, all of one epoch; `heard` is the event heard at it.

    Raises `Hole` when another record stands there, or none.
    """
    if mark is None or not mark.position:
        records = log.read(0, limit)
    else:
        found = log.read(mark.position - 1, limit + 1)
        if wrong := _differs(found, mark, heard):
            raise Hole(f"{log.source}: {mark.position} was heard, and {wrong}")
        records = found[1:]
    return list(takewhile(lambda each: each.epoch == records[0].epoch, records))


def following_of_ledger(
    log: LogStore, mark: Mark | None, heard: UUID | None, limit: int
) -> Sequence[Record]:
    """Return what follows a mark of the ledger; nothing does if it was made without logs."""
    if mark and without_log(mark):
        return []
    return following(log, mark, heard, limit)


def without_log(mark: Mark) -> bool:
    """Say whether it was made up in memory what is known up to a mark (`minds.Mind`)."""
    return mark.epoch == named("epoch", mark.source)


def heard_on(
    own: LogStore, log: LogStore, mark: Mark | None, heard: UUID | None, limit: int
) -> Sequence[Record]:
    """Return what a hearer hears next; into an epoch that the log announces it goes on."""
    records = following(log, mark, heard, limit)
    if mark and records and records[0].epoch != mark.epoch:
        known = {each.epoch for each in log.epochs()}
        if mark.epoch in known and announced(log, records[0].epoch, mark.position):
            own.adopt(replace(mark, epoch=records[0].epoch))
    return records


def announced(log: LogStore, epoch: UUID, after: int) -> bool:
    """Say whether a log has an epoch that begins right after a position."""
    return any((each.epoch, each.branched_at) == (epoch, after) for each in log.epochs())
