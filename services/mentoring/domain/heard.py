"""What is kept of what was heard: each document, folded fact by fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from services.mentoring.domain.evidence import Cited, Work, over, worked
from shared.events.diagnostics import DiagnosticAnnulled, DiagnosticCompleted
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    TeacherAttached,
    TeacherDetached,
)
from shared.events.registry import (
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    OrganisationClosed,
    OrganisationRegistered,
    ProgramDrafted,
    QualificationCategoryAwarded,
    RegionalCentreClosed,
    RegionalCentreOpened,
    YouthPeriodDetermined,
)
from shared.events.routes import CompletionAnnulled, ProgramCompleted
from shared.kernel.ids import (
    CentreId,
    EnrolmentId,
    EventId,
    MethodistId,
    OrgId,
    PairId,
    SessionId,
)

# ── People ──────────────────────────────────────────────────────────────────

type Life = (
    EmploymentStarted
    | EmploymentChanged
    | EmploymentEnded
    | YouthPeriodDetermined
    | QualificationCategoryAwarded
    | EducationRecorded
)


@dataclass(frozen=True)
class Person:
    """Of a person: all work, until when young, every category and education."""

    work: tuple[Work, ...] = ()
    young_until: date | None = None
    awards: tuple[Cited[QualificationCategoryAwarded], ...] = ()
    education: tuple[Cited[EducationRecorded], ...] = ()


def lived(so_far: Person, said: Life, event_id: EventId) -> Person:
    """Keep what is said, and by what record."""
    match said:
        case EmploymentStarted() | EmploymentChanged() | EmploymentEnded():
            return replace(so_far, work=worked(so_far.work, said, event_id))
        case YouthPeriodDetermined():
            return replace(so_far, young_until=said.young_until)
        case QualificationCategoryAwarded():
            award = Cited(said, event_id, until=said.valid_until)
            return replace(so_far, awards=(*so_far.awards, award))
        case EducationRecorded():
            return replace(so_far, education=(*so_far.education, Cited(said, event_id)))


type Results = dict[SessionId, Cited[DiagnosticCompleted]]
type Studies = dict[EnrolmentId, Cited[ProgramCompleted]]


def diagnosed(
    so_far: Results, said: DiagnosticCompleted | DiagnosticAnnulled, event_id: EventId
) -> Results:
    """Keep how candidates did, and nobody else's results."""
    match said:
        case DiagnosticCompleted(category="candidate_methodist"):
            return so_far | {said.session_id: Cited(said, event_id)}
        case DiagnosticCompleted():
            return so_far
        case DiagnosticAnnulled():
            return over(so_far, said.session_id, said.occurred_on)


def studied(
    so_far: Studies, said: ProgramCompleted | CompletionAnnulled, event_id: EventId
) -> Studies:
    """Keep every completion until it is annulled."""
    match said:
        case ProgramCompleted():
            return so_far | {said.enrolment_id: Cited(said, event_id)}
        case CompletionAnnulled():
            return over(so_far, said.enrolment_id, said.occurred_on)


# ── Places and programmes ───────────────────────────────────────────────────

type Places = dict[OrgId, Cited[OrganisationRegistered]]
type Centres = dict[CentreId, Cited[RegionalCentreOpened]]
type Versions = dict[int, Cited[ProgramDrafted]]


def placed(
    so_far: Places, said: OrganisationRegistered | OrganisationClosed, event_id: EventId
) -> Places:
    """Keep an organisation until it is closed."""
    match said:
        case OrganisationRegistered():
            return so_far | {said.org_id: Cited(said, event_id)}
        case OrganisationClosed():
            return over(so_far, said.org_id, said.occurred_on)


def hosted(
    so_far: Centres, said: RegionalCentreOpened | RegionalCentreClosed, event_id: EventId
) -> Centres:
    """Keep each ЦНППМ that an organisation hosts until it is closed."""
    match said:
        case RegionalCentreOpened():
            return so_far | {said.centre_id: Cited(said, event_id)}
        case RegionalCentreClosed():
            return over(so_far, said.centre_id, said.occurred_on)


def drafted(so_far: Versions, said: ProgramDrafted, event_id: EventId) -> Versions:
    """Keep every version of a programme."""
    return so_far | {said.program_version: Cited(said, event_id)}


# ── Pairs and attachments ───────────────────────────────────────────────────

type Pairing = MentorshipPairFormed | MentorshipPairClosed
type Pairs = tuple[PairId, ...]
type Attaching = TeacherAttached | TeacherDetached


@dataclass(frozen=True)
class Charge:
    """Of a teacher: whose charge he is, and on what day he last left whom."""

    held: Mapping[MethodistId, TeacherAttached] = field(
        default_factory=dict[MethodistId, TeacherAttached]
    )
    left: Mapping[MethodistId, date] = field(default_factory=dict[MethodistId, date])


def paired(so_far: Pairs, said: Pairing, _: EventId) -> Pairs:
    """Keep the pairs at work, and those that somebody left: perhaps he never did."""
    others = tuple(each for each in so_far if each != said.pair_id)
    over = isinstance(said, MentorshipPairClosed) and said.outcome != "left"
    return others if over else (*others, said.pair_id)


def attached(so_far: Charge, said: Attaching, _: EventId) -> Charge:
    """Keep whose charge a teacher is, and was."""
    match said:
        case TeacherAttached():
            return replace(so_far, held={**so_far.held, said.methodist_id: said})
        case TeacherDetached():
            held = {k: v for k, v in so_far.held.items() if k != said.methodist_id}
            return Charge(held, {**so_far.left, said.methodist_id: said.occurred_on})
