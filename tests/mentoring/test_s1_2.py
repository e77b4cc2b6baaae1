"""S1 2: методический актив — «из числа лиц, прошедших диагностику … и ПК»."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import METHODIST, Evidence
from services.mentoring.policies import of_the_conditions, of_the_result, of_the_study
from shared.events.diagnostics import DiagnosticAnnulled
from shared.events.routes import CompletionAnnulled
from shared.kernel import Recorded
from shared.kernel.ids import EnrolmentId, EventId, SessionId
from shared.testing.facts import a
from shared.testing.known import heard
from shared.testing.spec import Spec
from tests.mentoring.words import (
    ACTIVATE,
    AFTER,
    ATTACHED,
    BEFORE,
    DETACHED,
    DIAGNOSE,
    DIAGNOSED,
    ENROLMENT,
    FAILED,
    NOMINATED,
    PERSON,
    POOL,
    POOLED,
    PROVEN,
    SESSION,
    STRANGER,
    STUDIED,
    TAKEN,
    TAUGHT,
    TESTED,
    TRAIN,
    TRAINED,
    WAY,
)

type MethodistSpec = Spec[Any, Any, Any]

LOW = replace(TESTED, score_pct=Decimal("69.99"))
FAIL = replace(DIAGNOSE, session_id=FAILED.session_id, result=LOW)
OTHER = EnrolmentId(UUID(int=90))
OFF_TOPIC = replace(TRAIN, studied=replace(TAKEN, on_topic=False))


@pytest.mark.parametrize(
    ("past", "asked", "said"),
    [
        (WAY[:1], POOL, POOLED),
        (WAY[:2], DIAGNOSE, DIAGNOSED),
        (WAY[:3], TRAIN, TRAINED),
    ],
)
def test_a_candidate_goes_step_by_step(
    methodist: MethodistSpec, past: tuple[Any, ...], asked: Any, said: Any
) -> None:
    """RU6: «прошедших диагностику … и повышение квалификации в области методической
    поддержки педагогических работников» (S1 2)."""
    methodist.given(*past)
    methodist.when(asked)
    methodist.then(said)


def test_below_seventy_is_failed(methodist: MethodistSpec) -> None:
    """RU6: 69,99 % — не пройдена, 70,00 % — пройдена (S1 2)."""
    methodist.given(*WAY[:2])
    methodist.when(FAIL)
    methodist.then(FAILED)


def test_who_failed_may_try_again(methodist: MethodistSpec) -> None:
    """RU6: не справившийся остаётся в активе и может пройти диагностику снова (S1 2)."""
    methodist.given(*WAY[:2], FAILED)
    methodist.when(DIAGNOSE)
    methodist.then(DIAGNOSED)


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (WAY[:2], POOL),
        (WAY[:3], POOL),
        ((*WAY[:2], FAILED), FAIL),
        (WAY[:3], DIAGNOSE),
        (WAY[:4], DIAGNOSE),
        (WAY[:4], TRAIN),
        (WAY, POOL),
        (WAY, DIAGNOSE),
        (WAY, TRAIN),
    ],
)
def test_it_is_already_so(methodist: MethodistSpec, past: tuple[Any, ...], asked: Any) -> None:
    methodist.given(*past)
    methodist.when(asked)
    methodist.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        (WAY[:1], replace(POOL, pooled_on=BEFORE)),
        (WAY[:1], DIAGNOSE),
        (WAY[:1], ACTIVATE),
        (WAY[:2], replace(POOL, pooled_on=AFTER)),
        (WAY[:2], replace(DIAGNOSE, result=None)),
        (WAY[:2], TRAIN),
        (WAY[:2], ACTIVATE),
        ((*WAY[:2], FAILED), TRAIN),
        (WAY[:3], FAIL),
        (WAY[:3], replace(TRAIN, studied=None)),
        (WAY[:3], OFF_TOPIC),
        (WAY[:3], ACTIVATE),
        (WAY[:4], replace(TRAIN, enrolment_id=OTHER)),
        (WAY, FAIL),
        (WAY[:4], replace(ACTIVATE, evidence=replace(PROVEN, diagnosis=()))),
        (WAY[:4], replace(ACTIVATE, evidence=replace(PROVEN, training=()))),
    ],
)
def test_it_is_refused(methodist: MethodistSpec, past: tuple[Any, ...], asked: Any) -> None:
    """RU6: без диагностики и без ПК по методической поддержке допуска нет (S1 2)."""
    methodist.given(*past)
    methodist.when(asked)
    methodist.then_refused("S1 2")


# ── What the steps are told ─────────────────────────────────────────────────

VOID = a(DiagnosticAnnulled, session_id=SESSION, person_id=PERSON)
ANNULLED = a(CompletionAnnulled, enrolment_id=ENROLMENT, person_id=PERSON)


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ((NOMINATED, TESTED), TESTED),
        ((TESTED, NOMINATED), TESTED),
        ((TESTED,), None),
        ((NOMINATED,), None),
        ((NOMINATED, replace(TESTED, category="teacher")), None),
        ((NOMINATED, replace(TESTED, person_id=STRANGER)), None),
        ((NOMINATED, TESTED, VOID), None),
    ],
)
def test_a_result_is_the_candidates_own(facts: tuple[Any, ...], result: Any) -> None:
    """RU6: засчитывают диагностику самого кандидата, не аннулированную (S1 2)."""
    forged = replace(DIAGNOSE, result=LOW)

    assert of_the_result.inform(forged, heard(*facts)).result == result


@pytest.mark.parametrize(
    ("facts", "studied"),
    [
        ((NOMINATED, TAUGHT, STUDIED), TAKEN),
        ((STUDIED, NOMINATED, TAUGHT), TAKEN),
        ((NOMINATED, STUDIED), OFF_TOPIC.studied),
        ((NOMINATED, STUDIED, replace(TAUGHT, topics=("ict",))), OFF_TOPIC.studied),
        ((NOMINATED, STUDIED, replace(TAUGHT, program_version=2)), OFF_TOPIC.studied),
        ((NOMINATED, TAUGHT, STUDIED, ANNULLED), None),
        ((NOMINATED, TAUGHT, replace(STUDIED, person_id=STRANGER)), None),
        ((TAUGHT, STUDIED), None),
    ],
)
def test_a_study_is_of_methodical_support(facts: tuple[Any, ...], studied: Any) -> None:
    """RU6, AM36: «в области методической поддержки», той версии, что освоена (S1 2)."""
    assert of_the_study.inform(TRAIN, heard(*facts)).studied == studied


# ── What the activation is told ─────────────────────────────────────────────


def told(*facts: Any) -> Evidence:
    asked: Any = of_the_conditions.inform(ACTIVATE, heard(NOMINATED, *facts))
    return asked.evidence


def ids(*numbers: int) -> tuple[EventId, ...]:
    return tuple(EventId(UUID(int=n)) for n in numbers)


RETRIED = replace(TESTED, session_id=SessionId(UUID(int=91)))


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((), ()),
        ((TESTED,), ids(2)),
        ((LOW,), ()),
        ((replace(TESTED, occurred_on=AFTER),), ()),
        ((replace(LOW, occurred_on=BEFORE), RETRIED), ids(3)),
        ((replace(TESTED, occurred_on=BEFORE), replace(RETRIED, score_pct=Decimal(1))), ()),
        ((LOW, RETRIED), ids(3)),
        ((TESTED, replace(RETRIED, score_pct=Decimal(60))), ()),
        ((TESTED, VOID), ()),
        ((TESTED, replace(VOID, occurred_on=AFTER)), ids(2)),
    ],
)
def test_the_last_diagnosis_decides(facts: tuple[Any, ...], by: tuple[EventId, ...]) -> None:
    """RU6: в день допуска действует последняя диагностика, и она пройдена (S1 2).

    Из двух в один день последняя — записанная позже (contracts §3).
    """
    assert told(*facts).diagnosis == by


@pytest.mark.parametrize(
    ("facts", "by"),
    [
        ((STUDIED,), ()),
        ((STUDIED, TAUGHT), ids(2, 3)),
        ((TAUGHT, replace(STUDIED, occurred_on=AFTER)), ()),
        ((TAUGHT, STUDIED, ANNULLED), ()),
        ((TAUGHT, STUDIED, replace(ANNULLED, occurred_on=AFTER)), ids(3, 2)),
    ],
)
def test_the_training_counts_until_annulled(
    facts: tuple[Any, ...], by: tuple[EventId, ...]
) -> None:
    """RU6, AM36: в день допуска ДПП освоена, и освоение не аннулировано (S1 2)."""
    assert told(*facts).training == by


# ── Corrections ─────────────────────────────────────────────────────────────

EARLY = replace(DIAGNOSED, occurred_on=BEFORE - timedelta(days=900))


@pytest.mark.parametrize(
    ("facts", "possible"),
    [
        ((*WAY, ATTACHED, DETACHED, ATTACHED), True),
        ((*WAY[:2], FAILED, *WAY[2:]), True),
        ((NOMINATED, POOLED, EARLY, TRAINED), True),
        (WAY[1:], False),
        ((NOMINATED, *WAY[2:]), False),
        ((NOMINATED, POOLED, TRAINED), False),
        ((NOMINATED, POOLED, DIAGNOSED, WAY[4]), False),
        ((NOMINATED, POOLED, FAILED, FAILED), False),
        ((NOMINATED, POOLED, FAILED, TRAINED), False),
        ((NOMINATED, replace(POOLED, person_id=STRANGER)), False),
        ((NOMINATED, replace(POOLED, occurred_on=BEFORE)), False),
        ((NOMINATED, POOLED, replace(DIAGNOSED, person_id=STRANGER)), False),
        ((*WAY[:4], replace(WAY[4], occurred_on=BEFORE)), False),
        ((*WAY, ATTACHED, ATTACHED), False),
        ((*WAY, DETACHED), False),
        ((*WAY, ATTACHED, replace(DETACHED, occurred_on=BEFORE)), False),
        ((*WAY, replace(ATTACHED, occurred_on=BEFORE)), False),
        ((*WAY, replace(ATTACHED, person_id=PERSON)), False),
    ],
)
def test_a_correction_must_leave_a_possible_life(facts: tuple[Any, ...], possible: Any) -> None:
    history = [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact) for n, fact in enumerate(facts)
    ]

    assert METHODIST.is_a_life(history) is possible
