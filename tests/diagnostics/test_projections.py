"""S1 4.4, S1 D2.1: документы сеанса и карты дефицитов."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.diagnostics.app import SERVICE
from services.diagnostics.projections import DEFICITS, SESSIONS
from shared.events.diagnostics import DeficitIdentified, SessionFact
from shared.kernel import Projection
from shared.kernel.ids import DeficitId
from shared.testing.facts import a
from tests.diagnostics.words import (
    ANNULLED,
    ASSIGNED,
    COMPLETED,
    ISSUED,
    PERSON,
    SESSION_ID,
    STARTED,
    TEACHING,
    WHO,
    scored,
)

RESULT = replace(COMPLETED, by_competency=(scored(TEACHING, "50.00"),))
DEFICIT = a(
    DeficitIdentified,
    **WHO,
    deficit_id=DeficitId(UUID(int=3)),
    competency_id=TEACHING,
    severity=1,
)
LIFE: tuple[SessionFact, ...] = (ASSIGNED, STARTED, RESULT, DEFICIT, ISSUED, ANNULLED)


def folded(
    projection: Projection[dict[str, Any], Any], facts: Sequence[SessionFact]
) -> dict[str, Any] | None:
    return reduce(projection.evolve, facts, None)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (1, "assigned"),
        (2, "in_progress"),
        (3, "completed"),
        (4, "completed"),
        (5, "mapped"),
        (6, "annulled"),
    ],
)
def test_a_session_shows_where_it_is(facts: int, state: str) -> None:
    document = folded(SESSIONS, LIFE[:facts])

    assert document
    assert document["state"] == state


def test_a_session_shows_its_result() -> None:
    document = folded(SESSIONS, LIFE)

    assert document == {
        "id": str(SESSION_ID),
        "person_id": str(PERSON),
        "instrument_id": str(UUID(int=0)),
        "instrument_version": 0,
        "instrument_kind": "competence",
        "purpose": "initial",
        "category": "teacher",
        "state": "annulled",
        "assigned_on": "2024-02-01",
        "started_on": "2024-02-01",
        "completed_on": "2024-02-01",
        "annulled_on": "2024-02-01",
        "score_pct": "64.50",
        "by_competency": {str(TEACHING): "50.00"},
        "independent": False,
        "map_issued": True,
    }


def test_deficits_are_shown_with_their_map() -> None:
    assert folded(DEFICITS, LIFE) == {
        "id": str(SESSION_ID),
        "person_id": str(PERSON),
        "state": "annulled",
        "identified_on": "2024-02-01",
        "issued_on": "2024-02-01",
        "annulled_on": "2024-02-01",
        "deficits": [
            {
                "deficit_id": str(UUID(int=3)),
                "competency_id": str(TEACHING),
                "severity": 1,
            }
        ],
    }


def test_a_map_without_deficits_is_a_document_too() -> None:
    document = folded(DEFICITS, [ISSUED])

    assert document
    assert (document["state"], document["deficits"]) == ("issued", [])


def test_deficits_wait_for_their_map() -> None:
    document = folded(DEFICITS, [DEFICIT, STARTED])

    assert document
    assert (document["state"], document["issued_on"]) == ("identified", None)


@pytest.mark.parametrize("projection", SERVICE.projections)
def test_of_nothing_there_is_no_document(
    projection: Projection[dict[str, Any], Any],
) -> None:
    assert folded(projection, [STARTED, ANNULLED]) is None


@pytest.mark.parametrize("projection", SERVICE.projections)
def test_documents_are_plain(projection: Projection[dict[str, Any], Any]) -> None:
    document = folded(projection, LIFE)

    assert json.loads(json.dumps(document)) == document
