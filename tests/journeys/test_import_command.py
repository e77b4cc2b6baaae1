"""`metodika import` as an operator types it: dry run, held, confirmed, taken back."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.say import EXIT_HELD
from metodika.world import opened
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, settings_of
from tests.journeys.test_whole_packages import PEOPLE, sent


@pytest.fixture
def world(story: Telling) -> Path:
    """Give the folder of a world in which the regions stand."""
    ch.places(story)
    story.settle()
    folder = story.world.settings.world
    story.world.close()
    return Path(folder)


def typed(world: Path, *said: str) -> Result:
    return CliRunner().invoke(metodika, ["import", *said, "--world", str(world)])


def roster(folder: Path, name: str, without: int) -> str:
    target = folder / name
    target.mkdir()
    for file, content in sent(without=without).items():
        (target / file).write_bytes(content)
    return str(target)


def names(world: Path) -> list[str]:
    with opened(settings_of(world)) as here:
        return [each.name for each in here.stores["registry"].walk()]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_an_operator_imports_a_school(world: Path, tmp_path: Path) -> None:
    """contracts §7: пробный прогон, задержание, подтверждение, отзыв."""
    who = ("--system", "sis", "--region", "25", "--on", "2021-10-01")
    whole, fewer = roster(tmp_path, "whole", 0), roster(tmp_path, "fewer", 3)
    first = typed(world, whole, *who, "--json")
    log = names(world)
    dry = typed(world, fewer, *who, "--dry-run")
    plain: Any = msgspec.json.decode(typed(world, fewer, *who, "--dry-run", "--json").stdout)
    held = typed(world, fewer, *who)
    untouched = names(world)
    done = typed(world, fewer, *who, "--confirm", "--json")
    import_id = msgspec.json.decode(done.stdout)["import_id"]
    ended = names(world)
    back = typed(world, "--take-back", import_id, "--on", "2021-10-02")

    assert (first.exit_code, dry.exit_code, held.exit_code) == (0, 0, EXIT_HELD)
    assert "Jobs that a whole (bulk) package leaves out" in dry.stdout
    assert [(it["jobs"], it["left_out"]) for it in plain["ends"]] == [(PEOPLE, 3)]
    assert sum("не названа" in row["verdict"] for row in plain["rows"]) == 3
    assert untouched == log
    assert (done.exit_code, ended.count("registry.EmploymentEnded")) == (0, 3)
    assert back.exit_code == 0
    assert names(world)[len(ended) :] == ["registry.FactWithdrawn"] * 3
