"""Many writers, one order; and what is left when a process is killed."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, Thread
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from shared.runtime.log import Conflict, Unit
from shared.runtime.store import LogStore, open_store
from shared.runtime.tree import verify
from tests.runtime.units import NOON, SOURCE, answered, fact, key, mark, of, some

WRITERS, EACH = 8, 25


def test_a_reader_of_a_growing_log_misses_nothing(log_store: LogStore, log_url: str) -> None:
    """Trap: a position that is not serialised loses events to whoever polls."""
    read: list[int] = []
    done = Event()

    def tail() -> None:
        with closing(open_store(log_url, SOURCE)) as mine:
            while not done.is_set() or mine.head().position > len(read):
                found = mine.read(len(read), 7)
                read.extend(record.position for record in found)

    reader = Thread(target=tail)
    reader.start()
    with ThreadPoolExecutor(WRITERS) as writers:
        counts = [1 + n % 3 for n in range(WRITERS * EACH)]
        heads = list(writers.map(log_store.append, map(some, counts)))
    done.set()
    reader.join()
    assert read == list(range(1, sum(counts) + 1))
    assert len({head.position for head in heads}) == len(heads)
    assert verify(log_store.walk()) is None


def first_of_all(log_store: LogStore, make: Callable[[int], Unit]) -> list[str]:
    """Let all writers want the same; return what the losers were told."""

    def one(n: int) -> str:
        try:
            log_store.append(make(n))
        except Conflict as conflict:
            return conflict.what
        return "won"

    with ThreadPoolExecutor(WRITERS) as writers:
        return sorted(writers.map(one, range(WRITERS)))


ONE = UUID(int=1)
RACES: dict[str, Callable[[int], Unit]] = {
    "stream": lambda _: of(fact(ONE)),
    "command": lambda _: Unit(now=NOON, answers=[answered(ONE)]),
    "key": lambda n: Unit(now=NOON, claims=[key(UUID(int=n))]),
    "mark": lambda _: Unit(now=NOON, heard=[mark(3)]),
}


@pytest.mark.parametrize("what", RACES)
def test_one_writer_wins(log_store: LogStore, what: str) -> None:
    told = first_of_all(log_store, RACES[what])
    assert told == sorted([what] * (WRITERS - 1) + ["won"])


def test_reads_go_on_while_somebody_writes(log_store: LogStore) -> None:
    log_store.append(some(500))
    with ThreadPoolExecutor(WRITERS) as threads:
        writes = [threads.submit(log_store.append, some(200)) for _ in range(4)]
        reads = [threads.submit(log_store.read, 0, 500) for _ in range(40)]
        assert {len(each.result()) for each in reads} == {500}
        assert sorted(each.result().position for each in writes) == [700, 900, 1100, 1300]


def child(log_url: str) -> None:
    """Append for ever, saying each position once it is safe."""
    store = open_store(log_url, SOURCE)
    while True:
        unit = some(5)
        unit.answers.append(answered(uuid7()))
        unit.claims.append(key(uuid7(), uuid7().bytes))
        unit.heard.append(mark(store.head().position + 1))
        print(store.append(unit).position, flush=True)  # noqa: T201 - the parent reads it


def test_a_killed_writer_leaves_whole_units(log_store: LogStore, log_url: str) -> None:
    """Reliability 1: kill -9 in the middle: what was acknowledged is there, whole."""
    acknowledged = 0
    for pause in (0.3, 0.35, 0.4):
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.runtime.test_store_threads", log_url],
            stdout=subprocess.PIPE,
        )
        assert writer.stdout
        acknowledged = int(writer.stdout.readline())
        time.sleep(pause)
        writer.kill()
        said = writer.stdout.read().split(b"\n")
        writer.wait()
        acknowledged = int(said[-2]) if len(said) > 1 else acknowledged
    with closing(open_store(log_url, SOURCE)) as again:
        head = again.append(some(5))  # nothing stands in the way of the next
        records = list(again.walk())
        assert verify(records) is None
        assert acknowledged <= head.position - 5
        assert head.position == len(records)
        assert head.position % 5 == 0
        assert again.marks()["routes@0"].position == head.position - 9
    assert log_store.head() == head


if __name__ == "__main__":
    child(sys.argv[1])
