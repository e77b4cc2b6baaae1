"""What routes does when its neighbours, or it itself, speak."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from services.routes.domain import (
    CompleteItem,
    CompleteRoute,
    DraftRoute,
    Offered,
    StartRoute,
    route_of,
)
from services.routes.domain.enrolment import NotEnrolled
from services.routes.domain.rules import is_all_done
from services.routes.domain.states import Assigned, Draft, InWork, in_work
from services.routes.policies.remembered import (
    ENROLMENTS,
    PROGRAMS,
    ROUTES,
    SHELVES,
    STUDIES,
    STUDIES_BY_ROUTE,
    shelf,
)
from services.routes.policies.told import completion, void
from shared.events.diagnostics import DeficitMapIssued
from shared.events.registry import ProgramDrafted, ProgramListed
from shared.events.routes import (
    CompletionAnnulled,
    EnrolmentStarted,
    ProgramCompleted,
    RouteItemCompleted,
    RouteStarted,
)
from shared.kernel import (
    Correct,
    Known,
    Recorded,
    Withdraw,
    standing,
    whenever,
    whenever_gone,
)
from shared.kernel.ids import RouteId

NOT_SHOWN = "карты дефицитов, по которой составлен маршрут, нет"
"""Why a draft is withdrawn."""

NOT_BEGUN = "зачисления, которым начат маршрут, нет"
"""Why a start is withdrawn."""

# ── When diagnostics speaks ─────────────────────────────────────────────────


@whenever(DeficitMapIssued, name="routes.draft")
def a_deficit_map_calls_for_a_route(said: DeficitMapIssued, _: Known) -> Iterator[DraftRoute]:
    """По карте дефицитов составляют маршрут (S1 3.2).

    A map heard twice is the same route, a second diagnosis a second one.
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


@whenever_gone(DeficitMapIssued, name="routes.draft gone")
def a_draft_goes_with_its_map(said: DeficitMapIssued, known: Known) -> Iterator[Withdraw]:
    """Карты нет или она другая — нет и маршрута, который по ней только составлен (S1 3.2).

    Another map calls for another draft. What the teacher agreed to stays.
    """
    route_id = route_of(said.session_id)
    if isinstance(known.of(ROUTES, route_id), Draft):
        for each in standing(known.history(route_id)):
            on = said.occurred_on
            yield Withdraw(event_id=each.event_id, reason=NOT_SHOWN, withdrawn_on=on)


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
    if isinstance(known.of(ROUTES, said.route_id), Assigned):
        yield StartRoute(route_id=said.route_id, started_on=said.occurred_on)
    for each in starts(known, said.route_id):
        if said.occurred_on < each.fact.occurred_on:
            yield started_anew(each, said.occurred_on)


@whenever_gone(EnrolmentStarted, name="routes.start anew")
def a_route_starts_with_the_earliest_left(
    said: EnrolmentStarted, known: Known
) -> Iterator[Correct | Withdraw]:
    """Зачисления, которым начат маршрут, нет — начало по тому, что осталось (S1 4.9).

    Where nothing is left, it was not begun. A study on another day began nothing.
    """
    if said.route_id is None:
        return
    for each in starts(known, said.route_id):
        if each.fact.occurred_on != said.occurred_on:
            continue
        by_hand = {day_said_first(known, each)} - {said.occurred_on}
        first = min([*days_left(known, said.route_id), *by_hand], default=None)
        if first is None:
            on = said.occurred_on
            yield Withdraw(event_id=each.event_id, reason=NOT_BEGUN, withdrawn_on=on)
        elif first != said.occurred_on:
            yield started_anew(each, first)


def starts(known: Known, route_id: RouteId) -> list[Recorded[RouteStarted]]:
    """Return how a route was started; nothing if it was not, or is cancelled."""
    if in_work(known.of(ROUTES, route_id)) is None:
        return []
    history = standing(known.history(route_id))
    return [each for each in history if isinstance(each.fact, RouteStarted)]


def started_anew(start: Recorded[RouteStarted], on: date) -> Correct:
    """Ask for the start of a route on another day."""
    return Correct(event_id=start.event_id, fact=replace(start.fact, occurred_on=on))


def days_left(known: Known, route_id: RouteId) -> Iterator[date]:
    """Yield the days of all that a route was begun by: its studies, and what was done."""
    yield from (each.occurred_on for each in known.of(STUDIES_BY_ROUTE, route_id))
    work = in_work(known.of(ROUTES, route_id))
    yield from (each.occurred_on for each in (work.done if work else ()))


def day_said_first(known: Known, start: Recorded[RouteStarted]) -> date:
    """Return the day on which a route was said to start before any study moved it."""
    first = start.corrects or start.event_id
    history = known.history(start.fact.route_id)
    return next(each.fact.occurred_on for each in history if each.event_id == first)


@whenever(ProgramCompleted, name="routes.complete_item")
def a_completed_programme_completes_its_item(
    said: ProgramCompleted, _: Known
) -> Iterator[CompleteItem]:
    """P2: освоенная ДПП — пройденное мероприятие маршрута (S1 4.9)."""
    yield from completing(said)


def completing(said: ProgramCompleted) -> Iterator[CompleteItem]:
    """Ask for the item of a route that a programme completes, if it was of one."""
    if said.route_id and said.route_item_id:
        yield CompleteItem(
            route_id=said.route_id,
            item_id=said.route_item_id,
            enrolment_id=said.enrolment_id,
            completed_on=said.occurred_on,
        )


def completed_by_another(
    said: CompletionAnnulled | ProgramCompleted, known: Known
) -> Iterator[CompleteItem]:
    """Освоения больше нет — мероприятие пройдено тем, которое стоит (S1 4.9, ADR 0034).

    Of several the first one counts. An item that this study did not complete stays.
    """
    study = known.of(ENROLMENTS, said.enrolment_id)
    if isinstance(study, NotEnrolled):
        return
    route_id, item_id = study.started.route_id, study.started.route_item_id
    if not (route_id and item_id):
        return
    if void(known.of(ROUTES, route_id), known).get(item_id) != said.enrolment_id:
        return
    others = (
        completion(each.enrolment_id, known)
        for each in known.of(STUDIES_BY_ROUTE, route_id)
        if each.route_item_id == item_id
    )
    for each in sorted(filter(None, others), key=lambda it: it.occurred_on)[:1]:
        yield from completing(each)


an_annulled_study_gives_way_to_another = whenever(
    CompletionAnnulled, name="routes.complete_item anew"
)(completed_by_another)
a_withdrawn_completion_gives_way_to_another = whenever_gone(
    ProgramCompleted, name="routes.complete_item gone"
)(completed_by_another)


@whenever(RouteItemCompleted, name="routes.complete")
def a_route_without_items_left_is_completed(
    said: RouteItemCompleted, known: Known
) -> Iterator[CompleteRoute]:
    """Когда пройдены все мероприятия, пройден и маршрут (S1 4.9)."""
    yield from completed_when_done(said.route_id, known)


@whenever_gone(CompletionAnnulled, name="routes.complete anew")
def so_is_one_whose_study_was_annulled_by_mistake(
    said: CompletionAnnulled, known: Known
) -> Iterator[CompleteRoute]:
    """Аннулирования не было: мероприятие пройдено, как и было (S1 4.9)."""
    study = known.of(ENROLMENTS, said.enrolment_id)
    if not isinstance(study, NotEnrolled) and study.started.route_id:
        yield from completed_when_done(study.started.route_id, known)


def completed_when_done(route_id: RouteId, known: Known) -> Iterator[CompleteRoute]:
    """Ask for the end of a route in work, if all of it is done and stands."""
    route = known.of(ROUTES, route_id)
    if not isinstance(route, InWork) or void(route, known):
        return
    if is_all_done(route.plan.assigned.items, route.done):
        last = max(each.occurred_on for each in route.done)
        yield CompleteRoute(route_id=route_id, completed_on=last)


POLICIES = (
    a_deficit_map_calls_for_a_route,
    a_draft_goes_with_its_map,
    an_enrolment_knows_the_registers_of_its_day,
    an_enrolment_forgets_what_is_withdrawn,
    an_enrolment_starts_its_route,
    a_route_starts_with_the_earliest_left,
    a_completed_programme_completes_its_item,
    an_annulled_study_gives_way_to_another,
    a_withdrawn_completion_gives_way_to_another,
    a_route_without_items_left_is_completed,
    so_is_one_whose_study_was_annulled_by_mistake,
)
