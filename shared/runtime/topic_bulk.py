"""A topic read in bulk, straight out of the record batches that a broker sends.

A consumer makes an object of every record, with all that Kafka knows of it: of 300,000
records that is half of what reading them takes.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import (
    CorruptRecordException,
    KafkaError,
    RecordTooLargeError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from shared.runtime.heartbeat import Sent
from shared.runtime.kafka import LONGEST, Broker

WAIT = 500
"""Milliseconds that a broker may wait for something to send."""
AGAIN = 0.1
"""Seconds before it is asked again after it failed."""
TURN = 16
"""Pieces after which what comes meanwhile is looked after."""
PREFERS = 11
"""From this version on an answer to a fetch names a replica, before what it brings."""
AGE = 10_000
"""Milliseconds after which it is asked who leads what."""


class Piece(NamedTuple):
    """Records of one batch as they follow each other, and the offset after them."""

    records: Iterable[Sent]
    offset: int


class _Client(AIOKafkaClient):
    async def start(self) -> None:
        """Find the brokers, as all that `Broker.start` starts does."""
        await self.bootstrap()


async def pieces(
    broker: Broker, at: TopicPartition, offset: int, end: int
) -> AsyncGenerator[Piece]:
    """Give what is committed in a partition from an offset to an end, and a little more.

    The records of a piece must be gone through before the next is asked for. Meanwhile
    the broker sends. It may come and go. Raises `Unreachable` if it is away at the start,
    and of aiokafka what no time mends: OffsetOutOfRangeError if it has let go of the
    offset, CorruptRecordException.
    """
    client = _Client(metadata_max_age_ms=AGE, **broker.options())
    try:
        await broker.start(client)
        await client.set_topics([at.topic])
        async with aclosing(_fetched(client, at, offset, end)) as fetched:
            async for raw, aborted, first in fetched:
                for n, piece in enumerate(_apart(at, raw, aborted, first), 1):
                    yield piece
                    if n % TURN == 0:
                        await asyncio.sleep(0)  # what has come is taken from the socket
    finally:
        await client.close()


async def _fetched(
    client: AIOKafkaClient, at: TopicPartition, offset: int, end: int
) -> AsyncGenerator[tuple[bytes, Any, int]]:
    asked = asyncio.ensure_future(_ask(client, at, offset))
    try:
        while offset < end:
            raw, aborted = await asked
            first, offset = offset, _after(raw, offset)
            if offset < end:
                asked = asyncio.ensure_future(_ask(client, at, offset))
            yield raw, aborted, first
    finally:
        asked.cancel()
        with suppress(asyncio.CancelledError, KafkaError):
            await asked


async def _ask(client: AIOKafkaClient, at: TopicPartition, offset: int) -> tuple[bytes, Any]:
    """Fetch record batches and the transactions aborted in them, however often it takes."""
    wanted = [(at.topic, [(at.partition, offset, LONGEST)])]
    request = FetchRequest(WAIT, 1, LONGEST, READ_COMMITTED, wanted)
    while True:
        with suppress(KafkaError):
            answer: Any = await client.send(client.cluster.leader_for_partition(at), request)
            ((_, ((_, code, _, *said),)),) = answer.topics
            if code == 0:
                return said[-1], said[-3 if answer.API_VERSION >= PREFERS else -2]
            if not (wrong := for_code(code)).retriable:
                break
        await client.force_metadata_update()
        await asyncio.sleep(AGAIN)
    raise wrong(at)


def _after(raw: bytes, offset: int) -> int:
    """Return the offset after all that came whole."""
    for each in _batches(raw):
        offset = max(offset, each.next_offset)
    return offset


def _batches(raw: bytes) -> Iterator[Any]:
    records = MemoryRecords(raw)
    if not records.has_next() and raw:
        raise RecordTooLargeError
    while records.has_next():
        yield records.next_batch()


def _apart(at: TopicPartition, raw: bytes, aborted: Any, offset: int) -> Iterator[Piece]:
    """Part what came into batches. Raises CorruptRecordException."""
    if any(each.is_transactional or each.is_control_batch for each in _batches(raw)):
        yield _committed(at, raw, aborted, offset)
        return
    for each in _batches(raw):
        if not each.validate_crc():
            raise CorruptRecordException(at)
        begins = each.base_offset < offset
        yield Piece(_from(offset, each) if begins else each, each.next_offset)


def _from(offset: int, batch: Iterable[Any]) -> Iterator[Sent]:
    return (each for each in batch if each.offset >= offset)


def _committed(at: TopicPartition, raw: bytes, aborted: Any, offset: int) -> Piece:
    """Read as a consumer does: a relay makes no transactions, but somebody did."""
    said = (at, MemoryRecords(raw), aborted, offset, None, None, True, READ_COMMITTED)
    return Piece(list(PartitionRecords(*said)), _after(raw, offset))
