"""A SQLite file, and the tables of a log in it."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

from uuid_utils.compat import uuid7

from shared.runtime.store_log import SCHEMA, NotMigrated

SCHEME = "sqlite://"


def sqlite_path(url: str) -> str | None:
    """Return the file of `sqlite://<path>`, or None of another URL."""
    return url.removeprefix(SCHEME) if url.startswith(SCHEME) else None


def connect(path: str, *, create: bool = False) -> sqlite3.Connection:
    """Open a file, of which each commit is on the disk before it returns.

    Raises `NotMigrated` when there is no such file.
    """
    mode = "rwc" if create else "rw"
    try:
        db = sqlite3.connect(
            f"{Path(path).absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=30.0,
            isolation_level=None,
            check_same_thread=False,
        )
        db.execute("PRAGMA synchronous = FULL")
    except sqlite3.OperationalError as wrong:
        if create or Path(path).exists():
            raise
        raise NotMigrated(f"there is no {path}: run `metodika migrate`") from wrong
    return db


def create(path: str, statements: Sequence[str]) -> sqlite3.Connection:
    """Make a file, or open it, with these tables in it. Several may do so at once."""
    Path(path).absolute().parent.mkdir(parents=True, exist_ok=True)
    db = connect(path, create=True)
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as wrong:  # this alone does not wait
            if wrong.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            sleep(0.01)
    with writing(db):
        for statement in statements:
            db.execute(statement)
    return db


@contextmanager
def writing(db: sqlite3.Connection) -> Generator[sqlite3.Connection]:
    """Do all of it, or nothing; nobody else writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def parameters(n: int) -> str:
    """Return how so many parameters are written in a statement."""
    return ",".join("?" * n)


def insert(db: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Write rows into a table."""
    _write(db, f"INSERT INTO {table}", rows)


def replace(db: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    """Write rows into a table, each instead of the one that has its key."""
    _write(db, f"INSERT OR REPLACE INTO {table}", rows)


def _write(db: sqlite3.Connection, into: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        db.executemany(f"{into} VALUES ({parameters(len(rows[0]))})", rows)


TABLES = (
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS head (
        one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL,
        epoch BLOB NOT NULL, position INTEGER NOT NULL, recorded_at INTEGER)""",
    """CREATE TABLE IF NOT EXISTS log_epoch (
        n INTEGER PRIMARY KEY, epoch BLOB NOT NULL UNIQUE, parent BLOB,
        branched_at_position INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS records (
        position INTEGER PRIMARY KEY, epoch BLOB NOT NULL, recorded_at INTEGER NOT NULL,
        event_id BLOB NOT NULL UNIQUE, stream BLOB NOT NULL, version INTEGER NOT NULL,
        name TEXT NOT NULL, schema INTEGER NOT NULL, territory TEXT, region TEXT,
        meta BLOB NOT NULL, data BLOB NOT NULL, leaf BLOB NOT NULL,
        UNIQUE (stream, version))""",
    """CREATE INDEX IF NOT EXISTS records_by_region ON records (region, position)
        WHERE region IS NOT NULL""",
    """CREATE TABLE IF NOT EXISTS commands (
        command_id BLOB PRIMARY KEY, body_hmac BLOB NOT NULL, outcome BLOB NOT NULL,
        position INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS claims (
        kind TEXT NOT NULL, key_hmac BLOB NOT NULL, holder BLOB NOT NULL,
        PRIMARY KEY (kind, key_hmac)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS claims_by_holder ON claims (holder, kind)",
    """CREATE TABLE IF NOT EXISTS known (
        kind TEXT NOT NULL, about BLOB NOT NULL, history BLOB NOT NULL,
        PRIMARY KEY (kind, about)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS marks (
        source TEXT PRIMARY KEY, epoch BLOB NOT NULL, position INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS parked (
        source TEXT NOT NULL, position INTEGER NOT NULL, epoch BLOB NOT NULL,
        stream BLOB NOT NULL, name TEXT NOT NULL, wire BLOB NOT NULL,
        error TEXT NOT NULL, attempts INTEGER NOT NULL, retry_at INTEGER NOT NULL,
        PRIMARY KEY (source, position))""",
    """CREATE TABLE IF NOT EXISTS skipped (
        n INTEGER PRIMARY KEY, source TEXT NOT NULL, position INTEGER NOT NULL,
        epoch BLOB NOT NULL, stream BLOB NOT NULL, name TEXT NOT NULL,
        error TEXT NOT NULL, attempts INTEGER NOT NULL, skipped_at INTEGER NOT NULL,
        skipped_by TEXT NOT NULL, reason TEXT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS readers (
        reader TEXT PRIMARY KEY, position INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS checkpoints (
        size INTEGER PRIMARY KEY, origin TEXT NOT NULL, root BLOB NOT NULL,
        frontier BLOB NOT NULL)""",
)


def migrate_sqlite(path: str, source: str) -> None:
    """Make the tables of a log and its first epoch, if they are not there.

    The tables of an earlier release become this one's; those of a later one stay its own.
    """
    db = create(path, TABLES)
    with writing(db):
        db.execute("UPDATE schema_version SET version = max(version, ?)", [SCHEMA])
        if not db.execute("SELECT 1 FROM head").fetchone():
            epoch = uuid7().bytes
            db.execute("INSERT INTO schema_version VALUES (?)", [SCHEMA])
            db.execute("INSERT INTO head VALUES (1, ?, ?, 0, NULL)", [source, epoch])
            db.execute("INSERT INTO log_epoch VALUES (1, ?, NULL, 0)", [epoch])
    db.close()
