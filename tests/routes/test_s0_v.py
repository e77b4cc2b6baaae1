"""S0 V.1: «освоивших программы…, вошедшие в федеральный реестр и подобранные с учетом
диагностики»: зачисление.
"""

from dataclasses import replace
from uuid import UUID

import pytest

from services.routes.domain import Enrolment, EnrolmentCommand
from shared.events.routes import EnrolmentFact
from shared.kernel.ids import DeficitId, PersonId, ProgramId, RouteId, RouteItemId
from shared.testing.spec import Spec
from tests.routes.words import (
    AFTER,
    ANNUL,
    ANNULLED,
    ASSIGNED,
    BEFORE,
    COURSE,
    DEFICITS,
    ENROL,
    ENROLLED,
    EVENT,
    FINISH,
    FINISHED,
    PROGRAM,
)

type EnrolmentSpec = Spec[Enrolment, EnrolmentCommand, EnrolmentFact]

OTHER = DeficitId(UUID(int=98))
LIFE: tuple[EnrolmentFact, ...] = (ENROLLED, FINISHED, ANNULLED)


def test_an_enrolment_cites_registers_and_deficits(enrolment: EnrolmentSpec) -> None:
    """AM7: реестры — на день зачисления; дефициты — маршрута (S0 V.1)."""
    enrolment.when(ENROL)
    enrolment.then(ENROLLED)


def test_one_may_study_without_a_route(enrolment: EnrolmentSpec) -> None:
    alone = {"route_id": None, "route_item_id": None}
    enrolment.when(replace(ENROL, **alone, route=None))
    enrolment.then(replace(ENROLLED, **alone, deficit_ids=()))


def test_a_study_may_be_for_some_deficits_alone(enrolment: EnrolmentSpec) -> None:
    """S0 V.1: «подобранные с учетом диагностики профессиональных дефицитов»."""
    two = (*DEFICITS, OTHER)
    route = replace(ASSIGNED, deficit_ids=two)
    enrolment.when(replace(ENROL, route=route, deficit_ids=(OTHER,)))
    enrolment.then(replace(ENROLLED, deficit_ids=(OTHER,)))


@pytest.mark.parametrize("on_route", [True, False])
def test_but_for_none_that_its_route_lacks(enrolment: EnrolmentSpec, *, on_route: bool) -> None:
    alone = {"route": None, "route_id": None, "route_item_id": None}
    asked = ENROL if on_route else replace(ENROL, **alone)
    enrolment.when(replace(asked, deficit_ids=(OTHER,)))
    enrolment.then_refused("S0 V.1")


def test_a_programme_nobody_heard_of_is_refused(enrolment: EnrolmentSpec) -> None:
    """S0 V.1: программы — «вошедшие в федеральный реестр»; неизвестной нет нигде."""
    enrolment.when(replace(ENROL, offered=None))
    enrolment.then_refused("S0 V.1")


@pytest.mark.parametrize("reached", [1, 2, 3])
def test_an_enrolment_is_started_once(enrolment: EnrolmentSpec, reached: int) -> None:
    enrolment.given(*LIFE[:reached])
    enrolment.when(ENROL)
    enrolment.then()


def test_even_if_more_is_known_by_now(enrolment: EnrolmentSpec) -> None:
    enrolment.given(ENROLLED)
    enrolment.when(replace(ENROL, offered=None, route=None))
    enrolment.then()


@pytest.mark.parametrize("reached", [1, 2, 3])
@pytest.mark.parametrize(
    "another",
    [
        {"person_id": PersonId(UUID(int=99))},
        {"program_version": 2},
        {"route_id": None},
        {"channel": "other"},
        {"deficit_ids": (OTHER,)},
        {"started_on": AFTER},
    ],
)
def test_another_study_is_another_enrolment(
    enrolment: EnrolmentSpec, reached: int, another: dict[str, object]
) -> None:
    enrolment.given(*LIFE[:reached])
    enrolment.when(replace(ENROL, **another))
    enrolment.then_refused("S0 V.1")


@pytest.mark.parametrize("asked", [FINISH, ANNUL])
def test_who_is_not_enrolled_completes_nothing(
    enrolment: EnrolmentSpec, asked: EnrolmentCommand
) -> None:
    enrolment.when(asked)
    enrolment.then_refused("S0 V.1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"route": None},
        {"route": replace(ASSIGNED, person_id=PersonId(UUID(int=99)))},
        {"route": replace(ASSIGNED, route_id=RouteId(UUID(int=99)))},
        {"started_on": BEFORE},
        {"route_id": None},
        {"route_item_id": None},
        {"route_item_id": RouteItemId(UUID(int=99))},
        {"route_item_id": EVENT.item_id},
        {"route": replace(ASSIGNED, items=(replace(COURSE, kind="internship"),))},
        {"program_id": ProgramId(UUID(int=99))},
    ],
)
def test_one_studies_on_a_route_what_it_says(
    enrolment: EnrolmentSpec, wrong: dict[str, object]
) -> None:
    """S1 D2.3: по маршруту учатся тому, что в нём назначено, и тот, кому назначено."""
    assert COURSE.ref_id == PROGRAM
    enrolment.when(replace(ENROL, **wrong))
    enrolment.then_refused("S1 D2.3")
