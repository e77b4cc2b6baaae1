"""One fact and one answer go by a shorter way (ADR 0027): what is stored is the same."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as other
from uuid_utils.compat import uuid7

from shared.runtime import store_postgres_append
from shared.runtime.log import Answered, Conflict, Head, Pending, Unit
from shared.runtime.store import LogStore, migrate, open_store
from shared.runtime.store_postgres_one import Connection, is_one
from shared.runtime.store_postgres_tables import APPENDING
from shared.runtime.tree import leaf_of_record, micros, verify
from tests.infra.servers import Postgres
from tests.runtime.test_store_postgres import end_all
from tests.runtime.units import (
    NOON,
    SECOND,
    SOURCE,
    answered,
    fact,
    key,
    learned,
    mark,
    of,
    parked,
    streams,
)

pytestmark = pytest.mark.infra
STREAMS = streams(3)
ME, YOU, NEW = STREAMS
WRITERS, EACH = 8, 15


@pytest.fixture
def log(postgres_url: str) -> Iterator[LogStore]:
    migrate(postgres_url, SOURCE)
    with closing(open_store(postgres_url, SOURCE)) as store:
        yield store


def one(stream: UUID, version: int = 1, command: UUID | None = None) -> Unit:
    """Make a unit that goes the shorter way."""
    unit = of(fact(stream, version))
    unit.answers.append(answered(command or uuid7(), 1))
    return unit


# ── which units go that way ─────────────────────────────────────────────────

MORE: dict[str, Callable[[Unit], object]] = {
    "a second fact": lambda unit: unit.facts.append(fact(YOU)),
    "no fact": lambda unit: unit.facts.clear(),
    "a second answer": lambda unit: unit.answers.append(answered(YOU)),
    "no answer": lambda unit: unit.answers.clear(),
    "an answer to two facts": lambda unit: unit.answers.__setitem__(0, answered(ME, 2)),
    "a claim": lambda unit: unit.claims.append(key(ME)),
    "a release": lambda unit: unit.releases.append(key(ME)),
    "something known": lambda unit: unit.known.append(learned(ME)),
    "a mark": lambda unit: unit.heard.append(mark(1)),
    "something parked": lambda unit: unit.parked.append(parked(1)),
    "something done with": lambda unit: unit.unparked.append(("routes@0", 1)),
}


@pytest.mark.parametrize("more", MORE)
def test_a_unit_that_holds_more_goes_the_longer_way(more: str) -> None:
    unit = one(ME)
    assert is_one(unit)
    MORE[more](unit)
    assert not is_one(unit)


def test_one_fact_and_one_answer_go_the_shorter_way(
    log: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the second version of a stream: nothing here fell back to the longer way."""
    arrived: list[bool] = []
    append_one = Connection.append_one

    def listening(self: Connection, unit: Unit) -> tuple[UUID, int, int] | None:
        row = append_one(self, unit)
        arrived.append(row is not None)
        return row

    monkeypatch.setattr(Connection, "append_one", listening)
    assert [log.append(one(ME, version)).position for version in (1, 2)] == [1, 2]
    assert arrived == [True, True]


def test_it_is_one_round_trip(log: LogStore, postgres_url: str, tmp_path: Path) -> None:
    """Architecture §3: libpq itself says how often it waited for the server."""
    log.append(one(ME))
    with (
        (tmp_path / "said").open("wb") as said,
        Connection.connect(postgres_url, autocommit=True) as pg,
    ):
        pg.append_one(one(ME, 2))
        pg.pgconn.trace(said.fileno())
        assert pg.append_one(one(ME, 3))
        pg.pgconn.untrace()
    assert (tmp_path / "said").read_text().count("ReadyForQuery") == 1


def test_it_goes_by_the_index_also_when_planned_in_a_small_log(postgres_url: str) -> None:
    """The plan outlives the small log: then each append would read the whole of it."""
    migrate(postgres_url, SOURCE)
    with closing(open_store(postgres_url, SOURCE)) as store:
        store.append(one(ME))
    with psycopg.connect(postgres_url, autocommit=True) as pg:
        pg.execute("VACUUM ANALYZE")
        before = scanned(pg)
        with closing(open_store(postgres_url, SOURCE)) as store:
            for version in range(2, 12):  # PostgreSQL keeps a plan from the sixth on
                store.append(one(ME, version))
        assert scanned(pg) == before


def scanned(pg: psycopg.Connection[Any]) -> object:
    """Return how often all records were read, as each session tells when it ends."""
    while pg.execute(OTHERS).fetchall():
        time.sleep(0.01)
    return pg.execute(SCANNED).fetchone()


OTHERS = """
SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
SCANNED = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'records'"


# ── the same bytes and the same conflicts ───────────────────────────────────

IDS = [uuid5(ME, str(n)) for n in range(6)]
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=9)
TERRITORIES = st.one_of(st.none(), st.sampled_from(["", "25", "25/05701/я"]), TEXTS)


@st.composite
def single(draw: st.DrawFn) -> Unit:
    """Make a unit of one fact and one answer, out of so few ids that they meet."""
    said = Pending(
        event_id=draw(st.sampled_from(IDS)),
        stream=draw(st.sampled_from(STREAMS)),
        version=draw(st.integers(0, 4)),
        name=draw(TEXTS),
        schema=draw(st.integers(1, 2**40)),
        territory=draw(TERRITORIES),
        meta=draw(st.binary(max_size=9)),
        data=draw(st.binary(max_size=9)),
    )
    answer = Answered(
        command_id=draw(st.sampled_from(IDS)),
        body_hmac=draw(st.binary(max_size=4)),
        outcome=draw(st.binary(max_size=4)),
        position=draw(st.integers(0, 1)),
    )
    return Unit(now=NOON + draw(st.integers(-3, 9)) * SECOND, facts=[said], answers=[answer])


GROWING = [one(ME, version, IDS[version]) for version in (1, 2, 3)]
SAME_EVENT = replace(one(YOU), facts=[other(GROWING[0].facts[0], stream=YOU)])
LONG = replace(one(NEW), facts=[other(fact(NEW), data=bytes(3_000_000))])
EMPTY = f"""
TRUNCATE records, commands;
UPDATE head SET position = 0, recorded_at = NULL, epoch = '{ME}'
"""


def told(store: LogStore, unit: Unit) -> object:
    """Return what an append comes to."""
    try:
        return store.append(unit)
    except Conflict as conflict:
        return conflict.what, conflict.which
    except psycopg.Error as wrong:
        return type(wrong)


def never(_: Unit) -> bool:
    return False


def told_the_longer_way(store: LogStore, units: Sequence[Unit]) -> list[object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_postgres_append, "is_one", never)
        return [told(store, each) for each in units]


def kept(url: str) -> list[list[Any]]:
    """Return all that either way writes."""
    with psycopg.connect(url) as pg:
        asked = (b"SELECT * FROM %b ORDER BY 1" % each for each in TABLES)
        return [pg.execute(each).fetchall() for each in asked]


TABLES = (b"records", b"commands", b"head")


def test_both_ways_keep_the_same_bytes_and_tell_the_same(postgres: Postgres) -> None:
    urls = postgres.new_database(), postgres.new_database()
    for url in urls:
        migrate(url, SOURCE)
    a, b = (open_store(url, SOURCE) for url in urls)

    @settings(max_examples=60)
    @given(units=st.lists(single(), min_size=1, max_size=12))
    @example(units=[*GROWING, LONG])
    @example(units=[GROWING[0], GROWING[0], GROWING[2], SAME_EVENT])
    def the_same(units: list[Unit]) -> None:
        for url in urls:
            with psycopg.connect(url) as pg:
                pg.execute(EMPTY.encode())
        assert [told(a, each) for each in units] == told_the_longer_way(b, units)
        assert kept(urls[0]) == kept(urls[1])
        assert all(leaf_of_record(each) == each.leaf for each in a.walk())

    with closing(a), closing(b):
        the_same()


# ── writers of both kinds at once ───────────────────────────────────────────


def test_writers_of_both_kinds_make_one_order(log: LogStore, postgres_url: str) -> None:
    """Traps: a tailing reader misses nothing; each version and each command once."""
    read: list[int] = []
    done = Event()

    def tail() -> None:
        with closing(open_store(postgres_url, SOURCE)) as mine:
            while not done.is_set() or mine.head().position > len(read):
                read.extend(record.position for record in mine.read(len(read), 7))

    with ThreadPoolExecutor(WRITERS + 1) as threads:
        reading = threads.submit(tail)
        try:
            units = list(chain(*threads.map(partial(write, log), range(WRITERS))))
        finally:
            done.set()
        reading.result()
    assert {len(unit.facts) for unit in units} == {0, 1, 2}
    assert read == list(range(1, sum(len(unit.facts) for unit in units) + 1))
    assert verify(log.walk()) is None
    assert all(answered_where_it_said(log, unit) for unit in units if unit.facts)


def write(store: LogStore, writer: int) -> list[Unit]:
    by_chance = random.Random(writer)  # noqa: S311 - a choice, not a secret
    return [persist(store, by_chance) for _ in range(EACH)]


def persist(store: LogStore, by_chance: random.Random) -> Unit:
    """Write to a stream that others write to, and decide anew when they were first."""
    count, stream = by_chance.choice([0, 1, 1, 1, 2]), by_chance.choice(STREAMS)
    while True:
        so_far = len(store.streams([stream]).get(stream, []))
        facts = [fact(stream, so_far + n) for n in range(1, count + 1)]
        unit = of(*facts, now=NOON + by_chance.randint(-9, 9) * SECOND)
        unit.answers.append(answered(uuid7(), count))
        try:
            store.append(unit)
        except Conflict:
            continue
        return unit


def answered_where_it_said(store: LogStore, unit: Unit) -> bool:
    command, last = unit.answers[0].command_id, unit.facts[-1].event_id
    return store.answers([command])[command].position == store.events([last])[last].position


RACES: dict[str, Callable[[], Unit]] = {
    "stream": lambda: one(ME),
    "command": lambda: one(uuid7(), 1, ME),
}


@pytest.mark.parametrize("what", RACES)
def test_one_writer_wins(log: LogStore, what: str) -> None:
    units = [RACES[what]() for _ in range(WRITERS)]
    for unit in units[::2]:
        unit.known.append(learned(ME))  # and so goes the longer way
    with ThreadPoolExecutor(WRITERS) as writers:
        results = list(writers.map(partial(told, log), units))
    assert [each for each in results if isinstance(each, Head)] == [log.head()]
    assert results.count((what, str(ME))) == WRITERS - 1


BEFORE_IT = {
    "a later moment": ("UPDATE head SET recorded_at = %s", micros(NOON + SECOND)),
    "another epoch": ("UPDATE head SET epoch = %s", ME),
    "the command": ("INSERT INTO commands VALUES (%s, '', '', 0)", ME),
}


WAITING = "SELECT FROM pg_locks WHERE NOT granted"


@pytest.mark.parametrize("before", BEFORE_IT)
def test_what_is_written_while_it_waits_counts(
    log: LogStore, postgres_url: str, before: str
) -> None:
    """Its snapshot is older than the lock: what it read before must not be what it uses."""
    said, value = BEFORE_IT[before]
    with psycopg.connect(postgres_url) as pg, ThreadPoolExecutor(1) as threads:
        pg.execute("SELECT pg_advisory_xact_lock(%s)", [APPENDING])
        waiting = threads.submit(told, log, one(ME, 1, ME))
        while not (pg.execute(WAITING).fetchall() or waiting.done()):
            time.sleep(0.01)
        pg.execute(said.encode(), [value])
        pg.commit()
        result = waiting.result()
    if before == "the command":
        assert result == ("command", str(ME))
    else:
        assert result == log.head()
        assert value in {log.head().epoch, micros(log.head().recorded_at or NOON)}
    assert verify(log.walk()) is None


# ── its connection ──────────────────────────────────────────────────────────


def test_a_lost_connection_is_told_and_replaced(log: LogStore, postgres_url: str) -> None:
    """Never by appending once more: the first may have arrived (reliability 4, 9)."""
    log.append(one(ME))
    end_all(postgres_url)
    with pytest.raises(psycopg.OperationalError):
        log.append(one(ME, 2))
    for _ in range(8):  # each connection of the pool may have been ended
        with suppress(psycopg.OperationalError):
            log.append(one(ME, 2))
            break
    assert log.head().position == 2


def test_what_was_prepared_and_is_lost_is_prepared_anew(
    log: LogStore, postgres_url: str
) -> None:
    """psycopg forgets all that is prepared when it rolls back, as a late branch does."""
    with closing(open_store(postgres_url, SOURCE, connections=1)) as store:
        store.append(one(ME))
        store.append(of(fact(YOU)))
        with pytest.raises(Conflict, match="epoch"):
            store.new_epoch(ME)
        assert store.append(one(NEW)) == log.head()


def test_what_the_database_cannot_keep_is_an_error(log: LogStore) -> None:
    wrong = replace(one(ME), facts=[other(fact(ME), name="a\0b")])
    with pytest.raises(psycopg.DataError):
        log.append(wrong)
    assert log.append(one(ME)).position == 1


def test_a_log_has_one_head(log: LogStore, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as pg, pytest.raises(psycopg.errors.UniqueViolation):
        pg.execute("INSERT INTO head VALUES (%s, %s, 0)", [log.source, YOU])
