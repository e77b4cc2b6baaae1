"""Documents of diagnostics: a session, and the deficits that it showed."""

from typing import Any

from shared.events.diagnostics import (
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
    DiagnosticStarted,
    SessionFact,
)
from shared.kernel import Projection

type Document = dict[str, Any]


def session(so_far: Document | None, said: SessionFact) -> Document | None:
    """Сеанс диагностики: кто, чем, зачем, когда и с каким результатом (S1 4.4)."""
    match so_far, said:
        case _, DiagnosticAssigned():
            return {
                "id": str(said.session_id),
                "person_id": str(said.person_id),
                "instrument_id": str(said.instrument_id),
                "instrument_version": said.instrument_version,
                "instrument_kind": said.instrument_kind,
                "purpose": said.purpose,
                "category": said.category,
                "state": "assigned",
                "assigned_on": str(said.occurred_on),
                "started_on": None,
                "completed_on": None,
                "annulled_on": None,
                "score_pct": None,
                "by_competency": {},
                "independent": None,
                "map_issued": False,
            }
        case None, _:
            return None
        case _, DiagnosticStarted():
            day = str(said.occurred_on)
            return so_far | {"state": "in_progress", "started_on": day}
        case _, DiagnosticCompleted():
            return so_far | {
                "state": "completed",
                "completed_on": str(said.occurred_on),
                "score_pct": str(said.score_pct),
                "by_competency": {
                    str(each.competency_id): str(each.score_pct) for each in said.by_competency
                },
                "independent": said.independent,
            }
        case _, DeficitMapIssued():
            return so_far | {"state": "mapped", "map_issued": True}
        case _, DiagnosticAnnulled():
            day = str(said.occurred_on)
            return so_far | {"state": "annulled", "annulled_on": day}
        case _, DeficitIdentified():
            return so_far  # stands in the deficits


def deficits(so_far: Document | None, said: SessionFact) -> Document | None:
    """Карта дефицитов одного сеанса; аннулированная диагностика лишает её силы."""
    match so_far, said:
        case _, DeficitIdentified():
            profile = so_far or {
                "id": str(said.session_id),
                "person_id": str(said.person_id),
                "state": "identified",
                "identified_on": str(said.occurred_on),
                "issued_on": None,
                "annulled_on": None,
                "deficits": [],
            }
            found = {
                "deficit_id": str(said.deficit_id),
                "competency_id": str(said.competency_id),
                "severity": said.severity,
            }
            return profile | {"deficits": [*profile["deficits"], found]}
        case _, DeficitMapIssued():
            profile = so_far or {
                "id": str(said.session_id),
                "person_id": str(said.person_id),
                "identified_on": str(said.occurred_on),
                "annulled_on": None,
                "deficits": [],
            }
            return profile | {"state": "issued", "issued_on": str(said.occurred_on)}
        case None, _:
            return None
        case _, DiagnosticAnnulled():
            day = str(said.occurred_on)
            return so_far | {"state": "annulled", "annulled_on": day}
        case _, DiagnosticAssigned() | DiagnosticStarted() | DiagnosticCompleted():
            return so_far


SESSIONS = Projection[Document, SessionFact](
    name="diagnostics.sessions",
    facts=(
        DiagnosticAssigned,
        DiagnosticStarted,
        DiagnosticCompleted,
        DeficitMapIssued,
        DiagnosticAnnulled,
    ),
    evolve=session,
)
DEFICITS = Projection[Document, SessionFact](
    name="diagnostics.deficits",
    facts=(DeficitIdentified, DeficitMapIssued, DiagnosticAnnulled),
    evolve=deficits,
)
