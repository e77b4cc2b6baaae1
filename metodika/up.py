"""Services at work: five in one process on their own logs, or one against a cluster."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from metodika.homes import views_of
from metodika.imports.api import imports_router
from metodika.services import NAMES, doors, folded_by, service, source
from metodika.world import World
from shared.kernel import Known
from shared.kernel.ids import named
from shared.runtime import logs, telemetry_start
from shared.runtime.access import Access, Tokens
from shared.runtime.ear import Ear, unread, waiting
from shared.runtime.ears_near import NeighbourEars
from shared.runtime.ears_parked import retry_parked
from shared.runtime.engine import Engine, utc_now
from shared.runtime.grants import GRANTS, Grant
from shared.runtime.health import Parts
from shared.runtime.hearing import hear, retry
from shared.runtime.issuer import LocalIssuer
from shared.runtime.kafka import Broker
from shared.runtime.notary import keep_notarised
from shared.runtime.people import People
from shared.runtime.problems import answer_problems
from shared.runtime.projector import Projector
from shared.runtime.relay import Relay
from shared.runtime.settings import Settings, WrongSettings
from shared.runtime.territory import as_it_is_now
from shared.runtime.web import build_app

GRACE = 10
"""Seconds that requests in hand have when the process is told to stop."""


@dataclass
class Part:
    """One service at work: its application, and what runs beside it."""

    name: str
    app: FastAPI
    tasks: list[Callable[[], Any]] = field(default_factory=list[Callable[[], Any]])


def part(world: World, name: str, broker: Broker | None) -> Part:
    """Put one service together: what hears, what publishes, what answers."""
    settings, engine, store = world.settings, world.engines[name], world.stores[name]
    views = views_of(settings, name)
    projector = Projector(
        service(name).projections, store, views, folded_by(name), alone=settings.embedded
    )
    others = [source(other) for other in NAMES if other != name]
    parts = Parts(
        lacking=[("documents", lambda: projector.error)],
        degraded=[("documents", lambda: projector.waits)],
    )
    tasks: list[Callable[[], Any]] = [
        projector.run,
        lambda: retry_parked(store, partial(retry, engine)),
    ]
    if broker is None:
        neighbours = [world.stores[other] for other in NAMES if other != name]
        near = NeighbourEars(partial(hear, engine), store, neighbours, who=name)
        parts.lacking.append(("ears", lambda: unread(near.ears.values())))
        parts.degraded.append(("ears", lambda: waiting(near.ears.values())))
        tasks += [near.run, lambda: keep_notarised(store)]
    else:
        # read only where a service hears from Kafka
        from shared.runtime.ears import Ears  # noqa: PLC0415

        ears = Ears(partial(hear, engine), others, who=name, broker=broker, own=store)
        relay = Relay(store, broker, beside=[ears.run])

        def heard(told: Callable[[Iterable[Ear]], str | None]) -> str | None:
            """Of several processes of a service the one whose relay leads hears."""
            return told(ears.ears.values()) if relay.standing.leading else None

        parts.lacking.append(("relay", lambda: relay.standing.error))
        parts.degraded.append(("relay", lambda: relay.standing.waits))
        parts.lacking.append(("ears", lambda: heard(unread)))
        parts.degraded.append(("ears", lambda: heard(waiting)))
        tasks.append(relay.run)
    access = access_of(settings, engine)
    extra: list[APIRouter] = []
    if name == "registry":
        extra.append(People(engine, world.keys, access).router())
        extra.append(imports_router(engine, access))
    if name == "monitoring":
        # DuckDB is read where numbers are, and four services of a cluster keep none
        from metodika.up_numbers import answering  # noqa: PLC0415

        router, working = answering(world, broker, access, parts)
        extra.append(router)
        tasks += working
    app = build_app(
        service(name),
        doors(name),
        engine=engine,
        views=views,
        store=store,
        access=access,
        settings=settings,
        ready=parts.ready,
        extra=extra,
    )
    return Part(name, app, tasks)


def access_of(settings: Settings, engine: Engine) -> Access:
    """Return who tells callers apart: trusted issuers, else the local one."""
    issuers = settings.oidc_issuers or (LocalIssuer(settings.world).trusted(),)
    return Access(
        Tokens(issuers, utc_now),
        lambda actor: granted(engine.known(), actor),
        utc_now,
    )


def granted(known: Known, actor: str) -> tuple[Grant, ...]:
    """Return what somebody was granted, each where its organisation is by now."""
    grants = known.of(GRANTS, named("grantee", actor))
    return tuple(replace(it, territory=as_it_is_now(it.territory, known)) for it in grants)


def mounted(parts: Sequence[Part]) -> Starlette:
    """Return one application with each service at its path, as behind an ingress."""
    app = Starlette(routes=[Mount(f"/{each.name}", app=each.app) for each in parts])
    answer_problems(app)
    return app


async def serve(world: World) -> int:
    """Run until told to stop, then end in order; return the signal that said so, else 0."""
    told: list[int] = []
    work = asyncio.ensure_future(_serve(world))

    def stop(number: int) -> None:
        told.append(number)
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    await asyncio.wait([work])
    if not work.cancelled():
        work.result()
    return (told or [0])[0]


async def _serve(world: World) -> None:
    """Serve all five, or the one that the settings name, until cancelled."""
    settings = world.settings
    broker = Broker.of(settings) if settings.kafka_bootstrap else None
    names = [settings.service] if settings.service else list(NAMES)
    if broker is not None:
        await broker.provision([source(name) for name in NAMES])
    elif not settings.embedded:
        raise WrongSettings("METODIKA_KAFKA_BOOTSTRAP is needed to run a service of a cluster")
    door = _door(settings)
    parts = [part(world, name, broker) for name in names]
    app: Any = parts[0].app if settings.service else mounted(parts)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = Serving(config)
    async with AsyncExitStack() as stack:
        tasks = [asyncio.ensure_future(each()) for one in parts for each in one.tasks]
        stack.push_async_callback(_ended, tasks)
        serving = asyncio.ensure_future(server.serve(sockets=[door]))
        stack.push_async_callback(_answered, server, serving)
        done, _ = await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()


def _door(settings: Settings) -> socket.socket:
    """Return the socket at which requests come in; WrongSettings if it can't be had."""
    at = (settings.http_host, settings.http_port)
    try:
        found = socket.getaddrinfo(*at, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(found[0][4][:2], family=found[0][0])
    except OSError as wrong:
        said = f"METODIKA_HTTP_HOST, METODIKA_HTTP_PORT: {at[0]}:{at[1]}: {wrong.strerror}"
        raise WrongSettings(said) from None


class Serving(uvicorn.Server):
    """A server that leaves the signals to the process: who ends in what order is ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


async def _answered(server: Serving, serving: asyncio.Future[None]) -> None:
    """Answer what is in hand, then take no more."""
    server.should_exit = True
    await asyncio.wait([serving])


async def _ended(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """End ours first: Kafka's clients cannot stop once their own tasks are cancelled."""
    for each in tasks:
        each.cancel()
    await asyncio.wait(tasks, timeout=GRACE)


def up(world: World) -> None:
    """Run a world in this process."""
    name = world.settings.service or "metodika"
    logs.start(world.settings.log_level, service=name)
    told = telemetry_start.start(world.settings, name)
    try:
        if number := asyncio.run(serve(world)):
            raise SystemExit(128 + number)
    finally:
        told.close()
