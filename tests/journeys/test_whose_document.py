"""ADR 0036: a document is read where its thing is at home, and nowhere else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from metodika.generate import Clock
from metodika.world import opened
from services.mentoring import domain as men
from services.registry import domain as reg
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.journeys import chapters as ch
from tests.journeys.http import grant, headers, let_in
from tests.journeys.methodists import (
    METHODIST,
    activate,
    candidate,
    category,
    diploma,
    learned,
)
from tests.journeys.running import Server, started, within
from tests.journeys.telling import Telling, day, settings_of

OTHER_SCHOOL = OrgId(ch.uid("another school"))
IRA = PersonId(ch.uid("ira"))
PLACES = {
    "region-25": ("region", "25"),
    "region-77": ("region", "77"),
    "school": ("organisation", f"25/{ch.VLADIVOSTOK}/{ch.SCHOOL}"),
    "another-school": ("organisation", f"25/{ch.VLADIVOSTOK}/{OTHER_SCHOOL}"),
    "capital-school": ("organisation", f"77/-/{ch.CAPITAL_SCHOOL}"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world with a methodist, in which schools and regions are let in."""
    folder, clock = tmp_path_factory.mktemp("whose") / "world", Clock()
    with opened(settings_of(folder), clock) as world:
        let_in(world.engines["registry"])
        told(Telling(world, clock))
    return folder


def told(story: Telling) -> None:
    """Gleb is a methodist, and teachers of two schools are attached to him; Anna moves."""
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())
    other = ch.organisation(OTHER_SCHOOL, "school", ch.PRIMORYE, ch.VLADIVOSTOK)
    story.tell("registry", other)
    for who, place in PLACES.items():
        story.tell("registry", grant(who, *place))  # pyright: ignore[reportArgumentType] - a role as text
    story.tell(
        "registry",
        ch.registered(IRA, "205-555-555 57", "09.07.1989"),
        ch.employed(IRA, OTHER_SCHOOL, "01.09.2011"),
        reg.AwardCategory(person_id=ch.ANNA, category="first", awarded_on=day("01.10.2021")),
        reg.EndEmployment(
            employment_id=ch.job_of(ch.ANNA), person_id=ch.ANNA, ended_on=day("01.10.2022")
        ),
        replace(
            ch.employed(ch.ANNA, ch.CAPITAL_SCHOOL, "05.10.2022"),
            employment_id=EmploymentId(ch.uid("anna in the capital")),
        ),
    )
    story.settle()
    for who, on in ((ch.VERA, "05.09.2022"), (IRA, "06.09.2022")):
        attach = men.AttachTeacher(methodist_id=METHODIST, person_id=who, attached_on=day(on))
        story.tell("mentoring", attach)
    story.settle()


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    server = started(folder)
    yield server
    server.close()


def read_by(folder: Path, server: Server, path: str) -> set[str]:
    """Return who may read a document, once the documents hold all that was said."""
    answers = {who: of(folder, who, server).get(path) for who in PLACES}
    assert {each.status_code for each in answers.values()} <= {200, 404}
    return {who for who, each in answers.items() if each.status_code == 200}


def of(folder: Path, who: str, server: Server) -> Server:
    token = LocalIssuer(folder).issue(who, now=utc_now())
    return Server(server.url, server.process, server.log, token)


def seen(asking: Server, path: str, answer: Any) -> None:
    """Wait until the document holds what was just said."""
    assert answer.status_code == 200, answer.text
    position = answer.json()["position"]
    within(10, lambda: asking.get(path, min_position=position).status_code != 503, path)


def test_a_methodist_is_at_home_where_he_was_nominated(folder: Path, server: Server) -> None:
    """S0 V, S1 7.1: закрепили педагога другой школы — методист остался в своей."""
    path = f"/mentoring/methodists/{METHODIST}"
    within(20, lambda: of(folder, "region-25", server).get(path).is_success, "the methodist")

    assert read_by(folder, server, path) == {"region-25", "school"}


def test_a_correction_takes_no_document_back(folder: Path, server: Server) -> None:
    """§1.9: прежний субъект РФ исправил своё — человек и его работа остались в новом."""
    path, here = f"/registry/teachers/{ch.ANNA}", of(folder, "region-25", server)
    there = of(folder, "region-77", server)
    within(20, lambda: there.get(path).is_success, "Anna in the capital")
    names = "registry.QualificationCategoryAwarded"
    said = here.get("/registry/feed", types=names, limit=1000).json()
    awarded = next(each for each in said if each["data"]["person_id"] == str(ch.ANNA))
    fact = awarded["data"] | {"occurred_on": "2021-10-02"}
    answer = here.client.post(
        f"{here.url}/registry/facts/{awarded['id']}/correct",
        json={"type": names, "fact": fact},
        headers=headers(here.token),
    )
    seen(there, path, answer)

    assert read_by(folder, server, path) == {"region-77", "capital-school"}
    assert there.get(path).json()["categories"][0]["awarded_on"] == "2021-10-02"


@pytest.mark.parametrize("org_id", [OTHER_SCHOOL, ch.SCHOOL], ids=["moved", "moved back"])
def test_a_job_that_is_corrected_takes_the_document_along(
    folder: Path, server: Server, org_id: OrgId
) -> None:
    """ADR 0019, 0036: запись повторена там, где её слышали, а стоит она у новой школы."""
    path, here = f"/registry/teachers/{ch.VERA}", of(folder, "region-25", server)
    within(20, lambda: here.get(path).is_success, "Vera")
    names = "registry.EmploymentStarted"
    said = here.get("/registry/feed", types=names, limit=1000).json()
    started = next(each for each in said if each["data"]["person_id"] == str(ch.VERA))
    fact = started["data"] | {"org_id": str(org_id)}
    answer = here.client.post(
        f"{here.url}/registry/facts/{started['id']}/correct",
        json={"type": names, "fact": fact},
        headers=headers(here.token),
    )
    seen(here, path, answer)
    school = {OTHER_SCHOOL: "another-school", ch.SCHOOL: "school"}[org_id]

    assert here.get(path).json()["org_id"] == str(org_id)
    assert read_by(folder, server, path) == {"region-25", school}


def second_job(who: PersonId) -> reg.StartEmployment:
    """Make a job at a school of the capital, beside the main one."""
    job = ch.employed(who, ch.CAPITAL_SCHOOL, "01.10.2022")
    return replace(job, employment_id=EmploymentId(uuid4()), is_main=False)


def test_who_links_a_person_takes_no_document(folder: Path, server: Server) -> None:
    """§1.1, S0 V: человек и в списке другого субъекта РФ: его запись там, где работа."""
    path, there = f"/registry/teachers/{ch.BORIS}", of(folder, "region-77", server)
    link = reg.LinkRoster(
        person_id=ch.BORIS,
        source_system="ru-mow",
        sourced_id_hmac="9f86d081884c7d659a2feaa0c55ad015",
        linked_on=day("01.10.2022"),
    )
    assert there.ask("/registry", link).status_code == 403, "he does not work there"
    assert there.ask("/registry", second_job(ch.BORIS)).status_code == 200
    seen(there, path, there.ask("/registry", link))

    assert read_by(folder, server, path) == {"region-25", "school"}
    assert of(folder, "school", server).get(path).json()["rosters"] == ["ru-mow"]


def test_a_second_job_takes_no_document(folder: Path, server: Server) -> None:
    """AM33, ADR 0036: о человеке говорят по основной работе: там и его запись."""
    path, there = f"/registry/teachers/{IRA}", of(folder, "region-77", server)
    seen(there, path, there.ask("/registry", second_job(IRA)))

    assert read_by(folder, server, path) == {"region-25", "another-school"}
    assert UUID(of(folder, "region-25", server).get(path).json()["org_id"]) == OTHER_SCHOOL
