"""What mentoring remembers of its neighbours, and of its own across streams."""

from typing import Any

from services.mentoring.domain import (
    METHODIST,
    Methodist,
    heard,
)
from services.mentoring.domain.evidence import Cited, Work
from services.mentoring.domain.heard import (
    Attaching,
    Centres,
    Charge,
    Life,
    Pairing,
    Pairs,
    Person,
    Places,
    Results,
    Studies,
    Versions,
)
from shared.events.diagnostics import DiagnosticAnnulled, DiagnosticCompleted
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MethodistActivated,
    MethodistDiagnosed,
    MethodistNominated,
    MethodistPooled,
    MethodistTrained,
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
    PersonsMerged,
    ProgramDrafted,
    QualificationCategoryAwarded,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
    YouthPeriodDetermined,
)
from shared.events.routes import CompletionAnnulled, ProgramCompleted
from shared.kernel import Borrowed, Known, humans
from shared.kernel.ids import (
    MethodistId,
    PersonId,
    RegionCode,
    named,
)

# ── What is remembered of people ────────────────────────────────────────────

PEOPLE = Borrowed[Person, Life](
    name="mentoring.person",
    facts=(
        EmploymentStarted,
        EmploymentChanged,
        EmploymentEnded,
        YouthPeriodDetermined,
        QualificationCategoryAwarded,
        EducationRecorded,
    ),
    about=lambda said: said.person_id,
    initial=Person(),
    evolve=heard.lived,
)
RESULTS = Borrowed[Results, DiagnosticCompleted | DiagnosticAnnulled](
    name="mentoring.results",
    facts=(DiagnosticCompleted, DiagnosticAnnulled),
    about=lambda said: said.person_id,
    initial={},
    evolve=heard.diagnosed,
)
STUDIES = Borrowed[Studies, ProgramCompleted | CompletionAnnulled](
    name="mentoring.studies",
    facts=(ProgramCompleted, CompletionAnnulled),
    about=lambda said: said.person_id,
    initial={},
    evolve=heard.studied,
)

HUMANS = humans("mentoring", PersonsMerged)
records = HUMANS.records
"""Every record of a human, whichever is named (S1 7.2)."""

# ── What is remembered of places and programmes ─────────────────────────────

PLACES = Borrowed[Places, OrganisationRegistered | OrganisationClosed](
    name="mentoring.place",
    facts=(OrganisationRegistered, OrganisationClosed),
    about=lambda said: said.org_id,
    initial={},
    evolve=heard.placed,
)
CENTRES = Borrowed[Centres, RegionalCentreOpened | RegionalCentreClosed](
    name="mentoring.centres",
    facts=(RegionalCentreOpened, RegionalCentreClosed),
    about=lambda said: said.host_org_id,
    initial={},
    evolve=heard.hosted,
)
COUNTRY = named("country")
REGIONS = Borrowed[tuple[RegionCode, ...], RegionAdded](
    name="mentoring.regions",
    facts=(RegionAdded,),
    about=lambda _: COUNTRY,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said.region),
)
PROGRAMS = Borrowed[Versions, ProgramDrafted](
    name="mentoring.program",
    facts=(ProgramDrafted,),
    about=lambda said: said.program_id,
    initial={},
    evolve=heard.drafted,
)

# ── What is remembered of its own, across streams ───────────────────────────

type Path = (
    MethodistNominated
    | MethodistPooled
    | MethodistDiagnosed
    | MethodistTrained
    | MethodistActivated
)
METHODISTS: Borrowed[Methodist, Path] = Borrowed(
    name="mentoring.methodist",
    facts=(
        MethodistNominated,
        MethodistPooled,
        MethodistDiagnosed,
        MethodistTrained,
        MethodistActivated,
    ),
    about=lambda said: said.methodist_id,
    initial=METHODIST.initial,
    evolve=lambda so_far, said, _: METHODIST.evolve(so_far, said),
)
CANDIDACIES = Borrowed[tuple[MethodistId, ...], MethodistNominated](
    name="mentoring.candidacies",
    facts=(MethodistNominated,),
    about=lambda said: said.person_id,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said.methodist_id),
)
BANKS = Borrowed[tuple[MethodistId, ...], MethodistNominated](
    name="mentoring.bank",
    facts=(MethodistNominated,),
    about=lambda said: named("region", said.region),
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said.methodist_id),
)
"""region → «Банк кандидатов в состав регионального методического актива» (S1 D1.4)."""

PAIRS_OF_MENTOR = Borrowed[Pairs, Pairing](
    name="mentoring.pairs_of_mentor",
    facts=(MentorshipPairFormed, MentorshipPairClosed),
    about=lambda said: said.mentor_id,
    initial=(),
    evolve=heard.paired,
)
PAIRS_OF_MENTEE = Borrowed[Pairs, Pairing](
    name="mentoring.pairs_of_mentee",
    facts=(MentorshipPairFormed, MentorshipPairClosed),
    about=lambda said: said.mentee_id,
    initial=(),
    evolve=heard.paired,
)
CHARGES = Borrowed[Charge, Attaching](
    name="mentoring.charge",
    facts=(TeacherAttached, TeacherDetached),
    about=lambda said: said.person_id,
    initial=Charge(),
    evolve=heard.attached,
)
BORROWED: tuple[Borrowed[Any, Any], ...] = (
    PEOPLE,
    RESULTS,
    STUDIES,
    HUMANS.into,
    HUMANS.of,
    PLACES,
    CENTRES,
    REGIONS,
    PROGRAMS,
    METHODISTS,
    CANDIDACIES,
    BANKS,
    PAIRS_OF_MENTOR,
    PAIRS_OF_MENTEE,
    CHARGES,
)

# ── One human, whatever his records (S1 7.2) ────────────────────────────────


def of_human[D](known: Known, borrowed: Borrowed[D, Any], who: PersonId) -> list[D]:
    """Return what is kept of a human: one document for each record."""
    return [known.of(borrowed, each) for each in records(known, who)]


def work_of(known: Known, who: PersonId) -> list[Work]:
    """Return all work of a human."""
    return [it for each in of_human(known, PEOPLE, who) for it in each.work]


def results_of(known: Known, who: PersonId) -> list[Cited[DiagnosticCompleted]]:
    """Return all results of a human as a candidate."""
    return [it for each in of_human(known, RESULTS, who) for it in each.values()]


def studies_of(known: Known, who: PersonId) -> list[Cited[ProgramCompleted]]:
    """Return all that a human has studied."""
    return [it for each in of_human(known, STUDIES, who) for it in each.values()]
