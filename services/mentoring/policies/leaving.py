"""Who leaves his pairs and his methodist, and who never left and is back (ADR 0039)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from services.mentoring.domain import ClosePair, DetachTeacher, evidence
from services.mentoring.policies.bonds import (
    GONE,
    LEFT,
    ONE,
    Bond,
    Ended,
    bonds_of,
    charges,
    pair,
)
from services.mentoring.policies.remembered import HUMANS, work_of
from shared.events.mentoring import MentorshipPairFormed, TeacherAttached, TeacherDetached
from shared.events.registry import EmploymentEnded, EmploymentStarted, PersonsMerged
from shared.kernel import Correct, Known, Recorded, Withdraw, whenever, whenever_gone
from shared.kernel.ids import PersonId

NEVER_GONE = "того, из-за чего окончено, не было"
"""Why an end is withdrawn that followed from an end of work, or from a merger."""

type OfWork = EmploymentStarted | EmploymentEnded | PersonsMerged
type OfABond = TeacherAttached | MentorshipPairFormed


# ── What is done ────────────────────────────────────────────────────────────


@whenever(
    EmploymentStarted,
    EmploymentEnded,
    PersonsMerged,
    TeacherAttached,
    MentorshipPairFormed,
    name="mentoring.leave",
)
def who_works_no_more_leaves(
    said: OfWork | OfABond, known: Known
) -> Iterator[ClosePair | DetachTeacher | Correct | Withdraw]:
    """P4: в первый день без работы педагог откреплён, его пары закрыты (S1 7.1, S4 3.2.7).

    Of two the one who is without work first decides, methodist and mentor too; the last
    day of work is a day of work. Whichever fact comes last: what was bound later than that
    day ends as it begins, and what ended stands again if there was work on that day. Of two
    records that turn out to be of one human the bond is over, too (S1 7.2).
    """
    if isinstance(said, PersonsMerged) or any(
        each.until for who in people_of(said) for each in work_of(known, who)
    ):
        yield from as_they_work(said, known)


@whenever_gone(
    EmploymentStarted,
    EmploymentEnded,
    PersonsMerged,
    MentorshipPairFormed,
    name="mentoring.leave anew",
)
def who_never_left_is_back(
    said: OfWork | MentorshipPairFormed, known: Known
) -> Iterator[ClosePair | DetachTeacher | Correct | Withdraw]:
    """Ушёл не тот, не в тот день или никто — так и сказано (contracts §1, S1 7.2).

    What followed from an end of work goes with it, or is of the day that it is of.
    """
    yield from as_they_work(said, known)


def as_they_work(
    said: OfWork | OfABond, known: Known
) -> Iterator[ClosePair | DetachTeacher | Correct | Withdraw]:
    """Let every bond that a fact may concern end on the day on which it ends, if any."""
    for bond in bonds_about(said, known):
        gone = over_on(bond, known)
        if bond.ended is None:
            yield from [bond.end(*gone)] if gone else []
        elif bond.why in LEFT:
            yield from anew(bond.ended, gone, said.occurred_on)


type Over = tuple[date, str]
"""The first day of no bond, and why."""


def over_on(bond: Bond, known: Known) -> Over | None:
    """Return since when one of the two has no work, or they are one human, if so."""
    gone, one = gone_on(bond, known), HUMANS.one_since(known, *bond.people)
    since = max(one, bond.begun.occurred_on) if one else None
    found = ((day, why) for day, why in ((gone, GONE), (since, ONE)) if day)
    return min(found, key=lambda it: it[0], default=None)


def gone_on(bond: Bond, known: Known) -> date | None:
    """Return the first day since the bond began on which one of the two has no work.

    A human works while any of his records does (S1 7.2).
    """
    since = bond.begun.occurred_on
    days = (evidence.gone_on(work_of(known, who), since) for who in bond.people)
    return min(filter(None, days), default=None)


def anew(
    ended: Recorded[Ended], over: Over | None, today: date
) -> Iterator[Correct | Withdraw]:
    """Say of an end that it was on another day, or never, unless it is so already."""
    if over is None:
        yield Withdraw(event_id=ended.event_id, reason=NEVER_GONE, withdrawn_on=today)
        return
    on, why = over
    reason = {"reason": why} if isinstance(ended.fact, TeacherDetached) else {}
    fact = replace(ended.fact, occurred_on=on, **reason)
    if fact != ended.fact:
        yield Correct(event_id=ended.event_id, fact=fact)


# ── Whom it concerns ────────────────────────────────────────────────────────


def people_of(said: OfWork | OfABond) -> tuple[PersonId, ...]:
    """Return whose work decides."""
    match said:
        case MentorshipPairFormed():
            return (said.mentee_id, said.mentor_id)
        case TeacherAttached():
            return (said.person_id, said.methodist_person_id)
        case PersonsMerged():
            return (said.survivor_id, said.merged_id)
        case EmploymentStarted() | EmploymentEnded():
            return (said.person_id,)


def bonds_about(said: OfWork | OfABond, known: Known) -> Iterator[Bond]:
    """Return the bond that was said, or all bonds of those whose work was."""
    match said:
        case MentorshipPairFormed():
            yield from pair(known, said.pair_id)
        case TeacherAttached():
            yield from charges(known, said.methodist_id, {said.person_id})
        case EmploymentStarted() | EmploymentEnded() | PersonsMerged():
            for who in people_of(said):
                yield from bonds_of(known, who)
