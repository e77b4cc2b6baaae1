"""Documents of routes: a route with its items, and an enrolment. No document numbers."""

from typing import Any

from shared.events.routes import (
    AccompanimentRecorded,
    CompletionAnnulled,
    EnrolmentFact,
    EnrolmentStarted,
    ProgramCompleted,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    RouteDrafted,
    RouteFact,
    RouteItem,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel import Projection

type Document = dict[str, Any]

# ── Routes ──────────────────────────────────────────────────────────────────


def route(so_far: Document | None, said: RouteFact) -> Document | None:
    """Маршрут: основание, мероприятия, тьютор, сопровождение, ход (S1 2, S1 4.9)."""
    if so_far is None and not isinstance(said, RouteDrafted):
        return None
    return (so_far or {}) | changed(so_far or {}, said)


def changed(so_far: Document, said: RouteFact) -> Document:
    """Return what a fact changes in the document of a route."""
    day = str(said.occurred_on)
    match said:
        case RouteDrafted():
            return {
                "id": str(said.route_id),
                "person_id": str(said.person_id),
                "session_id": str(said.session_id) if said.session_id else None,
                "deficit_ids": [str(each) for each in said.deficit_ids],
                "on_request": said.on_request,
                "state": "draft",
                "items": [],
                "total_hours": None,
                "tutor_id": None,
                "accompanied": [],
                "drafted_on": day,
                "agreed_on": None,
                "assigned_on": None,
                "started_on": None,
                "completed_on": None,
                "cancelled_on": None,
            }
        case RouteAgreed():
            items = [planned(each) for each in said.items]
            return {"state": "agreed", "agreed_on": day, "items": items}
        case RouteAssigned():
            return {
                "state": "assigned",
                "assigned_on": day,
                "items": [planned(each) for each in said.items],
                "total_hours": said.total_hours,
                "tutor_id": str(said.tutor_id) if said.tutor_id else None,
            }
        case RouteStarted():
            return {"state": "in_work", "started_on": day}
        case RouteItemCompleted():
            return {"items": [done(each, said) for each in so_far["items"]]}
        case RouteCompleted():
            return {"state": "completed", "completed_on": day}
        case RouteCancelled():
            return {"state": "cancelled", "cancelled_on": day}
        case TutorAppointed():
            return {"tutor_id": str(said.tutor_id)}
        case AccompanimentRecorded():
            record = {"tutor_id": str(said.tutor_id), "form": said.form, "on": day}
            return {"accompanied": [*so_far["accompanied"], record]}


def planned(item: RouteItem) -> Document:
    """Return an item that nobody has done yet."""
    return {
        "item_id": str(item.item_id),
        "kind": item.kind,
        "ref_id": str(item.ref_id),
        "form": item.form,
        "technology": item.technology,
        "from_day": str(item.from_day),
        "to_day": str(item.to_day),
        "hours": item.hours,
        "completed_on": None,
        "enrolment_id": None,
    }


def done(item: Document, said: RouteItemCompleted) -> Document:
    """Return an item as it is after a completion, its own or another's."""
    if item["item_id"] != str(said.item_id):
        return item
    proof = str(said.enrolment_id) if said.enrolment_id else None
    return item | {"completed_on": str(said.occurred_on), "enrolment_id": proof}


# ── Enrolments ──────────────────────────────────────────────────────────────


def enrolment(so_far: Document | None, said: EnrolmentFact) -> Document | None:
    """Обучение по ДПП: реестры в день зачисления, маршрут, документ (S0 V.1, S1 2)."""
    day = str(said.occurred_on)
    match so_far, said:
        case _, EnrolmentStarted():
            return {
                "id": str(said.enrolment_id),
                "person_id": str(said.person_id),
                "program_id": str(said.program_id),
                "program_version": said.program_version,
                "registers": [*said.register_status_at_start],
                "listed_by": [str(each) for each in said.listed_by],
                "route_id": str(said.route_id) if said.route_id else None,
                "route_item_id": (str(said.route_item_id) if said.route_item_id else None),
                "deficit_ids": [str(each) for each in said.deficit_ids],
                "competencies": [str(each) for each in said.competencies],
                "channel": said.channel,
                "state": "studying",
                "doc_kind": None,
                "started_on": day,
                "completed_on": None,
                "annulled_on": None,
            }
        case None, _:
            return None
        case _, ProgramCompleted():
            return so_far | {
                "state": "completed",
                "doc_kind": said.doc_kind,
                "completed_on": day,
            }
        case _, CompletionAnnulled():
            return so_far | {"state": "annulled", "annulled_on": day}


ROUTES = Projection[Document, RouteFact](
    name="routes.routes",
    facts=(
        RouteDrafted,
        RouteAgreed,
        RouteAssigned,
        RouteStarted,
        RouteItemCompleted,
        RouteCompleted,
        RouteCancelled,
        TutorAppointed,
        AccompanimentRecorded,
    ),
    evolve=route,
)
ENROLMENTS = Projection[Document, EnrolmentFact](
    name="routes.enrolments",
    facts=(EnrolmentStarted, ProgramCompleted, CompletionAnnulled),
    evolve=enrolment,
)
