"""What is parked, and what was let go, out of the rows in which both stores keep it."""

from typing import Any
from uuid import UUID

from shared.runtime.log import Parked, Skipped
from shared.runtime.tree import moment


def parked_of(row: tuple[Any, ...]) -> Parked:
    """Return what a row of `parked` says."""
    source, position, epoch, stream, name, wire, error, attempts, retry_at = row
    return Parked(
        source=source,
        epoch=_id(epoch),
        position=position,
        stream=_id(stream),
        name=name,
        wire=wire,
        error=error,
        attempts=attempts,
        retry_at=moment(retry_at),
    )


def skipped_of(row: tuple[Any, ...]) -> Skipped:
    """Return what a row of `skipped` says, less its number."""
    _, source, position, epoch, stream, name, error, attempts, at, by, reason = row
    return Skipped(
        source=source,
        epoch=_id(epoch),
        position=position,
        stream=_id(stream),
        name=name,
        error=error,
        attempts=attempts,
        at=moment(at),
        by=by,
        reason=reason,
    )


def _id(said: UUID | bytes) -> UUID:
    return said if isinstance(said, UUID) else UUID(bytes=said)
