"""Readings: documents of a projection, on the caller's territory alone."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.kernel.ids import Territory
from shared.runtime.access import Access, Caller, Knock, forbidden
from shared.runtime.doors import Reading
from shared.runtime.grants import COUNTRY
from shared.runtime.log import Store
from shared.runtime.problems import Problem, malformed, retry
from shared.runtime.settings import Settings
from shared.runtime.views import BadCursor, Rebuilding, Views
from shared.runtime.web_commands import etag_of
from shared.runtime.web_openapi import ETAG, told

PAUSE = 0.02
"""Seconds between two looks while a reader waits for his own write."""


class Asked(BaseModel):
    """What a reader says of a page; fields to find by stand beside these."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    min_position: int = Field(
        default=0, ge=0, le=2**53, description="увидеть всё до этой позиции журнала"
    )


class AskedPage(Asked):
    """A page of a list."""

    after: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^[\w-]+$",
        description="курсор: `next` прежней страницы",
    )
    limit: int = Field(default=100, ge=1, le=10_000, description="сколько, не больше")


type Found = Annotated[str | None, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


@dataclass(frozen=True)
class Readings:
    """All readings of one service. `store`, its log, blocks: it is called in threads."""

    store: Store
    views: Views
    access: Access
    settings: Settings

    def router(self, readings: Sequence[Reading]) -> APIRouter:
        """Return the routes: a list and one of it for each reading."""
        router = APIRouter()
        for each in readings:
            name = each.projection.name
            router.add_api_route(
                each.path,
                self._list(each),
                methods=["GET"],
                operation_id=f"list_{name}",
                summary=each.summary,
                responses=_page() | told(401, 403, 422, 500, 503),
                response_class=Response,
            )
            router.add_api_route(
                f"{each.path}/{{id}}",
                self._one(each),
                methods=["GET"],
                operation_id=f"get_{name}",
                summary=f"{each.summary}: один документ",
                responses=_document() | told(401, 403, 404, 422, 500, 503),
                response_class=Response,
            )
        return router

    def _list(self, reading: Reading) -> Callable[..., Any]:
        knock = Knock(self.access, reading.roles)
        by: dict[str, Any] = {
            name: (Found, Field(default=None, description="равно")) for name in reading.by
        }
        page = create_model(f"{reading.projection.name}_page", __base__=AskedPage, **by)

        async def documents(
            said: Annotated[AskedPage, Query()],
            caller: Annotated[Caller, Depends(knock)],
        ) -> Response:
            wanted = said.model_dump(include=set(reading.by), exclude_none=True)
            equals = {name: _plain(text) for name, text in wanted.items()}
            scopes, own = reach(caller, reading)
            await self._caught_up(said.min_position)
            found, following = await _found(
                self.views.find(
                    reading.projection.name,
                    equals=equals | own,
                    scopes=scopes,
                    sort=reading.sort,
                    after=said.after,
                    limit=min(said.limit, self.settings.page_limit),
                )
            )
            return _json({"items": list(found), "next": following})

        documents.__annotations__["said"] = Annotated[page, Query()]
        return documents

    def _one(self, reading: Reading) -> Callable[..., Any]:
        knock = Knock(self.access, reading.roles)

        async def document(
            id: UUID,  # noqa: A002 - the path says so
            asked: Annotated[Asked, Query()],
            caller: Annotated[Caller, Depends(knock)],
        ) -> Response:
            scopes, own = reach(caller, reading)
            await self._caught_up(asked.min_position)
            name, equals = reading.projection.name, {"id": str(id)} | own
            known = await _found(self.views.one(name, equals=equals, scopes=scopes))
            if known is None:
                raise Problem(404, "no-such-document")
            version = await asyncio.to_thread(self._version, id, known.position)
            headers = {} if version is None else {"ETag": etag_of(version)}
            return _json(known.document, headers)

        return document

    def _version(self, stream: UUID, position: int) -> int | None:
        """Return which version of a stream was recorded at a position.

        None if none was: the log was restored from a copy, and the document knows of
        what was lost.
        """
        at = self.store.read(position - 1, 1)
        return next((each.version for each in at if each.stream == stream), None)

    async def _caught_up(self, position: int) -> None:
        """Wait until the documents know a position. Raises `Problem` 503."""
        until = monotonic() + self.settings.read_wait_seconds
        while position and await self.views.position(self.store.source) < position:
            if monotonic() >= until:
                raise retry(1, "not-yet", "Документы ещё не дошли до этой позиции")
            await asyncio.sleep(PAUSE)


async def _found[T](asking: Awaitable[T]) -> T:
    try:
        return await asking
    except BadCursor:
        raise malformed(("after", "это не курсор этого списка")) from None
    except Rebuilding:
        raise rebuilding() from None


def rebuilding() -> Problem:
    """Answer 503: documents are folded anew, and half of them is not shown."""
    return retry(5, "rebuilding", "Документы собираются заново")


def reach(caller: Caller, reading: Reading) -> tuple[Sequence[Territory], dict[str, Any]]:
    """Return where to look, and what else must hold, for the query.

    Who has no territory sees what is about himself. Raises `Problem` 403.
    """
    scopes = caller.scopes_for(reading.roles)
    if scopes:
        return (COUNTRY,) if reading.open else scopes, {}
    if "self" in reading.roles and caller.person is not None:
        return (COUNTRY,), {"person_id": str(caller.person)}
    raise forbidden()


def _plain(text: str) -> str | bool:
    return {"true": True, "false": False}.get(text, text)


def _json(said: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(said), headers=headers, media_type="application/json")


def _page() -> dict[int | str, dict[str, Any]]:
    schema = {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": {"type": "object"}},
            "next": {"type": ["string", "null"], "description": "курсор дальше"},
        },
    }
    return _described("Страница", schema)


def _document() -> dict[int | str, dict[str, Any]]:
    return {200: _described("Документ", {"type": "object"})[200] | {"headers": ETAG}}


def _described(about: str, schema: Any) -> dict[int | str, dict[str, Any]]:
    media = {"application/json": {"schema": schema}}
    return {200: {"description": about, "content": media}}
