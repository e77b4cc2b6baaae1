"""How a unit is written into a log in SQLite, within the one transaction (contracts §4)."""

import sqlite3
from functools import lru_cache
from typing import Any
from uuid import UUID

from shared.runtime.log import Conflict, Head, Unit, digest
from shared.runtime.store_log import last_marks, position_of, region_of, which_key
from shared.runtime.store_sqlite_file import insert, replace
from shared.runtime.tree import leaf_of, micros, moment

HEAD = "SELECT epoch, position, recorded_at FROM head"


def append_unit(
    db: sqlite3.Connection, source: str, unit: Unit, before: dict[UUID, int]
) -> Head:
    """Write all of a unit and return the head after it. Raises `Conflict`.

    `before` says which version each stream must have.
    """
    last = head_of(*db.execute(HEAD).fetchone())
    if unit.whole not in {None, last.position}:
        raise Conflict("log", source)
    _require_free(db, unit, before)
    head = _record(db, source, unit, last) if unit.facts else last
    _keep(db, unit, last.position, head)
    return head


def _record(db: sqlite3.Connection, source: str, unit: Unit, last: Head) -> Head:
    at = micros(max(unit.now, last.recorded_at or unit.now))
    rows: list[tuple[Any, ...]] = []
    for position, each in enumerate(unit.facts, last.position + 1):
        leaf = leaf_of(
            source=source,
            epoch=last.epoch,
            position=position,
            stream=each.stream,
            version=each.version,
            name=each.name,
            schema=each.schema,
            recorded_at=at,
            meta=each.meta,
            data=each.data,
        )
        when = position, last.epoch.bytes, at, each.event_id.bytes
        what = each.stream.bytes, each.version, each.name, each.schema
        where = each.territory, region_of(each.territory)
        rows.append((*when, *what, *where, each.meta, each.data, leaf))
    insert(db, "records", rows)
    end = last.position + len(rows)
    db.execute("UPDATE head SET position = ?, recorded_at = ?", [end, at])
    return Head(last.epoch, end, moment(at))


@lru_cache(4)
def epoch_of(epoch: bytes) -> UUID:
    """Return the epoch that these bytes are."""
    return UUID(bytes=epoch)


def head_of(epoch: bytes, position: int, at: int | None) -> Head:
    """Return what a row of `HEAD` says."""
    return Head(epoch_of(epoch), position, None if at is None else moment(at))


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
    for each in unit.read:
        kept = "SELECT history FROM known WHERE kind = ? AND about = ?"
        found = db.execute(kept, [each.kind, each.about.bytes]).fetchone()
        if digest(*found or ()) != each.was:
            raise Conflict("known", f"{each.kind} {each.about}")


def _keep(db: sqlite3.Connection, unit: Unit, start: int, head: Head) -> None:
    """Write all that is no fact."""
    answered = [
        (a.command_id.bytes, a.body_hmac, a.outcome, position_of(a, start, head))
        for a in unit.answers
    ]
    insert(db, "commands", answered)
    db.executemany(
        "DELETE FROM claims WHERE kind = ? AND key_hmac = ? AND holder = ?",
        [(key.kind, key.key_hmac, key.holder.bytes) for key in unit.releases],
    )
    _claim(db, unit)
    replace(db, "known", [(k.kind, k.about.bytes, k.history) for k in unit.known])
    marks = [(m.source, m.epoch.bytes, m.position) for m in last_marks(unit)]
    replace(db, "marks", marks)
    _unpark(db, unit)
    parked = [
        (
            *(p.source, p.position, p.epoch.bytes, p.stream.bytes, p.name, p.wire),
            *(p.error, p.attempts, micros(p.retry_at)),
        )
        for p in unit.parked
    ]
    replace(db, "parked", parked)


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
