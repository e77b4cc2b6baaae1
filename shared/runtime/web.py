"""A service over HTTP: doors, readings, the feed, health, and one OpenAPI document."""

from collections.abc import Callable, Iterable, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from shared.runtime.access import Access, Knock
from shared.runtime.doors import Door, Reading
from shared.runtime.engine import Engine
from shared.runtime.health import Ready, health
from shared.runtime.log import Store
from shared.runtime.problems import answer_problems
from shared.runtime.schemas import opened
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.views import Views
from shared.runtime.web_amending import amendments
from shared.runtime.web_commands import Commands
from shared.runtime.web_feed import Feed
from shared.runtime.web_head import Headed
from shared.runtime.web_limits import Bounded
from shared.runtime.web_openapi import describe
from shared.runtime.web_reading import Readings

PUBLIC = ("/health/live", "/health/ready", "/openapi.json")
"""What anybody may see: it says nothing of anybody."""


class OpenDoor(Exception):  # noqa: N818 - it stops the start
    """A route that asks nobody who he is, or a door that is not of this service."""


def build_app(  # noqa: PLR0913 - what a service is over HTTP, each part once
    service: Service,
    doors: Sequence[Door | Reading],
    *,
    engine: Engine,
    views: Views,
    store: Store,
    access: Access,
    settings: Settings,
    ready: Ready,
    extra: Sequence[APIRouter] = (),
) -> FastAPI:
    """Return the application of one service.

    Raises `OpenDoor` when a route has no roles, a door no decider, a reading no
    projection; TypeError or ValueError when a door does not fit its command.
    """
    commands = [each for each in doors if isinstance(each, Door)]
    readings = [each for each in doors if isinstance(each, Reading)]
    _belongs(service, commands, readings)
    all_doors = [*map(opened, commands), *amendments(service)]
    app = FastAPI(
        title=f"Методика: {service.name}",
        version="1",
        description="Что отвечает на GET, отвечает и на HEAD: так же, но без тела.",
        docs_url=None,  # their pages would be fetched from the internet
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Bounded, limit=_limits(settings))
    app.add_middleware(Headed)
    answer_problems(app)
    app.include_router(Commands(service.name, engine, store, access).router(all_doors))
    app.include_router(Readings(store, views, access, settings).router(readings))
    app.include_router(Feed(service.name, store, access, settings).router())
    app.include_router(health(ready))
    for router in extra:
        app.include_router(router)
    _guarded(app.routes)
    describe(app, all_doors, PUBLIC)
    return app


def _belongs(service: Service, doors: Sequence[Door], readings: Sequence[Reading]) -> None:
    known = {each for decider in service.deciders for each in decider.commands}
    if len({door.command for door in doors}) < len(doors):
        raise OpenDoor(f"{service.name} has two doors for one command")
    for door in doors:
        if door.command not in known:
            raise OpenDoor(f"{door.path}: {service.name} decides no such command")
        if not door.roles:
            raise OpenDoor(f"POST {door.path} has no roles")
    for reading in readings:
        if reading.projection not in service.projections:
            raise OpenDoor(f"{reading.path}: {service.name} has no such projection")
        if not reading.roles:
            raise OpenDoor(f"GET {reading.path} has no roles")
        if "self" in reading.roles and "person_id" not in reading.by:
            raise OpenDoor(f"GET {reading.path} cannot tell whose a document is")


def _limits(settings: Settings) -> Callable[[str], int]:
    bodies, imports = settings.body_kilobytes << 10, settings.import_megabytes << 20
    return lambda path: imports if path.rstrip("/").endswith("/imports") else bodies


def every_route(routes: Iterable[BaseRoute]) -> Iterable[BaseRoute]:
    """Yield each route, those of included routers as well."""
    for each in routes:
        inner = getattr(each, "original_router", None)
        if inner is None:
            yield each
        else:
            yield from every_route(inner.routes)


def _guarded(routes: Iterable[BaseRoute]) -> None:
    for each in every_route(routes):
        where = getattr(each, "path", type(each).__name__)
        if isinstance(each, Route) and where in PUBLIC:
            continue
        if not isinstance(each, APIRoute) or not _asks_who(each):
            raise OpenDoor(f"{where} asks nobody who he is")


def _asks_who(route: APIRoute) -> bool:
    knocks = [each.call for each in route.dependant.dependencies]
    return any(isinstance(each, Knock) and each.roles for each in knocks)
