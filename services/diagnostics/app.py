"""Diagnostics, put together."""

from services.diagnostics.domain import SESSION, CompleteDiagnostic
from services.diagnostics.projections import DEFICITS, SESSIONS
from shared.events.diagnostics import (
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticCompleted,
)
from shared.kernel import Restated
from shared.runtime.service import Service

ANEW = Restated(
    fact=DiagnosticCompleted,
    command=CompleteDiagnostic,
    derives=(DeficitIdentified, DeficitMapIssued),
)
"""Из исправленного результата дефициты и карту выводят заново (S1 3.1, S1 D2.1)."""

SERVICE = Service(
    name="diagnostics",
    deciders=(SESSION,),
    restated=(ANEW,),
    projections=(SESSIONS, DEFICITS),
)
