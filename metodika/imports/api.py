"""`POST /imports` takes what `metodika import` takes, for systems without a shell.

`GET /imports/{id}` says how an import stands (contracts §7).
"""

import asyncio
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from metodika import imports
from metodika.imports.days import today_in
from metodika.imports.shown import verdicts
from metodika.imports.state import Kept, kept, told
from metodika.imports.systems import Foreign, Systems
from shared.events.registry import Role
from shared.kernel.ids import Territory
from shared.runtime import bulk, web_openapi
from shared.runtime.access import Access, Caller, Knock, forbidden
from shared.runtime.engine import Engine
from shared.runtime.grants import covers
from shared.runtime.problems import Problem

SENDERS: tuple[Role, ...] = ("federal", "region", "municipality", "organisation")

FOREIGN = "Имя учётной системы занято: под ним присылает другая территория"
DAY = "День пакета; по умолчанию сегодня по часам вашего субъекта РФ"
NUMBER = {"type": "integer", "minimum": 0}
BAD: dict[str, Any] = {
    "type": "object",
    "required": ["file", "line", "column", "reason", "clause"],
    "properties": {
        "file": {"type": "string"},
        "line": NUMBER | {"description": "0: ни одной строкой, а полнотой пакета"},
        "column": {"type": "string"},
        "reason": {"type": "string"},
        "clause": {"type": "string"},
    },
}
OLDER: dict[str, Any] = {
    "type": "object",
    "description": "полный пакет старше того, что уже принят",
    "required": ["dated", "taken"],
    "properties": {
        "dated": {"type": "string", "description": "когда составлен этот"},
        "taken": {"type": "string", "description": "когда составлен принятый"},
    },
}
WEIGHED: dict[str, Any] = {
    "type": "object",
    "required": ["org_id", "jobs", "ended", "left_out", "people", "touched", "said"],
    "properties": {
        "org_id": {"type": "string", "format": "uuid"},
        "organisation": {"type": "string"},
        "jobs": NUMBER | {"description": "работ сейчас"},
        "ended": NUMBER | {"description": "окончится"},
        "left_out": NUMBER | {"description": "из них не названы в полном пакете"},
        "people": NUMBER | {"description": "человек сейчас"},
        "touched": NUMBER | {"description": "затронуто"},
        "said": {"type": "string", "description": "то же словами"},
        "older": {"oneOf": [{"type": "null"}, OLDER]},
    },
}
IMPORT: dict[str, Any] = {
    "type": "object",
    "required": ["import_id", "status", "rows", "facts", "faults", "held", "ends"],
    "properties": {
        "import_id": {"type": "string", "format": "uuid"},
        "status": {"enum": ["held", "running", "refused", "done", "taken back"]},
        "system": {"type": "string"},
        "on": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "rows": NUMBER,
        "facts": NUMBER,
        "accepted": NUMBER,
        "unchanged": NUMBER,
        "faults": {"type": "array", "items": BAD},
        "held": {"type": "array", "items": WEIGHED},
        "ends": {"type": "array", "items": WEIGHED},
    },
}
VERDICT: dict[str, Any] = {
    "type": "object",
    "required": ["file", "line", "verdict", "good", "commands"],
    "properties": {
        "file": {"type": "string"},
        "line": NUMBER | {"description": "0: ни одной строкой, а полнотой пакета"},
        "verdict": {"type": "string", "description": "что принесёт строка, или в чём ошибка"},
        "good": {"type": "boolean"},
        "commands": {
            "type": "array",
            "items": {"type": "string"},
            "description": "имена команд, о которых просит строка",
        },
    },
}
VERDICTS: dict[str, Any] = {
    "type": "object",
    "required": ["import_id", "status", "rows", "held", "ends"],
    "properties": {
        "import_id": {"type": "string", "format": "uuid"},
        "status": {"const": "dry run"},
        "rows": {"type": "array", "items": VERDICT},
        "held": {"type": "array", "items": WEIGHED},
        "ends": {"type": "array", "items": WEIGHED},
    },
}
WHERE = {
    "Location": {
        "description": "где спросить, что стало с пакетом",
        "schema": {"type": "string", "format": "uri-reference"},
    }
}


def described(description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return how OpenAPI names an answer."""
    content = {"application/json": {"schema": schema}}
    return {"description": description, "content": content, **more}


TAKING: dict[int | str, dict[str, Any]] = {
    200: described("Принято, или вердикты", {"oneOf": [IMPORT, VERDICTS]}, headers=WHERE),
    202: described("Задержано до подтверждения (contracts §7)", IMPORT, headers=WHERE),
}
ASKING: dict[int | str, dict[str, Any]] = {200: described("Что стало с пакетом", IMPORT)}
ZIP = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def imports_router(engine: Engine, access: Access) -> APIRouter:
    """Return the routes that take a OneRoster package and say what became of it."""
    router = APIRouter()
    router.add_api_route(
        "/imports",
        _taking(engine, access),
        methods=["POST"],
        operation_id="imports",
        summary="Принять пакет OneRoster 1.2: вердикт по каждой строке",
        responses=TAKING | web_openapi.told(401, 403, 413, 422, 500, 503, 507),
        response_class=Response,
        openapi_extra=ZIP,
    )
    router.add_api_route(
        "/imports/{id}",
        _asking(engine, access),
        methods=["GET"],
        operation_id="import",
        summary="Что стало с пакетом: состояние, счёт, непринятые строки",
        responses=ASKING | web_openapi.told(401, 403, 404, 422, 500, 503),
        response_class=Response,
    )
    return router


def _taking(engine: Engine, access: Access) -> Callable[..., Any]:
    systems = Systems(engine.store)

    async def imports_post(
        request: Request,
        caller: Annotated[Caller, Depends(Knock(access, SENDERS))],
        system: Annotated[str, Query(pattern=r"^[a-z0-9_-]{1,40}$")],
        dry_run: Annotated[bool, Query()] = False,  # noqa: FBT002 - of the query
        confirm: Annotated[bool, Query()] = False,  # noqa: FBT002 - of the query
        on: Annotated[date | None, Query(description=DAY)] = None,
    ) -> Response:
        body = await request.body()
        taken = partial(_taken, engine, systems, body, caller, system)
        return await asyncio.to_thread(taken, on=on, dry_run=dry_run, confirm=confirm)

    return imports_post


def _asking(engine: Engine, access: Access) -> Callable[..., Any]:
    async def imports_get(
        id: UUID,  # noqa: A002 - the path says so
        caller: Annotated[Caller, Depends(Knock(access, SENDERS))],
    ) -> Response:
        said = await asyncio.to_thread(kept, engine, id)
        scopes = caller.scopes_for(SENDERS)
        if said is None or not any(covers(each, Territory(said.home)) for each in scopes):
            raise Problem(404, "no-such-import")
        return _json(told(said))

    return imports_get


def _taken(
    engine: Engine,
    systems: Systems,
    body: bytes,
    caller: Caller,
    system: str,
    *,
    on: date | None,
    dry_run: bool,
    confirm: bool,
) -> Response:
    try:
        home = systems.home(system, caller.reach(SENDERS))
    except Foreign:
        raise forbidden(FOREIGN) from None
    may, region = caller.may(SENDERS), home.partition("/")[0] or None
    try:
        planned = imports.roster_plan(
            engine,
            bulk.unzipped(body, "Пакет"),
            system=system,
            region=region,
            on=on or today_in(engine, region),
            may=may,
            sender=home,
        )
    except bulk.Unreadable as wrong:
        raise Problem(422, "unreadable", str(wrong)) from None
    planned.home = home
    if dry_run:
        return _json(verdicts(imports.rehearsed(engine, planned, may)))
    if planned.held and not confirm:
        return _json(told(imports.hold(engine, planned)), 202, planned.import_id)
    imports.take(engine, planned, actor=caller.actor, home=home or None, may=may)
    return _json(told(_found(engine, planned.import_id)), 200, planned.import_id)


def _found(engine: Engine, import_id: UUID) -> Kept:
    found = kept(engine, import_id)
    if found is None:
        raise LookupError(f"import {import_id} was taken and is not kept")
    return found


def _json(said: Any, status: int = 200, import_id: UUID | None = None) -> Response:
    """Answer; `Location` is relative, for whatever stands before us cuts a prefix."""
    return Response(
        msgspec.json.encode(said, enc_hook=str),
        status_code=status,
        media_type="application/json",
        headers={"Location": f"imports/{import_id}"} if import_id else None,
    )
