"""S4 3.2.7, S1 4.4: пары педагогов."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import PAIR, pair_of
from shared.kernel import Recorded
from shared.kernel.ids import EmploymentId, EventId
from shared.testing.spec import Spec
from tests.mentoring.words import (
    AFTER,
    BEFORE,
    CLOSE,
    CLOSED,
    FORM,
    FORMED,
    JOB,
    MENTEE,
    PROPOSE,
    PROPOSED,
    STRANGER,
)

type PairSpec = Spec[Any, Any, Any]


@pytest.mark.parametrize(
    ("past", "asked", "said"),
    [
        ((), PROPOSE, PROPOSED),
        ((), FORM, FORMED),
        ((PROPOSED,), FORM, FORMED),
        ((FORMED,), CLOSE, CLOSED),
        ((PROPOSED, FORMED), replace(CLOSE, outcome="left"), replace(CLOSED, outcome="left")),
    ],
)
def test_a_pair_is_proposed_formed_and_closed(
    pair: PairSpec, past: tuple[Any, ...], asked: Any, said: Any
) -> None:
    """S4 3.2.7: «„Пары“ педагогов, объединенных на разных основаниях»."""
    pair.given(*past)
    pair.when(asked)
    pair.then(said)


@pytest.mark.parametrize("basis", ["subject", "novice", "competence", "managerial", "other"])
def test_a_pair_says_on_what_basis(pair: PairSpec, basis: Any) -> None:
    """S4 3.2.7: «по предметному принципу, „наставник-молодой специалист“… и прочее»."""
    pair.when(replace(FORM, pair_basis=basis))
    pair.then(replace(FORMED, pair_basis=basis))


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((PROPOSED,), PROPOSE),
        ((FORMED,), PROPOSE),
        ((FORMED, CLOSED), PROPOSE),
        ((FORMED,), FORM),
        ((FORMED,), replace(FORM, mentor="away")),  # it was otherwise known then
        ((FORMED, CLOSED), FORM),
        ((FORMED, CLOSED), CLOSE),
    ],
)
def test_it_is_already_so(pair: PairSpec, past: tuple[Any, ...], asked: Any) -> None:
    pair.given(*past)
    pair.when(asked)
    pair.then()


@pytest.mark.parametrize(
    ("past", "asked", "clause"),
    [
        ((), replace(FORM, mentor_id=MENTEE), "S4 3.2.7"),
        ((), replace(FORM, mentor="unheard"), "S4 3.2.7"),
        ((), replace(FORM, mentor="away"), "S4 3.2.7"),
        ((), replace(FORM, mentee="unheard"), "S4 3.2.7"),
        ((PROPOSED,), replace(FORM, mentee="away"), "S4 3.2.7"),
        ((), CLOSE, "S4 3.2.7"),
        ((PROPOSED,), CLOSE, "S4 3.2.7"),
        ((PROPOSED,), replace(PROPOSE, mentee_id=STRANGER), "S1 4.4"),
        ((PROPOSED,), replace(FORM, mentee_id=STRANGER), "S1 4.4"),
        ((FORMED,), replace(PROPOSE, mentee_id=STRANGER), "S1 4.4"),
        ((FORMED,), replace(FORM, mentor_id=STRANGER), "S4 3.2.7"),
        ((FORMED,), replace(FORM, pair_basis="other"), "S4 3.2.7"),
        ((FORMED,), replace(CLOSE, closed_on=BEFORE), "S4 3.2.7"),
        ((FORMED, CLOSED), replace(CLOSE, outcome="left"), "S4 3.2.7"),
    ],
)
def test_it_is_refused(pair: PairSpec, past: tuple[Any, ...], asked: Any, clause: str) -> None:
    """S4 3.2.7: пара — это двое, и у неё одно начало и один итог."""
    pair.given(*past)
    pair.when(asked)
    pair.then_refused(clause)


def test_a_job_calls_for_one_pair() -> None:
    """S1 4.4: одно место работы — одна пара, сколько о нём ни услышать."""
    assert pair_of(JOB) == pair_of(JOB) != pair_of(EmploymentId(UUID(int=99)))


@pytest.mark.parametrize(
    ("facts", "possible"),
    [
        ((PROPOSED, FORMED, CLOSED), True),
        ((FORMED, CLOSED), True),
        ((CLOSED,), False),
        ((FORMED, FORMED), False),
        ((PROPOSED, replace(FORMED, mentee_id=STRANGER)), False),
        ((replace(FORMED, mentor_id=MENTEE),), False),
        ((FORMED, replace(CLOSED, mentor_id=STRANGER)), False),
        ((replace(FORMED, occurred_on=AFTER), CLOSED), False),
    ],
)
def test_a_correction_must_leave_a_possible_life(facts: tuple[Any, ...], possible: Any) -> None:
    history = [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact) for n, fact in enumerate(facts)
    ]

    assert PAIR.is_a_life(history) is possible
