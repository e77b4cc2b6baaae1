"""Logs made for tests: real SQLite stores, records of no particular meaning."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from uuid_utils.compat import uuid7

from shared.kernel import kind_of
from shared.runtime.branches import BEGUN, Begun
from shared.runtime.codec import Meta, encode, encode_meta
from shared.runtime.kafka import Broker
from shared.runtime.log import Learned, Pending, Unit
from shared.runtime.store_log import LogStore
from shared.runtime.store_sqlite import SqliteStore
from shared.runtime.store_sqlite_file import migrate_sqlite, sqlite_path
from shared.runtime.topic import last_said

NAME = "registry.RegionAdded"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def a_log(folder: Path, source: str = "registry@0") -> LogStore:
    """Make an empty log, or open the one that is there."""
    path = str(folder / f"{source}.sqlite")
    migrate_sqlite(path, source)
    return SqliteStore(path, source)


def pending(n: int, traceparent: str | None = None) -> Pending:
    """Make the n-th fact, in a stream of its own."""
    event_id = uuid7()
    meta = {"event_id": event_id, "actor": "test", "command_id": event_id}
    meta |= {"correlation_id": event_id}
    if traceparent:
        meta["traceparent"] = traceparent
    data = {"region": f"{n % 100:02}", "name": f"№ {n}", "occurred_on": "2024-02-01"}
    return Pending(
        event_id=event_id,
        stream=UUID(int=uuid7().int),
        version=1,
        name=NAME,
        schema=1,
        territory=None,
        meta=msgspec.json.encode(meta),
        data=msgspec.json.encode(data),
    )


def say(
    store: LogStore,
    stream: UUID,
    *facts: Any,
    corrects: UUID | None = None,
    territory: str | None = None,
) -> list[UUID]:
    """Append real facts to a stream and return their event ids."""
    version = len(store.streams([stream]).get(stream, []))
    said: list[Pending] = []
    for n, fact in enumerate(facts, start=version + 1):
        event_id = uuid7()
        meta = Meta(
            event_id=event_id,
            actor="test",
            command_id=event_id,
            correlation_id=event_id,
            corrects=corrects,
        )
        said.append(
            Pending(
                event_id=event_id,
                stream=stream,
                version=n,
                name=kind_of(fact).name,
                schema=kind_of(fact).schema,
                territory=territory,
                meta=encode_meta(meta),
                data=encode(fact),
            )
        )
    store.append(Unit(now=datetime.now(UTC), facts=said))
    return [each.event_id for each in said]


def record(store: LogStore, count: int, traceparent: str | None = None) -> None:
    """Append this many facts in one transaction."""
    facts = [pending(n, traceparent) for n in range(count)]
    store.append(Unit(now=datetime.now(UTC), facts=facts))


def put_back(url: str, position: int) -> None:
    """Leave of a log what an older copy would hold of it, whose relay had come so far."""
    path = sqlite_path(url)
    db: Any = sqlite3.connect(path) if path else psycopg.connect(url)
    with closing(db):
        for sql in (
            f"DELETE FROM records WHERE position > {position}",
            f"UPDATE head SET position = {position}",
            f"UPDATE readers SET position = {position} WHERE position > {position}",
            f"DELETE FROM checkpoints WHERE size > {position}",
        ):
            db.execute(sql)
        db.commit()


async def begin(log: LogStore, broker: Broker, common: int) -> None:
    """Begin a new epoch because of what the topic holds."""
    last, now = await last_said(broker, log.source), datetime.now(UTC)
    new = log.new_epoch(log.head().epoch)
    said = Begun(at=now, by="me", reason="x", common=common, instead_of=last and last.event_id)
    log.append(Unit(now=now, known=[Learned(BEGUN, new.epoch, msgspec.json.encode(said))]))


def positions(wires: Iterable[bytes]) -> list[int]:
    """Read the position of each record on the wire."""
    return [msgspec.json.decode(each)["position"] for each in wires]
