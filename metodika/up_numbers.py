"""What monitoring has beside the other services: the ledger, at the end of all logs."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter

from metodika.segments import beside
from metodika.services import NAMES, answered_by, source
from metodika.world import World
from shared.runtime.access import Access
from shared.runtime.engine import utc_now
from shared.runtime.follow import Follower
from shared.runtime.health import Parts
from shared.runtime.kafka import Broker
from shared.runtime.segments_kept import keep_written
from shared.runtime.segments_write import write
from shared.runtime.store import LogStore
from shared.runtime.web_numbers import Numbers


def answering(
    world: World, broker: Broker | None, access: Access, parts: Parts
) -> tuple[APIRouter, Sequence[Callable[[], Any]]]:
    """Return the doors of numbers, and what keeps them at the end of the logs.

    `parts` hears what they wait for.
    """
    follower, follow = _following(world, broker)
    whole, tasks = follower.arrived, list[Callable[[], Any]]([follow])
    if folder := world.settings.segments_dir:
        new = partial(write, world.ledger, folder, *beside(world))
        tasks.append(lambda: keep_written(folder, new, whole=whole))
    parts.lacking.append(("ledger", follower.lacks))
    parts.degraded.append(("ledger", follower.waits))
    numbers = Numbers(world.answers, access, utc_now, whole, answered_by())
    return numbers.router(), tasks


def _following(
    world: World, broker: Broker | None
) -> tuple[Follower, Callable[[], Awaitable[None]]]:
    """Return what keeps the ledger at the end of all logs, and how to run it."""

    def told(beat: Any) -> None:
        world.ledger.beat(beat.source, beat.epoch, beat.position, beat.recorded_at)

    ledger = world.ledger
    follower = Follower(
        ledger.ingest,
        ledger.positions,
        told=told,
        announced=world.announced,
        event_at=ledger.event_at,
    )
    if broker is None:
        logs_: list[LogStore] = list(world.stores.values())
        return follower, lambda: follower.from_logs(logs_)
    sources = [source(name) for name in NAMES]
    return follower, lambda: follower.from_kafka(broker, sources)
