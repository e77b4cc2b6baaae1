"""S1 D2.1: «Наличие карт профессиональных дефицитов педагогов, прошедших диагностику»."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.diagnostics.domain import SESSION, Session, SessionCommand, deficit_of
from shared.events.diagnostics import (
    DeficitIdentified,
    DiagnosticCompleted,
    FactWithdrawn,
    InstrumentKind,
    SessionFact,
)
from shared.kernel import Recorded
from shared.kernel.ids import DeficitId, EventId, PersonId
from shared.testing.facts import a
from shared.testing.spec import Spec
from tests.diagnostics.words import (
    ASSIGNED,
    COMPLETE,
    COMPLETED,
    DIGITAL,
    ISSUED,
    SESSION_ID,
    STARTED,
    TEACHING,
    WHO,
    scored,
)

type SessionSpec = Spec[Session, SessionCommand, SessionFact]

SCORES = (scored(TEACHING, "69.99"), scored(DIGITAL, "70.00"))
LACKING = deficit_of(SESSION_ID, TEACHING)
DEFICIT = a(
    DeficitIdentified,
    **WHO,
    deficit_id=LACKING,
    competency_id=TEACHING,
    severity=1,
)
MAP = replace(ISSUED, deficit_ids=(LACKING,))


def test_what_is_below_the_threshold_is_a_deficit(session: SessionSpec) -> None:
    """RG5: карта дефицитов — после каждой пройденной диагностики (S1 D2.1)."""
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, by_competency=SCORES))
    session.then(replace(COMPLETED, by_competency=SCORES), DEFICIT, MAP)


def test_a_map_may_show_no_deficits(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, by_competency=SCORES[1:]))
    session.then(replace(COMPLETED, by_competency=SCORES[1:]), ISSUED)


def test_where_nothing_was_measured_there_is_nothing_to_draw(
    session: SessionSpec,
) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(COMPLETE)
    session.then(COMPLETED)


@pytest.mark.parametrize("kind", ["methodist", "managerial"])
def test_methodists_and_heads_get_their_maps(
    session: SessionSpec, kind: InstrumentKind
) -> None:
    session.given(replace(ASSIGNED, instrument_kind=kind), STARTED)
    session.when(replace(COMPLETE, by_competency=SCORES[1:]))
    said = replace(COMPLETED, instrument_kind=kind, by_competency=SCORES[1:])
    session.then(said, ISSUED)


def test_functional_literacy_is_a_level_and_no_map(session: SessionSpec) -> None:
    """S1 D2.1: «Диагностика профессиональных компетенций»; S0 V.2: «уровня»."""
    session.given(replace(ASSIGNED, instrument_kind="functional_literacy"), STARTED)
    session.when(replace(COMPLETE, by_competency=SCORES))
    kind = "functional_literacy"
    session.then(replace(COMPLETED, instrument_kind=kind, by_competency=SCORES))


def test_the_order_of_competencies_says_nothing(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED, replace(COMPLETED, by_competency=SCORES))
    session.when(replace(COMPLETE, by_competency=SCORES[::-1]))
    session.then()


def test_a_competency_has_one_result(session: SessionSpec) -> None:
    """S1 2: диагностика устанавливает «уровень владения» компетенцией."""
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, by_competency=(SCORES[0], SCORES[0])))
    session.then_refused("S1 2")


RESULT: DiagnosticCompleted = replace(COMPLETED, by_competency=SCORES)
MAPPED: tuple[SessionFact, ...] = (ASSIGNED, STARTED, RESULT, DEFICIT, MAP)


def recorded(*facts: SessionFact) -> list[Recorded[SessionFact]]:
    return [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact)
        for n, fact in enumerate(facts, start=1)
    ]


def corrected(n: int, fact: SessionFact) -> Recorded[SessionFact]:
    first = EventId(UUID(int=n))
    return Recorded(event_id=EventId(UUID(int=99)), fact=fact, corrects=first)


def withdrawn(n: int) -> Recorded[FactWithdrawn]:
    fact = a(FactWithdrawn, withdraws=EventId(UUID(int=n)))
    return Recorded(event_id=EventId(UUID(int=98)), fact=fact)


def test_a_map_shows_the_deficits_of_its_session_alone() -> None:
    """S1 7.2: исправление не делает историю сеанса невозможной."""
    stranger = replace(MAP, deficit_ids=(DeficitId(UUID(int=77)),))

    assert SESSION.is_a_life(recorded(*MAPPED))
    assert not SESSION.is_a_life([*recorded(*MAPPED), corrected(5, stranger)])


def test_a_deficit_on_the_map_is_not_withdrawn_before_it_leaves_the_map() -> None:
    history = [*recorded(*MAPPED), corrected(5, ISSUED)]

    assert not SESSION.is_a_life([*recorded(*MAPPED), withdrawn(4)])
    assert SESSION.is_a_life([*history, withdrawn(4)])


@pytest.mark.parametrize("step", [2, 3, 4, 5])
def test_a_correction_does_not_change_the_person(step: int) -> None:
    another = replace(MAPPED[step - 1], person_id=PersonId(UUID(int=9)))

    assert not SESSION.is_a_life([*recorded(*MAPPED), corrected(step, another)])
