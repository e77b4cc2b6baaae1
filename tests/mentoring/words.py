"""Pairs, a form of support and a methodist, said and asked; and what is heard of him."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.mentoring.domain import (
    ActivateMethodist,
    AttachTeacher,
    ClosePair,
    DetachTeacher,
    EndSupport,
    Evidence,
    FormPair,
    NominateMethodist,
    PoolMethodist,
    ProposePair,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    StartSupport,
    Studied,
    pair_of,
)
from shared.events.diagnostics import DiagnosticCompleted
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MentorshipPairProposed,
    MethodistActivated,
    MethodistDiagnosed,
    MethodistNominated,
    MethodistPooled,
    MethodistTrained,
    SupportFormEnded,
    SupportFormStarted,
    TeacherAttached,
    TeacherDetached,
)
from shared.events.registry import (
    EducationRecorded,
    EmploymentStarted,
    OrganisationRegistered,
    ProgramDrafted,
    QualificationCategoryAwarded,
)
from shared.events.routes import ProgramCompleted
from shared.kernel import Sealed
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    EventId,
    MethodistId,
    OrgId,
    PersonId,
    ProgramId,
    RegionCode,
    SessionId,
    SupportId,
)
from shared.testing.facts import DAY, a

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)

MENTOR, MENTEE, STRANGER = (PersonId(UUID(int=n)) for n in (1, 2, 3))
JOB = EmploymentId(UUID(int=4))
PAIR_ID = pair_of(JOB)
SUPPORT_ID = SupportId(UUID(int=5))
METHODIST_ID, OTHER_METHODIST = MethodistId(UUID(int=6)), MethodistId(UUID(int=7))
PERSON, TEACHER = PersonId(UUID(int=8)), PersonId(UUID(int=9))
SCHOOL, REGION = OrgId(UUID(int=10)), RegionCode("25")
SESSION, ENROLMENT = SessionId(UUID(int=11)), EnrolmentId(UUID(int=12))
PROGRAM = ProgramId(UUID(int=13))

# ── The pair ────────────────────────────────────────────────────────────────

PROPOSE = a(ProposePair, pair_id=PAIR_ID, mentee_id=MENTEE, employment_id=JOB)
TWO = {"pair_id": PAIR_ID, "mentor_id": MENTOR, "mentee_id": MENTEE}
FORM = a(FormPair, **TWO, pair_basis="novice", mentor="at_work", mentee="at_work")
CLOSE = a(ClosePair, pair_id=PAIR_ID, outcome="achieved")

PROPOSED = a(MentorshipPairProposed, pair_id=PAIR_ID, mentee_id=MENTEE, employment_id=JOB)
FORMED = a(MentorshipPairFormed, **TWO, pair_basis="novice")
CLOSED = a(MentorshipPairClosed, **TWO, outcome="achieved")

# ── The form of support ─────────────────────────────────────────────────────

BEGIN = a(
    StartSupport,
    support_id=SUPPORT_ID,
    person_id=PERSON,
    form="mentoring_school",
    teacher="at_work",
)
END = a(EndSupport, support_id=SUPPORT_ID)

BEGUN = a(SupportFormStarted, support_id=SUPPORT_ID, person_id=PERSON, form="mentoring_school")
ENDED = a(SupportFormEnded, support_id=SUPPORT_ID, person_id=PERSON)

# ── What is heard of a candidate ────────────────────────────────────────────

WORKS = a(
    EmploymentStarted,
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="PED",
    is_main=True,
    occurred_on=date(2019, 2, 1),
)
AT_SCHOOL = a(
    OrganisationRegistered,
    org_id=SCHOOL,
    kind="school",
    region=REGION,
    occurred_on=date(2010, 1, 1),
)
AWARDED = a(QualificationCategoryAwarded, person_id=PERSON, category="highest")
EDUCATED = a(EducationRecorded, person_id=PERSON, level="higher", pedagogical=True)
TESTED = a(
    DiagnosticCompleted,
    session_id=SESSION,
    person_id=PERSON,
    category="candidate_methodist",
    score_pct=Decimal("70.00"),
)
TAUGHT = a(
    ProgramDrafted, program_id=PROGRAM, program_version=1, topics=("methodical_support",)
)
STUDIED = a(
    ProgramCompleted,
    enrolment_id=ENROLMENT,
    person_id=PERSON,
    program_id=PROGRAM,
    program_version=1,
    doc_no=Sealed(subject=PERSON, key_id=UUID(int=15), alg="A256GCM", ciphertext=""),
)
TAKEN = Studied(completed=STUDIED, on_topic=True)

# ── The methodist ───────────────────────────────────────────────────────────

WHOSE = {"methodist_id": METHODIST_ID, "person_id": PERSON}
NOMINATE = a(
    NominateMethodist,
    **WHOSE,
    org_id=SCHOOL,
    level="R",
    region=REGION,
    candidate="at_work",
)
POOL = a(PoolMethodist, methodist_id=METHODIST_ID)
DIAGNOSE = a(
    RecordMethodistDiagnosis, methodist_id=METHODIST_ID, session_id=SESSION, result=TESTED
)
TRAIN = a(
    RecordMethodistTraining,
    methodist_id=METHODIST_ID,
    enrolment_id=ENROLMENT,
    studied=TAKEN,
)
PROVEN = Evidence(
    **{
        name: (EventId(UUID(int=n)),)
        for n, name in enumerate(
            ("category", "education", "service", "workplace", "diagnosis", "training"), 101
        )
    }
)
ACTIVATE = a(
    ActivateMethodist,
    methodist_id=METHODIST_ID,
    engagement="civil_contract",
    evidence=PROVEN,
)
ATTACH = a(
    AttachTeacher,
    methodist_id=METHODIST_ID,
    person_id=TEACHER,
    methodist="at_work",
    teacher="at_work",
)
DETACH = a(DetachTeacher, methodist_id=METHODIST_ID, person_id=TEACHER, reason="Переезд")

NOMINATED = a(MethodistNominated, **WHOSE, org_id=SCHOOL, region=REGION, level="R")
POOLED = a(MethodistPooled, **WHOSE)
FAILED = a(MethodistDiagnosed, **WHOSE, session_id=SessionId(UUID(int=14)), passed=False)
DIAGNOSED = a(MethodistDiagnosed, **WHOSE, session_id=SESSION, passed=True)
TRAINED = a(MethodistTrained, **WHOSE, enrolment_id=ENROLMENT, program_id=PROGRAM)
ACTIVATED = a(
    MethodistActivated,
    **WHOSE,
    org_id=SCHOOL,
    region=REGION,
    level="R",
    engagement="civil_contract",
    core_eligible=True,
    evidence=tuple(EventId(UUID(int=n)) for n in range(101, 107)),
)
BOTH = {"methodist_id": METHODIST_ID, "methodist_person_id": PERSON, "person_id": TEACHER}
ATTACHED = a(TeacherAttached, **BOTH)
DETACHED = a(TeacherDetached, **BOTH, reason="Переезд")

WAY = (NOMINATED, POOLED, DIAGNOSED, TRAINED, ACTIVATED)
