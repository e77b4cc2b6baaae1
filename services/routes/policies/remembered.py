"""What routes remembers of its neighbours, and of its own across streams."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from services.routes.domain import ENROLMENT, ROUTE, Enrolment, Offered, Route
from shared.events.diagnostics import DeficitMapIssued, DiagnosticAnnulled
from shared.events.registry import PersonsMerged, ProgramDrafted, ProgramListed
from shared.events.routes import EnrolmentFact, EnrolmentStarted, RouteFact
from shared.kernel import Borrowed, Known, humans
from shared.kernel.ids import EventId, ProgramId, RouteId

# ── What is remembered of the registry ──────────────────────────────────────


@dataclass(frozen=True)
class Program:
    """Of a ДПП: its versions, and every listing with the id of the record."""

    versions: tuple[ProgramDrafted, ...] = ()
    listings: tuple[tuple[ProgramListed, EventId], ...] = ()

    def offered(self, version: int, day: date) -> Offered | None:
        """AM7: в каких реестрах версия стояла в день зачисления (S0 V.1)."""
        drafted = [each for each in self.versions if each.program_version == version]
        if not drafted:
            return None
        listed = sorted(
            (
                (said, event_id)
                for said, event_id in self.listings
                if said.program_version == version and is_in_force(said, day)
            ),
            key=lambda each: (each[0].register, each[1]),
        )
        return Offered(
            competencies=drafted[-1].competencies,
            registers=tuple(dict.fromkeys(said.register for said, _ in listed)),
            listed_by=tuple(event_id for _, event_id in listed),
        )


def is_in_force(said: ProgramListed, day: date) -> bool:
    """Say whether a listing has begun, and is not over: its last day is out."""
    return said.occurred_on <= day and (said.valid_until is None or day < said.valid_until)


def remember(
    so_far: Program, said: ProgramDrafted | ProgramListed, event_id: EventId
) -> Program:
    """Keep every version and every listing."""
    match said:
        case ProgramDrafted():
            return replace(so_far, versions=(*so_far.versions, said))
        case ProgramListed():
            return replace(so_far, listings=(*so_far.listings, (said, event_id)))


PROGRAMS = Borrowed[Program, ProgramDrafted | ProgramListed](
    name="routes.program",
    facts=(ProgramDrafted, ProgramListed),
    about=lambda said: said.program_id,
    initial=Program(),
    evolve=remember,
)
HUMANS = humans("routes", PersonsMerged)
records = HUMANS.records
"""Every record of a human, whichever is named (S1 7.2)."""

# ── What is remembered of diagnostics ───────────────────────────────────────


@dataclass(frozen=True)
class Shown:
    """Of a session: the map of what it shows, and from which day on it is void."""

    issued: DeficitMapIssued | None = None
    annulled_on: date | None = None


def shown(so_far: Shown, said: DeficitMapIssued | DiagnosticAnnulled, _: EventId) -> Shown:
    """Keep the map of a session, and its annulment."""
    match said:
        case DeficitMapIssued():
            return replace(so_far, issued=said)
        case DiagnosticAnnulled():
            return replace(so_far, annulled_on=said.occurred_on)


MAPS = Borrowed[Shown, DeficitMapIssued | DiagnosticAnnulled](
    name="routes.map",
    facts=(DeficitMapIssued, DiagnosticAnnulled),
    about=lambda said: said.session_id,
    initial=Shown(),
    evolve=shown,
)

# ── What is remembered of its own, across streams ───────────────────────────

ROUTES: Borrowed[Route, RouteFact] = Borrowed(
    name="routes.route",
    facts=ROUTE.facts,
    about=lambda said: said.route_id,
    initial=ROUTE.initial,
    evolve=lambda so_far, said, _: ROUTE.evolve(so_far, said),
)
ENROLMENTS: Borrowed[Enrolment, EnrolmentFact] = Borrowed(
    name="routes.enrolment",
    facts=ENROLMENT.facts,
    about=lambda said: said.enrolment_id,
    initial=ENROLMENT.initial,
    evolve=lambda so_far, said, _: ENROLMENT.evolve(so_far, said),
)
STUDIES_BY_ROUTE = Borrowed[tuple[EnrolmentStarted, ...], EnrolmentStarted](
    name="routes.studies by a route",
    facts=(EnrolmentStarted,),
    about=lambda said: said.route_id or said.enrolment_id,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said),
)
"""route → who studies by it; a study without a route is kept alone, and nobody asks for it."""

SHELVES = 256
"""Of each programme; a history is written anew as a whole, and one may teach thousands."""

STUDIES: Borrowed[tuple[tuple[EnrolmentStarted, EventId], ...], EnrolmentStarted] = Borrowed(
    name="routes.studies",
    facts=(EnrolmentStarted,),
    about=lambda said: shelf(said.program_id, said.enrolment_id.int % SHELVES),
    initial=(),
    evolve=lambda so_far, said, event_id: (*so_far, (said, event_id)),
)


def shelf(program_id: ProgramId, number: int) -> UUID:
    """Return where some of the enrolments on a programme are kept."""
    return uuid5(program_id, f"studies/{number}")


BORROWED = (
    PROGRAMS,
    HUMANS.into,
    HUMANS.of,
    MAPS,
    ROUTES,
    ENROLMENTS,
    STUDIES_BY_ROUTE,
    STUDIES,
)


def route(known: Known, route_id: RouteId | None) -> Route:
    """Return what is known of a route; of none, nothing."""
    return known.of(ROUTES, route_id) if route_id else ROUTE.initial
