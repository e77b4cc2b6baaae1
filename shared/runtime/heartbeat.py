"""What a silent log says: I am complete up to here, up to then (contracts §2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

import msgspec

TYPE = "metodika.Heartbeat"


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `source` recorded up to `recorded_at` has a position ≤ `position`.

    It has no place in the log: nothing is appended for it, and it may be lost.
    """

    source: str
    epoch: UUID
    position: int
    recorded_at: datetime

    def wire(self) -> bytes:
        """Return it as a CloudEvent, as facts are, only without a fact."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        event = {
            "specversion": "1.0",
            "id": uuid5(self.epoch, f"{self.position}/{self.recorded_at.isoformat()}"),
            "type": TYPE,
            "time": self.recorded_at,
        }
        return msgspec.json.encode(event | said)


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


def apart(source: str, records: Sequence[Sent]) -> tuple[list[bytes], Heartbeat | None, int]:
    """Return facts' wire bytes, the last heartbeat, and how many records are neither.

    A heartbeat's key is the name of its log; a fact's key is its stream.
    """
    key, wires, beat, empty = source.encode(), list[bytes](), None, 0
    for each in records:
        if each.value is None:
            empty += 1
        elif each.key != key:
            wires.append(each.value)
        else:
            try:
                beat = _decoder.decode(each.value)
            except msgspec.MsgspecError:
                empty += 1
    return wires, beat, empty
