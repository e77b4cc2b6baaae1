"""A route is developed once, in the year in which it was first agreed (S1 D2.3, ADR 0042)."""

from dataclasses import replace

import pytest

from services.diagnostics import domain as dia
from services.routes import domain as rou
from shared.kernel.ids import RouteId, SessionId
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day
from tests.journeys.test_guards import correct, withdraw
from tests.journeys.test_studied_again import agree

YEARS = ("31.12.2022", "31.12.2023")
SECOND = SessionId(ch.uid("second session"))


def agreed(on: str, hours: int = 36, route_id: RouteId = ch.ROUTE) -> rou.AgreeRoute:
    item = replace(ch.program_item(ch.ITEM), hours=hours)
    return rou.AgreeRoute(route_id=route_id, items=(item,), agreed_on=day(on))


def counted(story: Telling) -> list[tuple[int, int]]:
    story.settle()
    agree(story, *map(day, YEARS))
    return [story.counted("K-RR09", on) for on in YEARS]


@pytest.fixture
def drafted(story: Telling) -> Telling:
    """Anna was diagnosed, and has a route to agree to."""
    ch.places(story)
    ch.people(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    return story


def test_agreed_anew_in_another_year_it_counts_in_the_first(drafted: Telling) -> None:
    """S1 D2.3: «Разработано … маршрутов не менее, чем для 20%»: этот уже разработан."""
    drafted.tell("routes", agreed("10.02.2022"), agreed("20.01.2023", hours=72))

    assert counted(drafted) == [(1, 4), (0, 4)]


def test_agreed_anew_in_the_same_year_it_counts_there(drafted: Telling) -> None:
    """S1 D2.3: человек один, и маршрут у него один."""
    drafted.tell("routes", agreed("10.02.2022"), agreed("20.12.2022", hours=72))

    assert counted(drafted) == [(1, 4), (0, 4)]


def test_another_route_is_developed_anew(drafted: Telling) -> None:
    """S1 D2.3: «ежегодно»: новая диагностика — новый маршрут, и разработан он в свой год."""
    drafted.tell("routes", agreed("10.02.2022"))
    ch.diagnosed(drafted, ch.ANNA, SECOND, "11.01.2023", "52.00")
    drafted.tell("routes", agreed("20.01.2023", route_id=rou.route_of(SECOND)))

    assert counted(drafted) == [(1, 4), (1, 4)]


def test_a_first_agreement_that_never_was_leaves_the_second(drafted: Telling) -> None:
    """contracts §1: тогда его не согласовали — согласовали потом."""
    drafted.tell("routes", agreed("10.02.2022"), agreed("20.01.2023", hours=72))
    assert withdraw(drafted, "routes", ch.ROUTE, "RouteAgreed").status == "accepted"

    assert counted(drafted) == [(0, 4), (1, 4)]


def test_a_first_agreement_on_another_day_counts_there(drafted: Telling) -> None:
    """contracts §1: день исправлен — год другой."""
    drafted.tell("routes", agreed("10.02.2022"), agreed("20.03.2023", hours=72))
    on = day("15.01.2023")
    assert correct(drafted, "routes", ch.ROUTE, "RouteAgreed", occurred_on=on).status == (
        "accepted"
    )

    assert counted(drafted) == [(0, 4), (1, 4)]


@pytest.mark.parametrize(
    ("on", "counts"), [("09.02.2022", 0), ("10.02.2022", 0), ("11.02.2022", 1)]
)
def test_agreed_when_it_was_annulled_it_counts_nowhere(
    drafted: Telling, on: str, counts: int
) -> None:
    """S1 D2.3: «на основе диагностики»: о том, что её уже нет, услышали позже."""
    drafted.tell(
        "diagnostics",
        dia.AnnulDiagnostic(session_id=ch.SESSION, reason="подлог", annulled_on=day(on)),
    )
    drafted.tell("routes", agreed("10.02.2022"))

    assert counted(drafted) == [(counts, 4), (0, 4)]
