"""Moves of diagnostics and routes: from an assessment to a completed study."""

from typing import Any

from shared.events import diagnostics, routes
from shared.testing.facts import a
from tests.golden.words import (
    competency,
    deficit,
    enrolment,
    item,
    person,
    program,
    route,
    session,
)
from tests.oracle.telling import (
    DAYS,
    KINDS,
    PEOPLE,
    PURPOSES,
    REGISTERS,
    SCORES,
    Telling,
    pick,
)

# ── Diagnostics ─────────────────────────────────────────────────────────────


def somebody_is_assessed(it: Telling, who: int, kind: int, on: int, how: int) -> None:
    n = it.fresh(diagnostics.DiagnosticAssigned)
    key = ("session_id", session(n))
    about: dict[str, Any] = {
        "session_id": session(n),
        "person_id": person(who % PEOPLE),
    }
    what: dict[str, Any] = {
        "instrument_kind": KINDS[kind % len(KINDS)],
        "purpose": PURPOSES[how // 4 % len(PURPOSES)],
    }
    it.say(a(diagnostics.DiagnosticAssigned, **about, **what, occurred_on=it.day(key, on)))
    it.say(
        a(
            diagnostics.DiagnosticCompleted,
            **about,
            **what,
            score_pct=SCORES[how % len(SCORES)],
            occurred_on=it.day(key, on),
        )
    )


def completed_sessions(
    it: Telling, *without: type[Any]
) -> list[diagnostics.DiagnosticCompleted]:
    return [
        each
        for each in it.standing(diagnostics.DiagnosticCompleted)
        if not it.has(("session_id", each.session_id), *without)
    ]


def a_map_is_issued(it: Telling, which: int, on: int, what: int, *_: int) -> None:
    done = pick(
        completed_sessions(it, diagnostics.DeficitMapIssued, diagnostics.DiagnosticAnnulled),
        which,
    )
    if done is None:
        return
    key = ("session_id", done.session_id)
    n = it.fresh(diagnostics.DeficitIdentified)
    about: dict[str, Any] = {
        "session_id": done.session_id,
        "person_id": done.person_id,
        "occurred_on": it.day(key, on),
    }
    it.say(
        a(
            diagnostics.DeficitIdentified,
            **about,
            deficit_id=deficit(n),
            competency_id=competency(1 + what % 2),
        )
    )
    it.say(a(diagnostics.DeficitMapIssued, **about, deficit_ids=(deficit(n),)))


def a_session_is_annulled(it: Telling, which: int, on: int, *_: int) -> None:
    done = pick(completed_sessions(it, diagnostics.DiagnosticAnnulled), which)
    if done is not None:
        it.say(
            a(
                diagnostics.DiagnosticAnnulled,
                session_id=done.session_id,
                person_id=done.person_id,
                occurred_on=it.day(("session_id", done.session_id), on),
            )
        )


# ── Routes ──────────────────────────────────────────────────────────────────


def a_route_is_agreed(it: Telling, which: int, on: int, how: int, who: int) -> None:
    """On a session with deficits if there is one, else on request."""
    on_map = pick(it.standing(diagnostics.DeficitMapIssued), which)
    if on_map is None or how % 6 == 5:
        basis: dict[str, Any] = {"person_id": person(who % PEOPLE), "session_id": None}
        lacks: dict[str, Any] = {"deficit_ids": (), "on_request": True}
    else:
        basis = {"person_id": on_map.person_id, "session_id": on_map.session_id}
        lacks = {"deficit_ids": on_map.deficit_ids}
    n = it.fresh(routes.RouteDrafted)
    basis |= {"route_id": route(n), "occurred_on": DAYS[on % len(DAYS)]}
    it.say(a(routes.RouteDrafted, **basis, **lacks))
    items = (a(routes.RouteItem, item_id=item(n), ref_id=program(1)),)
    it.say(a(routes.RouteAgreed, **basis, items=items))


def routes_in(it: Telling, *without: type[Any]) -> list[routes.RouteAgreed]:
    return [
        each
        for each in it.standing(routes.RouteAgreed)
        if not it.has(("route_id", each.route_id), *without)
    ]


def a_route_is_agreed_anew(it: Telling, which: int, on: int, *_: int) -> None:
    so_far = pick(routes_in(it, routes.RouteAssigned, routes.RouteCancelled), which)
    if so_far is not None:
        key = ("route_id", so_far.route_id)
        it.say(
            a(
                routes.RouteAgreed,
                route_id=so_far.route_id,
                person_id=so_far.person_id,
                session_id=so_far.session_id,
                items=so_far.items,
                occurred_on=it.day(key, on),
            )
        )


def a_route_is_assigned(it: Telling, which: int, on: int, tutor: int, *_: int) -> None:
    agreed = pick(routes_in(it, routes.RouteAssigned, routes.RouteCancelled), which)
    if agreed is None:
        return
    key = ("route_id", agreed.route_id)
    it.say(
        a(
            routes.RouteAssigned,
            route_id=agreed.route_id,
            person_id=agreed.person_id,
            session_id=agreed.session_id,
            deficit_ids=it.life(key)[0].deficit_ids,
            items=agreed.items,
            tutor_id=person(tutor % PEOPLE) if tutor % 2 else None,
            occurred_on=it.day(key, on),
        )
    )


def in_work(it: Telling, *without: type[Any]) -> list[routes.RouteAssigned]:
    return [
        each
        for each in it.standing(routes.RouteAssigned)
        if not it.has(("route_id", each.route_id), routes.RouteCancelled, *without)
    ]


def a_tutor_is_appointed(it: Telling, which: int, on: int, tutor: int, *_: int) -> None:
    assigned = pick(in_work(it, routes.RouteCompleted), which)
    if assigned is not None:
        it.say(
            a(
                routes.TutorAppointed,
                route_id=assigned.route_id,
                person_id=assigned.person_id,
                tutor_id=person(tutor % PEOPLE),
                occurred_on=it.day(("route_id", assigned.route_id), on),
            )
        )


def a_route_is_completed(it: Telling, which: int, on: int, *_: int) -> None:
    assigned = pick(in_work(it, routes.RouteCompleted), which)
    if assigned is None:
        return
    key = ("route_id", assigned.route_id)
    about = {"route_id": assigned.route_id, "person_id": assigned.person_id}
    it.say(a(routes.RouteStarted, **about, occurred_on=it.day(key, on)))
    it.say(a(routes.RouteCompleted, **about, occurred_on=it.day(key, on)))


def a_route_is_cancelled(it: Telling, which: int, on: int, *_: int) -> None:
    so_far = pick(routes_in(it, routes.RouteCancelled, routes.RouteCompleted), which)
    if so_far is not None:
        it.say(
            a(
                routes.RouteCancelled,
                route_id=so_far.route_id,
                person_id=so_far.person_id,
                occurred_on=it.day(("route_id", so_far.route_id), on),
            )
        )


def a_study_begins(it: Telling, which: int, on: int, how: int, who: int) -> None:
    """On an item of an assigned route mostly, by a programme for competency 1 or 2."""
    assigned = pick(in_work(it), which) if how % 6 != 5 else None
    programme = 1 + who % 2
    it.say(
        a(
            routes.EnrolmentStarted,
            enrolment_id=enrolment(it.fresh(routes.EnrolmentStarted)),
            person_id=assigned.person_id if assigned else person(who % PEOPLE),
            program_id=program(programme),
            program_version=1,
            register_status_at_start=REGISTERS[how % len(REGISTERS)],
            route_id=assigned.route_id if assigned else None,
            route_item_id=assigned.items[0].item_id if assigned else None,
            deficit_ids=assigned.deficit_ids if assigned else (),
            competencies=(competency(programme),),
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def a_study_is_completed(it: Telling, which: int, on: int, *_: int) -> None:
    begun = pick(
        [
            each
            for each in it.standing(routes.EnrolmentStarted)
            if not it.has(("enrolment_id", each.enrolment_id), routes.ProgramCompleted)
        ],
        which,
    )
    if begun is not None:
        it.say(
            a(
                routes.ProgramCompleted,
                enrolment_id=begun.enrolment_id,
                person_id=begun.person_id,
                program_id=begun.program_id,
                program_version=begun.program_version,
                route_id=begun.route_id,
                route_item_id=begun.route_item_id,
                occurred_on=it.day(("enrolment_id", begun.enrolment_id), on),
            )
        )


def a_completion_is_annulled(it: Telling, which: int, on: int, *_: int) -> None:
    done = pick(
        [
            each
            for each in it.standing(routes.ProgramCompleted)
            if not it.has(("enrolment_id", each.enrolment_id), routes.CompletionAnnulled)
        ],
        which,
    )
    if done is not None:
        it.say(
            a(
                routes.CompletionAnnulled,
                enrolment_id=done.enrolment_id,
                person_id=done.person_id,
                occurred_on=it.day(("enrolment_id", done.enrolment_id), on),
            )
        )


def the_whole_way_is_gone(it: Telling, who: int, on: int, how: int, what: int) -> None:
    """From a diagnosis to a completed study, day by day down the list of days."""
    somebody_is_assessed(it, who, 2, on, how % 4)
    a_map_is_issued(it, 0, on, what)
    a_route_is_agreed(it, 0, on, 0, who)
    a_route_is_assigned(it, 0, on, how)
    other = what + 1 if what % 3 == 2 else what
    registers = 5 if what % 7 == 6 else (0, 0, 0, 1, 2, 3)[how // 3 % 6]
    a_study_begins(it, 0, on + (1, 0, -1)[how % 3], registers, other)
    a_study_is_completed(it, 0, on + what % 3)
    if what % 4 == 3:
        a_completion_is_annulled(it, 0, on + what % 3 + 1 + how % 3)


def somebody_is_assessed_twice(it: Telling, who: int, on: int, how: int, later: int) -> None:
    """In functional literacy, with two results."""
    somebody_is_assessed(it, who, 0, on, how % 4)
    somebody_is_assessed(it, who, 0, on + later, (how + 1) % 4)


def somebody_is_tutored(it: Telling, who: int, on: int, how: int, ends: int) -> None:
    """On a route of his own wish, which mostly ends."""
    a_route_is_agreed(it, 0, on, 5, who)
    a_route_is_assigned(it, 0, on, how % 2)
    if how % 4 > 1:
        a_tutor_is_appointed(it, 0, on + how % 3, who + 1)
    if ends % 4:
        a_route_is_completed(it, 0, on + ends % 4)
