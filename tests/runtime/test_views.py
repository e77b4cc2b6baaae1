"""One suite, two homes: documents behave alike in SQLite and behind Mongo's protocol."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import AsyncMongoClient

from shared.events.registry import (
    EducationRecorded,
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    RosterLinked,
)
from shared.kernel import Projection, kind_of
from shared.kernel.ids import EventId
from shared.runtime.projector import Projector
from shared.runtime.views import BadCursor, Document, Put, Rebuilding, Taken, Views
from shared.runtime.views_mongo import MongoViews
from shared.runtime.views_sqlite import SqliteViews
from shared.testing.facts import DAY, a
from tests.infra.certificates import Authority
from tests.infra.servers import Mongo
from tests.runtime.made import a_log, say

NAME, OTHER = "registry.teachers", "registry.regions"
ASKED_BY = {NAME: ("kind", "day", "n")}

type Open = Callable[[], Views]
type Act = Callable[[Views], Awaitable[None]]


@pytest.fixture(params=["sqlite", "mongo", "asking_mongo"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Give the same documents each time, in a loop of one's own."""
    if request.param == "sqlite":
        return lambda: SqliteViews(str(tmp_path / "views"), [NAME, OTHER], ASKED_BY)
    mongo = cast("Mongo", request.getfixturevalue(request.param))
    database, known = mongo.new_database(), {}
    if request.param == "asking_mongo":
        authority: Authority = request.getfixturevalue("authority")
        known = known_to(authority)
    return lambda: MongoViews(
        AsyncMongoClient(mongo.url, **known), database, [NAME, OTHER], ASKED_BY
    )


def known_to(authority: Authority) -> dict[str, Any]:
    """Return the options of a client whom this authority certifies."""
    pair = authority.client("registry")
    return {"tlsCAFile": str(authority.ca), "tlsCertificateKeyFile": str(pair.both)}


@asynccontextmanager
async def living(opened: Open) -> AsyncGenerator[Views]:
    """Open documents of which an empty generation is live."""
    views = opened()
    for name in (NAME, OTHER):
        await views.swap(name, await views.begin(name), 0)
    try:
        yield views
    finally:
        await views.close()


def run(opened: Open, act: Act) -> None:
    async def acted() -> None:
        async with living(opened) as views:
            await act(views)

    asyncio.run(acted())


def put(id_: str, position: int, territory: str | None = None, **fields: Any) -> Put:
    document = {"id": id_, **fields}
    return Put(id=id_, position=position, document=document, territory=territory)


async def ids(views: Views, **asked: Any) -> list[str]:
    plain: dict[str, Any] = {"equals": {}, "scopes": None, "sort": "id", "after": None}
    found, _ = await views.find(NAME, **(plain | asked), limit=100)
    return [each["id"] for each in found]


def test_what_is_put_is_got(opened: Open) -> None:
    async def act(views: Views) -> None:
        fields: dict[str, Any] = {"name": "Ё", "n": 1, "on": True, "many": [{"a": None}]}
        await views.put(NAME, [put("a", 1, **fields)])

        assert await views.get(NAME, "a") == {"id": "a"} | fields
        assert await views.get(NAME, "b") is None
        assert await views.get(OTHER, "a") is None

    run(opened, act)


def test_an_older_put_is_nothing(opened: Open) -> None:
    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 5, n=5), put("a", 4, n=4)])
        await views.put(NAME, [put("a", 3, n=3)])
        await views.put(NAME, [put("a", 5, n=50)])
        assert await views.get(NAME, "a") == {"id": "a", "n": 5}
        await views.put(NAME, [put("a", 6, n=6)])
        assert await views.get(NAME, "a") == {"id": "a", "n": 6}

    run(opened, act)


def test_what_is_gone_does_not_come_back(opened: Open) -> None:
    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 1), put("b", 2)])
        await views.put(NAME, [Put(id="a", position=3, document=None)])
        await views.put(NAME, [put("a", 2)])

        assert await views.get(NAME, "a") is None
        assert await ids(views) == ["b"]

    run(opened, act)


def test_one_is_given_with_the_position_that_it_knows(opened: Open) -> None:
    async def act(views: Views) -> None:
        some = [put("a", 5, "25/05701", n=5), put("b", 6, "77", n=6)]
        await views.put(NAME, [*some, Put(id="c", position=7, document=None)])

        found = await views.one(NAME, equals={"id": "a", "n": 5}, scopes=["25"])
        assert found == ({"id": "a", "n": 5}, 5)
        assert await views.one(NAME, equals={"id": "a", "n": 6}, scopes=None) is None
        assert await views.one(NAME, equals={"id": "b"}, scopes=["25"]) is None
        assert await views.one(NAME, equals={"id": "c"}, scopes=None) is None

    run(opened, act)


def test_by_equality(opened: Open) -> None:
    async def act(views: Views) -> None:
        some = [put("a", 1, kind="x", n=1), put("b", 1, kind="x", n=2), put("c", 1, n=1)]
        await views.put(NAME, some)

        assert await ids(views, equals={"kind": "x"}) == ["a", "b"]
        assert await ids(views, equals={"kind": "x", "n": 2}) == ["b"]
        assert await ids(views, equals={"id": "c"}) == ["c"]
        assert await ids(views, equals={"n": "1"}) == []

    run(opened, act)


def test_truth_is_asked_for_as_truth(opened: Open) -> None:
    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 1, on=True), put("b", 1, on=False)])

        assert await ids(views, equals={"on": True}) == ["a"]
        assert await ids(views, equals={"on": False}) == ["b"]

    run(opened, act)


def test_a_territory_and_all_below_it(opened: Open) -> None:
    async def act(views: Views) -> None:
        paths = ("25", "25/05701", "25/05701/o", "250/1", "2", "26", None)
        await views.put(NAME, [put(f"{n}", 1, at) for n, at in enumerate(paths)])

        assert await ids(views, scopes=["25"]) == ["0", "1", "2"]
        assert await ids(views, scopes=["25/05701", "26"]) == ["1", "2", "5"]
        assert await ids(views, scopes=[]) == []
        assert await ids(views, scopes=[""]) == ["0", "1", "2", "3", "4", "5", "6"]

    run(opened, act)


def test_a_document_goes_where_its_thing_goes(opened: Open) -> None:
    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 1, "25/05701")])
        await views.put(NAME, [put("a", 3, "77")])
        await views.put(NAME, [put("a", 2, "25")])

        assert await ids(views, scopes=["25"]) == []
        assert await ids(views, scopes=["77"]) == ["a"]

    run(opened, act)


WHO = UUID(int=11)
HERE, NEXT_DOOR, THERE = "25/1/a", "25/1/b", "77/-/c"
ORGS = {HERE: UUID(int=1), NEXT_DOOR: UUID(int=2), THERE: UUID(int=3)}


def job(n: int, place: str, fact: type[Any] = EmploymentStarted, **said: Any) -> Any:
    """Return what is said of a person's n-th job at an organisation."""
    return a(fact, employment_id=UUID(int=n), org_id=ORGS[place], **said)


def withdrawn(first: UUID) -> FactWithdrawn:
    name = kind_of(EmploymentStarted).name
    return FactWithdrawn(withdraws=EventId(first), name=name, reason="", occurred_on=DAY)


MAIN = job(1, HERE, is_main=True)
LIVES: dict[str, tuple[str, list[tuple[Any, str, int | None]]]] = {
    "a second job": (HERE, [(MAIN, HERE, None), (job(2, THERE), THERE, None)]),
    "one said before the main one": (
        THERE,
        [(job(2, HERE), HERE, None), (job(1, THERE, is_main=True), THERE, None)],
    ),
    "a link": (HERE, [(MAIN, HERE, None), (a(RosterLinked), THERE, None)]),
    "the last place of work": (
        HERE,
        [
            (job(2, THERE), THERE, None),
            (MAIN, HERE, None),
            (job(2, THERE, EmploymentEnded), THERE, None),
            (job(1, HERE, EmploymentEnded), HERE, None),
        ],
    ),
    "an old fact is said anew where it stands": (
        THERE,
        [
            (a(EducationRecorded), HERE, None),
            (job(1, THERE, is_main=True), THERE, None),
            (a(EducationRecorded, level="higher"), HERE, 0),
        ],
    ),
    "of somebody without work, too": (
        THERE,
        [
            (a(EducationRecorded), HERE, None),
            (a(EducationRecorded), THERE, None),
            (a(EducationRecorded, level="higher"), HERE, 0),
        ],
    ),
    "what tells the home is said anew": (
        NEXT_DOOR,
        [(MAIN, HERE, None), (job(1, NEXT_DOOR, is_main=True), NEXT_DOOR, 0)],
    ),
    "the first of two is": (
        THERE,
        [
            (MAIN, HERE, None),
            (job(1, HERE, EmploymentEnded), HERE, None),
            (job(2, THERE, is_main=True), THERE, None),
            (job(1, NEXT_DOOR, is_main=True), NEXT_DOOR, 0),
        ],
    ),
    "what told the home never was": (
        HERE,
        [(MAIN, HERE, None), (job(2, THERE, is_main=True), THERE, None), (None, THERE, 1)],
    ),
    "an organisation that nobody knew": (
        HERE,
        [(a(EducationRecorded), HERE, None), (MAIN, "", None)],
    ),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_document_is_at_home_live_and_anew(opened: Open, tmp_path: Path, life: str) -> None:
    """ADR 0036: документ там, где дом; догнали его или собрали заново — одно и то же."""
    home, steps = LIVES[life]
    counted: Projection[Any, Any] = Projection(
        name=NAME,
        facts=(EmploymentStarted, EmploymentEnded, EducationRecorded, RosterLinked),
        evolve=lambda so_far, _: {"id": str(WHO), "n": (so_far or {"n": 0})["n"] + 1},
    )

    async def act(views: Views) -> None:
        said: list[UUID] = []
        projector = Projector([counted], log, views)
        for fact, place, of in steps:
            corrects = None if of is None or fact is None else said[of]
            fact_ = withdrawn(said[of or 0]) if fact is None else fact
            said += say(log, WHO, fact_, territory=place or None, corrects=corrects)
            await projector.catch_up()
        live = [await seen_from(views, place) for place in ORGS]
        await projector.rebuild(counted)

        assert live == [await seen_from(views, place) for place in ORGS]
        assert [bool(each) for each in live] == [place == home for place in ORGS]

    with closing(a_log(tmp_path)) as log:
        run(opened, act)


async def seen_from(views: Views, place: str) -> list[Document]:
    found, _ = await views.find(NAME, equals={}, scopes=[place], sort="id", after=None, limit=9)
    return list(found)


async def walk(views: Views, sort: str, limit: int) -> list[str]:
    found: list[str] = []
    after: str | None = None
    while True:
        page, after = await views.find(
            NAME, equals={}, scopes=None, sort=sort, after=after, limit=limit
        )
        found += [each["id"] for each in page]
        if after is None:
            return found


KEYS = st.lists(st.none() | st.dates().map(str), min_size=0, max_size=12)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=KEYS, limit=st.integers(1, 5))
def test_pages_hold_each_document_once_in_order(
    opened: Open, keys: list[str | None], limit: int
) -> None:
    async def act(views: Views) -> None:
        some = [put(f"{n:02}", 1, day=key) for n, key in enumerate(keys)]
        await views.put(NAME, some)
        ordered = sorted(some, key=lambda each: (day_of(each.document), each.id))

        assert await walk(views, "day", limit) == [each.id for each in ordered]

    run(opened, act)


def day_of(document: Document | None) -> str:
    return (document or {}).get("day") or ""


def test_a_cursor_of_nowhere_is_refused(opened: Open) -> None:
    async def act(views: Views) -> None:
        for wrong in ("x", "bnVsbA", "!!", "W10"):
            with pytest.raises(BadCursor):
                await ids(views, after=wrong)

    run(opened, act)


def test_a_field_is_a_word(opened: Open) -> None:
    async def act(views: Views) -> None:
        with pytest.raises(ValueError, match="no field"):
            await ids(views, equals={"a') OR 1=1 --": 1})

    run(opened, act)


def test_before_the_first_fold_nobody_reads(opened: Open) -> None:
    """Fault 10: 503 until then, never half the data."""

    async def acted() -> None:
        views = opened()
        generation = await views.begin(NAME)
        await views.put(NAME, [put("a", 1)], into=generation)
        with pytest.raises(Rebuilding):
            await ids(views)
        with pytest.raises(Rebuilding):
            await views.one(NAME, equals={"id": "a"}, scopes=None)
        with pytest.raises(Rebuilding):
            await views.taken(NAME)
        await views.swap(NAME, generation, 1)
        assert await ids(views) == ["a"]
        await views.close()

    asyncio.run(acted())


def test_a_rebuild_stands_beside_and_is_swapped_in(opened: Open) -> None:
    """Fault 10, 11: rebuilt into a new collection, live reads unaffected."""

    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 5), put("b", 6)])
        generation = await views.begin(NAME)
        await views.put(NAME, [put("a", 5, anew=True)], into=generation)
        assert await ids(views) == ["a", "b"]
        await views.swap(NAME, generation, 7)
        assert await ids(views) == ["a"]
        assert await views.get(NAME, "a") == {"id": "a", "anew": True}
        assert await views.taken(NAME) == (generation, 7, None)

    run(opened, act)


def test_positions_are_those_of_the_slowest(opened: Open) -> None:
    async def act(views: Views) -> None:
        for name, position in ((NAME, 9), (OTHER, 4)):
            generation, *_ = await views.taken(name)
            await views.took(name, Taken(generation, position))

        assert await views.position("registry@0") == 4
        assert (await views.taken(NAME)).position == 9

    run(opened, act)


def test_who_follows_what_was_swapped_out_moves_nothing(opened: Open) -> None:
    async def act(views: Views) -> None:
        before, *_ = await views.taken(NAME)
        await views.swap(NAME, await views.begin(NAME), 3)
        await views.took(NAME, Taken(before, 8))

        assert (await views.taken(NAME)).position == 3

    run(opened, act)


def test_of_two_that_fold_at_once_the_first_stays_whole(opened: Open) -> None:
    """Two replicas of a new release: whoever is overtaken takes nothing away."""

    async def act(views: Views) -> None:
        first, second = await views.begin(NAME), await views.begin(NAME)
        await views.put(NAME, [put("a", 1), put("b", 2)], into=first)
        await views.put(NAME, [put("a", 1)], into=second)
        await views.swap(NAME, first, 2)
        await views.put(NAME, [put("b", 2)], into=second)
        await views.swap(NAME, second, 2)

        assert (await views.taken(NAME)).generation == first
        assert [await views.get(NAME, each) for each in "ab"] == [{"id": "a"}, {"id": "b"}]

    run(opened, act)


def test_documents_outlive_the_process(opened: Open) -> None:
    async def write(views: Views) -> None:
        await views.put(NAME, [put("a", 1)])

    async def read() -> None:
        views = opened()
        assert await ids(views) == ["a"]
        await views.close()

    run(opened, write)
    asyncio.run(read())
