"""Logs read again out of their topics, all of them, for a ledger that is made anew."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import aclosing, suppress
from queue import Full, Queue
from threading import Event
from typing import Any

from aiokafka.errors import OffsetOutOfRangeError

from shared.runtime.columns_ahead import Ahead, Patterns
from shared.runtime.columns_batch import Portion, read_ahead
from shared.runtime.ear import position_of
from shared.runtime.heartbeat import Heartbeat, apart
from shared.runtime.kafka import Broker
from shared.runtime.log import Hole
from shared.runtime.topic import offset_after, reading
from shared.runtime.topic_bulk import pieces

BULK = 60_000
"""Facts that a ledger is given at a time,"""
WARM = 8_192
"""and of them those that are read together as soon as they have come."""
LOOK = 64 * 1024
LITTLE = {"max_partition_fetch_bytes": LOOK, "fetch_max_bytes": LOOK}
"""A place is found without fetching much at each look."""

type Logs = Callable[[Mapping[str, int]], Iterable[Sequence[bytes]]]
type Told = Callable[[Heartbeat], object]


async def replay(
    broker: Broker,
    source: str,
    take: Callable[[list[bytes]], object],
    *,
    after: int = 0,
    announced: Told = lambda _: None,
) -> int:
    """Give a topic from a position to its present end to `take`, as wire bytes.

    In batches of about `WARM` facts, in order, each in a thread while the next is
    polled; `announced` hears the heartbeats before what comes with them. Returns how many
    facts there were, those said twice counted twice. Raises `Hole` if the topic lets go
    of what is still to come.
    """
    facts, batch, enough = 0, list[bytes](), min(WARM, BULK)
    taking: asyncio.Future[object] | None = None
    async with reading(broker, source, **LITTLE) as (consumer, at):
        offset = await offset_after(consumer, at, after)
        end = (await consumer.end_offsets([at]))[at]
    try:
        async with aclosing(pieces(broker, at, offset, end)) as read:
            async for piece in read:
                wires, beat, _ = apart(source, piece.records)
                if beat is not None:
                    announced(beat)
                batch += wires
                if len(batch) >= enough or (piece.offset >= end and batch):
                    if taking is not None:
                        await taking
                    taking = asyncio.ensure_future(asyncio.to_thread(take, batch))
                    facts += len(batch)
                    batch = []
    except OffsetOutOfRangeError:
        raise Hole(f"{source} is no longer in Kafka from offset {offset} on") from None
    finally:
        if taking is not None:
            await taking
    return facts


def logs_of_kafka(
    broker: Broker, sources: Sequence[str], announced: Told = lambda _: None
) -> Logs:
    """Return what `Ledger.rebuild` reads: all logs from Kafka, after what is known.

    Each log contiguous and in order, whatever was said twice, as it is on the wire;
    `announced` hears of epochs before they come. For
    a thread without a loop. Raises `Hole` at the end of a topic from which a record is
    missing. Who stops reading is let go, also while Kafka is away.
    """

    def read(known: Mapping[str, int]) -> Iterator[Portion]:
        ready, enough = Queue[Portion | None](1), Event()

        def give(portion: Portion | None) -> None:
            while not enough.is_set():  # whoever reads may stop half-way
                with suppress(Full):
                    return ready.put(portion, timeout=0.2)
            raise CancelledError

        async def poll() -> None:
            last: asyncio.Future[None] | None = None
            for source in sources:
                take, after = turns[source].take, turns[source].after
                await replay(broker, source, take, after=after, announced=announced)
                if last is not None:
                    await last
                rest = asyncio.to_thread(turns[source].pass_on, ends=True)
                last = asyncio.ensure_future(rest)  # while the next topic is opened
            if last is not None:
                await last

        def work() -> None:
            try:
                asyncio.run(_unless(enough, poll()))
            finally:
                with suppress(CancelledError):
                    give(None)

        turns = {source: _Turn(source, known.get(source, 0), give) for source in sources}
        with ThreadPoolExecutor(1, "replay") as thread:
            done = thread.submit(work)
            try:
                while (portion := ready.get()) is not None:
                    yield portion
                done.result()
            finally:
                enough.set()
        for each in turns.values():
            each.must_be_whole()

    return read


async def _unless(enough: Event, work: Coroutine[Any, Any, None]) -> None:
    """Do some work, and leave off in the middle of it when it is enough."""
    working = asyncio.ensure_future(work)
    while not working.done():
        await asyncio.wait({working}, timeout=0.2)
        if enough.is_set():
            working.cancel()
    with suppress(asyncio.CancelledError):
        await working


class _Turn:
    """How far a log was given in order, and how far any of it came."""

    def __init__(self, source: str, after: int, give: Callable[[Portion], None]) -> None:
        self.source = source
        self.after = after
        self._farthest = 0
        self._give = give
        self._patterns = Patterns()
        self._ahead = Ahead(self._patterns, after + 1)

    def take(self, wires: list[bytes]) -> None:
        """Read what came while the next is polled; pass it on when there is enough."""
        self._ahead.add(wires)
        if len(self._ahead.wires) >= BULK:
            self.pass_on()

    def pass_on(self, *, ends: bool = False) -> None:
        """Give what was read, while what was given before is written."""
        wires, portion = self._ahead.wires, self._ahead.portion()
        if portion is not None:
            self.after += len(wires)
        elif kept := self._following(wires):
            portion = read_ahead(kept)
        self._ahead = Ahead(self._patterns, self.after + 1)
        if portion:
            portion.ends = ends
            self._give(portion)

    def _following(self, wires: list[bytes]) -> list[bytes]:
        """Leave out what was said before, or before its turn: then it comes again."""
        kept: list[bytes] = []
        for each in wires:
            position = position_of(each) or 0
            self._farthest = max(self._farthest, position)
            if position == self.after + 1:
                kept.append(each)
                self.after = position
        return kept

    def must_be_whole(self) -> None:
        """Raise `Hole` when something came that never had its turn."""
        if self._farthest > self.after:
            raise Hole(
                f"{self.source} is in Kafka up to {self._farthest}, but {self.after + 1} is"
                " missing; publish it anew: metodika relay"
                f" --service {self.source.partition('@')[0]} --from {self.after}"
            )
