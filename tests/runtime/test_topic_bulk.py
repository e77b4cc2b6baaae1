"""Out of a topic read in bulk comes what a consumer would give, and nothing else."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CorruptRecordException, OffsetOutOfRangeError
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from shared.runtime.kafka import Broker
from shared.runtime.topic_bulk import _apart, pieces
from tests.infra.servers import Kafka

SOURCE = "registry@0"


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision([SOURCE]))
    return broker


async def said(broker: Broker, offset: int = 0) -> list[bytes]:
    """Return what is read from an offset to the end, in bulk."""
    at, consumer = broker.partition(SOURCE), consumer_of(broker)
    await consumer.start()
    try:
        end = (await consumer.end_offsets([at]))[at]
    finally:
        await consumer.stop()
    return [
        record.value or b""
        async for piece in pieces(broker, at, offset, end)
        for record in piece.records
    ]


def consumer_of(broker: Broker) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(isolation_level="read_committed", **broker.options())


async def send(broker: Broker, values: Sequence[bytes], *, commit: bool | None = None) -> None:
    """Send in one batch; in a transaction if it is said how that ends."""
    name = None if commit is None else uuid4().hex
    producer = AIOKafkaProducer(transactional_id=name, linger_ms=50, **broker.options())
    await producer.start()
    try:
        if commit is not None:
            await producer.begin_transaction()
        at = broker.partition(SOURCE)
        sent = [await producer.send(at.topic, each, partition=0) for each in values]
        await asyncio.gather(*sent)
        if commit is not None:
            await (producer.commit_transaction if commit else producer.abort_transaction)()
    finally:
        await producer.stop()


def test_what_was_taken_back_is_not_read(broker: Broker) -> None:
    """Nothing is published in transactions; who does it all the same is heard if it stands."""

    async def act() -> list[bytes]:
        await send(broker, [b"1", b"2"])
        await send(broker, [b"no"], commit=False)
        await send(broker, [b"3"], commit=True)
        await send(broker, [b"no"], commit=False)
        await send(broker, [b"4"])
        return await said(broker)

    assert asyncio.run(act()) == [b"1", b"2", b"3", b"4"]


def test_it_begins_in_the_middle_of_a_batch(broker: Broker) -> None:
    async def act() -> list[bytes]:
        await send(broker, [b"%d" % n for n in range(10)])
        return await said(broker, 7)

    assert asyncio.run(act()) == [b"7", b"8", b"9"]


def test_an_offset_that_is_no_more_is_said(broker: Broker) -> None:
    async def act() -> None:
        await send(broker, [b"%d" % n for n in range(10)])
        await broker.forget(SOURCE, 5)
        await said(broker, 3)

    with pytest.raises(OffsetOutOfRangeError):
        asyncio.run(act())


@pytest.mark.parametrize("at", [30, 62, -1])
def test_a_batch_that_was_hurt_is_not_believed(at: int) -> None:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 10_000)  # noqa: FBT003 - Kafka's
    builder.append(0, 0, b"key", b"value", [])
    raw = builder.build()
    raw[at] ^= 1
    with pytest.raises(CorruptRecordException):
        list(_apart(TopicPartition("t", 0), bytes(raw), None, 0))
