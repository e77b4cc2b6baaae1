"""Doors: a command comes in, its outcome goes out (contracts §7)."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any
from uuid import UUID, uuid5

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from msgspec.structs import replace

from shared.events.registry import Role
from shared.kernel.ids import NAMES, EventId, Territory
from shared.runtime import codec
from shared.runtime.access import Access, Caller, Knock, forbidden
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Asked, May, NotAllowed, OtherBody, Outcome
from shared.runtime.codec import Basis
from shared.runtime.doors import Door, SaidBy, who_may_say
from shared.runtime.engine import Engine
from shared.runtime.log import Record, Store
from shared.runtime.problems import Problem, malformed
from shared.runtime.schemas import Accepted, Opened
from shared.runtime.telemetry import current_traceparent, measure, span
from shared.runtime.web_openapi import (
    COMMAND_HEADERS,
    COMMAND_ID,
    done,
    found,
    path_parameters,
    told,
)

KEY = re.compile(r'"?([!#-~]{1,200})"?')
VERSION = re.compile(r'"?(\d{1,10})"?')


ANY_ROLE: tuple[Role, ...] = (
    "federal", "region", "municipality", "organisation", "self", "auditor", "operator",
)  # fmt: skip


@dataclass(frozen=True)
class Commands:
    """All doors of one service. `engine` and `store` block: they are called in threads."""

    service: str
    engine: Engine
    store: Store
    access: Access

    def router(self, doors: Sequence[Opened]) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        said_by = who_may_say(each.door for each in doors)
        for each in doors:
            self._add(router, each, said_by)
        router.add_api_route(
            "/commands/{command_id}",
            self._answered(),
            methods=["GET"],
            operation_id="get_command",
            summary="Что было отвечено на команду",
            responses=found("Answered", "Ответ") | told(401, 403, 404, 422, 500, 503),
            openapi_extra={"parameters": [COMMAND_ID]},
            response_class=Response,
        )
        return router

    def _add(self, router: APIRouter, opened: Opened, said_by: SaidBy) -> None:
        door, accepted = opened.door, opened.accepted
        name = door.command.__name__
        body = {"schema": {"$ref": f"#/components/schemas/{name}"}}
        router.add_api_route(
            door.path,
            self._handler(door, accepted, said_by),
            methods=["POST"],
            operation_id=name,
            summary=door.summary or (door.command.__doc__ or name).split("\n")[0],
            responses=done() | told(401, 403, 404, 409, 412, 413, 415, 422, 500, 503, 507),
            openapi_extra={
                "parameters": [*COMMAND_HEADERS, *path_parameters(accepted)],
                "requestBody": {
                    "required": bool(accepted.must),
                    "content": {"application/json": body},
                },
            },
            response_class=Response,
        )

    def _handler(self, door: Door, accepted: Accepted, said_by: SaidBy) -> Callable[..., Any]:
        knock = Knock(self.access, door.roles)

        async def handle(
            request: Request, caller: Annotated[Caller, Depends(knock)]
        ) -> Response:
            started = perf_counter()
            key = command_id(caller.actor, _idempotency_key(request))
            version = _expected_version(request)
            command, basis = accepted.read(request.path_params, await _body(request))
            may = await self._may(caller, door.roles, command)
            if isinstance(command, Correct | Withdraw):
                amends = command.event_id
                may = await asyncio.to_thread(self._may_amend, caller, amends, may, said_by)
            name = door.command.__name__
            spelling = spelt(caller.actor, command, basis)
            with span(
                "command",
                request.headers.get("traceparent"),
                server=True,
                service=self.service,
                command=name,
                command_id=key,
            ):
                asked = Asked(
                    command=command,
                    command_id=key,
                    actor=caller.actor,
                    body_hmac=self.engine.hmac("body", spelling),
                    basis=basis,
                    traceparent=current_traceparent(),
                    expected_version=version,
                    home=home_of(caller, door.roles),
                )
                outcome = await self._ask(asked, may)
            seconds = perf_counter() - started
            measure("metodika.append.seconds", seconds, service=self.service)
            measure(
                "metodika.commands",
                1,
                service=self.service,
                command=name,
                status=outcome.status,
            )
            return answer(outcome, version)

        return handle

    async def _may(self, caller: Caller, roles: Sequence[Role], command: Any) -> May:
        """Return what the caller may bring about through a door open to these roles.

        Who has no territory may speak of himself alone. Raises `Problem` 403.
        """
        if caller.scopes_for(roles):
            return caller.may(roles)
        if "self" in roles and caller.person is not None:
            about = await asyncio.to_thread(self._people_of, command)
            if about == {caller.person}:
                return lambda _: True
            raise forbidden("Это не о вас")
        if "operator" in roles and caller.has("operator"):
            return lambda place: place is None
        raise forbidden()

    def _people_of(self, command: Any) -> set[UUID]:
        """Return whom a command names, and whom the life of its thing names."""
        stream = self.engine.stream_of(command)
        records = self.store.streams([stream]).get(stream, [])
        said = (codec.decode(each.name, each.schema, each.data) for each in records)
        named = {getattr(each, "person_id", None) for each in (command, *said)}
        return {each for each in named if each is not None}

    async def _ask(self, asked: Asked, may: May) -> Outcome:
        try:
            return await asyncio.to_thread(self.engine.ask, asked, may)
        except OtherBody:
            detail = "С этим Idempotency-Key уже просили о другом"
            raise Problem(422, "key-reused", detail) from None
        except NotAllowed as why:
            raise forbidden(why.reason, why.clause) from None

    def _answered(self) -> Callable[..., Any]:
        knock = Knock(self.access, ANY_ROLE)

        async def answered(
            request: Request, caller: Annotated[Caller, Depends(knock)]
        ) -> Response:
            key = KEY.fullmatch(request.path_params["command_id"])
            if key is None:
                raise malformed(("command_id", "не той формы"))
            said = await asyncio.to_thread(self._find, command_id(caller.actor, key[1]))
            if said is None:
                raise Problem(404, "no-such-command")
            return _json_of(
                {
                    "status": said.status,
                    "version": said.version,
                    "position": said.position,
                    "event_ids": said.event_ids,
                    "clause": said.clause,
                    "reason": said.reason,
                }
            )

        return answered

    def _may_amend(self, caller: Caller, event_id: UUID, may: May, said_by: SaidBy) -> May:
        """Return what the caller may restate: what he might have said (S0 V).

        Raises `Problem`: 404 on a territory that is not his, 403 for another role.
        """
        said = self.store.events([event_id]).get(event_id)
        place, _ = self.engine.known().is_at(EventId(event_id)) if said else (None, None)
        if said is None or not may(place):
            raise Problem(404, "no-such-fact")
        may_say = caller.may(said_by.get(said.name, ()))
        if not may_say(place):
            raise forbidden("Факт исправляет и отзывает тот, кто вправе его сказать")
        return may_say

    def _find(self, command_id: UUID) -> Outcome | None:
        said = self.store.answers([command_id]).get(command_id)
        if said is None:
            return None
        outcome = msgspec.json.decode(said.outcome, type=Outcome)
        return replace(outcome, position=said.position)


def command_id(actor: str, key: str) -> UUID:
    """Return the id of a command: what the actor means by a key, and nobody else does.

    A key that were the id could be another's, or that of a policy's command, which would
    then seem answered. Neither an actor nor a key has a blank.
    """
    return uuid5(NAMES, f"command/{actor} {key}")


def spelt(actor: str, command: Any, basis: Basis | None) -> str:
    """Spell out a command in one way, so that its repetition is known as such."""
    said = (actor, type(command).__name__, command, basis)
    return msgspec.json.encode(said, order="deterministic").decode()


def home_of(caller: Caller, roles: Sequence[Role]) -> Territory | None:
    """Return where a person stands who works nowhere yet: where the caller does.

    Of several territories the first in order, until the first employment tells better.
    """
    return next((each for each in caller.scopes_for(roles) if each), None)


def answer(outcome: Outcome, expected: int | None) -> Response:
    """Turn an outcome into a response. Raises `Problem` 409, 412."""
    match outcome.status:
        case "accepted" | "unchanged":
            said = {
                "version": outcome.version,
                "position": outcome.position,
                "event_ids": outcome.event_ids,
            }
            return _json_of(said, ETag=etag_of(outcome.version))
        case "refused":
            said = {"version": outcome.version, "clause": outcome.clause or ""}
            raise Problem(409, "refused", outcome.reason or "", said=said)
        case "forbidden":
            raise forbidden(outcome.reason or "")
        case "conflict":
            status, kind = (409, "conflict") if expected is None else (412, "version")
            raise Problem(status, kind, said={"version": outcome.version})


def etag_of(version: int) -> str:
    """Return the version of a stream as an entity tag, as `If-Match` takes it."""
    return f'"{version}"'


def _json_of(said: dict[str, Any], **headers: str) -> Response:
    return Response(msgspec.json.encode(said), headers=headers, media_type="application/json")


def place_of(said: Record) -> Territory | None:
    """Return where a recorded fact stands."""
    return None if said.territory is None else Territory(said.territory)


def _idempotency_key(request: Request) -> str:
    said = KEY.fullmatch(request.headers.get("idempotency-key", ""))
    if said is None:
        raise malformed(("Idempotency-Key", "нужен: от 1 до 200 знаков ASCII"))
    return said[1]


def _expected_version(request: Request) -> int | None:
    text = request.headers.get("if-match")
    if text is None:
        return None
    said = VERSION.fullmatch(text.strip())
    if said is None:
        raise malformed(("If-Match", 'нужна версия: "3"'))
    return int(said[1])


async def _body(request: Request) -> bytes:
    body = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media != "application/json":
        raise Problem(415, "media")
    return body
