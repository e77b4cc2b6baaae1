"""What a command of mentoring is told before it is decided."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any

from services.mentoring.domain import (
    ActivateMethodist,
    AttachTeacher,
    Evidence,
    FormPair,
    Methodist,
    NominateMethodist,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    StartSupport,
    Studied,
    evidence,
)
from services.mentoring.domain.evidence import MENTOR, PEDAGOGUE, TOPIC, Cited, Work
from services.mentoring.domain.methodist import Active, Nobody
from services.mentoring.policies.remembered import (
    CANDIDACIES,
    CENTRES,
    CHARGES,
    METHODISTS,
    PEOPLE,
    PLACES,
    PROGRAMS,
    of_human,
    records,
    results_of,
    studies_of,
    work_of,
)
from shared.events.mentoring import (
    MethodistNominated,
)
from shared.events.registry import PositionClass, ProgramDrafted
from shared.events.routes import ProgramCompleted
from shared.kernel import (
    Informed,
    Known,
    informs,
)
from shared.kernel.ids import (
    EventId,
    MethodistId,
    OrgId,
    PersonId,
)

# ── What a command is told ──────────────────────────────────────────────────


@informs(FormPair)
def of_the_two(asked: FormPair, known: Known) -> FormPair:
    """Двое ли это, и кем оба работают в день, когда образуют пару (S4 3.2.7)."""
    return replace(
        asked,
        is_one=asked.mentor_id in records(known, asked.mentee_id),
        mentor=presence(known, asked.mentor_id, asked.formed_on, positions=MENTOR),
        mentee=presence(known, asked.mentee_id, asked.formed_on, positions=PEDAGOGUE),
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
            each.level == asked.level and each.methodist_id != asked.methodist_id
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
        teacher=presence(known, asked.person_id, asked.attached_on, positions=PEDAGOGUE),
        left_other_on=max(left, default=None),
        records=others,
        is_another=any(charges[each].held for each in others),
    )


def presence(
    known: Known,
    who: PersonId,
    day: date,
    org_id: OrgId | None = None,
    positions: tuple[PositionClass, ...] | None = None,
) -> evidence.Presence:
    """Say what is heard of somebody's work on a day: where, and as whom, if it is asked."""
    return evidence.presence(work_of(known, who), day, org_id, positions)


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
