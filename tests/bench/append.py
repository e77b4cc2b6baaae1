"""`append`: a unit into a log, against an insert written by hand in the same database.

The rival knows no commands, no claims, no conflicts and proves nothing: one table with
the same columns and the same unique keys, one prepared statement, one round trip.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from uuid import UUID, uuid4

import psycopg

from shared.events.registry import EmploymentStarted
from shared.kernel import kind_of
from shared.runtime import codec
from shared.runtime.codec import Meta
from shared.runtime.log import Answered, Pending, Unit
from shared.runtime.store import LogStore, migrate, open_store
from shared.runtime.store_postgres_arrays import Bigints, Byteas, Texts, Uuids, speak_arrays
from shared.testing.facts import a
from tests.bench.measured import Measured, at_least, servers, turns
from tests.infra.servers import Postgres

SOURCE = "registry@0"
COMMANDS = 500
SHARE = 0.8
TABLE = """
CREATE TABLE by_hand (
    position {serial}, event_id {uuid} NOT NULL UNIQUE, stream {uuid} NOT NULL,
    version bigint NOT NULL, name text NOT NULL, schema bigint NOT NULL,
    territory text, meta {bytes} NOT NULL, data {bytes} NOT NULL, UNIQUE (stream, version)
)
"""
ONE = """
INSERT INTO by_hand (event_id, stream, version, name, schema, territory, meta, data)
VALUES ({})
"""
MANY = """
INSERT INTO by_hand (event_id, stream, version, name, schema, territory, meta, data)
SELECT * FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b)
"""
type Insert = Callable[[Sequence[Pending]], object]


def units(commands: int) -> Iterator[Unit]:
    """Make units without end: so many commands, each of which said one fact."""
    fact = a(EmploymentStarted)
    kind, data = kind_of(fact), codec.encode(fact)
    while True:
        facts: list[Pending] = []
        answers: list[Answered] = []
        for n in range(commands):
            event_id, command_id = uuid4(), uuid4()
            meta = Meta(
                event_id=event_id,
                actor="import:bench",
                command_id=command_id,
                correlation_id=command_id,
            )
            facts.append(
                Pending(
                    event_id=event_id,
                    stream=uuid4(),
                    version=1,
                    name=kind.name,
                    schema=kind.schema,
                    territory=f"25/05701/{UUID(int=n)}",
                    meta=codec.encode_meta(meta),
                    data=data,
                )
            )
            outcome = b'{"status":"accepted","version":1,"event_ids":["%b"]}'
            answers.append(
                Answered(
                    command_id=command_id,
                    body_hmac=bytes(32),
                    outcome=outcome % str(event_id).encode(),
                    position=n + 1,
                )
            )
        yield Unit(now=datetime.now(UTC), facts=facts, answers=answers)


def run() -> list[Measured]:
    """Measure both databases, one command and many."""
    with servers() as parts, TemporaryDirectory() as folder:
        url = cast("Postgres", parts.part("postgres")).new_database()
        file = f"sqlite://{Path(folder, 'log.sqlite')}"
        return [
            *_measured("PostgreSQL", url, in_postgres),
            *_measured("SQLite", file, in_sqlite),
        ]


def _measured(
    where: str, url: str, rival: Callable[[str], AbstractContextManager[Insert]]
) -> Iterator[Measured]:
    migrate(url, SOURCE)
    store = open_store(url, SOURCE)
    with rival(url) as insert:
        for commands, n in ((1, 600), (COMMANDS, 40)):
            in_turn(store, insert, commands, n // 10)
            took, least = in_turn(store, insert, commands, n)
            words = "one command" if commands == 1 else f"{commands} commands, one transaction"
            line = Measured(
                what=f"append to {where}: {words}",
                ours=commands / took if commands > 1 else took * 1000,
                unit="facts/s" if commands > 1 else "ms",
                rival=commands / least if commands > 1 else least * 1000,
                against="an insert by hand, one round trip",
            )
            judged = commands == 1 and where == "PostgreSQL"
            yield at_least(SHARE, line) if judged else line
    store.close()


def in_turn(store: LogStore, insert: Insert, commands: int, n: int) -> tuple[float, float]:
    """Return the medians of our append and of the insert, of things made before."""
    made = units(commands)
    ours = iter([next(made) for _ in range(n)])
    theirs = iter([next(made).facts for _ in range(n)])
    return turns(lambda: store.append(next(ours)), lambda: insert(next(theirs)), n)


@contextmanager
def in_postgres(url: str) -> Generator[Insert]:
    """Insert by hand into PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as pg:
        speak_arrays(pg)
        serial = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        pg.execute(TABLE.format(serial=serial, uuid="uuid", bytes="bytea").encode())
        one = ONE.format(", ".join(["%b"] * 8)).encode()

        def insert(facts: Sequence[Pending]) -> None:
            if len(facts) == 1:
                pg.execute(one, _row(facts[0]), prepare=True)
            else:
                pg.execute(MANY.encode(), _columns(facts), prepare=True)

        yield insert


@contextmanager
def in_sqlite(url: str) -> Generator[Insert]:
    """Insert by hand into a file of its own, as safe as the log's."""
    path = url.removeprefix("sqlite://") + ".by-hand"
    db = sqlite3.connect(path, autocommit=True)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(TABLE.format(serial="INTEGER PRIMARY KEY", uuid="BLOB", bytes="BLOB"))
        one = ONE.format(", ".join("?" * 8))

        def insert(facts: Sequence[Pending]) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(one, [_bytes(each) for each in facts])
            db.execute("COMMIT")

        yield insert
    finally:
        db.close()


def _row(fact: Pending) -> list[object]:
    return [
        fact.event_id,
        fact.stream,
        fact.version,
        fact.name,
        fact.schema,
        fact.territory,
        fact.meta,
        fact.data,
    ]


def _bytes(fact: Pending) -> list[object]:
    event_id, stream, *others = _row(fact)
    return [cast("UUID", event_id).bytes, cast("UUID", stream).bytes, *others]


def _columns(facts: Sequence[Pending]) -> list[object]:
    return [
        Uuids([each.event_id for each in facts]),
        Uuids([each.stream for each in facts]),
        Bigints([each.version for each in facts]),
        Texts([each.name for each in facts]),
        Bigints([each.schema for each in facts]),
        Texts([each.territory for each in facts]),
        Byteas([each.meta for each in facts]),
        Byteas([each.data for each in facts]),
    ]
