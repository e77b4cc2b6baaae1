"""S1 5.5: освоение ДПП из файлов региональных систем."""

from dataclasses import replace
from functools import reduce
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routes.domain import (
    COLUMNS,
    ENROLMENT,
    CompleteProgram,
    StartEnrolment,
    read_completion,
)
from shared.kernel import Fault
from shared.kernel.ids import EnrolmentId, named
from shared.testing.facts import DAY, a
from tests.routes.words import AFTER, COURSE, OFFERED, PERSON, PROGRAM, ROUTE_ID

GOOD = {
    "source_system": "iro-25",
    "enrolment": "2024/117",
    "person_id": str(PERSON),
    "program_id": str(PROGRAM),
    "started_on": str(DAY),
    "completed_on": str(AFTER),
    "doc_no": "000001",
}
ENROLMENT_ID = EnrolmentId(named("enrolment", "iro-25", "2024/117"))


def test_a_row_is_a_study_from_beginning_to_end() -> None:
    """S1 5.5: строка файла — зачислить и отметить освоение с номером документа."""
    start = a(
        StartEnrolment,
        enrolment_id=ENROLMENT_ID,
        person_id=PERSON,
        program_id=PROGRAM,
        program_version=1,
        channel="other",
    )
    complete = CompleteProgram(
        enrolment_id=ENROLMENT_ID,
        doc_kind="certificate",
        doc_no="000001",
        completed_on=AFTER,
    )

    assert read_completion(GOOD) == (start, complete)


def test_a_row_may_name_the_item_of_a_route() -> None:
    item = {"route_id": str(ROUTE_ID), "route_item_id": str(COURSE.item_id)}
    read = read_completion(GOOD | item | {"channel": "cascade", "doc_kind": "diploma"})

    assert not isinstance(read, Fault)
    assert (read[0].route_id, read[0].route_item_id) == (ROUTE_ID, COURSE.item_id)
    assert (read[0].channel, read[1].doc_kind) == ("cascade", "diploma")


def test_a_row_sent_twice_says_nothing_new() -> None:
    read = read_completion(GOOD)
    assert not isinstance(read, Fault)
    asked = [replace(read[0], offered=OFFERED), read[1]]
    state = ENROLMENT.initial
    for each in asked:
        state = reduce(ENROLMENT.evolve, ENROLMENT.decide(state, each), state)

    assert [ENROLMENT.decide(state, each) for each in asked] == [[], []]


def test_a_person_may_be_known_by_the_systems_own_number() -> None:
    row = GOOD | {"person_id": "", "person_sourced_id": "T-7"}
    linked = {("iro-25", "T-7"): PERSON}
    read = read_completion(row, lambda system, number: linked.get((system, number)))

    assert read == read_completion(GOOD)


@pytest.mark.parametrize(
    ("bad", "column", "clause"),
    [
        ({"source_system": ""}, "source_system", "S1 5.5"),
        ({"source_system": "a/b"}, "source_system", "S1 5.5"),
        ({"enrolment": "x" * 4001}, "enrolment", "S1 5.5"),
        ({"person_id": ""}, "person_sourced_id", "S1 5.5"),
        (
            {"person_id": "", "person_sourced_id": "T-7"},
            "person_sourced_id",
            "S1 5.5",
        ),
        ({"program_id": "pk-36"}, "program_id", "S1 5.5"),
        ({"program_version": "v1"}, "program_version", "S1 5.5"),
        ({"channel": "friends"}, "channel", "S1 5.5"),
        ({"route_id": str(ROUTE_ID)}, "route_item_id", "S1 5.5"),
        ({"route_item_id": str(ROUTE_ID)}, "route_id", "S1 5.5"),
        ({"started_on": "01.02.2024"}, "started_on", "S1 5.5"),
        ({"completed_on": ""}, "completed_on", "S1 5.5"),
        ({"doc_kind": "badge"}, "doc_kind", "S1 5.5"),
        ({"doc_no": "  "}, "doc_no", "S1 2"),
        ({"started_on": "2024-02-03"}, "completed_on", "S1 2"),
    ],
)
def test_a_bad_row_names_its_column_and_clause(
    bad: dict[str, str], column: str, clause: str
) -> None:
    """S1 5.5: у каждой плохой строки — столбец, причина, пункт."""
    fault = read_completion(GOOD | bad)

    assert isinstance(fault, Fault)
    assert (fault.column, fault.clause) == (column, clause)


def test_a_fault_repeats_nothing_that_may_be_personal() -> None:
    fault = read_completion(GOOD | {"person_id": "Иванов Иван", "doc_no": "000002"})

    assert isinstance(fault, Fault)
    assert "Иванов" not in str(fault)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            each: st.none() | st.text() | st.just(GOOD.get(each, str(UUID(int=1))))
            for each in COLUMNS
        },
    )
)
def test_every_row_has_a_verdict(row: dict[str, str | None]) -> None:
    verdict = read_completion(GOOD | row)

    assert isinstance(verdict, tuple) or verdict.column in COLUMNS
