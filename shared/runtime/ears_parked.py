"""What is parked is tried again, in the background."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from shared.runtime import telemetry
from shared.runtime.ear import utc
from shared.runtime.log import Conflict, Parked, Store
from shared.runtime.logs import log, where


async def retry_parked(
    store: Store,
    retry: Callable[[Parked], object],
    *,
    every: float = 1,
    clock: Callable[[], datetime] = utc,
) -> None:
    """Try what is parked, when its time has come, in the order of each stream."""
    while True:
        try:
            await asyncio.to_thread(_retry_due, store, retry, clock())
        except Exception as error:  # noqa: BLE001 - the store is away: later
            log.warning(
                "parked facts were not tried",
                source=store.source,
                error=type(error).__name__,
                at=where(error),
            )
        await asyncio.sleep(every)


def _retry_due(store: Store, retry: Callable[[Parked], object], now: datetime) -> None:
    waiting: set[tuple[str, UUID]] = set()
    parked, tried = _measured(store), False
    for each in sorted(parked, key=lambda each: (each.source, each.position)):
        if (each.source, each.stream) not in waiting and each.retry_at <= now:
            try:
                retry(each)
            except Conflict as taken:
                if taken.what != "parked":  # else another heard or skipped it meanwhile
                    raise
            tried = True
        waiting.add((each.source, each.stream))
    if tried:
        _measured(store)


def _measured(store: Store) -> Sequence[Parked]:
    """Return what is parked, and tell how much it is."""
    parked, service = store.parked(), store.source.partition("@")[0]
    telemetry.measure("metodika.parked", len(parked), service=service)
    return parked
