"""What a route is, from nothing to its end, and what can be read off it."""

from dataclasses import dataclass
from datetime import date

from shared.events.routes import (
    AccompanimentRecorded,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    RouteDrafted,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)


@dataclass(frozen=True)
class Nothing:
    """No route yet."""


@dataclass(frozen=True)
class Draft:
    """A route with a ground and no content."""

    drafted: RouteDrafted


@dataclass(frozen=True)
class Agreed:
    """A route whose content the teacher accepts; it may be agreed anew."""

    drafted: RouteDrafted
    agreed: RouteAgreed


@dataclass(frozen=True)
class Assigned:
    """A route that binds; the last of its tutors is the one in force."""

    drafted: RouteDrafted
    agreed: RouteAgreed
    assigned: RouteAssigned
    tutors: tuple[TutorAppointed, ...] = ()
    accompanied: tuple[AccompanimentRecorded, ...] = ()


@dataclass(frozen=True)
class InWork:
    """A route on the way."""

    plan: Assigned
    started: RouteStarted
    done: tuple[RouteItemCompleted, ...] = ()


@dataclass(frozen=True)
class Completed:
    """A route gone to its end."""

    work: InWork
    completed: RouteCompleted


@dataclass(frozen=True)
class Cancelled:
    """A route that nobody goes any more."""

    before: Draft | Agreed | Assigned | InWork
    cancelled: RouteCancelled


type Begun = Draft | Agreed | Assigned | InWork | Completed | Cancelled
type Route = Nothing | Begun

# ── What can be read off it ─────────────────────────────────────────────────


def drafted(route: Begun) -> RouteDrafted:
    """Return what a route stands on, whatever became of it."""
    match route:
        case Draft() | Agreed() | Assigned():
            return route.drafted
        case InWork():
            return route.plan.drafted
        case Completed():
            return route.work.plan.drafted
        case Cancelled():
            return drafted(route.before)


def assigned(route: Route) -> RouteAssigned | None:
    """Return how a route was assigned, if it binds now."""
    plan = route.plan if isinstance(route, InWork) else route
    return plan.assigned if isinstance(plan, Assigned) else None


def once_assigned(route: Route) -> RouteAssigned | None:
    """Return how a route was assigned, whatever became of it."""
    match route:
        case Completed():
            return route.work.plan.assigned
        case Cancelled():
            return once_assigned(route.before)
        case _:
            return assigned(route)


def in_work(route: Route) -> InWork | None:
    """Return how a route is or was walked, if it was begun and not cancelled."""
    work = route.work if isinstance(route, Completed) else route
    return work if isinstance(work, InWork) else None


def last_day(route: Draft | Agreed | Assigned | InWork) -> date:
    """Return the day of the last step."""
    match route:
        case Draft():
            return route.drafted.occurred_on
        case Agreed():
            return route.agreed.occurred_on
        case Assigned():
            return route.assigned.occurred_on
        case InWork():
            return max(each.occurred_on for each in (route.started, *route.done))
