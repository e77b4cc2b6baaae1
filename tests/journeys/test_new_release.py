"""A new release is started on the folder of the one before: no number stays an old one."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from metodika.cli import metodika
from metodika.services import folded_by, service
from tests.journeys.running import started, within

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


def test_documents_of_an_earlier_release_are_folded_anew(
    told_folder: Path, tmp_path: Path
) -> None:
    """Contracts §5: documents are derived too; what other code folded does not stay."""
    folder = Path(shutil.copytree(told_folder, tmp_path / "world"))
    file = folder / "routes.documents.sqlite"
    with closing(started(folder)):
        now = within(20, lambda: folded(file), "the documents are there")
    with closing(sqlite3.connect(file)) as views, views:
        views.execute("UPDATE homes SET generation = 'earlier'")
        views.execute("UPDATE documents SET generation = 'earlier', document = '{}'")
    assert not folded(file)

    with closing(started(folder)):
        within(20, lambda: folded(file) == now, "they are folded by this release")


def folded(file: Path) -> list[str]:
    """Return the live documents, once the present code has folded all of them."""
    with closing(sqlite3.connect(file)) as views:
        made = [name for (name,) in views.execute("SELECT generation FROM homes")]
        rows = views.execute(
            "SELECT document FROM documents JOIN homes USING (name, generation)"
            " WHERE document IS NOT NULL ORDER BY name, id"
        ).fetchall()
    mine = [each for each in made if each.startswith(folded_by("routes"))]
    whole = len(mine) == len(service("routes").projections)
    return [document for (document,) in rows] if whole else []
