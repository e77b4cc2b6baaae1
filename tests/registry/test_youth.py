"""RU8: молодой — до 35 лет и в первые три года работы (S0 V.4)."""

from dataclasses import replace
from datetime import date
from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import TEACHER, ChangeEmployment, DetermineYouth
from services.registry.domain.people import TeacherCommand
from services.registry.domain.teacher import Teacher
from services.registry.domain.youth import recalled, young_until
from shared.events.registry import (
    EmploymentChanged,
    TeacherFact,
    YouthPeriodDetermined,
)
from shared.kernel import Refused, Sealed
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec
from tests.registry.world import (
    AT_SCHOOL,
    BORN,
    HIRED,
    JOB,
    PERSON,
    REGISTERED,
    SCHOOL,
    SECOND_JOB,
    START,
    STARTED,
)

BIRTHDAY = date(2030, 5, 17)
DETERMINE = DetermineYouth(person_id=PERSON)
UNTIL = date(2026, 9, 1)
DETERMINED = a(
    YouthPeriodDetermined,
    person_id=PERSON,
    young_until=UNTIL,
    rule_version=1,
    occurred_on=HIRED,
)
EARLIER = date(2021, 2, 1)
SEALED = Sealed(PERSON, UUID(int=1), "A256GCM", "")
dates = st.dates(date(1950, 1, 1), date(2060, 1, 1))

type PersonSpec = Spec[Teacher, TeacherCommand, TeacherFact]


@pytest.fixture
def person() -> PersonSpec:
    return Spec(TEACHER)


@pytest.mark.parametrize(
    ("first", "until"),
    [
        (date(2020, 9, 1), date(2023, 9, 1)),
        (date(2027, 5, 16), date(2030, 5, 16)),
        (date(2027, 5, 17), BIRTHDAY),
        (date(2028, 9, 1), BIRTHDAY),
        (date(2030, 5, 16), BIRTHDAY),
        (BIRTHDAY, None),
        (date(2031, 1, 1), None),
        (None, None),
    ],
)
def test_youth_ends_with_whichever_comes_first(first: date | None, until: date | None) -> None:
    """RU8: «в возрасте до 35 лет … в первые 3 года работы» (S0 V.4); AM13, AM14."""
    assert young_until(BORN, first) == until


@pytest.mark.parametrize(
    ("born", "first", "until"),
    [
        (date(1988, 2, 29), date(2022, 9, 1), date(2023, 2, 28)),
        (date(1988, 2, 29), date(2023, 2, 27), date(2023, 2, 28)),
        (date(1988, 2, 29), date(2023, 2, 28), None),
        (date(1998, 6, 1), date(2024, 2, 29), date(2027, 2, 28)),
        (date(1998, 6, 1), date(2025, 12, 31), date(2028, 12, 31)),
    ],
)
def test_a_day_that_a_year_lacks_is_the_last_of_its_month(
    born: date, first: date, until: date | None
) -> None:
    """RU8: ГК РФ, ст. 192 п. 3 — срок истекает в последний день месяца (S0 V.4)."""
    assert young_until(born, first) == until


@given(born=dates, first=dates)
def test_youth_is_short(born: date, first: date) -> None:
    until = young_until(born, first)
    assert until is None or first < until
    assert until is None or until.year - first.year <= 3
    assert until is None or until.year - born.year <= 35


def test_only_pedagogical_work_begins_it(person: PersonSpec) -> None:
    clerk = replace(START, position_class="OTHER", is_teacher=False)
    person.given(REGISTERED)
    person.when(clerk)
    person.then(replace(STARTED, position_class="OTHER", is_teacher=False))


def test_who_turns_to_teaching_begins_then(person: PersonSpec) -> None:
    """RU8: первые три года педагогической работы, а не всякой (S0 V.4)."""
    clerk = replace(STARTED, position_class="OTHER", is_teacher=False)
    to_teach = a(
        ChangeEmployment,
        employment_id=JOB,
        person_id=PERSON,
        org_id=SCHOOL,
        position_class="PED",
        organisation=AT_SCHOOL,
    )
    teaches = a(
        EmploymentChanged,
        employment_id=JOB,
        person_id=PERSON,
        org_id=SCHOOL,
        position_class="PED",
    )
    since = {"occurred_on": DAY, "young_until": date(2027, 2, 1)}
    person.given(REGISTERED, clerk)
    person.when(to_teach)
    person.then(teaches, replace(DETERMINED, **since))


def test_a_later_job_changes_nothing(person: PersonSpec) -> None:
    later = replace(START, employment_id=SECOND_JOB, started_on=DAY)
    person.given(REGISTERED, STARTED, DETERMINED)
    person.when(later)
    person.then(replace(STARTED, employment_id=SECOND_JOB, occurred_on=DAY))


def test_an_earlier_job_that_comes_to_light_determines_anew(person: PersonSpec) -> None:
    """RU8: для каждого дня, для которого сказано иное, говорится заново (S0 V.4)."""
    until = date(2024, 2, 1)
    person.given(REGISTERED, STARTED, DETERMINED)
    person.when(replace(START, employment_id=SECOND_JOB, started_on=EARLIER))
    person.then(
        replace(STARTED, employment_id=SECOND_JOB, occurred_on=EARLIER),
        replace(DETERMINED, young_until=until, occurred_on=EARLIER),
        replace(DETERMINED, young_until=until),
    )


@pytest.mark.parametrize(
    ("past", "said"),
    [
        ((REGISTERED,), ()),
        ((REGISTERED, STARTED), (DETERMINED,)),
        ((REGISTERED, STARTED, DETERMINED), ()),
        ((REGISTERED, DETERMINED), (replace(DETERMINED, young_until=None),)),
        (
            (REGISTERED, replace(STARTED, occurred_on=DAY), DETERMINED),
            (
                replace(DETERMINED, young_until=date(2027, 2, 1)),
                replace(DETERMINED, young_until=date(2027, 2, 1), occurred_on=DAY),
            ),
        ),
    ],
    ids=["no job", "first", "already so", "job withdrawn", "job corrected"],
)
def test_it_is_determined_anew_when_asked(
    person: PersonSpec, past: tuple[TeacherFact, ...], said: tuple[TeacherFact, ...]
) -> None:
    person.given(*past)
    person.when(DETERMINE)
    person.then(*said)


def test_who_cannot_be_known_is_not_determined() -> None:
    """S1 5.5: без ключа дня рождения не прочесть."""
    # as it is read without keys
    sealed: TeacherFact = replace(REGISTERED, birth_date=SEALED)  # pyright: ignore[reportArgumentType]
    history = [sealed, STARTED]
    teacher = reduce(TEACHER.evolve, history, TEACHER.initial)
    later = replace(START, employment_id=SECOND_JOB)

    assert TEACHER.decide(teacher, DETERMINE) == []
    assert len(TEACHER.decide(teacher, later)) == 1


SAID_BY_WORK = {date(2021, 9, 1): date(2024, 9, 1)}
SAID_BY_AGE = {date(2021, 9, 1): date(2023, 5, 17)}
SAID_NEVER: dict[date, date | None] = {date(2021, 9, 1): None}


@pytest.mark.parametrize(
    ("said", "first", "until"),
    [
        (SAID_BY_WORK, date(2020, 9, 1), date(2023, 9, 1)),
        (SAID_BY_WORK, None, None),
        (SAID_BY_AGE, date(2019, 9, 1), date(2022, 9, 1)),
        (SAID_BY_AGE, date(2022, 9, 1), date(2023, 5, 17)),
        (SAID_BY_AGE, date(2023, 5, 17), None),
        (SAID_NEVER, date(2022, 9, 1), None),
    ],
)
def test_youth_is_recalled_by_what_was_said(
    said: dict[date, date | None], first: date | None, until: date | None
) -> None:
    """RU8, S1 5.5: сказанное до уничтожения данных говорит и о другой первой работе."""
    news = recalled(said, first)

    assert {**said, **news} == dict.fromkeys({*said, *([first] if first else [])}, until)
    assert recalled(said, min(said)) == {}


@pytest.mark.parametrize(
    ("said", "first"),
    [(SAID_BY_WORK, date(2021, 9, 2)), (SAID_NEVER, date(2021, 8, 31)), ({}, HIRED)],
)
def test_what_was_said_may_not_tell(said: dict[date, date | None], first: date) -> None:
    """S1 5.5: дня рождения не узнать: позже, чем сказано, раньше, чем известно."""
    with pytest.raises(Refused, match="не узнать"):
        recalled(said, first)
