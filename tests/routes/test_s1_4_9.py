"""S1 4.9: «ведут учет освоения индивидуальных образовательных маршрутов»."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.routes.domain import ROUTE, Route, RouteCommand
from shared.events.routes import RouteFact
from shared.kernel import Recorded
from shared.kernel.ids import EnrolmentId, EventId, PersonId, RouteItemId
from shared.testing.spec import Spec
from tests.routes.words import (
    ACCOMPANIED,
    AFTER,
    APPOINTED,
    ATTEND,
    ATTENDED,
    BEFORE,
    CANCEL,
    CANCELLED,
    COMPLETE,
    COMPLETED,
    ENROLMENT_ID,
    FINISHED,
    PERSON,
    START,
    STARTED,
    STUDIED,
    STUDY,
    WAY,
)

type RouteSpec = Spec[Route, RouteCommand, RouteFact]


@pytest.mark.parametrize(
    ("reached", "asked", "said"),
    [(3, START, STARTED), (4, ATTEND, ATTENDED), (6, COMPLETE, COMPLETED)],
)
def test_a_route_is_gone_step_by_step(
    route: RouteSpec, reached: int, asked: RouteCommand, said: RouteFact
) -> None:
    """S1 4.9: «ведут учет освоения индивидуальных образовательных маршрутов»."""
    route.given(*WAY[:reached])
    route.when(asked)
    route.then(said)


@pytest.mark.parametrize(
    ("reached", "asked"),
    [
        *((n, START) for n in range(4, 8)),
        *((n, ATTEND) for n in range(5, 8)),
        *((n, STUDY) for n in range(6, 8)),
        (7, COMPLETE),
    ],
)
def test_no_step_is_gone_twice(route: RouteSpec, reached: int, asked: RouteCommand) -> None:
    route.given(*WAY[:reached])
    route.when(asked)
    route.then()


@pytest.mark.parametrize("left", [(), (ATTENDED,), (STUDIED,)])
def test_a_route_with_items_left_is_not_completed(
    route: RouteSpec, left: tuple[RouteFact, ...]
) -> None:
    """S1 4.9: маршрут пройден, когда пройдены все его мероприятия."""
    route.given(*WAY[:4], *left)
    route.when(COMPLETE)
    route.then_refused("S1 4.9")


@pytest.mark.parametrize(
    ("reached", "asked"),
    [
        (3, ATTEND),
        (3, COMPLETE),
        (3, replace(START, started_on=BEFORE)),
        (4, replace(START, started_on=AFTER)),
        (4, replace(ATTEND, completed_on=BEFORE)),
        (4, replace(ATTEND, item_id=RouteItemId(UUID(int=99)))),
        (5, replace(ATTEND, completed_on=AFTER)),
        (6, replace(COMPLETE, completed_on=BEFORE)),
        (7, replace(COMPLETE, completed_on=AFTER)),
    ],
)
def test_such_a_step_is_refused(route: RouteSpec, reached: int, asked: RouteCommand) -> None:
    route.given(*WAY[:reached])
    route.when(asked)
    route.then_refused("S1 4.9")


@pytest.mark.parametrize("reached", range(1, 7))
def test_a_route_may_be_cancelled_until_its_end(route: RouteSpec, reached: int) -> None:
    """S1 4.4: ЦНППМ организует разработку маршрутов, и отменяет их он же."""
    route.given(*WAY[:reached])
    route.when(CANCEL)
    route.then(CANCELLED)


@pytest.mark.parametrize("reached", range(1, 7))
def test_and_is_cancelled_once(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached], CANCELLED)
    route.when(CANCEL)
    route.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (WAY, CANCEL),
        (WAY[:4], replace(CANCEL, reason=" ")),
        (WAY[:4], replace(CANCEL, cancelled_on=BEFORE)),
        ((*WAY[:4], CANCELLED), replace(CANCEL, cancelled_on=AFTER)),
    ],
)
def test_such_a_cancellation_is_refused(
    route: RouteSpec, past: tuple[RouteFact, ...], asked: RouteCommand
) -> None:
    route.given(*past)
    route.when(asked)
    route.then_refused("S1 4.4")


# ── An item that is open again (ADR 0034) ───────────────────────────────────

AGAIN = {"enrolment_id": EnrolmentId(UUID(int=99)), "person_id": PERSON}
STUDIED_AGAIN = replace(STUDIED, **AGAIN)
FINISHED_AGAIN = replace(FINISHED, **AGAIN)
STUDY_AGAIN = replace(
    STUDY,
    enrolment_id=FINISHED_AGAIN.enrolment_id,
    proof=FINISHED_AGAIN,
    void=ENROLMENT_ID,
)


@pytest.mark.parametrize("reached", [6, 7])
def test_an_item_whose_study_is_void_is_done_again(route: RouteSpec, reached: int) -> None:
    """S1 4.9: освоение аннулировано — мероприятие проходят снова, и маршрут пройденный."""
    route.given(*WAY[:reached])
    route.when(STUDY_AGAIN)
    route.then(STUDIED_AGAIN)


@pytest.mark.parametrize("reached", [6, 7])
def test_and_once(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached], STUDIED_AGAIN)
    route.when(replace(STUDY_AGAIN, void=None))
    route.then()


@pytest.mark.parametrize(
    ("asked", "clause"),
    [
        (replace(STUDY_AGAIN, void=None), "S1 4.9"),
        (replace(STUDY_AGAIN, void=EnrolmentId(UUID(int=98))), "S1 4.9"),
        (replace(STUDY_AGAIN, proof=None), "S1 2"),
        (replace(STUDY, void=ENROLMENT_ID), "S1 2"),
        (replace(STUDY_AGAIN, completed_on=BEFORE), "S1 4.9"),
        (replace(ATTEND, completed_on=AFTER, void=ENROLMENT_ID), "S1 4.9"),
    ],
)
@pytest.mark.parametrize("reached", [6, 7])
def test_an_item_that_stands_or_without_proof_is_not(
    route: RouteSpec, reached: int, asked: RouteCommand, clause: str
) -> None:
    route.given(*WAY[:reached])
    route.when(asked)
    route.then_refused(clause)


def test_a_route_with_a_void_item_is_not_completed(route: RouteSpec) -> None:
    """S1 4.9: мероприятие, освоения которого больше нет, не пройдено."""
    route.given(*WAY[:6])
    route.when(replace(COMPLETE, void=(ENROLMENT_ID,)))
    route.then_refused("S1 4.9")


# ── What no life has (S1 7.2) ───────────────────────────────────────────────


def is_a_life(*facts: RouteFact) -> bool:
    return ROUTE.is_a_life(
        Recorded(event_id=EventId(UUID(int=n)), fact=fact) for n, fact in enumerate(facts)
    )


def test_the_whole_way_is_a_life() -> None:
    assert is_a_life(*WAY[:3], APPOINTED, WAY[3], ACCOMPANIED, *WAY[4:], ACCOMPANIED)


def test_nor_does_an_item_done_again_end_one() -> None:
    assert is_a_life(*WAY[:6], STUDIED_AGAIN, COMPLETED)
    assert is_a_life(*WAY, STUDIED_AGAIN, replace(STUDIED, occurred_on=AFTER))


@pytest.mark.parametrize("step", range(1, 7))
@pytest.mark.parametrize(
    "wrong", [{"person_id": PersonId(UUID(int=99))}, {"occurred_on": BEFORE}]
)
def test_a_step_of_another_or_before_its_time_is_none(
    step: int, wrong: dict[str, object]
) -> None:
    """S1 7.2: исправление, после которого история невозможна, не принимают."""
    assert not is_a_life(*WAY[:step], replace(WAY[step], **wrong), *WAY[step + 1 :])


@pytest.mark.parametrize(
    "facts",
    [
        (*WAY[:5], ATTENDED),
        (*WAY, STUDIED),
        (*WAY, ATTENDED),
        (*WAY, replace(STUDIED, enrolment_id=None)),
        (*WAY, replace(ATTENDED, enrolment_id=ENROLMENT_ID)),
        (*WAY, replace(STUDIED_AGAIN, occurred_on=BEFORE)),
        (*WAY[:5], STUDIED_AGAIN, COMPLETED, STUDIED_AGAIN),
        (*WAY[:5], COMPLETED),
        (*WAY[:6], replace(CANCELLED, occurred_on=BEFORE)),
        (*WAY[:4], replace(ATTENDED, occurred_on=AFTER), CANCELLED),
        (*WAY, APPOINTED),
        (*WAY, replace(ACCOMPANIED, occurred_on=BEFORE)),
        (*WAY[:3], replace(APPOINTED, occurred_on=BEFORE)),
        (*WAY[:4], replace(APPOINTED, occurred_on=BEFORE)),
    ],
)
def test_nor_is_this(facts: tuple[RouteFact, ...]) -> None:
    assert not is_a_life(*facts)
