"""A correction of the registry passes what its command passes (contracts §1, ADR 0032)."""

from typing import Any
from uuid import UUID

import pytest

from services.registry import domain as reg
from shared.kernel import as_corrected
from shared.kernel.ids import GrantId, Territory, named
from tests.journeys import chapters as ch
from tests.journeys.amends import correct
from tests.journeys.telling import Telling, day, refused

GRANT = GrantId(ch.uid("grant"))
MORE = (
    reg.EndEmployment(
        employment_id=ch.job_of(ch.GLEB), person_id=ch.GLEB, ended_on=day("30.06.2022")
    ),
    reg.AwardCategory(person_id=ch.ANNA, category="highest", awarded_on=day("01.09.2021")),
    reg.CloseRegionalCentre(centre_id=ch.CENTRE, closed_on=day("30.06.2022")),
    reg.GrantAccess(
        grant_id=GRANT,
        grantee="official-17",
        role="region",
        territory=Territory("25"),
        until=None,
        granted_on=day("01.02.2022"),
    ),
    reg.RevokeAccess(grant_id=GRANT, reason="Переведён", revoked_on=day("01.03.2022")),
)


@pytest.fixture
def full(told: Telling) -> Telling:
    """The story, and a few ends."""
    told.tell("registry", *MORE)
    told.settle()
    return told


def standing(story: Telling, stream: UUID, name: str) -> Any:
    """Return how a fact stands."""
    history = story.world.engines["registry"].known().thing(stream).history
    [fact] = [each for each in as_corrected(history) if type(each).__name__ == name]
    return fact


# ── What no hand may say ────────────────────────────────────────────────────

OTHERWISE = "выходит иначе"
WRONG: list[tuple[UUID, str, dict[str, object], str, str]] = [
    (ch.ANNA, "TeacherRegistered", {"birth_date": day("01.01.2015")}, "S0 I", "от 16 до 100"),
    (ch.ANNA, "TeacherRegistered", {"snils": "112-233-445 96"}, "S1 5.5", "контрольное число"),
    (ch.GLEB, "EmploymentEnded", {"org_id": ch.INSTITUTE}, "S1 7.2", OTHERWISE),
    (
        ch.ANNA,
        "QualificationCategoryAwarded",
        {"category": "ped_mentor", "valid_until": None},
        "S1 4.5",
        "с 01.09.2023",
    ),
    (ch.CENTRE, "RegionalCentreClosed", {"host_org_id": ch.SCHOOL}, "S1 7.2", OTHERWISE),
    (ch.PROGRAM, "ProgramListed", {"valid_until": day("31.12.2030")}, "S0 III.1", "дольше"),
    (ch.PROGRAM, "ProgramCertified", {"valid_until": day("01.11.2021")}, "S0 III.1", "дольше"),
    (
        ch.PROGRAM,
        "ProgramCertified",
        {"occurred_on": day("20.09.2021")},
        "S0 III.1",
        "раньше заключений",
    ),
    (ch.PROGRAM, "ExpertOpinionGiven", {"score": 101}, "S0 III.1", "от 0 до 100"),
    (
        ch.PROGRAM,
        "ProgramSubmitted",
        {"occurred_on": day("01.08.2021")},
        "S0 III.1",
        "раньше, чем разработана",
    ),
    (GRANT, "AccessRevoked", {"grantee": "official-18"}, "S1 7.2", OTHERWISE),
    (GRANT, "AccessRevoked", {"occurred_on": day("01.01.2022")}, "S0 V", "раньше, чем дан"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_correction_passes_the_guards_of_its_command(
    full: Telling, wrong: tuple[UUID, str, dict[str, object], str, str]
) -> None:
    """contracts §1, §4: чего нельзя сказать, того нельзя и сказать заново."""
    stream, name, anew, clause, words = wrong
    before = standing(full, stream, name)

    refused(correct(full, "registry", stream, name, **anew), clause, words)
    assert standing(full, stream, name) == before


# ── What is corrected ───────────────────────────────────────────────────────


def test_a_term_is_written_as_its_rule_writes_it(full: Telling) -> None:
    """RU9: до 01.09.2023 категория — на пять лет: бессрочной и исправлением не станет."""
    anew: dict[str, object] = {"occurred_on": day("01.10.2021"), "valid_until": None}
    correct(full, "registry", ch.ANNA, "QualificationCategoryAwarded", **anew)

    awarded = standing(full, ch.ANNA, "QualificationCategoryAwarded")
    assert awarded.valid_until == day("01.10.2026")


def test_work_ends_where_it_began(full: Telling) -> None:
    """S0 I: место работы записали не то — исправляют, и в окончании оно то же."""
    correct(full, "registry", ch.GLEB, "EmploymentStarted", org_id=ch.INSTITUTE)

    assert standing(full, ch.GLEB, "EmploymentEnded").org_id == ch.INSTITUTE


def test_who_has_a_right_is_who_loses_it(full: Telling) -> None:
    """S0 V: доступ дали другому — и отозвали у него же."""
    correct(full, "registry", GRANT, "AccessGranted", grantee="official-18")

    assert standing(full, GRANT, "AccessRevoked").grantee == "official-18"


def test_a_right_on_what_is_there_no_more_stays(full: Telling) -> None:
    """S0 V, ADR 0032: на территории, которой нет, право ничего не открывает."""
    correct(full, "registry", GRANT, "AccessGranted", until=day("01.02.2023"))
    nowhere = correct(full, "registry", GRANT, "AccessGranted", territory=Territory("99"))

    refused(nowhere, "S0 V", "Такой территории нет")
    assert standing(full, GRANT, "AccessGranted").until == day("01.02.2023")


# ── What is promised ────────────────────────────────────────────────────────


def test_a_target_passes_its_guards(told: Telling) -> None:
    """S0 V: цель — от нуля, и акт её назван: исправлением тоже."""
    kpi = named("kpi", "K-F1")
    less = correct(told, "monitoring", kpi, "KpiTargetSet", target_hundredths=-1)
    refused(less, "S0 V", "от 0 до")
    nameless = correct(told, "monitoring", kpi, "KpiDefinitionVersioned", act=" ")
    refused(nameless, "S0 V", "Назовите акт")
