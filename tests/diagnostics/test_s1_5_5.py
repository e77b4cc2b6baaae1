"""S1 5.5: результаты диагностики из файлов региональных систем."""

from decimal import Decimal
from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diagnostics.domain import (
    COLUMNS,
    SESSION,
    AssignDiagnostic,
    CompleteDiagnostic,
    StartDiagnostic,
    read_result,
)
from shared.events.diagnostics import CompetencyScore
from shared.kernel import Fault
from shared.kernel.ids import CompetencyId, InstrumentId, PersonId, SessionId, named
from shared.testing.facts import DAY

PERSON = PersonId(UUID(int=2))
GOOD = {
    "source_system": "cnppm-25",
    "session": "2024/117",
    "person_id": str(PERSON),
    "instrument": "kim-2024",
    "purpose": "initial",
    "completed_on": "2024-02-01",
    "score_pct": "64,5",
    "competencies": "lesson=52.00; ict = 81 ;",
    "independent": "true",
}
SESSION_ID = SessionId(named("session", "cnppm-25", "2024/117"))


def test_a_row_is_a_session_from_beginning_to_end() -> None:
    """S1 5.5: строка файла — назначить, начать и закончить диагностику."""
    assert read_result(GOOD) == (
        AssignDiagnostic(
            session_id=SESSION_ID,
            person_id=PERSON,
            instrument_id=InstrumentId(named("instrument", "kim-2024")),
            instrument_version=1,
            instrument_kind="competence",
            purpose="initial",
            category="teacher",
            assigned_on=DAY,
        ),
        StartDiagnostic(session_id=SESSION_ID, started_on=DAY),
        CompleteDiagnostic(
            session_id=SESSION_ID,
            score_pct=Decimal("64.50"),
            by_competency=(
                CompetencyScore(
                    competency_id=CompetencyId(named("competency", "lesson")),
                    score_pct=Decimal(52),
                ),
                CompetencyScore(
                    competency_id=CompetencyId(named("competency", "ict")),
                    score_pct=Decimal(81),
                ),
            ),
            independent=True,
            completed_on=DAY,
        ),
    )


def test_a_row_sent_twice_says_nothing_new() -> None:
    asked = read_result(GOOD)
    assert not isinstance(asked, Fault)
    session = SESSION.initial
    for each in asked:
        session = reduce(SESSION.evolve, SESSION.decide(session, each), session)

    assert [SESSION.decide(session, each) for each in asked] == [[], [], []]


def test_a_person_may_be_known_by_the_systems_own_number() -> None:
    row = GOOD | {"person_id": "", "person_sourced_id": "T-7"}
    read = read_result(
        row, lambda system, number: {("cnppm-25", "T-7"): PERSON}.get((system, number))
    )

    assert read == read_result(GOOD)


def test_a_uuid_is_taken_as_it_is() -> None:
    row = GOOD | {"instrument": str(UUID(int=5)), "competencies": f"{UUID(int=6)}=70"}
    read = read_result(row)

    assert not isinstance(read, Fault)
    assert isinstance(read[0], AssignDiagnostic)
    assert isinstance(read[2], CompleteDiagnostic)
    assert read[0].instrument_id == UUID(int=5)
    assert read[2].by_competency[0].competency_id == UUID(int=6)


@pytest.mark.parametrize(
    ("bad", "column", "clause"),
    [
        ({"source_system": "a/b"}, "source_system", "S1 5.5"),
        ({"session": " "}, "session", "S1 5.5"),
        ({"person_id": "Иванов"}, "person_id", "S1 5.5"),
        ({"person_id": ""}, "person_sourced_id", "S1 5.5"),
        (
            {"person_id": "", "person_sourced_id": "T-7"},
            "person_sourced_id",
            "S1 5.5",
        ),
        ({"instrument": f"{UUID(int=5)}"[:-1]}, "instrument", "S1 5.5"),
        ({"instrument_version": "0"}, "instrument_version", "S1 5.5"),
        ({"instrument_kind": "exam"}, "instrument_kind", "S1 5.5"),
        ({"purpose": ""}, "purpose", "S1 5.5"),
        ({"category": "pupil"}, "category", "S1 5.5"),
        ({"completed_on": "01.02.2024"}, "completed_on", "S1 5.5"),
        ({"score_pct": "64.505"}, "score_pct", "S0 V.2"),
        ({"score_pct": "100.01"}, "score_pct", "S0 V.2"),
        ({"competencies": "lesson"}, "competencies", "S0 V.2"),
        ({"competencies": "=50"}, "competencies", "S1 5.5"),
        ({"competencies": "lesson=101"}, "competencies", "S0 V.2"),
        ({"competencies": "lesson=1;lesson=2"}, "competencies", "S1 2"),
        ({"independent": "да"}, "independent", "S1 5.5"),
        ({"session": "x" * 4001}, "session", "S1 5.5"),
        ({"session": "a\0b"}, "session", "S1 5.5"),
        ({"purpose": "self"}, "purpose", "S3 R16"),
        ({"category": "graduate"}, "category", "S0 V.2"),
        ({"purpose": "self", "instrument_kind": "self"}, "independent", "S0 IV"),
        ({"assigned_on": "2024-02-02", "started_on": ""}, "started_on", "S1 4.4"),
        ({"started_on": "2024-02-02"}, "completed_on", "S1 4.4"),
    ],
)
def test_a_bad_row_names_its_column_and_clause(
    bad: dict[str, str], column: str, clause: str
) -> None:
    """S1 5.5: у каждой плохой строки — столбец, причина, пункт."""
    fault = read_result(GOOD | bad)

    assert isinstance(fault, Fault)
    assert (fault.column, fault.clause) == (column, clause)


def test_a_fault_repeats_nothing_that_may_be_personal() -> None:
    fault = read_result(GOOD | {"person_id": "Иванов Иван Иванович"})

    assert "Иванов" not in str(fault)


@given(
    st.fixed_dictionaries(
        {},
        optional={each: st.none() | st.text() | st.just(GOOD.get(each)) for each in COLUMNS},
    )
)
def test_every_row_has_a_verdict(row: dict[str, str | None]) -> None:
    verdict = read_result(GOOD | row)

    assert isinstance(verdict, tuple) or verdict.column in COLUMNS
