"""A log in PostgreSQL: one round trip to append, one lock, no table lock (traps.md)."""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.numeric import Int8
from psycopg_pool import ConnectionPool, PoolTimeout
from uuid_utils.compat import uuid7

from shared.runtime.log import (
    Answered,
    Conflict,
    Head,
    Learned,
    Mark,
    Parked,
    Record,
    Skipped,
    Unit,
)
from shared.runtime.reach_postgres import NOT_WAITED_FOR, patient, postgres_away
from shared.runtime.store_log import (
    PAGE,
    RECORD,
    WHOLE,
    Epoch,
    Lease,
    LogStore,
    NotMigrated,
    Still,
    require_schema,
    within,
)
from shared.runtime.store_parked import parked_of, skipped_of
from shared.runtime.store_postgres_append import append_unit, arguments_of
from shared.runtime.store_postgres_arrays import Byteas, Texts, Uuids, speak_arrays
from shared.runtime.store_postgres_one import Connection, is_one
from shared.runtime.store_postgres_tables import APPENDING, RELAYING
from shared.runtime.tree import Checkpoint, micros, moment

PATIENCE = 10.0
"""Seconds that a database which does not answer is waited for."""

MISFILED = (
    "SELECT position, event_id FROM records"
    " WHERE region IS DISTINCT FROM split_part(territory, '/', 1)"
    " ORDER BY position LIMIT 1"
)
HOLDERS = (
    "SELECT kind, key_hmac, holder FROM unnest(%b, %b) AS asked (kind, key_hmac)"
    " JOIN claims USING (kind, key_hmac)"
)
KNOWN = (
    "SELECT kind, about, history FROM unnest(%b, %b) AS asked (kind, about)"
    " JOIN known USING (kind, about)"
)

MARK = (
    "INSERT INTO marks VALUES (%s, %s, %s) ON CONFLICT (source) DO UPDATE"
    " SET epoch = excluded.epoch, position = excluded.position"
)
BEHIND = "DELETE FROM parked WHERE source = %s AND position > %s"
KNOW = (
    "INSERT INTO known VALUES (%s, %s, %s) ON CONFLICT (kind, about) DO UPDATE"
    " SET history = excluded.history"
)

SKIP = (
    "WITH gone AS (DELETE FROM parked WHERE source = %s AND position = %s RETURNING *)"
    " INSERT INTO skipped (source, position, epoch, stream, name, error, attempts,"
    " skipped_at, skipped_by, reason) SELECT source, position, epoch, stream, name, error,"
    " attempts, %s, %s, %s FROM gone RETURNING n"
)


class PostgresStore(LogStore):
    """A log in a database that `migrate_postgres` made; else raises `NotMigrated`.

    `url` is a connection string of libpq, TLS and all. Raises `Unreachable`.
    """

    def __init__(self, url: str, source: str, *, connections: int) -> None:
        super().__init__(source)
        self._url = url
        self._pool = ConnectionPool(
            url,
            connection_class=Connection,
            min_size=1,
            max_size=connections,
            open=True,
            timeout=PATIENCE,
            kwargs={"autocommit": True},
            configure=_configure,
        )
        try:
            self._pool.wait(self._pool.timeout)  # or it grows, to answer the first question
            found = self._all("SELECT version, source FROM schema_version, head")
            ((version, mine),) = found
            require_schema(version, mine, source)
        except PoolTimeout as late:  # each try failed, and only the last is told why
            self._pool.close(NOT_WAITED_FOR)
            raise postgres_away(url, "STORE_URL") from late
        except psycopg.errors.UndefinedTable as wrong:
            self._pool.close()
            missing = f"no log of {source} in the database: run `metodika migrate`"
            raise NotMigrated(missing) from wrong
        except BaseException:
            self._pool.close(NOT_WAITED_FOR)
            raise

    def append(self, unit: Unit) -> Head:
        return self._append(unit)

    def ready(self, unit: Unit) -> Callable[[], Head]:
        return partial(self._append, unit, () if is_one(unit) else arguments_of(unit))

    def _append(self, unit: Unit, arguments: Sequence[Any] = ()) -> Head:
        with self._pool.connection() as pg:
            head = _head(*append_unit(pg, unit, arguments))
        return self._appended(unit, head)

    def head(self) -> Head:
        return _head(*self._all("SELECT epoch, position, recorded_at FROM head")[0])

    def _head_of(self, position: int) -> Head:
        at = "SELECT epoch, position, recorded_at FROM records WHERE position = %b"
        return _head(*self._all(at, [Int8(position)])[0])

    def read(
        self,
        after: int,
        limit: int,
        *,
        names: Collection[str] = (),
        scopes: Collection[str] | None = None,
    ) -> Sequence[Record]:
        named = " AND name = ANY(%b)" if names else ""
        where, territories = within(scopes, "%b::text")
        rows = self._all(
            f"{RECORD} WHERE position > %b{named}{where} ORDER BY position LIMIT %b",
            [
                Int8(after),
                *([Texts(list(names))] if names else []),
                *territories,
                Int8(limit),
            ],
        )
        return [self._as_record(*row) for row in rows]

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[Record]]:
        found: dict[UUID, list[Record]] = {}
        sql = f"{RECORD} WHERE stream = ANY(%b) ORDER BY stream, version"
        for row in self._all(sql, [Uuids(list(ids))]):
            record = self._as_record(*row)
            found.setdefault(record.stream, []).append(record)
        return found

    def events(self, ids: Collection[UUID]) -> dict[UUID, Record]:
        rows = self._all(f"{RECORD} WHERE event_id = ANY(%b)", [Uuids(list(ids))])
        return {(record := self._as_record(*row)).event_id: record for row in rows}

    def answers(self, ids: Collection[UUID]) -> dict[UUID, Answered]:
        sql = "SELECT * FROM commands WHERE command_id = ANY(%b)"
        return {
            id_: Answered(command_id=id_, body_hmac=hmac, outcome=outcome, position=position)
            for id_, hmac, outcome, position in self._all(sql, [Uuids(list(ids))])
        }

    def holders(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        kinds, hmacs = [kind for kind, _ in keys], [hmac for _, hmac in keys]
        rows = self._all(HOLDERS, [Texts(kinds), Byteas(hmacs)])
        return {(kind, hmac): holder for kind, hmac, holder in rows}

    def known(self, keys: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], bytes]:
        kinds, ids = [kind for kind, _ in keys], [about for _, about in keys]
        rows = self._all(KNOWN, [Texts(kinds), Uuids(ids)])
        return {(kind, about): history for kind, about, history in rows}

    def marks(self) -> dict[str, Mark]:
        rows = self._all("SELECT source, epoch, position FROM marks")
        return {row[0]: Mark(*row) for row in rows}

    def adopt(
        self, *marks: Mark, known: Sequence[Learned] = (), instead_of: Collection[str] = ()
    ) -> None:
        with self._pool.connection() as pg, pg.transaction(), pg.cursor() as sql:
            sql.executemany(MARK, [(each.source, each.epoch, each.position) for each in marks])
            sql.executemany(BEHIND, [(each.source, each.position) for each in marks])
            sql.execute("DELETE FROM known WHERE kind = ANY(%s)", [list(instead_of)])
            sql.executemany(KNOW, [(each.kind, each.about, each.history) for each in known])

    def parked(self) -> Sequence[Parked]:
        rows = self._all("SELECT * FROM parked ORDER BY source, position")
        return [parked_of(row) for row in rows]

    def skip(self, parked: Parked, *, at: datetime, by: str, reason: str) -> None:
        which = [parked.source, parked.position]
        if not self._all(SKIP, [*which, micros(at), by, reason]):
            raise Conflict("parked", f"{parked.source} {parked.position}")

    def skipped(self) -> Sequence[Skipped]:
        return [skipped_of(row) for row in self._all("SELECT * FROM skipped ORDER BY n")]

    def forget(self, kind: str, holder: UUID) -> None:
        self._do("DELETE FROM claims WHERE kind = %s AND holder = %s", [kind, holder])

    def damage(self) -> str | None:
        return None  # pages have checksums of their own: `pg_amcheck` and `pg_checksums`

    def misfiled(self) -> tuple[int, UUID] | None:
        found = self._all(MISFILED, [])
        return (found[0][0], found[0][1]) if found else None

    def epochs(self) -> Sequence[Epoch]:
        rows = self._all("SELECT epoch, parent, branched_at_position FROM log_epoch ORDER BY n")
        return [Epoch(*row) for row in rows]

    def new_epoch(self, parent: UUID) -> Epoch:
        with self._pool.connection() as pg, pg.transaction():
            pg.execute("SELECT pg_advisory_xact_lock(%s)", [APPENDING])
            moved = pg.execute(
                "UPDATE head SET epoch = %s WHERE epoch = %s RETURNING position",
                [epoch := uuid7(), parent],
            ).fetchone()
            if moved is None:
                raise Conflict("epoch", self.source)
            pg.execute(
                "INSERT INTO log_epoch (epoch, parent, branched_at_position)"
                " VALUES (%s, %s, %s)",
                [epoch, parent, *moved],
            )
        return Epoch(epoch, parent, *moved)

    def saved(self, reader: str) -> int:
        at = self._all("SELECT position FROM readers WHERE reader = %s", [reader])
        return at[0][0] if at else 0

    def save(self, reader: str, position: int) -> None:
        self._do(
            "INSERT INTO readers VALUES (%s, %s)"
            " ON CONFLICT (reader) DO UPDATE SET position = excluded.position",
            [reader, position],
        )

    def checkpoints(self) -> Sequence[Checkpoint]:
        rows = self._all("SELECT * FROM checkpoints ORDER BY size")
        return [
            Checkpoint(origin=origin, size=size, root=root, frontier=frontier)
            for size, origin, root, frontier in rows
        ]

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        size, root = checkpoint.size, checkpoint.root
        row = [size, checkpoint.origin, root, checkpoint.frontier]
        self._do("INSERT INTO checkpoints VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", row)
        there = self._all("SELECT root FROM checkpoints WHERE size = %s", [size])
        if there != [(root,)]:
            raise Conflict("checkpoint", f"{self.source} {size}")

    @contextmanager
    def lease(self) -> Generator[Lease | None]:
        with psycopg.connect(patient(self._url), autocommit=True) as pg:
            sql = "SELECT pg_try_advisory_lock(%s)"
            ((mine,),) = pg.execute(sql, [RELAYING]).fetchall()
            try:
                yield _SessionLease(pg) if mine else None
            finally:  # a session that was closed holds its locks for a moment yet
                with suppress(psycopg.Error):
                    pg.execute("SELECT pg_advisory_unlock_all()")

    @contextmanager
    def still(self) -> Generator[Still]:
        with self._pool.connection() as pg, pg.transaction():
            pg.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield _Still(self, pg)

    def close(self) -> None:
        self._pool.close()

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._pool.connection() as pg:
            return pg.execute(sql.encode(), values, binary=True).fetchall()

    def _do(self, sql: str, values: Sequence[Any]) -> None:
        with self._pool.connection() as pg:
            pg.execute(sql.encode(), values)

    def _as_record(self, *row: Any) -> Record:
        position, epoch, at, event_id, stream, version, name, schema, *rest = row
        territory, meta, data, leaf = rest
        return Record(
            source=self.source,
            epoch=epoch,
            position=position,
            recorded_at=_moment(at),
            event_id=event_id,
            stream=stream,
            version=version,
            name=name,
            schema=schema,
            territory=territory,
            meta=meta,
            data=data,
            leaf=leaf,
        )


def _configure(pg: Connection) -> None:
    speak_arrays(pg)
    pg.execute("SET enable_seqscan = off")  # a plan made while a table is small outlives it


class _Still(PostgresStore):
    """The log as one transaction sees it; it is read alone, by one thread."""

    def __init__(self, of: PostgresStore, pg: Connection) -> None:
        LogStore.__init__(self, of.source)
        self._pg = pg

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        said = f"SELECT * FROM {table} ORDER BY {WHOLE[table]}".encode()
        with psycopg.ServerCursor(self._pg, f"rows of {table}") as cursor:
            cursor.itersize = PAGE
            yield from cursor.execute(said, binary=True)

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._pg.execute(sql.encode(), values, binary=True).fetchall()


class _SessionLease:
    def __init__(self, pg: psycopg.Connection[Any]) -> None:
        self._pg = pg

    def alive(self) -> bool:
        try:
            self._pg.execute("SELECT 1")
        except psycopg.OperationalError:  # the answer: with the session went the lock
            return False
        return True


_moment = lru_cache(1_000)(moment)


def _head(epoch: UUID, position: int, at: int | None) -> Head:
    return Head(epoch, position, None if at is None else moment(at))
