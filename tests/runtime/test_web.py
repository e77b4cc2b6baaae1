"""Doors: a command in, an answer out, and nothing else gets through (contracts §7)."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter

from shared.runtime import codec
from shared.runtime.doors import Door, Reading
from shared.runtime.service import Service
from shared.runtime.settings import Settings
from shared.runtime.web import OpenDoor
from tests.runtime.webworld import (
    DOORS,
    DRAFT,
    LOCAL,
    PEOPLE,
    ROUTE,
    ROUTES,
    SERVICE,
    CancelRoute,
    DraftRoute,
    World,
)

PROBLEM = "application/problem+json"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield (made := World(tmp_path))
    made.store.close()


def test_a_command_is_answered_with_what_was_said(world: World) -> None:
    said = world.draft("r25")
    assert said.status_code == 200
    assert said.json() == {
        "version": 1,
        "position": 1,
        "event_ids": [str(world.store.read(0, 9)[0].event_id)],
    }
    assert said.headers["etag"] == '"1"'


def test_the_actor_comes_from_the_token_the_basis_from_the_body(world: World) -> None:
    basis = {"act": "приказ", "number": "7", "date": "2026-01-31", "clause": "2"}
    world.draft("r25", basis=basis)
    meta = codec.decode_meta(world.store.read(0, 9)[0].meta)
    assert meta.actor == "r25"
    assert meta.basis
    assert (meta.basis.act, str(meta.basis.date)) == ("приказ", "2026-01-31")
    assert world.draft("r25", n=43, actor="federal").status_code == 422


def test_asked_twice_is_answered_once(world: World) -> None:
    first, again = world.draft("r25"), world.draft("r25")
    assert first.json() == again.json()
    assert world.store.head().position == 1


def test_already_so_says_nothing(world: World) -> None:
    world.draft("r25")
    again = world.draft("r25", key="another")
    assert again.status_code == 200
    assert again.json()["event_ids"] == []


def test_one_key_is_for_one_command(world: World) -> None:
    key = str(uuid4())
    world.draft("r25", key=key)
    for other in (
        world.draft("r25", key=key, drafted_on="2026-02-02"),
        world.draft("r25", key=key, n=43),
        world.draft("r25", key=key, basis={"act": "приказ"}),
        world.draft("federal", key=key),
    ):
        assert other.status_code == 422
        assert other.json()["type"].endswith(":key-reused")


def test_two_people_may_use_the_same_words_as_keys(world: World) -> None:
    assert world.draft("r25", key="1").status_code == 200
    assert world.draft("federal", key="1", n=43).status_code == 200


def test_a_refusal_cites_its_clause(world: World) -> None:
    said = world.draft("r25", on_request=False)
    assert said.status_code == 409
    assert said.headers["content-type"] == PROBLEM
    assert said.json() == {
        "type": "urn:metodika:problem:refused",
        "title": "Отказано",
        "status": 409,
        "detail": "Нужен дефицит либо запрос",
        "clause": "S1 3.2",
        "version": 0,
    }


def test_an_old_version_is_told_the_current_one(world: World) -> None:
    world.draft("r25")
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/cancel",
        json={"reason": "уволен", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "c", "If-Match": '"7"'},
    )
    assert said.status_code == 412
    assert said.json()["version"] == 1


@pytest.mark.parametrize("version", ["x", 'W/"1"', "*", "-1", '"99999999999"'])
def test_a_version_that_is_none(world: World, version: str) -> None:
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/cancel",
        json={"reason": "уволен", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "c", "If-Match": version},
    )
    assert said.status_code == 422


@pytest.mark.parametrize("key", [None, "", '""', " ", "a" * 201])
def test_a_command_needs_its_key(world: World, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    said = world.as_("r25").post(f"/routes/{ROUTE}/draft", json=DRAFT, headers=headers)
    assert said.status_code == 422
    assert said.json()["errors"][0]["field"] == "Idempotency-Key"


# ── Who ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("who", "region", "status"),
    [
        ("federal", 25, 200),
        ("federal", 77, 200),
        ("r25", 25, 200),
        ("r25", 77, 403),
        ("o77", 77, 200),
        ("o77", 25, 403),
        (str(PEOPLE[25]), 25, 200),
        (str(PEOPLE[25]), 77, 403),
        (str(PEOPLE[77]), 77, 403),
        ("auditor", 25, 403),
        ("operator", 25, 403),
        ("nobody", 25, 403),
    ],
)
def test_role_and_territory(world: World, who: str, region: int, status: int) -> None:
    said = world.draft(who, region=region)
    assert said.status_code == status, said.text
    assert world.store.head().position == (status == 200)


def test_without_a_token_nobody_is_let_in(world: World) -> None:
    client = world.as_("r25")
    client.headers["Authorization"] = "Bearer nonsense"
    for path in ("/routes", f"/routes/{ROUTE}", "/feed", "/commands/x"):
        said = client.get(path)
        assert said.status_code == 401
        assert said.headers["www-authenticate"].startswith("Bearer")
        assert said.headers["content-type"] == PROBLEM


# ── What does not get through ───────────────────────────────────────────────

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
    assert wrong.headers["allow"] == "GET"
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


# ── What was answered ───────────────────────────────────────────────────────


def test_an_answer_can_be_asked_for_again(world: World) -> None:
    said = world.draft("r25", key="k").json()
    again = world.as_("r25").get("/commands/k")
    assert again.status_code == 200
    no_refusal = {"clause": None, "reason": None}
    assert again.json() == {"status": "accepted"} | said | no_refusal
    assert world.as_("r77").get("/commands/k").status_code == 404


def test_a_foreign_answer_is_not_found(world: World) -> None:
    key = str(uuid4())
    world.draft("r25", key=key)
    assert world.as_("r25").get(f"/commands/{key}").status_code == 200
    assert world.as_("federal").get(f"/commands/{key}").status_code == 200
    assert world.as_("r77").get(f"/commands/{key}").status_code == 404
    assert world.as_("nobody").get(f"/commands/{key}").status_code == 403


# ── Readings ────────────────────────────────────────────────────────────────


def test_a_reader_sees_his_own_territory(world: World) -> None:
    for n, region in enumerate([25, 25, 77], 1):
        world.draft("federal", n=n, region=region)
    seen = {
        who: len(world.as_(who).get("/routes").json()["items"])
        for who in ("federal", "auditor", "r25", "r77", "o77", str(PEOPLE[25]))
    }
    assert seen == {
        "federal": 3,
        "auditor": 3,
        "r25": 2,
        "r77": 1,
        "o77": 1,
        str(PEOPLE[25]): 2,
    }
    assert world.as_("operator").get("/routes").status_code == 403


def test_one_document_or_none(world: World) -> None:
    world.draft("r25")
    assert world.as_("r25").get(f"/routes/{ROUTE}").json()["id"] == str(ROUTE)
    assert world.as_("r77").get(f"/routes/{ROUTE}").status_code == 404
    assert world.as_("r25").get(f"/routes/{uuid4()}").status_code == 404
    assert world.as_("r25").get("/routes/x").status_code == 422


def test_lists_page_by_cursor(world: World) -> None:
    for n in range(1, 6):
        world.draft("r25", n=n)
    client, cursor, seen = world.as_("r25"), "", list[str]()
    while cursor is not None:
        asked = {"limit": 2} | ({"after": cursor} if cursor else {})
        page = client.get("/routes", params=asked).json()
        seen += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert seen == [str(UUID(int=n)) for n in range(1, 6)]


def test_documents_are_found_by_equality(world: World) -> None:
    world.draft("r25", n=1)
    world.draft("r25", n=2, on_request=False, deficit_ids=[str(ROUTE)])
    found = world.as_("r25").get("/routes", params={"on_request": "false"})
    assert [each["id"] for each in found.json()["items"]] == [str(UUID(int=2))]
    for wrong in ({"nothing": "x"}, {"limit": 0}, {"limit": 10**30}, {"state": "\0"}):
        assert world.as_("r25").get("/routes", params=wrong).status_code == 422


def test_a_writer_sees_his_own_write(world: World) -> None:
    at = world.draft("r25").json()["position"]
    asked = {"min_position": at}
    assert world.as_("r25").get("/routes", params=asked).json()["items"]
    world.views.behind = 1
    late = world.as_("r25").get("/routes", params=asked)
    assert late.status_code == 503
    assert late.headers["retry-after"] == "1"


# ── Health, and what stops the start ────────────────────────────────────────


def test_health_says_what_is_lacking(world: World) -> None:
    client = world.as_("nobody")
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").status_code == 200
    world.lacking = {"registry@0": "last poll 40 s ago"}
    said = client.get("/health/ready")
    assert (said.status_code, said.json()["parts"]) == (503, world.lacking)


def test_a_door_without_roles_stops_the_start(world: World) -> None:
    bare = Door(command=DraftRoute, path="/routes/{route_id}/draft", roles=())
    silent = Reading(projection=ROUTES, path="/routes", roles=(), summary="")
    for door in (bare, silent):
        with pytest.raises(OpenDoor, match="has no roles"):
            world.build(doors=(door,))


def test_a_route_that_asks_nobody_stops_the_start(world: World) -> None:
    open_door = APIRouter(prefix="/imports")

    @open_door.get("/all")
    async def anybody() -> None: ...

    with pytest.raises(OpenDoor, match="/imports/all asks nobody"):
        world.build(extra=(open_door,))


def test_a_door_must_fit_its_command(world: World) -> None:
    foreign = Door(command=CancelRoute, path="/x/{nothing}", roles=LOCAL)
    with pytest.raises(TypeError, match="nothing"):
        world.build(doors=(foreign,))
    wrong = Door(
        command=CancelRoute, path="/x/{route_id}", roles=LOCAL, example={"reason": ""}
    )
    with pytest.raises(ValueError, match="example of CancelRoute"):
        world.build(doors=(wrong,))
    with pytest.raises(OpenDoor, match="decides no such command"):
        world.build(service=Service(name="routes", deciders=()))
    with pytest.raises(OpenDoor, match="no such projection"):
        world.build(service=Service(name="routes", deciders=SERVICE.deciders))


def test_the_description_tells_all(world: World) -> None:
    said = world.as_("nobody").get("/openapi.json").json()
    assert said["openapi"].startswith("3.1")
    draft = said["paths"]["/routes/{route_id}/draft"]["post"]
    assert draft["summary"] == "Составить маршрут."
    assert draft["security"] == [{"oidc": []}]
    assert draft["requestBody"]["content"]["application/json"]["example"] == DRAFT
    shape = said["components"]["schemas"]["DraftRoute"]
    assert "known_here" not in shape["properties"]
    assert "route_id" not in shape["properties"]
    assert shape["additionalProperties"] is False
    assert said["paths"]["/health/live"]["get"]["security"] == []
    assert len(said["paths"]) == len(DOORS) + 1 + 4


def test_a_command_has_one_door(world: World) -> None:
    with pytest.raises(OpenDoor, match="two doors"):
        world.build(doors=(*DOORS, DOORS[0]))
