"""S1 4.4: отменённый маршрут никуда не ведёт."""

import pytest

from services.routes.domain import Route, RouteCommand
from shared.events.routes import RouteFact
from shared.testing.spec import Spec
from tests.routes.words import (
    ACCOMPANY,
    AGREE,
    APPOINT,
    ASSIGN,
    ATTEND,
    CANCELLED,
    COMPLETE,
    START,
    WAY,
)


@pytest.mark.parametrize("asked", [AGREE, ASSIGN, START, ATTEND, COMPLETE, APPOINT, ACCOMPANY])
def test_a_cancelled_route_leads_nowhere(
    route: Spec[Route, RouteCommand, RouteFact], asked: RouteCommand
) -> None:
    """S1 4.4: маршрут отменён с этого дня."""
    route.given(*WAY[:4], CANCELLED)
    route.when(asked)
    route.then_refused("S1 4.4")
