"""How a route is walked: routes itself speaks, and one stream moves another (S1 4.9)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from services.routes.domain import CompleteItem, CompleteRoute, StartRoute
from services.routes.domain.enrolment import Annulled, Completed, NotEnrolled
from services.routes.domain.rules import is_all_done
from services.routes.domain.states import Assigned, InWork, in_work
from services.routes.policies.remembered import ENROLMENTS, ROUTES, STUDIES_BY_ROUTE
from services.routes.policies.told import completion, void
from shared.events.routes import (
    CompletionAnnulled,
    EnrolmentStarted,
    ProgramCompleted,
    RouteCompleted,
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
from shared.kernel.ids import RouteId, RouteItemId

NOT_BEGUN = "зачисления, которым начат маршрут, нет"
"""Why a start is withdrawn."""

NOT_LEARNED = "освоения, которым пройдено мероприятие, нет"
"""Why what was done is withdrawn, and the end of its route."""

# ── When it starts ──────────────────────────────────────────────────────────


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


@whenever_gone(EnrolmentStarted, RouteItemCompleted, name="routes.start anew")
def a_route_starts_with_the_earliest_left(
    said: EnrolmentStarted | RouteItemCompleted, known: Known
) -> Iterator[Correct | Withdraw]:
    """Того, чем начат маршрут, нет — начало по тому, что осталось (S1 4.9).

    Where nothing is left, it was not begun. What was on another day began nothing.
    """
    if said.route_id is None:
        return
    for each in starts(known, said.route_id):
        if each.fact.occurred_on != said.occurred_on:
            continue
        left = [*days_left(known, said.route_id), *day_said_by_hand(known, each)]
        first = min(left, default=None)
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


def day_said_by_hand(known: Known, start: Recorded[RouteStarted]) -> Iterator[date]:
    """Yield the day on which people said that a route starts, if they did."""
    first = start.corrects or start.event_id
    for each in known.history(start.fact.route_id):
        if each.event_id == first and each.caused_by is None:
            yield each.fact.occurred_on


# ── What is done of it, and when it is over ─────────────────────────────────


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


@whenever(CompletionAnnulled, name="routes.complete_item anew")
def an_annulled_study_gives_way_to_another(
    said: CompletionAnnulled, known: Known
) -> Iterator[CompleteItem]:
    """Освоения больше нет — мероприятие пройдено тем, которое стоит (S1 4.9, ADR 0034).

    An item that this study did not complete stays.
    """
    study = known.of(ENROLMENTS, said.enrolment_id)
    started = None if isinstance(study, NotEnrolled) else study.started
    route_id, item_id = (started.route_id, started.route_item_id) if started else (None, None)
    if not (route_id and item_id):
        return
    if void(known.of(ROUTES, route_id), known).get(item_id) == said.enrolment_id:
        yield from by_another(route_id, item_id, known)


def by_another(route_id: RouteId, item_id: RouteItemId, known: Known) -> Iterator[CompleteItem]:
    """Ask for an item by a study that stands, if there is one; of several by the first."""
    studies = (
        completion(each.enrolment_id, known)
        for each in known.of(STUDIES_BY_ROUTE, route_id)
        if each.route_item_id == item_id
    )
    for each in sorted(filter(None, studies), key=lambda it: it.occurred_on)[:1]:
        yield from completing(each)


@whenever_gone(ProgramCompleted, name="routes.complete_item gone")
def what_was_done_goes_with_its_completion(
    said: ProgramCompleted, known: Known
) -> Iterator[Withdraw | CompleteItem | CompleteRoute]:
    """Освоения не было — не пройдены им ни мероприятие, ни маршрут (contracts §1, S1 4.9).

    What was on another day, or of another item, is done anew by that. Where another study
    of the item stands, the item is done by it, and so is the route.
    """
    route_id, item_id = said.route_id, said.route_item_id
    if not (route_id and item_id) or is_still_done(said, known):
        return
    history = standing(known.history(route_id))
    done = [each for each in history if is_done_by(each.fact, said)]
    ends = [each for each in history if done and isinstance(each.fact, RouteCompleted)]
    for each in (*ends, *done):
        on = said.occurred_on
        yield Withdraw(event_id=each.event_id, reason=NOT_LEARNED, withdrawn_on=on)
    work = in_work(known.of(ROUTES, route_id))
    if work and all(each.item_id != item_id for each in work.done):
        yield from by_another(route_id, item_id, known)
    yield from completed_when_done(route_id, known)


def is_still_done(said: ProgramCompleted, known: Known) -> bool:
    """Say whether a study completes the same as it was said to; annulled, it did so once."""
    study = known.of(ENROLMENTS, said.enrolment_id)
    if not isinstance(study, Completed | Annulled):
        return False
    now, there = study.completed, (said.route_id, said.route_item_id)
    is_same_day = isinstance(study, Annulled) or now.occurred_on == said.occurred_on
    return is_same_day and (now.route_id, now.route_item_id) == there


def is_done_by(said: object, study: ProgramCompleted) -> bool:
    """Say whether it is that an item was done by this study."""
    return isinstance(said, RouteItemCompleted) and (
        (said.enrolment_id, said.item_id) == (study.enrolment_id, study.route_item_id)
    )


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
