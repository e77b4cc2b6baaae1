"""Where wrapped keys lie: a SQLite file or a PostgreSQL database, theirs alone."""

import sqlite3
from collections.abc import Collection, Sequence
from threading import Lock
from time import monotonic, sleep
from typing import NamedTuple, Protocol
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from shared.runtime.reach_postgres import NOT_WAITED_FOR, connected, postgres_away
from shared.runtime.store_log import NotMigrated
from shared.runtime.store_postgres_arrays import Byteas, Uuids, speak_arrays
from shared.runtime.store_sqlite_file import connect, create, sqlite_path, writing

NO_KEYS = "no keys in the database: run `metodika migrate`"
AT_ONCE = 1_000
"""How many keys one statement asks for."""

PATIENCE = 30.0
"""Seconds to wait for readers who hold the journal that must be emptied."""

ANSWERS_WITHIN = 10.0
"""Seconds that a database which does not answer is waited for."""


class Kept(NamedTuple):
    """A row of the shelf; without `wrapped` it is the tombstone of a key."""

    subject: UUID
    key_id: UUID
    wrapped: bytes | None


class Shelf(Protocol):
    """Keeps wrapped keys; never sees one unwrapped."""

    def master(self, mine: bytes) -> bytes:
        """Return the mark of the master key that was here first, `mine` if none was."""
        ...

    def find(self, subjects: Collection[UUID]) -> Collection[Kept]:
        """Return what is kept of these people."""
        ...

    def add(self, keys: Sequence[Kept]) -> set[UUID]:
        """Keep the keys of those who have none, in one transaction; return whose."""
        ...

    def destroy(self, subject: UUID, key_id: UUID) -> UUID:
        """Leave a tombstone and return its key id: `key_id` if there was no key."""
        ...

    def close(self) -> None:
        """Let go of every connection."""
        ...


def open_shelf(url: str) -> Shelf:
    """Open the keys' database at `sqlite://<path>` or `postgresql://…`."""
    path = sqlite_path(url)
    return SqliteShelf(path) if path else PostgresShelf(url)


def migrate_keys(url: str) -> None:
    """Make the tables of the keys, if they are not there. Safe to run several at once.

    It is no part of opening: who only uses keys may not have the right to do this.
    """
    path = sqlite_path(url)
    if path:
        create(path, SQLITE).close()
        return
    with connected(url, "KEYS_URL") as pg:
        pg.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATING])
        pg.execute(POSTGRES)


# Keys are appended by `n` and never moved, so no page holds a forgotten copy of one.
SQLITE = (
    """CREATE TABLE IF NOT EXISTS keys (
        n INTEGER PRIMARY KEY, subject BLOB NOT NULL UNIQUE, key_id BLOB NOT NULL,
        wrapped BLOB)""",
    "CREATE TABLE IF NOT EXISTS master (one INTEGER PRIMARY KEY, mark BLOB NOT NULL)",
)

ADD = (
    "INSERT INTO keys SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::bytea[])"
    " ON CONFLICT DO NOTHING RETURNING subject"
)
MIGRATING = 0x6D65746F64696B62
POSTGRES = """
CREATE TABLE IF NOT EXISTS keys (
    subject uuid PRIMARY KEY, key_id uuid NOT NULL, wrapped bytea
);
CREATE TABLE IF NOT EXISTS master (one int PRIMARY KEY, mark bytea NOT NULL);
"""


class SqliteShelf:
    """Keys in a file."""

    def __init__(self, path: str) -> None:
        self._db = connect(path)
        self._db.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        self._db.execute("PRAGMA secure_delete = ON")
        self._lock = Lock()

    def master(self, mine: bytes) -> bytes:
        try:
            with self._lock, writing(self._db) as db:
                db.execute("INSERT OR IGNORE INTO master VALUES (1, ?)", [mine])
                return db.execute("SELECT mark FROM master").fetchone()[0]
        except sqlite3.OperationalError as wrong:
            if "no such table" not in str(wrong):
                raise
            raise NotMigrated(NO_KEYS) from wrong

    def find(self, subjects: Collection[UUID]) -> Collection[Kept]:
        ids, rows = [each.bytes for each in subjects], list[tuple[bytes, bytes, bytes]]()
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            wanted = f"subject IN ({','.join('?' * len(some))})"
            with self._lock:
                rows += self._db.execute(
                    f"SELECT subject, key_id, wrapped FROM keys WHERE {wanted}", some
                )
        return [Kept(UUID(bytes=s), UUID(bytes=k), w) for s, k, w in rows]

    def add(self, keys: Sequence[Kept]) -> set[UUID]:
        adding = "INSERT OR IGNORE INTO keys (subject, key_id, wrapped) VALUES (?, ?, ?)"
        rows = [(each.subject.bytes, each.key_id.bytes, each.wrapped) for each in keys]
        with self._lock, writing(self._db) as db:
            added = [db.execute(adding, row).rowcount for row in rows]
        return {each.subject for each, new in zip(keys, added, strict=True) if new}

    def destroy(self, subject: UUID, key_id: UUID) -> UUID:
        with self._lock, writing(self._db) as db:
            db.execute(
                "INSERT OR IGNORE INTO keys (subject, key_id) VALUES (?, ?)",
                [subject.bytes, key_id.bytes],
            )
            # of the same length first: so it is written over where it lies
            for nothing in ("zeroblob(length(wrapped))", "NULL"):
                db.execute(
                    f"UPDATE keys SET wrapped = {nothing} WHERE subject = ?",
                    [subject.bytes],
                )
            gone = db.execute("SELECT key_id FROM keys WHERE subject = ?", [subject.bytes])
            key_id = UUID(bytes=gone.fetchone()[0])
        self._empty_journal()
        return key_id

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _empty_journal(self) -> None:
        deadline = monotonic() + PATIENCE
        while True:
            with self._lock:
                busy, *_ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return
            if monotonic() > deadline:
                raise TimeoutError("the key is deleted, its journal is held: try again")
            sleep(0.05)


class PostgresShelf:
    """Keys in a database, shared by the processes that may open fields."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=4,
            timeout=ANSWERS_WITHIN,
            open=True,
            kwargs={"autocommit": True},
            configure=speak_arrays,
        )

    def master(self, mine: bytes) -> bytes:
        try:
            with self._pool.connection() as pg:
                pg.execute("INSERT INTO master VALUES (1, %s) ON CONFLICT DO NOTHING", [mine])
                return pg.execute("SELECT mark FROM master").fetchall()[0][0]
        except PoolTimeout as late:
            self._pool.close(NOT_WAITED_FOR)
            raise postgres_away(self._url, "KEYS_URL") from late
        except KeyboardInterrupt:
            self._pool.close(NOT_WAITED_FOR)
            raise
        except psycopg.errors.UndefinedTable as wrong:
            raise NotMigrated(NO_KEYS) from wrong

    def find(self, subjects: Collection[UUID]) -> Collection[Kept]:
        wanted = "SELECT subject, key_id, wrapped FROM keys WHERE subject = ANY(%b)"
        with self._pool.connection() as pg:
            rows = pg.execute(wanted, [Uuids(list(subjects))], binary=True)
            return [Kept(*row) for row in rows]

    def add(self, keys: Sequence[Kept]) -> set[UUID]:
        columns = [
            Uuids([each.subject for each in keys]),
            Uuids([each.key_id for each in keys]),
            Byteas([each.wrapped for each in keys]),
        ]
        with self._pool.connection() as pg:
            return {subject for (subject,) in pg.execute(ADD, columns, binary=True)}

    def destroy(self, subject: UUID, key_id: UUID) -> UUID:
        with self._pool.connection() as pg:
            gone = pg.execute(
                "INSERT INTO keys (subject, key_id) VALUES (%s, %s) ON CONFLICT (subject)"
                " DO UPDATE SET wrapped = NULL RETURNING key_id",
                [subject, key_id],
            )
            return gone.fetchall()[0][0]

    def close(self) -> None:
        self._pool.close()
