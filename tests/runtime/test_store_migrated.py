"""Tables are made before a log is opened, and are those of its release (contracts §2)."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from shared.runtime.store import LogStore, NotMigrated, migrate, open_store
from shared.runtime.store_sqlite_file import sqlite_path
from tests.runtime.units import NOON, SOURCE, parked, some


def test_tables_are_made_once_whoever_comes_first(log_url: str) -> None:
    """Trap: 7 of 24 that started together died creating tables."""
    threads = [Thread(target=migrate, args=[log_url, SOURCE]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(open_store(log_url, SOURCE)) as store:
        assert len(store.epochs()) == 1
        store.append(some(1))
    migrate(log_url, SOURCE)
    with closing(open_store(log_url, SOURCE)) as store:
        assert store.head().position == 1


def test_a_database_without_a_log_is_said_to_be_so(log_url: str, tmp_path: Path) -> None:
    with pytest.raises(NotMigrated, match="metodika migrate"):
        open_store(log_url, SOURCE)
    assert list(tmp_path.iterdir()) == []  # and asking makes none


def test_the_log_of_another_source_is_not_opened(log_store: LogStore, log_url: str) -> None:
    assert log_store.source == SOURCE
    with pytest.raises(NotMigrated, match="is the database of registry@0, not of routes@0"):
        open_store(log_url, "routes@0")


def said_to(log_url: str, *statements: str) -> None:
    """Say something to a database, past the store."""
    path = sqlite_path(log_url)
    made: Any = sqlite3.connect(path) if path else psycopg.connect(log_url)
    with closing(made) as db:
        for each in statements:
            db.execute(each)
        db.commit()


def test_a_log_of_the_last_release_is_migrated_with_all_it_holds(log_url: str) -> None:
    """A start with tables of another release is refused, `metodika migrate` mends it."""
    migrate(log_url, SOURCE)
    with closing(open_store(log_url, SOURCE)) as store:
        head = store.append(replace(some(2), parked=[parked(3)]))
    said_to(log_url, "DROP TABLE skipped", "UPDATE schema_version SET version = 1")
    with pytest.raises(NotMigrated, match="schema 1 where this release writes 4"):
        open_store(log_url, SOURCE)
    migrate(log_url, SOURCE)
    with closing(open_store(log_url, SOURCE)) as store:
        store.skip(parked(3), at=NOON, by="operator", reason="так решено")

        assert store.head() == head
        assert [each.position for each in store.skipped()] == [3]


def test_a_log_of_a_later_release_stays_its_own(log_url: str) -> None:
    migrate(log_url, SOURCE)
    said_to(log_url, "UPDATE schema_version SET version = 99")
    migrate(log_url, SOURCE)
    with pytest.raises(NotMigrated, match="schema 99"):
        open_store(log_url, SOURCE)
