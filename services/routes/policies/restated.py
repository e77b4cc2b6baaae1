"""What is said anew passes what its command passes (ADR 0032)."""

from dataclasses import replace

from services.routes.domain import (
    AgreeRoute,
    AnnulCompletion,
    AppointTutor,
    AssignRoute,
    CancelRoute,
    CompleteItem,
    CompleteProgram,
    CompleteRoute,
    DraftRoute,
    RecordAccompaniment,
    StartEnrolment,
    StartRoute,
    enrolment,
)
from services.routes.domain.states import once_assigned
from services.routes.policies.reactions import as_offered
from services.routes.policies.remembered import ENROLMENTS, PROGRAMS, ROUTES, route
from services.routes.policies.told import (
    of_proof,
    of_the_completion,
    of_the_programme_and_the_route,
)
from shared.events.routes import (
    AccompanimentRecorded,
    CompletionAnnulled,
    EnrolmentStarted,
    ProgramCompleted,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    RouteDrafted,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel import Known, Restated


def of_what_was_then(asked: StartEnrolment, known: Known) -> StartEnrolment:
    """Исправленному зачислению маршрут — и тот, что с тех пор пройден или отменён."""
    told = of_the_programme_and_the_route.inform(asked, known)
    return replace(told, route=once_assigned(route(known, asked.route_id)))


def as_it_was_offered(said: EnrolmentStarted, known: Known) -> EnrolmentStarted | None:
    """Реестры — дня зачисления, и если сегодня так не зачислить (AM7, S0 V.1)."""
    programme = known.of(PROGRAMS, said.program_id)
    offered = programme.offered(said.program_version, said.occurred_on)
    return as_offered(said, offered) if offered else None


def of_the_completion_then(asked: CompleteItem, known: Known) -> CompleteItem:
    """Доказательство мероприятия — и то освоение, что с тех пор аннулировано (S1 2)."""
    study = known.of(ENROLMENTS, asked.enrolment_id) if asked.enrolment_id else None
    is_done = isinstance(study, enrolment.Completed | enrolment.Annulled)
    told = of_the_completion.inform(asked, known)
    proof = study.completed if is_done and study else None
    human = of_proof(known, proof, known.of(ROUTES, asked.route_id))
    return replace(told, proof=proof, human=human)


OF_ITS_PERSON = (
    RouteAgreed,
    RouteAssigned,
    TutorAppointed,
    AccompanimentRecorded,
    RouteStarted,
    RouteItemCompleted,
    RouteCompleted,
    RouteCancelled,
)
"""What is said of a route later, and names whose it is."""

RESTATED = (
    Restated(fact=RouteDrafted, command=DraftRoute, repeated=OF_ITS_PERSON),
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
        repeated=(ProgramCompleted, CompletionAnnulled),
        by_evidence=as_it_was_offered,
    ),
    Restated(fact=ProgramCompleted, command=CompleteProgram),
    Restated(fact=CompletionAnnulled, command=AnnulCompletion),
)
