"""A topic as a reader finds it: where it stands in it, and what it said last."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.runtime.ear import position_of
from shared.runtime.heartbeat import Heartbeat, beat_of
from shared.runtime.kafka import LONGEST, Broker

CLOSE = 500
"""How near to what it seeks a search comes, in records."""

type Consumer = AIOKafkaConsumer
type Sent = ConsumerRecord[bytes, bytes]


@asynccontextmanager
async def reading(
    broker: Broker, source: str, **options: Any
) -> AsyncGenerator[tuple[Consumer, TopicPartition]]:
    """Open a consumer that stands in no group, at the partition of a log.

    Raises `Unreachable`.
    """
    await broker.may_read(source)
    at = broker.partition(source)
    consumer: Consumer = AIOKafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        metadata_max_age_ms=10_000,
        **({"max_partition_fetch_bytes": LONGEST} | options),
        **broker.options(),
    )
    try:
        await broker.start(consumer)
        consumer.assign([at])
        yield consumer, at
    finally:
        await consumer.stop()


async def offset_after(consumer: Consumer, at: TopicPartition, position: int) -> int:
    """Return an offset from which every record after a position is still to come.

    A relay publishes a log contiguously and only ever goes back: along a topic
    positions grow by one at most, or what was left out comes later. So between an
    offset at or before the record sought and one behind it, or after both, that record
    stands, whatever was said twice.
    """
    low = (await consumer.beginning_offsets([at]))[at]
    if position == 0:
        return low
    high = (await consumer.end_offsets([at]))[at]
    while high - low > CLOSE:
        middle = (low + high) // 2
        found = await _position_at(consumer, at, middle, high)
        if found is not None and found <= position + 1:
            low = middle
        else:
            high = middle
    return low


async def _position_at(
    consumer: Consumer, at: TopicPartition, offset: int, end: int
) -> int | None:
    """Return the position of the first readable record from an offset up to an end."""
    consumer.seek(at, offset)
    while await consumer.position(at) < end:
        got = await consumer.getmany(at, timeout_ms=10_000, max_records=1)
        for each in got.get(at, []):
            position = position_of(each.value or b"")
            if position is not None:
                return position
    return None


# ── What it said last ───────────────────────────────────────────────────────


class Said(msgspec.Struct, frozen=True):
    """Where a topic has its log end, and which event it has there."""

    position: int
    event_id: UUID


class _Fact(msgspec.Struct):
    id: UUID
    position: int


_fact = msgspec.json.Decoder(_Fact)


async def last_said(broker: Broker, source: str) -> Said | None:
    """Return what a topic said last of a log; None: it says nothing of any fact."""
    return await _last(broker, source, lambda each: _said(source, each))


async def held(broker: Broker, source: str) -> int:
    """Return up to which position a topic holds a log, from its first record on.

    Of what is being published anew it counts what has come. Heartbeats prove nothing: they
    go on in a topic that lost what stood before them.
    """

    def position(record: Sent) -> int | None:
        beat = record.key == source.encode()
        return None if beat else position_of(record.value or b"")

    if await _first(broker, source, position) != 1:
        return 0
    return await _last(broker, source, position) or 0


async def last_beat(broker: Broker, source: str) -> Heartbeat | None:
    """Return the last heartbeat in a topic."""
    return await _last(broker, source, lambda each: beat_of(source, each))


def _said(source: str, record: Sent) -> Said | None:
    if beat := beat_of(source, record):
        return Said(beat.position, beat.last) if beat.last else None
    try:
        fact = _fact.decode(record.value or b"")
    except msgspec.MsgspecError:
        return None
    return Said(fact.position, fact.id)


async def _first[T](broker: Broker, source: str, pick: Callable[[Sent], T | None]) -> T | None:
    """Return the first thing that a topic holds of a kind."""
    async with reading(broker, source) as (consumer, at):
        start = (await consumer.beginning_offsets([at]))[at]
        end = (await consumer.end_offsets([at]))[at]
        while start < end:
            upto = min(end, start + CLOSE)
            for each in await _between(consumer, at, start, upto):
                if (found := pick(each)) is not None:
                    return found
            start = upto
    return None


async def _last[T](broker: Broker, source: str, pick: Callable[[Sent], T | None]) -> T | None:
    """Return the last thing that a topic holds of a kind, looking from its end."""
    async with reading(broker, source) as (consumer, at):
        low = (await consumer.beginning_offsets([at]))[at]
        end, span = (await consumer.end_offsets([at]))[at], CLOSE
        while end > low:
            start = max(low, end - span)
            picked = [pick(each) for each in await _between(consumer, at, start, end)]
            if found := [each for each in picked if each is not None]:
                return found[-1]
            end, span = start, span * 4
    return None


async def _between(consumer: Consumer, at: TopicPartition, start: int, end: int) -> list[Sent]:
    consumer.seek(at, start)
    found = list[Sent]()
    while await consumer.position(at) < end:
        found += (await consumer.getmany(at, timeout_ms=10_000)).get(at, [])
    return [each for each in found if each.offset < end]


def parent_of(record: Sent) -> str | None:
    """Return the traceparent of a record, if it has one that can be read."""
    for name, value in record.headers:
        if name == "traceparent":
            with suppress(UnicodeDecodeError, AttributeError):
                return value.decode()
    return None
