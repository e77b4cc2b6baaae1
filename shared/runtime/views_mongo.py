"""Documents in MongoDB, for a cluster: a collection for each name and generation.

One writes a collection. Only simple operations are used, in an order that is right
when it is cut anywhere.
"""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import wraps
from types import CoroutineType
from typing import Any, Self
from uuid import uuid4

from pymongo import ASCENDING, AsyncMongoClient, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import ConnectionFailure, DuplicateKeyError, OperationFailure

from shared.runtime.reach import Unreachable
from shared.runtime.settings import PREFIX, Settings
from shared.runtime.views import (
    Document,
    Known,
    Page,
    Put,
    Rebuilding,
    SortKey,
    Taken,
    everywhere,
    page,
    place,
)

type Stored = dict[str, Any]

HOMES = "homes"
PATIENCE = 5_000
"""Milliseconds until a server that does not answer is said to be away."""

REFUSED = {18: "user and password are refused", 13: "the user has no right to it"}
"""What a server answers whom it does not let in; its own words may hold documents."""


def reaching[**P, T](
    ask: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, CoroutineType[Any, Any, T]]:
    """Have a question raise `Unreachable` when no server can be spoken to, or none lets us."""

    @wraps(ask)
    async def asked(*said: P.args, **named: P.kwargs) -> T:
        try:
            return await ask(*said, **named)
        except ConnectionFailure as error:
            raise Unreachable(_away(error)) from error
        except OperationFailure as error:
            if error.code not in REFUSED:
                raise
            raise Unreachable(f"{PREFIX}VIEWS_URL: {REFUSED[error.code]}") from error

    return asked


def _away(error: ConnectionFailure) -> str:
    """Say why, of all that the driver says: each server, and each of its settings."""
    said = str(error).partition(" (configured timeouts")[0]
    wrong = next((each for sign, each in SIGNS.items() if sign in said), "VIEWS_URL")
    return f"{PREFIX}{wrong}: {' '.join(said.split())}"


SIGNS = {
    "CERTIFICATE_VERIFY_FAILED": "VIEWS_CA",
    "ALERT_CERTIFICATE": "VIEWS_CERT",
    "ALERT_UNKNOWN_CA": "VIEWS_CERT",
}
"""What TLS says → the setting that is wrong: an alert is the server's word on ours."""


class MongoViews:
    """Documents of one service in one database.

    `asked_by` are the fields of each name that lists are asked by or sorted by.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Stored],
        database: str,
        names: Sequence[str],
        asked_by: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.names = names
        self._client = client
        self._database = client[database]
        self._homes = self._database[HOMES]
        self._before: dict[str, str | None] = {}
        self._asked_by = asked_by or {}

    @classmethod
    def of(
        cls,
        settings: Settings,
        database: str,
        names: Sequence[str],
        asked_by: Mapping[str, Collection[str]] | None = None,
    ) -> Self:
        """Open it by the settings; inside a running loop. ValueError when they name none."""
        if settings.views_url is None:
            raise ValueError("METODIKA_VIEWS_URL is empty")
        options: dict[str, Any] = {"serverSelectionTimeoutMS": PATIENCE}
        if settings.views_ca or settings.views_cert:
            options["tls"] = True
        if settings.views_ca:
            options["tlsCAFile"] = str(settings.views_ca)
        if settings.views_cert:
            options["tlsCertificateKeyFile"] = str(settings.views_cert)
        client = AsyncMongoClient[Stored](settings.views_url, **options)
        return cls(client, database, names, asked_by)

    @reaching
    async def get(self, name: str, id: str) -> Document | None:  # noqa: A002 - a document has an id
        """Return a document, or None."""
        found = await (await self._live(name)).find_one({"_id": id})
        return found["document"] if found else None

    @reaching
    async def put(self, name: str, puts: Sequence[Put], *, into: str | None = None) -> None:
        """Write documents; one that is known at this position or later stays."""
        if not puts:
            return
        home = self._collection(name, into) if into else await self._live(name)
        await home.bulk_write([each for put in puts for each in _guarded(put)])

    @reaching
    async def find(  # noqa: PLR0913 - one question
        self,
        name: str,
        *,
        equals: Mapping[str, Any],
        scopes: Collection[str] | None,
        sort: str,
        after: str | None,
        limit: int,
    ) -> Page:
        """Return documents in the order of a field, and a cursor if there are more."""
        asked = _asked(equals, scopes)
        if after is not None:
            asked.append(_behind(_field(sort), *place(after)))
        order = [(_field(sort), ASCENDING), ("_id", ASCENDING)]
        home = await self._live(name)
        found = home.find({"$and": asked}).sort(order).limit(limit + 1)
        return page([each["document"] async for each in found], sort, limit)

    @reaching
    async def one(
        self, name: str, *, equals: Mapping[str, Any], scopes: Collection[str] | None
    ) -> Known | None:
        """Return the first of what `find` would, with the position that it knows."""
        asked = {"$and": _asked(equals, scopes)}
        found = await (await self._live(name)).find_one(asked, sort=[("_id", ASCENDING)])
        return Known(found["document"], found["position"]) if found else None

    @reaching
    async def position(self, source: str) -> int:  # noqa: ARG002 - there is but one
        """Return up to where the log has been taken into all documents; 0: not yet."""
        homes = {each["_id"]: each["position"] async for each in self._homes.find()}
        return min((homes.get(each, 0) for each in self.names), default=0)

    @reaching
    async def taken(self, name: str) -> Taken:
        """Return which documents of a name are live, and how far the log is in them."""
        home = await self._home(name)
        return Taken(home["generation"], home["position"], home.get("last"))

    @reaching
    async def took(self, name: str, taken: Taken) -> None:
        """Keep how far the log is in a generation, if that is still the live one."""
        live = {"_id": name, "generation": taken.generation}
        said = {"position": taken.position, "last": taken.last}
        await self._homes.update_one(live, {"$set": said})

    @reaching
    async def begin(self, name: str, made_by: str = "") -> str:
        """Make an empty generation beside the live one."""
        generation = made_by + uuid4().hex[:12]
        live = await self._homes.find_one({"_id": name})
        self._before[generation] = live["generation"] if live else None
        home = self._collection(name, generation)
        await home.create_index("territory")
        for field in sorted(set(self._asked_by.get(name, ())) - {"id"}):
            await home.create_index([(_field(field), ASCENDING), ("_id", ASCENDING)])
        return generation

    @reaching
    async def swap(self, name: str, generation: str, position: int) -> None:
        """Let a generation be the live one, as of a position, if nobody was faster."""
        before = self._before.pop(generation)
        if not await self._led(name, before, generation, position):
            await self._database.drop_collection(f"{name}.{generation}")
            return
        kept = {f"{name}.{each}" for each in (generation, before)}
        for each in await self._database.list_collection_names():
            if each.rpartition(".")[0] == name and each not in kept:
                await self._database.drop_collection(each)

    async def _led(self, name: str, before: str | None, generation: str, position: int) -> bool:
        said = {"generation": generation, "before": before, "position": position}
        if before is not None:
            live = {"_id": name, "generation": before}
            return bool((await self._homes.update_one(live, {"$set": said})).matched_count)
        try:
            await self._homes.insert_one({"_id": name, **said})
        except DuplicateKeyError:
            return False
        return True

    @reaching
    async def move(self, name: str, moves: Mapping[str, str]) -> None:
        """Take the live documents at each of these paths to another."""
        home = await self._live(name)
        for old, new in moves.items():
            await home.update_many({"territory": old}, {"$set": {"territory": new}})

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.close()

    def _collection(self, name: str, generation: str) -> AsyncCollection[Stored]:
        return self._database[f"{name}.{generation}"]

    async def _live(self, name: str) -> AsyncCollection[Stored]:
        return self._collection(name, (await self._home(name))["generation"])

    async def _home(self, name: str) -> Stored:
        home = await self._homes.find_one({"_id": name})
        if home is None:
            raise Rebuilding(name)
        return home


def _guarded(put: Put) -> tuple[UpdateOne, UpdateOne]:
    """Ensure that it is there, then write it if it is older.

    In one operation an upsert would insert it again wherever the guard says no.
    """
    nothing = {"position": -1, "territory": None, "document": None}
    said = {"position": put.position, "territory": put.territory}
    older = {"_id": put.id, "position": {"$lt": put.position}}
    return (
        UpdateOne({"_id": put.id}, {"$setOnInsert": nothing}, upsert=True),
        UpdateOne(older, {"$set": said | {"document": put.document}}),
    )


def _field(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} is the name of no field")
    return "_id" if name == "id" else f"document.{name}"


def _asked(equals: Mapping[str, Any], scopes: Collection[str] | None) -> list[Stored]:
    asked: list[Stored] = [{"document": {"$ne": None}}]
    asked += [{_field(field): value} for field, value in equals.items()]
    if scopes is not None and not everywhere(scopes):
        asked.append(_within(scopes))
    return asked


def _within(scopes: Collection[str]) -> Stored:
    # "0" follows "/": so below `25` is from `25/` up to `250`
    below = [{"territory": {"$gte": f"{each}/", "$lt": f"{each}0"}} for each in scopes]
    here = [{"territory": {"$in": list(scopes)}}]
    return {"$or": here + below}


def _behind(field: str, key: SortKey, id: str) -> Stored:  # noqa: A002 - a document has an id
    later = {field: key, "_id": {"$gt": id}}
    if key is None:  # nothing comes before the rest
        return {"$or": [{field: {"$ne": None}}, later]}
    return {"$or": [{field: {"$gt": key}}, later]}
