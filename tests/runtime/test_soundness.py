"""What `metodika verify` finds beside a changed leaf (issue §1.8, contracts §2)."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shared.runtime.notary import notarise
from shared.runtime.soundness import first_difference
from shared.runtime.store import LogStore, migrate, open_store
from tests.runtime.units import SOURCE, some

CHANGES = {
    "UPDATE records SET data = CAST(data AS TEXT) WHERE position = 3": (3, "leaf"),
    "UPDATE records SET epoch = x'00' WHERE position = 3": (3, "unreadable: ValueError"),
    "UPDATE records SET stream = '0123456789abcdef' WHERE position = 3": (
        3,
        "unreadable: AssertionError",
    ),
    "UPDATE records SET stream = x'' || CAST(position AS BLOB) WHERE position > 1": (
        2,
        "unreadable: ValueError",
    ),
    "UPDATE head SET position = 9": (5, "head: says 9, the last is 5"),
    "UPDATE head SET position = 4": (5, "head: says 4, the last is 5"),
    "UPDATE head SET recorded_at = recorded_at + 1": (5, "head: recorded_at"),
    "UPDATE head SET epoch = randomblob(16)": (
        5,
        "head: another epoch than the log's last",
    ),
    "UPDATE log_epoch SET epoch = randomblob(16)": (1, "epoch"),
    "UPDATE log_epoch SET branched_at_position = 2": (1, "epoch"),
    "INSERT INTO log_epoch VALUES (2, randomblob(16), (SELECT epoch FROM head), 3)": (
        4,
        "epoch",
    ),
    "INSERT INTO log_epoch VALUES (2, randomblob(16), randomblob(16), 5)": (
        5,
        "log_epoch: no line of descent",
    ),
    "INSERT INTO log_epoch VALUES (2, randomblob(16), (SELECT epoch FROM head), 8)": (
        5,
        "log_epoch: branched after the end",
    ),
    "UPDATE checkpoints SET frontier = randomblob(length(frontier))": (
        5,
        "root: its frontier was another",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_behind_the_log_is_named(change: str, tmp_path: Path) -> None:
    """Any of them would end, move or tear the log at the next append."""
    url = f"sqlite://{tmp_path}/log.sqlite"
    migrate(url, SOURCE)
    log = open_store(url, SOURCE)
    log.append(some(5))
    notarise(log)
    assert first_difference(log, {}) is None

    with sqlite3.connect(tmp_path / "log.sqlite") as behind:
        assert behind.execute(change).rowcount > 0
    behind.close()
    found = first_difference(log, {})

    assert found
    assert (found.position, found.what) == CHANGES[change]
    log.close()


def test_a_log_is_sound_when_it_is_empty_when_it_grows_and_when_it_branched(
    log_store: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first_difference(log_store, {}) is None
    log_store.append(some(2))
    log_store.new_epoch(log_store.head().epoch)
    assert first_difference(log_store, {}) is None
    log_store.append(some(2))
    assert first_difference(log_store, {}) is None

    read = type(log_store).read

    def grows(log: LogStore, after: int, limit: int) -> object:
        if log.head().position < 6:
            log.new_epoch(log.head().epoch)
            log.append(some(1))
        return read(log, after, limit)

    monkeypatch.setattr(type(log_store), "read", grows)
    assert first_difference(log_store, {}) is None
    assert log_store.head().position == 6


def test_an_index_that_lost_a_row_is_named(tmp_path: Path) -> None:
    """The record stands, and whoever asks by it would never see it (contracts §2)."""
    url = f"sqlite://{tmp_path}/log.sqlite"
    migrate(url, SOURCE)
    with closing(open_store(url, SOURCE)) as log:
        log.append(some(5))
    _lose_a_row(tmp_path / "log.sqlite", "sqlite_autoindex_records_1")
    with closing(open_store(url, SOURCE)) as log:
        found = first_difference(log, {})

    assert found is not None
    assert found.what.startswith("file: ")


def _lose_a_row(path: Path, index: str) -> None:
    """Write one cell less into the page of an index, as a broken disk might."""
    with closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = store.execute("PRAGMA page_size").fetchone()
        asked = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = store.execute(asked, [index]).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 3)
        cells = int.from_bytes(file.read(2))
        assert cells >= 1
        file.seek((page - 1) * size + 3)
        file.write((cells - 1).to_bytes(2))
