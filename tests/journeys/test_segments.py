"""The ledger in Parquet: asked without our software, checked byte by byte, read back equal."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.generate import Clock
from metodika.up import part
from metodika.world import World, opened
from shared.kernel.ids import EventId
from shared.runtime import segments_kept
from shared.runtime.amending import Withdraw
from shared.runtime.segments import NoSegments
from shared.runtime.settings import Settings
from tests.journeys.telling import Telling, day, settings_of
from tests.journeys.test_6_changes import start_of

AUDITORS_PAGE = Path(__file__).parents[2] / "docs" / "auditor.md"
LATER = datetime(2022, 7, 2, 9, tzinfo=UTC)
ASKED = """
import datetime, duckdb, json, pathlib, sys

day, scope, asked_by = sys.argv[1:]
ledger = duckdb.connect()
ledger.execute(pathlib.Path("views.sql").read_text(encoding="utf-8"))
logs = json.loads(pathlib.Path("manifest.json").read_text(encoding="utf-8"))["logs"]
known = {each["log"]: each["position"] for each in logs} | json.loads(asked_by)
asked = {"as_of": datetime.date.fromisoformat(day), "known": known, "scope": scope}
counted = {}
for file in sorted(pathlib.Path("indicators").glob("*.sql")):
    question = file.read_text(encoding="utf-8")
    head = dict(line[3:].split(":", 1) for line in question.splitlines() if line[:3] == "-- "
                and ":" in line and not line.startswith("--  "))
    members = ledger.execute(question, asked).fetchall()
    total = max if head["aggregate"].strip() == "max" else sum
    nums = [row[2] for row in members] or [0]
    counted[head["id"].strip()] = [total(nums), sum(row[3] for row in members)]
print(json.dumps(counted))
"""
"""What an auditor may write who has DuckDB, and nothing of ours."""


def run(*said: str | Path) -> Result:
    return CliRunner().invoke(metodika, [*map(str, said)])


def read(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, (result.output, result.exception)
    return json.loads(result.stdout)


def written(folder: Path, world: Path, *more: str) -> Any:
    """Write segments; return what the command says to a program."""
    return read(run("segments", "write", folder, "--world", world, "--json", *more))


def without_us(folder: Path, *said: str) -> str:
    """Run a script in the folder of segments, with the public client alone."""
    return subprocess.check_output([sys.executable, "-I", "-c", *said], cwd=folder, text=True)


def answered(world: Path, on: str, scope: str, *more: str) -> tuple[dict[str, Any], Any]:
    """Return what `metodika kpi list` counts, and the vector it is known by."""
    asked = ("kpi", "list", "--as-of", on, "--scope", scope, "--json", *more)
    found = read(run(*asked, "--world", world))
    return {each["kpi"]: [each["num"], each["den"]] for each in found}, found[0]["vector"]


@pytest.fixture(scope="module")
def segments(told_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give segments of the whole story, as an operator wrote them before it went on."""
    folder = tmp_path_factory.mktemp("segments") / "segments"
    written(folder, told_folder)
    return folder


@pytest.fixture(scope="module")
def world(told_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world in which a fact of the story was restated since, and one withdrawn."""
    folder = Path(shutil.copytree(told_folder, tmp_path_factory.mktemp("went on") / "world"))
    with opened(settings_of(folder), Clock(LATER)) as here:
        story = Telling(here, Clock(LATER))
        done = EventId(story.of("routes", "ProgramCompleted")[0])
        never = Withdraw(event_id=done, reason="не было", withdrawn_on=day("02.07.2022"))
        for service, said in (("registry", start_of(story, "01.06.2022")), ("routes", never)):
            assert story.ask(service, said).status == "accepted"
        story.settle()
    return folder


@pytest.fixture(scope="module")
def folder(segments: Path, world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give segments of the world that went on: the earlier ones, and what came since."""
    folder = Path(shutil.copytree(segments, tmp_path_factory.mktemp("more") / "segments"))
    written(folder, world)
    return folder


# ── An auditor ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("on", "scope"), [("2021-12-31", ""), ("2022-12-31", ""), ("2022-12-31", "25")]
)
def test_the_public_client_counts_what_we_count(
    folder: Path, world: Path, on: str, scope: str
) -> None:
    """Architecture 11: the same file over exported Parquet, without our software."""
    ours, _ = answered(world, on, scope)

    assert json.loads(without_us(folder, ASKED, on, scope, "{}")) == ours
    assert len(ours) == 10
    assert ours["K-F1"][1] > 0


def test_and_as_known_before_it_was_corrected(folder: Path, world: Path) -> None:
    """Contracts §3: an earlier vector is in the same segments."""
    ours, vector = answered(world, "2022-12-31", "25", "--as-known", "2022-06-01")
    now, _ = answered(world, "2022-12-31", "25")

    assert json.loads(without_us(folder, ASKED, "2022-12-31", "25", json.dumps(vector))) == ours
    assert ours["K-F1"] != now["K-F1"]


def test_the_auditors_page_says_how(folder: Path, world: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", AUDITORS_PAGE.read_text(), re.DOTALL)
    (block,) = [each for each in blocks if "views.sql" in each]
    num, den = answered(world, "2024-12-31", "25")[0]["K-F1"]

    assert without_us(folder, block) == f"{num} of {den}\n"


def test_other_engines_are_shown_no_type_of_ours(folder: Path) -> None:
    """Traps: Spark refuses Parquet UUID columns; ids are bytes, and nothing is Arrow's."""
    asked = """
import duckdb
ids = "FROM parquet_schema('1/**/*.parquet') WHERE concat(converted_type, logical_type)"
print(duckdb.sql(ids + " ILIKE '%uuid%'").fetchall())
print(duckdb.sql("FROM parquet_kv_metadata('1/**/*.parquet')").fetchall())
"""

    assert without_us(folder, asked).splitlines() == ["[]", "[]"]


# ── An operator ─────────────────────────────────────────────────────────────


def test_what_was_written_is_not_written_again(
    segments: Path, folder: Path, world: Path
) -> None:
    """Architecture 12: sealed files stay; the next call writes what is new, then nothing."""
    before, after = (
        json.loads((each / "manifest.json").read_text()) for each in (segments, folder)
    )
    again = written(folder, world)
    new = [each for each in after["segments"] if each not in before["segments"]]

    assert [each for each in before["segments"] if each not in after["segments"]] == []
    assert {each["fact"] for each in new} >= {
        "registry.EmploymentStarted",
        "routes.FactWithdrawn",
    }
    assert (again["new"], again["anew"], again["manifest"]) == ([], None, after)


def test_sound_segments_are_of_their_logs(folder: Path, world: Path, segments: Path) -> None:
    said = read(run("segments", "verify", folder, "--world", world, "--json"))
    early = read(run("segments", "verify", segments, "--world", world, "--json"))
    with opened(settings_of(world)) as here:
        assert said["content"] == here.ledger.digest()

    assert (said["differs"], early["differs"]) == ([], [])
    assert early["content"] != said["content"]


@pytest.mark.parametrize("which", ["segments", "folder"])
def test_a_ledger_comes_out_of_segments_as_out_of_the_logs(
    request: pytest.FixtureRequest, world: Path, which: str
) -> None:
    """§1.8: segments, and what the logs say after them: each table, number and member."""
    of = request.getfixturevalue(which)
    result = read(run("replay", "--from-segments", of, "--json", "--world", world))

    assert (result["differs"], result["indicators"]) == ([], 10)
    assert result["facts"] > 70


def test_a_ledger_that_is_gone_is_loaded(folder: Path, world: Path, tmp_path: Path) -> None:
    lost = Path(shutil.copytree(world, tmp_path / "world"))
    shutil.rmtree(lost / "ledger")
    loaded = run("segments", "load", folder, "--world", lost)
    with opened(settings_of(world)) as one, opened(settings_of(lost)) as other:
        assert other.ledger.digest() == one.ledger.digest()
        assert other.ledger.positions() == one.ledger.positions()

    assert (loaded.exit_code, "registry@0 " in loaded.stderr) == (0, True), loaded.output


def damaged(folder: Path, to: Path, how: str) -> tuple[Path, str]:
    """Return a copy in which one file is not what it was, and the name of that file."""
    copy = Path(shutil.copytree(folder, to / "damaged"))
    (name, *_) = sorted(each.relative_to(copy) for each in copy.glob("1/registry_Emp*/*"))
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content if how == "changed" else content[:-1])
    if how == "gone":
        (copy / name).unlink()
    return copy, str(name)


@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_segment_is_named_and_nothing_is_taken(
    folder: Path, world: Path, tmp_path: Path, how: str
) -> None:
    """Reliability 20, of what is derived: one byte is enough."""
    copy, name = damaged(folder, tmp_path, how)
    before = ledger_of(world)
    verified = run("segments", "verify", copy)
    loaded = run("segments", "load", copy, "--world", world)
    replayed = run("replay", "--from-segments", copy, "--world", world)

    assert (verified.exit_code, name in verified.stderr) == (1, True)
    assert isinstance(loaded.exception, NoSegments)
    assert isinstance(replayed.exception, NoSegments)
    assert name in str(loaded.exception)
    assert ledger_of(world) == before


def test_what_another_release_wrote_is_not_said_to_be_otherwise(
    folder: Path, tmp_path: Path
) -> None:
    """ADR 0030: чего этот выпуск не читает, о том он не судит."""
    copy = Path(shutil.copytree(folder, tmp_path / "older"))
    listed = copy / "manifest.json"
    said = listed.read_text(encoding="utf-8")
    listed.write_text(said.replace("STRUCT(", "OTHER("), encoding="utf-8")
    verified = run("segments", "verify", copy)

    assert (verified.exit_code, "of another release" in verified.stderr) == (0, True)
    assert "content: not looked at" in verified.stdout


def ledger_of(world: Path) -> tuple[list[str], str]:
    """Return which generations of a ledger there are, and what the present one knows."""
    with opened(settings_of(world)) as here:
        folders = sorted(each.name for each in (world / "ledger").iterdir() if each.is_dir())
        return folders, here.ledger.digest()


def test_forged_segments_are_not_equal_and_the_logs_stay(
    folder: Path, world: Path, tmp_path: Path
) -> None:
    """§1.8: files and list that agree with each other, and not with the logs."""
    copy = Path(shutil.copytree(folder, tmp_path / "forged"))
    before = ledger_of(world)[1]
    forged(copy)
    verified = run("segments", "verify", copy, "--world", world)
    replayed = run("replay", "--from-segments", copy, "--world", world)

    assert verified.exit_code == 0
    assert (replayed.exit_code, "registry.EmploymentStarted" in replayed.stderr) == (1, True)
    assert ledger_of(world)[1] == before


FORGE = """
import duckdb, hashlib, json, pathlib

said = json.loads(pathlib.Path("manifest.json").read_text())
one = next(each for each in said["segments"] if each["fact"] == "registry.EmploymentStarted")
path = pathlib.Path(one["file"])
changed = duckdb.sql(f"SELECT * REPLACE (DATE '2001-01-01' AS occurred_on) FROM '{path}'")
changed.write_parquet("x")
pathlib.Path("x").replace(path)
one["sha256"], one["bytes"] = hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size
pathlib.Path("manifest.json").write_text(json.dumps(said))
"""


def forged(folder: Path) -> None:
    without_us(folder, FORGE)


def test_segments_of_another_world_are_left_alone(
    folder: Path, empty_folder: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(empty_folder, tmp_path / "other"))
    before = (folder / "manifest.json").read_bytes()
    said = run("segments", "write", folder, "--world", other)

    assert isinstance(said.exception, NoSegments)
    assert (folder / "manifest.json").read_bytes() == before


def test_services_at_work_write_them_once_a_day(
    segments: Path, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contracts §5: while they run, others read sealed segments."""
    monkeypatch.setattr(segments_kept, "PAUSE", 0.1)
    folder = Path(shutil.copytree(segments, tmp_path / "segments"))
    os.utime(folder / "manifest.json", (0, 0))
    settings = Settings(world=world, segments_dir=folder)

    async def at_work(here: World) -> None:
        tasks = [asyncio.ensure_future(task()) for task in part(here, "monitoring", None).tasks]
        # there is nothing else to wait for
        while (folder / "manifest.json").stat().st_mtime == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)

    with opened(settings) as here:
        asyncio.run(asyncio.wait_for(at_work(here), 100))
        known = here.ledger.positions()
    said = read(run("segments", "verify", folder, "--json"))
    assert said["vector"] == {log: position for log, (_, position) in known.items()}
