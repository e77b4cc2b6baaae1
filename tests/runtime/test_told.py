"""What whoever typed a command is told when the machine failed: issue §4, exit code 4."""

import errno
import sqlite3
from pathlib import Path

import pytest

from metodika.cli import main, of_the_machine


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


def test_a_wrong_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    where = str(tmp_path / "file" / "world")
    monkeypatch.setattr("sys.argv", ["metodika", "migrate", "--world", where])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 4
    assert str(tmp_path / "file") in capsys.readouterr().err
