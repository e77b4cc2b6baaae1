"""Bodies are as strict as the commands they become."""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.diagnostics import CompetencyScore
from shared.events.registry import Register
from shared.kernel import Personal, Told, command
from shared.kernel.ids import CompetencyId, Oktmo, PersonId, Territory
from shared.runtime.problems import Problem
from shared.runtime.schemas import Accepted


@command
class Try:
    """Всё, что бывает в командах."""

    person_id: PersonId
    oktmo: Oktmo
    name: Personal[str]
    register: Register
    territory: Territory
    scores: tuple[CompetencyScore, ...]
    on: date
    hours: int
    json: bool
    tutor: PersonId | None
    more: int = 7
    known: Told[int] = 5


ACCEPTED = Accepted.of(Try, ["person_id"])
ID = UUID(int=1)
GOOD: dict[str, Any] = {
    "oktmo": "05701",
    "name": "Иванова",
    "register": "FED",
    "territory": "25/05701",
    "scores": [{"competency_id": str(ID), "score_pct": "12.50"}],
    "on": "2026-02-01",
    "hours": 36,
    "json": True,
}


def read(**said: Any) -> Try:
    body = json.dumps(GOOD | said).encode()
    return ACCEPTED.read({"person_id": str(ID)}, body)[0]


def test_a_body_becomes_the_command() -> None:
    score = CompetencyScore(competency_id=CompetencyId(ID), score_pct=Decimal("12.50"))
    assert read() == Try(
        person_id=PersonId(ID),
        oktmo=Oktmo("05701"),
        name="Иванова",
        register="FED",
        territory=Territory("25/05701"),
        scores=(score,),
        on=date(2026, 2, 1),
        hours=36,
        json=True,
        tutor=None,
    )


@pytest.mark.parametrize(
    ("said", "value"),
    [("87.5", "87.5"), (87, "87"), (87.0, "87"), ("-0.0001", "-0.0001")],
)
def test_a_number_is_exact(said: Any, value: str) -> None:
    score = read(scores=[{"competency_id": str(ID), "score_pct": said}]).scores[0]
    assert str(score.score_pct) == value


@pytest.mark.parametrize(
    "said", [87.5, "1e5", "NaN", "Infinity", True, "1.00001", "9" * 10, 10**9, None]
)
def test_what_is_no_exact_number(said: Any) -> None:
    with pytest.raises(Problem):
        read(scores=[{"competency_id": str(ID), "score_pct": said}])


@pytest.mark.parametrize(
    "said",
    [
        {"known": 6},
        {"person_id": str(ID)},
        {"register": "fed"},
        {"territory": "25//1"},
        {"territory": "25/1/2/3"},
        {"territory": "../25"},
        {"on": "01.02.2026"},
        {"on": "2026-02-01T00:00:00"},
        {"on": "1899-12-31"},
        {"hours": "36"},
        {"hours": 36.5},
        {"hours": True},
        {"hours": 2**31},
        {"json": "true"},
        {"tutor": ""},
        {"name": "a\u202e\0"},
        {"scores": {}},
        {"scores": [{"competency_id": str(ID), "score_pct": "1", "of": 1}]},
    ],
)
def test_what_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Problem) as problem:
        read(**said)
    assert problem.value.status == 422


def test_a_list_has_an_end() -> None:
    score = {"competency_id": str(ID), "score_pct": "1"}
    assert len(read(scores=[score] * 1000).scores) == 1000
    with pytest.raises(Problem):
        read(scores=[score] * 1001)


def test_a_type_that_no_command_should_hold() -> None:
    @command
    class Loose:
        anything: dict[str, Any]

    with pytest.raises(TypeError, match="no door accepts"):
        Accepted.of(Loose, [])


@given(st.binary(max_size=200))
def test_no_bytes_break_the_door(body: bytes) -> None:
    with pytest.raises(Problem) as problem:
        ACCEPTED.read({"person_id": str(ID)}, body)
    assert problem.value.status == 422
