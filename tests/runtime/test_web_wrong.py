"""What is wrong does not get through a door: it is named, and not shown (contracts §7)."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.runtime.settings import Settings
from tests.runtime.webworld import DRAFT, PROBLEM, ROUTE, World

SECRET = "Иванов"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"on_request": 1e400}',
        b'{"on_request": NaN}',
        b'{"drafted_on": "\\ud800"}',
        b'{"on_request": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_none(world: World, body: bytes) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    path = f"/routes/{ROUTE}/draft"
    said = world.as_("r25").post(path, content=body, headers=headers)
    assert said.status_code == 422
    assert said.headers["content-type"] == PROBLEM
    assert set(said.json()) == {"type", "title", "status", "errors"}


@pytest.mark.parametrize(
    "said",
    [
        {"person_id": SECRET},
        {"person_id": None},
        {"deficit_ids": [SECRET]},
        {"deficit_ids": [str(UUID(int=1))] * 1001},
        {"on_request": 1},
        {"on_request": "true"},
        {"drafted_on": "2026-02-30"},
        {"drafted_on": "9999-12-31"},
        {"drafted_on": 1700000000},
        {"drafted_on": SECRET},
        {SECRET: SECRET},
        {"known_here": True},
        {"route_id": str(ROUTE)},
        {"basis": {}},
        {"basis": {"act": "a\0b"}},
        {"basis": {"act": ""}},
        {"basis": {"act": SECRET, "of": SECRET}},
    ],
)
def test_a_field_that_is_wrong_is_named_and_not_shown(
    world: World, said: dict[str, Any]
) -> None:
    answer = world.draft("r25", **said)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert SECRET not in answer.text
    assert world.store.head().position == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"deficit_ids": "x"},
        {"deficit_ids": [str(UUID(int=1))] * 1001},
        {"on_request": 7},
        {"drafted_on": "2026-02-30"},
        {"basis": {"act": ""}},
        {"basis": []},
        {"nothing": 1},
    ],
)
def test_what_is_wrong_is_said_in_russian(world: World, wrong: dict[str, Any]) -> None:
    errors = world.draft("r25", **wrong).json()["errors"]
    assert all(re.search("[а-яё]", each["reason"]) for each in errors)
    assert not any("не годится" in each["reason"] for each in errors)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"type": "routes.Nothing"}, {"type": "routes.RouteDrafted", "fact": []}, []],
)
def test_what_is_wrong_with_a_correction_is_said_in_russian(world: World, wrong: Any) -> None:
    said = world.as_("r25").post(
        f"/facts/{uuid4()}/correct", json=wrong, headers={"Idempotency-Key": "c"}
    )
    assert said.status_code == 422
    assert not any("не годится" in each["reason"] for each in said.json()["errors"])


def test_a_text_has_bounds(world: World) -> None:
    for reason in ("", " ", "a" * 4001, "a\0b", "a\x1b[0m"):
        said = world.as_("r25").post(
            f"/routes/{ROUTE}/cancel",
            json={"reason": reason, "cancelled_on": "2026-02-02"},
            headers={"Idempotency-Key": "c"},
        )
        assert said.json()["errors"][0]["field"] == "reason"


def test_a_key_in_the_path_is_checked(world: World) -> None:
    said = world.as_("r25").post(
        f"/routes/{SECRET}/draft", json=DRAFT, headers={"Idempotency-Key": "c"}
    )
    assert (said.status_code, said.json()["errors"][0]["field"]) == (422, "route_id")
    assert SECRET not in said.text


def test_another_media_type(world: World) -> None:
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/draft",
        content=b"a=1",
        headers={"Idempotency-Key": "c", "Content-Type": "text/plain"},
    )
    assert said.status_code == 415


async def in_chunks(text: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(text), 900):
        yield text[start : start + 900]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_its_bounds(tmp_path: Path, *, chunked: bool) -> None:
    world = World(tmp_path, Settings(world=tmp_path, body_kilobytes=1))
    long = b'{"basis": "' + b"a" * 2000 + b'"}'
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/draft",
        content=in_chunks(long) if chunked else long,
        headers={"Idempotency-Key": "c", "Content-Type": "application/json"},
    )
    assert said.status_code == 413
    assert said.headers["content-type"] == PROBLEM


def test_a_place_that_is_not_there(world: World) -> None:
    client = world.as_("r25")
    nowhere, wrong = client.get("/nowhere"), client.request("DELETE", "/routes")
    assert (nowhere.status_code, wrong.status_code) == (404, 405)
    assert wrong.headers["allow"] == "GET, HEAD"
    assert nowhere.headers["content-type"] == wrong.headers["content-type"] == PROBLEM


def test_a_failure_says_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr(world.engine, "ask", fails)
    said = world.draft("r25")
    assert said.status_code == 500
    assert said.headers["content-type"] == PROBLEM
    assert SECRET not in said.text


def test_a_full_disk_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.engine, "ask", full)
    assert world.draft("r25").status_code == 507
