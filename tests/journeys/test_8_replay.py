"""Point 8: what is derived can be thrown away; what is recorded cannot be changed."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from metodika import replaying
from metodika.cli import metodika
from metodika.cli.say import EXIT_NO
from metodika.homes import views_of
from metodika.replaying import (
    Replayed,
    canonical,
    replay_documents,
    replay_known,
    replay_ledger,
)
from metodika.services import NAMES
from metodika.world import World, opened
from shared.runtime.columns import Hole
from shared.runtime.log import Mark, Record
from shared.runtime.placed import places_of
from shared.runtime.soundness import first_difference
from shared.runtime.store import open_store
from shared.runtime.tree import leaf_of_record
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, settings_of

ON = date(2022, 12, 31)


@pytest.fixture
def folder(told_folder: Path, tmp_path: Path) -> Path:
    """Give the folder of a world in which the whole story is told, and nobody works."""
    return Path(shutil.copytree(told_folder, tmp_path / "world"))


def run(*said: str) -> Result:
    return CliRunner().invoke(metodika, said)


def test_the_ledger_is_rebuilt_equal(told: Telling) -> None:
    """§1.8: витрина выброшена и построена из журналов заново: та же (contracts §5)."""
    result = replay_ledger(told.world, ON)
    said = sum(store.head().position for store in told.world.stores.values())

    assert (result.differs, result.indicators, result.facts) == ([], 10, said)


def test_a_ledger_that_lost_something_is_not_equal(told: Telling) -> None:
    """§1.8: сравнение замечает и одну пропавшую запись (contracts §5)."""
    told.world.ledger._current.connection.execute("DELETE FROM routes_ProgramCompleted")
    result = replay_ledger(told.world, ON)

    assert {"routes.ProgramCompleted", "K-F1"} <= set(result.differs)


def test_a_ledger_whose_files_are_gone_comes_back(folder: Path) -> None:
    """§1.8: и когда удалены сами файлы витрины (contracts §5)."""
    with opened(settings_of(folder)) as world:
        before = canonical(world.ledger)
    for each in sorted((folder / "ledger").rglob("*"), reverse=True):
        each.rmdir() if each.is_dir() else each.unlink()
    with opened(settings_of(folder)) as world:
        world.settle()

        assert canonical(world.ledger) == before


def test_the_documents_are_rebuilt_equal(told: Telling) -> None:
    """§1.8: документы всех служб построены заново: те же (contracts §5)."""
    result = Replayed()
    asyncio.run(replay_documents(told.world, result))

    assert result.differs == []
    assert result.documents > 20


@pytest.mark.parametrize("told", ["embedded"], indirect=True)  # its file is changed
def test_a_document_that_was_changed_is_found(told: Telling) -> None:
    """§1.8: документ, изменённый мимо журнала, отличается от построенного (contracts §5)."""
    asyncio.run(replay_documents(told.world, Replayed()))
    path = told.world.settings.world / "routes.documents.sqlite"
    views_of(told.world.settings, "routes")
    with sqlite3.connect(path) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            )
        ]
        changed = 0
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info('{table}')")]
            for column in columns:
                changed += connection.execute(
                    f'UPDATE "{table}" SET "{column}" = '
                    f"replace(\"{column}\", 'completed', 'cancelled') "
                    f"WHERE typeof(\"{column}\") = 'text' "
                    f'AND "{column}" LIKE \'%"completed"%\''
                ).rowcount
    connection.close()
    result = Replayed()
    asyncio.run(replay_documents(told.world, result))

    assert changed > 0
    assert any(str(ch.ROUTE) in each for each in result.differs)


def test_what_services_go_by_is_learned_again_equal(told: Telling) -> None:
    """§1.8: и то, что служба держит из услышанного: по нему она решает (contracts §4)."""
    result = Replayed()
    replay_known(told.world, result)

    assert result.differs == []
    assert result.histories > 50


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM known WHERE kind = 'home'", "UPDATE known SET history = x'5b5d'"],
)
def test_what_a_service_forgot_is_named(folder: Path, change: str) -> None:
    """§1.8: забытое или подменённое названо: служба, что и о ком (contracts §4)."""
    with closing(sqlite3.connect(folder / "mentoring.sqlite")) as store, store:
        assert store.execute(change).rowcount > 0
    result = run("replay", "--world", str(folder), "--as-of", "2022-12-31")

    assert result.exit_code == 1
    assert "mentoring: home " in result.output


def test_the_command_line_says_that_it_is_equal(folder: Path) -> None:
    """§1.8: `metodika replay` строит заново и говорит, что равно (contracts §5)."""
    result = run("replay", "--world", str(folder), "--as-of", "2022-12-31")

    assert result.exit_code == 0, result.output
    assert "EQUAL" in result.output
    assert "NOT EQUAL" not in result.output


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "stopped before the end"),
        (Hole("routes@0: 3 is missing"), 1, "routes@0: 3 is missing"),
    ],
)
def test_a_replay_that_does_not_end_says_why(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    ends: BaseException,
    code: int,
    said: str,
) -> None:
    """§1.8: остановленное построение не трогает прежней витрины (contracts §5)."""
    before = (folder / "ledger" / "CURRENT").read_text()

    def read(_: object) -> Iterator[Sequence[Record]]:
        raise ends
        yield []

    def logs(_: World) -> Any:
        return read

    monkeypatch.setattr(replaying, "logs_of_stores", logs)
    result = run("replay", "--world", str(folder), "--as-of", "2022-12-31")

    assert (result.exit_code, said in result.output) == (code, True)
    assert (folder / "ledger" / "CURRENT").read_text() == before


def test_an_untouched_store_is_as_recorded(folder: Path) -> None:
    """§1.8: `metodika verify` пересчитывает каждую запись (contracts §2)."""
    result = run("verify", "--world", str(folder))

    assert result.exit_code == 0, result.output


def test_every_log_of_the_story_is_as_recorded(read_only: Telling) -> None:
    """§1.8: в обоих мирах; каждый факт виден там, куда ведёт (contracts §2, §7)."""
    stores = read_only.world.stores
    places = places_of(stores["registry"].walk())

    assert {
        name: first_difference(each, places) for name, each in stores.items()
    } == dict.fromkeys(NAMES)
    assert len(places) == 4


@pytest.mark.parametrize("told", ["embedded"], indirect=True)
@pytest.mark.timeout(60)
def test_who_hears_everything_again_says_nothing_new(told: Telling) -> None:
    """§1.8: и служба, чья отметка отступила, ничего не повторяет и не стоит (contracts §4)."""
    stores = told.world.stores
    before = {name: each.head().position for name, each in stores.items()}
    for store in stores.values():
        for source, mark in store.marks().items():
            store.adopt(Mark(source, mark.epoch, 0))
    told.settle()
    result = Replayed()
    replay_known(told.world, result)

    assert {name: each.head().position for name, each in stores.items()} == before
    assert result.differs == []
    assert [
        each.marks()[told_by].position for each in stores.values() for told_by in each.marks()
    ]
    assert not any(each.parked() for each in stores.values())


@pytest.mark.parametrize("column", ["data", "meta"])
def test_a_changed_byte_is_found_and_named(folder: Path, column: str) -> None:
    """§1.8: изменённый байт найден, и названо его место (contracts §2)."""
    position = changed_byte(folder / "routes.sqlite", column)
    result = run("verify", "--world", str(folder))

    assert result.exit_code == 1
    assert f"routes@0: position {position}" in result.output


def test_a_record_rewritten_with_its_leaf_is_found_by_the_root(folder: Path) -> None:
    """§1.8: и запись, переписанная вместе со своим хешем (contracts §2)."""
    with opened(settings_of(folder)):
        pass  # whoever closes a world puts what is new under a root
    rewritten(folder)
    result = run("verify", "--world", str(folder))

    assert result.exit_code == 1
    assert "routes@0: position" in result.output
    assert "root" in result.output


def rewritten(folder: Path) -> None:
    """Change a record and give it the leaf that fits, as whoever knows how would."""
    with closing(open_store(f"sqlite://{folder}/routes.sqlite", "routes@0")) as store:
        record = store.read(4, 1)[0]
    meta = record.meta.replace(b'"actor":"', b'"actor":"x', 1)
    other = replace(record, meta=meta)
    with closing(sqlite3.connect(folder / "routes.sqlite")) as connection:
        connection.execute(
            "UPDATE records SET meta = ?, leaf = ? WHERE position = ?",
            (meta, leaf_of_record(other), record.position),
        )
        connection.commit()


def changed_byte(path: Path, column: str) -> int:
    """Change one byte of a record behind everybody's back; return its position."""
    connection = sqlite3.connect(path)
    [table] = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if {"position", "data", "meta", "leaf"}
        <= {row[1] for row in connection.execute(f"PRAGMA table_info('{name}')")}
    ]
    position, said = connection.execute(
        f"SELECT position, {column} FROM {table} ORDER BY position LIMIT 1 OFFSET 4"
    ).fetchone()
    content = bytearray(said if isinstance(said, bytes) else said.encode())
    content[-10] ^= 1
    connection.execute(
        f"UPDATE {table} SET {column} = ? WHERE position = ?",
        (bytes(content) if isinstance(said, bytes) else content.decode(), position),
    )
    connection.commit()
    connection.close()
    return position


@pytest.mark.parametrize(
    ("service", "change", "named"),
    [
        (
            "registry",
            "UPDATE records SET data = CAST(data AS text) WHERE position = 9",
            "9 (event",
        ),
        ("registry", "UPDATE records SET epoch = x'00' WHERE position = 9", "9: unreadable"),
        ("registry", "UPDATE records SET region = '77' WHERE {placed}", "region"),
        ("registry", "UPDATE records SET region = NULL WHERE {placed}", "region"),
        ("registry", "UPDATE records SET {elsewhere} WHERE {placed}", "territory"),
        ("mentoring", "UPDATE records SET {elsewhere} WHERE {placed}", "territory"),
        ("registry", "UPDATE records SET {nowhere} WHERE {placed}", "territory"),
        ("registry", "UPDATE head SET position = position + 1", "head"),
        ("registry", "UPDATE head SET position = position - 1", "head"),
        ("registry", "UPDATE head SET epoch = zeroblob(16)", "head"),
        ("registry", "UPDATE head SET recorded_at = recorded_at + 1", "head"),
        ("registry", "UPDATE log_epoch SET epoch = zeroblob(16)", "epoch"),
        ("registry", "UPDATE log_epoch SET branched_at_position = 5", "epoch"),
        ("registry", "UPDATE checkpoints SET origin = 'x'", "origin"),
        (
            "registry",
            "UPDATE checkpoints SET frontier = zeroblob(length(frontier))",
            "frontier",
        ),
    ],
)
def test_what_stands_beside_a_record_is_verified_too(
    folder: Path, service: str, change: str, named: str
) -> None:
    """§1.8: и где запись видна, и конец журнала, и его эпохи, и корни (contracts §2, §4)."""
    placed = "position = (SELECT max(position) FROM records WHERE territory LIKE '25/0570%/%')"
    elsewhere = "territory = '77', region = '77'"
    asked = change.format(
        placed=placed, elsewhere=elsewhere, nowhere="territory = NULL, region = NULL"
    )
    with closing(sqlite3.connect(folder / f"{service}.sqlite")) as store, store:
        assert store.execute(asked).rowcount >= 1
    result = run("verify", "--world", str(folder))

    assert result.exit_code == 1, result.output
    assert named in result.stderr


def test_a_log_that_was_restored_from_an_older_copy_is_named(
    empty_folder: Path, folder: Path
) -> None:
    """Reliability 21: a lost tail is never silent; what others heard of it is counted."""
    whole = run("status", "--world", str(folder))
    for older in empty_folder.glob("registry.sqlite*"):
        shutil.copy(older, folder / older.name)
    told = run("status", "--world", str(folder))
    as_json = run("status", "--json", "--world", str(folder))
    (lost,) = [each for each in json.loads(as_json.stdout) if each["log"] == "registry@0"]

    assert (whole.exit_code, told.exit_code, as_json.exit_code) == (0, EXIT_NO, EXIT_NO)
    assert f"registry@0 lost its last {lost['heard_beyond']:,} records" in told.stderr
    assert (lost["heard_beyond"] > 0, lost["unheard"]) == (True, 0)
