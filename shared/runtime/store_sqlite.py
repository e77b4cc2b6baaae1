"""A log in a SQLite file: one writer, readers beside it (contracts §2, §4)."""

import sqlite3
from collections import deque
from collections.abc import Collection, Generator, Sequence
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
    Mark,
    Parked,
    Record,
    Skipped,
    Unit,
)
from shared.runtime.store_log import (
    Epoch,
    Lease,
    LogStore,
    NotMigrated,
    befores,
    last_marks,
    position_of,
    region_of,
    require_schema,
    which_key,
    within,
)
from shared.runtime.store_parked import parked_of, skipped_of
from shared.runtime.store_sqlite_file import connect, writing
from shared.runtime.tree import Checkpoint, leaf_of, micros, moment

AT_ONCE = 1_000
"""How many things one statement asks for."""

HEAD = "SELECT epoch, position, recorded_at FROM head"
RECORD = (
    "SELECT position, epoch, recorded_at, event_id, stream, version, name, schema,"
    " territory, meta, data, leaf FROM records"
)
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
            ((epoch, position, at),) = db.execute(HEAD)
            _require_free(db, unit, before)
            head = self._record(db, unit, _epoch(epoch), position, at)
            _keep(db, unit, position, head)
        return self._appended(unit, head)

    def _record(
        self, db: sqlite3.Connection, unit: Unit, epoch: UUID, start: int, last: int | None
    ) -> Head:
        if not unit.facts:
            return _head(epoch.bytes, start, last)
        at = max(micros(unit.now), last or 0)
        rows: list[tuple[Any, ...]] = []
        for position, each in enumerate(unit.facts, start + 1):
            leaf = leaf_of(
                source=self.source,
                epoch=epoch,
                position=position,
                stream=each.stream,
                version=each.version,
                name=each.name,
                schema=each.schema,
                recorded_at=at,
                meta=each.meta,
                data=each.data,
            )
            when = position, epoch.bytes, at, each.event_id.bytes
            what = each.stream.bytes, each.version, each.name, each.schema
            where = each.territory, region_of(each.territory)
            rows.append((*when, *what, *where, each.meta, each.data, leaf))
        _insert(db, "records", rows)
        end = start + len(rows)
        db.execute("UPDATE head SET position = ?, recorded_at = ?", [end, at])
        return Head(epoch, end, moment(at))

    def head(self) -> Head:
        return _head(*self._all(HEAD)[0])

    def _head_of(self, position: int) -> Head:
        at = "SELECT epoch, position, recorded_at FROM records WHERE position = ?"
        return _head(*self._all(at, [position])[0])

    def read(
        self,
        after: int,
        limit: int,
        *,
        names: Collection[str] = (),
        scopes: Collection[str] | None = None,
    ) -> Sequence[Record]:
        named = f" AND name IN ({_marks(len(names))})" if names else ""
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

    def adopt(self, mark: Mark) -> None:
        with self._lock, writing(self._writer) as db:
            _replace(db, "marks", [(mark.source, mark.epoch.bytes, mark.position)])

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
        return [Epoch(_epoch(e), p and UUID(bytes=p), at) for e, p, at in rows]

    def new_epoch(self, parent: UUID) -> Epoch:
        with self._lock, writing(self._writer) as db:
            ((epoch, position, _),) = db.execute(HEAD)
            if parent.bytes != epoch:
                raise Conflict("epoch", self.source)
            new = Epoch(uuid7(), parent, position)
            row = (None, new.epoch.bytes, parent.bytes, position)
            _insert(db, "log_epoch", [row])
            db.execute("UPDATE head SET epoch = ?", [new.epoch.bytes])
        return new

    def saved(self, reader: str) -> int:
        at = self._all("SELECT position FROM readers WHERE reader = ?", [reader])
        return at[0][0] if at else 0

    def save(self, reader: str, position: int) -> None:
        with self._lock, writing(self._writer) as db:
            _replace(db, "readers", [(reader, position)])

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
            _replace(db, "checkpoints", [row])

    @contextmanager
    def lease(self) -> Generator[Lease | None]:
        # a lock on a file of its own: let go by the system when the process dies
        db = sqlite3.connect(f"{self._path}-lease", timeout=0, isolation_level=None)
        try:
            yield _FileLease() if _locked(db) else None
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
            one = "?" if len(some[0]) == 1 else f"({_marks(len(some[0]))})"
            asked = sql.format(",".join([one] * len(some)))
            rows += self._all(asked, [value for key in some for value in key])
        return rows

    def _as_record(self, *row: Any) -> Record:
        position, epoch, at, event_id, stream, version, name, schema, *rest = row
        territory, meta, data, leaf = rest
        return Record(
            source=self.source,
            epoch=_epoch(epoch),
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


@lru_cache(4)
def _epoch(epoch: bytes) -> UUID:
    return UUID(bytes=epoch)


_moment = lru_cache(1_000)(moment)


def _head(epoch: bytes, position: int, at: int | None) -> Head:
    return Head(_epoch(epoch), position, None if at is None else moment(at))


def _marks(n: int) -> str:
    return ",".join("?" * n)


def _insert(db: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    _write(db, f"INSERT INTO {table}", rows)


def _replace(db: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    _write(db, f"INSERT OR REPLACE INTO {table}", rows)


def _write(db: sqlite3.Connection, into: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        db.executemany(f"{into} VALUES ({_marks(len(rows[0]))})", rows)


def _require_free(db: sqlite3.Connection, unit: Unit, before: dict[UUID, int]) -> None:
    """Raise `Conflict` if anything that the unit takes is taken already."""
    for mark in last_marks(unit):
        heard = "SELECT epoch, position FROM marks WHERE source = ?"
        for epoch, position in db.execute(heard, [mark.source]):
            if epoch != mark.epoch.bytes:
                raise Conflict("epoch", mark.source)
            if position >= mark.position:
                raise Conflict("mark", mark.source)
    for each in unit.answers:
        answered = "SELECT 1 FROM commands WHERE command_id = ?"
        if db.execute(answered, [each.command_id.bytes]).fetchone():
            raise Conflict("command", str(each.command_id))
    for stream, version in before.items():
        latest = "SELECT coalesce(max(version), 0) FROM records WHERE stream = ?"
        if db.execute(latest, [stream.bytes]).fetchone() != (version,):
            raise Conflict("stream", str(stream))


def _keep(db: sqlite3.Connection, unit: Unit, start: int, head: Head) -> None:
    """Write all that is no fact."""
    answered = [
        (a.command_id.bytes, a.body_hmac, a.outcome, position_of(a, start, head))
        for a in unit.answers
    ]
    _insert(db, "commands", answered)
    db.executemany(
        "DELETE FROM claims WHERE kind = ? AND key_hmac = ? AND holder = ?",
        [(key.kind, key.key_hmac, key.holder.bytes) for key in unit.releases],
    )
    _claim(db, unit)
    _replace(db, "known", [(k.kind, k.about.bytes, k.history) for k in unit.known])
    marks = [(m.source, m.epoch.bytes, m.position) for m in last_marks(unit)]
    _replace(db, "marks", marks)
    _unpark(db, unit)
    parked = [
        (
            *(p.source, p.position, p.epoch.bytes, p.stream.bytes, p.name, p.wire),
            *(p.error, p.attempts, micros(p.retry_at)),
        )
        for p in unit.parked
    ]
    _replace(db, "parked", parked)


def _unpark(db: sqlite3.Connection, unit: Unit) -> None:
    for source, position in unit.unparked:
        gone = "DELETE FROM parked WHERE source = ? AND position = ?"
        if not db.execute(gone, [source, position]).rowcount:
            raise Conflict("parked", f"{source} {position}")


def _claim(db: sqlite3.Connection, unit: Unit) -> None:
    for key in unit.claims:
        db.execute(
            "INSERT OR IGNORE INTO claims VALUES (?, ?, ?)",
            [key.kind, key.key_hmac, key.holder.bytes],
        )
        held = "SELECT holder FROM claims WHERE kind = ? AND key_hmac = ?"
        if db.execute(held, [key.kind, key.key_hmac]).fetchone() != (key.holder.bytes,):
            raise Conflict("key", which_key(key.kind, key.key_hmac))
