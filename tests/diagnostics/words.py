"""One session, said and asked."""

from decimal import Decimal
from uuid import UUID

from services.diagnostics.domain import (
    AnnulDiagnostic,
    AssignDiagnostic,
    CompleteDiagnostic,
    StartDiagnostic,
)
from shared.events.diagnostics import (
    CompetencyScore,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
    DiagnosticStarted,
)
from shared.kernel.ids import CompetencyId, PersonId, SessionId
from shared.testing.facts import a

SESSION_ID, PERSON = SessionId(UUID(int=1)), PersonId(UUID(int=2))
WHO = {"session_id": SESSION_ID, "person_id": PERSON}
TEACHING, DIGITAL = CompetencyId(UUID(int=11)), CompetencyId(UUID(int=12))


def scored(competency_id: CompetencyId, pct: str) -> CompetencyScore:
    return CompetencyScore(competency_id=competency_id, score_pct=Decimal(pct))


ASSIGN = a(AssignDiagnostic, **WHO)
START = a(StartDiagnostic, session_id=SESSION_ID)
COMPLETE = a(CompleteDiagnostic, session_id=SESSION_ID, score_pct=Decimal("64.50"))
ANNUL = a(AnnulDiagnostic, session_id=SESSION_ID, reason="Нарушен порядок")

ASSIGNED = a(DiagnosticAssigned, **WHO)
STARTED = a(DiagnosticStarted, **WHO)
COMPLETED = a(DiagnosticCompleted, **WHO, score_pct=Decimal("64.50"))
ISSUED = a(DeficitMapIssued, **WHO)
ANNULLED = a(DiagnosticAnnulled, **WHO, reason="Нарушен порядок")
