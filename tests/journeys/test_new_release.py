"""A new release is started on the folder of the one before: no number stays an old one."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from metodika.cli import metodika

ASKED = ("kpi", "value", "K-F1", "--scope", "25", "--as-of", "2022-12-31", "--json")
EARLIER = {
    "its words were others": (
        "CREATE OR REPLACE MACRO inside(path, scope) AS scope = '';"
        "UPDATE made SET words = 'an earlier release'"
    ),
    "its tables were others": (
        "DELETE FROM routes_ProgramCompleted; UPDATE made SET tables = 'an earlier release'"
    ),
    "it did not say": "DELETE FROM routes_ProgramCompleted; DROP TABLE made",
}


def value(folder: Path) -> dict[str, Any]:
    told = CliRunner().invoke(metodika, [*ASKED, "--world", str(folder)])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


@pytest.mark.parametrize("made", EARLIER.values(), ids=list(EARLIER))
def test_a_ledger_of_an_earlier_release_answers_as_this_one(
    told_folder: Path, tmp_path: Path, made: str
) -> None:
    """Contracts §5: the ledger is derived; what an earlier release made of it is not kept."""
    folder = Path(shutil.copytree(told_folder, tmp_path / "world"))
    before = value(folder)
    (file,) = (folder / "ledger").glob("*/ledger.duckdb")
    with duckdb.connect(file) as ledger:
        ledger.execute(made)

    assert value(folder) == before
