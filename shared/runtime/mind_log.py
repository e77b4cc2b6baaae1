"""The log of one service in memory: its facts as records, where its store would put them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.kernel import Recorded, kind_of
from shared.kernel.ids import EventId, Territory, named
from shared.runtime import codec
from shared.runtime.codec import Basis, Meta
from shared.runtime.log import Record
from shared.runtime.tree import micros

HEARD_AT_ONCE = 500
"""Facts heard in one turn, as many as the engines hear in one transaction."""
NEVER = datetime.min.replace(tzinfo=UTC)


class Said(NamedTuple):
    """A fact on its way to those who hear it; its personal fields are sealed."""

    recorded: Recorded[Any]
    stream: UUID
    correlation_id: UUID
    basis: Basis | None


class Log:
    """What a service says, with the versions and at the moments that a store would give.

    `number`, below 4096, is unlike that of any other log: the ids of facts carry it.
    `take` gets each record as it is said, without a leaf.
    """

    def __init__(self, source: str, number: int, take: Callable[[Record], object]) -> None:
        self.source = source
        self._number, self._take = number, take
        self._epoch = named("epoch", source)
        self._moment, self._millis = NEVER, 0
        self._unheard: list[Said] = []
        self._first = 0

    @property
    def position(self) -> int:
        """Return the end of the log."""
        return self._first + len(self._unheard)

    @property
    def now(self) -> datetime:
        """Return the moment at which what follows is recorded."""
        return self._moment

    def go_on(self, at: datetime) -> None:
        """Go on in time, never back: all that follows is recorded at one moment."""
        self._moment = max(self._moment, at)
        self._millis = micros(self._moment) // 1000

    def after(self, position: int) -> list[Said]:
        """Return what follows a position, as much as is heard in one turn."""
        start = position - self._first
        return self._unheard[start : start + HEARD_AT_ONCE]

    def let_go(self) -> None:
        """Forget what was said; everybody has heard it."""
        self._first = self.position
        self._unheard = []

    def next_id(self) -> EventId:
        """Return a UUIDv7 of the plan's clock: then the log's number, then the position."""
        number, place = self._number & 0xFFF, self.position + 1
        high = self._millis << 80 | 0x7 << 76 | number << 64
        return EventId(UUID(int=high | 0b10 << 62 | place))

    def add(
        self,
        said: Recorded[Any],
        stream: UUID,
        version: int,
        territory: Territory | None,
        meta: Meta,
    ) -> None:
        """Put a fact at the end, with the id that was the next."""
        self._unheard.append(Said(said, stream, meta.correlation_id, meta.basis))
        kind = kind_of(said.fact)
        record = Record(
            source=self.source,
            epoch=self._epoch,
            position=self.position,
            recorded_at=self._moment,
            event_id=said.event_id,
            stream=stream,
            version=version,
            name=kind.name,
            schema=kind.schema,
            territory=territory,
            meta=codec.encode_meta(meta),
            data=codec.encode(said.fact),
            leaf=b"",
        )
        self._take(record)
