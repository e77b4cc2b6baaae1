"""What can be asked of pairs, of forms of support and of methodists."""

from dataclasses import dataclass
from datetime import date
from uuid import uuid5

from services.mentoring.domain.evidence import Evidence, Presence
from shared.events.diagnostics import DiagnosticCompleted
from shared.events.mentoring import (
    Engagement,
    MethodistLevel,
    Outcome,
    PairBasis,
    SupportForm,
)
from shared.events.routes import ProgramCompleted
from shared.kernel import Told, command
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    MethodistId,
    OrgId,
    PairId,
    PersonId,
    RegionCode,
    SessionId,
    SupportId,
)


def pair_of(employment_id: EmploymentId) -> PairId:
    """Return the pair that a job calls for: a job has one, however often heard."""
    return PairId(uuid5(employment_id, "pair"))


# ── Pairs ───────────────────────────────────────────────────────────────────


@command
class ProposePair:
    """Предложить молодому педагогу пару (S1 4.4)."""

    pair_id: PairId
    mentee_id: PersonId
    employment_id: EmploymentId
    proposed_on: date


@command
class FormPair:
    """Образовать пару, предложенную или нет (S4 3.2.7).

    `mentor` and `mentee` say whether the two work on that day, `is_one` whether they are
    records of one human.
    """

    pair_id: PairId
    mentor_id: PersonId
    mentee_id: PersonId
    pair_basis: PairBasis
    formed_on: date
    mentor: Told[Presence] = "unheard"
    mentee: Told[Presence] = "unheard"
    is_one: Told[bool] = False


@command
class ClosePair:
    """Завершить работу пары (S4 3.2.7)."""

    pair_id: PairId
    outcome: Outcome
    closed_on: date


type PairCommand = ProposePair | FormPair | ClosePair

# ── Forms of support ────────────────────────────────────────────────────────


@command
class StartSupport:
    """Включить педагога в форму поддержки (S0 V.4).

    `teacher` says whether he works on that day.
    """

    support_id: SupportId
    person_id: PersonId
    form: SupportForm
    started_on: date
    teacher: Told[Presence] = "unheard"


@command
class EndSupport:
    """Окончить форму поддержки (S0 V.4)."""

    support_id: SupportId
    ended_on: date


type SupportCommand = StartSupport | EndSupport

# ── Methodists ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Studied:
    """A completion that stands; `on_topic` if it was methodical support (AM36)."""

    completed: ProgramCompleted
    on_topic: bool


@command
class NominateMethodist:
    """Выдвинуть кандидата в методисты (S1 4.5).

    `region` is that of the organisation, None when nobody ever heard of it; `candidate`
    says whether he works there on that day, `is_another` whether he is a candidate of this
    level by another record of his.
    """

    methodist_id: MethodistId
    person_id: PersonId
    org_id: OrgId
    level: MethodistLevel
    nominated_on: date
    region: Told[RegionCode | None] = None
    candidate: Told[Presence] = "unheard"
    is_another: Told[bool] = False


@command
class PoolMethodist:
    """Включить кандидата в методический актив (S1 2)."""

    methodist_id: MethodistId
    pooled_on: date


@command
class RecordMethodistDiagnosis:
    """Засчитать кандидату диагностику, какой она была (S1 2).

    `result` is None when the candidate has no such result, or it was annulled; `human` are
    the records of whose it is, none if nobody looked.
    """

    methodist_id: MethodistId
    session_id: SessionId
    result: Told[DiagnosticCompleted | None] = None
    human: Told[tuple[PersonId, ...]] = ()


@command
class RecordMethodistTraining:
    """Засчитать кандидату освоенную ДПП по методической поддержке (S1 2).

    `studied` is None when the candidate has no such completion, or it was annulled; `human`
    are the records of whose it is, none if nobody looked.
    """

    methodist_id: MethodistId
    enrolment_id: EnrolmentId
    studied: Told[Studied | None] = None
    human: Told[tuple[PersonId, ...]] = ()


@command
class ActivateMethodist:
    """Допустить методиста к работе, если условия выполнены (S1 4.5)."""

    methodist_id: MethodistId
    engagement: Engagement
    activated_on: date
    evidence: Told[Evidence] = Evidence()


@command
class AttachTeacher:
    """Закрепить педагога за методистом (S1 7.1).

    `methodist` and `teacher` say whether they work on that day. `left_other_on` is when the
    teacher was last detached from another methodist, `records` are his other records, and
    `is_another` says whether he is attached by one of them.
    """

    methodist_id: MethodistId
    person_id: PersonId
    attached_on: date
    methodist: Told[Presence] = "unheard"
    teacher: Told[Presence] = "unheard"
    left_other_on: Told[date | None] = None
    records: Told[tuple[PersonId, ...]] = ()
    is_another: Told[bool] = False


@command
class DetachTeacher:
    """Открепить педагога с этого дня (S1 7.1)."""

    methodist_id: MethodistId
    person_id: PersonId
    reason: str
    detached_on: date


type MethodistCommand = (
    NominateMethodist
    | PoolMethodist
    | RecordMethodistDiagnosis
    | RecordMethodistTraining
    | ActivateMethodist
    | AttachTeacher
    | DetachTeacher
)
