"""What routes does when its neighbours, or it itself, speak."""

from collections.abc import Iterator
from dataclasses import replace

from services.routes.domain import (
    CompleteItem,
    CompleteRoute,
    DraftRoute,
    Offered,
    StartRoute,
    route_of,
)
from services.routes.domain.rules import is_all_done
from services.routes.domain.states import Assigned, Completed, InWork
from services.routes.policies.remembered import PROGRAMS, ROUTES, SHELVES, STUDIES, shelf
from services.routes.policies.told import void
from shared.events.diagnostics import DeficitMapIssued
from shared.events.registry import ProgramDrafted, ProgramListed
from shared.events.routes import (
    EnrolmentStarted,
    ProgramCompleted,
    RouteItemCompleted,
    RouteStarted,
)
from shared.kernel import Correct, Known, standing, whenever, whenever_gone
from shared.kernel.ids import RouteId

# ── When diagnostics speaks ─────────────────────────────────────────────────


@whenever(DeficitMapIssued, name="routes.draft")
def a_deficit_map_calls_for_a_route(said: DeficitMapIssued, _: Known) -> Iterator[DraftRoute]:
    """По карте дефицитов составляют маршрут (S1 3.2).

    A map corrected or heard twice is the same route, a second diagnosis a second one.
    """
    if said.deficit_ids:
        yield DraftRoute(
            route_id=route_of(said.session_id),
            person_id=said.person_id,
            session_id=said.session_id,
            deficit_ids=said.deficit_ids,
            on_request=False,
            drafted_on=said.occurred_on,
        )


# ── When the registry speaks ────────────────────────────────────────────────


def registers_of_its_day(
    said: ProgramDrafted | ProgramListed, known: Known
) -> Iterator[Correct]:
    """AM7: реестры — дня зачисления, когда бы о них ни услышали и как ни исправили (S0 V.1).

    Of a version that nobody drafted any more, an enrolment stays as it was.
    """
    programme = known.of(PROGRAMS, said.program_id)
    shelves = (shelf(said.program_id, number) for number in range(SHELVES))
    for studies in known.every(STUDIES, shelves):
        for started, event_id in studies:
            offered = programme.offered(started.program_version, started.occurred_on)
            anew = as_offered(started, offered) if offered else started
            if anew != started:
                yield Correct(event_id=event_id, fact=anew)


an_enrolment_knows_the_registers_of_its_day = whenever(
    ProgramDrafted, ProgramListed, name="routes.restate"
)(registers_of_its_day)
an_enrolment_forgets_what_is_withdrawn = whenever_gone(
    ProgramDrafted, ProgramListed, name="routes.restate gone"
)(registers_of_its_day)


def as_offered(started: EnrolmentStarted, offered: Offered) -> EnrolmentStarted:
    """Return an enrolment as it is by what is known of its programme."""
    return replace(
        started,
        register_status_at_start=offered.registers,
        listed_by=offered.listed_by,
        competencies=offered.competencies,
    )


# ── When routes itself speaks: one stream moves another ─────────────────────


@whenever(EnrolmentStarted, name="routes.start")
def an_enrolment_starts_its_route(
    said: EnrolmentStarted, known: Known
) -> Iterator[StartRoute | Correct]:
    """Маршрут начинает самое раннее зачисление по нему, когда бы о нём ни сказали (S1 4.9)."""
    if said.route_id is None:
        return
    route = known.of(ROUTES, said.route_id)
    if isinstance(route, Assigned):
        yield StartRoute(route_id=said.route_id, started_on=said.occurred_on)
    elif isinstance(route, InWork | Completed):
        yield from began_earlier(said, said.route_id, known)


def began_earlier(said: EnrolmentStarted, route_id: RouteId, known: Known) -> Iterator[Correct]:
    """Restate the start of a route, if this study began before it."""
    for each in standing(known.history(route_id)):
        if isinstance(each.fact, RouteStarted) and said.occurred_on < each.fact.occurred_on:
            anew = replace(each.fact, occurred_on=said.occurred_on)
            yield Correct(event_id=each.event_id, fact=anew)


@whenever(ProgramCompleted, name="routes.complete_item")
def a_completed_programme_completes_its_item(
    said: ProgramCompleted, _: Known
) -> Iterator[CompleteItem]:
    """P2: освоенная ДПП — пройденное мероприятие маршрута (S1 4.9)."""
    if said.route_id and said.route_item_id:
        yield CompleteItem(
            route_id=said.route_id,
            item_id=said.route_item_id,
            enrolment_id=said.enrolment_id,
            completed_on=said.occurred_on,
        )


@whenever(RouteItemCompleted, name="routes.complete")
def a_route_without_items_left_is_completed(
    said: RouteItemCompleted, known: Known
) -> Iterator[CompleteRoute]:
    """Когда пройдены все мероприятия, пройден и маршрут (S1 4.9)."""
    route = known.of(ROUTES, said.route_id)
    if not isinstance(route, InWork) or void(route, known):
        return
    if is_all_done(route.plan.assigned.items, route.done):
        last = max(each.occurred_on for each in route.done)
        yield CompleteRoute(route_id=said.route_id, completed_on=last)


POLICIES = (
    a_deficit_map_calls_for_a_route,
    an_enrolment_knows_the_registers_of_its_day,
    an_enrolment_forgets_what_is_withdrawn,
    an_enrolment_starts_its_route,
    a_completed_programme_completes_its_item,
    a_route_without_items_left_is_completed,
)
