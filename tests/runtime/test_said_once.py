"""A body that names a field twice is refused: which of the two counts nobody could tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.runtime.said_once import said_twice
from tests.runtime.webworld import DRAFT, ROUTE, World

SECRET = "Вымыслова"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def sent(world: World, body: str, path: str = f"/routes/{ROUTE}/draft") -> Any:
    headers = {"Idempotency-Key": "twice", "Content-Type": "application/json"}
    return world.as_("r25").post(path, content=body.encode(), headers=headers)


def body(more: str) -> str:
    """Return a good body, and something more in it."""
    return msgspec.json.encode(DRAFT).decode()[:-1] + f", {more}}}"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ('"on_request": true', "on_request"),
        ('"on\\u005frequest": false', "on_request"),
        ('"basis": {"act": "' + SECRET + '", "act": "приказ"}', "basis.act"),
        ('"basis": {"act": "' + SECRET + '"}, "basis": {"act": "приказ"}', "basis"),
        ('"on_request": 1e999, "on_request": true', "on_request"),
    ],
)
def test_a_field_that_is_named_twice_is_named_and_not_repeated(
    world: World, more: str, field: str
) -> None:
    """contracts §7: 422 по-русски, имя поля и никогда его значение."""
    said = sent(world, body(more))

    assert said.status_code == 422
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json()["errors"] == [{"field": field, "reason": "поле названо дважды"}]
    assert SECRET not in said.text
    assert world.store.head().position == 0


def test_of_a_correction_too(world: World) -> None:
    assert sent(world, body('"basis": {"act": "приказ"}')).status_code == 200
    (record,) = world.store.read(0, 1)
    fact = record.data.decode()[:-1] + ', "on_request": false}'
    path = f"/facts/{record.event_id}/correct"
    said = sent(world, f'{{"type": "routes.RouteDrafted", "fact": {fact}}}', path)

    assert said.json()["errors"] == [
        {"field": "fact.on_request", "reason": "поле названо дважды"}
    ]


def test_where_it_stands_is_told_in_lists_too() -> None:
    assert said_twice(b'[{"a": [1, {"b": 1, "c": {}, "b": 2}], "d": 1, "d": 2}]') == [
        (0, "d"),
        (0, "a", 1, "b"),
    ]
    assert said_twice(b'{"a": {"b": 1}, "c": {"b": 1}}') == []
