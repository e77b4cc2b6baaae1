"""A small service behind real doors: real store, real engine, local issuer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from shared.events.registry import (
    AccessGranted,
    EmploymentStarted,
    OrganisationRegistered,
    Role,
)
from shared.events.routes import RouteCancelled, RouteDrafted, RouteFact
from shared.kernel import (
    Decider,
    Projection,
    Refused,
    Told,
    command,
    kind_of,
    only_same,
    require,
)
from shared.kernel.ids import DeficitId, PersonId, RouteId, SessionId, Territory, named
from shared.runtime import codec
from shared.runtime.access import Access, Tokens
from shared.runtime.doors import Door, Reading
from shared.runtime.engine import Engine
from shared.runtime.grants import GRANTS
from shared.runtime.health import Health
from shared.runtime.hearing import hear
from shared.runtime.issuer import LocalIssuer
from shared.runtime.log import Record
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.store_sqlite import SqliteStore
from shared.runtime.store_sqlite_file import migrate_sqlite
from shared.runtime.views import Known, Page, Put
from shared.runtime.views_sqlite import SqliteViews
from shared.runtime.web import build_app
from shared.testing.facts import DAY, a

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REGISTRY = UUID(int=1000)
ORGS = {25: UUID(int=25), 77: UUID(int=77)}
PEOPLE = {25: PersonId(UUID(int=2500)), 77: PersonId(UUID(int=7700))}
PROBLEM = "application/problem+json"
ROUTE = UUID(int=42)
LOCAL: tuple[Role, ...] = ("federal", "region", "organisation", "self")


@command
class DraftRoute:
    """Составить маршрут."""

    route_id: RouteId
    person_id: PersonId
    session_id: SessionId | None
    deficit_ids: tuple[DeficitId, ...]
    on_request: bool
    drafted_on: date
    known_here: Told[bool] = False


@command
class CancelRoute:
    """Отменить маршрут."""

    route_id: RouteId
    reason: str
    cancelled_on: date


type RouteCommand = DraftRoute | CancelRoute
type Route = RouteDrafted | RouteCancelled | None


def decide(route: Route, asked: RouteCommand) -> Sequence[RouteFact]:
    match asked:
        case DraftRoute():
            require(
                asked.on_request or asked.deficit_ids,
                clause="S1 3.2",
                reason="Нужен дефицит либо запрос",
            )
            said = RouteDrafted(
                route_id=asked.route_id,
                person_id=asked.person_id,
                session_id=asked.session_id,
                deficit_ids=asked.deficit_ids,
                on_request=asked.on_request,
                occurred_on=asked.drafted_on,
            )
            if route is None:
                return [said]
            return only_same(route, said, clause="S1 3.2", reason="Уже составлен")
        case CancelRoute():
            if not isinstance(route, RouteDrafted):
                raise Refused("S1 4.4", "Отменять нечего")
            return [
                RouteCancelled(
                    route_id=asked.route_id,
                    person_id=route.person_id,
                    reason=asked.reason,
                    occurred_on=asked.cancelled_on,
                )
            ]


def as_document(so_far: dict[str, Any] | None, said: RouteFact) -> dict[str, Any] | None:
    match said:
        case RouteDrafted():
            return {
                "id": str(said.route_id),
                "person_id": str(said.person_id),
                "state": "draft",
                "on_request": said.on_request,
            }
        case _:
            return so_far and so_far | {"state": "cancelled"}


ROUTES: Projection[dict[str, Any], RouteFact] = Projection(
    name="routes", facts=(RouteDrafted, RouteCancelled), evolve=as_document
)
SERVICE = Service(
    name="routes",
    deciders=(
        Decider(
            name="route",
            commands=(DraftRoute, CancelRoute),
            facts=(RouteDrafted, RouteCancelled),
            initial=None,
            decide=decide,
            evolve=lambda _, said: said,
            stream=lambda asked: asked.route_id,
        ),
    ),
    projections=(ROUTES,),
)
DRAFT = {
    "person_id": str(PEOPLE[25]),
    "session_id": None,
    "deficit_ids": [],
    "on_request": True,
    "drafted_on": "2026-02-01",
}
DOORS = (
    Door(
        command=DraftRoute,
        says=(RouteDrafted,),
        path="/routes/{route_id}/draft",
        roles=LOCAL,
        example=DRAFT,
    ),
    Door(
        command=CancelRoute,
        says=(RouteCancelled,),
        path="/routes/{route_id}/cancel",
        roles=("federal", "region", "self"),
        example={"reason": "уволен", "cancelled_on": "2026-02-02"},
    ),
    Reading(
        projection=ROUTES,
        path="/routes",
        roles=(*LOCAL, "auditor"),
        by=("state", "person_id", "on_request"),
        summary="Маршруты",
    ),
)


def wire_of(fact: Any, position: int) -> bytes:
    """Return a fact of the registry as it comes over the wire."""
    kind = kind_of(fact)
    meta = codec.Meta(
        event_id=UUID(int=position),
        actor="registry",
        command_id=UUID(int=position),
        correlation_id=UUID(int=position),
    )
    return codec.wire(
        Record(
            source="registry@0",
            epoch=REGISTRY,
            position=position,
            recorded_at=NOW,
            event_id=meta.event_id,
            stream=UUID(int=position),
            version=1,
            name=kind.name,
            schema=kind.schema,
            territory=None,
            meta=codec.encode_meta(meta),
            data=codec.encode(fact),
            leaf=b"",
        )
    )


@dataclass
class Client:
    """Asks an application, one request at a time."""

    app: FastAPI
    headers: dict[str, str]

    def request(self, method: str, path: str, **said: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://test", headers=self.headers
            ) as client:
                return await client.request(method, path, **said)

        return asyncio.run(ask())

    def get(self, path: str, **said: Any) -> httpx.Response:
        return self.request("GET", path, **said)

    def post(self, path: str, **said: Any) -> httpx.Response:
        return self.request("POST", path, **said)


class Documents(SqliteViews):
    """The real documents, folded from the log anew before each question."""

    def __init__(self, folder: Path, store: SqliteStore) -> None:
        super().__init__(str(folder / "views.sqlite"), ["routes"])
        self.store = store
        self.behind = 0
        self.gone = False

    async def position(self, source: str) -> int:
        assert source == "routes@0"
        return self.store.head().position - self.behind

    async def find(self, name: str, **asked: Any) -> Page:  # pyright: ignore[reportIncompatibleMethodOverride] - forgets a bound
        if not self.gone:
            await self._fold()
        return await super().find(name, **asked)

    # it asks for less than the port
    async def one(self, name: str, **asked: Any) -> Known | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if not self.gone:
            await self._fold()
        return await super().one(name, **asked)

    async def _fold(self) -> None:
        puts: dict[str, Put] = {}
        for each in self.store.read(0, 100_000):
            key = str(each.stream)
            so_far: Any = puts[key].document if key in puts else None
            said = codec.decode(each.name, each.schema, each.data)
            puts[key] = Put(
                id=key,
                position=each.position,
                document=as_document(so_far, said),
                territory=each.territory,
            )
        generation = await self.begin("routes")
        await self.put("routes", list(puts.values()), into=generation)
        await self.swap("routes", generation, self.store.head().position)


class World:
    """One service, its doors, and people who may open them."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        migrate_sqlite(str(folder / "routes.sqlite"), "routes@0")
        self.store = SqliteStore(str(folder / "routes.sqlite"), "routes@0")
        self.engine = Engine(SERVICE, self.store, None, lambda: NOW)
        self.issuer = LocalIssuer(folder)
        self.views = Documents(folder, self.store)
        self.well = Health()
        self.heard = 0
        self.access = Access(
            Tokens([self.issuer.trusted()], lambda: NOW),
            lambda who: self.engine.known().of(GRANTS, named("grantee", who)),
            lambda: NOW,
        )
        self.settings = settings or Settings(world=folder, read_wait_seconds=0.1)
        self.app = self.build()
        self.hear(
            *(
                a(OrganisationRegistered, org_id=org, region=str(region), oktmo=None)
                for region, org in ORGS.items()
            ),
            *(
                a(
                    EmploymentStarted,
                    person_id=PEOPLE[region],
                    org_id=ORGS[region],
                    employment_id=UUID(int=region),
                    is_main=True,
                )
                for region in ORGS
            ),
        )
        for who, role, place in (
            ("federal", "federal", ""),
            ("r25", "region", "25"),
            ("r77", "region", "77"),
            ("o77", "organisation", f"77/-/{ORGS[77]}"),
            ("auditor", "auditor", ""),
            ("operator", "operator", ""),
            (str(PEOPLE[25]), "self", "25"),
        ):
            self.grant(who, role, place)  # pyright: ignore[reportArgumentType] - a role as text

    def close(self) -> None:
        asyncio.run(self.views.close())
        self.store.close()

    def build(self, **other: Any) -> FastAPI:
        parts: dict[str, Any] = {
            "engine": self.engine,
            "views": self.views,
            "store": self.store,
            "access": self.access,
            "settings": self.settings,
            "ready": lambda: self.well,
        }
        doors = other.pop("doors", DOORS)
        return build_app(other.pop("service", SERVICE), doors, **parts | other)

    def hear(self, *facts: Any) -> None:
        wires = [wire_of(fact, self.heard + n) for n, fact in enumerate(facts, 1)]
        hear(self.engine, "registry@0", wires)
        self.heard += len(wires)

    def grant(self, who: str, role: Role, territory: str) -> None:
        self.hear(
            AccessGranted(
                # a role as text
                grant_id=named("grant", who, role, territory),  # pyright: ignore[reportArgumentType]
                grantee=who,
                role=role,
                territory=Territory(territory),
                until=None,
                occurred_on=DAY,
            )
        )

    def as_(self, who: str, app: FastAPI | None = None) -> Client:
        token = self.issuer.issue(who, now=NOW)
        return Client(app or self.app, {"Authorization": f"Bearer {token}"})

    def draft(
        self, who: str, n: int = 42, region: int = 25, key: str | None = None, **said: Any
    ) -> Any:
        return self.as_(who).post(
            f"/routes/{UUID(int=n)}/draft",
            json=DRAFT | {"person_id": str(PEOPLE[region])} | said,
            headers={"Idempotency-Key": key or f"draft-{n}"},
        )
