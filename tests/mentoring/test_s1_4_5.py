"""S1 4.5: кто составляет региональный методический актив."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import METHODIST, Evidence
from services.mentoring.domain.evidence import years_before
from services.mentoring.policies import of_the_conditions, of_the_region
from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    OrganisationClosed,
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.kernel import Claim
from shared.kernel.ids import CentreId, EmploymentId, EventId, OrgId
from shared.testing.facts import DAY, a
from shared.testing.known import heard
from shared.testing.spec import Spec
from tests.mentoring.words import (
    ACTIVATE,
    ACTIVATED,
    AFTER,
    AT_SCHOOL,
    AWARDED,
    BEFORE,
    EDUCATED,
    JOB,
    NOMINATE,
    NOMINATED,
    PERSON,
    POOL,
    PROVEN,
    SCHOOL,
    STRANGER,
    TRAIN,
    WAY,
    WORKS,
)

type MethodistSpec = Spec[Any, Any, Any]


def ids(*numbers: int) -> tuple[EventId, ...]:
    return tuple(EventId(UUID(int=n)) for n in numbers)


def evidence(*facts: Any, on: date = DAY) -> Evidence:
    """What is told, the nomination heard first: the n-th fact has the id n + 1."""
    asked = replace(ACTIVATE, activated_on=on, evidence=PROVEN)
    told: Any = of_the_conditions.inform(asked, heard(NOMINATED, *facts))
    return told.evidence


# ── Nomination ──────────────────────────────────────────────────────────────


def test_a_candidate_is_nominated(methodist: MethodistSpec) -> None:
    """S1 4.5: «В ЦНППМ … формируется региональный методический актив»."""
    methodist.when(NOMINATE)
    methodist.then(NOMINATED)


def test_he_is_of_the_region_of_his_organisation() -> None:
    """S1 4.5: регион кандидата — регион его организации."""
    asked = replace(NOMINATE, region=None, candidate="unheard")

    assert of_the_region.inform(asked, heard(AT_SCHOOL, WORKS)) == NOMINATE


@pytest.mark.parametrize(
    ("facts", "presence"),
    [
        ((), "unheard"),
        ((WORKS,), "at_work"),
        ((replace(WORKS, org_id=OrgId(UUID(int=50))),), "away"),
        ((replace(WORKS, occurred_on=AFTER),), "away"),
        ((replace(WORKS, person_id=STRANGER),), "unheard"),
    ],
)
def test_he_works_where_he_is_nominated(facts: tuple[Any, ...], presence: str) -> None:
    """S1 4.5: кандидат работает в этой организации в день выдвижения."""
    assert of_the_region.inform(NOMINATE, heard(*facts)).candidate == presence


def test_one_human_is_one_candidate_of_a_level() -> None:
    """S1 4.5: второе выдвижение на тот же уровень — тот же методист."""
    [claim] = METHODIST.claims(NOMINATED)
    [other] = METHODIST.claims(replace(NOMINATED, level="M"))

    assert isinstance(claim, Claim)
    assert (claim.clause, claim.holder) == ("S1 4.5", NOMINATED.methodist_id)
    assert claim.key != other.key


def test_what_a_caller_made_up_is_overwritten() -> None:
    assert of_the_region.inform(NOMINATE, heard()).region is None
    assert of_the_conditions.inform(ACTIVATE, heard()).evidence == Evidence()


@pytest.mark.parametrize("n", range(1, 6))
def test_he_is_already_nominated(methodist: MethodistSpec, n: int) -> None:
    methodist.given(*WAY[:n])
    methodist.when(replace(NOMINATE, region=None))  # the place may be unknown by now
    methodist.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), replace(NOMINATE, region=None)),
        ((), replace(NOMINATE, candidate="unheard")),
        ((), replace(NOMINATE, candidate="away")),
        (WAY[:1], replace(NOMINATE, person_id=STRANGER)),
        (WAY, replace(NOMINATE, level="F")),
        ((), POOL),
        ((), TRAIN),
        ((), ACTIVATE),
    ],
)
def test_a_nomination_is_refused(
    methodist: MethodistSpec, past: tuple[Any, ...], asked: Any
) -> None:
    """S1 4.5: в методисты выдвигают известного человека из известной организации."""
    methodist.given(*past)
    methodist.when(asked)
    methodist.then_refused("S1 4.5")


# ── Activation ──────────────────────────────────────────────────────────────


def test_a_methodist_is_activated_by_evidence(methodist: MethodistSpec) -> None:
    """RU4–RU6: допуск ссылается на каждую запись, по которой он дан (S1 4.5)."""
    methodist.given(*WAY[:4])
    methodist.when(ACTIVATE)
    methodist.then(ACTIVATED)


@pytest.mark.parametrize("missing", ["category", "education", "service", "workplace"])
def test_he_is_not_without(methodist: MethodistSpec, missing: str) -> None:
    """RU4, RU5, AM17: «Основу … составляют педагогические работники высшей … категории,
    имеющие высшее педагогическое образование и стаж … не менее 5 лет» (S1 4.5)."""
    methodist.given(*WAY[:4])
    methodist.when(replace(ACTIVATE, evidence=replace(PROVEN, **{missing: ()})))
    methodist.then_refused("S1 4.5")


def test_he_is_already_active(methodist: MethodistSpec) -> None:
    methodist.given(*WAY)
    methodist.when(replace(ACTIVATE, evidence=Evidence()))
    methodist.then()


@pytest.mark.parametrize(
    ("n", "asked"),
    [
        (5, replace(ACTIVATE, engagement="staff")),
        (5, replace(ACTIVATE, activated_on=AFTER)),
        (4, replace(ACTIVATE, activated_on=BEFORE)),
    ],
)
def test_he_begins_once_and_from_the_pool(methodist: MethodistSpec, n: int, asked: Any) -> None:
    """S1 4.5: методист приступает один раз, и не раньше, чем включён в актив."""
    methodist.given(*WAY[:n])
    methodist.when(asked)
    methodist.then_refused("S1 4.5")


# ── RU4 ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((), ()),
        ((AWARDED,), ids(2)),
        ((replace(AWARDED, category="first"),), ()),
        ((replace(AWARDED, occurred_on=AFTER),), ()),
        ((replace(AWARDED, occurred_on=BEFORE, valid_until=DAY),), ()),
        ((replace(AWARDED, valid_until=AFTER),), ids(2)),
        ((AWARDED, AWARDED), ids(3)),
        ((replace(AWARDED, person_id=STRANGER),), ()),
        ((AWARDED, a(FactWithdrawn, withdraws=ids(2)[0])), ()),
    ],
)
def test_the_category_is_in_force_on_the_day(
    facts: tuple[Any, ...], by: tuple[EventId, ...]
) -> None:
    """RU4: «педагогические работники высшей квалификационной категории» (S1 4.5)."""
    assert evidence(*facts).category == by


@pytest.mark.parametrize(
    ("said", "by"),
    [
        (EDUCATED, ids(2)),
        (replace(EDUCATED, level="vocational"), ()),
        (replace(EDUCATED, pedagogical=False), ()),
        (replace(EDUCATED, occurred_on=AFTER), ()),
    ],
)
def test_the_education_is_higher_and_pedagogical(said: Any, by: tuple[EventId, ...]) -> None:
    """RU4: «имеющие высшее педагогическое образование» (S1 4.5)."""
    assert evidence(said).education == by


STARTED_LATE = replace(WORKS, occurred_on=WORKS.occurred_on + timedelta(days=1))
SECOND = replace(WORKS, employment_id=EmploymentId(UUID(int=40)))
ENDED = a(EmploymentEnded, employment_id=JOB, person_id=PERSON, org_id=SCHOOL)
CHANGED = a(
    EmploymentChanged,
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="DEPUTY",
    occurred_on=date(2021, 2, 1),
)


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((), ()),
        ((WORKS,), ids(2)),  # from 01.02.2019 to 01.02.2024 are five full years
        ((STARTED_LATE,), ()),
        ((replace(WORKS, position_class="DEPUTY"),), ()),
        ((WORKS, replace(ENDED, occurred_on=BEFORE)), ids(2, 3)),
        ((WORKS, replace(ENDED, occurred_on=BEFORE - timedelta(days=1))), ()),
        ((WORKS, CHANGED), ()),
        # two places at once are one service, two in a row add up
        ((STARTED_LATE, replace(SECOND, occurred_on=date(2020, 2, 1))), ()),
        (
            (
                WORKS,
                replace(ENDED, occurred_on=date(2021, 8, 31)),
                replace(SECOND, occurred_on=date(2021, 9, 1)),
            ),
            ids(2, 3, 4),
        ),
        (
            (
                WORKS,
                replace(ENDED, occurred_on=date(2021, 8, 31)),
                replace(SECOND, occurred_on=date(2021, 9, 2)),
            ),
            (),
        ),
        ((WORKS, replace(SECOND, occurred_on=date(2021, 9, 1))), ids(2, 3)),
    ],
)
def test_the_service_is_five_full_years(
    facts: tuple[Any, ...], by: tuple[EventId, ...]
) -> None:
    """RU4: «стаж работы по специальности не менее 5 лет» (S1 4.5)."""
    assert evidence(*facts).service == by


def test_work_taken_up_again_counts_with_the_work_before() -> None:
    """RU4: перерыв не в счёт, а служба до него — в счёт (S1 4.5)."""
    again = replace(CHANGED, position_class="PED", occurred_on=date(2022, 2, 1))
    facts = (WORKS, CHANGED, again)  # a year was spent as a deputy

    assert evidence(*facts, on=date(2025, 1, 31)).service == ()
    assert evidence(*facts, on=date(2025, 2, 1)).service == ids(2, 3, 4)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2024, 2, 29), date(2019, 2, 28)),
        (date(2024, 3, 1), date(2019, 3, 1)),
    ],
)
def test_a_leap_day_has_its_day_five_years_ago(day: date, before: date) -> None:
    assert years_before(day) == before


# ── RU5 ─────────────────────────────────────────────────────────────────────

INSTITUTE = OrgId(UUID(int=50))
AT_INSTITUTE = replace(AT_SCHOOL, org_id=INSTITUTE, kind="institute")
AT_CENTRE = replace(WORKS, org_id=INSTITUTE, position_class="OTHER")
CENTRE = {"centre_id": CentreId(UUID(int=51)), "host_org_id": INSTITUTE}
OPENED = a(RegionalCentreOpened, **CENTRE)
SHUT = a(RegionalCentreClosed, **CENTRE)
CLOSED = a(OrganisationClosed, org_id=SCHOOL)


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((WORKS,), ()),
        ((WORKS, AT_SCHOOL), ids(2, 3)),
        ((AT_SCHOOL, WORKS), ids(3, 2)),
        ((WORKS, replace(AT_SCHOOL, kind="kindergarten")), ids(2, 3)),
        ((WORKS, replace(AT_SCHOOL, kind="college")), ()),
        ((replace(WORKS, position_class="OTHER"), AT_SCHOOL), ()),
        ((replace(WORKS, occurred_on=AFTER), AT_SCHOOL), ()),
        ((WORKS, AT_SCHOOL, ENDED), ids(2, 3)),  # the last day is a day of work
        ((WORKS, AT_SCHOOL, replace(ENDED, occurred_on=BEFORE)), ()),
        ((WORKS, AT_SCHOOL, CLOSED), ()),
        ((WORKS, AT_SCHOOL, replace(CLOSED, occurred_on=AFTER)), ids(2, 3)),
        ((WORKS, AT_SCHOOL, replace(CHANGED, org_id=INSTITUTE), AT_INSTITUTE), ()),
    ],
)
def test_he_teaches_at_a_school_or_a_kindergarten(
    facts: tuple[Any, ...], by: tuple[EventId, ...]
) -> None:
    """RU5: «осуществляющие педагогическую деятельность в образовательной организации,
    реализующей основные общеобразовательные программы» (S1 4.5)."""
    assert evidence(*facts).workplace == by


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((AT_CENTRE, AT_INSTITUTE), ()),
        ((AT_CENTRE, AT_INSTITUTE, OPENED), ids(2, 4)),
        ((AT_CENTRE, OPENED), ids(2, 3)),
        ((AT_CENTRE, replace(OPENED, occurred_on=AFTER)), ()),
        ((AT_CENTRE, replace(OPENED, occurred_on=BEFORE), SHUT), ()),
        ((AT_CENTRE, OPENED, replace(SHUT, occurred_on=AFTER)), ids(2, 3)),
        ((WORKS, OPENED), ()),
    ],
)
def test_or_he_is_of_the_staff_of_a_centre(
    facts: tuple[Any, ...], by: tuple[EventId, ...]
) -> None:
    """RU5, AM35: «из числа штатных сотрудников» ЦНППМ (S1 4.5)."""
    assert evidence(*facts).workplace == by


def test_a_place_is_of_employment_started_or_changed() -> None:
    elsewhere = a(
        EmploymentStarted,
        employment_id=JOB,
        person_id=PERSON,
        org_id=INSTITUTE,
        position_class="PED",
    )
    moved = replace(CHANGED, position_class="PED", occurred_on=DAY)

    assert evidence(elsewhere, moved, AT_SCHOOL).workplace == ids(3, 4)
