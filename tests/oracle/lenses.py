"""Lenses: facts seen otherwise, or not at all, as a mistaken query sees them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from shared.events.diagnostics import (
    DiagnosticAssigned,
    DiagnosticCompleted,
)
from shared.events.mentoring import (
    MentorshipPairFormed,
    MentorshipPairProposed,
    MethodistActivated,
    MethodistNominated,
)
from shared.events.registry import (
    EmploymentChanged,
    EmploymentStarted,
    GraduateRegistered,
    PersonalDataErased,
    YouthPeriodDetermined,
)
from shared.events.routes import (
    EnrolmentStarted,
)
from tests.oracle.people import SINCE
from tests.oracle.said import Said

type Lens = Callable[[Any], Any]


def blind_to(*kinds: type[Any]) -> Lens:
    return lambda fact: None if isinstance(fact, kinds) else fact


def shifted(days: int, *kinds: type[Any]) -> Lens:
    """See facts of a kind later or earlier: < for ≤, ≤ for <."""

    def lens(fact: Any) -> Any:
        if not isinstance(fact, kinds):
            return fact
        return replace(fact, occurred_on=fact.occurred_on + timedelta(days=days))

    return lens


def timeless(*kinds: type[Any]) -> Lens:
    """See facts of a kind as if they had always been so: the date is not asked."""

    def lens(fact: Any) -> Any:
        return replace(fact, occurred_on=date.min) if isinstance(fact, kinds) else fact

    return lens


def seen_as(kind: type[Any], **otherwise: Any) -> Lens:
    """See some fields of a kind with another content."""

    def lens(fact: Any) -> Any:
        return replace(fact, **otherwise) if isinstance(fact, kind) else fact

    return lens


def self_is_a_diagnosis(fact: Any) -> Any:
    if not isinstance(fact, DiagnosticAssigned | DiagnosticCompleted):
        return fact
    kind = "competence" if fact.instrument_kind == "self" else fact.instrument_kind
    return replace(fact, purpose="initial", instrument_kind=kind)


def the_main_job_only(fact: Any) -> Any:
    if isinstance(fact, EmploymentStarted | EmploymentChanged) and not fact.is_main:
        return replace(fact, position_class="OTHER")
    return fact


def young_to_the_end(fact: Any) -> Any:
    if isinstance(fact, YouthPeriodDetermined) and fact.young_until:
        return replace(fact, young_until=fact.young_until + timedelta(days=1))
    return fact


def graduates_of_any_year(fact: Any) -> Any:
    if isinstance(fact, GraduateRegistered):
        return replace(fact, graduated_on=max(SINCE, fact.graduated_on))
    return fact


def the_mentor_too(fact: Any) -> Any:
    if isinstance(fact, MentorshipPairFormed):
        return replace(fact, mentee_id=fact.mentor_id)
    return fact


def a_proposal_is_a_pair(fact: Any) -> Any:
    if isinstance(fact, MentorshipPairProposed):
        return MentorshipPairFormed(
            pair_id=fact.pair_id,
            mentor_id=fact.mentee_id,
            mentee_id=fact.mentee_id,
            pair_basis="novice",
            occurred_on=fact.occurred_on,
        )
    return fact


def in_the_pool_is_active(fact: Any) -> Any:
    if isinstance(fact, MethodistNominated):
        return MethodistActivated(
            methodist_id=fact.methodist_id,
            person_id=fact.person_id,
            org_id=fact.org_id,
            region=fact.region,
            level=fact.level,
            engagement="staff",
            core_eligible=True,
            evidence=(),
            occurred_on=fact.occurred_on,
        )
    return fact


def any_competency(fact: Any) -> Any:
    if isinstance(fact, EnrolmentStarted):
        every = tuple(UUID(f"00000014-0000-7000-8000-{n:012d}") for n in (1, 2))
        return replace(fact, competencies=every)
    return fact


def the_erased_are_gone(records: list[Said]) -> list[Said]:
    erased = {
        each.fact.person_id for each in records if isinstance(each.fact, PersonalDataErased)
    }
    return [each for each in records if getattr(each.fact, "person_id", None) not in erased]


def corrections_as_new_facts(records: list[Said]) -> list[Said]:
    return [replace(each, corrects=None) for each in records]


def only_the_first_correction(records: list[Said]) -> list[Said]:
    seen: set[UUID] = set()
    kept: list[Said] = []
    for each in records:
        if each.corrects not in seen:
            kept.append(each)
        if each.corrects:
            seen.add(each.corrects)
    return kept


def listed_today(fact: Any) -> Any:
    """See registers as of now: every programme of the golden world but 4 is in FED."""
    if isinstance(fact, EnrolmentStarted) and fact.register_status_at_start == ():
        return replace(fact, register_status_at_start=("FED",))
    return fact
