"""S1 7.2: слитые записи — один человек, и в наставничестве тоже."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import ClosePair, DetachTeacher
from services.mentoring.policies import (
    a_pooled_candidate_is_diagnosed,
    a_qualified_candidate_is_trained,
    of_his_charge,
    of_the_conditions,
    of_the_region,
    of_the_result,
    of_the_study,
    of_the_two,
    one_human_has_one_methodist,
    who_works_no_more_leaves,
)
from shared.events.registry import EmploymentEnded, PersonsMerged
from shared.kernel.ids import EmploymentId, PersonId
from shared.testing.facts import DAY, a
from shared.testing.known import heard
from shared.testing.spec import Spec
from tests.mentoring.test_policies import RECORD_DIAGNOSIS, RECORD_TRAINING, asked_for
from tests.mentoring.words import (
    ACTIVATE,
    AFTER,
    AT_SCHOOL,
    ATTACH,
    ATTACHED,
    AWARDED,
    BEFORE,
    DETACHED,
    DIAGNOSE,
    DIAGNOSED,
    EDUCATED,
    FORM,
    FORMED,
    JOB,
    MENTEE,
    MENTOR,
    NOMINATE,
    NOMINATED,
    OTHER_METHODIST,
    PAIR_ID,
    PERSON,
    POOLED,
    SCHOOL,
    STRANGER,
    STUDIED,
    TAKEN,
    TAUGHT,
    TEACHER,
    TESTED,
    TRAIN,
    WAY,
    WORKS,
)

THIRD = PersonId(UUID(int=60))
SAME = a(PersonsMerged, survivor_id=PERSON, merged_id=STRANGER)
CHAIN = (
    a(PersonsMerged, survivor_id=THIRD, merged_id=STRANGER),
    a(PersonsMerged, survivor_id=PERSON, merged_id=THIRD),
)
ELSEWHERE = {"person_id": STRANGER, "employment_id": EmploymentId(UUID(int=61))}
LATER = DAY + timedelta(days=9)


# ── The way of a candidate ──────────────────────────────────────────────────


@pytest.mark.parametrize("merged", [(SAME,), CHAIN, CHAIN[::-1]])
def test_evidence_is_of_the_human(merged: tuple[Any, ...]) -> None:
    """RU4–RU6: категория, образование, стаж, работа и учёба — под любой записью (S1 4.5)."""
    his = (AWARDED, EDUCATED, WORKS, TESTED, STUDIED)
    under_the_other = (replace(each, person_id=STRANGER) for each in his)
    known = heard(NOMINATED, AT_SCHOOL, TAUGHT, *under_the_other, *merged)
    told = of_the_conditions.inform(ACTIVATE, known).evidence

    assert all(vars(told).values())


def test_without_the_merger_it_is_another_human() -> None:
    known = heard(NOMINATED, replace(AWARDED, person_id=STRANGER))

    assert of_the_conditions.inform(ACTIVATE, known).evidence.category == ()


def test_service_of_two_records_adds_up() -> None:
    """RU4: «стаж … не менее 5 лет»: двух записей вместе (S1 4.5)."""
    known = heard(
        NOMINATED,
        replace(WORKS, **ELSEWHERE),
        a(EmploymentEnded, **ELSEWHERE, org_id=SCHOOL, occurred_on=date(2021, 8, 31)),
        replace(WORKS, occurred_on=date(2021, 9, 1)),
        SAME,
    )

    assert of_the_conditions.inform(ACTIVATE, known).evidence.service


def test_what_the_other_record_learned_can_be_recorded() -> None:
    """RU6: диагностика и ДПП самого кандидата, под любой его записью (S1 2)."""
    tested, studied = (replace(each, person_id=STRANGER) for each in (TESTED, STUDIED))
    known = heard(NOMINATED, TAUGHT, tested, studied, SAME)

    assert of_the_result.inform(DIAGNOSE, known).result == tested
    assert of_the_study.inform(TRAIN, known).studied == replace(TAKEN, completed=studied)


@pytest.mark.parametrize("order", [*permutations([SAME, replace(TESTED, person_id=STRANGER)])])
def test_a_diagnosis_is_recorded_when_the_merger_comes_last(order: Sequence[Any]) -> None:
    """RU6: нужны актив, диагностика и слияние, и действует последнее (S1 2)."""
    asked = asked_for(a_pooled_candidate_is_diagnosed, NOMINATED, POOLED, *order)

    assert asked == [RECORD_DIAGNOSIS]


@pytest.mark.parametrize("order", [*permutations([SAME, replace(STUDIED, person_id=STRANGER)])])
def test_a_training_is_recorded_when_the_merger_comes_last(order: Sequence[Any]) -> None:
    """RU6: и так же ДПП (S1 2)."""
    facts = (TAUGHT, NOMINATED, POOLED, DIAGNOSED, *order)

    assert asked_for(a_qualified_candidate_is_trained, *facts) == [RECORD_TRAINING]


def test_one_human_is_nominated_once(methodist: Spec[Any, Any, Any]) -> None:
    """S1 4.5: другая запись о кандидате — тот же кандидат."""
    asked = replace(NOMINATE, person_id=STRANGER, methodist_id=OTHER_METHODIST)
    told = of_the_region.inform(asked, heard(*WAY, AT_SCHOOL, WORKS, SAME))
    other_level = of_the_region.inform(replace(asked, level="M"), heard(*WAY, SAME))

    assert (told.is_another, other_level.is_another) == (True, False)
    assert of_the_region.inform(NOMINATE, heard(NOMINATED, SAME)).is_another is False
    methodist.when(told)
    methodist.then_refused("S1 4.5")


# ── Attached ────────────────────────────────────────────────────────────────

OF_OTHER = replace(ATTACHED, person_id=STRANGER, methodist_id=OTHER_METHODIST)
ONE = a(PersonsMerged, survivor_id=TEACHER, merged_id=STRANGER, occurred_on=AFTER)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ((), (None, (), False)),
        ((OF_OTHER,), (None, (), False)),
        ((ONE,), (None, (STRANGER,), False)),
        ((OF_OTHER, ONE), (None, (STRANGER,), True)),
        (
            (
                OF_OTHER,
                replace(
                    DETACHED,
                    person_id=STRANGER,
                    methodist_id=OTHER_METHODIST,
                    occurred_on=LATER,
                ),
                ONE,
            ),
            (LATER, (STRANGER,), False),
        ),
    ],
)
def test_it_is_told_how_the_human_is_attached(
    facts: tuple[Any, ...], told: tuple[Any, ...]
) -> None:
    """S1 7.1: закреплён ли он, и до какого дня, под любой записью."""
    asked = of_his_charge.inform(ATTACH, heard(*facts))

    assert (asked.left_other_on, asked.records, asked.is_another) == told


@pytest.mark.parametrize(
    "asked",
    [replace(ATTACH, is_another=True), replace(ATTACH, records=(PERSON,))],
)
def test_one_human_is_attached_once_and_not_to_himself(
    methodist: Spec[Any, Any, Any], asked: Any
) -> None:
    """S1 7.1: педагог закреплён за одним методистом, и не за собой."""
    methodist.given(*WAY)
    methodist.when(asked)
    methodist.then_refused("S1 7.1")


def test_who_had_two_methodists_keeps_that_of_the_surviving_record() -> None:
    """S1 7.1, S1 7.2: после слияния методист один, и место у другого свободно."""
    asked = asked_for(one_human_has_one_methodist, OF_OTHER, ATTACHED, ONE)
    gone = a(
        DetachTeacher,
        methodist_id=OTHER_METHODIST,
        person_id=STRANGER,
        reason="Записи об одном педагоге слиты",
        detached_on=AFTER,
    )

    assert asked == [gone]


@pytest.mark.parametrize(
    "facts", [(), (ATTACHED,), (OF_OTHER,), (ATTACHED, replace(ATTACHED, person_id=STRANGER))]
)
def test_who_has_one_methodist_keeps_him(facts: tuple[Any, ...]) -> None:
    assert asked_for(one_human_has_one_methodist, *facts, ONE) == []


# ── Pairs ───────────────────────────────────────────────────────────────────

EMPLOYED = replace(WORKS, person_id=MENTEE)
ALSO = replace(WORKS, **ELSEWHERE)
LEFT = a(EmploymentEnded, employment_id=JOB, person_id=MENTEE, org_id=SCHOOL)
LEFT_TOO = a(EmploymentEnded, **ELSEWHERE, org_id=SCHOOL, occurred_on=BEFORE)
TWICE = a(PersonsMerged, survivor_id=STRANGER, merged_id=MENTEE)


def test_who_works_on_under_another_record_stays() -> None:
    """P4: у кого осталась работа, под любой записью, остаётся в паре (S1 7.2)."""
    assert asked_for(who_works_no_more_leaves, EMPLOYED, ALSO, TWICE, FORMED, LEFT) == []
    assert asked_for(who_works_no_more_leaves, EMPLOYED, ALSO, FORMED, LEFT) != []


@pytest.mark.parametrize("order", [*permutations([LEFT, LEFT_TOO])])
def test_who_left_all_work_leaves_under_every_record(order: Sequence[Any]) -> None:
    """P4: последним кончается последнее место, чья бы ни была запись (S1 7.2)."""
    facts = (EMPLOYED, ALSO, TWICE, FORMED, replace(ATTACHED, person_id=STRANGER))
    asked = asked_for(who_works_no_more_leaves, *facts, *order)

    assert [type(each) for each in asked] == [DetachTeacher, ClosePair]
    assert [each.detached_on for each in asked[:1]] == [AFTER]
    assert asked[1] == a(ClosePair, pair_id=PAIR_ID, outcome="left", closed_on=AFTER)


def test_two_records_of_one_human_are_no_pair(pair: Spec[Any, Any, Any]) -> None:
    """S4 3.2.7: пара — это двое людей."""
    merged = a(PersonsMerged, survivor_id=MENTOR, merged_id=MENTEE)
    told = of_the_two.inform(FORM, heard(merged))

    assert told.is_one
    assert not of_the_two.inform(FORM, heard()).is_one
    pair.when(replace(FORM, is_one=True))
    pair.then_refused("S4 3.2.7")


def test_what_counts_is_work_under_any_record() -> None:
    """S4 3.2.7: работает ли педагог — под любой записью."""
    merged = a(PersonsMerged, survivor_id=MENTOR, merged_id=STRANGER)

    assert of_the_two.inform(FORM, heard(ALSO, merged)).mentor == "at_work"
    assert of_the_two.inform(FORM, heard(ALSO)).mentor == "unheard"
