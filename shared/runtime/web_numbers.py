"""`/kpi`: numbers for whoever is let in, the people behind them on one's own territory."""

import asyncio
import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from shared.events.registry import Role
from shared.kernel.ids import Territory
from shared.runtime.access import Access, Caller, Knock, forbidden
from shared.runtime.answers import MOST_DATES, Answers, NoSuchKpi, Side, TooMany, dates
from shared.runtime.answers_value import Vector
from shared.runtime.grants import covers
from shared.runtime.problems import Problem, malformed, retry
from shared.runtime.territory import SCOPE
from shared.runtime.web_openapi import told

RETRY_AFTER = 5
"""Seconds."""
NOT_WHOLE = (
    "С начала работы службы журналы ещё не прочитаны до конца: показатели были бы неполны"
)
READERS: tuple[Role, ...] = ("federal", "region", "municipality", "organisation", "auditor")
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Ответ и вектор, по которому он известен",
        "content": {"application/json": {"schema": {"type": ["object", "array"]}}},
    }
}

UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "То же, что уже есть у спросившего (If-None-Match)"}
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "ETag ответа, который уже есть; тот же ответ заново не шлётся",
    "schema": {"type": "string"},
}
UNTAGGED = "/kpi/{kpi}/diff"
"""It is known by two vectors."""
TAG = re.compile(r'"[^"]*"')
SIGNS = 16

type Kpi = Annotated[str, "an indicator's id, K-F1"]
type Scope = Annotated[str, Query(pattern=SCOPE)]
type AsOf = Annotated[date | None, Query()]
type AsKnown = Annotated[datetime | None, Query()]


@dataclass(frozen=True)
class Asked:
    """Where, of which day, and as known when; of today and by all that is known if unsaid."""

    scope: Scope = ""
    as_of: AsOf = None
    as_known: AsKnown = None


class Numbers:
    """Asks the ledger over HTTP. The ledger blocks: it is asked in threads.

    `whole` says whether it has heard all that there was when the process began. Until
    then what is known now is too little, and is not told; what was known at a moment is,
    with the logs that may lag. `release` stands for the code that answers: what another
    answered is told anew, though nothing was said since.
    """

    def __init__(
        self,
        answers: Answers,
        access: Access,
        clock: Callable[[], datetime],
        whole: Callable[[], bool],
        release: str,
    ) -> None:
        self._answers = answers
        self._access = access
        self._clock = clock
        self._whole = whole
        self._release = release

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter()
        routes = {
            "/kpi": (self._list(), "Все показатели на территории и дату"),
            "/kpi/{kpi}": (self._value(), "Показатель: значение, цель, статус, вектор"),
            "/kpi/{kpi}/levels": (
                self._levels(),
                "Показатель на всех уровнях внутри территории",
            ),
            "/kpi/{kpi}/series": (self._series(), "Показатель по датам"),
            "/kpi/{kpi}/why/{subject}": (self._why(), "Учтён ли человек и почему"),
            "/kpi/{kpi}/reasons": (self._reasons(), "Сколько учтено и нет, по причинам"),
            "/kpi/{kpi}/members": (self._members(), "Кто учтён, кто нет и почему"),
            "/kpi/{kpi}/diff": (self._diff(), "Что изменилось между двумя моментами знания"),
        }
        for path, (handler, summary) in routes.items():
            router.add_api_route(
                path,
                handler,
                methods=["GET"],
                operation_id=handler.__name__,
                summary=summary,
                responses=ANSWER
                | ({} if path == UNTAGGED else UNCHANGED)
                | told(401, 403, 404, 422, 500, 503),
                response_class=Response,
                openapi_extra=None if path == UNTAGGED else {"parameters": [IF_NONE_MATCH]},
            )
        return router

    async def _at(self, asked: Asked) -> tuple[date, Vector, tuple[str, ...]]:
        vector, lagging = await asyncio.to_thread(self._known, asked.as_known)
        return asked.as_of or self._clock().date(), vector, lagging

    async def _known_by(
        self, request: Request, asked: Asked, act: Callable[[date, Vector], dict[str, Any]]
    ) -> Response:
        """Answer with the vector by which it is known, and the logs that may lag."""
        day, vector, lagging = await self._at(asked)
        known = {"vector": vector, "lagging": lagging}
        etag = self._etag(request, vector, lagging, day)
        return await self._unless_seen(request, etag, lambda: act(day, vector) | known)

    def _etag(
        self, request: Request, vector: Vector, lagging: tuple[str, ...], day: date
    ) -> str:
        """Return the vector as an entity tag, with a hash of all else an answer follows from.

        That is the release, the question, the day that it did not say, the logs that lag,
        and their epochs: in another epoch the same positions may hold other facts.
        """
        epochs = [
            (log, str(epoch)) for log, (epoch, _) in self._answers.ledger.positions().items()
        ]
        question = (request.url.path, request.url.query, str(day))
        said = repr((self._release, question, lagging, epochs))
        known = ",".join(f"{log}:{at}" for log, at in sorted(vector.items()))
        return f'"{known};{hashlib.sha256(said.encode()).hexdigest()[:SIGNS]}"'

    async def _unless_seen(
        self, request: Request, etag: str, act: Callable[[], Any]
    ) -> Response:
        """Answer 304 without a body to whoever has it; else act, and tell."""
        known = request.path_params.get("kpi") in {None, *self._answers.definitions}
        if known and is_seen(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers={"ETag": etag})
        return await self._told(act, etag)

    async def _told(self, act: Callable[[], Any], etag: str = "") -> Response:
        try:
            said = await asyncio.to_thread(act)
        except NoSuchKpi:
            raise Problem(404, "no-such-indicator", "Такого показателя нет") from None
        body = msgspec.json.encode(said, enc_hook=str)
        headers = {"ETag": etag} if etag else {}
        return Response(body, media_type="application/json", headers=headers)

    def _known(self, as_known: datetime | None) -> tuple[dict[str, int], tuple[str, ...]]:
        if as_known is not None and as_known.tzinfo is None:
            raise malformed(("as_known", "нужен часовой пояс"))
        if as_known is None and not self._whole():
            raise retry(RETRY_AFTER, "not-whole", NOT_WHOLE)
        return self._answers.vector(as_known)

    def _list(self) -> Callable[..., Any]:
        async def kpi_list(
            request: Request,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
        ) -> Response:
            del caller  # numbers are for every reader
            day, vector, lagging = await self._at(asked)
            return await self._unless_seen(
                request,
                self._etag(request, vector, lagging, day),
                lambda: [
                    asdict(self._answers.value(kpi, asked.scope, day, vector, lagging))
                    for kpi in self._answers.definitions
                ],
            )

        return kpi_list

    def _value(self) -> Callable[..., Any]:
        async def kpi_value(
            request: Request,
            kpi: Kpi,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
        ) -> Response:
            del caller
            day, vector, lagging = await self._at(asked)
            return await self._unless_seen(
                request,
                self._etag(request, vector, lagging, day),
                lambda: asdict(self._answers.value(kpi, asked.scope, day, vector, lagging)),
            )

        return kpi_value

    def _levels(self) -> Callable[..., Any]:
        keys = ("level", "scope", "num", "den")

        async def kpi_levels(
            request: Request,
            kpi: Kpi,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
        ) -> Response:
            del caller

            def act(day: date, vector: Vector) -> dict[str, Any]:
                rows = self._answers.levels(kpi, day, vector, asked.scope)
                return {"levels": [dict(zip(keys, row, strict=True)) for row in rows]}

            return await self._known_by(request, asked, act)

        return kpi_levels

    def _series(self) -> Callable[..., Any]:
        async def kpi_series(  # noqa: PLR0913, PLR0917 - one parameter for each of the query
            request: Request,
            kpi: Kpi,
            first: Annotated[date, Query(alias="from")],
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            last: Annotated[date | None, Query(alias="to")] = None,
            every: Annotated[int, Query(ge=1, le=3660, description="дней")] = 30,
            scope: Scope = "",
            as_known: AsKnown = None,
        ) -> Response:
            del caller
            vector, lagging = await asyncio.to_thread(self._known, as_known)
            until = last or self._clock().date()
            asked = days(first, until, every)

            def values() -> list[dict[str, Any]]:
                found = self._answers.series(kpi, scope, asked, vector, lagging)
                return [asdict(each) for each in found]

            etag = self._etag(request, vector, lagging, until)
            return await self._unless_seen(request, etag, values)

        return kpi_series

    def _why(self) -> Callable[..., Any]:
        async def kpi_why(
            request: Request,
            kpi: Kpi,
            subject: UUID,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
        ) -> Response:
            own(caller, asked.scope)

            def act(day: date, vector: Vector) -> dict[str, Any]:
                found = self._answers.why(kpi, subject, day, vector, asked.scope)
                return {"members": [asdict(each) for each in found]}

            return await self._known_by(request, asked, act)

        return kpi_why

    def _reasons(self) -> Callable[..., Any]:
        async def kpi_reasons(
            request: Request,
            kpi: Kpi,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
        ) -> Response:
            del caller

            def act(day: date, vector: Vector) -> dict[str, Any]:
                found = self._answers.reasons(kpi, asked.scope, day, vector)
                return {"reasons": [asdict(each) for each in found]}

            return await self._known_by(request, asked, act)

        return kpi_reasons

    def _members(self) -> Callable[..., Any]:
        async def kpi_members(  # noqa: PLR0913, PLR0917 - one parameter for each of the query
            request: Request,
            kpi: Kpi,
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            asked: Annotated[Asked, Depends()],
            side: Side = "den",
            after: Annotated[str, Query(max_length=36, pattern=r"^[0-9a-f-]*$")] = "",
            limit: Annotated[int, Query(ge=1, le=10_000)] = 500,
        ) -> Response:
            own(caller, asked.scope)

            def act(day: date, vector: Vector) -> dict[str, Any]:
                page = (side, after, limit)
                found = self._answers.members(kpi, asked.scope, day, vector, *page)
                return {
                    "members": [asdict(each) for each in found],
                    "next": found[-1].subject if len(found) >= limit else None,
                }

            return await self._known_by(request, asked, act)

        return kpi_members

    def _diff(self) -> Callable[..., Any]:
        async def kpi_diff(  # noqa: PLR0913, PLR0917 - one parameter for each of the query
            kpi: Kpi,
            before: Annotated[datetime, Query()],
            caller: Annotated[Caller, Depends(Knock(self._access, READERS))],
            scope: Scope = "",
            as_of: AsOf = None,
            after: AsKnown = None,
        ) -> Response:
            own(caller, scope)
            old, behind = await asyncio.to_thread(self._known, before)
            new, lagging = await asyncio.to_thread(self._known, after)
            if after and before > after:
                raise malformed(("before", "позже, чем after"))
            day = as_of or self._clock().date()
            return await self._told(
                lambda: {
                    "before": asdict(self._answers.value(kpi, scope, day, old, behind)),
                    "after": asdict(self._answers.value(kpi, scope, day, new, lagging)),
                    "changes": [
                        asdict(each) for each in self._answers.diff(kpi, scope, day, old, new)
                    ],
                }
            )

        return kpi_diff


def days(first: date, last: date, every: int) -> list[date]:
    """Return days from the first to the last, the last one always. Raises `Problem` 422."""
    if first > last:
        raise malformed(("from", "позже, чем to"))
    try:
        return dates(first, last, every)
    except TooMany:
        raise malformed(("every", f"больше {MOST_DATES} дат")) from None


def own(caller: Caller, scope: str) -> None:
    """Raise `Problem` 403 unless a scope lies on the caller's own territory."""
    if not any(covers(mine, Territory(scope)) for mine in caller.scopes_for(READERS)):
        raise forbidden()


def is_seen(if_none_match: str, etag: str) -> bool:
    """Say whether whoever asks has what this tag stands for (RFC 9110 13.1.2)."""
    return if_none_match.strip() == "*" or etag in TAG.findall(if_none_match)
