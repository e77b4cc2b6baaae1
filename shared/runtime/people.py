"""The one door behind which a person has a name: `GET /teachers/{id}/personal`."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response

from shared.events.registry import Role, TeacherRegistered
from shared.kernel import Recorded, Sealed, Withdrawal, standing
from shared.kernel.ids import EventId, Territory
from shared.runtime import codec
from shared.runtime.access import Access, Caller, Knock
from shared.runtime.engine import Engine
from shared.runtime.grants import covers
from shared.runtime.log import Record
from shared.runtime.logs import log
from shared.runtime.problems import Problem
from shared.runtime.seal import Keys
from shared.runtime.territory import HOME, PLACE
from shared.runtime.web_commands import place_of
from shared.runtime.web_openapi import told

WHO: tuple[Role, ...] = ("federal", "region", "municipality", "organisation", "self")
"""Neither an auditor, who has proofs and no names, nor an operator, who has no data."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["person_id", "full_name", "snils", "birth_date"],
    "properties": {
        "person_id": {"type": "string", "format": "uuid"},
        "full_name": {"type": "string"},
        "snils": {"type": "string"},
        "birth_date": {"type": "string", "format": "date"},
    },
}


@dataclass(frozen=True)
class Named:
    """Who somebody is."""

    person_id: UUID
    full_name: str
    snils: str
    birth_date: date


@dataclass(frozen=True)
class People:
    """Opens what the registry sealed. `engine` and `keys` block: called in threads."""

    engine: Engine
    keys: Keys
    access: Access

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        named = {
            "description": "Персональные данные",
            "content": {"application/json": {"schema": SCHEMA}},
        }
        responses: dict[int | str, dict[str, Any]] = {200: named}
        router.add_api_route(
            "/teachers/{id}/personal",
            self._handler(),
            methods=["GET"],
            operation_id="personal",
            summary="Кто это: ФИО, СНИЛС и дата рождения; каждое открытие записывается",
            responses=responses | told(401, 403, 404, 410, 422, 500, 503),
            response_class=Response,
        )
        return router

    def _handler(self) -> Callable[..., Any]:
        knock = Knock(self.access, WHO)

        async def personal(
            id: UUID,  # noqa: A002 - the path says so
            caller: Annotated[Caller, Depends(knock)],
        ) -> Response:
            person = await asyncio.to_thread(self._named, id, caller)
            log.info("personal data opened", actor=caller.actor, stream=id)
            return Response(
                msgspec.json.encode(person),
                headers={"Cache-Control": "no-store"},
                media_type="application/json",
            )

        return personal

    def _named(self, person_id: UUID, caller: Caller) -> Named:
        records = self.engine.store.streams([person_id]).get(person_id, [])
        registered = _standing(records)
        if registered is None or not self._may(registered, caller):
            raise Problem(404, "no-such-person")
        fact = codec.decode(registered.name, registered.schema, registered.data)
        said = self.keys.open(fact, registered.stream, registered.version)
        if isinstance(said.full_name, Sealed):
            raise Problem(410, "erased", "Персональные данные уничтожены")
        return Named(person_id, said.full_name, said.snils, said.birth_date)

    def _may(self, registered: Record, caller: Caller) -> bool:
        scopes = caller.scopes_for(WHO)
        return caller.person == registered.stream or any(
            covers(scope, place) for place in self._homes(registered) for scope in scopes
        )

    def _homes(self, registered: Record) -> Iterator[Territory | None]:
        """Return whose a person is: the employers', or who registered one without any.

        Never where a link, a merger or a correction stands: others say those (ADR 0036).
        """
        work = self.engine.known()
        employers = work.of(HOME, registered.stream).employers
        for each in employers:
            yield work.of(PLACE, each)
        if not employers:
            yield place_of(registered)


def _standing(records: Sequence[Record]) -> Record | None:
    """Return the record that says, as it stands, who somebody is."""
    history = [_recorded(each) for each in records]
    stand = [e.event_id for e in standing(history) if isinstance(e.fact, TeacherRegistered)]
    return next((each for each in records if each.event_id in stand), None)


def _recorded(record: Record) -> Recorded[Any] | Recorded[Withdrawal]:
    corrects = codec.decode_meta(record.meta).corrects
    return Recorded(
        event_id=EventId(record.event_id),
        fact=codec.decode(record.name, record.schema, record.data),
        corrects=EventId(corrects) if corrects else None,
    )
