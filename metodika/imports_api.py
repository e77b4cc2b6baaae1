"""`POST /imports`: what `metodika import` takes, for systems without a shell (contracts §7)."""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from metodika import imports
from shared.events.registry import Role
from shared.runtime import bulk
from shared.runtime.access import Access, Caller, Knock
from shared.runtime.engine import Engine, utc_now
from shared.runtime.problems import Problem
from shared.runtime.web_commands import told

SENDERS: tuple[Role, ...] = ("federal", "region", "municipality", "organisation")
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Вердикт по каждой строке",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    202: {
        "description": "Задержано до подтверждения (contracts §7)",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}
ZIP = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def imports_router(engine: Engine, access: Access) -> APIRouter:
    """Return the route that takes a OneRoster package as a zip."""
    router = APIRouter()

    async def imports_post(
        request: Request,
        caller: Annotated[Caller, Depends(Knock(access, SENDERS))],
        system: Annotated[str, Query(pattern=r"^[a-z0-9_-]{1,40}$")],
        dry_run: Annotated[bool, Query()] = False,  # noqa: FBT002 - of the query
        confirm: Annotated[bool, Query()] = False,  # noqa: FBT002 - of the query
    ) -> Response:
        body = await request.body()
        try:
            said = await asyncio.to_thread(
                _taken, engine, body, caller, system, dry_run=dry_run, confirm=confirm
            )
        except bulk.Unreadable as wrong:
            raise Problem(422, "unreadable", str(wrong)) from None
        status = 202 if said.get("held") and not said.get("rows") else 200
        return Response(
            msgspec.json.encode(said, enc_hook=str),
            status_code=status,
            media_type="application/json",
        )

    router.add_api_route(
        "/imports",
        imports_post,
        methods=["POST"],
        operation_id="imports",
        summary="Принять пакет OneRoster 1.2: вердикт по каждой строке",
        responses=ANSWER | told(401, 403, 413, 422, 500, 503, 507),
        response_class=Response,
        openapi_extra=ZIP,
    )
    return router


def _taken(
    engine: Engine,
    body: bytes,
    caller: Caller,
    system: str,
    *,
    dry_run: bool,
    confirm: bool,
) -> dict[str, Any]:
    scopes = caller.reach(SENDERS)
    region = scopes[0].partition("/")[0] or None
    files = bulk.unzipped(body, "the body")
    planned = imports.roster_plan(
        engine, files, system=system, region=region, on=utc_now().date()
    )
    if dry_run:
        keys = ("file", "line", "verdict", "good")
        rows = [dict(zip(keys, row, strict=True)) for row in planned.verdicts()]
        return {"import_id": planned.import_id, "rows": rows, "held": list(planned.held)}
    if planned.held and not confirm:
        return {"import_id": planned.import_id, "held": list(planned.held)}
    may = caller.may(SENDERS)
    report = imports.take(engine, planned, actor=caller.actor, home=region, may=may)
    return told_of(report)


def told_of(report: bulk.Report) -> dict[str, Any]:
    """Return a report as a program reads it."""
    return {
        "import_id": report.import_id,
        "rows": report.rows,
        "facts": report.facts,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "faults": [
            {
                "file": file,
                "line": line,
                "column": fault.column,
                "reason": fault.reason,
                "clause": fault.clause,
            }
            for file, line, fault in report.faults
        ],
    }
