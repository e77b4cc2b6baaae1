"""Ears: what neighbours say reaches `hear`, in order, from Kafka.

Whatever takes the batch has its own inbox, so that a batch may come twice; none is
left out. What fails is tried again here, for ever: only the inbox parks.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.runtime.ear import PAUSES, Ear, Hear, by_epoch, epoch_of, utc
from shared.runtime.heartbeat import announced_in, apart
from shared.runtime.kafka import LONGEST, Broker, source_of
from shared.runtime.logs import log
from shared.runtime.reach import shown
from shared.runtime.store_log import LogStore
from shared.runtime.topic import offset_after, parent_of, reading

BATCH = 500

# A member that waits for its database keeps its partition: nobody else would do better.
DAY = 24 * 60 * 60 * 1000

SASL = {
    "PLAIN": SASLPlaintext,
    "SCRAM-SHA-256": SASLScram256,
    "SCRAM-SHA-512": SASLScram512,
}

type Sent = ConsumerRecord[bytes, bytes]


class Ears:
    """Hear neighbours from Kafka. One process per hearing service, and no more.

    `who` is the hearing service. `own` is its log: the marks in it say where each topic is
    read from, whatever place the broker keeps under the service's name.
    """

    def __init__(
        self, hear: Hear, sources: Sequence[str], *, who: str, broker: Broker, own: LogStore
    ) -> None:
        self.ears = {each: Ear(source=each, hear=hear, who=who) for each in sources}
        self._who = who
        self._broker = broker
        self._hear = hear
        self._own = own
        self._to_stand = set[TopicPartition]()
        self._subscribers: dict[str, BatchSubscriber] = {}

    async def run(self) -> None:
        """Hear until cancelled; Kafka may come and go."""
        failures = 0
        for ear in self.ears.values():
            ear.stopping.clear()
        while True:
            self._to_stand.clear()
            stream = self._stream()
            try:
                await self._remember()
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

    async def _remember(self) -> None:
        for source, mark in (await asyncio.to_thread(self._own.marks)).items():
            ear = self._ear(source)
            ear.known, ear.farthest = mark.position, 0
            ear.well()

    def assigned(self, topics: Collection[TopicPartition]) -> None:
        """Read nothing of these before we stand at our marks in them."""
        for at in topics:
            if consumer := self._subscribers[at.topic].consumer:
                consumer.pause(at)
                self._to_stand.add(at)

    async def _try_to_stand(self, at: TopicPartition) -> None:
        try:
            await self._stand(at)
        except Exception as error:  # noqa: BLE001 - Kafka is away: again, nothing is read
            log.warning("no place to read from", source=source_of(at), error=shown(error))

    async def _stand(self, at: TopicPartition) -> None:
        """Go on reading a log at its mark: what stands there must be what was heard."""
        ear, consumer = self._ear(source_of(at)), self._subscribers[at.topic].consumer
        async with reading(self._broker, ear.source) as (searching, _):
            offset = await offset_after(searching, at, max(0, ear.known - 1))
        self._to_stand.discard(at)
        if consumer is not None and at in consumer.assignment():
            consumer.seek(at, offset)
            consumer.resume(at)

    async def _watch(self) -> None:
        while True:
            for at in [*self._to_stand]:
                await self._try_to_stand(at)
            await asyncio.sleep(0.1)
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
        if ear.misplaced and at not in self._to_stand:
            self.assigned([at])

    def healthy(self, now: datetime | None = None) -> bool:
        """Say whether every source is assigned, polled lately, and none fails."""
        return all(each.healthy(now or utc()) for each in self.ears.values())

    def _stream(self) -> KafkaBroker:
        stream = KafkaBroker(
            self._broker.bootstrap,
            security=security(self._broker),
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
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=DAY,
            rebalance_timeout_ms=60_000,
            parser=as_it_came,
            decoder=records_of,
            listener=Standing(self),
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
        if beat is not None:
            ear.told(beat)
        parents = [parent_of(each) for each in records]
        for some in by_epoch(wires) if ear.line else [wires]:
            await self._go_on(ear, some)
            if not await ear.take_wires(some, parents):
                raise NackMessage
        ear.skip(empty)
        ear.position = records[-1].offset + 1

    async def _go_on(self, ear: Ear, wires: Sequence[bytes]) -> None:
        """Go on into an epoch that the log announced, if it is heard up to there."""
        if epoch := epoch_of(wires[0]) if wires and ear.line else None:
            mark = (await asyncio.to_thread(self._own.marks)).get(ear.source)
            if mark and mark.epoch != epoch and announced_in(ear.line, epoch, mark.position):
                await asyncio.to_thread(self._own.adopt, replace(mark, epoch=epoch))

    def _ear(self, source: str) -> Ear:
        """Return the ear for a source, also of a log that was added meanwhile."""
        if source not in self.ears:
            self.ears[source] = Ear(source=source, hear=self._hear, who=self._who)
        return self.ears[source]


class Standing(ConsumerRebalanceListener):
    """Tells ears when topics become theirs to read."""

    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Let go."""

    def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Tell."""
        self._ears.assigned(assigned)


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


def security(broker: Broker) -> BaseSecurity:
    """Return for FastStream how a broker is spoken to."""
    tls = broker.tls is not None
    if broker.user is None:
        return BaseSecurity(broker.tls, use_ssl=tls)
    mechanism, name, password = broker.user
    return SASL[mechanism](name, password, ssl_context=broker.tls, use_ssl=tls)
