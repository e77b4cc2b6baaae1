"""What routes remembers, and what it does when its neighbours, or it itself, speak."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from services.routes.domain import (
    ENROLMENT,
    ROUTE,
    AgreeRoute,
    AnnulCompletion,
    AppointTutor,
    AssignRoute,
    CancelRoute,
    CompleteItem,
    CompleteProgram,
    CompleteRoute,
    Diagnosed,
    DraftRoute,
    Enrolment,
    Offered,
    RecordAccompaniment,
    Route,
    StartEnrolment,
    StartRoute,
    enrolment,
    route_of,
)
from services.routes.domain.route import (
    Agreed,
    Assigned,
    Cancelled,
    Completed,
    Draft,
    InWork,
)
from services.routes.domain.rules import is_all_done
from shared.events.diagnostics import DeficitMapIssued
from shared.events.registry import PersonsMerged, ProgramDrafted, ProgramListed
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
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel import (
    Borrowed,
    Correct,
    Known,
    Restated,
    informs,
    standing,
    whenever,
    whenever_gone,
)
from shared.kernel.ids import (
    EnrolmentId,
    EventId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
    SessionId,
)

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
MERGED_INTO = Borrowed[PersonId | None, PersonsMerged](
    name="routes.merged into",
    facts=(PersonsMerged,),
    about=lambda said: said.merged_id,
    initial=None,
    evolve=lambda _, said, __: said.survivor_id,
)

# ── What is remembered of diagnostics ───────────────────────────────────────

MAPS = Borrowed[DeficitMapIssued | None, DeficitMapIssued](
    name="routes.map",
    facts=(DeficitMapIssued,),
    about=lambda said: said.session_id,
    initial=None,
    evolve=lambda _, said, __: said,
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


BORROWED = (PROGRAMS, MERGED_INTO, MAPS, ROUTES, ENROLMENTS, STUDIES)

# ── What a command is told ──────────────────────────────────────────────────


@informs(DraftRoute)
def of_the_diagnosis(asked: DraftRoute, known: Known) -> DraftRoute:
    """Карта дефицитов, на которой строят маршрут (S1 3.2)."""
    of = diagnosed(asked.session_id, asked.person_id, known)
    return replace(asked, diagnosed=of)


@informs(AgreeRoute)
def of_the_diagnosis_agreed_on(asked: AgreeRoute, known: Known) -> AgreeRoute:
    """Карта дефицитов, на которой построен маршрут (S1 3.2)."""
    return replace(asked, diagnosed=ground(asked.route_id, known))


@informs(AssignRoute)
def of_the_diagnosis_assigned_on(asked: AssignRoute, known: Known) -> AssignRoute:
    """Карта дефицитов, на которой построен маршрут (S1 3.2)."""
    return replace(asked, diagnosed=ground(asked.route_id, known))


def ground(route_id: RouteId, known: Known) -> Diagnosed | None:
    """Return what is known of the diagnosis that a route was drafted on."""
    said = drafted(known.of(ROUTES, route_id))
    return diagnosed(said.session_id, said.person_id, known) if said else None


def drafted(route: Route) -> RouteDrafted | None:
    """Return how a route was drafted, whatever became of it."""
    match route:
        case Draft() | Agreed() | Assigned():
            return route.drafted
        case InWork():
            return route.plan.drafted
        case Completed():
            return route.work.plan.drafted
        case Cancelled():
            return drafted(route.before)
        case _:
            return None


def diagnosed(session_id: SessionId | None, who: PersonId, known: Known) -> Diagnosed | None:
    """Return what is known of a session, if its map was heard of."""
    issued = known.of(MAPS, session_id) if session_id else None
    if issued is None:
        return None
    return Diagnosed(
        is_own=survivor(issued.person_id, known) == survivor(who, known),
        deficit_ids=issued.deficit_ids,
    )


def survivor(who: PersonId, known: Known) -> PersonId:
    """Return the record into which this one was merged, along the chain to its end."""
    passed = list[PersonId]()
    while who not in passed and (into := known.of(MERGED_INTO, who)):
        passed.append(who)
        who = into
    return who


@informs(StartEnrolment)
def of_the_programme_and_the_route(asked: StartEnrolment, known: Known) -> StartEnrolment:
    """ДПП с её реестрами и назначенный маршрут (S0 V.1, S1 D2.3)."""
    route = known.of(ROUTES, asked.route_id) if asked.route_id else None
    is_open = asked.route_item_id in void(route, known)
    return replace(
        asked,
        offered=known.of(PROGRAMS, asked.program_id).offered(
            asked.program_version, asked.started_on
        ),
        route=once_assigned(route) if is_open else assigned(route),
    )


def assigned(route: Route | None) -> RouteAssigned | None:
    """Return how a route was assigned, if it binds now."""
    plan = route.plan if isinstance(route, InWork) else route
    return plan.assigned if isinstance(plan, Assigned) else None


def once_assigned(route: Route | None) -> RouteAssigned | None:
    """Return how a route was assigned, whatever became of it."""
    match route:
        case Completed():
            return route.work.plan.assigned
        case Cancelled():
            return once_assigned(route.before)
        case _:
            return assigned(route)


def void(route: Route | None, known: Known) -> dict[RouteItemId, EnrolmentId]:
    """Return the items of a route that are open again, and by which studies they were done.

    The completion of each was annulled or withdrawn (ADR 0034).
    """
    work = route.work if isinstance(route, Completed) else route
    done = work.done if isinstance(work, InWork) else ()
    return {
        each.item_id: each.enrolment_id
        for each in done
        if each.enrolment_id and completion(each.enrolment_id, known) is None
    }


def completion(enrolment_id: EnrolmentId, known: Known) -> ProgramCompleted | None:
    """Return the completion of an enrolment, if it stands and is not annulled."""
    study = known.of(ENROLMENTS, enrolment_id)
    return study.completed if isinstance(study, enrolment.Completed) else None


@informs(CompleteItem)
def of_the_completion(asked: CompleteItem, known: Known) -> CompleteItem:
    """Освоение ДПП, если оно есть и не аннулировано (S1 2)."""
    study, route = asked.enrolment_id, known.of(ROUTES, asked.route_id)
    return replace(
        asked,
        proof=completion(study, known) if study else None,
        void=void(route, known).get(asked.item_id),
    )


@informs(CompleteRoute)
def of_what_is_void(asked: CompleteRoute, known: Known) -> CompleteRoute:
    """Освоения, которых больше нет, маршрута не завершают (S1 4.9)."""
    studies = void(known.of(ROUTES, asked.route_id), known).values()
    return replace(asked, void=tuple(studies))


INFORMED = (
    of_the_diagnosis,
    of_the_diagnosis_agreed_on,
    of_the_diagnosis_assigned_on,
    of_the_programme_and_the_route,
    of_the_completion,
    of_what_is_void,
)

# ── What is said anew passes what its command passes ────────────────────────


def of_what_was_then(asked: StartEnrolment, known: Known) -> StartEnrolment:
    """Исправленному зачислению маршрут — и тот, что с тех пор пройден или отменён."""
    route = known.of(ROUTES, asked.route_id) if asked.route_id else None
    told = of_the_programme_and_the_route.inform(asked, known)
    return replace(told, route=once_assigned(route))


def of_the_completion_then(asked: CompleteItem, known: Known) -> CompleteItem:
    """Доказательство мероприятия — и то освоение, что с тех пор аннулировано (S1 2)."""
    study = known.of(ENROLMENTS, asked.enrolment_id) if asked.enrolment_id else None
    is_done = isinstance(study, enrolment.Completed | enrolment.Annulled)
    told = of_the_completion.inform(asked, known)
    return replace(told, proof=study.completed if is_done and study else None)


RESTATED = (
    Restated(fact=RouteDrafted, command=DraftRoute, repeated=(RouteAgreed, RouteAssigned)),
    Restated(fact=RouteAgreed, command=AgreeRoute, repeated=(RouteAssigned,)),
    Restated(fact=RouteAssigned, command=AssignRoute),
    Restated(fact=RouteStarted, command=StartRoute),
    Restated(fact=RouteItemCompleted, command=CompleteItem, inform=of_the_completion_then),
    Restated(fact=RouteCompleted, command=CompleteRoute),
    Restated(fact=RouteCancelled, command=CancelRoute),
    Restated(fact=TutorAppointed, command=AppointTutor),
    Restated(fact=AccompanimentRecorded, command=RecordAccompaniment),
    Restated(
        fact=EnrolmentStarted,
        command=StartEnrolment,
        inform=of_what_was_then,
        repeated=(ProgramCompleted,),
    ),
    Restated(fact=ProgramCompleted, command=CompleteProgram),
    Restated(fact=CompletionAnnulled, command=AnnulCompletion),
)

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
