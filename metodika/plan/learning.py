"""How a person of a plan learns: diagnosed, given a route, enrolled, with a document."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from metodika.plan.dice import is_one_of
from metodika.plan.land import UNSENT
from metodika.plan.people import Matter, Person
from metodika.plan.steps import Step
from metodika.plan.tiers import LAST
from services.diagnostics import domain as dia
from services.routes import domain as rou
from shared.events.diagnostics import CompetencyScore
from shared.events.routes import RouteItem
from shared.kernel.ids import (
    CompetencyId,
    EnrolmentId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
    SessionId,
)

LATE_ROUTE = date(2024, 8, 25)
"""About this day begin those whose documents become known in the next year."""
A_COURSE = timedelta(days=150)
"""From a diagnosis to the document; who leaves before is not diagnosed any more."""
WEAK = Decimal("51.00")
"""A score that shows a deficit, in per cent."""
AMISS = "нарушена процедура"
"""Why something is annulled."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """A programme that somebody studies by a route, for some deficits, between two days."""

    enrolment: EnrolmentId
    route: RouteId
    item: RouteItemId
    program: ProgramId
    session: SessionId
    weak: tuple[CompetencyId, ...]
    start: date
    until: date


def learns(person: Person) -> Iterator[Step]:
    """Be diagnosed in some years, and learn what was found wanting."""
    for year in range(person.arrived.year, LAST.year + 1):
        first = max(person.arrived + timedelta(days=30), date(year, 1, 15))
        last = date(year, 11, 1)
        if (
            first < last
            and person.works_on(last + A_COURSE)
            and person.dice.happens(person.land.parameters.diagnosed)
        ):
            yield from is_diagnosed(person, person.dice.day(first, last))
    if person.is_one_of(person.land.parameters.finished_late, after=13):
        yield from finishes_late(person)


def is_diagnosed(person: Person, on: date) -> Iterator[Step]:
    """Be tested; of a hundred sessions a few are annulled a quarter of a year later."""
    session, matter = SessionId(person.dice.id()), person.matter()
    literacy, scores = person.dice.happens(30), drawn(person)
    ask = matter.on(on)
    for command in tested(person, person.id, session, scores, on, literacy=literacy):
        yield ask("diagnostics", command)
    weak = tuple(each for each, score in scores.items() if score < dia.THRESHOLD_PCT)
    if weak and not literacy:
        yield from is_routed(person, matter, session, weak, on + timedelta(days=14))
    if is_one_of(next(person.land.sessions), person.land.parameters.annulled):
        late = on + timedelta(days=90)
        annul = dia.AnnulDiagnostic(session_id=session, reason=AMISS, annulled_on=late)
        yield matter.on(late)("diagnostics", annul)


def is_tested_as(person: Person, matter: Matter, other: PersonId, on: date) -> Iterator[Step]:
    """Be tested under another id, by those who take this person for another."""
    ask, session = matter.on(on), SessionId(person.dice.id())
    for command in tested(person, other, session, drawn(person), on, literacy=False):
        yield ask("diagnostics", command)


def drawn(person: Person) -> dict[CompetencyId, Decimal]:
    """Draw scores in four competencies, in per cent."""
    return {
        each: Decimal(person.dice.random.randint(4000, 9900)) / 100
        for each in person.dice.random.sample(person.land.competencies, 4)
    }


def tested(
    person: Person,
    person_id: PersonId,
    session: SessionId,
    scores: dict[CompetencyId, Decimal],
    on: date,
    *,
    literacy: bool,
) -> Iterator[Any]:
    """Return what is asked of diagnostics about one session."""
    yield dia.AssignDiagnostic(
        session_id=session,
        person_id=person_id,
        instrument_id=person.land.instrument,
        instrument_version=1,
        instrument_kind="functional_literacy" if literacy else "competence",
        purpose="initial",
        category="teacher",
        assigned_on=on - timedelta(days=7),
    )
    yield dia.StartDiagnostic(session_id=session, started_on=on)
    mean = sum(scores.values(), Decimal(0)) / len(scores)
    yield dia.CompleteDiagnostic(
        session_id=session,
        score_pct=mean.quantize(Decimal("0.01")),
        by_competency=tuple(
            CompetencyScore(competency_id=each, score_pct=score)
            for each, score in scores.items()
        ),
        independent=True,
        completed_on=on,
    )


def is_routed(
    person: Person,
    matter: Matter,
    session: SessionId,
    weak: tuple[CompetencyId, ...],
    on: date,
) -> Iterator[Step]:
    """Be routed by the map of a session, as most are, and study."""
    if on > LAST or not person.dice.happens(person.land.parameters.routed):
        return
    course = course_for(person, session, weak, on + timedelta(days=21))
    yield from is_assigned(person, matter, course, on)
    if course.start > LAST:
        return
    yield from enrols(person, matter, course)
    if course.until > LAST or not person.dice.happens(person.land.parameters.completed):
        return
    yield matter.on(course.until)("routes", completed(person, course))
    if is_one_of(next(person.land.documents), person.land.parameters.annulled, after=1):
        late = course.until + timedelta(days=180)
        annul = rou.AnnulCompletion(
            enrolment_id=course.enrolment, reason=AMISS, annulled_on=late
        )
        yield matter.on(late)("routes", annul)


def finishes_late(person: Person) -> Iterator[Step]:
    """Study in the autumn of 2024, by a map; the document becomes known in the spring.

    So a number of 2024 is one thing on the last day of the year, and another later.
    """
    on = LATE_ROUTE + timedelta(days=person.n % 10)
    session, matter = SessionId(person.dice.id()), person.matter()
    weak = person.land.competencies[2 * (person.n % UNSENT)]  # of a listed programme
    ask = matter.on(on, delay=timedelta())
    for command in tested(person, person.id, session, {weak: WEAK}, on, literacy=False):
        yield ask("diagnostics", command)
    course = course_for(person, session, (weak,), on + timedelta(days=35))
    yield from is_assigned(person, matter, course, on + timedelta(days=14))
    yield from enrols(person, matter, course)
    ask = matter.on(course.until, delay=timedelta(days=90))
    yield ask("routes", completed(person, course))


def course_for(
    person: Person, session: SessionId, weak: tuple[CompetencyId, ...], start: date
) -> Course:
    """Return a study of what the first of these competencies needs, for sixty days."""
    return Course(
        enrolment=EnrolmentId(person.dice.id()),
        route=rou.route_of(session),
        item=RouteItemId(person.dice.id()),
        program=person.land.programs[person.land.competencies.index(weak[0]) // 2],
        session=session,
        weak=weak,
        start=start,
        until=start + timedelta(days=60),
    )


def is_assigned(person: Person, matter: Matter, course: Course, on: date) -> Iterator[Step]:
    """Agree on the route that the map called for, and be assigned it."""
    ask = matter.on(on)
    agree = rou.AgreeRoute(route_id=course.route, items=(item_of(course),), agreed_on=on)
    yield ask("routes", agree)
    tutor = PersonId(person.land.institute) if person.dice.happens(50) else None
    assign = rou.AssignRoute(route_id=course.route, tutor_id=tutor, assigned_on=on)
    yield ask("routes", assign)


def item_of(course: Course) -> RouteItem:
    """Return the one item of a route."""
    return RouteItem(
        item_id=course.item,
        kind="program",
        ref_id=course.program,
        form="очная",
        technology="сетевая",
        from_day=course.start,
        to_day=course.until,
        hours=36,
    )


def enrols(person: Person, matter: Matter, course: Course) -> Iterator[Step]:
    """Begin the route and the study in it."""
    ask = matter.on(course.start)
    yield ask("routes", rou.StartRoute(route_id=course.route, started_on=course.start))
    start = rou.StartEnrolment(
        enrolment_id=course.enrolment,
        person_id=person.id,
        program_id=course.program,
        program_version=1,
        route_id=course.route,
        route_item_id=course.item,
        deficit_ids=tuple(dia.deficit_of(course.session, each) for each in course.weak),
        channel="federal_register",
        started_on=course.start,
    )
    yield ask("routes", start)


def completed(person: Person, course: Course) -> rou.CompleteProgram:
    """Return how the end of a study is recorded."""
    return rou.CompleteProgram(
        enrolment_id=course.enrolment,
        doc_kind="certificate",
        doc_no=f"ПК-{person.n:05d}/{course.until:%Y%m%d}",
        completed_on=course.until,
    )
