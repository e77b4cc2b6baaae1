"""What was parked is tried again when it is due, and is measured."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.runtime import telemetry
from shared.runtime.ears_parked import retry_parked
from shared.runtime.log import Parked, Unit
from shared.runtime.telemetry_sent import in_memory
from tests.runtime.inbox import SOURCE, Inbox, until, while_running
from tests.runtime.made import NAME


def parked(position: int, stream: int, *, due: bool) -> Parked:
    return Parked(
        source=SOURCE,
        epoch=UUID(int=1),
        position=position,
        stream=UUID(int=stream),
        name=NAME,
        wire=b"",
        error="",
        attempts=1,
        retry_at=datetime.now(UTC) + timedelta(hours=0 if due else 1),
    )


def test_what_is_parked_is_tried_when_due_in_the_order_of_its_stream(
    inbox: Inbox,
) -> None:
    """Fault 8: later facts of that stream queue behind it, all others go on."""
    rows = [parked(n, s, due=n != 2) for n, s in ((1, 1), (2, 2), (3, 2), (4, 1), (5, 3))]
    inbox.store.append(Unit(now=datetime.now(UTC), parked=rows))
    tried: list[int] = []

    def retry(each: Parked) -> None:
        done = Unit(now=datetime.now(UTC), unparked=[(each.source, each.position)])
        inbox.store.append(done)
        tried.append(each.position)

    async def meanwhile() -> None:
        await until(lambda: len(tried) == 3)
        await asyncio.sleep(0.1)

    asyncio.run(
        while_running(lambda: retry_parked(inbox.store, retry, every=0.02), meanwhile())
    )

    assert tried == [1, 5, 4]
    assert [each.position for each in inbox.store.parked()] == [2, 3]


def test_what_is_parked_is_measured(inbox: Inbox) -> None:
    rows = [parked(n, n, due=False) for n in (1, 2, 3)]
    inbox.store.append(Unit(now=datetime.now(UTC), parked=rows))
    told = in_memory()

    def measured() -> bool:
        return told.measures().get("metodika.parked") == [({"service": "routes"}, 3)]

    async def retrying() -> None:
        await retry_parked(inbox.store, print, every=0.05)

    asyncio.run(while_running(retrying, until(measured)))
    told.close()
    telemetry.use(telemetry.Telemetry())
