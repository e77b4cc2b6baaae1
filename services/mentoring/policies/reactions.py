"""What mentoring does when its neighbours, or it itself, speak."""

from collections.abc import Iterator
from datetime import date
from itertools import chain

from services.mentoring.domain import (
    DetachTeacher,
    ProposePair,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    evidence,
    pair_of,
)
from services.mentoring.domain.evidence import TOPIC
from services.mentoring.domain.heard import (
    Person,
)
from services.mentoring.domain.methodist import Pooled, Qualified
from services.mentoring.policies.bonds import Bond, charges
from services.mentoring.policies.leaving import (
    who_never_left_is_back,
    who_works_no_more_leaves,
)
from services.mentoring.policies.remembered import (
    BANKS,
    CANDIDACIES,
    CHARGES,
    COUNTRY,
    HUMANS,
    METHODISTS,
    PEOPLE,
    REGIONS,
    of_human,
    records,
    results_of,
    studies_of,
)
from services.mentoring.policies.told import teaching
from shared.events.diagnostics import DiagnosticCompleted
from shared.events.mentoring import (
    MentorshipPairFormed,
    MethodistDiagnosed,
    MethodistPooled,
    TeacherAttached,
)
from shared.events.registry import (
    EmploymentChanged,
    EmploymentStarted,
    PersonsMerged,
    ProgramDrafted,
    YouthPeriodDetermined,
)
from shared.events.routes import ProgramCompleted
from shared.kernel import (
    Known,
    Withdraw,
    standing,
    whenever,
    whenever_gone,
)
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    MethodistId,
    PersonId,
    named,
)

CONCEPT = date(2020, 8, 6)
"""The day of the Concept (S0): from here on the young are supported."""

CALLED_OFF = "работы, по которой предложена пара, нет"
"""Why a proposal is withdrawn."""

# ── When a candidate learns (S1 2) ──────────────────────────────────────────


type OfAPerson = (
    DiagnosticCompleted
    | MethodistPooled
    | ProgramCompleted
    | MethodistDiagnosed
    | PersonsMerged
)


@whenever(
    DiagnosticCompleted, MethodistPooled, PersonsMerged, name="mentoring.record_diagnosis"
)
def a_pooled_candidate_is_diagnosed(
    said: DiagnosticCompleted | MethodistPooled | PersonsMerged, known: Known
) -> Iterator[RecordMethodistDiagnosis]:
    """RU6: кандидату из актива засчитывают последнюю его диагностику (S1 2).

    All facts are needed, and whichever comes last finds the others known.
    """
    if isinstance(said, DiagnosticCompleted) and said.category != "candidate_methodist":
        return  # most are of no candidate, and need no looking up
    result = evidence.latest(results_of(known, human(said)))
    for methodist_id in candidacies(known, said) if result else ():
        if result and isinstance(known.of(METHODISTS, methodist_id), Pooled):
            yield RecordMethodistDiagnosis(
                methodist_id=methodist_id, session_id=result.said.session_id
            )


@whenever(
    ProgramCompleted,
    MethodistDiagnosed,
    ProgramDrafted,
    PersonsMerged,
    name="mentoring.record_training",
)
def a_qualified_candidate_is_trained(
    said: ProgramCompleted | MethodistDiagnosed | ProgramDrafted | PersonsMerged, known: Known
) -> Iterator[RecordMethodistTraining]:
    """RU6, AM36: и ДПП по методической поддержке, освоенную до или после (S1 2).

    All are needed, and whichever comes last finds the others known.
    """
    for methodist_id in candidacies(known, said):
        methodist = known.of(METHODISTS, methodist_id)
        if isinstance(methodist, Qualified):
            for enrolment_id in methodical_studies(known, methodist.nominated.person_id)[:1]:
                yield RecordMethodistTraining(
                    methodist_id=methodist_id, enrolment_id=enrolment_id
                )


def candidacies(known: Known, said: OfAPerson | ProgramDrafted) -> Iterator[MethodistId]:
    """Return whom a fact may concern; a programme concerns whoever is in any bank."""
    match said:
        case ProgramDrafted():
            for region in known.of(REGIONS, COUNTRY) if TOPIC in said.topics else ():
                yield from known.of(BANKS, named("region", region))
        case _:
            yield from chain.from_iterable(of_human(known, CANDIDACIES, human(said)))


def human(said: OfAPerson) -> PersonId:
    """Return whom a fact is about, by one of the records."""
    return said.survivor_id if isinstance(said, PersonsMerged) else said.person_id


def methodical_studies(known: Known, who: PersonId) -> list[EnrolmentId]:
    """Return all that a human has studied of methodical support, and was not annulled."""
    return [
        each.said.enrolment_id
        for each in studies_of(known, who)
        if each.until is None and teaching(known, each)
    ]


# ── When work begins ────────────────────────────────────────────────────────


@whenever(YouthPeriodDetermined, EmploymentStarted, EmploymentChanged, name="mentoring.propose")
def a_young_teacher_employed_calls_for_a_pair(
    said: YouthPeriodDetermined | EmploymentStarted | EmploymentChanged, known: Known
) -> Iterator[ProposePair]:
    """Принятому молодому педагогу предлагают наставника (S1 4.4).

    Youth and a main job as a teacher are needed, and whichever comes last finds the other
    known. One job is one pair: to hear of it again is to ask for the same thing. Whoever
    ceased to be young before the Concept is called for by nobody, however late his job is
    heard of.
    """
    person = known.of(PEOPLE, said.person_id)
    running = (each for each in evidence.main_work(person.work) if each.until is None)
    for job in dict.fromkeys(each.employment_id for each in running):
        if since := calls_since(person, job):
            yield ProposePair(
                pair_id=pair_of(job),
                mentee_id=said.person_id,
                employment_id=job,
                proposed_on=since,
            )


def calls_since(person: Person, job: EmploymentId) -> date | None:
    """Return since when a job calls for a pair: the main work of a pedagogue, begun young."""
    its = (each for each in evidence.main_work(person.work) if each.employment_id == job)
    since = min((each.since for each in its), default=None)
    until = person.young_until
    return since if since and until and max(since, CONCEPT) < until else None


@whenever_gone(EmploymentStarted, EmploymentChanged, name="mentoring.call off")
def a_job_that_never_was_calls_for_nobody(
    said: EmploymentStarted | EmploymentChanged, known: Known
) -> Iterator[Withdraw]:
    """Нет работы, по которой предложена пара, — нет и предложения (S1 4.4, S1 7.2).

    Of work that began on another day it is withdrawn too, and made anew as of any work.
    A pair that was formed stays, and all of it: people have built on it.
    """
    since = calls_since(known.of(PEOPLE, said.person_id), said.employment_id)
    pair = standing(known.history(pair_of(said.employment_id)))
    if any(isinstance(each.fact, MentorshipPairFormed) for each in pair):
        return
    for each in pair:
        if since is None or each.fact.occurred_on == said.occurred_on != since:
            yield Withdraw(
                event_id=each.event_id, reason=CALLED_OFF, withdrawn_on=said.occurred_on
            )


# ── When two records are found to be one human, and when they are not ────────

MERGED = "Записи об одном педагоге слиты"
NOT_MERGED = "записи не об одном педагоге"


@whenever(PersonsMerged, name="mentoring.one_methodist")
def one_human_has_one_methodist(said: PersonsMerged, known: Known) -> Iterator[DetachTeacher]:
    """Слитые записи — один педагог, и методист у него один (S1 7.2, S1 7.1).

    Which one: that of the surviving record. Two records with one methodist are one there.
    They are one since the last of the mergers between them, whichever is heard last.
    """
    kept, *others = attachments(known, said.survivor_id) or [None]
    for each in others:
        if kept and each and each.methodist_id != kept.methodist_id:
            since = HUMANS.one_since(known, each.person_id, kept.person_id)
            yield DetachTeacher(
                methodist_id=each.methodist_id,
                person_id=each.person_id,
                reason=MERGED,
                detached_on=max(since or said.occurred_on, each.occurred_on),
            )


def attachments(known: Known, who: PersonId) -> list[TeacherAttached]:
    """Return how a human is attached, by whatever record."""
    return [it for each in of_human(known, CHARGES, who) for it in each.held.values()]


@whenever_gone(PersonsMerged, name="mentoring.two_methodists")
def two_humans_have_two_methodists(said: PersonsMerged, known: Known) -> Iterator[Withdraw]:
    """Слияния не было, или не в тот день, — не было и открепления (contracts §1, S1 7.2)."""
    for who in (said.survivor_id, said.merged_id):
        for methodist_id in known.of(CHARGES, who).left:
            for bond in charges(known, methodist_id, [who]):
                if bond.ended and bond.why == MERGED and followed(bond, said, known):
                    yield Withdraw(
                        event_id=bond.ended.event_id,
                        reason=NOT_MERGED,
                        withdrawn_on=said.occurred_on,
                    )


def followed(bond: Bond, said: PersonsMerged, known: Known) -> bool:
    """Say whether an attachment ended by this merger, and by no other that still stands.

    One that is said anew joins the same two: what ended because of it is said anew as well,
    if by all mergers they are one since another day.
    """
    who = bond.begun.person_id if isinstance(bond.begun, TeacherAttached) else None
    if who is None or said.survivor_id not in records(known, said.merged_id):
        return who is not None and not attachments(known, who)
    began, ended = bond.begun.occurred_on, bond.ended
    on = ended.fact.occurred_on if ended else None
    for kept in attachments(known, who):
        since = HUMANS.one_since(known, who, kept.person_id)
        return kept.person_id != who and on != max(since or said.occurred_on, began)
    return on == max(said.occurred_on, began)


POLICIES = (
    a_pooled_candidate_is_diagnosed,
    a_qualified_candidate_is_trained,
    a_young_teacher_employed_calls_for_a_pair,
    a_job_that_never_was_calls_for_nobody,
    two_humans_have_two_methodists,  # before it is asked who of them has left
    who_works_no_more_leaves,
    who_never_left_is_back,
    one_human_has_one_methodist,  # when it is known who never left
)
