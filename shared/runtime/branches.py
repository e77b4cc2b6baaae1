"""How a log began its epochs: who, when and why, and what it had in common with before."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.runtime.heartbeat import Branch, Line
from shared.runtime.store_log import LogStore

BEGUN = "epoch"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Who began or adopted an epoch, when, and why."""

    at: datetime
    by: str
    reason: str


class Begun(Note, frozen=True, kw_only=True):
    """Who began an epoch, when and why, and where what was published parts from the log.

    Up to `common` the log holds what was published; None: all that was. `instead_of` is
    the last event that was published, if the log holds it no more. Of the facts that
    nothing but the topic held, so many pages are `kept`.
    """

    common: int | None = None
    instead_of: UUID | None = None
    kept: int = 0


def begun(store: LogStore, epoch: UUID) -> Begun | None:
    """Return who began an epoch, when and why; None of the first one."""
    said = store.known([(BEGUN, epoch)]).get((BEGUN, epoch))
    return msgspec.json.decode(said, type=Begun) if said else None


def line_of(store: LogStore) -> Line:
    """Return the epochs that a log began after its first, as it announces them."""
    return tuple(
        Branch(each.epoch, each.branched_at, _common(store, each.epoch, each.branched_at))
        for each in store.epochs()[1:]
    )


def _common(store: LogStore, epoch: UUID, after: int) -> int:
    note = begun(store, epoch)
    return after if note is None or note.common is None else note.common
