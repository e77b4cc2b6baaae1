"""S3 R16: «создание условий для самодиагностики учителей»."""

from dataclasses import replace

import pytest

from services.diagnostics.domain import Session, SessionCommand
from shared.events.diagnostics import InstrumentKind, Purpose, SessionFact
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


@pytest.mark.parametrize("kind", ["self", "functional_literacy"])
def test_one_assesses_oneself_by_such_instruments(
    session: SessionSpec, kind: InstrumentKind
) -> None:
    """AM39: самодиагностика — и по функциональной грамотности (S3 R16)."""
    session.when(replace(ASSIGN, purpose="self", instrument_kind=kind))
    session.then(replace(ASSIGNED, purpose="self", instrument_kind=kind))


@pytest.mark.parametrize("kind", ["competence", "methodist", "managerial"])
def test_and_by_no_other(session: SessionSpec, kind: InstrumentKind) -> None:
    session.when(replace(ASSIGN, purpose="self", instrument_kind=kind))
    session.then_refused("S3 R16")


@pytest.mark.parametrize("purpose", ["initial", "final", "attestation", "candidate"])
def test_such_an_instrument_proves_nothing_to_others(
    session: SessionSpec, purpose: Purpose
) -> None:
    session.when(replace(ASSIGN, purpose=purpose, instrument_kind="self"))
    session.then_refused("S3 R16")


@pytest.mark.parametrize("kind", ["self", "functional_literacy"])
def test_self_diagnosis_gives_no_map(session: SessionSpec, kind: InstrumentKind) -> None:
    own = {"purpose": "self", "instrument_kind": kind}
    low = (scored(TEACHING, "10.00"),)
    session.given(replace(ASSIGNED, **own), STARTED)
    session.when(replace(COMPLETE, by_competency=low))
    session.then(replace(COMPLETED, **own, by_competency=low))
