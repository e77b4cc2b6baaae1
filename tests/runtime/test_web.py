"""Doors: a command in, an answer out, and nothing else gets through (contracts §7)."""

from uuid import uuid4, uuid5

import pytest

from shared.runtime import codec, telemetry
from shared.runtime.telemetry_sent import in_memory
from shared.runtime.web_commands import command_id
from tests.runtime.webworld import DRAFT, PROBLEM, ROUTE, World


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
    ):
        assert other.status_code == 422
        assert other.json()["type"].endswith(":key-reused")


@pytest.mark.parametrize("key", ["1", "0190f3a0-0000-7000-8000-000000000001"])
def test_two_people_may_use_the_same_keys(world: World, key: str) -> None:
    assert world.draft("r25", key=key).status_code == 200
    assert world.draft("federal", key=key, n=43).status_code == 200


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
    assert world.as_("federal").get(f"/commands/{key}").status_code == 404
    assert world.as_("r77").get(f"/commands/{key}").status_code == 404
    assert world.as_("nobody").get(f"/commands/{key}").status_code == 403


def test_a_foreign_refusal_is_not_found(world: World) -> None:
    """S0 V, contracts §4: чем отказали одному, другой не узнает, и ключом не займёт."""
    key = str(uuid4())
    assert world.draft("r25", key=key, on_request=False).status_code == 409
    assert world.as_("r77").get(f"/commands/{key}").status_code == 404
    assert world.draft("federal", key=key).status_code == 200
    assert world.as_("r25").get(f"/commands/{key}").json()["status"] == "refused"


def test_a_key_is_no_id_of_a_command_of_somebody_else(world: World) -> None:
    """Contracts §4: под номером команды правила никто другой ничего не скажет."""
    of_a_policy = uuid5(uuid4(), "routes.draft/0")
    assert world.draft("r25", key=str(of_a_policy)).status_code == 200
    assert not world.store.answers([of_a_policy])
    assert command_id("r25/a", "b") != command_id("r25", "a/b")


def test_the_trace_of_the_caller_goes_into_the_envelope(world: World) -> None:
    told = in_memory()
    above = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    said = world.as_("r25").post(
        f"/routes/{ROUTE}/draft",
        json=DRAFT | {"basis": {"act": "Иванов"}},
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
    spans = "".join(each.to_json() for each in told.spans.get_finished_spans())
    assert "Иванов" not in spans.encode().decode("unicode_escape")
    told.close()
