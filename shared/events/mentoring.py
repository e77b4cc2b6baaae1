"""What mentoring says."""

from datetime import date
from typing import Literal

from shared.kernel import Withdrawal, fact
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    EventId,
    MethodistId,
    OrgId,
    PairId,
    PersonId,
    ProgramId,
    RegionCode,
    SessionId,
    SupportId,
)

type PairBasis = Literal["subject", "novice", "competence", "managerial", "other"]
type Outcome = Literal["achieved", "term", "left"]
type MethodistLevel = Literal["F", "R", "M"]
type Engagement = Literal["staff", "civil_contract", "tripartite", "other"]
type SupportForm = Literal[
    "mentoring_group", "mentoring_school", "consultation", "internship", "community"
]

# ── Methodists ──────────────────────────────────────────────────────────────


@fact("mentoring.MethodistNominated", schema=1)
class MethodistNominated:
    """Кандидат в региональные методисты выдвинут (S1 4.5)."""

    methodist_id: MethodistId
    person_id: PersonId
    org_id: OrgId
    region: RegionCode
    level: MethodistLevel
    occurred_on: date


@fact("mentoring.MethodistPooled", schema=1)
class MethodistPooled:
    """Кандидат включён в методический актив (S1 2)."""

    methodist_id: MethodistId
    person_id: PersonId
    occurred_on: date


@fact("mentoring.MethodistDiagnosed", schema=1)
class MethodistDiagnosed:
    """Кандидат прошёл диагностику или не справился с ней (S1 2)."""

    methodist_id: MethodistId
    person_id: PersonId
    session_id: SessionId
    passed: bool
    occurred_on: date


@fact("mentoring.MethodistTrained", schema=1)
class MethodistTrained:
    """Кандидат освоил ДПП по методической поддержке педагогов (S1 2)."""

    methodist_id: MethodistId
    person_id: PersonId
    enrolment_id: EnrolmentId
    program_id: ProgramId
    occurred_on: date


@fact("mentoring.MethodistActivated", schema=1)
class MethodistActivated:
    """Методист приступил: условия проверены по услышанным фактам (S1 4.5)."""

    methodist_id: MethodistId
    person_id: PersonId
    org_id: OrgId
    region: RegionCode
    level: MethodistLevel
    engagement: Engagement
    core_eligible: bool
    evidence: tuple[EventId, ...]
    occurred_on: date


@fact("mentoring.TeacherAttached", schema=1)
class TeacherAttached:
    """Педагог закреплён за методистом (S1 7.1)."""

    methodist_id: MethodistId
    methodist_person_id: PersonId
    person_id: PersonId
    occurred_on: date


@fact("mentoring.TeacherDetached", schema=1)
class TeacherDetached:
    """Педагог откреплён; с этого дня он не закреплён (S1 7.1)."""

    methodist_id: MethodistId
    methodist_person_id: PersonId
    person_id: PersonId
    reason: str
    occurred_on: date


# ── Pairs and forms of support ──────────────────────────────────────────────


@fact("mentoring.MentorshipPairProposed", schema=1)
class MentorshipPairProposed:
    """Молодому педагогу предстоит подобрать наставника; это ещё не пара (S1 4.4)."""

    pair_id: PairId
    mentee_id: PersonId
    employment_id: EmploymentId
    occurred_on: date


@fact("mentoring.MentorshipPairFormed", schema=1)
class MentorshipPairFormed:
    """Пара педагогов образована (S4 3.2.7)."""

    pair_id: PairId
    mentor_id: PersonId
    mentee_id: PersonId
    pair_basis: PairBasis
    occurred_on: date


@fact("mentoring.MentorshipPairClosed", schema=1)
class MentorshipPairClosed:
    """Пара завершила работу в этот день (S4 3.2.7)."""

    pair_id: PairId
    mentor_id: PersonId
    mentee_id: PersonId
    outcome: Outcome
    occurred_on: date


@fact("mentoring.SupportFormStarted", schema=1)
class SupportFormStarted:
    """Педагог включён в форму поддержки (S0 V.4)."""

    support_id: SupportId
    person_id: PersonId
    form: SupportForm
    occurred_on: date


@fact("mentoring.SupportFormEnded", schema=1)
class SupportFormEnded:
    """Форма поддержки окончена в этот день (S0 V.4)."""

    support_id: SupportId
    person_id: PersonId
    occurred_on: date


@fact("mentoring.FactWithdrawn", schema=1)
class FactWithdrawn(Withdrawal):
    """Запись наставничества отозвана как ошибочная (S1 7.2)."""


type MethodistFact = (
    MethodistNominated
    | MethodistPooled
    | MethodistDiagnosed
    | MethodistTrained
    | MethodistActivated
    | TeacherAttached
    | TeacherDetached
)
type PairFact = MentorshipPairProposed | MentorshipPairFormed | MentorshipPairClosed
type SupportFact = SupportFormStarted | SupportFormEnded
