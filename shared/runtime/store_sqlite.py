"""A log in a SQLite file: one writer, readers beside it (contracts §2, §4)."""

import sqlite3
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any
from uuid import UUID

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
from shared.runtime.store_log import (
    RECORD,
    WHOLE,
    Epoch,
    Lease,
    LogStore,
    NotMigrated,
    Still,
    befores,
    require_schema,
    within,
)
from shared.runtime.store_parked import parked_of, skipped_of
from shared.runtime.store_sqlite_append import HEAD, append_unit, epoch_of, head_of
from shared.runtime.store_sqlite_file import connect, insert, parameters, replace, writing
from shared.runtime.tree import Checkpoint, micros, moment

AT_ONCE = 1_000
"""How many things one statement asks for."""

MISFILED = """SELECT position, event_id FROM records
    WHERE region IS NOT substr(territory, 1, instr(territory || '/', '/') - 1)
    ORDER BY position LIMIT 1"""
ANSWERS = "SELECT * FROM commands WHERE command_id IN ({})"
HOLDERS = (
    "WITH asked(k, h) AS (VALUES {}) SELECT kind, key_hmac, holder"
    " FROM asked CROSS JOIN claims ON kind = k AND key_hmac = h"
)
KNOWN = (
    "WITH asked(k, i) AS (VALUES {}) SELECT kind, about, history"
    " FROM asked CROSS JOIN known ON kind = k AND about = i"
)

SKIP = (
    "INSERT INTO skipped SELECT NULL, source, position, epoch, stream, name, error,"
    " attempts, ?, ?, ? FROM parked WHERE source = ? AND position = ?"
)


class SqliteStore(LogStore):
    """A log in a file that `migrate_sqlite` made. Raises `NotMigrated` if it is not."""

    def __init__(self, path: str, source: str) -> None:
        super().__init__(source)
        self._path = path
        self._lock = Lock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer = connect(path)
        try:
            found = "SELECT version, source FROM schema_version, head"
            ((version, mine),) = self._writer.execute(found)
            require_schema(version, mine, source)
        except BaseException as wrong:
            self._writer.close()
            if "no such table" in str(wrong):
                raise NotMigrated(f"no log in {path}: run `metodika migrate`") from wrong
            raise

    def append(self, unit: Unit) -> Head:
        before = befores(unit)
        with self._lock, writing(self._writer) as db:
            head = append_unit(db, self.source, unit, before)
        return self._appended(unit, head)

    def head(self) -> Head:
        return head_of(*self._all(HEAD)[0])

    def _head_of(self, position: int) -> Head:
        at = "SELECT epoch, position, recorded_at FROM records WHERE position = ?"
        return head_of(*self._all(at, [position])[0])

    def read(
        self,
        after: int,
        limit: int,
        *,
        names: Collection[str] = (),
        scopes: Collection[str] | None = None,
    ) -> Sequence[Record]:
        named = f" AND name IN ({parameters(len(names))})" if names else ""
        where, territories = within(scopes, "?")
        rows = self._all(
            f"{RECORD} WHERE position > ?{named}{where} ORDER BY position LIMIT ?",
            [after, *names, *territories, limit],
        )
        return [self._as_record(*row) for row in rows]

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[Record]]:
        found: dict[UUID, list[Record]] = {}
        for row in self._among("stream", ids, " ORDER BY stream, version"):
            record = self._as_record(*row)
            found.setdefault(record.stream, []).append(record)
        return found

    def events(self, ids: Collection[UUID]) -> dict[UUID, Record]:
        records = (self._as_record(*row) for row in self._among("event_id", ids))
        return {record.event_id: record for record in records}

    def _among(self, column: str, ids: Collection[UUID], order: str = "") -> list[Any]:
        sql = f"{RECORD} WHERE {column} IN ({{}}){order}"
        return self._in_parts(sql, [(each.bytes,) for each in dict.fromkeys(ids)])

    def answers(self, ids: Collection[UUID]) -> dict[UUID, Answered]:
        asked = [(each.bytes,) for each in dict.fromkeys(ids)]
        answered = (
            Answered(command_id=UUID(bytes=id_), body_hmac=h, outcome=o, position=p)
            for id_, h, o, p in self._in_parts(ANSWERS, asked)
        )
        return {each.command_id: each for each in answered}

    def holders(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        rows = self._in_parts(HOLDERS, list(dict.fromkeys(keys)))
        return {(kind, key): UUID(bytes=holder) for kind, key, holder in rows}

    def known(self, keys: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], bytes]:
        asked = [(kind, about.bytes) for kind, about in dict.fromkeys(keys)]
        rows = self._in_parts(KNOWN, asked)
        return {(kind, UUID(bytes=about)): history for kind, about, history in rows}

    def marks(self) -> dict[str, Mark]:
        rows = self._all("SELECT source, epoch, position FROM marks")
        return {source: Mark(source, UUID(bytes=e), p) for source, e, p in rows}

    def adopt(
        self, *marks: Mark, known: Sequence[Learned] = (), instead_of: Collection[str] = ()
    ) -> None:
        behind = "DELETE FROM parked WHERE source = ? AND position > ?"
        with self._lock, writing(self._writer) as db:
            replace(db, "marks", [(m.source, m.epoch.bytes, m.position) for m in marks])
            db.executemany(behind, [(each.source, each.position) for each in marks])
            db.executemany("DELETE FROM known WHERE kind = ?", [(k,) for k in instead_of])
            replace(db, "known", [(k.kind, k.about.bytes, k.history) for k in known])

    def parked(self) -> Sequence[Parked]:
        rows = self._all("SELECT * FROM parked ORDER BY source, position")
        return [parked_of(row) for row in rows]

    def skip(self, parked: Parked, *, at: datetime, by: str, reason: str) -> None:
        which = [parked.source, parked.position]
        with self._lock, writing(self._writer) as db:
            if not db.execute(SKIP, [micros(at), by, reason, *which]).rowcount:
                raise Conflict("parked", f"{parked.source} {parked.position}")
            db.execute("DELETE FROM parked WHERE source = ? AND position = ?", which)

    def skipped(self) -> Sequence[Skipped]:
        return [skipped_of(row) for row in self._all("SELECT * FROM skipped ORDER BY n")]

    def forget(self, kind: str, holder: UUID) -> None:
        with self._lock, writing(self._writer) as db:
            gone = "DELETE FROM claims WHERE kind = ? AND holder = ?"
            db.execute(gone, [kind, holder.bytes])

    def damage(self) -> str | None:
        try:
            said = self._all("PRAGMA integrity_check(1)")[0][0]
        except sqlite3.DatabaseError as wrong:
            return str(wrong)
        return None if said == "ok" else said

    def misfiled(self) -> tuple[int, UUID] | None:
        found = self._all(MISFILED)
        return (found[0][0], UUID(bytes=found[0][1])) if found else None

    def epochs(self) -> Sequence[Epoch]:
        rows = self._all("SELECT epoch, parent, branched_at_position FROM log_epoch ORDER BY n")
        return [Epoch(epoch_of(e), p and UUID(bytes=p), at) for e, p, at in rows]

    def new_epoch(self, parent: UUID) -> Epoch:
        with self._lock, writing(self._writer) as db:
            ((epoch, position, _),) = db.execute(HEAD)
            if parent.bytes != epoch:
                raise Conflict("epoch", self.source)
            new = Epoch(uuid7(), parent, position)
            row = (None, new.epoch.bytes, parent.bytes, position)
            insert(db, "log_epoch", [row])
            db.execute("UPDATE head SET epoch = ?", [new.epoch.bytes])
        return new

    def saved(self, reader: str) -> int:
        at = self._all("SELECT position FROM readers WHERE reader = ?", [reader])
        return at[0][0] if at else 0

    def save(self, reader: str, position: int) -> None:
        with self._lock, writing(self._writer) as db:
            replace(db, "readers", [(reader, position)])

    def checkpoints(self) -> Sequence[Checkpoint]:
        rows = self._all("SELECT * FROM checkpoints ORDER BY size")
        return [
            Checkpoint(origin=origin, size=size, root=root, frontier=frontier)
            for size, origin, root, frontier in rows
        ]

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        size, root = checkpoint.size, checkpoint.root
        with self._lock, writing(self._writer) as db:
            there = db.execute("SELECT root FROM checkpoints WHERE size = ?", [size])
            roots = [*there.fetchall(), (root,)]
            if roots[0] != (root,):
                raise Conflict("checkpoint", f"{self.source} {size}")
            row = (size, checkpoint.origin, root, checkpoint.frontier)
            replace(db, "checkpoints", [row])

    @contextmanager
    def lease(self) -> Generator[Lease | None]:
        # a lock on a file of its own: let go by the system when the process dies
        db = sqlite3.connect(f"{self._path}-lease", timeout=0, isolation_level=None)
        try:
            yield _FileLease() if _locked(db) else None
        finally:
            db.close()

    @contextmanager
    def still(self) -> Generator[Still]:
        db = connect(self._path)
        try:
            db.execute("BEGIN")  # the first look fixes what is seen
            yield _Still(self, db)
        finally:
            db.close()

    def close(self) -> None:
        with self._lock:
            self._writer.close()
        while self._idle:
            self._idle.pop().close()

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = connect(self._path)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            self._idle.append(db)

    def _in_parts(self, sql: str, keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        rows: list[Any] = []
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            one = "?" if len(some[0]) == 1 else f"({parameters(len(some[0]))})"
            asked = sql.format(",".join([one] * len(some)))
            rows += self._all(asked, [value for key in some for value in key])
        return rows

    def _as_record(self, *row: Any) -> Record:
        position, epoch, at, event_id, stream, version, name, schema, *rest = row
        territory, meta, data, leaf = rest
        return Record(
            source=self.source,
            epoch=epoch_of(epoch),
            position=position,
            recorded_at=_moment(at),
            event_id=UUID(bytes=event_id),
            stream=UUID(bytes=stream),
            version=version,
            name=name,
            schema=schema,
            territory=territory,
            meta=meta,
            data=data,
            leaf=leaf,
        )


class _Still(SqliteStore):
    """The log as one transaction sees it; it is read alone, by one thread."""

    def __init__(self, of: SqliteStore, db: sqlite3.Connection) -> None:
        LogStore.__init__(self, of.source)
        self._db = db

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        yield from self._db.execute(f"SELECT * FROM {table} ORDER BY {WHOLE[table]}")

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._db.execute(sql, values).fetchall()


class _FileLease:
    def alive(self) -> bool:
        return True


def _locked(db: sqlite3.Connection) -> bool:
    try:
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as wrong:
        if wrong.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


_moment = lru_cache(1_000)(moment)
