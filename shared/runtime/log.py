"""The shapes of a log: one record, one transaction (contracts §1, §2, §4)."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from shared.runtime.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of one log. `data` and `meta` are the stored bytes, never re-encoded.

    `recorded_at` is UTC in whole microseconds; `position` counts from 1 without gaps,
    `version` from 1 in its stream; `territory` is a path (`25/05701/<org_id>`) or None.
    """

    source: str
    epoch: UUID
    position: int
    recorded_at: datetime
    event_id: UUID
    stream: UUID
    version: int
    name: str
    schema: int
    territory: str | None
    meta: bytes
    data: bytes
    leaf: bytes


class Pending(Struct, frozen=True, kw_only=True, gc=False):
    """A fact on its way into the log: position, moment and leaf come with the append."""

    event_id: UUID
    stream: UUID
    version: int
    name: str
    schema: int
    territory: str | None
    meta: bytes
    data: bytes


class Answered(Struct, frozen=True, kw_only=True, gc=False):
    """How a command was answered; `outcome` is JSON and is never judged anew."""

    command_id: UUID
    body_hmac: bytes
    outcome: bytes
    position: int = 0


class Key(Struct, frozen=True, gc=False):
    """A claimed key and its holder. `key_hmac` tells nothing about the key."""

    kind: str
    key_hmac: bytes
    holder: UUID


class Learned(Struct, frozen=True, gc=False):
    """The history that is kept about one id: a JSON array of `work_kept.Kept`."""

    kind: str
    about: UUID
    history: bytes


class Read(Struct, frozen=True, gc=False):
    """A history by which was decided: nobody may have changed it since.

    `was` is the SHA-256 of what was read, empty where nothing was kept.
    """

    kind: str
    about: UUID
    was: bytes


def digest(history: bytes = b"") -> bytes:
    """Return what tells one history from another; of none nothing."""
    return hashlib.sha256(history).digest() if history else b""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a source has been heard: everything up to `position` of its `epoch`."""

    source: str
    epoch: UUID
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A heard record that failed: its wire bytes, why, and when to try it again."""

    source: str
    epoch: UUID
    position: int
    stream: UUID
    name: str
    wire: bytes
    error: str
    attempts: int
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A parked record that somebody let go without its effects: who, when and why.

    `at` is UTC; `reason` is what they wrote. The record itself stands in its own log.
    """

    source: str
    epoch: UUID
    position: int
    stream: UUID
    name: str
    error: str
    attempts: int
    at: datetime
    by: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Unit:
    """Everything that one transaction writes: all of it, or nothing.

    Facts of one stream come in order, the first with the version that follows what was
    read. `unparked` names (source, position) of records that are parked and done with;
    what is `parked` is put in their place after that. What was `read`, and the streams
    that were `seen` with their versions, must be as they were, and where the `whole` log was
    read, up to that position, nothing may follow: who decides by what another is about to
    change decides again (contracts §4: whichever comes last acts).
    """

    now: datetime
    facts: list[Pending] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    claims: list[Key] = field(default_factory=list)
    releases: list[Key] = field(default_factory=list)
    known: list[Learned] = field(default_factory=list)
    heard: list[Mark] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    unparked: list[tuple[str, int]] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)
    seen: dict[UUID, int] = field(default_factory=dict[UUID, int])
    whole: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log. `position` 0 and no moment: nothing was recorded yet."""

    epoch: UUID
    position: int
    recorded_at: datetime | None


class Conflict(Exception):  # noqa: N818 - not an error: decide again on fresh state
    """Somebody else wrote first: a stream, a key, a mark or a command is taken.

    `what` is one of "log", "stream", "known", "key", "mark", "command", "parked"; `which`
    names it.
    """

    def __init__(self, what: str, which: str) -> None:
        super().__init__(f"{what} {which}")
        self.what = what
        self.which = which


class Hole(Told):
    """A position is missing, another record, of another epoch: lost, or restored unsaid."""

    is_no = True
    hint = "who heard what: metodika status"


class Store(Protocol):
    """One log and all that is written in its transactions. Blocking: call it in threads.

    `source` is the log's name on the wire, `registry@0`.
    """

    source: str

    def append(self, unit: Unit) -> Head:
        """Write the unit under the append lock and return the head after it.

        Raises `Conflict`, and then nothing is written.
        """
        ...

    def ready(self, unit: Unit) -> Callable[[], Head]:
        """Return what writes this unit as `append` does, everything else done by now.

        Raises `Conflict` where the unit contradicts itself.
        """
        ...

    def head(self) -> Head:
        """Return the end of the log."""
        ...

    def head_at(self, moment: datetime) -> Head:
        """Return the last record with `recorded_at` ≤ moment (contracts §3)."""
        ...

    def read(
        self,
        after: int,
        limit: int,
        *,
        names: Collection[str] = (),
        scopes: Collection[str] | None = None,
    ) -> Sequence[Record]:
        """Return records after a position, in order; of these names, if any are given.

        `scopes` are territory paths: only records at or below one of them. The empty
        path, or None, is everything.
        """
        ...

    def walk(self, after: int = 0) -> Iterator[Record]:
        """Read all records after a position, page by page."""
        ...

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[Record]]:
        """Return the history of each stream that has one."""
        ...

    def events(self, ids: Collection[UUID]) -> dict[UUID, Record]:
        """Return records by event id."""
        ...

    def answers(self, ids: Collection[UUID]) -> dict[UUID, Answered]:
        """Return what was answered to these commands."""
        ...

    def holders(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        """Return who holds these keys (kind, key_hmac)."""
        ...

    def known(self, keys: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], bytes]:
        """Return the histories kept about these (kind, id)."""
        ...

    def marks(self) -> dict[str, Mark]:
        """Return how far each source has been heard."""
        ...

    def parked(self) -> Sequence[Parked]:
        """Return what is parked, oldest first."""
        ...

    def skip(self, parked: Parked, *, at: datetime, by: str, reason: str) -> None:
        """Let a parked record go and keep who did it, when and why, at once.

        Raises `Conflict` when it is not parked any more.
        """
        ...

    def skipped(self) -> Sequence[Skipped]:
        """Return what was let go, in that order."""
        ...

    def forget(self, kind: str, holder: UUID) -> None:
        """Delete the keys of a kind that somebody holds (erasure, contracts §6)."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...
