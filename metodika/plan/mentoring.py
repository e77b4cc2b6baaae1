"""Who helps whom in a plan: mentors of the young, methodists and their charges."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from metodika.plan.people import Person
from metodika.plan.steps import Step
from services.diagnostics import domain as dia
from services.mentoring import domain as men
from services.routes import domain as rou
from shared.kernel.ids import (
    EnrolmentId,
    MethodistId,
    PairId,
    SessionId,
    SupportId,
)

NOMINATED = date(2023, 2, 1)
"""The day on which methodists are looked for."""


def is_supported(person: Person, mentors: Sequence[Person]) -> Iterator[Step]:
    """Be given a mentor, or another form of support, some weeks after coming."""
    on = person.arrived + timedelta(days=40)
    ask = person.matter().on(on)
    if person.n % 2 and mentors:
        pair = men.FormPair(
            pair_id=PairId(men.pair_of(person.job)),
            mentor_id=mentors[person.n % len(mentors)].id,
            mentee_id=person.id,
            pair_basis="novice",
            formed_on=on,
        )
        yield ask("mentoring", pair)
        return
    support = men.StartSupport(
        support_id=SupportId(person.dice.id()),
        person_id=person.id,
        form="mentoring_group",
        started_on=on,
    )
    yield ask("mentoring", support)


def becomes_methodist(person: Person, charges: Sequence[Person]) -> Iterator[Step]:
    """Be nominated, examined, taught and active; look after the charges."""
    methodist, matter = MethodistId(person.dice.id()), person.matter()
    nominate = men.NominateMethodist(
        methodist_id=methodist,
        person_id=person.id,
        org_id=person.school,
        level="R",
        nominated_on=NOMINATED,
    )
    ask = matter.on(NOMINATED)
    yield ask("mentoring", nominate)
    pool = men.PoolMethodist(methodist_id=methodist, pooled_on=NOMINATED)
    yield ask("mentoring", pool)
    ask = matter.on(NOMINATED + timedelta(days=30))
    for command in examined(person, NOMINATED + timedelta(days=30)):
        yield ask("diagnostics", command)
    enrolled, taught = (NOMINATED + timedelta(days=days) for days in (60, 90))
    start, complete = study(person, enrolled, taught)
    yield matter.on(enrolled)("routes", start)
    yield matter.on(taught)("routes", complete)
    active = NOMINATED + timedelta(days=120)
    activate = men.ActivateMethodist(
        methodist_id=methodist, engagement="staff", activated_on=active
    )
    yield matter.on(active)("mentoring", activate)
    for other in charges:
        on = max(active, other.since) + timedelta(days=14)
        if not other.works_on(on):
            continue
        attach = men.AttachTeacher(methodist_id=methodist, person_id=other.id, attached_on=on)
        yield matter.on(on)("mentoring", attach)


def examined(
    person: Person, on: date
) -> tuple[dia.AssignDiagnostic, dia.StartDiagnostic, dia.CompleteDiagnostic]:
    """Return what is asked about the examination of a candidate (S1 2)."""
    session = SessionId(person.dice.id())
    assign = dia.AssignDiagnostic(
        session_id=session,
        person_id=person.id,
        instrument_id=person.land.instrument,
        instrument_version=1,
        instrument_kind="methodist",
        purpose="candidate",
        category="candidate_methodist",
        assigned_on=on,
    )
    complete = dia.CompleteDiagnostic(
        session_id=session,
        score_pct=Decimal("86.50"),
        by_competency=(),
        independent=True,
        completed_on=on,
    )
    return assign, dia.StartDiagnostic(session_id=session, started_on=on), complete


def study(
    person: Person, start: date, until: date
) -> tuple[rou.StartEnrolment, rou.CompleteProgram]:
    """Return what is asked about the study of a candidate (S1 2)."""
    enrolment = EnrolmentId(person.dice.id())
    begun = rou.StartEnrolment(
        enrolment_id=enrolment,
        person_id=person.id,
        program_id=person.land.methodical,
        program_version=1,
        route_id=None,
        route_item_id=None,
        channel="academy",
        started_on=start,
    )
    done = rou.CompleteProgram(
        enrolment_id=enrolment,
        doc_kind="certificate",
        doc_no=f"МП-{person.n:05d}",
        completed_on=until,
    )
    return begun, done
