"""The doors of routes. Everybody and everything in the examples is made up."""

from services.routes import domain
from services.routes.projections import ENROLMENTS, ROUTES
from shared.events import routes as facts
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading

CENTRES: tuple[Role, ...] = ("federal", "region")
SERVICES: tuple[Role, ...] = (*CENTRES, "municipality")
STAFF: tuple[Role, ...] = (*SERVICES, "organisation")
READERS: tuple[Role, ...] = (*STAFF, "self", "auditor")

PERSON = "0190f3a0-0000-7000-8000-000000000011"
TUTOR = "0190f3a0-0000-7000-8000-000000000012"
DEFICIT = "0190f3a0-0000-7000-8000-000000000022"
SESSION = "0190f3a0-0000-7000-8000-000000000041"
ROUTE = "0190f3a0-0000-7000-8000-000000000051"
ITEM = "0190f3a0-0000-7000-8000-000000000052"
PROGRAM = "0190f3a0-0000-7000-8000-000000000061"

DOORS: tuple[Door | Reading, ...] = (
    # What a route is: ЦНППМ организует разработку (S1 4.4)
    Door(
        command=domain.DraftRoute,
        says=(facts.RouteDrafted,),
        path="/routes/{route_id}/draft",
        roles=(*SERVICES, "self"),
        example={
            "person_id": PERSON,
            "session_id": SESSION,
            "deficit_ids": [DEFICIT],
            "on_request": False,
            "drafted_on": "2024-02-01",
        },
    ),
    Door(
        command=domain.AgreeRoute,
        says=(facts.RouteAgreed,),
        path="/routes/{route_id}/agree",
        roles=(*SERVICES, "self"),
        example={
            "items": [
                {
                    "item_id": ITEM,
                    "kind": "program",
                    "ref_id": PROGRAM,
                    "form": "очно-заочная",
                    "technology": "дистанционные технологии",
                    "from_day": "2024-02-20",
                    "to_day": "2024-05-20",
                    "hours": 36,
                }
            ],
            "agreed_on": "2024-02-05",
        },
    ),
    Door(
        command=domain.AssignRoute,
        says=(facts.RouteAssigned,),
        path="/routes/{route_id}/assign",
        roles=SERVICES,
        example={"tutor_id": TUTOR, "assigned_on": "2024-02-10"},
    ),
    Door(
        command=domain.CancelRoute,
        says=(facts.RouteCancelled,),
        path="/routes/{route_id}/cancel",
        roles=SERVICES,
        example={
            "reason": "Педагог перешёл на другую работу",
            "cancelled_on": "2024-03-01",
        },
    ),
    # How it is gone: ММС ведут учёт освоения (S1 4.9)
    Door(
        command=domain.StartRoute,
        says=(facts.RouteStarted,),
        path="/routes/{route_id}/start",
        roles=(*STAFF, "self"),
        example={"started_on": "2024-02-20"},
    ),
    Door(
        command=domain.CompleteItem,
        says=(facts.RouteItemCompleted,),
        path="/routes/{route_id}/complete-item",
        roles=STAFF,
        example={"item_id": ITEM, "enrolment_id": None, "completed_on": "2024-03-15"},
    ),
    Door(
        command=domain.CompleteRoute,
        says=(facts.RouteCompleted,),
        path="/routes/{route_id}/complete",
        roles=SERVICES,
        example={"completed_on": "2024-05-20"},
    ),
    # Who goes along (S1 3.2)
    Door(
        command=domain.AppointTutor,
        says=(facts.TutorAppointed,),
        path="/routes/{route_id}/appoint-tutor",
        roles=SERVICES,
        example={"tutor_id": TUTOR, "appointed_on": "2024-02-12"},
    ),
    Door(
        command=domain.RecordAccompaniment,
        says=(facts.AccompanimentRecorded,),
        path="/routes/{route_id}/record-accompaniment",
        roles=STAFF,
        example={
            "tutor_id": TUTOR,
            "form": "консультация",
            "recorded_on": "2024-03-01",
        },
    ),
    # Programmes: who studies, and by what document it ended (S1 2)
    Door(
        command=domain.StartEnrolment,
        says=(facts.EnrolmentStarted,),
        path="/enrolments/{enrolment_id}/start",
        roles=STAFF,
        example={
            "person_id": PERSON,
            "program_id": PROGRAM,
            "program_version": 1,
            "route_id": ROUTE,
            "route_item_id": ITEM,
            "channel": "federal_register",
            "started_on": "2024-02-20",
        },
    ),
    Door(
        command=domain.CompleteProgram,
        says=(facts.ProgramCompleted,),
        path="/enrolments/{enrolment_id}/complete",
        roles=CENTRES,
        example={
            "doc_kind": "certificate",
            "doc_no": "000000-ПРИМЕР",
            "completed_on": "2024-05-20",
        },
    ),
    Door(
        command=domain.AnnulCompletion,
        says=(facts.CompletionAnnulled,),
        path="/enrolments/{enrolment_id}/annul",
        roles=CENTRES,
        example={
            "reason": "Документ выдан с нарушением",
            "annulled_on": "2024-09-01",
        },
    ),
    Reading(
        projection=ROUTES,
        path="/routes",
        roles=READERS,
        by=("person_id", "session_id", "state", "tutor_id"),
        summary="Индивидуальные образовательные маршруты",
    ),
    Reading(
        projection=ENROLMENTS,
        path="/enrolments",
        roles=READERS,
        by=("person_id", "program_id", "route_id", "state"),
        summary="Зачисления на ДПП и их освоение",
    ),
)
