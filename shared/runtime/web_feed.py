"""`GET /feed`: a log for those without Kafka, the same bytes, their territory alone."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.events.registry import Role
from shared.kernel import catalogue
from shared.kernel.ids import Territory
from shared.runtime.access import Access, Caller, Knock, forbidden
from shared.runtime.codec import wire
from shared.runtime.grants import covers, widest
from shared.runtime.log import Record, Store
from shared.runtime.problems import Problem
from shared.runtime.settings import Settings
from shared.runtime.telemetry import span
from shared.runtime.web_head import is_head
from shared.runtime.web_openapi import told

FEED: tuple[Role, ...] = (
    "federal",
    "region",
    "municipality",
    "organisation",
    "auditor",
)
MEDIA = "application/cloudevents-batch+json"
PAUSE = 0.25
"""Seconds between two looks at the end of the log while a reader waits."""

CURSOR = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,15})")


class Asked(BaseModel):
    """What a reader of the feed says."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    after: str = Field(
        default="0",
        pattern=rf"^(0|{CURSOR.pattern})$",
        description="откуда: `Metodika-Next` прежнего ответа; 0 — с начала",
    )
    types: str = ""
    scope: str = Field(
        default="",
        pattern=r"^([\w-]+(/[\w-]+){0,2}(,[\w-]+(/[\w-]+){0,2}){0,19})?$",
        description="территории через запятую; пусто — все, на которые есть право",
    )
    limit: int = Field(default=100, ge=1, le=1000, description="сколько, не больше")
    wait: float = Field(default=0, ge=0, le=120, description="сколько секунд ждать нового")


@dataclass(frozen=True)
class Page:
    """What was found, and from where to go on: nothing before `next` is left out."""

    records: Sequence[Record]
    next: str


@dataclass(frozen=True)
class Feed:
    """The feed of one service. `store` blocks: it is called in threads."""

    service: str
    store: Store
    access: Access
    settings: Settings

    def router(self) -> APIRouter:
        """Return the route."""
        router = APIRouter()
        events = {"schema": {"type": "array", "items": {"type": "object"}}}
        following = {
            "description": "курсор следующего запроса",
            "schema": {"type": "string"},
        }
        router.add_api_route(
            "/feed",
            self._handler(),
            methods=["GET"],
            operation_id="feed",
            summary="Журнал службы: факты своей территории по порядку",
            responses={
                200: {
                    "description": "Факты CloudEvents, байт в байт как в Kafka",
                    "content": {MEDIA: events},
                    "headers": {"Metodika-Next": following},
                }
            }
            | told(401, 403, 409, 422, 500, 503),
            response_class=Response,
        )
        return router

    def _handler(self) -> Callable[..., Any]:
        knock = Knock(self.access, FEED)

        async def feed(
            request: Request,
            asked: Annotated[Asked, Query()],  # of this service, see below
            caller: Annotated[Caller, Depends(knock)],
        ) -> Response:
            scopes = narrowed(caller.reach(FEED), asked.scope)
            names = [each for each in asked.types.split(",") if each]
            wait = 0 if is_head(request) else asked.wait
            until = monotonic() + min(wait, self.settings.feed_wait_seconds)
            limit = min(asked.limit, self.settings.page_limit)
            above = request.headers.get("traceparent")
            after = await asyncio.to_thread(self._resume, asked.after)
            with span("feed", above, server=True, service=self.service):
                page = await asyncio.to_thread(self._page, after, names, scopes, limit)
                while not page.records and monotonic() < until:
                    if await request.is_disconnected():
                        break
                    await asyncio.sleep(PAUSE)
                    after = position_of(page.next)
                    page = await asyncio.to_thread(self._page, after, names, scopes, limit)
            return Response(
                b"[" + b",".join(map(wire, page.records)) + b"]",
                headers={"Metodika-Next": page.next, "Cache-Control": "no-store"},
                media_type=MEDIA,
            )

        feed.__annotations__["asked"] = Annotated[asked_of(self.service), Query()]
        return feed

    def _page(
        self,
        after: int,
        names: Sequence[str],
        scopes: Sequence[Territory],
        limit: int,
    ) -> Page:
        # the head is read first: all up to it is there, for positions have no gaps
        head = self.store.head()
        records = self.store.read(after, limit, names=names, scopes=scopes)
        if len(records) == limit:
            end = records[-1].position
        else:
            last = records[-1].position if records else after
            end = max(last, head.position)
        return Page(records, f"{head.epoch}.{end}")

    def _resume(self, cursor: str) -> int:
        """Return the position to go on from. Raises `Problem` 409 on another log.

        After a restore the log has a new epoch; what it kept of the old one it holds
        under that epoch still, so a cursor is good while its own record is there.
        """
        found = CURSOR.fullmatch(cursor)
        if found is None:
            return 0
        epoch, position = UUID(found[1]), int(found[2])
        head = self.store.head()
        here = epoch == head.epoch and position <= head.position
        if not here and position:
            at = self.store.read(position - 1, 1)
            here = [(each.epoch, each.position) for each in at] == [(epoch, position)]
        if not here:
            detail = "Этого места в журнале нет: журнал восстановлен из копии"
            raise Problem(409, "other-log", detail)
        return position


def position_of(cursor: str) -> int:
    """Return the position in a cursor of our own making."""
    return int(cursor.rpartition(".")[2])


def narrowed(granted: Sequence[Territory], asked: str) -> Sequence[Territory]:
    """Return the territories asked for. Raises `Problem` 403 on a foreign one."""
    if not asked:
        return granted
    scopes = [Territory(each) for each in asked.split(",")]
    if not all(any(covers(mine, each) for mine in granted) for each in scopes):
        raise forbidden("Не ваша территория")
    return widest(scopes)


def asked_of(service: str) -> type[Asked]:
    """Return what a reader may say: `types` are the names of this service's facts."""
    names = sorted(name for name, kind in catalogue.items() if kind.owner == service)
    one = f"({'|'.join(map(re.escape, names))})"
    about = f"через запятую, пусто — все: {', '.join(names)}"
    types = Field(default="", pattern=f"^({one}(,{one}){{0,99}})?$", description=about)
    return create_model("AskedOfFeed", __base__=Asked, types=(str, types))
