"""Documents of mentoring: a methodist with his load, a pair, a form of support."""

from typing import Any

from services.mentoring.domain import MOST
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MentorshipPairProposed,
    MethodistActivated,
    MethodistDiagnosed,
    MethodistFact,
    MethodistNominated,
    MethodistPooled,
    MethodistTrained,
    PairFact,
    SupportFact,
    SupportFormEnded,
    SupportFormStarted,
    TeacherAttached,
    TeacherDetached,
)
from shared.kernel import Projection

type Document = dict[str, Any]

WARNS_AT = 225
"""From this many attached teachers on, a methodist's load is shown as near its end."""

# ── Methodists ──────────────────────────────────────────────────────────────


def methodist(so_far: Document | None, said: MethodistFact) -> Document | None:
    """Методист: путь к допуску, доказательства, закреплённые педагоги (S1 4.5, S1 7.1)."""
    if so_far is None and not isinstance(said, MethodistNominated):
        return None
    return (so_far or {}) | changed(so_far or {}, said)


def changed(so_far: Document, said: MethodistFact) -> Document:
    """Return what a fact changes in the document of a methodist."""
    day = str(said.occurred_on)
    match said:
        case MethodistNominated():
            return {
                "id": str(said.methodist_id),
                "person_id": str(said.person_id),
                "org_id": str(said.org_id),
                "region": said.region,
                "level": said.level,
                "state": "nominated",
                "engagement": None,
                "core_eligible": None,
                "evidence": [],
                "diagnoses": [],
                "enrolment_id": None,
                "nominated_on": day,
                "pooled_on": None,
                "trained_on": None,
                "activated_on": None,
                **loaded([]),
            }
        case MethodistPooled():
            return {"state": "pooled", "pooled_on": day}
        case MethodistDiagnosed():
            one = {"session_id": str(said.session_id), "passed": said.passed, "on": day}
            return {
                "state": "qualified" if said.passed else "pooled",
                "diagnoses": [*so_far["diagnoses"], one],
            }
        case MethodistTrained():
            enrolment_id = str(said.enrolment_id)
            return {"state": "trained", "trained_on": day, "enrolment_id": enrolment_id}
        case MethodistActivated():
            return {
                "state": "active",
                "engagement": said.engagement,
                "core_eligible": said.core_eligible,
                "evidence": [str(each) for each in said.evidence],
                "activated_on": day,
            }
        case TeacherAttached():
            one = {"person_id": str(said.person_id), "since": day}
            return loaded([*so_far["attached"], one])
        case TeacherDetached():
            who = str(said.person_id)
            return loaded([each for each in so_far["attached"] if each["person_id"] != who])


def loaded(attached: list[Document]) -> Document:
    """RU7: сколько педагогов закреплено из 250 и близок ли предел (S1 7.1)."""
    n = len(attached)
    return {
        "attached": attached,
        "attached_count": n,
        "load": f"{n}/{MOST}",
        "near_limit": n >= WARNS_AT,
    }


# ── Pairs ───────────────────────────────────────────────────────────────────

NO_PAIR: Document = {
    "mentor_id": None,
    "employment_id": None,
    "pair_basis": None,
    "outcome": None,
    "proposed_on": None,
    "formed_on": None,
    "closed_on": None,
}


def pair(so_far: Document | None, said: PairFact) -> Document | None:
    """Пара: кому предложена, кем образована, с каким итогом закрыта (S4 3.2.7)."""
    day = str(said.occurred_on)
    mentee = str(said.mentee_id)  # also by the name under which one finds what is one's own
    whose = {"id": str(said.pair_id), "mentee_id": mentee, "person_id": mentee}
    match so_far, said:
        case _, MentorshipPairProposed():
            return (
                NO_PAIR
                | whose
                | {
                    "state": "proposed",
                    "employment_id": str(said.employment_id),
                    "proposed_on": day,
                }
            )
        case _, MentorshipPairFormed():
            return (
                (so_far or NO_PAIR)
                | whose
                | {
                    "state": "active",
                    "mentor_id": str(said.mentor_id),
                    "pair_basis": said.pair_basis,
                    "formed_on": day,
                }
            )
        case None, MentorshipPairClosed():
            return None
        case _, MentorshipPairClosed():
            return so_far | {"state": "closed", "outcome": said.outcome, "closed_on": day}


# ── Forms of support ────────────────────────────────────────────────────────


def support(so_far: Document | None, said: SupportFact) -> Document | None:
    """Форма поддержки: чья, какая, с какого и до какого дня (S0 V.4)."""
    day = str(said.occurred_on)
    match so_far, said:
        case _, SupportFormStarted():
            return {
                "id": str(said.support_id),
                "person_id": str(said.person_id),
                "form": said.form,
                "state": "running",
                "started_on": day,
                "ended_on": None,
            }
        case None, SupportFormEnded():
            return None
        case _, SupportFormEnded():
            return so_far | {"state": "ended", "ended_on": day}


METHODISTS = Projection[Document, MethodistFact](
    name="mentoring.methodists",
    facts=(
        MethodistNominated,
        MethodistPooled,
        MethodistDiagnosed,
        MethodistTrained,
        MethodistActivated,
        TeacherAttached,
        TeacherDetached,
    ),
    evolve=methodist,
    leads=(MethodistNominated, MethodistActivated),
)
PAIRS = Projection[Document, PairFact](
    name="mentoring.pairs",
    facts=(MentorshipPairProposed, MentorshipPairFormed, MentorshipPairClosed),
    evolve=pair,
)
SUPPORTS = Projection[Document, SupportFact](
    name="mentoring.supports",
    facts=(SupportFormStarted, SupportFormEnded),
    evolve=support,
)
