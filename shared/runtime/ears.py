"""Ears: what neighbours say reaches `hear`, in order, from Kafka or from their logs.

Whatever takes the batch has its own inbox, so that a batch may come twice; none is
left out. What fails is tried again here, for ever: only the inbox parks.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from shared.runtime import telemetry
from shared.runtime.codec import Malformed, unwire, wire
from shared.runtime.heartbeat import Heartbeat, apart
from shared.runtime.kafka import LONGEST, Broker, source_of
from shared.runtime.log import Mark, Parked, Store
from shared.runtime.logs import log, where
from shared.runtime.store_log import LogStore
from shared.runtime.wake import Bell

BATCH = 500
STALE = timedelta(seconds=30)
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)

# A member that waits for its database keeps its partition: nobody else would do better.
DAY = 24 * 60 * 60 * 1000

type Sent = ConsumerRecord[bytes, bytes]


class Came(Protocol):
    """What came of a batch: each record was heard, skipped or parked."""

    @property
    def heard(self) -> int:
        """Return how many were taken in."""
        ...

    @property
    def skipped(self) -> int:
        """Return how many were known, or are of no interest."""
        ...

    @property
    def parked(self) -> int:
        """Return how many wait to be tried again."""
        ...

    @property
    def effects(self) -> int:
        """Return how many facts were said because of them."""
        ...


type Hear = Callable[[str, Sequence[bytes]], Came]


@dataclass(kw_only=True)
class Tally:
    """What came in from one source since the start, and what became of it."""

    consumed: int = 0
    heard: int = 0
    skipped: int = 0
    parked: int = 0
    effects: int = 0
    unreadable: int = 0

    @property
    def unaccounted(self) -> int:
        """Return how many records vanished; anything but 0 is an alarm."""
        return self.consumed - self.heard - self.skipped - self.parked


@dataclass(kw_only=True)
class Ear:
    """How one source is heard: `error` is the class of what is being tried again."""

    source: str
    hear: Hear
    who: str
    tally: Tally = field(default_factory=Tally)
    error: str | None = None
    heartbeat: Heartbeat | None = None
    polled_at: datetime | None = None
    position: int = 0
    lag: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, wires: Sequence[bytes], parents: Sequence[str | None] = ()) -> bool:
        """Have a batch heard; return False when we were stopped before it was."""
        failures = 0
        self.tally.consumed += len(wires)
        with telemetry.span("hear", links=parents, service=self.who, source=self.source):
            while wires:
                try:
                    came = await asyncio.to_thread(self.hear, self.source, wires)
                except Malformed:
                    wires = self._readable(wires)
                except Exception as error:  # noqa: BLE001 - whatever it is, again
                    failures += 1
                    if await self.failed(error, failures):
                        self.tally.consumed -= len(wires)
                        return False
                else:
                    self._count(came)
                    break
        self.error = None
        return True

    async def failed(self, error: Exception, failures: int) -> bool:
        """Tell what failed and wait longer each time; return whether to stop."""
        self.error = type(error).__name__
        log.warning(
            "hearing failed and will be tried again",
            service=self.who,
            source=self.source,
            error=self.error,
            attempts=failures,
            at=where(error),
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSES[min(failures, len(PAUSES)) - 1]):
                await self.stopping.wait()
        return self.stopping.is_set()

    def skip(self, count: int) -> None:
        """Count what is no fact at all."""
        self.tally.consumed += count
        self.tally.skipped += count
        self.tally.unreadable += count

    def healthy(self, now: datetime) -> bool:
        """Say whether it is heard at all: polled lately, and nothing fails."""
        lately = self.polled_at is not None and now - self.polled_at < STALE
        return lately and self.error is None

    def measure(self) -> None:
        """Tell lag and what is unaccounted for."""
        said = {"service": self.who, "source": self.source}
        telemetry.measure("metodika.lag", self.lag, **said)
        telemetry.measure("metodika.unaccounted", self.tally.unaccounted, **said)

    def _count(self, came: Came) -> None:
        tally = self.tally
        tally.heard += came.heard
        tally.skipped += came.skipped
        tally.parked += came.parked
        tally.effects += came.effects

    def _readable(self, wires: Sequence[bytes]) -> list[bytes]:
        """Leave out what has no envelope: it has no position, it cannot be parked."""
        kept: list[bytes] = []
        for each in wires:
            try:
                unwire(each)
            except Malformed:
                self.tally.skipped += 1
                self.tally.unreadable += 1
                log.error("a record without an envelope", source=self.source)
            else:
                kept.append(each)
        if len(kept) == len(wires):
            raise RuntimeError("hear refuses as malformed what can be read")
        return kept


def utc() -> datetime:
    """Return the moment by this machine's clock."""
    return datetime.now(UTC)


class Ears:
    """Hear neighbours from Kafka. One process per hearing service, and no more.

    `who` is the hearing service; the place in each topic is kept under its name.
    """

    def __init__(self, hear: Hear, sources: Sequence[str], *, who: str, broker: Broker) -> None:
        self.ears = {each: Ear(source=each, hear=hear, who=who) for each in sources}
        self._who = who
        self._broker = broker
        self._hear = hear
        self._subscribers: dict[str, BatchSubscriber] = {}

    async def run(self) -> None:
        """Hear until cancelled; Kafka may come and go."""
        failures = 0
        for ear in self.ears.values():
            ear.stopping.clear()
        while True:
            stream = self._stream()
            try:
                await stream.start()
                failures = 0
                await self._watch()
            except Exception as error:  # noqa: BLE001 - Kafka is away, or not yet there
                failures += 1
                log.warning("no Kafka", service=self._who, error=type(error).__name__)
            finally:
                for ear in self.ears.values():
                    ear.stopping.set()
                await stream.stop()
            for ear in self.ears.values():
                ear.stopping.clear()
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES)) - 1])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(1)
            for ear in self.ears.values():
                self._look(ear)
                ear.measure()

    def _look(self, ear: Ear) -> None:
        """See when the source was polled last, and how far its end is."""
        at = self._broker.partition(ear.source)
        consumer = self._subscribers[at.topic].consumer
        if consumer is None or at not in consumer.assignment():
            ear.polled_at = None
            return
        polled = consumer.last_poll_timestamp(at)
        if polled:
            ear.polled_at = datetime.fromtimestamp(polled / 1000, UTC)
        ear.lag = max(0, (consumer.highwater(at) or 0) - ear.position)

    def healthy(self, now: datetime | None = None) -> bool:
        """Say whether every source is assigned, polled lately, and none fails."""
        return all(each.healthy(now or utc()) for each in self.ears.values())

    def _stream(self) -> KafkaBroker:
        stream = KafkaBroker(
            self._broker.bootstrap,
            security=self._broker.security(),
            client_id=f"metodika-{self._who}",
            consumer_only=True,
            allow_auto_create_topics=False,
            metadata_max_age_ms=10_000,
            apply_types=False,
            logger=None,
        )
        for topic in {self._broker.topic(each) for each in self.ears}:
            self._subscribers[topic] = self._subscribe(stream, topic)
        return stream

    def _subscribe(self, stream: KafkaBroker, topic: str) -> Any:
        subscriber = stream.subscriber(
            topic,
            group_id=f"{topic}.heard-by.{self._who}",
            batch=True,
            max_records=BATCH,
            batch_timeout_ms=50,
            max_partition_fetch_bytes=LONGEST,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_interval_ms=DAY,
            rebalance_timeout_ms=60_000,
            parser=as_it_came,
            decoder=records_of,
        )

        subscriber(self._heard)
        return subscriber

    async def _heard(self, records: Sequence[Sent]) -> None:
        """Return when all of it is taken in; the offset is committed after that."""
        logs: dict[str, list[Sent]] = {}
        for each in records:
            at = TopicPartition(each.topic, each.partition)
            logs.setdefault(source_of(at), []).append(each)
        for source, some in logs.items():
            await self._heard_of(self._ear(source), some)

    async def _heard_of(self, ear: Ear, records: Sequence[Sent]) -> None:
        wires, beat, empty = apart(ear.source, records)
        if not await ear.take(wires, [_parent(each) for each in records]):
            raise NackMessage
        ear.skip(empty)
        ear.position = records[-1].offset + 1
        ear.heartbeat = beat or ear.heartbeat

    def _ear(self, source: str) -> Ear:
        """Return the ear for a source, also of a log that was added meanwhile."""
        if source not in self.ears:
            self.ears[source] = Ear(source=source, hear=self._hear, who=self._who)
        return self.ears[source]


async def as_it_came(records: tuple[Sent, ...], parse: Any) -> Any:
    """Make a message of a batch without looking at headers, which may be anything.

    FastStream decodes the headers of every record: one that is null or no UTF-8 would
    cost the whole poll, committed and unseen.
    """
    message = await parse((replace(records[0], headers=()),))
    message.raw_message = records
    message.body = records
    return message


async def records_of(message: Any) -> Sequence[Sent]:
    """Return the records of a message as the client gave them."""
    return message.raw_message


def _parent(record: Sent) -> str | None:
    for name, value in record.headers:
        if name == "traceparent":
            with suppress(UnicodeDecodeError, AttributeError):
                return value.decode()
    return None


class NeighbourEars:
    """Hear neighbours straight from their logs, in one process with them."""

    def __init__(
        self, hear: Hear, own: Store, neighbours: Sequence[LogStore], *, who: str
    ) -> None:
        self.ears = {
            each.source: Ear(source=each.source, hear=hear, who=who) for each in neighbours
        }
        self._own = own
        self._neighbours = neighbours

    async def run(self, every: float = 1) -> None:
        """Hear until cancelled; woken by appends, and at the latest `every` seconds."""
        async with asyncio.TaskGroup() as group:
            for each in self._neighbours:
                group.create_task(self._listen(each, every))

    async def catch_up(self) -> int:
        """Hear what there is now and return how many records that was."""
        return sum([await self._drain(each) for each in self._neighbours])

    def healthy(self, now: datetime | None = None) -> bool:
        """Say whether every source was read lately, and none fails."""
        return all(each.healthy(now or utc()) for each in self.ears.values())

    async def _listen(self, neighbour: LogStore, every: float) -> None:
        bell, ear = Bell(), self.ears[neighbour.source]
        neighbour.on_append(bell.ring)
        failures = 0
        while True:
            try:
                await self._drain(neighbour)
                failures = 0
            except Exception as error:  # noqa: BLE001 - a log is away: again, for ever
                failures += 1
                await ear.failed(error, failures)
                continue
            await bell.wait(every)

    async def _drain(self, neighbour: LogStore) -> int:
        ear, count = self.ears[neighbour.source], 0
        while True:
            mark = await asyncio.to_thread(self._mark, neighbour.source)
            after = mark.position if mark else 0
            records = await asyncio.to_thread(neighbour.read, after, BATCH)
            head = await asyncio.to_thread(neighbour.head)
            ear.polled_at = utc()
            ear.position = after
            ear.lag = head.position - after
            ear.measure()
            if not records:
                return count
            parents = [_traced.decode(each.meta).traceparent for each in records]
            await ear.take([wire(each) for each in records], parents)
            count += len(records)

    def _mark(self, source: str) -> Mark | None:
        return self._own.marks().get(source)


async def retry_parked(
    store: Store,
    retry: Callable[[Parked], object],
    *,
    every: float = 1,
    clock: Callable[[], datetime] = utc,
) -> None:
    """Try what is parked, when its time has come, in the order of each stream."""
    while True:
        try:
            await asyncio.to_thread(_retry_due, store, retry, clock())
        except Exception as error:  # noqa: BLE001 - the store is away: later
            log.warning(
                "parked facts were not tried",
                source=store.source,
                error=type(error).__name__,
                at=where(error),
            )
        await asyncio.sleep(every)


def _retry_due(store: Store, retry: Callable[[Parked], object], now: datetime) -> None:
    waiting: set[tuple[str, UUID]] = set()
    for each in sorted(store.parked(), key=lambda each: (each.source, each.position)):
        if (each.source, each.stream) not in waiting and each.retry_at <= now:
            retry(each)
        waiting.add((each.source, each.stream))


class _Traced(msgspec.Struct):
    traceparent: str | None = None


_traced = msgspec.json.Decoder(_Traced)
