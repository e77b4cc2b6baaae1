"""ADR 0036: a school of another municipality than was said takes along what stands at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metodika.generate import Clock
from metodika.world import opened
from services.registry import domain as reg
from shared.kernel.ids import Oktmo, SessionId
from tests.journeys import chapters as ch
from tests.journeys.http import grant, headers, let_in
from tests.journeys.running import Server, started, within
from tests.journeys.telling import Telling, day, settings_of
from tests.journeys.test_whose_document import of

NAKHODKA = Oktmo("05702000")
SESSION = SessionId(ch.uid("session of vera"))
PLACES = {
    "wrong": ("municipality", f"25/{ch.VLADIVOSTOK}"),
    "right": ("municipality", f"25/{NAKHODKA}"),
    "school": ("organisation", f"25/{ch.VLADIVOSTOK}/{ch.SCHOOL}"),
}
THINGS = (f"/registry/teachers/{ch.VERA}", f"/diagnostics/sessions/{SESSION}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world in which Vera's school is of Vladivostok, as far as anybody said."""
    folder, clock = tmp_path_factory.mktemp("moved") / "world", Clock()
    with opened(settings_of(folder), clock) as world:
        let_in(world.engines["registry"])
        story = Telling(world, clock)
        ch.places(story)
        other = reg.AddMunicipality(
            oktmo=NAKHODKA, region=ch.PRIMORYE, name="Находка", added_on=day("06.08.2020")
        )
        grants = [grant(who, *place) for who, place in PLACES.items()]  # pyright: ignore[reportArgumentType]
        story.tell("registry", other, grant("region", "region", "25"), *grants)
        ch.people(story)
        ch.diagnosed(story, ch.VERA, SESSION, "01.02.2022", "52.00")
        story.settle()
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Give it running; then the region corrects the municipality of the school."""
    server = started(folder)
    yield server
    server.close()


def said(asking: Server, service: str, name: str, **equal: Any) -> list[dict[str, Any]]:
    """Return the facts of a name that somebody's feed tells."""
    found = asking.get(f"/{service}/feed", types=f"{service}.{name}", limit=1000).json()
    its = {key: str(value) for key, value in equal.items()}
    return [each for each in found if its.items() <= each["data"].items()]


def corrected(asking: Server, service: str, fact: dict[str, Any], **anew: str) -> int:
    """Say a fact anew; return the status."""
    path = f"{asking.url}/{service}/facts/{fact['id']}/correct"
    body = {"type": fact["type"], "fact": fact["data"] | anew}
    return asking.client.post(path, json=body, headers=headers(asking.token)).status_code


def readers(folder: Path, server: Server, path: str) -> set[str]:
    """Return who may read a document."""
    return {who for who in PLACES if of(folder, who, server).get(path).status_code == 200}


def test_what_stands_at_a_school_goes_where_the_school_is(folder: Path, server: Server) -> None:
    """S0 V: документы людей школы читает её муниципалитет, а прежний — больше нет."""
    here = of(folder, "region", server)
    for each in THINGS:
        within(20, lambda at=each: here.get(at).is_success, each)
        assert readers(folder, server, each) == {"wrong", "school"}
    [school] = said(here, "registry", "OrganisationRegistered", org_id=ch.SCHOOL)
    [job] = said(here, "registry", "EmploymentStarted", person_id=ch.VERA)
    assert corrected(here, "registry", school, oktmo=NAKHODKA) == 200

    for each in THINGS:
        within(10, lambda at=each: "right" in readers(folder, server, at), f"{each} moved")
        assert readers(folder, server, each) == {"right", "school"}
    may = {who: corrected(of(folder, who, server), "registry", job) for who in PLACES}
    assert may == {"wrong": 404, "right": 200, "school": 200}


def test_who_hears_of_it(folder: Path, server: Server) -> None:
    """ADR 0019: прежний слышит, что школа не его; новый — её и всё, что сказано потом."""
    right, wrong = (of(folder, who, server) for who in ("right", "wrong"))
    for each in (right, wrong):
        told = said(each, "registry", "OrganisationRegistered", org_id=ch.SCHOOL)
        assert told[-1]["data"]["oktmo"] == NAKHODKA
    jobs = [
        said(each, "registry", "EmploymentStarted", person_id=ch.VERA)
        for each in (right, wrong)
    ]

    assert [len(each) for each in jobs] == [2, 3]  # each of the two corrections; and the fact
