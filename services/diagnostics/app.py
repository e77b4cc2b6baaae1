"""Diagnostics, put together."""

from services.diagnostics.domain import (
    SESSION,
    AnnulDiagnostic,
    AssignDiagnostic,
    CompleteDiagnostic,
    StartDiagnostic,
)
from services.diagnostics.projections import DEFICITS, SESSIONS
from shared.events.diagnostics import (
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
    DiagnosticStarted,
)
from shared.kernel import Restated
from shared.runtime.service import Service

RESTATED = (
    Restated(
        fact=DiagnosticAssigned,
        command=AssignDiagnostic,
        repeated=(DiagnosticStarted, DiagnosticCompleted, DiagnosticAnnulled),
    ),
    Restated(fact=DiagnosticStarted, command=StartDiagnostic),
    Restated(
        fact=DiagnosticCompleted,
        command=CompleteDiagnostic,
        derives=(DeficitIdentified, DeficitMapIssued),
    ),
    Restated(fact=DiagnosticAnnulled, command=AnnulDiagnostic),
)
"""Из исправленного результата дефициты и карту выводят заново (S1 3.1, S1 D2.1)."""

SERVICE = Service(
    name="diagnostics",
    deciders=(SESSION,),
    restated=RESTATED,
    projections=(SESSIONS, DEFICITS),
)
