"""What both stores are: a log, its neighbours' marks, and the library's recorder.

`eventsourcing` sees the log as its `ProcessRecorder`: topic = stored name, notification
id = position, tracking = the mark of a source, `state` = `Stored`.
"""

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, NoReturn, Protocol
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)

from shared.runtime.log import (
    Answered,
    Conflict,
    Head,
    Learned,
    Mark,
    Pending,
    Record,
    Store,
    Unit,
)
from shared.runtime.told import Told
from shared.runtime.tree import Checkpoint

SCHEMA = 4
"""The version of the tables that this code writes to; 4 asks what was read."""

RECORD = (
    "SELECT position, epoch, recorded_at, event_id, stream, version, name, schema,"
    " territory, meta, data, leaf FROM records"
)
"""What both stores read of a record, in the order of their rows."""

PAGE = 2_000
UNTOLD = UUID(int=0)
"""The epoch of a source that is tracked by position alone, as the library does it."""


class NotMigrated(Told):
    """The database is not, or not any more, what this code writes to."""


def require_schema(found: int, source: str, asked: str) -> None:
    """Raise `NotMigrated` unless the tables are this code's and the log is the asked."""
    if found != SCHEMA:
        known = f"schema {found} where this release writes {SCHEMA}"
        raise NotMigrated(f"{asked} has {known}: run `metodika migrate`")
    if source != asked:
        raise NotMigrated(f"this is the database of {source}, not of {asked}")


class Epoch(NamedTuple):
    """A stretch of a log; its first record follows `branched_at` of its parent."""

    epoch: UUID
    parent: UUID | None
    branched_at: int


class Lease(Protocol):
    """The right to be the one active reader of a log."""

    def alive(self) -> bool:
        """Say whether it still holds; ask before each thing that depends on it."""
        ...


class Still(Store, Protocol):
    """A log and its tables as they stood at one moment, to be read."""

    def epochs(self) -> Sequence[Epoch]:
        """Return the epochs of this log, the first first."""
        ...

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Return every row of one of `WHOLE`, in the order of its key, as it is stored."""
        ...


WHOLE = {
    "commands": "command_id",
    "claims": "kind, key_hmac",
    "known": "kind, about",
    "readers": "reader",
}
"""Tables that are read from end to end, and the key of each."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the library carries in a stored event: the rest of our record."""

    event_id: UUID
    schema: int
    territory: str | None
    meta: msgspec.Raw
    data: msgspec.Raw


class LogStore(Store, ProcessRecorder):
    """One log in one database. Shared by threads; errors of the driver pass as they are.

    A unit's `Answered.position` counts the unit's facts up to and including that
    command's own, and is kept as a position of the log; 0 is kept as the head after the
    unit. Releases are done before claims.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._listeners: list[Callable[[Head], None]] = []

    def on_append(self, listen: Callable[[Head], None]) -> None:
        """Call this after each commit with facts, in the thread that appended."""
        self._listeners.append(listen)

    def ready(self, unit: Unit) -> Callable[[], Head]:
        """Return what writes this unit, everything else done by now."""
        return partial(self.append, unit)

    def _appended(self, unit: Unit, head: Head) -> Head:
        if unit.facts:
            for listen in self._listeners:
                listen(head)
        return head

    def head_at(self, moment: datetime) -> Head:
        """Return the last record with `recorded_at` ≤ moment; time only grows."""
        head = self.head()
        if head.recorded_at is None or head.recorded_at <= moment:
            return head
        low, high = Head(self.epochs()[0].epoch, 0, None), head.position
        while high - low.position > 1:
            middle = self._head_of((low.position + high) // 2)
            if middle.recorded_at is not None and middle.recorded_at <= moment:
                low = middle
            else:
                high = middle.position
        return low

    def walk(self, after: int = 0) -> Iterator[Record]:
        """Read all records after a position, page by page."""
        while page := self.read(after, PAGE):
            yield from page
            after = page[-1].position

    @abstractmethod
    def _head_of(self, position: int) -> Head:
        """Return the log as it was when this position was its end."""

    @abstractmethod
    def epochs(self) -> Sequence[Epoch]:
        """Return the epochs of this log, the first first."""

    @abstractmethod
    def new_epoch(self, parent: UUID) -> Epoch:
        """Branch the log at its head, after restore or promotion.

        Raises `Conflict` when `parent` is not its epoch: somebody did it already.
        """

    @abstractmethod
    def adopt(
        self, *marks: Mark, known: Sequence[Learned] = (), instead_of: Collection[str] = ()
    ) -> None:
        """Go on hearing sources from these marks, whatever was heard of them before.

        What was parked behind a mark goes: it is heard again, if it is still said. All
        histories of the kinds `instead_of` give way to what is `known`.
        """

    @abstractmethod
    def saved(self, reader: str) -> int:
        """Return how far a reader of this log has come; 0 if it never was here."""

    @abstractmethod
    def save(self, reader: str, position: int) -> None:
        """Keep how far a reader of this log has come; it may go back."""

    @abstractmethod
    def lease(self) -> AbstractContextManager[Lease | None]:
        """Hold the log's lease, or None when another process or thread does."""

    @abstractmethod
    def still(self) -> AbstractContextManager[Still]:
        """Read everything as it stands now, whatever is appended meanwhile."""

    @abstractmethod
    def checkpoints(self) -> Sequence[Checkpoint]:
        """Return the tree's checkpoints, the smallest first."""

    @abstractmethod
    def damage(self) -> str | None:
        """Return what the database itself finds broken in its files, None if nothing."""

    @abstractmethod
    def misfiled(self) -> tuple[int, UUID] | None:
        """Return (position, event) of the first record filed under another region."""

    @abstractmethod
    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint. Raises `Conflict` if the same size had another root."""

    # ── the library's recorder ──────────────────────────────────────────────

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int]:
        """Append, with `tracking=Tracking(source, position)` in the same transaction."""
        facts = [_pending(event) for event in stored_events]
        tracking: Tracking | None = kwargs.get("tracking")
        heard = [self._mark(tracking)] if tracking else []
        try:
            unit = Unit(now=datetime.now(UTC), facts=facts, heard=heard)
            last = self.append(unit).position
        except Conflict as conflict:
            raise IntegrityError(str(conflict)) from conflict
        return range(last - len(facts) + 1, last + 1)

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move a source's mark."""
        self.insert_events([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return how far a source has been heard."""
        mark = self.marks().get(application_name)
        return mark.position if mark else None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the events of one stream, of these versions."""
        stream = UUID(str(originator_id))
        events = [
            _notification(record)
            for record in self.streams([stream]).get(stream, [])
            if (gt is None or record.version > gt) and (lte is None or record.version <= lte)
        ]
        return (events[::-1] if desc else events)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return events by position."""
        after = (start or 0) - (1 if start and inclusive_of_start else 0)
        read = self.read(after, limit, names=topics)
        return [_notification(r) for r in read if stop is None or r.position <= stop]

    def max_notification_id(self) -> int | None:
        """Return the last position, or None of an empty log."""
        return self.head().position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> NoReturn:
        """Refuse: a subscription holds a connection for ever; relay and ears read."""
        raise NotSupportedError(f"read the log after {gt} instead; {topics}")

    def _mark(self, tracking: Tracking) -> Mark:
        source = tracking.application_name
        known = self.marks().get(source)
        epoch = known.epoch if known else UNTOLD
        return Mark(source, epoch, tracking.notification_id)


def _pending(event: StoredEvent) -> Pending:
    said = msgspec.json.decode(event.state, type=Stored)
    return Pending(
        event_id=said.event_id,
        stream=UUID(str(event.originator_id)),
        version=event.originator_version,
        name=event.topic,
        schema=said.schema,
        territory=said.territory,
        meta=bytes(said.meta),
        data=bytes(said.data),
    )


def _notification(record: Record) -> Notification:
    state = Stored(
        event_id=record.event_id,
        schema=record.schema,
        territory=record.territory,
        meta=msgspec.Raw(record.meta),
        data=msgspec.Raw(record.data),
    )
    return Notification(
        id=record.position,
        originator_id=record.stream,
        originator_version=record.version,
        topic=record.name,
        state=msgspec.json.encode(state),
    )


# ── what both stores ask before they write, and how they filter ─────────────


def befores(unit: Unit) -> dict[UUID, int]:
    """Return the version that each stream written or seen must have had before the unit.

    Raises ValueError when the facts of a stream do not follow one another, and
    `Conflict` when the unit contradicts itself.
    """
    before: dict[UUID, int] = {}
    last: dict[int, int] = {}
    for each in unit.facts:
        so_far = last.get(each.stream.int)
        if so_far is None:
            so_far = before[each.stream] = each.version - 1
        if each.version != so_far + 1:
            raise ValueError(f"{each.stream}: version {each.version} after {so_far}")
        last[each.stream.int] = each.version
    answered = [each.command_id.int for each in unit.answers]
    if len(set(answered)) < len(answered):
        twice = next(each for each in answered if answered.count(each) > 1)
        raise Conflict("command", str(UUID(int=twice)))
    holders: dict[tuple[str, bytes], UUID] = {}
    for key in unit.claims:
        if holders.setdefault((key.kind, key.key_hmac), key.holder) != key.holder:
            raise Conflict("key", which_key(key.kind, key.key_hmac))
    return unit.seen | before


def last_marks(unit: Unit) -> list[Mark]:
    """Return the unit's marks, the last of each source."""
    return list({mark.source: mark for mark in unit.heard}.values())


def position_of(answered: Answered, start: int, head: Head) -> int:
    """Return where a command of a unit that began after `start` left the log."""
    return start + answered.position if answered.position else head.position


def which_key(kind: str, key_hmac: bytes) -> str:
    """Name a key in a conflict."""
    return f"{kind}/{key_hmac.hex()}"


def region_of(territory: str | None) -> str | None:
    """Return the first step of a path, by which a log is indexed."""
    return None if territory is None else territory.partition("/")[0]


def within(scopes: Collection[str] | None, mark: str) -> tuple[str, list[str]]:
    """Return the SQL that keeps records at or below these paths, and its parameters.

    `mark` is how the driver writes a parameter. Below `25` is from `25/` up to `250`,
    "0" being the character after "/": a range, which an index can answer.
    """
    if scopes is None or "" in scopes:
        return "", []
    if not scopes:
        return " AND false", []
    regions = sorted({scope.partition("/")[0] for scope in scopes})
    below = f"territory = {mark} OR (territory >= {mark} AND territory < {mark})"
    ranges = [each for scope in scopes for each in (scope, f"{scope}/", f"{scope}0")]
    among, anywhere = ", ".join([mark] * len(regions)), " OR ".join([below] * len(scopes))
    return f" AND region IN ({among}) AND ({anywhere})", [*regions, *ranges]
