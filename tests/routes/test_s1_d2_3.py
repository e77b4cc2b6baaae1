"""S1 D2.3: «Разработано … маршрутов», «Организовано сопровождение 100% … маршрутов»."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.routes.domain import Route, RouteCommand
from shared.events.routes import RouteFact
from shared.testing.spec import Spec
from tests.routes.words import (
    ACCOMPANIED,
    ACCOMPANY,
    AFTER,
    APPOINT,
    APPOINTED,
    ASSIGN,
    ASSIGNED,
    BEFORE,
    COMPLETE,
    COMPLETED,
    OTHER_TUTOR,
    START,
    STUDY,
    WAY,
)

type RouteSpec = Spec[Route, RouteCommand, RouteFact]


def test_what_is_agreed_is_assigned(route: RouteSpec) -> None:
    """S1 D2.3: «Разработано индивидуальных образовательных маршрутов…»."""
    route.given(*WAY[:2])
    route.when(ASSIGN)
    route.then(ASSIGNED)


def test_a_route_may_be_assigned_without_a_tutor(route: RouteSpec) -> None:
    route.given(*WAY[:2])
    route.when(replace(ASSIGN, tutor_id=None))
    route.then(replace(ASSIGNED, tutor_id=None))


@pytest.mark.parametrize("reached", range(3, 8))
def test_what_is_assigned_is_not_assigned_again(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached])
    route.when(ASSIGN)
    route.then()


def test_what_is_not_agreed_is_not_assigned(route: RouteSpec) -> None:
    route.given(*WAY[:1])
    route.when(ASSIGN)
    route.then_refused("S1 2")


@pytest.mark.parametrize(
    ("reached", "asked"),
    [
        (2, replace(ASSIGN, assigned_on=BEFORE)),
        (3, replace(ASSIGN, tutor_id=OTHER_TUTOR)),
        *((n, asked) for n in range(3) for asked in (START, STUDY, COMPLETE)),
        *((n, asked) for n in range(3) for asked in (APPOINT, ACCOMPANY)),
    ],
)
def test_what_is_not_assigned_does_not_bind(
    route: RouteSpec, reached: int, asked: RouteCommand
) -> None:
    route.given(*WAY[:reached])
    route.when(asked)
    route.then_refused("S1 D2.3")


@pytest.mark.parametrize("reached", range(3, 8))
def test_a_tutor_accompanies(route: RouteSpec, reached: int) -> None:
    """S1 D2.3: «Организовано сопровождение 100% … маршрутов»."""
    route.given(*WAY[:reached])
    route.when(ACCOMPANY)
    route.then(ACCOMPANIED)


@pytest.mark.parametrize("reached", range(3, 8))
def test_one_accompaniment_is_recorded_once(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached], ACCOMPANIED)
    route.when(ACCOMPANY)
    route.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (WAY[:3], replace(ACCOMPANY, tutor_id=OTHER_TUTOR)),
        (WAY[:3], replace(ACCOMPANY, recorded_on=BEFORE)),
        ((*WAY[:2], replace(ASSIGNED, tutor_id=None)), ACCOMPANY),
        ((*WAY[:3], APPOINTED), ACCOMPANY),
        (WAY, replace(ACCOMPANY, recorded_on=AFTER)),
    ],
    ids=["stranger", "too early", "no tutor", "no longer tutor", "too late"],
)
def test_nobody_else_does(
    route: RouteSpec, past: tuple[RouteFact, ...], asked: RouteCommand
) -> None:
    route.given(*past)
    route.when(asked)
    route.then_refused("S1 D2.3")


def test_the_former_tutor_records_his_own_days(route: RouteSpec) -> None:
    route.given(*WAY[:3], replace(APPOINTED, occurred_on=AFTER))
    route.when(ACCOMPANY)
    route.then(ACCOMPANIED)


def test_a_former_accompaniment_may_be_recorded_after_the_end(route: RouteSpec) -> None:
    end = replace(COMPLETED, occurred_on=AFTER + timedelta(days=1))
    route.given(*WAY[:6], end)
    route.when(replace(ACCOMPANY, recorded_on=AFTER))
    route.then(replace(ACCOMPANIED, occurred_on=AFTER))
