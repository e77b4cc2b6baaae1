"""By what a methodist may begin: what was heard of a person, weighed on a day."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from typing import Literal, Protocol

from shared.events.diagnostics import DiagnosticCompleted
from shared.events.registry import (
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentFact,
    EmploymentStarted,
    OrganisationRegistered,
    PositionClass,
    QualificationCategoryAwarded,
    RegionalCentreOpened,
)
from shared.kernel.ids import EmploymentId, EventId, OrgId

PASSED_PCT = Decimal("70.00")
TOPIC = "methodical_support"
GENERAL = ("school", "kindergarten")
YEARS = 5
ONE_DAY = timedelta(days=1)


class Dated(Protocol):
    """A fact, as far as its day goes."""

    @property
    def occurred_on(self) -> date:
        """Return the day on which it takes its place."""
        ...


@dataclass(frozen=True)
class Cited[F: Dated]:
    """A fact that was heard, the record to cite it by, and the day it holds no more."""

    said: F
    event_id: EventId
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether it has happened by a day, and still holds."""
        return self.said.occurred_on <= day and (self.until is None or day < self.until)


def over[K, F: Dated](so_far: dict[K, Cited[F]], key: K, day: date) -> dict[K, Cited[F]]:
    """Let what was heard hold no more from a day on."""
    heard = so_far.get(key)
    return so_far | {key: replace(heard, until=day)} if heard else so_far


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """For each condition the records by which it holds; none if it does not."""

    category: tuple[EventId, ...] = ()
    education: tuple[EventId, ...] = ()
    service: tuple[EventId, ...] = ()
    workplace: tuple[EventId, ...] = ()
    diagnosis: tuple[EventId, ...] = ()
    training: tuple[EventId, ...] = ()

    def cited(self) -> tuple[EventId, ...]:
        """Return every record once, in the order of the conditions."""
        every = chain(
            self.category,
            self.education,
            self.service,
            self.workplace,
            self.diagnosis,
            self.training,
        )
        return tuple(dict.fromkeys(every))


# ── Category and education ──────────────────────────────────────────────────


def highest(
    awards: Iterable[Cited[QualificationCategoryAwarded]], day: date
) -> tuple[EventId, ...]:
    """RU4: высшая категория, действующая в этот день; день срока уже вне его (S1 4.5)."""
    fit = (e for e in awards if e.said.category == "highest" and e.holds(day))
    return tuple(each.event_id for each in fit)[-1:]


def higher_pedagogical(
    education: Iterable[Cited[EducationRecorded]], day: date
) -> tuple[EventId, ...]:
    """RU4: высшее педагогическое образование, полученное к этому дню (S1 4.5)."""
    fit = (e for e in education if e.said.level == "higher" and e.said.pedagogical)
    return tuple(each.event_id for each in fit if each.holds(day))[-1:]


# ── Work ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Work:
    """Work without a change; `until` is the first day no more, None while it runs."""

    employment_id: EmploymentId
    org_id: OrgId
    position_class: PositionClass
    is_main: bool
    since: date
    until: date | None = None
    by: tuple[EventId, ...]

    def covers(self, day: date) -> bool:
        """Say whether it runs on a day."""
        return self.since <= day and (self.until is None or day < self.until)


type Presence = Literal["unheard", "at_work", "otherwise", "away"]
"""Whether somebody works on a day, perhaps `otherwise` than is asked: or nothing was heard."""

PEDAGOGUE: tuple[PositionClass, ...] = ("PED",)
MENTOR: tuple[PositionClass, ...] = ("PED", "HEAD", "DEPUTY")
"""In which positions one may mentor a pedagogue (S4 3.2.7, ADR 0045)."""


def presence(
    work: Sequence[Work],
    day: date,
    org_id: OrgId | None = None,
    positions: Container[PositionClass] | None = None,
) -> Presence:
    """Say whether somebody works on a day: anywhere or in one organisation, and as whom."""
    there = [it for it in work if org_id in {None, it.org_id} and it.covers(day)]
    if any(positions is None or each.position_class in positions for each in there):
        return "at_work"
    if there:
        return "otherwise"
    return "away" if work else "unheard"


def worked(
    so_far: tuple[Work, ...], said: EmploymentFact, event_id: EventId
) -> tuple[Work, ...]:
    """Add what an employment fact says: the last day of work is a day of work."""
    match said:
        case EmploymentStarted():
            return (*so_far, begun(said, event_id))
        case EmploymentChanged():
            before = ended(so_far, said.employment_id, said.occurred_on, event_id)
            return (*before, begun(said, event_id))
        case EmploymentEnded():
            after = said.occurred_on + ONE_DAY
            return ended(so_far, said.employment_id, after, event_id)


def begun(said: EmploymentStarted | EmploymentChanged, event_id: EventId) -> Work:
    """Return work as it begins, or goes on otherwise."""
    return Work(
        employment_id=said.employment_id,
        org_id=said.org_id,
        position_class=said.position_class,
        is_main=said.is_main,
        since=said.occurred_on,
        by=(event_id,),
    )


def ended(
    so_far: tuple[Work, ...], employment_id: EmploymentId, until: date, event_id: EventId
) -> tuple[Work, ...]:
    """End what runs of an employment."""
    return tuple(
        replace(each, until=until, by=(*each.by, event_id))
        if each.employment_id == employment_id and each.until is None
        else each
        for each in so_far
    )


def gone_on(work: Sequence[Work], since: date) -> date | None:
    """Return the first day without work after some, but not before a day; None if none is.

    Whoever begins elsewhere on the day after his last one is never without.
    """
    ends = (max(each.until, since) for each in work if each.until)
    return min(
        (day for day in ends if not any(each.covers(day) for each in work)), default=None
    )


def main_work(work: Iterable[Work]) -> list[Work]:
    """Return the main work of a pedagogue (S1 4.4)."""
    return [each for each in work if each.is_main and each.position_class == "PED"]


def long_service(work: Iterable[Work], day: date) -> tuple[EventId, ...]:
    """RU4: «стаж работы по специальности не менее 5 лет», полных, к этому дню (S1 4.5).

    Days worked at two places at once count once, and gaps between places don't count.
    As many days are needed as the five years before this day have.
    """
    ours = [each for each in work if each.position_class == "PED" and each.since < day]
    needed = (day - years_before(day)).days
    return citing(ours) if days_worked(ours, day) >= needed else ()


def days_worked(work: Iterable[Work], before: date) -> int:
    """Return how many days before a day are covered."""
    total, reached = 0, date.min
    for each in sorted(work, key=lambda each: each.since):
        end = min(each.until or before, before)
        total += max(0, (end - max(each.since, reached)).days)
        reached = max(reached, end)
    return total


def years_before(day: date) -> date:
    """Return the same day five years ago; of 29 February, the last of that month."""
    try:
        return day.replace(year=day.year - YEARS)
    except ValueError:
        return day.replace(year=day.year - YEARS, day=28)


def citing(work: Sequence[Work]) -> tuple[EventId, ...]:
    """Return every record that work is known by."""
    return tuple(dict.fromkeys(chain.from_iterable(each.by for each in work)))


# ── Where, and what was learned ─────────────────────────────────────────────


def place_of_work(
    work: Work,
    day: date,
    organisation: Cited[OrganisationRegistered] | None,
    centres: Iterable[Cited[RegionalCentreOpened]],
) -> tuple[EventId, ...]:
    """RU5, AM35: педагог школы или детского сада, или сотрудник ЦНППМ (S1 4.5)."""
    if not work.covers(day):
        return ()
    hosts = [each.event_id for each in centres if each.holds(day)]
    teaches = (
        work.position_class == "PED"
        and organisation is not None
        and organisation.said.kind in GENERAL
        and organisation.holds(day)
    )
    if organisation is not None and teaches:
        return (work.by[0], organisation.event_id)
    return (work.by[0], hosts[0]) if hosts else ()


def latest(
    results: Iterable[Cited[DiagnosticCompleted]], day: date | None = None
) -> Cited[DiagnosticCompleted] | None:
    """Return the result that decides: the last in force on a day, or of those not void.

    Of two of one day it is the one that was said later (contracts §3).
    """
    counted = [e for e in results if (e.holds(day) if day else e.until is None)]
    return max(reversed(counted), key=lambda each: each.said.occurred_on, default=None)


def is_passed(result: DiagnosticCompleted) -> bool:
    """RU6: с диагностикой справился тот, кто набрал 70,00 % и больше (S1 2)."""
    return result.score_pct >= PASSED_PCT
