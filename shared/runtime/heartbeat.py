"""What a silent log says: I am complete up to here, up to then (contracts §2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

import msgspec

TYPE = "metodika.Heartbeat"


class Branch(msgspec.Struct, frozen=True, array_like=True):
    """An epoch of a log after its first: its first record follows `after`.

    Up to `common` the log holds what was published before it was begun.
    """

    epoch: UUID
    after: int
    common: int


type Line = tuple[Branch, ...]
"""The epochs that a log began after its first, the oldest first."""


def announced_in(line: Line, epoch: UUID, after: int) -> bool:
    """Say whether an epoch that begins right after a position is one of these."""
    return any((each.epoch, each.after) == (epoch, after) for each in line)


def in_common(line: Line, epoch: UUID, position: int) -> int:
    """Return how much of what was heard up to a position of an epoch the log still holds."""
    told = [each.epoch for each in line]
    later = line[told.index(epoch) + 1 :] if epoch in told else line
    return min([position, *(each.common for each in later)])


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `source` recorded up to `recorded_at` has a position ≤ `position`.

    `last` is the event at `position`. It has no place in the log: nothing is appended for
    it, and it may be lost.
    """

    source: str
    epoch: UUID
    position: int
    recorded_at: datetime
    last: UUID | None = None
    line: Line = ()

    def wire(self) -> bytes:
        """Return it as a CloudEvent, as facts are, only without a fact."""
        said = msgspec.structs.asdict(self)
        said = {name: each for name, each in said.items() if each}
        event = {
            "specversion": "1.0",
            "id": uuid5(self.epoch, f"{self.position}/{self.recorded_at.isoformat()}"),
            "type": TYPE,
            "time": self.recorded_at,
        }
        return msgspec.json.encode(event | said | {"position": self.position})


class Sent(Protocol):
    """A record as a Kafka client gives it."""

    @property
    def key(self) -> bytes | None:
        """Return the stream, or the log's name when it is a heartbeat."""
        ...

    @property
    def value(self) -> bytes | None:
        """Return the CloudEvent."""
        ...


_decoder = msgspec.json.Decoder(Heartbeat)


def beat_of(source: str, sent: Sent) -> Heartbeat | None:
    """Return the heartbeat that a record of a topic is, None if it is none."""
    if sent.key != source.encode() or sent.value is None:
        return None
    try:
        return _decoder.decode(sent.value)
    except msgspec.MsgspecError:
        return None


def apart(source: str, records: Iterable[Sent]) -> tuple[list[bytes], Heartbeat | None, int]:
    """Return facts' wire bytes, the last heartbeat, and how many records are neither.

    A heartbeat's key is the name of its log; a fact's key is its stream.
    """
    key, wires, beat, empty = source.encode(), list[bytes](), None, 0
    for each in records:
        value = each.value
        if value is None:
            empty += 1
        elif each.key != key:
            wires.append(value)
        elif told := beat_of(source, each):
            beat = told
        else:
            empty += 1
    return wires, beat, empty
