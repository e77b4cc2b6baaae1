"""Работа: S0 I «состоит в трудовых, служебных отношениях с организацией»."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.registry.domain import TEACHER, ChangeEmployment
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.people import TeacherCommand
from services.registry.domain.teacher import Teacher
from services.registry.domain.youth import young_until
from shared.events.registry import (
    EmploymentChanged,
    TeacherFact,
    YouthPeriodDetermined,
)
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec
from tests.registry.world import (
    AT_CLOSED_SCHOOL,
    AT_INSTITUTE,
    BORN,
    END,
    ENDED,
    HIRED,
    INSTITUTE,
    JOB,
    PERSON,
    REGISTERED,
    SCHOOL,
    SECOND_JOB,
    START,
    STARTED,
)

DETERMINED = a(
    YouthPeriodDetermined,
    person_id=PERSON,
    young_until=young_until(BORN, HIRED),
    rule_version=1,
    occurred_on=HIRED,
)
CHANGE = a(
    ChangeEmployment,
    employment_id=JOB,
    person_id=PERSON,
    org_id=INSTITUTE,
    position_class="DEPUTY",
    is_main=True,
    organisation=AT_INSTITUTE,
)
CHANGED = a(
    EmploymentChanged,
    employment_id=JOB,
    person_id=PERSON,
    org_id=INSTITUTE,
    position_class="DEPUTY",
    is_main=True,
)
HIRED_BEFORE = (REGISTERED, STARTED, DETERMINED)

type PersonSpec = Spec[Teacher, TeacherCommand, TeacherFact]


@pytest.fixture
def person() -> PersonSpec:
    return Spec(TEACHER)


def test_a_person_is_employed(person: PersonSpec) -> None:
    """S0 I: «физическое лицо, которое состоит в трудовых … отношениях»."""
    person.given(REGISTERED)
    person.when(START)
    person.then(STARTED, DETERMINED)


def test_one_may_have_two_main_jobs(person: PersonSpec) -> None:
    """S0 I: считают человека, а не ставку; единицу его выбирает AM33."""
    second = replace(START, employment_id=SECOND_JOB)
    person.given(*HIRED_BEFORE)
    person.when(second)
    person.then(replace(STARTED, employment_id=SECOND_JOB))


def test_an_organisation_is_older_than_its_entry(person: PersonSpec) -> None:
    """S0 I: работали и до того, как организацию внесли."""
    head = {"position_class": "HEAD", "is_teacher": False}
    long_ago = date(2019, 9, 1)
    person.given(REGISTERED)
    person.when(replace(START, started_on=long_ago, **head))
    person.then(replace(STARTED, occurred_on=long_ago, **head))


@pytest.mark.parametrize(
    "wrong",
    [
        {"organisation": UNHEARD_OF},
        {"organisation": AT_CLOSED_SCHOOL, "started_on": DAY},
        {"position_class": "DEPUTY"},
        {"started_on": date(2009, 5, 16)},
    ],
)
def test_what_is_no_job_is_refused(person: PersonSpec, wrong: dict[str, object]) -> None:
    person.given(REGISTERED)
    person.when(replace(START, **wrong))
    person.then_refused("S0 I")


def test_at_fourteen_one_may_work(person: PersonSpec) -> None:
    birthday = date(2009, 5, 17)
    asked = replace(START, started_on=birthday, position_class="OTHER", is_teacher=False)
    said = replace(STARTED, occurred_on=birthday, position_class="OTHER", is_teacher=False)
    person.given(REGISTERED)
    person.when(asked)
    person.then(said)


def test_the_job_changes(person: PersonSpec) -> None:
    person.given(*HIRED_BEFORE)
    person.when(CHANGE)
    person.then(CHANGED)


def test_the_same_terms_are_no_change(person: PersonSpec) -> None:
    same = a(
        ChangeEmployment,
        employment_id=JOB,
        person_id=PERSON,
        org_id=SCHOOL,
        position_class="PED",
        is_teacher=True,
        is_main=True,
        organisation=START.organisation,
    )
    person.given(*HIRED_BEFORE)
    person.when(same)
    person.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (HIRED_BEFORE, START),
        ((*HIRED_BEFORE, CHANGED), CHANGE),
        ((*HIRED_BEFORE, ENDED), END),
    ],
)
def test_the_job_is_already_so(
    person: PersonSpec, past: tuple[TeacherFact, ...], asked: TeacherCommand
) -> None:
    person.given(*past)
    person.when(asked)
    person.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (HIRED_BEFORE, replace(START, subject_code="PHYS")),
        (HIRED_BEFORE, replace(CHANGE, employment_id=SECOND_JOB)),
        (HIRED_BEFORE, replace(CHANGE, changed_on=HIRED - timedelta(1))),
        ((*HIRED_BEFORE, ENDED), replace(CHANGE, changed_on=DAY + timedelta(1))),
        (HIRED_BEFORE, replace(END, employment_id=SECOND_JOB)),
        (HIRED_BEFORE, replace(END, ended_on=HIRED - timedelta(1))),
        ((*HIRED_BEFORE, CHANGED), replace(END, ended_on=DAY - timedelta(1))),
        ((*HIRED_BEFORE, ENDED), replace(END, ended_on=DAY + timedelta(1))),
    ],
)
def test_the_job_is_not_changed_so(
    person: PersonSpec, past: tuple[TeacherFact, ...], asked: TeacherCommand
) -> None:
    person.given(*past)
    person.when(asked)
    person.then_refused("S0 I")


def test_the_job_ends_on_its_last_day(person: PersonSpec) -> None:
    person.given(*HIRED_BEFORE)
    person.when(END)
    person.then(ENDED)


def test_the_job_ends_where_it_last_was(person: PersonSpec) -> None:
    person.given(*HIRED_BEFORE, CHANGED)
    person.when(END)
    person.then(replace(ENDED, org_id=INSTITUTE))
