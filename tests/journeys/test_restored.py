"""Reliability 21: a log is put back from an older copy, and written on or not."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from metodika.cli import main, metodika
from metodika.cli.say import EXIT_NO
from metodika.generate import Clock
from metodika.services import NAMES, source
from metodika.world import World, opened
from shared.kernel.ids import RegionCode
from shared.runtime.ear import Ear
from shared.runtime.ears_near import NeighbourEars
from shared.runtime.follow import Follower
from shared.runtime.hearing import hear
from shared.runtime.log import Hole
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, settings_of
from tests.runtime.inbox import until, while_running

LATER = datetime(2023, 1, 9, 9, tzinfo=UTC)
LOST = tuple(map(RegionCode, ("01", "02", "03")))
WRITTEN = {
    "shorter": tuple(map(RegionCode, ("04",))),
    "as long": tuple(map(RegionCode, ("04", "05", "06"))),
    "longer": tuple(map(RegionCode, ("04", "05", "06", "07"))),
}


@pytest.fixture
def folder(told_folder: Path, tmp_path: Path) -> Path:
    """Give a world in which something was said after a copy of the registry was made."""
    folder = Path(shutil.copytree(told_folder, tmp_path / "world"))
    shutil.copytree(told_folder, tmp_path / "copy")
    said(folder, LOST)
    with opened(settings_of(folder)) as world:
        world.settle()
    return folder


def said(folder: Path, regions: tuple[RegionCode, ...]) -> None:
    """Say in the registry that regions were added; nobody hears of it yet."""
    with opened(settings_of(folder), Clock(LATER)) as world:
        telling = Telling(world, Clock(LATER))
        for code in regions:
            telling.tell("registry", ch.region(code, f"Край {code}", f"RU-{code}", 180))


def put_back(folder: Path) -> None:
    """Put the older copy of the registry's file in its place."""
    for each in folder.glob("registry.sqlite*"):
        each.unlink()
    for older in (folder.parent / "copy").glob("registry.sqlite*"):
        shutil.copy(older, folder / older.name)


def run(*words: str) -> Result:
    return CliRunner().invoke(metodika, words)


# ── It is noticed ───────────────────────────────────────────────────────────


def by_settling(world: World) -> None:
    world.hear()


def by_the_ledger(world: World) -> None:
    world.follow()


def by_an_ear(world: World) -> None:
    own, other = world.stores["mentoring"], world.stores["registry"]
    ears = NeighbourEars(partial(hear, world.engines["mentoring"]), own, [other], who="m")
    asyncio.run(ears.catch_up())


def by_a_follower(world: World) -> None:
    ledger = world.ledger
    follower = Follower(ledger.ingest, ledger.positions, event_at=ledger.event_at)
    asyncio.run(follower.catch_up([world.stores["registry"]]))


@pytest.mark.parametrize("written", [(), *WRITTEN.values()], ids=["not", *WRITTEN])
@pytest.mark.parametrize("reads", [by_settling, by_the_ledger, by_an_ear, by_a_follower])
def test_who_heard_more_or_other_things_of_it_stops(
    folder: Path, written: tuple[RegionCode, ...], reads: Callable[[World], None]
) -> None:
    """contracts §2: известная позиция с другим event_id останавливает читателя."""
    put_back(folder)
    said(folder, written)
    with opened(settings_of(folder)) as world:
        before = {name: store.marks() for name, store in world.stores.items()}
        known = world.ledger.positions()
        with pytest.raises(Hole, match=r"registry@0: \d+ was heard, and"):
            reads(world)

        assert {name: store.marks() for name, store in world.stores.items()} == before
        assert world.ledger.positions() == known


@pytest.mark.parametrize("reads", [by_settling, by_the_ledger, by_an_ear, by_a_follower])
def test_who_heard_what_stands_there_goes_on(
    folder: Path, reads: Callable[[World], None]
) -> None:
    """contracts §2: а журнал, который только вырос, слушают дальше, и слушание кончается."""
    said(folder, WRITTEN["longer"])
    with opened(settings_of(folder)) as world:
        reads(world)
        reads(world)
        world.settle()

        assert world.settle() == 0
        head = world.stores["registry"].head().position
        assert world.ledger.positions()["registry@0"][1] == head
        assert world.stores["mentoring"].marks()["registry@0"].position == head


def test_one_record_more_is_read_at_a_poll(folder: Path) -> None:
    """contracts §2: сверка стоит одной записи за опрос, и ничего не считается услышанным."""
    with opened(settings_of(folder)) as world:
        own, other = world.stores["mentoring"], world.stores["registry"]
        ears = NeighbourEars(partial(hear, world.engines["mentoring"]), own, [other], who="m")
        follower = Follower(world.ledger.ingest, world.ledger.positions)
        reads = Counting(other.read)
        other.read = reads  # type: ignore[method-assign] - as it was before

        assert (asyncio.run(ears.catch_up()), ears.healthy()) == (0, True)
        assert (asyncio.run(follower.catch_up([other])), follower.healthy()) == (0, True)
        assert world.settle() == 0
        assert reads.taken == 2 + len(world.stores)


def test_an_ear_that_stopped_is_not_healthy_and_moves_no_mark(folder: Path) -> None:
    """Reliability 21: the consumer stops, and says so."""
    put_back(folder)
    said(folder, WRITTEN["as long"])
    with opened(settings_of(folder)) as world:
        own, other = world.stores["mentoring"], world.stores["registry"]
        ears = NeighbourEars(partial(hear, world.engines["mentoring"]), own, [other], who="m")
        follower = Follower(
            world.ledger.ingest, world.ledger.positions, event_at=world.ledger.event_at
        )
        asyncio.run(stopped(ears.run, ears.ears))
        asyncio.run(stopped(partial(follower.from_logs, [other]), follower.ears))

        assert not ears.healthy()
        assert not follower.healthy()


async def stopped(run: Callable[[], Awaitable[None]], ears: Mapping[str, Ear]) -> None:
    """Run until an ear has stopped at a hole."""

    def has() -> bool:
        return any(each.error == "Hole" for each in ears.values())

    await while_running(run, until(has, seconds=10))


class Counting:
    """Counts the records that are read of a log."""

    def __init__(self, read: Callable[..., object]) -> None:
        self._read = read
        self.taken = 0

    def __call__(self, *asked: object, **narrowed: object) -> object:
        """Read and count."""
        found = self._read(*asked, **narrowed)
        self.taken += len(found)  # type: ignore[arg-type] - as it comes
        return found


def test_a_command_that_would_hear_says_why_it_does_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reliability 21: one line, the answer is no, and what to look at next."""
    put_back(folder)
    monkeypatch.setattr("sys.argv", ["metodika", "replay", "--world", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err

    assert (ended.value.code, told.count("\n")) == (EXIT_NO, 1)
    assert "registry@0: " in told
    assert "metodika status" in told


@pytest.mark.parametrize("written", [(), *WRITTEN.values()], ids=["not", *WRITTEN])
def test_status_names_log_hearer_and_position(
    folder: Path, written: tuple[RegionCode, ...]
) -> None:
    """Reliability 21: what is not as it was heard is named, and is no success."""
    whole = run("status", "--world", str(folder))
    with opened(settings_of(folder)) as world:
        heard = world.stores["mentoring"].marks()["registry@0"].position
    put_back(folder)
    said(folder, written)
    told = run("status", "--world", str(folder))
    as_json = run("status", "--json", "--world", str(folder))
    (end,) = [e for e in json.loads(as_json.stdout) if e["log"] == source("registry")]

    assert (whole.exit_code, told.exit_code, as_json.exit_code) == (0, EXIT_NO, EXIT_NO)
    assert {each["hearer"] for each in end["not_as_heard"]} == {
        "ledger",
        *(set(NAMES) - {"registry"}),
    }
    assert {each["position"] for each in end["not_as_heard"]} == {heard}
    hearers = "diagnostics, routes, mentoring, monitoring, ledger"
    assert f"registry@0 at {heard} is not as {hearers} heard it: " in told.stderr


def test_a_ledger_that_was_made_without_logs_answers_on(tmp_path: Path) -> None:
    """contracts §8: без журналов она отвечает, и когда в журнале дано право; и не сбилась."""
    folder = str(tmp_path / "world")
    run("generate", "--tier", "XS", "--to", "ledger", "--world", folder)
    asked = ("kpi", "value", "K-F1", "--scope", "25", "--as-of", "2024-12-31", "--json")
    before = run(*asked, "--world", folder)
    run("grant", "me", "federal", "--act", "приказ", "--world", folder)
    with opened(settings_of(tmp_path / "world")) as world:
        world.settle()
        for reads in (by_settling, by_the_ledger, by_an_ear, by_a_follower):
            reads(world)

    assert run(*asked, "--world", folder).stdout == before.stdout
    assert run("status", "--world", folder).exit_code == 0
