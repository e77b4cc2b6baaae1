"""`append`: a unit into a log, against an insert written by hand in the same database.

The rival knows no commands, no claims, no conflicts and proves nothing: one table with
the same columns and the same unique keys, one prepared statement, one round trip. A
second one, for one command on PostgreSQL, also by hand and in one round trip, keeps what
a log must keep: positions without gaps, the answer to the command, a hash of the record.
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
from psycopg.pq import ExecStatus

from shared.events.registry import EmploymentStarted
from shared.kernel import kind_of
from shared.runtime import codec
from shared.runtime.codec import Meta
from shared.runtime.log import Answered, Pending, Unit
from shared.runtime.store import LogStore, migrate, open_store
from shared.runtime.store_postgres_arrays import Bigints, Byteas, Texts, Uuids, speak_arrays
from shared.runtime.store_postgres_one import BINARY, OIDS, sent
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
KEEPING = """
CREATE TABLE kept_head (position bigint NOT NULL) WITH (fillfactor = 50);
INSERT INTO kept_head VALUES (0);
CREATE TABLE kept_commands (command_id uuid PRIMARY KEY, body_hmac bytea, outcome bytea);
CREATE TABLE kept (
    position bigint PRIMARY KEY, event_id uuid NOT NULL UNIQUE, stream uuid NOT NULL,
    version bigint NOT NULL, name text NOT NULL, schema bigint NOT NULL,
    territory text, meta bytea NOT NULL, data bytea NOT NULL, leaf bytea NOT NULL,
    UNIQUE (stream, version)
)
"""
KEEP = b"""
WITH next AS (UPDATE kept_head SET position = position + 1 RETURNING position),
answered AS (INSERT INTO kept_commands VALUES (%b, %b, %b))
INSERT INTO kept
SELECT position, said.*, sha256(meta || data)
FROM next, (VALUES (%b, %b, %b, %b, %b, %b, %b::bytea, %b::bytea))
    AS said (event_id, stream, version, name, schema, territory, meta, data)
RETURNING position
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
            _keeping(url),
            _sent_as_ours(url),
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


def _keeping(url: str) -> Measured:
    with psycopg.connect(url, autocommit=True) as pg:
        pg.execute(KEEPING.encode())

        def keep(unit: Unit) -> None:
            answer = unit.answers[0]
            given = [answer.command_id, answer.body_hmac, answer.outcome]
            pg.execute(KEEP, [*given, *_row(unit.facts[0])], prepare=True).fetchall()

        words = "the same by hand, with gapless positions, the answer and a hash"
        return _one_command(url, keep, words)


def _sent_as_ours(url: str) -> Measured:
    """Compare with the first rival, once more, without what psycopg does to its values."""
    with psycopg.connect(url, autocommit=True) as pg:
        said = ONE.format(", ".join(f"${n + 1}" for n in range(8)))
        pg.pgconn.prepare(b"by_hand", said.encode(), OIDS[1:9])

        def insert(unit: Unit) -> None:
            done = pg.pgconn.exec_prepared(b"by_hand", sent(unit)[1:9], BINARY[1:9])
            assert done.status == ExecStatus.COMMAND_OK, done.error_message

        return _one_command(url, insert, "an insert by hand, sent straight to libpq as ours is")


def _one_command(url: str, rival: Callable[[Unit], object], words: str) -> Measured:
    store, made = open_store(url, SOURCE), units(1)
    for n in (60, 600):
        ours = iter([next(made) for _ in range(n)])
        theirs = iter([next(made) for _ in range(n)])
        took, least = turns(
            lambda ours=ours: store.append(next(ours)),
            lambda theirs=theirs: rival(next(theirs)),
            n,
        )
    store.close()
    return Measured(
        what="append to PostgreSQL: one command",
        ours=took * 1000,
        unit="ms",
        rival=least * 1000,
        against=words,
    )


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
