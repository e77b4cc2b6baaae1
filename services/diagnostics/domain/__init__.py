"""The session (`session`), its result (`result`), and results out of files."""

from services.diagnostics.domain.result import THRESHOLD_PCT, deficit_of, severity
from services.diagnostics.domain.results import COLUMNS, read_result
from services.diagnostics.domain.session import (
    SESSION,
    AnnulDiagnostic,
    AssignDiagnostic,
    CompleteDiagnostic,
    Session,
    SessionCommand,
    StartDiagnostic,
)

__all__ = [
    "COLUMNS",
    "SESSION",
    "THRESHOLD_PCT",
    "AnnulDiagnostic",
    "AssignDiagnostic",
    "CompleteDiagnostic",
    "Session",
    "SessionCommand",
    "StartDiagnostic",
    "deficit_of",
    "read_result",
    "severity",
]
