"""Ears of one process: what neighbours say reaches `hear`, in order, from their logs."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from shared.runtime import telemetry
from shared.runtime.codec import wire
from shared.runtime.ear import Ear, Hear, utc
from shared.runtime.log import Record
from shared.runtime.marked import heard_on, last_heard
from shared.runtime.store_log import LogStore
from shared.runtime.wake import Bell

BATCH = 500


class NeighbourEars:
    """Hear neighbours straight from their logs, in one process with them."""

    def __init__(
        self, hear: Hear, own: LogStore, neighbours: Sequence[LogStore], *, who: str
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
                ear.well()
            except Exception as error:  # noqa: BLE001 - a log is away: again, for ever
                failures += 1
                await ear.failed(error, failures)
                continue
            await bell.wait(every)

    async def _drain(self, neighbour: LogStore) -> int:
        ear, count = self.ears[neighbour.source], 0
        while True:
            after, records = await asyncio.to_thread(self._next, neighbour)
            head = await asyncio.to_thread(neighbour.head)
            ear.polled_at = utc()
            ear.position = after
            ear.lag = head.position - after
            ear.measure()
            if not records:
                return count
            parents = [telemetry.parent_in(each.meta) for each in records]
            await ear.take([wire(each) for each in records], parents)
            count += len(records)

    def _next(self, neighbour: LogStore) -> tuple[int, Sequence[Record]]:
        """Return how far a neighbour is heard, and what follows. Raises `Hole`."""
        mark = self._own.marks().get(neighbour.source)
        heard = last_heard(self._own, [mark]).get(mark.source) if mark else None
        records = heard_on(self._own, neighbour, mark, heard, BATCH)
        return mark.position if mark else 0, records
