"""What was said wrong is said anew or withdrawn, over HTTP as well (S1 7.2)."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from shared.events.registry import (
    EmploymentChanged,
    EmploymentStarted,
    OrganisationRegistered,
)
from shared.events.routes import FactWithdrawn, RouteDrafted
from shared.kernel.ids import PersonId
from shared.runtime import codec
from shared.testing.facts import a
from tests.runtime.webworld import DRAFT, ORGS, PEOPLE, ROUTE, World


@pytest.fixture
def world(world: World) -> World:
    world.draft("r25")
    return world


def amend(world: World, who: str, verb: str, body: Any) -> httpx.Response:
    first = world.store.read(0, 1)[0].event_id
    return world.as_(who).post(
        f"/facts/{first}/{verb}",
        json=body,
        headers={"Idempotency-Key": str(uuid4())},
    )


def anew(**said: Any) -> dict[str, Any]:
    told = {**DRAFT, "route_id": str(ROUTE), "occurred_on": "2026-01-15", **said}
    del told["drafted_on"]
    return {"type": "routes.RouteDrafted", "fact": told}


def last(world: World) -> tuple[Any, codec.Meta]:
    record = world.store.read(world.store.head().position - 1, 1)[0]
    said = codec.decode(record.name, record.schema, record.data)
    return said, codec.decode_meta(record.meta)


def test_a_fact_is_said_anew_by_an_act(world: World) -> None:
    body = anew() | {"basis": {"act": "приказ", "number": "8"}}
    assert amend(world, "r25", "correct", body).status_code == 200
    said, meta = last(world)
    assert isinstance(said, RouteDrafted)
    assert str(said.occurred_on) == "2026-01-15"
    assert meta.corrects == world.store.read(0, 1)[0].event_id
    assert meta.basis
    assert meta.basis.act == "приказ"


def test_a_fact_is_withdrawn(world: World) -> None:
    body = {"reason": "внесено по ошибке", "withdrawn_on": "2026-09-01"}
    assert amend(world, "r25", "withdraw", body).status_code == 200
    assert isinstance(last(world)[0], FactWithdrawn)
    assert world.as_("r25").get("/feed").json()[-1]["type"] == "routes.FactWithdrawn"
    again = amend(world, "r25", "withdraw", body)
    assert again.status_code in {200, 409}


@pytest.mark.parametrize("who", ["r77", "o77"])
def test_a_foreign_fact_is_not_found(world: World, who: str) -> None:
    body = {"reason": "x", "withdrawn_on": "2026-09-01"}
    moved = anew(person_id=str(PEOPLE[77]))
    assert amend(world, who, "withdraw", body).status_code == 404
    assert amend(world, who, "correct", moved).status_code == 404
    assert world.store.head().position == 1


@pytest.mark.parametrize("who", ["r25", "federal"])
def test_a_fact_is_not_moved_to_another_region(world: World, who: str) -> None:
    """S1 7.2: иначе один из субъектов РФ не услышал бы о перемене."""
    said = amend(world, who, "correct", anew(person_id=str(PEOPLE[77])))
    assert (said.status_code, said.json()["clause"]) == (409, "S1 7.2")
    assert "в другой субъект РФ" in said.json()["detail"]
    assert world.store.head().position == 1


@pytest.mark.parametrize("verb", ["correct", "withdraw"])
def test_who_said_a_fact_amends_it_also_when_its_person_moved(world: World, verb: str) -> None:
    """§1.9, ADR 0019: исправление стоит там, где факт: субъект РФ узнаёт о нём в ленте."""
    world.hear(
        a(
            EmploymentChanged,
            person_id=PEOPLE[25],
            org_id=ORGS[77],
            employment_id=UUID(int=25),
            is_main=True,
        )
    )
    gone = {"reason": "внесено по ошибке", "withdrawn_on": "2026-09-01"}
    body = gone if verb == "withdraw" else anew()
    foreign = amend(world, "r77", verb, body)
    mine = amend(world, "r25", verb, body)

    assert (foreign.status_code, mine.status_code) == (404, 200)
    assert len(world.as_("r25").get("/feed").json()) == 2
    assert world.as_("r77").get("/feed").json() == []


def test_a_moved_fact_is_amended_where_it_stands_now(world: World) -> None:
    """ADR 0019: чья запись теперь, тот её и отзывает, какую бы из её записей ни назвать."""
    org, person = UUID(int=26), PersonId(UUID(int=2600))
    world.hear(
        a(OrganisationRegistered, org_id=org, region="25", oktmo=None),
        a(EmploymentStarted, person_id=person, org_id=org, employment_id=org, is_main=True),
    )
    world.grant("before", "organisation", f"25/-/{ORGS[25]}")
    world.grant("after", "organisation", f"25/-/{org}")
    moved = amend(world, "r25", "correct", anew(person_id=str(person)))
    gone = {"reason": "внесено по ошибке", "withdrawn_on": "2026-09-01"}
    for verb, body in (("withdraw", gone), ("correct", anew(person_id=str(person)))):
        assert amend(world, "before", verb, body).status_code == 403
    said = amend(world, "r25", "withdraw", gone)

    assert (moved.status_code, said.status_code) == (200, 200)
    heard = [each["type"] for each in world.as_("after").get("/feed").json()]
    assert heard == ["routes.RouteDrafted", "routes.FactWithdrawn"]


@pytest.mark.parametrize("who", ["auditor", "operator", str(PEOPLE[25])])
def test_who_may_not(world: World, who: str) -> None:
    assert amend(world, who, "correct", anew()).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "registry.TeacherRegistered", "fact": {}},
        {"type": "routes.FactWithdrawn", "fact": {}},
        anew(person_id="Иванов"),
        anew(more="Иванов"),
        anew() | {"corrects": str(ROUTE)},
    ],
)
def test_a_restatement_is_as_strict_as_a_command(world: World, body: Any) -> None:
    said = amend(world, "r25", "correct", body)
    assert said.status_code == 422
    assert "Иванов" not in said.text


def test_what_never_was_cannot_be_corrected(world: World) -> None:
    said = world.as_("federal").post(
        f"/facts/{UUID(int=5)}/correct", json=anew(), headers={"Idempotency-Key": "x"}
    )
    assert said.status_code == 404


@pytest.mark.parametrize(("who", "status"), [("o77", 403), ("r77", 200), ("federal", 200)])
def test_who_may_not_say_a_fact_may_not_amend_it(world: World, who: str, status: int) -> None:
    """S0 V: школа не отменяет маршрут, а значит, и не исправляет его отмену."""
    route, person = uuid4(), str(PEOPLE[77])
    world.as_("r77").post(
        f"/routes/{route}/draft",
        json=DRAFT | {"person_id": person},
        headers={"Idempotency-Key": "draft"},
    )
    cancelled = world.as_("r77").post(
        f"/routes/{route}/cancel",
        json={"reason": "уволен", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": "cancel"},
    )
    drafted, said = (each.event_id for each in world.store.read(1, 2))
    fact = {"route_id": str(route), "person_id": person, "reason": "переезд"}
    body = {"type": "routes.RouteCancelled", "fact": fact | {"occurred_on": "2026-02-03"}}
    mine = world.as_(who).post(
        f"/facts/{drafted}/correct",
        json=anew(route_id=str(route), person_id=person),
        headers={"Idempotency-Key": "mine"},
    )
    anew_ = world.as_(who).post(
        f"/facts/{said}/correct", json=body, headers={"Idempotency-Key": "anew"}
    )
    gone = world.as_(who).post(
        f"/facts/{said}/withdraw",
        json={"reason": "ошибка", "withdrawn_on": "2026-02-04"},
        headers={"Idempotency-Key": "gone"},
    )

    assert cancelled.status_code == mine.status_code == 200
    assert (anew_.status_code, gone.status_code) == (status, status)
