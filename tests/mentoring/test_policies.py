"""S1 2, S1 4.4, S1 7.1: что делает наставничество, услышав соседей и себя."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import (
    ClosePair,
    DetachTeacher,
    ProposePair,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
    pair_of,
)
from services.mentoring.policies import (
    a_pooled_candidate_is_diagnosed,
    a_qualified_candidate_is_trained,
    a_young_teacher_employed_calls_for_a_pair,
    who_works_no_more_leaves,
)
from shared.events.diagnostics import DiagnosticAnnulled
from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    RegionAdded,
    YouthPeriodDetermined,
)
from shared.events.routes import CompletionAnnulled
from shared.kernel import Policy, Recorded
from shared.kernel.ids import EmploymentId, EventId, SessionId
from shared.testing.facts import DAY, a
from shared.testing.known import Heard
from tests.mentoring.words import (
    AFTER,
    ATTACHED,
    BEFORE,
    CLOSED,
    DETACHED,
    DIAGNOSED,
    ENROLMENT,
    FAILED,
    FORMED,
    JOB,
    MENTEE,
    METHODIST_ID,
    NOMINATED,
    PAIR_ID,
    PERSON,
    POOLED,
    PROGRAM,
    SESSION,
    STRANGER,
    STUDIED,
    TAUGHT,
    TESTED,
    WAY,
)


def asked_for(policy: Policy[Any, Any], *facts: Any) -> list[Any]:
    """What is asked for when these are heard, or said, one after another."""
    history = [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact) for n, fact in enumerate(facts)
    ]
    asked: list[Any] = []
    for n, fact in enumerate(facts, start=1):
        if isinstance(fact, policy.facts):
            asked += policy.react(fact, knowing(history[:n]))
    return asked


def knowing(history: Sequence[Recorded[Any]]) -> Heard:
    """What is known by these, and what of it was said of which pair and which methodist."""
    known = Heard(*history)
    for each in history:
        for name in ("pair_id", "methodist_id"):
            if stream := getattr(each.fact, name, None):
                known.own[stream] = (*known.own.get(stream, ()), each)
    return known


# ── A candidate's diagnosis ─────────────────────────────────────────────────

RECORD_DIAGNOSIS = a(RecordMethodistDiagnosis, methodist_id=METHODIST_ID, session_id=SESSION)


@pytest.mark.parametrize("heard_at", [0, 1, 2])
def test_whichever_comes_last_records_the_diagnosis(heard_at: int) -> None:
    """RU6: диагностика кандидата засчитывается, до актива она была или после (S1 2)."""
    facts: list[Any] = [NOMINATED, POOLED]
    facts.insert(heard_at, TESTED)

    assert asked_for(a_pooled_candidate_is_diagnosed, *facts) == [RECORD_DIAGNOSIS]


@pytest.mark.parametrize("on", [DAY, AFTER])
def test_a_failed_diagnosis_is_recorded_and_the_next_one_too(on: date) -> None:
    """RU6: не справившийся может пройти диагностику снова, и в тот же день (S1 2)."""
    second = replace(TESTED, session_id=SessionId(UUID(int=90)), occurred_on=on)
    asked = asked_for(
        a_pooled_candidate_is_diagnosed, NOMINATED, POOLED, TESTED, FAILED, second
    )

    assert asked == [RECORD_DIAGNOSIS, replace(RECORD_DIAGNOSIS, session_id=second.session_id)]


@pytest.mark.parametrize(
    "facts",
    [
        (TESTED,),
        (NOMINATED, TESTED),
        (*WAY[:3], TESTED),
        (*WAY, TESTED),
        (*WAY[:2], replace(TESTED, category="teacher")),
        (*WAY[:2], replace(TESTED, person_id=STRANGER)),
        (TESTED, a(DiagnosticAnnulled, session_id=SESSION, person_id=PERSON), *WAY[:2]),
    ],
)
def test_no_other_diagnosis_is_recorded(facts: tuple[Any, ...]) -> None:
    assert asked_for(a_pooled_candidate_is_diagnosed, *facts) == []


# ── A candidate's training ──────────────────────────────────────────────────

ADDED = a(RegionAdded, region=NOMINATED.region)
RECORD_TRAINING = a(RecordMethodistTraining, methodist_id=METHODIST_ID, enrolment_id=ENROLMENT)


@pytest.mark.parametrize("order", [*permutations([DIAGNOSED, STUDIED, TAUGHT])])
def test_whichever_comes_last_records_the_training(order: Sequence[Any]) -> None:
    """RU6, AM36: ДПП засчитывается, в каком порядке ни услышать о ней (S1 2)."""
    facts = (ADDED, NOMINATED, POOLED, *order)

    assert asked_for(a_qualified_candidate_is_trained, *facts) == [RECORD_TRAINING]


@pytest.mark.parametrize(
    "facts",
    [
        (*WAY[:3], STUDIED),
        (ADDED, *WAY[:3], TAUGHT),
        (ADDED, *WAY[:3], STUDIED, replace(TAUGHT, topics=("ict",))),
        (ADDED, *WAY[:2], STUDIED, TAUGHT),
        (ADDED, *WAY[:4], STUDIED, TAUGHT),
        (TAUGHT, *WAY[:2], STUDIED),
        (TAUGHT, *WAY[:4], STUDIED),
        (replace(TAUGHT, topics=("ict",)), *WAY[:3], STUDIED),
        (replace(TAUGHT, program_version=2), *WAY[:3], STUDIED),
        (TAUGHT, *WAY[:3], replace(STUDIED, person_id=STRANGER)),
        (TAUGHT, NOMINATED, POOLED, STUDIED, FAILED),
        (
            TAUGHT,
            STUDIED,
            a(CompletionAnnulled, enrolment_id=ENROLMENT, person_id=PERSON),
            *WAY[:3],
        ),
    ],
)
def test_no_other_training_is_recorded(facts: tuple[Any, ...]) -> None:
    assert TAUGHT.program_id == PROGRAM
    assert asked_for(a_qualified_candidate_is_trained, *facts) == []


# ── A young teacher ─────────────────────────────────────────────────────────

EMPLOYED = a(
    EmploymentStarted,
    employment_id=JOB,
    person_id=MENTEE,
    position_class="PED",
    is_main=True,
)
YOUNG = a(YouthPeriodDetermined, person_id=MENTEE, young_until=AFTER)
PROPOSE = a(ProposePair, pair_id=PAIR_ID, mentee_id=MENTEE, employment_id=JOB)
LEFT = a(EmploymentEnded, employment_id=JOB, person_id=MENTEE)
MAIN_NOW = a(
    EmploymentChanged,
    employment_id=JOB,
    person_id=MENTEE,
    position_class="PED",
    is_main=True,
)


@pytest.mark.parametrize("order", [*permutations([EMPLOYED, YOUNG])])
def test_whichever_comes_last_calls_for_the_pair(order: Sequence[Any]) -> None:
    """S1 4.4: поддержка педагогов до 35 лет в первые три года работы."""
    assert asked_for(a_young_teacher_employed_calls_for_a_pair, *order) == [PROPOSE]


@pytest.mark.parametrize(
    "facts",
    [
        (EMPLOYED,),
        (YOUNG,),
        (EMPLOYED, replace(YOUNG, young_until=None)),
        (EMPLOYED, replace(YOUNG, young_until=DAY)),
        (EMPLOYED, replace(YOUNG, person_id=STRANGER)),
        (replace(EMPLOYED, position_class="DEPUTY"), YOUNG),
        (replace(EMPLOYED, is_main=False), YOUNG),
        (EMPLOYED, LEFT, YOUNG),
        (EMPLOYED, a(FactWithdrawn, withdraws=EventId(UUID(int=0))), YOUNG),
    ],
)
def test_nobody_else_is_offered_a_pair(facts: Sequence[Any]) -> None:
    assert asked_for(a_young_teacher_employed_calls_for_a_pair, *facts) == []


def test_who_was_young_before_the_concept_is_offered_none() -> None:
    """S0 V.4: молодых поддерживают с 06.08.2020, как бы поздно о них ни услышали."""
    job = replace(EMPLOYED, occurred_on=date(2015, 9, 1))
    until = [date(2020, 8, 6), date(2020, 8, 7)]
    asked = [
        asked_for(
            a_young_teacher_employed_calls_for_a_pair, job, replace(YOUNG, young_until=it)
        )
        for it in until
    ]

    assert [len(each) for each in asked] == [0, 1]


def test_one_who_becomes_a_teacher_at_the_same_place_is_offered_one() -> None:
    """S1 4.4: молодой педагог — с того дня, когда стал педагогом."""
    before = replace(EMPLOYED, position_class="OTHER", occurred_on=BEFORE)
    terms = {"employment_id": JOB, "person_id": MENTEE, "position_class": "PED"}
    now = a(EmploymentChanged, **terms, is_main=True)

    assert asked_for(a_young_teacher_employed_calls_for_a_pair, before, now, YOUNG) == [PROPOSE]


@pytest.mark.parametrize("order", [*permutations([YOUNG, MAIN_NOW])])
def test_one_whose_job_becomes_the_main_one_is_offered_one(order: Sequence[Any]) -> None:
    """S1 4.4: место стало основным: действует последний из услышанных фактов."""
    before = replace(EMPLOYED, is_main=False, occurred_on=BEFORE)

    assert asked_for(a_young_teacher_employed_calls_for_a_pair, before, *order) == [PROPOSE]


def test_a_change_of_the_job_is_no_other_proposal() -> None:
    """S1 4.4: одно место работы — одно предложение, что бы в нём ни менялось."""
    facts = (YOUNG, EMPLOYED, replace(MAIN_NOW, occurred_on=AFTER))

    assert asked_for(a_young_teacher_employed_calls_for_a_pair, *facts) == [PROPOSE, PROPOSE]


def test_a_second_job_is_a_second_pair() -> None:
    """S1 4.4: новое место работы — новый наставник."""
    second = EmploymentId(UUID(int=77))
    [first, again, other] = asked_for(
        a_young_teacher_employed_calls_for_a_pair,
        YOUNG,
        EMPLOYED,
        replace(EMPLOYED, employment_id=second),
    )

    assert first == again == PROPOSE
    assert other == replace(PROPOSE, pair_id=pair_of(second), employment_id=second)


# ── Who leaves ──────────────────────────────────────────────────────────────

DETACH = a(
    DetachTeacher,
    methodist_id=METHODIST_ID,
    person_id=MENTEE,
    reason="Работа окончена",
    detached_on=AFTER,
)
CLOSE = a(ClosePair, pair_id=PAIR_ID, outcome="left", closed_on=AFTER)
HELD = replace(ATTACHED, person_id=MENTEE)


OTHER_JOB = EmploymentId(UUID(int=77))
ALSO = replace(EMPLOYED, employment_id=OTHER_JOB)
LATER = DAY + timedelta(days=9)
LEFT_LATER = replace(LEFT, employment_id=OTHER_JOB, occurred_on=LATER)


def test_who_works_no_more_is_detached_after_his_last_day() -> None:
    """P4: EmploymentEnded → TeacherDetached; последний день — ещё рабочий (S1 7.1)."""
    asked = asked_for(who_works_no_more_leaves, EMPLOYED, HELD, LEFT)

    assert asked == [DETACH]


@pytest.mark.parametrize("order", [*permutations([FORMED, HELD, LEFT])])
def test_whichever_comes_last_he_leaves(order: Sequence[Any]) -> None:
    """P4: об уходе услышали до пары и закрепления или после — он ушёл (S1 7.1)."""
    asked = asked_for(who_works_no_more_leaves, EMPLOYED, *order)

    assert {DETACH, CLOSE} == set(asked)


def test_who_left_before_it_began_leaves_on_that_day() -> None:
    """S1 7.1, S4 3.2.7: не раньше, чем закреплён, и не раньше, чем образована пара."""
    formed, held = (replace(each, occurred_on=LATER) for each in (FORMED, HELD))
    asked = asked_for(who_works_no_more_leaves, EMPLOYED, formed, held, LEFT)

    assert asked == [replace(DETACH, detached_on=LATER), replace(CLOSE, closed_on=LATER)]


@pytest.mark.parametrize("who", ["mentor_id", "mentee_id"])
def test_a_pair_closes_when_either_works_no_more(who: str) -> None:
    """S4 3.2.7: пара завершает работу, когда один из двоих больше не работает."""
    formed = replace(FORMED, mentor_id=STRANGER, mentee_id=STRANGER)
    formed = replace(formed, **{who: MENTEE})

    assert asked_for(who_works_no_more_leaves, EMPLOYED, formed, LEFT) == [CLOSE]


def test_who_has_other_work_stays() -> None:
    """P4: у кого осталась другая работа, остаётся и в паре, и за методистом (S1 7.1)."""
    facts = (EMPLOYED, ALSO, FORMED, HELD, LEFT)

    assert asked_for(who_works_no_more_leaves, *facts) == []


@pytest.mark.parametrize("order", [*permutations([LEFT, LEFT_LATER])])
def test_of_two_ends_the_later_counts(order: Sequence[Any]) -> None:
    """P4: в каком порядке ни услышать об уходе, он — с последнего места (S1 7.1)."""
    asked = asked_for(who_works_no_more_leaves, EMPLOYED, ALSO, FORMED, *order)

    assert asked == [replace(CLOSE, closed_on=LATER + timedelta(days=1))]


def test_a_closed_pair_and_who_is_detached_ask_for_nothing() -> None:
    gone = replace(DETACHED, person_id=MENTEE)
    facts = (EMPLOYED, FORMED, CLOSED, HELD, gone, LEFT)

    assert asked_for(who_works_no_more_leaves, *facts) == []
