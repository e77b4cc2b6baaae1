"""What the one relay of a log that leads works with, and how it stands."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer

from shared.runtime import telemetry
from shared.runtime.kafka import LONGEST, Broker
from shared.runtime.store_log import Lease, LogStore

RELAY = "relay"
"""The name under which the store keeps the relay's position."""

AGAIN = "relay again"
"""The name under which it keeps that it is asked to go back: one more than the position."""

UNSENT = 3
"""Seconds that records have to leave when a relay ends."""

CONTENT = ("content-type", b"application/cloudevents+json")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How much at a time, and how often; times in seconds.

    `batch` bounds what is in flight. `clocks_differ` is how far the clocks of hosts
    that write this log may be apart: a heartbeat vouches for no moment younger.
    """

    batch: int = 2_000
    poll: float = 0.2
    heartbeat: float = 5
    clocks_differ: float = 1
    checkpoint_records: int = 10_000
    checkpoint_every: float = 60
    pauses: Sequence[float] = (0.2, 0.5, 1, 2, 5)


@dataclass(kw_only=True)
class Standing:
    """How the relay stands; `error` is the class of what it last failed of, or a sentence.

    `lost` is up to where the topic had the log when it was seen to have lost some of it.
    """

    leading: bool = False
    position: int = 0
    acknowledged_at: datetime | None = None
    error: str | None = None
    lost: int = 0

    @property
    def waits(self) -> str | None:
        """Say that a topic that lost something is being filled, and how far that is."""
        if not self.lost:
            return None
        return f"its topic lost what it had up to {self.lost}: filled up to {self.position}"


def now() -> datetime:
    """Return the moment by this machine's clock."""
    return datetime.now(UTC)


class Call(Protocol):
    """Ask the store, in the relay's thread."""

    async def __call__[R](self, ask: Callable[..., R], /, *said: Any) -> R:
        """Return what it answers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Lead:
    """What whoever holds the lease of a log publishes with, for as long as he holds it."""

    store: LogStore
    broker: Broker
    producer: AIOKafkaProducer
    lease: Lease
    call: Call
    pace: Pace
    clock: Callable[[], datetime]
    standing: Standing

    @property
    def source(self) -> str:
        """Return the name of the log."""
        return self.store.source

    async def saved(self) -> int:
        """Return up to where the log was published."""
        return await self.call(self.store.saved, RELAY)

    def acknowledged(self) -> None:
        """Note that the broker has taken something."""
        self.standing.acknowledged_at, self.standing.error = self.clock(), None

    def kept(self, position: int) -> None:
        """Note up to where it is published; what the topic had lost may be there again."""
        standing = self.standing
        standing.position = position
        if standing.lost:
            left = max(0, standing.lost - position)
            telemetry.measure("metodika.topic.lost", left, source=self.source)
            standing.lost = standing.lost if left else 0


def end_if_told() -> None:
    """Raise `CancelledError` if whoever runs this task has cancelled it.

    Kafka's client, about to stop something of its own, takes that for its own doing.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@asynccontextmanager
async def publishing(broker: Broker) -> AsyncGenerator[AIOKafkaProducer]:
    """Open a producer that neither loses, nor doubles, nor reorders."""
    producer = AIOKafkaProducer(
        enable_idempotence=True,
        acks="all",
        linger_ms=2,
        max_batch_size=256 * 1024,
        max_request_size=LONGEST,
        compression_type="lz4",
        **broker.options(),
    )
    try:
        await broker.start(producer)
        yield producer
    finally:
        await _let_go(producer)


async def _let_go(producer: AIOKafkaProducer) -> None:
    """Stop a producer. What cannot be sent is not waited for: whoever leads next sends it."""
    stopping = asyncio.ensure_future(producer.stop())
    await asyncio.wait([stopping], timeout=UNSENT)
    if not stopping.done():
        stopping.cancel()
        await producer._sender.close()  # noqa: SLF001 - it would try for ever
        await producer.client.close()
