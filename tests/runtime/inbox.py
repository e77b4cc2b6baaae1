"""A hearing service without policies, and how a test waits for what it hears."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.runtime import codec
from shared.runtime.log import Conflict, Mark, Record, Unit
from shared.runtime.store_log import LogStore

SOURCE = "registry@0"


@dataclass
class Came:
    heard: int = 0
    skipped: int = 0
    parked: int = 0
    effects: int = 0


@dataclass
class Inbox:
    """A hearing service without policies: its mark moves with what it took in."""

    store: LogStore
    taken: list[int] = field(default_factory=list)
    refuses: list[Exception] = field(default_factory=list)
    calls: int = 0

    def hear(self, source: str, wires: Sequence[bytes]) -> Came:
        self.calls += 1
        if self.refuses:
            raise self.refuses.pop(0)
        records = [codec.unwire(each) for each in wires]
        mark = self.store.marks().get(source)
        before, fresh = mark.position if mark else 0, list[Record]()
        for each in records:
            if each.position > before:
                before = each.position
                fresh.append(each)
        came = Came(heard=len(fresh), skipped=len(records) - len(fresh))
        if fresh:
            last = fresh[-1]
            heard = [Mark(source, last.epoch, last.position)]
            try:
                self.store.append(Unit(now=datetime.now(UTC), heard=heard))
            except Conflict:
                return Came(skipped=len(records))
            self.taken += [each.position for each in fresh]
        return came


async def until(true: Callable[[], bool], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.02)


async def while_running(run: Callable[[], Awaitable[None]], meanwhile: Awaitable[None]) -> None:
    task = asyncio.ensure_future(run())
    try:
        await meanwhile
    finally:
        task.cancel()
        await asyncio.wait([task])
