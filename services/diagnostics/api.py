"""The doors of diagnostics. Everybody and everything in the examples is made up."""

from services.diagnostics import domain
from services.diagnostics.projections import DEFICITS, SESSIONS
from shared.events import diagnostics as facts
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading

CENTRES: tuple[Role, ...] = ("federal", "region")
SERVICES: tuple[Role, ...] = (*CENTRES, "municipality")
STAFF: tuple[Role, ...] = (*SERVICES, "organisation")
READERS: tuple[Role, ...] = (*STAFF, "self", "auditor")

PERSON = "0190f3a0-0000-7000-8000-000000000011"
COMPETENCY = "0190f3a0-0000-7000-8000-000000000021"
INSTRUMENT = "0190f3a0-0000-7000-8000-000000000031"

DOORS: tuple[Door | Reading, ...] = (
    Door(  # ЦНППМ организует (S1 4.4), ММС обеспечивает участие (S1 4.9)
        command=domain.AssignDiagnostic,
        says=(facts.DiagnosticAssigned,),
        path="/sessions/{session_id}/assign",
        roles=SERVICES,
        example={
            "person_id": PERSON,
            "instrument_id": INSTRUMENT,
            "instrument_version": 1,
            "instrument_kind": "competence",
            "purpose": "initial",
            "category": "teacher",
            "assigned_on": "2024-01-25",
        },
    ),
    Door(
        command=domain.StartDiagnostic,
        says=(facts.DiagnosticStarted,),
        path="/sessions/{session_id}/start",
        roles=(*STAFF, "self"),
        example={"started_on": "2024-02-01"},
    ),
    Door(  # nobody records a result of his own
        command=domain.CompleteDiagnostic,
        says=(
            facts.DiagnosticCompleted,
            facts.DeficitIdentified,
            facts.DeficitMapIssued,
        ),
        path="/sessions/{session_id}/complete",
        roles=SERVICES,
        example={
            "score_pct": "64.50",
            "by_competency": [{"competency_id": COMPETENCY, "score_pct": "52.00"}],
            "independent": True,
            "completed_on": "2024-02-01",
        },
    ),
    Door(
        command=domain.AnnulDiagnostic,
        says=(facts.DiagnosticAnnulled,),
        path="/sessions/{session_id}/annul",
        roles=CENTRES,
        example={
            "reason": "Нарушен порядок проведения",
            "annulled_on": "2024-03-01",
        },
    ),
    Reading(
        projection=SESSIONS,
        path="/sessions",
        roles=READERS,
        by=("person_id", "state", "purpose", "instrument_kind"),
        summary="Сеансы диагностики",
    ),
    Reading(
        projection=DEFICITS,
        path="/deficits",
        roles=READERS,
        by=("person_id", "state"),
        summary="Карты профессиональных дефицитов, по одной на сеанс",
    ),
)
