"""What diagnostics says."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.kernel import Withdrawal, fact
from shared.kernel.ids import CompetencyId, DeficitId, InstrumentId, PersonId, SessionId

type InstrumentKind = Literal[
    "competence", "functional_literacy", "methodist", "managerial", "self"
]
type Purpose = Literal["initial", "interim", "final", "attestation", "candidate", "self"]
type Tested = Literal["teacher", "graduate", "manager", "candidate_methodist"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CompetencyScore:
    """The result in one competency, 0.00 to 100.00 per cent."""

    competency_id: CompetencyId
    score_pct: Decimal


@fact("diagnostics.DiagnosticAssigned", schema=1)
class DiagnosticAssigned:
    """Диагностика назначена (S1 4.4)."""

    session_id: SessionId
    person_id: PersonId
    instrument_id: InstrumentId
    instrument_version: int
    instrument_kind: InstrumentKind
    purpose: Purpose
    category: Tested
    occurred_on: date


@fact("diagnostics.DiagnosticStarted", schema=1)
class DiagnosticStarted:
    """Диагностика начата (S1 4.4)."""

    session_id: SessionId
    person_id: PersonId
    occurred_on: date


@fact("diagnostics.DiagnosticCompleted", schema=1)
class DiagnosticCompleted:
    """Диагностика пройдена; результат от 0 до 100 % (S0 V.1)."""

    session_id: SessionId
    person_id: PersonId
    instrument_id: InstrumentId
    instrument_version: int
    instrument_kind: InstrumentKind
    purpose: Purpose
    category: Tested
    score_pct: Decimal
    by_competency: tuple[CompetencyScore, ...]
    independent: bool
    occurred_on: date


@fact("diagnostics.DiagnosticAnnulled", schema=1)
class DiagnosticAnnulled:
    """Результат диагностики аннулирован с этого дня (S1 4.4)."""

    session_id: SessionId
    person_id: PersonId
    reason: str
    occurred_on: date


@fact("diagnostics.DeficitIdentified", schema=1)
class DeficitIdentified:
    """Выявлен профессиональный дефицит; тяжесть от 1 до 3 (S1 3.1)."""

    deficit_id: DeficitId
    person_id: PersonId
    competency_id: CompetencyId
    severity: int
    session_id: SessionId
    occurred_on: date


@fact("diagnostics.DeficitMapIssued", schema=1)
class DeficitMapIssued:
    """Выдана карта профессиональных дефицитов (S1 D2.1)."""

    session_id: SessionId
    person_id: PersonId
    deficit_ids: tuple[DeficitId, ...]
    occurred_on: date


@fact("diagnostics.FactWithdrawn", schema=1)
class FactWithdrawn(Withdrawal):
    """Запись диагностики отозвана как ошибочная (S1 7.2)."""


type SessionFact = (
    DiagnosticAssigned
    | DiagnosticStarted
    | DiagnosticCompleted
    | DiagnosticAnnulled
    | DeficitIdentified
    | DeficitMapIssued
)
