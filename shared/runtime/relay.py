"""The relay: what the log holds is published, in order, and then remembered as such.

One is active per log, by the store's lease. Its position moves only over what the
broker has acknowledged, so a relay that dies publishes a part twice and nothing never.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from shared.runtime import telemetry
from shared.runtime.kafka import Broker
from shared.runtime.logs import log, where
from shared.runtime.reach import shown
from shared.runtime.relay_agreed import Beyond, Restored
from shared.runtime.relay_lead import (
    AGAIN,
    RELAY,
    Call,
    Lead,
    Pace,
    Standing,
    end_if_told,
    now,
    publishing,
)
from shared.runtime.relay_turn import Gap, Turn
from shared.runtime.relay_watch import Wiped
from shared.runtime.store_log import Lease, LogStore
from shared.runtime.topic import held
from shared.runtime.wake import Bell

LOOK = 0.1
"""How often to look whether it went back, seconds."""

TOLD = (Restored, Beyond, Wiped)
"""What is said in its own words."""


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
            began, failed = self.standing.acknowledged_at, None
            try:
                await self._lead(lambda turn: self._serve(turn, bell))
            except* Gap:
                raise
            except* Exception as error:  # noqa: BLE001 - whatever it was, we go on
                failed = error
            if failed is None:
                self.standing.error = None  # the lease is another's, and so is what fails
                await asyncio.sleep(self.pace.poll)
                continue
            end_if_told()
            progress = self.standing.acknowledged_at != began
            failures = 1 if progress else failures + 1
            await self._pause(failed, failures)

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

    async def _lead[T](self, act: Callable[[Turn], Awaitable[T]]) -> T | None:
        """Hold the lease and act; return None at once when another one holds it."""
        async with _leased(self.store) as (lease, call):
            if lease is None:
                return None
            self.standing.leading = True
            try:
                async with publishing(self.broker) as producer:
                    return await act(Turn(self._working(lease, call, producer)))
            finally:
                self.standing.leading = False

    def _working(self, lease: Lease, call: Call, producer: AIOKafkaProducer) -> Lead:
        return Lead(
            store=self.store,
            broker=self.broker,
            producer=producer,
            lease=lease,
            call=call,
            pace=self.pace,
            clock=self.clock,
            standing=self.standing,
        )

    async def _serve(self, turn: Turn, bell: Bell) -> None:
        await turn.agree()
        end_if_told()
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
        told = isinstance(error, TOLD)
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
async def _leased(store: LogStore) -> AsyncGenerator[tuple[Lease | None, Call]]:
    """Hold a lease, if it is free, in a thread of its own in which the store is asked.

    Whoever is stopped while he takes it lets it go again.
    """
    with ThreadPoolExecutor(1, "relay") as thread:

        async def call[R](ask: Callable[..., R], *said: Any) -> R:
            return await asyncio.get_running_loop().run_in_executor(thread, ask, *said)

        holding = store.lease()
        taking = asyncio.ensure_future(call(holding.__enter__))
        try:
            yield await asyncio.shield(taking), call
        finally:
            await asyncio.wait([taking])
            if not taking.exception():
                await call(holding.__exit__, None, None, None)
