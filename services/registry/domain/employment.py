"""One job: started, changed any number of times, ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from services.registry.domain.organisation import UNHEARD_OF, Organisation, works_on
from services.registry.domain.youth import Eras
from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    PositionClass,
)
from shared.kernel import Refused, Told, command, only_same, require
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.kernel.line import CODE

NUMBER = 9
"""Digits of a СНИЛС without its check; a code has fewer."""


type Terms = EmploymentStarted | EmploymentChanged

# ── Commands ────────────────────────────────────────────────────────────────


@command
class StartEmployment:
    """Принять на работу."""

    employment_id: EmploymentId
    person_id: PersonId
    org_id: OrgId
    position_class: PositionClass
    is_teacher: bool
    subject_code: str | None
    is_main: bool
    started_on: date
    organisation: Told[Organisation] = UNHEARD_OF
    human: Told[Eras] = ()


@command
class ChangeEmployment:
    """Изменить условия работы: место, должность, предмет."""

    employment_id: EmploymentId
    person_id: PersonId
    org_id: OrgId
    position_class: PositionClass
    is_teacher: bool
    subject_code: str | None
    is_main: bool
    changed_on: date
    organisation: Told[Organisation] = UNHEARD_OF
    human: Told[Eras] = ()


@command
class EndEmployment:
    """Окончить работу; указанный день — последний рабочий."""

    employment_id: EmploymentId
    person_id: PersonId
    ended_on: date


# ── The state of a job ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Job:
    """A job with all the terms it ever had."""

    started: EmploymentStarted
    changes: tuple[EmploymentChanged, ...] = ()
    ended: EmploymentEnded | None = None

    @property
    def terms(self) -> tuple[Terms, ...]:
        """Return all the terms, in order of time."""
        return (self.started, *self.changes)

    @property
    def now(self) -> Terms:
        """Return the terms in force, or the last that were."""
        return self.terms[-1]

    def org_on(self, day: date) -> OrgId | None:
        """Return where this job is done on a day; its last day is one of work."""
        said = [each.org_id for each in self.terms if each.occurred_on <= day]
        gone = self.ended is not None and self.ended.occurred_on < day
        return said[-1] if said and not gone else None


type Jobs = dict[EmploymentId, Job]


def job_in(jobs: Jobs, employment_id: EmploymentId) -> Job:
    """Return a job of this person; refuse if there is none such."""
    try:
        return jobs[employment_id]
    except KeyError:
        raise Refused("S0 I", "Такой работы у этого человека нет") from None


# ── Rules ───────────────────────────────────────────────────────────────────


def start(jobs: Jobs, asked: StartEmployment) -> Sequence[EmploymentStarted]:
    """Работник состоит в трудовых отношениях с организацией (S0 I)."""
    said = EmploymentStarted(
        employment_id=asked.employment_id,
        person_id=asked.person_id,
        org_id=asked.org_id,
        position_class=asked.position_class,
        is_teacher=asked.is_teacher,
        subject_code=asked.subject_code,
        is_main=asked.is_main,
        occurred_on=asked.started_on,
    )
    if asked.employment_id in jobs:
        why = "Эта работа уже записана иначе; новая работа — новая запись"
        started = jobs[asked.employment_id].started
        return only_same(started, said, clause="S0 I", reason=why)
    possible(said, asked.organisation)
    return [said]


def change(jobs: Jobs, asked: ChangeEmployment) -> Sequence[EmploymentChanged]:
    """Место, должность или предмет меняются с определённого дня (S0 I)."""
    job = job_in(jobs, asked.employment_id)
    said = EmploymentChanged(
        employment_id=asked.employment_id,
        person_id=asked.person_id,
        org_id=asked.org_id,
        position_class=asked.position_class,
        is_teacher=asked.is_teacher,
        subject_code=asked.subject_code,
        is_main=asked.is_main,
        occurred_on=asked.changed_on,
    )
    if job.now == said:
        return []
    require(not job.ended, clause="S0 I", reason="Работа окончена: менять нечего")
    require(
        asked.changed_on >= job.now.occurred_on,
        clause="S0 I",
        reason="Условия, действующие с более позднего дня, уже записаны",
    )
    possible(said, asked.organisation)
    return [] if same_terms(job.now, said) else [said]


def possible(said: Terms, organisation: Organisation) -> None:
    """Организация есть и не закрыта; учитель — педагогический работник (S0 I)."""
    require(
        works_on(organisation, said.occurred_on),
        clause="S0 I",
        reason="Такой организации в реестре нет, или к этому дню она закрыта",
    )
    require(
        said.subject_code is None or is_code(said.subject_code),
        clause="S1 5.5",
        reason="Предмет — код: до 32 букв, цифр, точек и дефисов, и не номер",
    )
    require(
        said.position_class == "PED" or not said.is_teacher,
        clause="S0 I",
        reason="Учитель — должность педагогическая",
    )


@lru_cache(1024)
def is_code(value: str) -> bool:
    """Say whether this is a code: no text, in which anybody could be named, and no number."""
    return bool(CODE.fullmatch(value)) and sum(map(str.isdigit, value)) < NUMBER


def same_terms(one: Terms, other: Terms) -> bool:
    """Say whether two terms differ in nothing but their day."""
    return contents(one) == contents(other)


def contents(terms: Terms) -> tuple[object, ...]:
    """Return what the terms of a job say, besides whose they are and since when."""
    return (
        terms.org_id,
        terms.position_class,
        terms.is_teacher,
        terms.subject_code,
        terms.is_main,
    )


def end(jobs: Jobs, asked: EndEmployment) -> Sequence[EmploymentEnded]:
    """Работа кончается не раньше, чем началась (S0 I)."""
    job = job_in(jobs, asked.employment_id)
    said = EmploymentEnded(
        employment_id=asked.employment_id,
        person_id=asked.person_id,
        org_id=job.now.org_id,
        occurred_on=asked.ended_on,
    )
    if job.ended:
        why = "Работа уже окончена другим днём"
        return only_same(job.ended, said, clause="S0 I", reason=why)
    require(
        asked.ended_on >= job.now.occurred_on,
        clause="S0 I",
        reason="Работа окончена раньше, чем началась или изменилась",
    )
    return [said]


# ── Evolve ──────────────────────────────────────────────────────────────────


def with_job(jobs: Jobs, said: Terms | EmploymentEnded) -> Jobs:
    """Go where a fact leads; give back the very same jobs if it leads nowhere."""
    job = jobs.get(said.employment_id)
    match job, said:
        case None, EmploymentStarted():
            return jobs | {said.employment_id: Job(said)}
        case Job(ended=None), EmploymentChanged() if follows(said, job):
            changed = replace(job, changes=(*job.changes, said))
            return jobs | {said.employment_id: changed}
        case Job(ended=None), EmploymentEnded() if follows(said, job):
            return jobs | {said.employment_id: replace(job, ended=said)}
        case _, EmploymentStarted() | EmploymentChanged() | EmploymentEnded():
            return jobs


def follows(said: EmploymentChanged | EmploymentEnded, job: Job) -> bool:
    """Say whether a fact is no earlier than the terms in force."""
    return said.occurred_on >= job.now.occurred_on


def became_pedagogue_on(jobs: Jobs) -> date | None:
    """Return the first day of pedagogical work with whatever employer (AM14)."""
    days = (
        each.occurred_on
        for job in jobs.values()
        for each in job.terms
        if each.position_class == "PED"
    )
    return min(days, default=None)
