"""One suite, two homes: documents behave alike in SQLite and behind Mongo's protocol."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.runtime.views import BadCursor, Document, Put, Rebuilding, Taken, Views
from tests.runtime.documents import NAME, OTHER, Open, ids, put, run


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
