"""S1 4.4: ЦНППМ организует процесс выявления дефицитов: жизнь сеанса диагностики."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.diagnostics.domain import Session, SessionCommand
from shared.events.diagnostics import SessionFact
from shared.kernel.ids import PersonId
from shared.testing.facts import DAY
from shared.testing.spec import Spec
from tests.diagnostics.words import (
    ANNUL,
    ANNULLED,
    ASSIGN,
    ASSIGNED,
    COMPLETE,
    COMPLETED,
    ISSUED,
    START,
    STARTED,
)

type SessionSpec = Spec[Session, SessionCommand, SessionFact]

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
LIFE: list[tuple[SessionCommand, SessionFact]] = [
    (ASSIGN, ASSIGNED),
    (START, STARTED),
    (COMPLETE, COMPLETED),
    (ANNUL, ANNULLED),
]
SAID = [said for _, said in LIFE]


@pytest.mark.parametrize("step", range(4))
def test_a_session_goes_its_way(session: SessionSpec, step: int) -> None:
    """S1 4.4: «организацию процесса выявления профессиональных дефицитов»."""
    asked, said = LIFE[step]
    session.given(*SAID[:step])
    session.when(asked)
    session.then(said)


@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("reached", range(1, 5))
def test_what_is_already_so_is_not_said_again(
    session: SessionSpec, step: int, reached: int
) -> None:
    session.given(*SAID[: max(reached, step + 1)])
    session.when(LIFE[step][0])
    session.then()


@pytest.mark.parametrize(
    ("reached", "asked"),
    [
        (0, START),
        (0, COMPLETE),
        (0, ANNUL),
        (1, COMPLETE),
        (1, ANNUL),
        (2, ANNUL),
    ],
)
def test_no_step_is_left_out(session: SessionSpec, reached: int, asked: SessionCommand) -> None:
    session.given(*SAID[:reached])
    session.when(asked)
    session.then_refused("S1 4.4")


@pytest.mark.parametrize(
    ("reached", "asked"),
    [
        (1, replace(START, started_on=BEFORE)),
        (2, replace(COMPLETE, completed_on=BEFORE)),
        (3, replace(ANNUL, annulled_on=BEFORE)),
    ],
)
def test_a_step_does_not_precede_the_one_before(
    session: SessionSpec, reached: int, asked: SessionCommand
) -> None:
    """S1 4.4: результат не бывает раньше начала, начало — раньше назначения."""
    session.given(*SAID[:reached])
    session.when(asked)
    session.then_refused("S1 4.4")


@pytest.mark.parametrize(
    "asked",
    [
        replace(ASSIGN, person_id=PersonId(UUID(int=9))),
        replace(START, started_on=AFTER),
        replace(COMPLETE, independent=True),
        replace(ANNUL, annulled_on=AFTER),
    ],
)
def test_another_wording_is_no_repetition(session: SessionSpec, asked: SessionCommand) -> None:
    session.given(*SAID)
    session.when(asked)
    session.then_refused("S1 4.4")


def test_an_annulment_has_its_reason(session: SessionSpec) -> None:
    session.given(*SAID[:3])
    session.when(replace(ANNUL, reason=" "))
    session.then_refused("S1 4.4")


def test_a_result_with_its_map_is_annulled(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED, COMPLETED, ISSUED)
    session.when(ANNUL)
    session.then(ANNULLED)
