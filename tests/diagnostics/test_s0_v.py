"""S0 V.2, S0 IV: результат диагностики, порог, независимость, выпускники."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.diagnostics.domain import THRESHOLD_PCT, Session, SessionCommand, severity
from shared.events.diagnostics import InstrumentKind, SessionFact
from shared.testing.spec import Spec
from tests.diagnostics.words import (
    ASSIGN,
    ASSIGNED,
    COMPLETE,
    COMPLETED,
    STARTED,
    TEACHING,
    scored,
)

type SessionSpec = Spec[Session, SessionCommand, SessionFact]


@pytest.mark.parametrize("pct", ["0", "0.00", "-0.00", "70", "70.000", "100.00"])
def test_a_result_is_per_cent_in_hundredths(session: SessionSpec, pct: str) -> None:
    """S0 V.2: «справившихся с диагностикой на 70% и более»."""
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, score_pct=Decimal(pct)))
    session.then(replace(COMPLETED, score_pct=Decimal(pct)))


def test_hundredths_are_always_written(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, score_pct=Decimal("-0")))
    [said] = session._said

    assert str(said.score_pct) == "0.00"  # pyright: ignore[reportAttributeAccessIssue] - of one kind here


@pytest.mark.parametrize(
    "pct", ["-0.01", "100.01", "64.505", "NaN", "sNaN", "Infinity", "1E-400000"]
)
def test_what_is_no_per_cent_is_refused(session: SessionSpec, pct: str) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, score_pct=Decimal(pct)))
    session.then_refused("S0 V.2")


def test_nor_is_it_in_one_competency(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, by_competency=(scored(TEACHING, "100.01"),)))
    session.then_refused("S0 V.2")


def test_seventy_is_enough() -> None:
    """RU10: порог 70.00 включительно (S0 V.2)."""
    assert Decimal("70.00") == THRESHOLD_PCT


@pytest.mark.parametrize(
    ("pct", "expected"),
    [
        ("69.99", 1),
        ("50.00", 1),
        ("49.99", 2),
        ("30.00", 2),
        ("29.99", 3),
        ("0.00", 3),
    ],
)
def test_severity_grows_with_the_distance(pct: str, expected: int) -> None:
    """S1 3.1: «выявления профессиональных дефицитов»; шкала — наша."""
    assert severity(Decimal(pct)) == expected


@pytest.mark.parametrize("kind", ["competence", "methodist", "managerial"])
def test_a_graduate_takes_functional_literacy_alone(
    session: SessionSpec, kind: InstrumentKind
) -> None:
    """S0 V.2: «выпускников педагогических вузов, принявших участие в диагностике»."""
    session.when(replace(ASSIGN, category="graduate", instrument_kind=kind))
    session.then_refused("S0 V.2")


def test_a_graduate_may_take_it(session: SessionSpec) -> None:
    kind = "functional_literacy"
    session.when(replace(ASSIGN, category="graduate", instrument_kind=kind))
    session.then(replace(ASSIGNED, category="graduate", instrument_kind=kind))


def test_nobody_is_independent_of_himself(session: SessionSpec) -> None:
    """S0 IV: траектории — «на основе независимой диагностики»."""
    session.given(replace(ASSIGNED, instrument_kind="self", purpose="self"), STARTED)
    session.when(replace(COMPLETE, independent=True))
    session.then_refused("S0 IV")


def test_whoever_is_assessed_by_others_is(session: SessionSpec) -> None:
    session.given(ASSIGNED, STARTED)
    session.when(replace(COMPLETE, independent=True))
    session.then(replace(COMPLETED, independent=True))
