"""What tests of documents say, whatever their home."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from shared.runtime.views import Document, Put, Views
from tests.infra.certificates import Authority

NAME, OTHER = "registry.teachers", "registry.regions"
ASKED_BY = {NAME: ("kind", "day", "n")}

type Open = Callable[[], Views]
type Act = Callable[[Views], Awaitable[None]]


def known_to(authority: Authority) -> dict[str, Any]:
    """Return the options of a client whom this authority certifies."""
    pair = authority.client("registry")
    return {"tlsCAFile": str(authority.ca), "tlsCertificateKeyFile": str(pair.both)}


@asynccontextmanager
async def living(opened: Open) -> AsyncGenerator[Views]:
    """Open documents of which an empty generation is live."""
    views = opened()
    for name in (NAME, OTHER):
        await views.swap(name, await views.begin(name), 0)
    try:
        yield views
    finally:
        await views.close()


def run(opened: Open, act: Act) -> None:
    async def acted() -> None:
        async with living(opened) as views:
            await act(views)

    asyncio.run(acted())


def put(id_: str, position: int, territory: str | None = None, **fields: Any) -> Put:
    document = {"id": id_, **fields}
    return Put(id=id_, position=position, document=document, territory=territory)


async def ids(views: Views, **asked: Any) -> list[str]:
    plain: dict[str, Any] = {"equals": {}, "scopes": None, "sort": "id", "after": None}
    found, _ = await views.find(NAME, **(plain | asked), limit=100)
    return [each["id"] for each in found]


async def seen_from(views: Views, place: str) -> list[Document]:
    found, _ = await views.find(NAME, equals={}, scopes=[place], sort="id", after=None, limit=9)
    return list(found)
