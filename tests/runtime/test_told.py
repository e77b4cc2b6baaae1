"""What whoever typed a command is told when the machine failed: issue §4, exit code 4."""

import errno
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from metodika.cli import main, metodika, of_the_machine
from metodika.cli.say import EXIT_USAGE
from shared.runtime.settings import Settings


def full() -> sqlite3.Error:
    """Fill a database that may have four pages."""
    db = sqlite3.connect(":memory:")
    db.execute("PRAGMA max_page_count = 4")
    with pytest.raises(sqlite3.OperationalError) as caught:
        db.execute("CREATE TABLE t AS SELECT zeroblob(100000)")
    db.close()
    return caught.value


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (full(), "OperationalError: the disk is full"),
        (OSError(errno.ENOSPC, "No space left on device"), "OSError: No space left on device"),
        (NotADirectoryError(20, "Not a directory", "/x/y"), "/x/y: Not a directory"),
        (sqlite3.IntegrityError("Вымыслова"), "IntegrityError"),
        (ValueError("Вымыслова"), "ValueError"),
    ],
)
def test_only_the_machines_own_words_are_shown(wrong: Exception, told: str) -> None:
    """A disk is named; any other text may hold a name, and is not shown."""
    said = of_the_machine(wrong)

    assert said.endswith(told)
    assert "Вымыслова" not in said


@pytest.fixture
def typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Give what types a command, and returns its exit code and what it says of errors."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"METODIKA_{name.upper()}", raising=False)

    def typed(*said: str, **settings: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["metodika", *said])
        for name, value in settings.items():
            monkeypatch.setenv(f"METODIKA_{name}", value)
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return typed


NOWHERE = {
    "a file": "file",
    "below a file": "file/world",
    "far below a file": "file/of/world",
    "where no file can be made": "/proc",
    "where no folder can be made": "/proc/world",
}
"""Folders that nobody can write to, root neither."""

AT_WORK: list[tuple[str, ...]] = [
    ("migrate",),
    ("up", "--port", "0"),
    ("generate",),
    ("token", "me"),
    ("grant", "me", "federal", "--act", "приказ"),
]


@pytest.mark.parametrize("said", AT_WORK, ids=[each[0] for each in AT_WORK])
@pytest.mark.parametrize("where", NOWHERE.values(), ids=list(NOWHERE))
def test_a_folder_that_cannot_be_written_is_a_wrong_setting(
    tmp_path: Path, typed: Callable[..., tuple[int, str]], where: str, said: tuple[str, ...]
) -> None:
    """Issue §4: one line names the setting and the folder; nothing of it is spoilt."""
    (tmp_path / "file").write_text("mine")
    folder = str(tmp_path / where)
    code, told = typed(*said, WORLD=folder)

    assert code == EXIT_USAGE
    assert told.startswith(f"metodika: METODIKA_WORLD: {folder} can't be written: ")
    assert told.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"


def test_so_is_that_of_the_ledger(
    tmp_path: Path, typed: Callable[..., tuple[int, str]]
) -> None:
    (tmp_path / "file").touch()
    ledger = str(tmp_path / "file" / "ledger")
    world = str(tmp_path / "world")
    code, told = typed("generate", WORLD=world, LEDGER_DIR=ledger)

    assert code == EXIT_USAGE
    assert (
        told == f"metodika: METODIKA_LEDGER_DIR: {ledger} can't be written: Not a directory\n"
    )


def test_a_demonstration_forgets_nothing_of_a_file(
    tmp_path: Path, typed: Callable[..., tuple[int, str]]
) -> None:
    """It begins from an empty folder: what is none is left alone."""
    (tmp_path / "file").write_text("mine")
    code, told = typed("demo", "--world", str(tmp_path / "file"))

    assert code == EXIT_USAGE
    assert told.endswith("can't be written: it is no folder\n")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_doctor_looks_and_makes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("METODIKA_LEDGER_DIR", raising=False)
    below, new = tmp_path / "file" / "of" / "world", tmp_path / "new" / "world"
    wrong = CliRunner().invoke(metodika, ["doctor", "--world", str(below)])
    right = CliRunner().invoke(metodika, ["doctor", "--world", str(new)])
    plain = CliRunner().invoke(metodika, ["doctor", "--json", "--world", str(below)])

    assert {"check": "folder", "ok": False} in [
        {name: each[name] for name in ("check", "ok")} for each in json.loads(plain.stdout)
    ]
    assert f"BAD  folder: {tmp_path / 'file'} is no folder\n" in wrong.stdout
    assert f"ok   folder: {new}\n" in right.stdout
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
