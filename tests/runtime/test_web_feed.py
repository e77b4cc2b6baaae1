"""The feed: gapless for its reader, nothing foreign, the same bytes as on Kafka."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from uuid import uuid4

import httpx
import pytest

from shared.runtime import codec
from shared.runtime.settings import Settings
from tests.runtime.webworld import NOW, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, Settings(world=tmp_path, page_limit=3))
    for n, region in enumerate([25, 77, 25, 25, 77, 25], 1):
        made.draft("federal", n=n, region=region)
    yield made
    made.close()


def follow(world: World, who: str, after: str = "0", **asked: object) -> list[int]:
    """Read to the end, and return the positions."""
    seen: list[int] = []
    while True:
        said = world.as_(who).get("/feed", params={"after": after, **asked})
        assert said.status_code == 200, said.text
        events = said.json()
        seen += [each["position"] for each in events]
        if not events:
            return seen
        after = said.headers["metodika-next"]


def test_a_reader_follows_its_own_region(world: World) -> None:
    assert follow(world, "federal") == [1, 2, 3, 4, 5, 6]
    assert follow(world, "auditor", limit=1) == [1, 2, 3, 4, 5, 6]
    assert follow(world, "r25") == [1, 3, 4, 6]
    assert follow(world, "r77", limit=1) == [2, 5]
    assert follow(world, "o77") == [2, 5]


def test_the_bytes_are_those_on_kafka(world: World) -> None:
    said = world.as_("federal").get("/feed", params={"limit": 2})
    first, second = world.store.read(0, 2)
    assert said.content == b"[%b,%b]" % (codec.wire(first), codec.wire(second))
    assert said.headers["content-type"] == "application/cloudevents-batch+json"


def test_a_cursor_goes_past_what_is_foreign_and_misses_nothing(world: World) -> None:
    end = world.as_("r77").get("/feed").headers["metodika-next"]
    assert end.endswith(".6")
    world.draft("r77", n=7, region=77)
    world.draft("r25", n=8, region=25)
    assert follow(world, "r77", after=end) == [7]


def test_facts_of_some_names(world: World) -> None:
    world.as_("federal").post(
        "/routes/00000000-0000-0000-0000-000000000001/cancel",
        json={"reason": "x", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "cancel"},
    )
    assert follow(world, "r25", types="routes.RouteCancelled") == [7]
    assert follow(world, "r77", types="routes.RouteCancelled") == []


def test_a_narrower_scope_may_be_asked_for(world: World) -> None:
    assert follow(world, "federal", scope="77") == [2, 5]
    assert follow(world, "federal", scope="77,25") == [1, 2, 3, 4, 5, 6]
    foreign = world.as_("r25").get("/feed", params={"scope": "77"})
    assert foreign.status_code == 403


@pytest.mark.parametrize(
    "asked",
    [
        {"after": "x"},
        {"after": "-".join("-" * 36) + ".1"},
        {"after": "-" * 36 + ".1"},
        {"types": "registry.TeacherRegistered"},
        {"types": "routes.Nothing"},
        {"types": "routes.RouteDrafted\0"},
        {"scope": "../x"},
        {"limit": "0"},
        {"limit": "1001"},
        {"wait": "-1"},
        {"wait": "nan"},
        {"wait": "1e9"},
        {"more": "1"},
    ],
)
def test_what_is_asked_wrong(world: World, asked: dict[str, str]) -> None:
    said = world.as_("r25").get("/feed", params=asked)
    assert said.status_code == 422
    assert said.json()["errors"]


@pytest.mark.parametrize("who", ["operator", "nobody"])
def test_who_has_no_right_reads_nothing(world: World, who: str) -> None:
    assert world.as_(who).get("/feed").status_code == 403


def test_another_log_is_not_taken_for_this_one(world: World) -> None:
    known = world.store.head().epoch
    for cursor in (f"{uuid4()}.3", f"{known}.7"):
        said = world.as_("r25").get("/feed", params={"after": cursor})
        assert said.status_code == 409
        assert said.json()["type"].endswith(":other-log")


def test_after_a_restore_a_cursor_of_the_kept_part_is_good(world: World) -> None:
    before = world.store.head().epoch
    world.store.new_epoch(before)
    world.draft("r25", n=7)
    assert follow(world, "r25", after=f"{before}.4") == [6, 7]
    lost = world.as_("r25").get("/feed", params={"after": f"{before}.7"})
    assert lost.status_code == 409


def test_a_reader_may_wait_for_news(world: World) -> None:
    token = world.issuer.issue("r25", now=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    after = world.as_("r25").get("/feed", params={"limit": 1000}).headers
    asked = {"after": f"{world.store.head().epoch}.6", "wait": 20}
    assert after["metodika-next"]

    async def wait() -> tuple[httpx.Response, float]:
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers=headers
        ) as client:
            started = monotonic()
            waiting = asyncio.create_task(client.get("/feed", params=asked))
            await asyncio.sleep(0.3)
            assert not waiting.done()
            await asyncio.to_thread(world.draft, "r77", 7, 77)
            await asyncio.sleep(0.6)
            assert not waiting.done()
            await asyncio.to_thread(world.draft, "r25", 8, 25)
            return await waiting, monotonic() - started

    said, seconds = asyncio.run(wait())
    assert [each["position"] for each in json.loads(said.content)] == [8]
    assert seconds < 15


def test_nobody_waits_longer_than_is_allowed(tmp_path: Path) -> None:
    world = World(tmp_path, Settings(world=tmp_path, feed_wait_seconds=0.1))
    started = monotonic()
    assert world.as_("r25").get("/feed", params={"wait": 60}).json() == []
    assert monotonic() - started < 10
