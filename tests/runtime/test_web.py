"""Doors: a command in, an answer out, and nothing else gets through (contracts §7)."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.runtime import codec, telemetry
from shared.runtime.issuer import LocalIssuer
from shared.runtime.settings import Settings
from tests.runtime.webworld import (
    DRAFT,
    NOW,
    PEOPLE,
    ROUTE,
    Client,
    World,
)

PROBLEM = "application/problem+json"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield (made := World(tmp_path))
    made.close()


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


@pytest.mark.parametrize(("region", "status"), [(25, 200), (77, 403)])
def test_one_speaks_of_oneself_alone(world: World, region: int, status: int) -> None:
    world.draft("federal", region=region)
    said = world.as_(str(PEOPLE[25])).post(
        f"/routes/{ROUTE}/cancel",
        json={"reason": "передумал", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "c"},
    )
    assert said.status_code == status
    mine = world.draft(str(PEOPLE[25]), key="mine")
    assert mine.status_code == (409 if region == 25 else 403)


def test_without_a_token_nobody_is_let_in(world: World) -> None:
    client = world.as_("r25")
    client.headers["Authorization"] = "Bearer nonsense"
    for path in ("/routes", f"/routes/{ROUTE}", "/feed", "/commands/x"):
        said = client.get(path)
        assert said.status_code == 401
        assert said.headers["www-authenticate"].startswith("Bearer")
        assert said.headers["content-type"] == PROBLEM


RUSSIAN = re.compile(r"[А-ЯЁ][^A-Za-z]+")


@pytest.mark.parametrize(
    ("wrong", "detail"),
    [
        ({"now": NOW - timedelta(days=1)}, "Срок токена истёк"),
        ({"nbf": int(NOW.timestamp()) + 600}, "Срок токена ещё не наступил"),
        ({"exp": "soon"}, "У токена нет срока"),
        ({"aud": "x"}, "Токен выдан не для этой службы"),
        ({"aud": None}, "Токен выдан не для этой службы"),
        ({"iss": "https://id"}, "Токен выдан тем, кому служба не доверяет"),
        ({"sub": "Иванов"}, "Токен не говорит, кто обращается"),
        ({"name": "a" * 9000}, "Токен слишком длинный"),
    ],
)
def test_why_a_token_is_refused_is_said_in_russian(
    world: World, wrong: dict[str, Any], detail: str
) -> None:
    said: dict[str, Any] = {"sub": "r25", "now": NOW} | wrong
    token = world.issuer.issue(**said)
    refused = Client(world.app, {"Authorization": f"Bearer {token}"}).get("/routes")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert refused.json() == {
        "type": "urn:metodika:problem:unknown-caller",
        "title": "Нужен действительный токен доступа",
        "status": 401,
        "detail": detail,
    }


def test_a_token_of_another_and_no_token_at_all(world: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    forged = LocalIssuer(tmp_path / "other").issue("r25", now=NOW)
    for token in (forged, "nonsense", "e30.e30.", f"{forged[:-4]}AAAA"):
        said = Client(world.app, {"Authorization": f"Bearer {token}"}).get("/routes").json()
        assert RUSSIAN.fullmatch(said["detail"]), said
    assert "detail" not in Client(world.app, {}).get("/routes").json()


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


def test_the_trace_of_the_caller_goes_into_the_envelope(world: World) -> None:
    told = telemetry.in_memory()
    above = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/draft",
        json=DRAFT | {"basis": {"act": SECRET}},
        headers={"Idempotency-Key": "k", "traceparent": above},
    )
    telemetry.use(telemetry.Telemetry())
    meta = codec.decode_meta(world.store.read(0, 1)[0].meta)
    assert said.status_code == 200
    assert meta.traceparent
    assert meta.traceparent.split("-")[1] == above.split("-")[1]
    assert meta.traceparent != above
    measured = told.measures()["metodika.commands"]
    expected = {"service": "routes", "command": "DraftRoute", "status": "accepted"}
    assert measured == [(expected, 1)]
    assert told.spans
    spans = "".join(each.to_json() for each in told.spans.get_finished_spans())
    assert SECRET not in spans.encode().decode("unicode_escape")
    told.close()
