"""A route starts with the earliest of its studies, in whatever order they are told (S1 4.9)."""

from dataclasses import replace
from itertools import permutations

import pytest

from services.routes import domain as rou
from shared.events.routes import RouteItem
from shared.kernel import standing
from shared.kernel.ids import EnrolmentId, ProgramId, RouteItemId
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, withdraw
from tests.journeys.telling import Telling, day

SECOND, OTHER = EnrolmentId(ch.uid("second study")), RouteItemId(ch.uid("other item"))
EARLY = replace(
    ch.enrolled(ch.ANNA, SECOND, ch.SESSION, OTHER, ch.METHODICAL), started_on=day("20.02.2022")
)
LATE = replace(ch.enrolled(), started_on=day("01.04.2022"))
EARLY_DONE, LATE_DONE = ch.completed(SECOND, "20.03.2022"), ch.completed(on="20.05.2022")
ORDERS = [
    order
    for order in permutations((EARLY, LATE, EARLY_DONE, LATE_DONE))
    if order.index(EARLY) < order.index(EARLY_DONE)
    and order.index(LATE) < order.index(LATE_DONE)
]


def item(item_id: RouteItemId, program: ProgramId) -> RouteItem:
    return replace(ch.program_item(item_id), ref_id=program)


@pytest.fixture
def assigned(story: Telling) -> Telling:
    """Anna has a route of two programmes."""
    plan(story, item(ch.ITEM, ch.PROGRAM), item(OTHER, ch.METHODICAL))
    return story


def plan(story: Telling, *items: RouteItem) -> None:
    """Assign Anna a route of these."""
    ch.places(story)
    ch.people(story)
    for each in (ch.PROGRAM, ch.METHODICAL):
        ch.listed_program(story, each)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    on = day("10.02.2022")
    story.tell(
        "routes",
        rou.AgreeRoute(route_id=ch.ROUTE, items=items, agreed_on=on),
        rou.AssignRoute(route_id=ch.ROUTE, tutor_id=None, assigned_on=on),
    )


def way(story: Telling) -> list[tuple[str, str]]:
    """Return what stands of the route since it was assigned, each with its day."""
    route = story.world.engines["routes"].known().thing(ch.ROUTE)
    return [
        (type(each.fact).__name__, f"{each.fact.occurred_on:%d.%m.%Y}")
        for each in standing(route.history)
    ][3:]


@pytest.mark.parametrize("told", ORDERS)
def test_the_route_starts_with_the_earliest_and_completes(
    assigned: Telling, told: tuple[object, ...]
) -> None:
    """S1 4.9: «учёт освоения»: пройдены оба мероприятия — пройден маршрут."""
    assigned.tell("routes", *told)
    assigned.settle()

    assert sorted(way(assigned)) == [
        ("RouteCompleted", "20.05.2022"),
        ("RouteItemCompleted", "20.03.2022"),
        ("RouteItemCompleted", "20.05.2022"),
        ("RouteStarted", "20.02.2022"),
    ]


def test_so_does_one_that_was_started_by_hand(assigned: Telling) -> None:
    """S1 4.9: начало, о котором сказали, — не позже первого обучения."""
    begun = rou.StartRoute(route_id=ch.ROUTE, started_on=day("01.04.2022"))
    assigned.tell("routes", begun, EARLY, EARLY_DONE)

    assert ("RouteStarted", "20.02.2022") in way(assigned)
    assert ("RouteItemCompleted", "20.03.2022") in way(assigned)


def test_a_later_study_leaves_its_start(assigned: Telling) -> None:
    """S1 4.9: маршрут уже начат."""
    assigned.tell("routes", EARLY, LATE)

    assert way(assigned) == [("RouteStarted", "20.02.2022")]


def test_a_study_that_was_put_earlier_starts_it_earlier(assigned: Telling) -> None:
    """S1 4.9: зачисление исправлено — исправлено и начало маршрута."""
    assigned.tell("routes", LATE)
    on = day("20.02.2022")
    anew = correct(assigned, "routes", ch.ENROLMENT, "EnrolmentStarted", occurred_on=on)

    assert anew.status == "accepted"
    assert way(assigned) == [("RouteStarted", "20.02.2022")]


# ── When the earliest is no more ────────────────────────────────────────────


@pytest.mark.parametrize("told", [(EARLY, LATE), (LATE, EARLY)], ids=["early", "late"])
def test_a_withdrawn_study_starts_it_no_more(
    assigned: Telling, told: tuple[object, ...]
) -> None:
    """S1 4.9: зачисления не было — маршрут начало самое раннее из оставшихся."""
    assigned.tell("routes", *told)
    gone = withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert gone.status == "accepted"
    assert way(assigned) == [("RouteStarted", "01.04.2022")]


@pytest.mark.parametrize(
    ("on", "started"),
    [
        ("25.02.2022", "25.02.2022"),
        ("15.04.2022", "01.04.2022"),
        ("15.02.2022", "15.02.2022"),
    ],
)
def test_a_study_that_was_put_on_another_day_starts_it_then(
    assigned: Telling, on: str, started: str
) -> None:
    """S1 4.9: зачисление исправлено и на более поздний день — исправлено и начало."""
    assigned.tell("routes", LATE, EARLY)
    correct(assigned, "routes", SECOND, "EnrolmentStarted", occurred_on=day(on))

    assert way(assigned) == [("RouteStarted", started)]


def test_a_study_by_no_route_any_more_starts_none(assigned: Telling) -> None:
    """S1 4.9: учились не по маршруту — не с этого он и начат."""
    assigned.tell("routes", LATE, EARLY)
    alone = {"route_id": None, "route_item_id": None, "deficit_ids": ()}
    correct(assigned, "routes", SECOND, "EnrolmentStarted", **alone)

    assert way(assigned) == [("RouteStarted", "01.04.2022")]


def test_a_later_study_is_withdrawn_and_the_start_stays(assigned: Telling) -> None:
    """S1 4.9: начало — самое раннее, и оно осталось."""
    assigned.tell("routes", EARLY, LATE)
    withdraw(assigned, "routes", ch.ENROLMENT, "EnrolmentStarted")

    assert way(assigned) == [("RouteStarted", "20.02.2022")]


def test_another_study_of_that_day_starts_it_still(assigned: Telling) -> None:
    """S1 4.9: в тот же день начато и другое обучение."""
    assigned.tell("routes", EARLY, replace(LATE, started_on=EARLY.started_on))
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert way(assigned) == [("RouteStarted", "20.02.2022")]


def test_without_any_study_it_is_not_begun(assigned: Telling) -> None:
    """S1 4.9: единственного зачисления не было — не начат и маршрут; начнёт его другое."""
    assigned.tell("routes", EARLY)
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")
    begun = way(assigned)
    assigned.tell("routes", LATE)
    assert way(assigned) == [("RouteStarted", "01.04.2022")]
    withdraw(assigned, "routes", ch.ENROLMENT, "EnrolmentStarted")

    assert (begun, way(assigned)) == ([], [])


def test_what_was_said_by_hand_stands_again(assigned: Telling) -> None:
    """S1 4.9: о начале сказали и без зачислений; раньше оно было лишь по отозванному."""
    begun = rou.StartRoute(route_id=ch.ROUTE, started_on=day("10.03.2022"))
    assigned.tell("routes", begun, EARLY, LATE)
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert way(assigned) == [("RouteStarted", "10.03.2022")]


def test_a_route_starts_no_later_than_what_was_done(story: Telling) -> None:
    """S1 4.9: пройденного не теряют: маршрут начат не позже него."""
    talk = replace(ch.program_item(ch.ITEM), kind="event")
    plan(story, talk, item(OTHER, ch.METHODICAL))
    talked = rou.CompleteItem(
        route_id=ch.ROUTE, item_id=ch.ITEM, enrolment_id=None, completed_on=day("20.03.2022")
    )
    story.tell("routes", EARLY, talked)
    withdraw(story, "routes", SECOND, "EnrolmentStarted")

    assert way(story) == [
        ("RouteStarted", "20.03.2022"),
        ("RouteItemCompleted", "20.03.2022"),
    ]


def test_what_never_was_done_begins_nothing(assigned: Telling) -> None:
    """contracts §1: не освоено и не зачислено — начало по тому, что осталось."""
    assigned.tell("routes", EARLY, EARLY_DONE, LATE)
    withdraw(assigned, "routes", SECOND, "ProgramCompleted")
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert way(assigned) == [("RouteStarted", "01.04.2022")]


def test_a_start_by_hand_on_the_day_of_a_study_is_still_one(assigned: Telling) -> None:
    """S1 4.9: о начале сказали люди, в тот же день зачислили: оно их и остаётся."""
    on = EARLY.started_on
    assigned.tell("routes", rou.StartRoute(route_id=ch.ROUTE, started_on=on), EARLY)
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert way(assigned) == [("RouteStarted", "20.02.2022")]


def test_a_start_by_a_study_that_never_was_is_nobodys(assigned: Telling) -> None:
    """S1 4.9: начало по первому зачислению, его отозвали при более раннем, отозвали и то."""
    assigned.tell("routes", LATE, EARLY)
    withdraw(assigned, "routes", ch.ENROLMENT, "EnrolmentStarted")
    withdraw(assigned, "routes", SECOND, "EnrolmentStarted")

    assert way(assigned) == []
