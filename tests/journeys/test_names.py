"""S0 V: a name is open to whoever employs its person, whatever others say of that person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from metodika.generate import Clock
from metodika.world import opened
from services.registry import domain as reg
from shared.kernel.ids import EmploymentId, PersonId
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.journeys import chapters as ch
from tests.journeys.http import grant, headers, let_in
from tests.journeys.running import Server, started
from tests.journeys.telling import Telling, day, settings_of

MINE = f"25/{ch.VLADIVOSTOK}/{ch.SCHOOL}"
THEIRS = f"77/-/{ch.CAPITAL_SCHOOL}"
CATEGORY = reg.AwardCategory(person_id=ch.ANNA, category="first", awarded_on=day("01.10.2021"))
HOME, AWAY = {"region-25": 200, "school-25": 200}, {"region-77": 404, "school-77": 404}
BOTH = HOME | {"region-77": 200, "school-77": 200}
MOVED = {"region-25": 404, "school-25": 404, "region-77": 200, "school-77": 200}


@dataclass
class Asking:
    """One `metodika up`, and tokens of all who ask it."""

    server: Server
    tokens: Mapping[str, str]
    awarded: str

    def as_(self, who: str) -> Server:
        at = self.server
        return Server(at.url, at.process, at.log, self.tokens[who])

    def said(self, who: str, command: Any) -> int:
        return self.as_(who).ask("/registry", command).status_code

    def opens(self, person: PersonId) -> dict[str, int]:
        """Return how each is answered who asks for the name of a person."""
        path = f"/registry/teachers/{person}/personal"
        return {who: self.as_(who).get(path).status_code for who in BOTH}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Give two regions: Anna has left the first for the second."""
    folder = tmp_path_factory.mktemp("names") / "world"
    clock = Clock()
    with opened(settings_of(folder), clock) as world:
        story = Telling(world, clock)
        let_in(world.engines["registry"])
        ch.places(story)
        ch.people(story)
        story.tell("registry", CATEGORY, *moved(ch.ANNA))
        for who, role, where in (
            ("region-25", "region", "25"),
            ("region-77", "region", "77"),
            ("school-25", "organisation", MINE),
            ("school-77", "organisation", THEIRS),
        ):
            story.tell("registry", grant(who, role, where))  # pyright: ignore[reportArgumentType] - a role as text
        awarded, *_ = story.of("registry", "QualificationCategoryAwarded")
    server = started(folder)
    issuer = LocalIssuer(folder)
    whoever = {who: issuer.issue(who, now=utc_now()) for who in ("federal-1", *BOTH)}
    yield Asking(server, whoever, str(awarded))
    server.close()


def moved(who: PersonId) -> tuple[reg.EndEmployment, reg.StartEmployment]:
    ended = reg.EndEmployment(
        employment_id=ch.job_of(who), person_id=who, ended_on=day("01.10.2022")
    )
    return ended, job(who, is_main=True)


def job(who: PersonId, *, is_main: bool) -> reg.StartEmployment:
    """Return another job of a person, in the capital."""
    there = ch.employed(who, ch.CAPITAL_SCHOOL, "05.10.2022")
    return replace(there, employment_id=EmploymentId(uuid4()), is_main=is_main)


def link(who: PersonId) -> reg.LinkRoster:
    return reg.LinkRoster(
        person_id=who,
        source_system="mow",
        sourced_id_hmac=str(who),
        linked_on=day("01.10.2022"),
    )


def test_a_link_opens_no_name_and_is_the_employers_to_make(asking: Asking) -> None:
    """S0 V: связать с учётной системой вправе тот, у кого человек работает; не более того."""
    foreign = asking.said("region-77", link(ch.BORIS))
    opened_then = asking.opens(ch.BORIS)
    own = asking.said("region-25", link(ch.BORIS))

    assert (foreign, own) == (403, 200)
    assert opened_then == asking.opens(ch.BORIS) == HOME | AWAY


def test_a_second_employer_may_read_and_takes_no_right_away(asking: Asking) -> None:
    """S0 V: имя открыто каждому, у кого человек работает: и по совместительству."""
    began = asking.said("school-77", job(ch.VERA, is_main=False))
    linked = asking.said("region-77", link(ch.VERA))

    assert (began, linked) == (200, 200)
    assert asking.opens(ch.VERA) == BOTH


def test_a_merger_opens_no_name(asking: Asking) -> None:
    """S0 V, S1 7.2: слитая запись открыта тому же, кому была открыта."""
    merged = reg.MergePersons(
        survivor_id=ch.DINA, merged_id=ch.GLEB, merged_on=day("01.10.2022")
    )

    assert asking.said("federal-1", merged) == 200
    assert asking.opens(ch.GLEB) == HOME | AWAY
    assert asking.opens(ch.DINA) == MOVED


def test_a_job_is_not_taken_from_another_school(asking: Asking) -> None:
    """S0 V: место работы меняет тот, чьи оба места; иначе имя ушло бы к сказавшему."""
    taken = reg.ChangeEmployment(
        employment_id=ch.job_of(ch.BORIS),
        person_id=ch.BORIS,
        org_id=ch.CAPITAL_SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=True,
        changed_on=day("05.10.2022"),
    )
    said = [asking.said(who, taken) for who in ("school-77", "region-77", "region-25")]

    assert said == [403, 403, 403]
    assert asking.opens(ch.BORIS) == HOME | AWAY


def test_a_correction_opens_no_name(asking: Asking) -> None:
    """S0 V, S1 7.2: исправив старое, прежний регион не видит, кто это теперь."""
    region = asking.as_("region-25")
    anew = {
        "type": "registry.QualificationCategoryAwarded",
        "fact": {
            "person_id": str(ch.ANNA),
            "category": "first",
            "occurred_on": "2021-10-02",
            "valid_until": "2026-10-02",
        },
    }
    before = asking.opens(ch.ANNA)
    corrected = region.client.post(
        f"{region.url}/registry/facts/{asking.awarded}/correct",
        json=anew,
        headers=headers(region.token),
    )

    assert corrected.status_code == 200, corrected.text
    assert before == asking.opens(ch.ANNA) == MOVED
