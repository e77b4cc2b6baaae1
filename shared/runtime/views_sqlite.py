"""Documents in a SQLite file, for the embedded world."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any
from uuid import uuid4

import msgspec

from shared.runtime.store_sqlite_file import connect, create, writing
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

TABLES = (
    """CREATE TABLE IF NOT EXISTS homes (
        name TEXT PRIMARY KEY, generation TEXT NOT NULL, before TEXT,
        position INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS documents (
        name TEXT NOT NULL, generation TEXT NOT NULL, id TEXT NOT NULL,
        position INTEGER NOT NULL, territory TEXT, document TEXT,
        PRIMARY KEY (name, generation, id)) WITHOUT ROWID""",
)
PUT = """
INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
    position = excluded.position, territory = excluded.territory,
    document = excluded.document
WHERE excluded.position > position
"""
SWAP = """
INSERT INTO homes (name, generation, before, position) SELECT ?1, ?2, ?4, ?3
WHERE ?4 IS (SELECT generation FROM homes WHERE name = ?1)
ON CONFLICT DO UPDATE SET
    before = generation, generation = excluded.generation, position = excluded.position
"""
MOVE = """
UPDATE documents SET territory = (SELECT value FROM json_each(?3) WHERE key = territory)
WHERE name = ?1 AND generation = ?2 AND territory IN (SELECT key FROM json_each(?3))
"""
FORGET = """
DELETE FROM documents WHERE name = ?1 AND generation NOT IN (
    SELECT generation FROM homes WHERE name = ?1
    UNION ALL SELECT before FROM homes WHERE name = ?1 AND before IS NOT NULL)
"""


class SqliteViews:
    """Documents of one service in one file; SQLite itself is asked in threads.

    `asked_by` are the fields of each name that lists are asked by or sorted by.
    """

    def __init__(
        self,
        path: str,
        names: Sequence[str],
        asked_by: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.names = names
        self._path = path
        self._lock = Lock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._before: dict[str, str | None] = {}
        fields = {each for fields in (asked_by or {}).values() for each in fields}
        indexes = [
            f"CREATE INDEX IF NOT EXISTS by_{field} ON documents "
            f"(name, generation, {_field(field)}, id)"
            for field in sorted(fields - {"id"})
        ]
        self._writer = create(path, [*TABLES, *indexes])
        self._widen()
        # what is lost is folded anew: no need to wait for the disk
        self._writer.execute("PRAGMA synchronous = NORMAL")

    def _widen(self) -> None:
        """Give a file of an earlier release its last column."""
        with writing(self._writer) as db:
            if "last" not in {each[1] for each in db.execute("PRAGMA table_info(homes)")}:
                db.execute("ALTER TABLE homes ADD COLUMN last TEXT")

    async def get(self, name: str, id: str) -> Document | None:  # noqa: A002 - a document has an id
        """Return a document, or None."""
        found, _ = await self.find(
            name, equals={"id": id}, scopes=None, sort="id", after=None, limit=1
        )
        return found[0] if found else None

    async def put(self, name: str, puts: Sequence[Put], *, into: str | None = None) -> None:
        """Write documents; one that is known at this position or later stays."""
        await asyncio.to_thread(self._put, name, puts, into)

    def _put(self, name: str, puts: Sequence[Put], into: str | None) -> None:
        generation = into or self._home(name)
        rows = [
            (name, generation, each.id, each.position, each.territory, _text(each))
            for each in puts
        ]
        with self._lock, writing(self._writer) as db:
            db.executemany(PUT, rows)

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
        rows = await self._asked(name, equals, scopes, (sort, after), limit + 1)
        return page([each.document for each in rows], sort, limit)

    async def one(
        self, name: str, *, equals: Mapping[str, Any], scopes: Collection[str] | None
    ) -> Known | None:
        """Return the first of what `find` would, with the position that it knows."""
        rows = await self._asked(name, equals, scopes, ("id", None), 1)
        return rows[0] if rows else None

    async def _asked(
        self,
        name: str,
        equals: Mapping[str, Any],
        scopes: Collection[str] | None,
        order: tuple[str, str | None],
        limit: int,
    ) -> list[Known]:
        sort, after = order
        asked = [_equal(field, value) for field, value in equals.items()]
        asked.append(_within(scopes))
        if after is not None:
            asked.append(_behind(sort, *place(after)))
        where = " AND ".join(["document IS NOT NULL", *(sql for sql, _ in asked)])
        sql = (
            "SELECT document, position FROM documents WHERE name = ? AND generation = "
            f"(SELECT generation FROM homes WHERE name = ?) AND {where} "
            f"ORDER BY {_field(sort)}, id LIMIT ?"
        )
        values = [name, name, *(value for _, some in asked for value in some), limit]
        return await asyncio.to_thread(self._found, name, sql, values)

    def _found(self, name: str, sql: str, values: Sequence[Any]) -> list[Known]:
        self._home(name)
        rows = self._all(sql, values)
        return [Known(msgspec.json.decode(text), position) for text, position in rows]

    async def position(self, source: str) -> int:  # noqa: ARG002 - there is but one
        """Return up to where the log has been taken into all documents; 0: not yet."""
        taken = "SELECT count(*), min(position) FROM homes"
        ((count, position),) = await asyncio.to_thread(self._all, taken)
        return position if count and count >= len(self.names) else 0

    async def taken(self, name: str) -> Taken:
        """Return which documents of a name are live, and how far the log is in them."""
        sql = "SELECT generation, position, last FROM homes WHERE name = ?"
        rows = await asyncio.to_thread(self._all, sql, [name])
        if not rows:
            raise Rebuilding(name)
        return Taken(*rows[0])

    async def took(self, name: str, taken: Taken) -> None:
        """Keep how far the log is in a generation, if that is still the live one."""
        sql = "UPDATE homes SET position = ?, last = ? WHERE name = ? AND generation = ?"
        values = [taken.position, taken.last, name, taken.generation]
        await asyncio.to_thread(self._write, sql, values)

    async def begin(self, name: str, made_by: str = "") -> str:
        """Make an empty generation beside the live one."""
        await asyncio.to_thread(self._write, FORGET, [name])
        live = self._all("SELECT generation FROM homes WHERE name = ?", [name])
        generation = made_by + uuid4().hex[:12]
        self._before[generation] = live[0][0] if live else None
        return generation

    async def swap(self, name: str, generation: str, position: int) -> None:
        """Let a generation be the live one, as of a position, if nobody was faster."""
        before = self._before.pop(generation)
        await asyncio.to_thread(self._write, SWAP, [name, generation, position, before])
        await asyncio.to_thread(self._write, FORGET, [name])

    async def move(self, name: str, moves: Mapping[str, str]) -> None:
        """Take the live documents at each of these paths to another."""
        live = await asyncio.to_thread(self._home, name)
        said = msgspec.json.encode(moves).decode()
        await asyncio.to_thread(self._write, MOVE, [name, live, said])

    async def close(self) -> None:
        """Let go of every connection."""
        with self._lock:
            self._writer.close()
        while self._idle:
            self._idle.pop().close()

    def _home(self, name: str) -> str:
        rows = self._all("SELECT generation FROM homes WHERE name = ?", [name])
        if not rows:
            raise Rebuilding(name)
        return rows[0][0]

    def _write(self, sql: str, values: Sequence[Any]) -> None:
        with self._lock, writing(self._writer) as db:
            db.execute(sql, values)

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = connect(self._path)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            self._idle.append(db)


def _text(put: Put) -> str | None:
    if put.document is None:
        return None
    return msgspec.json.encode(put.document).decode()


def _field(name: str) -> str:
    if not name.isidentifier():
        raise ValueError(f"{name!r} is the name of no field")
    return "id" if name == "id" else f"json_extract(document, '$.{name}')"


type Asked = tuple[str, list[Any]]


def _equal(field: str, value: Any) -> Asked:
    return f"{_field(field)} = ?", [value]


def _within(scopes: Collection[str] | None) -> Asked:
    if scopes is None or everywhere(scopes):
        return "true", []
    below = "territory = ? OR (territory >= ? AND territory < ?)"
    asked = " OR ".join([below] * len(scopes)) or "false"
    # "0" follows "/": so below `25` is from `25/` up to `250`
    return f"({asked})", [at for each in scopes for at in (each, f"{each}/", f"{each}0")]


def _behind(sort: str, key: SortKey, id: str) -> Asked:  # noqa: A002 - a document has an id
    field = _field(sort)
    if key is None:  # nothing comes before the rest
        return f"({field} IS NOT NULL OR id > ?)", [id]
    return f"({field} > ? OR ({field} = ? AND id > ?))", [key, key, id]
