"""The relay: what the log holds is published, in order, and then remembered as such.

One is active per log, by the store's lease. Its position moves only over what the
broker has acknowledged, so a relay that dies publishes a part twice and nothing never.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from shared.runtime import telemetry
from shared.runtime.branches import begun, line_of
from shared.runtime.codec import wire
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import LONGEST, Broker
from shared.runtime.log import Head, Hole, Record
from shared.runtime.logs import log, where
from shared.runtime.reach import shown
from shared.runtime.store_log import Lease, LogStore
from shared.runtime.topic import Said, held, last_said
from shared.runtime.tree import Checkpoint, Tree, micros
from shared.runtime.wake import Bell

RELAY = "relay"
"""The name under which the store keeps the relay's position."""

AGAIN = "relay again"
"""The name under which it keeps that it is asked to go back: one more than the position."""

LOOK = 0.1
"""How often to look whether it did, seconds."""

CONTENT = ("content-type", b"application/cloudevents+json")


class Gap(Exception):  # noqa: N818 - said of a log, which is at fault
    """A position is missing in a log: whoever reads it stops here."""


class Restored(Hole):
    """What was published last does not stand in the log: nothing more is published."""


class Beyond(Exception):  # noqa: N818 - said of a position
    """A position that a log, or its topic, has not come to: nothing is published after it."""


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
    """How the relay stands; `error` is the class of what it last failed of, or a sentence."""

    leading: bool = False
    position: int = 0
    acknowledged_at: datetime | None = None
    error: str | None = None


def now() -> datetime:
    """Return the moment by this machine's clock."""
    return datetime.now(UTC)


class Relay:
    """Publishes one log. Its store is asked in one thread of the relay's own.

    `beside` are things that one process per log may do, such as listening: they run
    while the lease is held and are cancelled when it is lost.
    """

    def __init__(
        self,
        store: LogStore,
        broker: Broker,
        *,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = now,
        beside: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self.standing = Standing()
        self.store = store
        self.broker = broker
        self.pace = pace or Pace()
        self.clock = clock
        self._beside = beside

    async def run(self) -> None:
        """Publish for ever. Broker and store may go and come; a `Gap` ends it."""
        telling = asyncio.ensure_future(self._tell_age())
        try:
            await self._lead_for_ever()
        finally:
            telling.cancel()

    async def _tell_age(self) -> None:
        """Tell how old the oldest unpublished fact is, above all while no broker answers."""
        while True:
            with suppress(Exception):  # the store is away, and `run` says so
                age = await asyncio.to_thread(self._age)
                telemetry.measure("metodika.relay.age", age, source=self.store.source)
            await asyncio.sleep(self.pace.heartbeat)

    def _age(self) -> float:
        unpublished = self.store.read(self.store.saved(RELAY), 1)
        ages = [(self.clock() - each.recorded_at).total_seconds() for each in unpublished]
        return max(0.0, *ages) if ages else 0.0

    async def _lead_for_ever(self) -> None:
        bell = Bell()
        self.store.on_append(bell.ring)
        failures = 0
        while True:
            began = self.standing.acknowledged_at
            try:
                await self._lead(lambda turn: self._serve(turn, bell))
            except* Gap:
                raise
            except* Exception as error:  # noqa: BLE001 - whatever it was, we go on
                progress = self.standing.acknowledged_at != began
                failures = 1 if progress else failures + 1
                await self._pause(error, failures)
            else:
                self.standing.error = None  # the lease is another's, and so is what fails
                await asyncio.sleep(self.pace.poll)

    async def drain(self) -> int:
        """Publish what there is and return the position after it; -1: another leads."""
        reached = await self._lead(Turn.drain)
        return -1 if reached is None else reached

    async def rebuild(self, after: int = 0) -> int:
        """Publish the log anew from the record after a position, up to its end.

        Readers drop what they know already. Killed half-way it is gone on with by
        whoever leads next. Returns the position reached; -1: another relay leads, and
        is asked to do so. Raises `Beyond`, `Restored`.
        """
        head = await self._require_reached(after)
        if after < head:
            await asyncio.to_thread(self.store.save, AGAIN, after + 1)
        return await self.drain()

    async def _require_reached(self, after: int) -> int:
        """Return the end of the log. Raises `Beyond` if readers would miss what is before."""
        source = self.store.source
        head = (await asyncio.to_thread(self.store.head)).position
        if after > head:
            raise Beyond(f"{source}: {after} is beyond the end of the log, {head}")
        if after and after > (last := await held(self.broker, source)):
            what = "what its topic holds from the beginning on"
            raise Beyond(f"{source}: {after} is beyond {what}, {last}")
        return head

    async def taken(self, within: float) -> bool:
        """Say whether the relay that leads went back as asked; else it is asked no more."""
        for _ in range(round(within / LOOK)):
            if not await asyncio.to_thread(self.store.saved, AGAIN):
                return True
            await asyncio.sleep(LOOK)
        await asyncio.to_thread(self.store.save, AGAIN, 0)
        return False

    async def _lead[T](self, act: Callable[["Turn"], Awaitable[T]]) -> T | None:
        """Hold the lease and act; return None at once when another one holds it."""
        with ThreadPoolExecutor(1, "relay") as thread:

            async def call[R](ask: Callable[..., R], *said: Any) -> R:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(thread, ask, *said)

            holding = self.store.lease()
            lease = await call(holding.__enter__)
            try:
                if lease is None:
                    return None
                self.standing.leading = True
                async with publishing(self.broker) as producer:
                    return await act(Turn(self, producer, lease, call))
            finally:
                self.standing.leading = False
                await call(holding.__exit__, None, None, None)

    async def _serve(self, turn: "Turn", bell: Bell) -> None:
        await turn.agree()
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(_forever(each)) for each in self._beside]
            try:
                await turn.serve(bell)
            finally:
                for each in beside:
                    each.cancel()

    async def _pause(self, error: BaseException, failures: int) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        told = isinstance(error, (Restored, Beyond))
        self.standing.error = str(error) if told else type(error).__name__
        log.warning(
            "the relay failed and will try again",
            source=self.store.source,
            error=shown(error),
            at=where(error),
        )
        pauses = self.pace.pauses
        await asyncio.sleep(pauses[min(failures, len(pauses)) - 1])


async def _forever(act: Callable[[], Awaitable[None]]) -> None:
    await act()


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
        await producer.stop()


def holds(store: LogStore, said: Said) -> bool:
    """Say whether a log holds what its topic said last."""
    found = store.read(said.position - 1, 1)
    return [(each.position, each.event_id) for each in found] == [
        (said.position, said.event_id)
    ]


class Call(Protocol):
    """Ask the store, in the relay's thread."""

    async def __call__[R](self, ask: Callable[..., R], /, *said: Any) -> R:
        """Return what it answers."""
        ...


class Turn:
    """What one holder of the lease does while it holds it."""

    def __init__(
        self, relay: Relay, producer: AIOKafkaProducer, lease: Lease, call: Call
    ) -> None:
        self.call = call
        self._relay = relay
        self._store = relay.store
        self._pace = relay.pace
        self._producer = producer
        self._lease = lease
        self._where = relay.broker.partition(relay.store.source)
        self._tree = Tree()
        self._checkpoint: Checkpoint | None = None
        self._checkpoint_at = relay.clock()
        self._beat_at: datetime | None = None
        self._agreed = False
        self._last: tuple[Head, UUID | None] | None = None

    async def agree(self) -> None:
        """Go on only from where log and topic are one, or from where it was asked to.

        Raises `Restored`, `Beyond`.
        """
        if not self._agreed:
            await self._stand_by_the_topic()
        await self._go_back_if_asked()
        if not self._agreed:
            await self._require_within()
        self._agreed = True

    async def _go_back_if_asked(self) -> None:
        """Go back, never on: what stands in the topic may be less than when it was asked."""
        asked = await self.call(self._store.saved, AGAIN)
        if asked:
            position = await self.call(self._store.saved, RELAY)
            await self.call(self._store.save, RELAY, min(asked - 1, position))
            await self.call(self._store.save, AGAIN, 0)

    async def _require_within(self) -> None:
        position = await self.call(self._store.saved, RELAY)
        end = (await self.call(self._store.head)).position
        if position > end:
            raise Beyond(
                f"{self._store.source} was published up to {position}, it says, and ends at"
                f" {end}: see metodika relay --from"
            )

    async def _stand_by_the_topic(self) -> None:
        """Go on only if the log holds what was published last, or says that it does not.

        A log that was put back begins a new epoch first; then its topic begins anew.
        """
        source = self._store.source
        last = await last_said(self._relay.broker, source)
        if last and not await self.call(holds, self._store, last):
            head = await self.call(self._store.head)
            note = await self.call(begun, self._store, head.epoch)
            if note is None or note.instead_of != last.event_id:
                raise Restored(
                    f"{source} is not what was published: {last.position} is another record,"
                    " or none; an older copy was put back: see metodika epoch"
                )
            await self._begin_anew()
        elif await self.call(line_of, self._store):
            await self._beat_now()

    async def _begin_anew(self) -> None:
        """Announce the epoch, let go of what was published before, publish the whole log.

        Killed half-way, it is begun again: the announcement itself says no event.
        """
        await self.call(self._store.save, RELAY, 0)
        offset = await self._beat_now(telling=False)
        await self._relay.broker.forget(self._store.source, offset)

    async def serve(self, bell: Bell) -> None:
        """Publish, and say so when there is nothing to publish, until the lease ends."""
        while await self.call(self._lease.alive):
            await self.drain()
            await self._idle()
            await bell.wait(self._pace.poll)

    async def drain(self) -> int:
        """Publish up to the end of the log and return it. Raises `Restored`, `Beyond`."""
        await self.agree()
        position = await self.call(self._store.saved, RELAY)
        if self._checkpoint is None:
            await self._continue_tree(position)
        records = await self._read(position)
        while records and await self.call(self._lease.alive):
            ahead = asyncio.ensure_future(self._read(records[-1].position))
            try:
                await self._publish(records)
            finally:
                await asyncio.wait([ahead])
            records = ahead.result()
        return await self.call(self._store.saved, RELAY)

    async def _read(self, after: int) -> Sequence[Record]:
        records = await self.call(self._store.read, after, self._pace.batch)
        for position, each in enumerate(records, start=after + 1):
            if each.position != position:
                raise Gap(f"{self._store.source}: {position} is missing")
        return records

    async def _publish(self, records: Sequence[Record]) -> None:
        """Send a batch, wait, and keep how far all of it was acknowledged."""
        source = self._store.source
        parents = [telemetry.parent_in(each.meta) for each in records]
        with telemetry.batch("relay", parents, source=source, count=len(records)):
            answers = [
                await self._send(each, parent)
                for each, parent in zip(records, parents, strict=True)
            ]
            await asyncio.wait(answers)
        refused = (n for n, each in enumerate(answers) if each.exception())
        safe = next(refused, len(answers))
        if safe:
            await self._keep(records[:safe])
        if safe < len(answers):
            answers[safe].result()

    async def _send(
        self, record: Record, parent: str | None
    ) -> "asyncio.Future[RecordMetadata]":
        traced = [("traceparent", parent.encode())] if parent else []
        return await self._producer.send(
            self._where.topic,
            wire(record),
            str(record.stream).encode(),
            self._where.partition,
            micros(record.recorded_at) // 1000,
            [CONTENT, *traced],
        )

    async def _keep(self, records: Sequence[Record]) -> None:
        position = records[-1].position
        await self.call(self._store.save, RELAY, position)
        standing = self._relay.standing
        standing.position, standing.acknowledged_at = position, self._relay.clock()
        standing.error = None
        for each in records:
            if each.position == self._tree.size + 1:  # else it is published again
                self._tree.append(each.leaf)
        await self._checkpoint_when_due(self._pace.checkpoint_records, records[-1].epoch)

    async def _idle(self) -> None:
        """Say up to when the log is complete, if it is time to."""
        at = self._relay.clock()
        head = await self.call(self._store.head)  # read after the clock, not before
        pace = self._pace
        if self._checkpoint_at <= at - timedelta(seconds=pace.checkpoint_every):
            await self._checkpoint_when_due(1, head.epoch)
        rested = self._beat_at is None or self._beat_at <= at - timedelta(
            seconds=pace.heartbeat
        )
        if rested and head.position == await self.call(self._store.saved, RELAY):
            await self._beat(head, at - timedelta(seconds=pace.clocks_differ))
            self._beat_at = at

    async def _beat_now(self, *, telling: bool = True) -> int:
        at = self._relay.clock() - timedelta(seconds=self._pace.clocks_differ)
        return await self._beat(await self.call(self._store.head), at, telling=telling)

    async def _beat(self, head: Head, upto: datetime, *, telling: bool = True) -> int:
        """Send a heartbeat, telling its last event; return its place in the topic."""
        said = Heartbeat(
            source=self._store.source,
            epoch=head.epoch,
            position=head.position,
            recorded_at=max(upto, head.recorded_at or upto),
            last=await self._event_at(head) if telling else None,
            line=await self.call(line_of, self._store),
        )
        key = said.source.encode()
        topic, partition = self._where
        answer = await self._producer.send(
            topic, said.wire(), key, partition, headers=[CONTENT]
        )
        sent = await answer
        self._relay.standing.acknowledged_at = self._relay.clock()
        self._relay.standing.error = None
        return sent.offset

    async def _event_at(self, head: Head) -> UUID | None:
        if self._last is None or self._last[0] != head:
            found = await self.call(self._store.read, max(0, head.position - 1), 1)
            self._last = head, found[0].event_id if head.position else None
        return self._last[1]

    async def _continue_tree(self, upto: int) -> None:
        """Take up the tree where its last checkpoint left it, and what was since."""
        for last in (await self.call(self._store.checkpoints))[-1:]:
            self._checkpoint = last
            self._tree = Tree(last.size, last.frontier)
        while self._tree.size < upto:
            some = min(self._pace.batch, upto - self._tree.size)
            records = await self.call(self._store.read, self._tree.size, some)
            if not records:
                raise Beyond(f"{self._store.source} ends at {self._tree.size}, not at {upto}")
            for each in records:
                self._tree.append(each.leaf)

    async def _checkpoint_when_due(self, records: int, epoch: UUID) -> None:
        before = self._checkpoint.size if self._checkpoint else 0
        if self._tree.size - before >= records:
            made = Checkpoint.of(self._tree, self._store.source, epoch)
            await self.call(self._store.add_checkpoint, made)
            self._checkpoint, self._checkpoint_at = made, self._relay.clock()
