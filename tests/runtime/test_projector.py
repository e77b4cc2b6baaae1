"""Documents are what the log says, live or folded anew."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.events.registry import FactWithdrawn, MunicipalityAdded, RegionAdded
from shared.kernel import Projection, kind_of, standing
from shared.kernel.ids import EventId
from shared.runtime import codec
from shared.runtime.projector import LeftAlone, Projector, fold
from shared.runtime.release import FOLDS, made_by
from shared.runtime.releases import came
from shared.runtime.store_log import LogStore
from shared.runtime.territory import home_of
from shared.runtime.views import Rebuilding
from shared.runtime.views_sqlite import SqliteViews
from shared.testing.facts import DAY, a
from tests.runtime.made import a_log, put_back, say

ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))


def as_document(so_far: dict[str, Any] | None, said: RegionAdded) -> dict[str, Any]:
    return {"id": said.region, "n": (so_far or {"n": 0})["n"] + 1, "name": said.name}


def as_before(_: dict[str, Any] | None, said: RegionAdded) -> dict[str, Any]:
    return {"id": said.region, "n": 0, "name": said.name}


REGIONS = Projection(name="registry.regions", facts=(RegionAdded,), evolve=as_document)


def region(name: str) -> RegionAdded:
    return a(RegionAdded, name=name, region="25")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogStore]:
    store = a_log(tmp_path)
    yield store
    store.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[SqliteViews]:
    views = SqliteViews(str(folder / "views"), [REGIONS.name])
    try:
        yield views
    finally:
        await views.close()


def run(
    log: LogStore, folder: Path, act: Callable[[Projector, SqliteViews], Awaitable[None]]
) -> None:
    async def acted() -> None:
        async with opened(folder) as views:
            await act(Projector([REGIONS], log, views), views)

    asyncio.run(acted())


async def names(views: SqliteViews) -> list[tuple[str, int]]:
    found, _ = await views.find(
        REGIONS.name, equals={}, scopes=None, sort="name", after=None, limit=100
    )
    return [(each["name"], each["n"]) for each in found]


@pytest.mark.parametrize("more", [(), ("x",), ("x", "y"), ("x", "y", "z")])
def test_documents_of_a_log_that_was_put_back_are_folded_anew(
    log: LogStore, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """A log restored from an older copy, written on or not: documents say what it says."""
    say(log, ONE, region("a"))

    async def act(projector: Projector, views: SqliteViews) -> None:
        await projector.catch_up()
        say(log, TWO, region("lost"))
        say(log, THREE, region("lost too"))
        await projector.catch_up()
        put_back(f"sqlite://{tmp_path}/registry@0.sqlite", 1)
        for n, each in enumerate(more):
            say(log, UUID(int=10 + n), region(each))
        await projector.catch_up()
        after = await views.taken(REGIONS.name)
        await projector.catch_up()

        assert await names(views) == [(each, 1) for each in ("a", *more)]
        assert await views.taken(REGIONS.name) == after

    run(log, tmp_path, act)


def test_each_stream_has_its_document(log: LogStore, tmp_path: Path) -> None:
    say(log, ONE, region("a"), region("b"), territory="25/1")
    say(log, TWO, region("c"), territory="26")

    async def act(projector: Projector, views: SqliteViews) -> None:
        await projector.catch_up()
        assert await names(views) == [("b", 2), ("c", 1)]
        say(log, TWO, region("d"))
        await projector.catch_up()
        assert await names(views) == [("b", 2), ("d", 2)]
        assert await views.position("registry@0") == 4
        found, _ = await views.find(
            REGIONS.name, equals={}, scopes=["25"], sort="id", after=None, limit=9
        )
        assert [each["name"] for each in found] == ["b"]

    run(log, tmp_path, act)


def test_what_other_code_folded_is_folded_anew(log: LogStore, tmp_path: Path) -> None:
    """A new release on the documents of the one before: no shape stays an old one."""
    other = replace(REGIONS, evolve=as_before)
    say(log, ONE, region("a"), region("b"))

    async def act(_: Projector, views: SqliteViews) -> None:
        await Projector([other], log, views, "e1").catch_up()
        earlier = await names(views)
        await Projector([REGIONS], log, views, "e2").catch_up()
        taken = await views.taken(REGIONS.name)
        await Projector([REGIONS], log, views, "e2").catch_up()

        assert earlier == [("b", 0)]
        assert (await names(views), taken.position) == ([("b", 2)], 2)
        assert await views.taken(REGIONS.name) == taken

    run(log, tmp_path, act)


def test_what_newer_code_folded_is_left_alone(log: LogStore, tmp_path: Path) -> None:
    """ADR 0030: of two releases side by side the one that came later folds, and no other."""
    other = replace(REGIONS, evolve=as_before)
    say(log, ONE, region("a"), region("b"))

    async def act(_: Projector, views: SqliteViews) -> None:
        old = Projector([other], log, views, "e1")
        new = Projector([REGIONS], log, views, "e2")
        await old.catch_up()
        await new.catch_up()
        taken = await views.taken(REGIONS.name)
        say(log, TWO, region("c"))
        for each in (old, new, Projector([other], log, views, "e1"), old, new):
            await each.catch_up()

        assert await names(views) == [("b", 2), ("c", 1)]
        assert (await views.taken(REGIONS.name)).generation == taken.generation
        assert (new.waits, "newer release" in (old.waits or "")) == (None, True)

        came(log, "e1", again=True)
        for each in (new, old, new):
            await each.catch_up()
        assert await names(views) == [("b", 0), ("c", 0)]
        assert (old.waits, "newer release" in (new.waits or "")) == (None, True)

    run(log, tmp_path, act)


def test_who_is_alone_is_the_newest(log: LogStore, tmp_path: Path) -> None:
    """On a laptop an earlier release that is started again folds as it did."""
    other = replace(REGIONS, evolve=as_before)
    say(log, ONE, region("a"))

    async def act(_: Projector, views: SqliteViews) -> None:
        for code, each in (("e1", other), ("e2", REGIONS), ("e1", other)):
            await Projector([each], log, views, code, alone=True).catch_up()

        assert await names(views) == [("a", 0)]

    run(log, tmp_path, act)


def test_documents_that_nobody_keeps_are_no_good_ones(
    log: LogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gone back to without a word: it lags, and says what to type."""
    monkeypatch.setattr("shared.runtime.projector.PATIENCE", 0.05)
    say(log, ONE, region("a"))

    async def act(_: Projector, views: SqliteViews) -> None:
        old = Projector([REGIONS], log, views, "e1")
        await old.catch_up()
        await Projector([REGIONS], log, views, "e2").catch_up()
        await asyncio.sleep(0.1)
        await old.catch_up()
        say(log, TWO, region("b"))
        await old.catch_up()
        await asyncio.sleep(0.1)
        with pytest.raises(LeftAlone, match="metodika migrate"):
            await old.catch_up()
        came(log, "e1", again=True)
        await old.catch_up()

        assert await names(views) == [("a", 1), ("b", 1)]

    run(log, tmp_path, act)


def test_code_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package := tmp_path / "folding").mkdir()
    (package / "__init__.py").touch()
    (package / "fold.py").write_text("N = 1")
    monkeypatch.syspath_prepend(tmp_path)
    one = made_by("folding", "shared.runtime.codec")
    (package / "fold.py").write_text("N = 2")
    made_by.cache_clear()

    assert re.fullmatch("[0-9a-f]{8}", one)
    assert made_by("folding", "shared.runtime.codec") != one


@pytest.mark.parametrize("part", [fold, home_of, standing, codec.decode, RegionAdded])
def test_whatever_folds_belongs_to_the_release(part: Any) -> None:
    """ADR 0030: a part that is not told apart would leave old documents as they were."""
    assert any(f"{part.__module__}.".startswith(f"{each}.") for each in FOLDS)


def test_a_correction_and_a_withdrawal_fold_anew(log: LogStore, tmp_path: Path) -> None:
    """Both act from the corrected fact's own date (contracts §1)."""
    first, _ = say(log, ONE, region("a"), region("b"))
    (only,) = say(log, TWO, region("c"))

    async def act(projector: Projector, views: SqliteViews) -> None:
        await projector.catch_up()
        say(log, ONE, region("A"), corrects=first)
        withdrawn = FactWithdrawn(
            withdraws=EventId(only), name=kind_of(RegionAdded).name, reason="", occurred_on=DAY
        )
        say(log, TWO, withdrawn)
        await projector.catch_up()
        assert await names(views) == [("b", 2)]

    run(log, tmp_path, act)


def test_only_what_leads_tells_the_home(log: LogStore, tmp_path: Path) -> None:
    """ADR 0036: закрепили педагога другой школы — методист остался в своей."""
    leads = replace(REGIONS, leads=(RegionAdded,))
    say(log, ONE, region("a"), territory="25/1")
    say(log, ONE, a(MunicipalityAdded), territory="77")

    async def act(_: Projector, views: SqliteViews) -> None:
        await Projector([leads], log, views).catch_up()
        found = [
            await views.one(REGIONS.name, equals={}, scopes=[each]) for each in ("25", "77")
        ]
        assert [each is not None for each in found] == [True, False]

    run(log, tmp_path, act)


def test_what_is_said_during_a_rebuild_is_not_lost(log: LogStore, tmp_path: Path) -> None:
    """Fault 11: replay while writes go on."""
    say(log, ONE, region("a"))
    say(log, TWO, region("b"))

    async def act(projector: Projector, views: SqliteViews) -> None:
        more = iter([lambda: say(log, ONE, region("A")), lambda: say(log, THREE, region("c"))])

        def meanwhile(_done: int, _head: int) -> None:
            next(more, lambda: None)()

        await projector.rebuild(REGIONS, meanwhile)
        await projector.catch_up()
        assert await names(views) == [("A", 2), ("b", 1), ("c", 1)]

    run(log, tmp_path, act)


def test_lost_documents_come_back(log: LogStore, tmp_path: Path) -> None:
    """Fault 10: documents rebuilt from position 0; nobody reads until then."""
    say(log, ONE, region("a"))

    async def act(projector: Projector, views: SqliteViews) -> None:
        await projector.catch_up()
        views._write("DELETE FROM homes", [])
        views._write("DELETE FROM documents", [])
        with pytest.raises(Rebuilding):
            await names(views)
        await projector.catch_up()
        assert await names(views) == [("a", 1)]

    run(log, tmp_path, act)


def test_an_append_wakes_it(log: LogStore, tmp_path: Path) -> None:
    async def act(projector: Projector, views: SqliteViews) -> None:
        task = asyncio.ensure_future(projector.run(every=600))
        for position in (1, 2, 3):
            await asyncio.to_thread(say, log, ONE, region("a"))
            async with asyncio.timeout(5):
                # there is nothing else to wait for
                while await views.position("registry@0") < position:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])

    run(log, tmp_path, act)
