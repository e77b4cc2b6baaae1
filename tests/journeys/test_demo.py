"""`metodika demo`: the first thing that anybody runs."""

import json
import re
import time
from pathlib import Path

from click.testing import CliRunner

from metodika.cli import metodika
from metodika.cli.demo import DEMO, emptied
from metodika.cli.say import EXIT_USAGE


def test_the_demonstration_shows_numbers_and_proves_them(tmp_path: Path) -> None:
    """§4: регион, показатели, одно число на двух датах знания и доказательство."""
    began = time.monotonic()
    result = CliRunner().invoke(metodika, ["demo", "--world", str(tmp_path / "demo")])
    seconds = time.monotonic() - began
    said = result.output

    assert result.exit_code == 0, said
    assert seconds < 60
    for kpi in ("K-F0", "K-F1", "K-F2a", "K-F2b", "K-F4", "K-R5", "K-RR03", "K-RR09"):
        assert kpi in said
    assert "Приморский край на 31.12.2024" in said
    assert re.search(r"как известно на", said)
    assert re.search(r"Факты между: [1-9]", said)
    assert re.search(r"[1-9]\d* documents are EQUAL", said)
    assert said.count("  metodika ") == 3
    assert "refused" not in said


def test_a_world_that_is_no_demo_is_not_thrown_away(tmp_path: Path) -> None:
    """A folder that an operator names by mistake stays as it is."""
    kept = tmp_path / "registry.sqlite"
    kept.write_text("a year's work")
    refused = CliRunner().invoke(metodika, ["demo", "--world", str(tmp_path)])

    assert refused.exit_code == EXIT_USAGE
    assert f"{tmp_path} is not empty and no demo's" in refused.stderr
    assert kept.read_text() == "a year's work"


def test_what_an_earlier_demo_left_goes(tmp_path: Path) -> None:
    emptied(folder := tmp_path / "demo")
    (folder / "registry.sqlite").touch()
    emptied(folder)

    assert [each.name for each in folder.iterdir()] == [DEMO]


def test_a_synthetic_region_is_refused_nothing(tmp_path: Path) -> None:
    """§8: план просит только о возможном: ни одного отказа (contracts §8)."""
    asked = ["generate", "--world", str(tmp_path / "xs"), "--json"]
    result = CliRunner().invoke(metodika, asked)

    assert result.exit_code == 0, result.output
    assert '"refused": {}' in result.output
    assert_reasons_sum_up(tmp_path / "xs")


def assert_reasons_sum_up(world: Path) -> None:
    """Nobody of the base is without a reason, and a base without graduates says so."""
    asked = ["kpi", "value", "K-F2b", "--reasons", "--world", str(world)]
    told = CliRunner().invoke(metodika, [*asked, "--json"])
    value = json.loads(told.stdout)

    assert sum(each["den"] for each in value["reasons"]) == value["den"] > 0
    assert ("только работники" in CliRunner().invoke(metodika, asked).stdout) == (
        value["staff_only"]
    )
