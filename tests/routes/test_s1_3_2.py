"""S1 3.2: маршруты на основе диагностики дефицитов и их тьюторское сопровождение."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.routes.domain import Route, RouteCommand
from shared.events.routes import RouteDrafted, RouteFact
from shared.kernel.ids import DeficitId
from shared.testing.facts import a
from shared.testing.spec import Spec
from tests.routes.words import (
    AFTER,
    AGREE,
    APPOINT,
    APPOINTED,
    ASSIGN,
    ASSIGNED,
    BEFORE,
    CANCEL,
    CANCELLED,
    DEFICITS,
    DIAGNOSED,
    DRAFT,
    DRAFTED,
    PERSON,
    TUTOR,
    WAY,
    WHOSE,
)

type RouteSpec = Spec[Route, RouteCommand, RouteFact]

GROUNDLESS = replace(DRAFT, session_id=None, deficit_ids=(), diagnosed=None)
OTHER_DEFICIT = DeficitId(UUID(int=99))


def test_a_route_stands_on_a_diagnosis(route: RouteSpec) -> None:
    """RU12: «построенных на основе диагностики профессиональных дефицитов» (S1 3.2)."""
    route.when(DRAFT)
    route.then(DRAFTED)


def test_a_route_may_stand_on_a_request(route: RouteSpec) -> None:
    """RU12: либо на явном запросе педагога (S1 3.2)."""
    route.when(replace(GROUNDLESS, on_request=True))
    route.then(a(RouteDrafted, **WHOSE, on_request=True))


@pytest.mark.parametrize("lacking", [{"session_id": None}, {"deficit_ids": ()}])
def test_a_groundless_route_is_refused(route: RouteSpec, lacking: dict[str, None]) -> None:
    route.when(replace(DRAFT, **lacking))
    route.then_refused("S1 3.2")


SOMEBODY_ELSES = replace(DIAGNOSED, is_own=False)


@pytest.mark.parametrize(
    "asked",
    [
        replace(DRAFT, diagnosed=None),
        replace(DRAFT, diagnosed=None, on_request=True),
        replace(DRAFT, diagnosed=SOMEBODY_ELSES),
        replace(DRAFT, deficit_ids=(*DEFICITS, OTHER_DEFICIT)),
    ],
)
def test_a_route_stands_on_a_diagnosis_of_the_same_teacher(
    route: RouteSpec, asked: RouteCommand
) -> None:
    """RU12, AM6: «на основе диагностики профессиональных дефицитов» его самого (S1 3.2)."""
    route.when(asked)
    route.then_refused("S1 3.2")


@pytest.mark.parametrize("diagnosed", [None, SOMEBODY_ELSES])
@pytest.mark.parametrize(("reached", "asked"), [(1, AGREE), (2, ASSIGN)])
def test_nor_is_it_agreed_or_assigned_on_another(
    route: RouteSpec, reached: int, asked: Any, diagnosed: Any
) -> None:
    """RU12: карты не стало или она не его — маршрута по ней не согласуют (S1 3.2)."""
    route.given(*WAY[:reached])
    route.when(replace(asked, diagnosed=diagnosed))
    route.then_refused("S1 3.2")


@pytest.mark.parametrize("reached", range(1, 8))
def test_a_draft_is_not_drafted_again(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached])
    route.when(DRAFT)
    route.then()


def test_nor_is_a_cancelled_one(route: RouteSpec) -> None:
    route.given(DRAFTED, CANCELLED)
    route.when(DRAFT)
    route.then()


@pytest.mark.parametrize("reached", range(1, 8))
def test_another_ground_is_another_route(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached])
    route.when(replace(GROUNDLESS, on_request=True))
    route.then_refused("S1 3.2")


@pytest.mark.parametrize("asked", [AGREE, ASSIGN, CANCEL])
def test_what_is_not_drafted_goes_nowhere(route: RouteSpec, asked: RouteCommand) -> None:
    route.when(asked)
    route.then_refused("S1 3.2")


# ── Tutor ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reached", range(3, 7))
def test_a_tutor_takes_the_place_of_another(route: RouteSpec, reached: int) -> None:
    """S1 3.2: «тьюторское сопровождение их индивидуальных образовательных маршрутов»."""
    route.given(*WAY[:reached])
    route.when(APPOINT)
    route.then(APPOINTED)


def test_a_route_may_get_its_first_tutor_later(route: RouteSpec) -> None:
    route.given(*WAY[:2], replace(ASSIGNED, tutor_id=None))
    route.when(APPOINT)
    route.then(APPOINTED)


def test_who_is_the_tutor_is_not_appointed_again(route: RouteSpec) -> None:
    route.given(*WAY[:3])
    route.when(replace(APPOINT, tutor_id=TUTOR))
    route.then()


@pytest.mark.parametrize(
    "asked",
    [
        replace(APPOINT, tutor_id=TUTOR, appointed_on=AFTER),  # since another day
        replace(APPOINT, tutor_id=PERSON),
        replace(APPOINT, appointed_on=BEFORE),
    ],
)
def test_such_a_tutor_is_refused(route: RouteSpec, asked: RouteCommand) -> None:
    route.given(*WAY[:4])
    route.when(asked)
    route.then_refused("S1 3.2")


def test_tutors_follow_one_another_in_time(route: RouteSpec) -> None:
    route.given(*WAY[:3], replace(APPOINTED, occurred_on=AFTER))
    route.when(replace(APPOINT, tutor_id=TUTOR))
    route.then_refused("S1 3.2")


def test_nobody_is_his_own_tutor_from_the_start(route: RouteSpec) -> None:
    route.given(*WAY[:2])
    route.when(replace(ASSIGN, tutor_id=PERSON))
    route.then_refused("S1 3.2")


def test_a_completed_route_needs_no_tutor(route: RouteSpec) -> None:
    route.given(*WAY)
    route.when(APPOINT)
    route.then_refused("S1 3.2")
