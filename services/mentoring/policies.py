"""What mentoring remembers, and what it does when its neighbours, or it itself, speak."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

from services.mentoring.domain import (
    METHODIST,
    ActivateMethodist,
    AttachTeacher,
    ClosePair,
    DetachTeacher,
    Evidence,
    FormPair,
    Methodist,
    NominateMethodist,
    ProposePair,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    StartSupport,
    Studied,
    evidence,
    heard,
    pair_of,
)
from services.mentoring.domain.evidence import TOPIC, Cited, Work
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
from services.mentoring.domain.methodist import Active, Nobody, Pooled, Qualified
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
from shared.kernel import (
    Borrowed,
    Informed,
    Known,
    Withdraw,
    informs,
    standing,
    whenever,
    whenever_gone,
)
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    EventId,
    MethodistId,
    OrgId,
    PersonId,
    RegionCode,
    named,
)

CONCEPT = date(2020, 8, 6)
"""The day of the Concept (S0): from here on the young are supported."""

CALLED_OFF = "работы, по которой предложена пара, нет"
"""Why a proposal is withdrawn."""

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

MERGED_INTO = Borrowed[PersonId | None, PersonsMerged](
    name="mentoring.merged into",
    facts=(PersonsMerged,),
    about=lambda said: said.merged_id,
    initial=None,
    evolve=lambda _, said, __: said.survivor_id,
)
MERGED_FROM = Borrowed[tuple[PersonId, ...], PersonsMerged](
    name="mentoring.merged from",
    facts=(PersonsMerged,),
    about=lambda said: said.survivor_id,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said.merged_id),
)

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
    initial={},
    evolve=heard.paired,
)
PAIRS_OF_MENTEE = Borrowed[Pairs, Pairing](
    name="mentoring.pairs_of_mentee",
    facts=(MentorshipPairFormed, MentorshipPairClosed),
    about=lambda said: said.mentee_id,
    initial={},
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
    MERGED_INTO,
    MERGED_FROM,
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


def records(known: Known, who: PersonId) -> tuple[PersonId, ...]:
    """Return every record of a human: that which all were merged into, then the others."""
    found, ahead = list[PersonId](), [survivor(known, who)]
    while ahead:
        found.append(ahead.pop())
        ahead += [each for each in known.of(MERGED_FROM, found[-1]) if each not in found]
    return tuple(found)


def survivor(known: Known, who: PersonId) -> PersonId:
    """Return the record into which this one was merged, along the chain to its end."""
    passed = list[PersonId]()
    while who not in passed and (into := known.of(MERGED_INTO, who)):
        passed.append(who)
        who = into
    return who


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


# ── What a command is told ──────────────────────────────────────────────────


@informs(FormPair)
def of_the_two(asked: FormPair, known: Known) -> FormPair:
    """Двое ли это, и работают ли оба в день, когда образуют пару (S4 3.2.7)."""
    return replace(
        asked,
        is_one=asked.mentor_id in records(known, asked.mentee_id),
        mentor=presence(known, asked.mentor_id, asked.formed_on),
        mentee=presence(known, asked.mentee_id, asked.formed_on),
    )


@informs(StartSupport)
def of_the_supported(asked: StartSupport, known: Known) -> StartSupport:
    """Работает ли педагог в день, когда его включают (S0 V.4)."""
    return replace(asked, teacher=presence(known, asked.person_id, asked.started_on))


@informs(NominateMethodist)
def of_the_region(asked: NominateMethodist, known: Known) -> NominateMethodist:
    """Регион кандидата — регион организации, где он работает (S1 4.5)."""
    place = known.of(PLACES, asked.org_id).get(asked.org_id)
    return replace(
        asked,
        region=place.said.region if place else None,
        candidate=presence(known, asked.person_id, asked.nominated_on, asked.org_id),
        is_another=any(
            each.level == asked.level and each.person_id != asked.person_id
            for each in nominations(known, asked.person_id)
        ),
    )


@informs(RecordMethodistDiagnosis)
def of_the_result(asked: RecordMethodistDiagnosis, known: Known) -> RecordMethodistDiagnosis:
    """Результат кандидата, если он есть и не аннулирован (S1 2)."""
    who = candidate(known, asked.methodist_id)
    results = (each for each in results_of(known, who) if each.until is None) if who else ()
    its = (each.said for each in results if each.said.session_id == asked.session_id)
    return replace(asked, result=next(its, None))


@informs(RecordMethodistTraining)
def of_the_study(asked: RecordMethodistTraining, known: Known) -> RecordMethodistTraining:
    """Освоение ДПП и её тема, если оно есть и не аннулировано (S1 2)."""
    who = candidate(known, asked.methodist_id)
    studies = (each for each in studies_of(known, who) if each.until is None) if who else ()
    its = (each for each in studies if each.said.enrolment_id == asked.enrolment_id)
    taken = (Studied(completed=e.said, on_topic=teaching(known, e) is not None) for e in its)
    return replace(asked, studied=next(taken, None))


@informs(ActivateMethodist)
def of_the_conditions(asked: ActivateMethodist, known: Known) -> ActivateMethodist:
    """RU4, RU5, RU6: всё, что услышано о кандидате, на день допуска (S1 4.5, S1 2)."""
    who = candidate(known, asked.methodist_id)
    by = weighed(known, who, asked.activated_on) if who else Evidence()
    return replace(asked, evidence=by)


@informs(AttachTeacher)
def of_his_charge(asked: AttachTeacher, known: Known) -> AttachTeacher:
    """Работают ли оба, и когда педагога открепили от другого методиста (S1 7.1)."""
    methodist = candidate(known, asked.methodist_id)
    charges = {each: known.of(CHARGES, each) for each in records(known, asked.person_id)}
    others = tuple(each for each in charges if each != asked.person_id)
    here = (asked.person_id, asked.methodist_id)
    left = (
        day
        for who, charge in charges.items()
        for whom, day in charge.left.items()
        if (who, whom) != here
    )
    return replace(
        asked,
        methodist=presence(known, methodist, asked.attached_on) if methodist else "unheard",
        teacher=presence(known, asked.person_id, asked.attached_on),
        left_other_on=max(left, default=None),
        records=others,
        is_another=any(charges[each].held for each in others),
    )


def presence(
    known: Known, who: PersonId, day: date, org_id: OrgId | None = None
) -> evidence.Presence:
    """Say what is heard of somebody's work on a day, anywhere or in one organisation."""
    return evidence.presence(work_of(known, who), day, org_id)


def nominations(known: Known, who: PersonId) -> Iterator[MethodistNominated]:
    """Return how a human was nominated, by whatever record."""
    ids = chain.from_iterable(of_human(known, CANDIDACIES, who))
    yield from filter(None, (nomination(known.of(METHODISTS, each)) for each in ids))


def candidate(known: Known, methodist_id: MethodistId) -> PersonId | None:
    """Return who was nominated, if anybody was."""
    nominated = nomination(known.of(METHODISTS, methodist_id))
    return nominated.person_id if nominated else None


def nomination(methodist: Methodist) -> MethodistNominated | None:
    """Return how a methodist was nominated, however far he has come."""
    match methodist:
        case Nobody():
            return None
        case Active():
            return methodist.before.nominated
        case on_the_way:
            return on_the_way.nominated


def weighed(known: Known, who: PersonId, day: date) -> Evidence:
    """Weigh what is known of a human on a day."""
    people, work = of_human(known, PEOPLE, who), work_of(known, who)
    places = (place_of_work(known, each, day) for each in work)
    result = evidence.latest(results_of(known, who), day)
    is_passed = result is not None and evidence.is_passed(result.said)
    return Evidence(
        category=evidence.highest(chain.from_iterable(e.awards for e in people), day),
        education=evidence.higher_pedagogical(
            chain.from_iterable(e.education for e in people), day
        ),
        service=evidence.long_service(work, day),
        workplace=next(filter(None, places), ()),
        diagnosis=(result.event_id,) if result and is_passed else (),
        training=training(known, who, day),
    )


def place_of_work(known: Known, work: Work, day: date) -> tuple[EventId, ...]:
    """Ask of the organisation that work is at, and of the centres there."""
    organisation = known.of(PLACES, work.org_id).get(work.org_id)
    centres = known.of(CENTRES, work.org_id).values()
    return evidence.place_of_work(work, day, organisation, centres)


def teaching(known: Known, study: Cited[ProgramCompleted]) -> Cited[ProgramDrafted] | None:
    """Return the version studied, if it is about methodical support (AM36)."""
    versions = known.of(PROGRAMS, study.said.program_id)
    drafted = versions.get(study.said.program_version)
    return drafted if drafted and TOPIC in drafted.said.topics else None


def training(known: Known, who: PersonId, day: date) -> tuple[EventId, ...]:
    """Return the completion that counts on a day, and the programme that it was of."""
    for study in studies_of(known, who):
        drafted = teaching(known, study)
        if drafted and study.holds(day):
            return (study.event_id, drafted.event_id)
    return ()


INFORMED: tuple[Informed[Any], ...] = (
    of_the_two,
    of_the_supported,
    of_the_region,
    of_the_result,
    of_the_study,
    of_the_conditions,
    of_his_charge,
)

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


# ── When work begins and ends ───────────────────────────────────────────────


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
    until = person.young_until
    for employment_id, since in evidence.main_jobs(person.work).items():
        if until and max(since, CONCEPT) < until:
            yield ProposePair(
                pair_id=pair_of(employment_id),
                mentee_id=said.person_id,
                employment_id=employment_id,
                proposed_on=since,
            )


def calls_since(person: Person, job: EmploymentId) -> date | None:
    """Return since when a job calls for a pair: the main work of a pedagogue, begun young."""
    ours = (each for each in person.work if each.is_main and each.position_class == "PED")
    since = min((each.since for each in ours if each.employment_id == job), default=None)
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


@whenever(EmploymentEnded, TeacherAttached, MentorshipPairFormed, name="mentoring.leave")
def who_works_no_more_leaves(
    said: EmploymentEnded | TeacherAttached | MentorshipPairFormed, known: Known
) -> Iterator[DetachTeacher | ClosePair]:
    """P4: после последнего рабочего дня педагог откреплён, его пары закрыты (S1 7.1).

    Whichever comes last: who was attached or paired later than the last day, before
    anybody had heard of it, leaves on the very day on which that began.
    """
    for who in people_of(said):
        day = gone_on(known, who)
        if day:
            yield from detached(known, who, day)
            yield from parted(known, who, day)


def people_of(
    said: EmploymentEnded | TeacherAttached | MentorshipPairFormed,
) -> tuple[PersonId, ...]:
    """Return who may have gone."""
    match said:
        case MentorshipPairFormed():
            return (said.mentee_id, said.mentor_id)
        case EmploymentEnded() | TeacherAttached():
            return (said.person_id,)


def gone_on(known: Known, who: PersonId) -> date | None:
    """Return the first day without work; None while any goes on, or none was heard of.

    Of several ends the last one counts, and its day is still a day of work. A human works
    while any of his records does (S1 7.2).
    """
    ends = [each.until for each in known.of(PEOPLE, who).work]
    if None not in ends:
        ends = [each.until for each in work_of(known, who)]
    return max((each for each in ends if each and None not in ends), default=None)


def detached(known: Known, who: PersonId, day: date) -> Iterator[DetachTeacher]:
    """Открепить с этого дня, но не раньше, чем закреплён (S1 7.1)."""
    for attached in attachments(known, who):
        yield detach(attached, day, "Работа окончена")


def attachments(known: Known, who: PersonId) -> list[TeacherAttached]:
    """Return how a human is attached, by whatever record."""
    return [it for each in of_human(known, CHARGES, who) for it in each.held.values()]


def detach(attached: TeacherAttached, day: date, reason: str) -> DetachTeacher:
    """Ask for the end of an attachment, not before its beginning."""
    return DetachTeacher(
        methodist_id=attached.methodist_id,
        person_id=attached.person_id,
        reason=reason,
        detached_on=max(day, attached.occurred_on),
    )


def parted(known: Known, who: PersonId, day: date) -> Iterator[ClosePair]:
    """Закрыть пары с этого дня, но не раньше, чем образованы (S4 3.2.7)."""
    for role in (PAIRS_OF_MENTEE, PAIRS_OF_MENTOR):
        for pairs in of_human(known, role, who):
            for pair_id, formed in pairs.items():
                closed_on = max(day, formed.occurred_on)
                yield ClosePair(pair_id=pair_id, outcome="left", closed_on=closed_on)


# ── When two records are found to be one human ──────────────────────────────


@whenever(PersonsMerged, name="mentoring.one_methodist")
def one_human_has_one_methodist(said: PersonsMerged, known: Known) -> Iterator[DetachTeacher]:
    """Слитые записи — один педагог, и методист у него один (S1 7.2, S1 7.1).

    Which one: that of the surviving record. Two records with one methodist are one there.
    """
    kept, *others = attachments(known, said.survivor_id) or [None]
    for each in others:
        if kept and each and each.methodist_id != kept.methodist_id:
            yield detach(each, said.occurred_on, "Записи об одном педагоге слиты")


POLICIES = (
    a_pooled_candidate_is_diagnosed,
    a_qualified_candidate_is_trained,
    a_young_teacher_employed_calls_for_a_pair,
    a_job_that_never_was_calls_for_nobody,
    who_works_no_more_leaves,
    one_human_has_one_methodist,
)
