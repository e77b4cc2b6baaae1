"""Segments are a function of what is known: of facts, not of how and when they came."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
import pytest

from services.monitoring import ledger as language
from shared.events.routes import FactWithdrawn, ProgramCompleted
from shared.kernel import catalogue
from shared.kernel.ids import EnrolmentId, EventId
from shared.runtime import segments_kept, segments_write
from shared.runtime.columns import Hole, Ledger
from shared.runtime.log import Record
from shared.runtime.segments import NoSegments, changed, listed, required
from shared.runtime.segments_logs import roots_of
from shared.runtime.segments_read import content, filling, misplaced
from shared.runtime.segments_write import Written, write
from shared.testing.facts import a
from tests.monitoring.telling import EPOCH
from tests.monitoring.test_columns import COMPLETIONS, REGIONS, told

SECOND = UUID(int=8)
DONE = a(ProgramCompleted, enrolment_id=EnrolmentId(UUID(int=2)))
RESTATED = told(4, replace(DONE, program_version=40), corrects=2)
WITHDRAWN = told(
    5,
    a(
        FactWithdrawn,
        withdraws=EventId(COMPLETIONS[0].event_id),
        name="routes.ProgramCompleted",
    ),
)
DEAD_BORN = told(6, replace(DONE, enrolment_id=EnrolmentId(UUID(int=1))), corrects=1)
UNKNOWN = replace(
    told(6, a(ProgramCompleted)), name="registry.NotYetInvented", source="registry@0"
)
EVERYTHING = [*REGIONS, *COMPLETIONS, RESTATED, WITHDRAWN, DEAD_BORN]

type Opened = Callable[[str], Ledger]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Give ledgers that go on into a second epoch after the third record of a log."""
    ledgers: dict[str, Ledger] = {}

    def announced(_source: str, epoch: UUID, after: int) -> bool:
        return (epoch, after) == (SECOND, 3)

    def one(name: str) -> Ledger:
        ledgers[name] = Ledger(tmp_path / f"ledger {name}", language, announced=announced)
        return ledgers[name]

    yield one
    for each in ledgers.values():
        each.close()


def put(ledger: Ledger, folder: Path, **said: Any) -> Written:
    return write(ledger, folder, roots_of({}), {}, **said)


def heard(ledger: Ledger, *batches: Sequence[Record]) -> Ledger:
    for each in batches:
        ledger.ingest(each)
    return ledger


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


# ── What they are a function of ─────────────────────────────────────────────


def test_equal_facts_give_equal_bytes(opened: Opened, tmp_path: Path) -> None:
    """However the logs interleave, in whatever portions and generation they came."""
    one = heard(opened("one"), EVERYTHING)
    other = heard(opened("two"), *([each] for each in COMPLETIONS), REGIONS[:2])
    heard(other, EVERYTHING)
    other.rebuild(lambda known: [] if known else [EVERYTHING[::-1][6:], *_each(EVERYTHING)])
    hashes = {put(one, tmp_path / "a").sha256, put(other, tmp_path / "b").sha256}

    assert len(hashes) == 1
    assert files(tmp_path / "a") == files(tmp_path / "b")


def _each(records: Sequence[Record]) -> list[list[Record]]:
    return [[each] for each in records]


def test_an_id_is_its_sixteen_bytes(opened: Opened, tmp_path: Path) -> None:
    """ADR 0038: any engine reads them, also one that knows no ids."""
    put(heard(opened("one"), EVERYTHING), tmp_path / "segments")
    folder = tmp_path / "segments" / "1" / "routes_ProgramCompleted"
    [first, *_] = pq.read_table(next(folder.glob("*.parquet"))).to_pylist()

    assert first["event_id"] == COMPLETIONS[0].event_id.bytes
    assert first["enrolment_id"] == UUID(int=1).bytes


def test_however_often_one_wrote_they_hold_the_same(opened: Opened, tmp_path: Path) -> None:
    ledger, at_once = opened("one"), tmp_path / "at once"
    for n in range(1, len(EVERYTHING) + 1):
        put(heard(ledger, EVERYTHING[:n]), tmp_path / "often")
    put(ledger, at_once)
    often, once = (required(each) for each in (tmp_path / "often", at_once))

    assert (len(often.files), len(once.files)) == (11, 3)
    assert [*misplaced(tmp_path / "often", often)] == []
    assert content(tmp_path / "often", often, language) == ledger.digest()
    assert content(at_once, once, language) == ledger.digest()


def test_a_long_log_is_cut_into_segments(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments_write, "SPAN", 2)
    ledger, folder = heard(opened("one"), EVERYTHING), tmp_path / "segments"
    manifest = put(ledger, folder).manifest

    spans = [(each.first, each.last) for each in manifest.of("registry.RegionAdded")]
    assert spans == [(1, 2), (3, 4), (5, 5)]
    assert content(folder, manifest, language) == ledger.digest()


def test_what_could_not_be_read_is_there_by_its_place(opened: Opened, tmp_path: Path) -> None:
    """Reliability 17: an unknown fact is passed by, and counted; a later release has it."""
    ledger, folder = heard(opened("one"), [*REGIONS, UNKNOWN]), tmp_path / "segments"
    manifest = put(ledger, folder).manifest
    other = opened("other")
    other.rebuild(lambda _: [], begun=filling(folder, manifest, language))

    assert manifest.unread == ["registry.NotYetInvented"]
    assert other.skipped() == {"registry.NotYetInvented": 1}
    assert other.digest() == ledger.digest() == content(folder, manifest, language)


def test_a_fact_that_is_read_since_begins_them_anew(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADR 0030: what an earlier release passed by is not guessed."""
    ledger, folder = heard(opened("one"), [*REGIONS, UNKNOWN]), tmp_path / "segments"
    early, other = put(ledger, folder).manifest, opened("other")
    with monkeypatch.context() as later:
        later.setitem(catalogue, "registry.NotYetInvented", catalogue["registry.RegionAdded"])
        with pytest.raises(NoSegments, match="NotYetInvented otherwise"):
            other.rebuild(lambda _: [], begun=filling(folder, early, language))
    with monkeypatch.context() as later:
        changed_ = replace(catalogue["registry.RegionAdded"], schema=9)
        later.setitem(catalogue, "registry.RegionAdded", changed_)
        done = put(ledger, folder)

    assert (done.anew, done.manifest.generation) == (
        "this release reads registry.RegionAdded otherwise",
        2,
    )
    assert not (folder / "1").exists()


# ── Taken back ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("until", [1, 7, len(EVERYTHING)])
def test_the_rest_comes_out_of_the_logs(opened: Opened, tmp_path: Path, until: int) -> None:
    """Also what restates or withdraws a fact that was sealed before."""
    folder, whole = tmp_path / "segments", heard(opened("whole"), EVERYTHING)
    manifest = put(heard(opened("early"), EVERYTHING[:until]), folder).manifest
    ledger = opened("out of segments")
    ledger.rebuild(lambda _: [EVERYTHING], begun=filling(folder, manifest, language))

    assert ledger.digest() == whole.digest()
    assert ledger.positions() == whole.positions()
    assert ledger.generation == "2"


def test_a_list_that_lacks_a_file_gives_nothing(opened: Opened, tmp_path: Path) -> None:
    folder, ledger = tmp_path / "segments", opened("other")
    manifest = put(heard(opened("one"), EVERYTHING), folder).manifest
    manifest.segments.pop(0)
    with pytest.raises(NoSegments, match="0 of 5 records of registry@0"):
        ledger.rebuild(lambda _: [], begun=filling(folder, manifest, language))

    assert ledger.positions() == {}
    assert sorted(each.name for each in ledger.folder.iterdir()) == ["1", "CURRENT"]


def test_they_do_not_make_a_ledger_forget(opened: Opened, tmp_path: Path) -> None:
    folder, ledger = tmp_path / "segments", heard(opened("more"), EVERYTHING)
    manifest = put(heard(opened("less"), REGIONS[:3]), folder).manifest
    with pytest.raises(Hole, match="registry@0 ends before 5"):
        ledger.rebuild(lambda _: [COMPLETIONS], begun=filling(folder, manifest, language))

    assert ledger.positions()["registry@0"] == (EPOCH, 5)


# ── Another line of the log ─────────────────────────────────────────────────


def otherwise(n: int) -> Record:
    """Return what a log says at a place after it was put back from an older copy."""
    return replace(REGIONS[n - 1], epoch=SECOND, event_id=UUID(int=70 + n))


def test_an_epoch_that_began_after_them_changes_nothing(opened: Opened, tmp_path: Path) -> None:
    ledger, folder = heard(opened("one"), REGIONS[:3]), tmp_path / "segments"
    first = put(ledger, folder).manifest
    heard(ledger, [replace(each, epoch=SECOND) for each in REGIONS[3:]])
    done = put(ledger, folder)

    assert (done.anew, len(done.new)) == (None, 1)
    assert set(first.files) < done.manifest.files
    assert done.manifest.logs[0].epoch == SECOND
    assert content(folder, done.manifest, language) == ledger.digest()


def test_an_epoch_that_lost_what_they_hold_begins_them_anew(
    opened: Opened, tmp_path: Path
) -> None:
    """ADR 0031: what stands in no log leaves the ledger, and the segments with it."""
    folder = tmp_path / "segments"
    lost = put(heard(opened("one"), REGIONS), folder)
    adopted = heard(opened("two"), [*REGIONS[:3], otherwise(4)])
    done = put(adopted, folder)

    assert (lost.anew, done.manifest.generation, len(done.new)) == (None, 2, 1)
    assert "registry@0 says something else" in str(done.anew)
    assert [each for each in files(folder) if each.endswith(".parquet")] == [
        "2/registry_RegionAdded/registry@0-1-4.parquet"
    ]
    assert content(folder, done.manifest, language) == adopted.digest()


def test_a_ledger_that_lags_or_was_put_back_unsaid_takes_nothing_away(
    opened: Opened, tmp_path: Path
) -> None:
    folder, lags = tmp_path / "segments", heard(opened("two"), REGIONS[:3])
    put(heard(opened("one"), REGIONS), folder)
    before = files(folder)
    with pytest.raises(NoSegments, match="up to 5, the ledger knows it up to 3"):
        put(lags, folder)

    unsaid = heard(opened("three"), [*REGIONS[:4], replace(REGIONS[4], event_id=UUID(int=75))])
    with pytest.raises(NoSegments, match="in the same epoch"):
        put(unsaid, folder)

    assert files(folder) == before
    assert put(lags, folder, anew=True).manifest.generation == 2


def test_another_world_takes_nothing_away(opened: Opened, tmp_path: Path) -> None:
    folder, other = tmp_path / "segments", replace(REGIONS[0], event_id=UUID(int=70))
    put(heard(opened("one"), REGIONS), folder)
    before = files(folder)
    with pytest.raises(NoSegments, match="another registry@0"):
        put(heard(opened("two"), [other]), folder)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "report.txt").write_text("…")
    with pytest.raises(NoSegments, match="not empty"):
        put(opened("three"), tmp_path / "documents")

    assert files(folder) == before


# ── What is wrong with them ─────────────────────────────────────────────────


def test_a_call_that_was_killed_is_made_good(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it wrote is in no list: it is not read, and goes."""
    ledger, folder = heard(opened("one"), EVERYTHING), tmp_path / "segments"
    with monkeypatch.context() as killed:
        killed.setattr(segments_write, "encoded", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            put(ledger, folder)
    assert listed(folder) is None
    heard(ledger, [replace(told(7, DONE), event_id=UUID(int=99))])
    manifest = put(ledger, folder).manifest

    on_disk = {each for each in files(folder) if each.endswith(".parquet")}
    assert on_disk == manifest.files
    assert [*changed(folder, manifest)] == []


def _interrupted(_: object) -> bytes:
    raise KeyboardInterrupt


def test_a_ledger_that_lacks_a_fact_writes_nothing(opened: Opened, tmp_path: Path) -> None:
    ledger, folder = heard(opened("one"), EVERYTHING), tmp_path / "segments"
    ledger._current.connection.execute("DELETE FROM registry_RegionAdded WHERE position = 2")
    with pytest.raises(Hole, match=r"registry@0: of 5 registry\.RegionAdded the ledger has 4"):
        put(ledger, folder)

    assert listed(folder) is None


def test_files_that_changed_places_are_found(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "segments"
    put(heard(opened("one"), REGIONS[:3]), folder)
    more = put(heard(opened("two"), REGIONS), folder).manifest
    early, late = (folder / each.file for each in more.of("registry.RegionAdded"))
    shutil.copy(early, late)

    assert [each.split(":")[0] for each in changed(folder, more)] == [
        "1/registry_RegionAdded/registry@0-4-5.parquet"
    ]
    assert len([*misplaced(folder, more)]) == 2


def test_nothing_is_written_of_nothing(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(NoSegments, match="knows nothing"):
        put(opened("one"), tmp_path / "segments")
    (tmp_path / "segments").mkdir()
    with pytest.raises(NoSegments, match="no segments in"):
        required(tmp_path / "segments")
    (tmp_path / "segments" / "manifest.json").write_text('{"format": 1, "generation": 1}')
    with pytest.raises(NoSegments, match="format 1"):
        required(tmp_path / "segments")
    with closing(opened("two")):
        assert listed(tmp_path) is None


# ── Of a ledger at work ─────────────────────────────────────────────────────


def test_a_ledger_at_work_writes_them_by_itself(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contracts §5: others read sealed segments; what is refused does not stop it."""
    monkeypatch.setattr(segments_kept, "PAUSE", 0.01)
    ledger, folder, whole = opened("one"), tmp_path / "segments", False
    new = partial(put, ledger, folder)
    kept = segments_kept.keep_written(folder, new, whole=lambda: whole, every=0)

    async def at_work() -> None:
        nonlocal whole
        work = asyncio.ensure_future(kept)
        await asyncio.sleep(0.2)
        assert listed(folder) is None
        whole = True
        for n in (3, 5):
            ledger.ingest(REGIONS[:n])
            await asyncio.to_thread(_wait_for, folder, n)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    asyncio.run(asyncio.wait_for(at_work(), 60))
    assert content(folder, required(folder), language) == ledger.digest()


def _wait_for(folder: Path, position: int) -> None:
    while not ((found := listed(folder)) and found.logs[0].position == position):
        time.sleep(0.01)
