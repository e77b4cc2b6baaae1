"""What tests of the store write: facts of no meaning, in units of any shape."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from shared.runtime.log import Answered, Key, Learned, Mark, Parked, Pending, Read, Unit, digest

SOURCE = "registry@0"
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ELSEWHERE = UUID(int=7)
"""The epoch of a neighbour's log."""


def fact(
    stream: UUID,
    version: int = 1,
    *,
    name: str = "registry.RegionAdded",
    territory: str | None = None,
    data: bytes = b'{"name": "\xd0\xa2\xd0\xb5\xd1\x81\xd1\x82"}',
) -> Pending:
    """Make a fact on its way; its bytes are spaced as no encoder would."""
    event_id = uuid7()
    return Pending(
        event_id=event_id,
        stream=stream,
        version=version,
        name=name,
        schema=1,
        territory=territory,
        meta=f'{{"event_id": "{event_id}"}}'.encode(),
        data=data,
    )


def of(*facts: Pending, now: datetime = NOON) -> Unit:
    """Make a unit of facts."""
    return Unit(now=now, facts=list(facts))


def some(count: int, now: datetime = NOON) -> Unit:
    """Make a unit of this many facts, each in a stream of its own."""
    return of(*(fact(uuid7()) for _ in range(count)), now=now)


def answered(command_id: UUID, position: int = 0) -> Answered:
    """Make the answer to a command."""
    return Answered(
        command_id=command_id, body_hmac=b"body", outcome=b'{"status":1}', position=position
    )


def key(holder: UUID, key_hmac: bytes = b"\0key", kind: str = "snils") -> Key:
    """Make a claim."""
    return Key(kind, key_hmac, holder)


def learned(about: UUID, history: bytes = b"[]", kind: str = "employment") -> Learned:
    """Make what is kept about somebody."""
    return Learned(kind, about, history)


def read(about: UUID, history: bytes = b"", kind: str = "employment") -> Read:
    """Make what is known of what is kept about somebody; nothing, if nothing is said."""
    return Read(kind, about, digest(history))


def mark(position: int, epoch: UUID = ELSEWHERE, source: str = "routes@0") -> Mark:
    """Make a mark in a neighbour's log."""
    return Mark(source, epoch, position)


def parked(position: int, attempts: int = 1, source: str = "routes@0") -> Parked:
    """Make a parked record."""
    return Parked(
        source=source,
        epoch=ELSEWHERE,
        position=position,
        stream=UUID(int=position),
        name="routes.RouteAssigned",
        wire=b"\0\xff not even JSON",
        error="Malformed: data",
        attempts=attempts,
        retry_at=NOON + attempts * SECOND,
    )


def streams(count: int) -> Sequence[UUID]:
    """Make ids of streams that do not change from run to run."""
    return [UUID(int=1_000 + n) for n in range(count)]
