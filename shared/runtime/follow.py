"""The ledger's ears: every record of every log, from where the ledger itself stands.

The ledger keeps its positions in its own transaction, so no offset is committed: at
the start each partition is searched for the record that comes next.
"""

import asyncio
import time
from collections.abc import (
    Callable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from aiokafka import TopicPartition

from shared.runtime import telemetry
from shared.runtime.ear import UNREAD, Ear, unread, utc, waiting
from shared.runtime.heartbeat import Heartbeat, apart
from shared.runtime.kafka import Broker
from shared.runtime.log import Mark, Record
from shared.runtime.marked import following_of_ledger
from shared.runtime.store_log import LogStore
from shared.runtime.topic import Consumer, offset_after, parent_of, reading
from shared.runtime.wake import Bell

WHO = "monitoring"
BATCH = 500

type Ingest = Callable[[Sequence[bytes | Record]], object]
type Positions = Callable[[], Mapping[str, tuple[UUID, int]]]
type EventAt = Callable[[str, int], UUID | None]
type Told = Callable[[Heartbeat], object]


class Misplaced(Exception):  # noqa: N818 - said of a reader
    """A record is missing where it should come: its place is sought anew."""


@dataclass(frozen=True)
class Ingested:
    """What came of a batch that was taken in."""

    heard: int
    skipped: int = 0
    parked: int = 0
    effects: int = 0


class Follower:
    """Gives the records of logs to `ingest`, in the order of each log, until they are in.

    `ingest` is blocking, is asked by one thread at a time, and drops what it has.
    `positions` says how far it has each source: epoch and position; `event_at` which
    event it has there. `told`, blocking too, hears up to when a source is complete, after
    all of it was taken in; `announced` hears it before what came with it.
    """

    def __init__(
        self,
        ingest: Ingest,
        positions: Positions,
        *,
        told: Told = lambda _: None,
        announced: Told = lambda _: None,
        event_at: EventAt = lambda _source, _position: None,
    ) -> None:
        self.ears: dict[str, Ear] = {}
        self._event_at = event_at
        self._last: dict[str, Record] = {}
        self._ingest = ingest
        self._positions = positions
        self._told = told
        self._announced = announced
        self._one = Lock()

    def healthy(self) -> bool:
        """Say whether every source was read lately, and none fails; before the start, no."""
        return self.arrived() and all(each.healthy(utc()) for each in self.ears.values())

    def lacks(self) -> str | None:
        """Say that a source is not read, or was not to its end, None if all are."""
        return unread(self.ears.values()) or (None if self.arrived() else UNREAD)

    def waits(self) -> str | None:
        """Say which sources wait for an operator, None if none does."""
        return waiting(self.ears.values())

    def arrived(self) -> bool:
        """Say whether every source was read to its end since the start.

        Until then a ledger that is new, or of another release, knows but a part. Of a log
        that was put back it knows more than there is.
        """
        ears = self.ears.values()
        return bool(ears) and all(each.arrived or each.amiss for each in ears)

    async def catch_up(self, logs: Sequence[LogStore]) -> int:
        """Take in what there is now; return how many records that was."""
        count = 0
        for each in logs:
            ear = self._ear(each.source)
            count += await self._drain(each, ear)
            await self._tell(ear)
        return count

    async def from_logs(self, logs: Sequence[LogStore], every: float = 1) -> None:
        """Follow logs of this process until cancelled; woken by their appends."""
        async with asyncio.TaskGroup() as group:
            for each in logs:
                group.create_task(self._follow_log(each, every))

    async def from_kafka(self, broker: Broker, sources: Sequence[str]) -> None:
        """Follow topics until cancelled; Kafka may come and go."""
        async with asyncio.TaskGroup() as group:
            for each in sources:
                group.create_task(self._follow_topic(broker, self._ear(each)))

    def _ear(self, source: str) -> Ear:
        if source not in self.ears:
            self.ears[source] = Ear(source=source, hear=self._hear, who=WHO, leg="ingest")
        return self.ears[source]

    def _hear(self, _: str, came: Sequence[bytes | Record]) -> Ingested:
        with self._one:
            self._ingest(came)
        return Ingested(heard=len(came))

    async def _tell(self, ear: Ear) -> None:
        if ear.heartbeat is not None:
            await asyncio.to_thread(self._keep, ear.heartbeat)

    def _keep(self, beat: Heartbeat) -> None:
        with self._one:
            self._told(beat)

    # ── from the logs themselves ────────────────────────────────────────────

    async def _follow_log(self, log: LogStore, every: float) -> None:
        bell, ear, failures, due = Bell(), self._ear(log.source), 0, 0.0
        log.on_append(bell.ring)
        while True:
            try:
                await self._drain(log, ear)
                failures = 0
                ear.well()
                if time.monotonic() >= due:
                    await self._tell(ear)
                    due = time.monotonic() + every
                await bell.wait(every)
            except Exception as error:  # noqa: BLE001 - the log is away: again
                failures += 1
                await ear.failed(error, failures)

    async def _drain(self, log: LogStore, ear: Ear) -> int:
        mark, count = await asyncio.to_thread(self._mark, log.source), 0
        ear.position = mark.position if mark else 0
        while True:
            at = utc()
            head = await asyncio.to_thread(log.head)
            records = await asyncio.to_thread(self._following, log, mark)
            ear.polled_at, ear.lag = at, head.position - ear.position
            ear.measure()
            if not records:
                ear.arrived = True
                ear.heartbeat = Heartbeat(
                    source=log.source,
                    epoch=head.epoch,
                    position=head.position,
                    recorded_at=max(at, head.recorded_at or at),
                )
                return count
            parents = [telemetry.parent_in(each.meta) for each in records]
            await ear.take(records, parents)
            last = self._last[log.source] = records[-1]
            mark, ear.position = Mark(log.source, last.epoch, last.position), last.position
            count += len(records)

    def _mark(self, source: str) -> Mark | None:
        known = self._positions().get(source)
        return Mark(source, *known) if known else None

    def _following(self, log: LogStore, mark: Mark | None) -> Sequence[Record]:
        heard = self._heard_at(mark) if mark else None
        return following_of_ledger(log, mark, heard, BATCH)

    def _heard_at(self, mark: Mark) -> UUID | None:
        """Return the event at a mark; whoever took it in last need not look it up."""
        last = self._last.get(mark.source)
        if last and (last.epoch, last.position) == (mark.epoch, mark.position):
            return last.event_id
        return self._event_at(mark.source, mark.position)

    # ── from Kafka ──────────────────────────────────────────────────────────

    async def _follow_topic(self, broker: Broker, ear: Ear) -> None:
        failures = 0
        while True:
            try:
                async with reading(broker, ear.source) as (consumer, at):
                    positions = await asyncio.to_thread(self._positions)
                    ear.known = _known(positions, ear.source)
                    before = max(0, ear.known - 1)  # what is known is compared
                    consumer.seek(at, await offset_after(consumer, at, before))
                    failures = 0
                    while True:
                        await self._poll(consumer, at, ear)
            except Exception as error:  # noqa: BLE001 - Kafka is away: again, for ever
                failures += 1
                ear.polled_at = None
                await ear.failed(error, failures)

    async def _poll(self, consumer: Consumer, at: TopicPartition, ear: Ear) -> None:
        got = await consumer.getmany(at, timeout_ms=500, max_records=BATCH)
        records = got.get(at, [])
        wires, beat, empty = apart(ear.source, records)
        if beat is not None:
            ear.told(beat)
            self._announced(beat)
        if wires:
            await ear.take_wires(wires, [parent_of(each) for each in records])
        elif not ear.hole:
            ear.error = None
        ear.skip(empty)
        if beat is not None:
            await self._tell(ear)
        offset, end = await consumer.position(at), consumer.highwater(at)
        ear.position, ear.lag = offset, max(0, (end or 0) - offset)
        if ear.misplaced:
            raise Misplaced(ear.source)
        told = ear.heartbeat.position if ear.heartbeat else 0
        at_end = end is not None and offset >= end
        ear.arrived |= at_end and not ear.hole and told <= ear.known
        ear.polled_at = utc()
        ear.measure()


def _known(positions: Mapping[str, tuple[UUID, int]], source: str) -> int:
    return positions[source][1] if source in positions else 0
