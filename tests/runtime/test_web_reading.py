"""Readings, health, and what stops the start (contracts §7)."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter

from shared.runtime.doors import Door, Reading
from shared.runtime.health import Health
from shared.runtime.service import Service
from shared.runtime.views import Put
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


def test_half_the_documents_are_not_shown(world: World) -> None:
    world.views.gone = True
    for path in ("/routes", f"/routes/{ROUTE}"):
        said = world.as_("r25").get(path)
        assert said.status_code == 503
        assert said.headers["retry-after"] == "5"


def test_a_cursor_is_of_a_page(world: World) -> None:
    for cursor in ("x", "W10", "/"):
        said = world.as_("r25").get("/routes", params={"after": cursor})
        assert said.status_code == 422
        assert said.json()["errors"][0]["field"].endswith("after")


# ── What a document is known by ─────────────────────────────────────────────


def cancel(world: World, tag: str, key: str = "c") -> httpx.Response:
    return world.as_("r25").post(
        f"/routes/{ROUTE}/cancel",
        json={"reason": "уволен", "cancelled_on": "2026-02-02"},
        headers={"Idempotency-Key": key, "If-Match": tag},
    )


def seen(world: World, *tags: str, who: str = "r25") -> httpx.Response:
    headers = [("If-None-Match", each) for each in tags]
    return world.as_(who).get(f"/routes/{ROUTE}", headers=headers)


def test_the_tag_of_a_document_is_what_if_match_takes(world: World) -> None:
    world.draft("r25")
    tag = seen(world).headers["etag"]
    assert tag == '"1"'
    said = cancel(world, tag)
    assert (said.status_code, said.headers["etag"]) == (200, '"2"')
    assert seen(world).headers["etag"] == '"2"'
    assert cancel(world, tag, key="again").status_code == 412


def test_a_version_does_not_tell_what_a_release_folds(world: World) -> None:
    """The same version may be folded otherwise by the next release: so there is no 304."""
    world.draft("r25")
    said = seen(world, '"1"')
    assert (said.status_code, said.json()["state"]) == (200, "draft")


def test_the_tag_is_of_what_is_shown_and_not_of_what_is_so_by_now(world: World) -> None:
    world.draft("r25")
    seen(world)
    world.views.gone = True  # the documents stand still from here
    cancel(world, '"1"')
    late = seen(world)
    assert (late.json()["state"], late.headers["etag"]) == ("draft", '"1"')
    assert cancel(world, late.headers["etag"], key="again").status_code == 412


@pytest.mark.parametrize("position", [2, 99])
def test_a_document_that_its_log_does_not_know_has_no_tag(world: World, position: int) -> None:
    """The second record is of another thing, the last one was lost with the log."""
    world.draft("r25")
    world.draft("r25", n=1)
    seen(world)
    world.views.gone = True
    document = {"id": str(ROUTE)}
    foreign = Put(id=str(ROUTE), position=position, document=document, territory="25")
    asyncio.run(world.views.put("routes", [foreign]))
    said = seen(world, "*")
    assert (said.status_code, said.json()) == (200, document)
    assert "etag" not in said.headers


def test_a_list_has_no_tag(world: World) -> None:
    world.draft("r25")
    assert "etag" not in world.as_("r25").get("/routes").headers


def test_the_tags_are_described(world: World) -> None:
    paths = world.as_("nobody").get("/openapi.json").json()["paths"]
    one = paths["/routes/{id}"]["get"]
    assert "ETag" in one["responses"]["200"]["headers"]
    done = paths["/routes/{route_id}/cancel"]["post"]["responses"]["200"]
    assert "ETag" in done["headers"]
    assert "headers" not in paths["/routes"]["get"]["responses"]["200"]


# ── Health, and what stops the start ────────────────────────────────────────


def test_health_says_what_is_lacking(world: World) -> None:
    client = world.as_("nobody")
    assert client.get("/health/live").json() == {"status": "ok"}
    well = client.get("/health/ready")
    assert (well.status_code, well.json()) == (200, {"status": "ok", "parts": {}})
    world.well = Health(lacking={"ears": "last poll 40 s ago"})
    said = client.get("/health/ready")
    parts = {"ears": "last poll 40 s ago"}
    assert (said.status_code, said.json()) == (503, {"status": "waiting", "parts": parts})


def test_what_is_degraded_is_said_and_is_ready(world: World) -> None:
    """Reliability 21: whose doors work is sent requests, whatever waits for an operator."""
    client = world.as_("nobody")
    world.well = Health(degraded={"ears": "another log"})
    said = client.get("/health/ready")
    parts = {"ears": "another log"}
    assert (said.status_code, said.json()) == (200, {"status": "degraded", "parts": parts})
    world.well = Health(lacking={"ears": "unread"}, degraded={"ears": "another log"})
    both = client.get("/health/ready")
    parts = {"ears": "unread; another log"}
    assert (both.status_code, both.json()) == (503, {"status": "waiting", "parts": parts})


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


def test_one_sees_oneself_where_documents_tell_whose_they_are(world: World) -> None:
    blind = Reading(projection=ROUTES, path="/routes", roles=LOCAL, summary="")
    with pytest.raises(OpenDoor, match="cannot tell whose"):
        world.build(doors=(blind,))


def test_a_door_must_fit_its_command(world: World) -> None:
    foreign = Door(command=CancelRoute, path="/x/{nothing}", roles=LOCAL)
    with pytest.raises(TypeError, match="nothing"):
        world.build(doors=(foreign,))
    wrong = Door(command=CancelRoute, path="/x/{route_id}", roles=LOCAL, example={"reason": ""})
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
    assert len(said["paths"]) == len(DOORS) + 1 + 2 + 4


def test_a_command_has_one_door(world: World) -> None:
    with pytest.raises(OpenDoor, match="two doors"):
        world.build(doors=(*DOORS, DOORS[0]))
