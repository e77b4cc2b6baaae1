"""One route and one enrolment, said and asked."""

from datetime import timedelta
from uuid import UUID

from services.routes.domain import (
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
    Offered,
    RecordAccompaniment,
    StartEnrolment,
    StartRoute,
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
    RouteFact,
    RouteItem,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel.ids import (
    CompetencyId,
    DeficitId,
    EnrolmentId,
    EventId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
    SessionId,
)
from shared.testing.facts import DAY, a

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)

ROUTE_ID, PERSON = RouteId(UUID(int=1)), PersonId(UUID(int=2))
SESSION, DEFICITS = SessionId(UUID(int=3)), (DeficitId(UUID(int=4)),)
TUTOR, OTHER_TUTOR = PersonId(UUID(int=5)), PersonId(UUID(int=6))
PROGRAM, COMPETENCY = ProgramId(UUID(int=7)), CompetencyId(UUID(int=8))
ENROLMENT_ID = EnrolmentId(UUID(int=9))
COURSE = a(
    RouteItem, item_id=RouteItemId(UUID(int=10)), kind="program", ref_id=PROGRAM, hours=36
)
EVENT = a(RouteItem, item_id=RouteItemId(UUID(int=11)), kind="event", hours=2)

WHOSE = {"route_id": ROUTE_ID, "person_id": PERSON}
GROUND = {"session_id": SESSION, "deficit_ids": DEFICITS}
ITEMS = (COURSE, EVENT)

# ── The route ───────────────────────────────────────────────────────────────

DIAGNOSED = Diagnosed(is_own=True, deficit_ids=DEFICITS)
DRAFT = a(DraftRoute, **WHOSE, **GROUND, diagnosed=DIAGNOSED)
AGREE = a(AgreeRoute, route_id=ROUTE_ID, items=ITEMS, diagnosed=DIAGNOSED)
ASSIGN = a(AssignRoute, route_id=ROUTE_ID, tutor_id=TUTOR, diagnosed=DIAGNOSED)
START = a(StartRoute, route_id=ROUTE_ID)
ATTEND = a(CompleteItem, route_id=ROUTE_ID, item_id=EVENT.item_id)
STUDY = a(
    CompleteItem,
    route_id=ROUTE_ID,
    item_id=COURSE.item_id,
    enrolment_id=ENROLMENT_ID,
)
COMPLETE = a(CompleteRoute, route_id=ROUTE_ID)
CANCEL = a(CancelRoute, route_id=ROUTE_ID, reason="Сменил работу")
APPOINT = a(AppointTutor, route_id=ROUTE_ID, tutor_id=OTHER_TUTOR)
ACCOMPANY = a(RecordAccompaniment, route_id=ROUTE_ID, tutor_id=TUTOR, form="беседа")

DRAFTED = a(RouteDrafted, **WHOSE, **GROUND)
AGREED = a(RouteAgreed, **WHOSE, session_id=SESSION, items=ITEMS)
ASSIGNED = a(RouteAssigned, **WHOSE, **GROUND, items=ITEMS, total_hours=38, tutor_id=TUTOR)
STARTED = a(RouteStarted, **WHOSE)
ATTENDED = a(RouteItemCompleted, **WHOSE, item_id=EVENT.item_id)
STUDIED = a(RouteItemCompleted, **WHOSE, item_id=COURSE.item_id, enrolment_id=ENROLMENT_ID)
COMPLETED = a(RouteCompleted, **WHOSE)
CANCELLED = a(RouteCancelled, **WHOSE, reason="Сменил работу")
APPOINTED = a(TutorAppointed, **WHOSE, tutor_id=OTHER_TUTOR)
ACCOMPANIED = a(AccompanimentRecorded, **WHOSE, tutor_id=TUTOR, form="беседа")

WAY: tuple[RouteFact, ...] = (
    DRAFTED,
    AGREED,
    ASSIGNED,
    STARTED,
    ATTENDED,
    STUDIED,
    COMPLETED,
)

# ── The enrolment ───────────────────────────────────────────────────────────

OFFERED = Offered(
    competencies=(COMPETENCY,), registers=("FED",), listed_by=(EventId(UUID(int=12)),)
)
ON_ROUTE = {"route_id": ROUTE_ID, "route_item_id": COURSE.item_id}
WHAT = {"enrolment_id": ENROLMENT_ID, "person_id": PERSON, "program_id": PROGRAM}

ENROL = a(
    StartEnrolment,
    **WHAT,
    **ON_ROUTE,
    program_version=1,
    offered=OFFERED,
    route=ASSIGNED,
)
FINISH = a(CompleteProgram, enrolment_id=ENROLMENT_ID, doc_no="000001")
ANNUL = a(AnnulCompletion, enrolment_id=ENROLMENT_ID, reason="Ошибка")

ENROLLED = a(
    EnrolmentStarted,
    **WHAT,
    **ON_ROUTE,
    program_version=1,
    register_status_at_start=OFFERED.registers,
    listed_by=OFFERED.listed_by,
    deficit_ids=DEFICITS,
    competencies=OFFERED.competencies,
)
FINISHED = a(ProgramCompleted, **WHAT, **ON_ROUTE, program_version=1, doc_no="000001")
ANNULLED = a(CompletionAnnulled, enrolment_id=ENROLMENT_ID, person_id=PERSON, reason="Ошибка")
