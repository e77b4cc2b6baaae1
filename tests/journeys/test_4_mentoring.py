"""Point 4: pairs for the young, methodists by what was heard, 250 teachers at most."""

from dataclasses import replace

import pytest

from services.mentoring import domain as men
from services.registry import domain as reg
from shared.kernel.ids import MethodistId
from tests.journeys import chapters as ch
from tests.journeys.methodists import (
    activate,
    attach,
    candidate,
    category,
    diploma,
    learned,
    teachers,
)
from tests.journeys.telling import Telling, day, refused

METHODIST = MethodistId(ch.uid("methodist"))
PAIR = men.pair_of(ch.job_of(ch.VERA))
HEARD_OF_VERA = (
    "registry.TeacherRegistered",
    "registry.EmploymentStarted",
    "registry.YouthPeriodDetermined",
)


# ── Pairs ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("youth_first", [False, True])
def test_whichever_fact_comes_last_a_pair_is_proposed(
    story: Telling, *, youth_first: bool
) -> None:
    """§1.4: нужны два факта, и действует последний из услышанных (S1 4.4)."""
    ch.places(story)
    story.settle()
    later = ch.employed(ch.VERA, ch.SCHOOL, "01.09.2021")
    if youth_first:  # other pedagogical work came first, and youth is known from it
        other = replace(
            later, employment_id=ch.job_of(ch.ANNA), is_main=False, started_on=day("30.08.2021")
        )
        story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), other)
        story.settle()
        assert story.names("mentoring") == []
        story.tell("registry", later)
    else:  # the employment is recorded first, what it means for youth after it
        story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), later)
        assert story.names("registry")[-2:] == ["EmploymentStarted", "YouthPeriodDetermined"]
    story.settle()
    [proposed] = story.world.stores["mentoring"].streams([PAIR])[PAIR]
    cause = "EmploymentStarted" if youth_first else "YouthPeriodDetermined"

    assert proposed.name == "mentoring.MentorshipPairProposed"
    assert str(story.of("registry", cause)[-1]).encode() in proposed.meta


def test_who_gets_a_main_job_is_offered_a_pair(story: Telling) -> None:
    """§1.4: место стало основным: EmploymentChanged — последний нужный факт (S1 4.4)."""
    ch.places(story)
    aside = replace(ch.employed(ch.VERA, ch.SCHOOL, "01.09.2021"), is_main=False)
    story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), aside)
    story.settle()
    assert story.names("mentoring") == []
    main = reg.ChangeEmployment(
        employment_id=ch.job_of(ch.VERA),
        person_id=ch.VERA,
        org_id=ch.SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=True,
        changed_on=day("01.11.2021"),
    )
    story.tell("registry", main)
    story.settle()

    assert story.names("mentoring") == ["MentorshipPairProposed"]


def test_for_who_is_not_young_no_pair_is_proposed(story: Telling) -> None:
    """§1.4: предлагают молодому педагогу (S1 4.4)."""
    ch.places(story)
    story.tell(
        "registry",
        ch.registered(ch.ANNA, "112-233-445 95", "14.03.1980"),
        ch.employed(ch.ANNA, ch.SCHOOL, "01.09.2021"),
    )
    story.settle()

    assert story.names("mentoring") == []


def test_a_proposed_pair_is_formed_and_counted(story: Telling) -> None:
    """§1.4: у молодого педагога есть наставник (S0 V.4)."""
    ch.places(story)
    ch.people(story)
    form = men.FormPair(
        pair_id=PAIR,
        mentor_id=ch.GLEB,
        mentee_id=ch.VERA,
        pair_basis="novice",
        formed_on=day("15.09.2021"),
    )
    refused(
        story.ask("mentoring", replace(form, mentee_id=ch.ANNA)), "S1 4.4", "другому педагогу"
    )
    story.tell("mentoring", form)
    story.settle()

    assert story.counted("K-F4", "14.09.2021") == (0, 1)
    assert story.counted("K-F4", "15.09.2021") == (1, 1)


# ── Methodists ──────────────────────────────────────────────────────────────


def test_a_methodist_is_activated_by_what_was_heard(story: Telling) -> None:
    """§1.4: RU4–RU6 выполнены: методист приступает, и названо, почему (S1 4.5)."""
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())
    [*before, activated] = story.world.stores["mentoring"].streams([METHODIST])[METHODIST]
    heard = [
        *story.of("registry", "QualificationCategoryAwarded"),
        *story.of("registry", "EducationRecorded"),
        story.of("diagnostics", "DiagnosticCompleted")[0],
        story.of("routes", "ProgramCompleted")[0],
    ]

    assert [each.name.partition(".")[2] for each in before] == [
        "MethodistNominated",
        "MethodistPooled",
        "MethodistDiagnosed",
        "MethodistTrained",
    ]
    assert all(str(each).encode() in activated.data for each in heard)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ((diploma(),), "высшей категории"),
        ((category(),), "педагогического образования"),
    ],
    ids=["category", "education"],
)
def test_without_category_or_education_nobody_is_activated(
    story: Telling, known: tuple[object, ...], words: str
) -> None:
    """§1.4: RU4: высшая категория и высшее педагогическое образование (S1 4.5)."""
    candidate(story, *known)
    learned(story)

    refused(story.ask("mentoring", activate()), "S1 4.5", words)


def test_who_works_elsewhere_is_not_activated(story: Telling) -> None:
    """§1.4: RU5: педагог школы, детского сада или сотрудник ЦНППМ (S1 4.5)."""
    candidate(story, category(), diploma())
    learned(story)
    end = reg.EndEmployment(
        employment_id=ch.job_of(ch.GLEB), person_id=ch.GLEB, ended_on=day("25.05.2022")
    )
    story.tell("registry", end)
    story.settle()

    refused(story.ask("mentoring", activate()), "S1 4.5", "не работает педагогом")


def test_who_failed_the_diagnosis_is_not_activated(story: Telling) -> None:
    """§1.4: RU6: актив — из прошедших диагностику (S1 2)."""
    candidate(story, category(), diploma())
    learned(story, "69.99")

    refused(story.ask("mentoring", activate()), "S1 2", "не прошёл диагностику")


def test_the_251st_teacher_is_refused(story: Telling) -> None:
    """§1.4: RU7: «не более 250 человек» за одним методистом (S1 7.1)."""
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())
    attached = [attach(each, "01.09.2022") for each in teachers(story, 251)]
    outcomes = story.ask_all("mentoring", attached)

    assert [each.status for each in outcomes[:250]] == ["accepted"] * 250
    refused(outcomes[250], "S1 7.1", "250")
