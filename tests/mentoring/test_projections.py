"""S1 4.5, S1 7.1, S4 3.2.7, S0 V.4: документы наставничества."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.app import SERVICE
from services.mentoring.domain import MOST
from services.mentoring.projections import METHODISTS, PAIRS, SUPPORTS
from shared.kernel import Projection
from shared.kernel.ids import PersonId
from tests.mentoring.words import (
    ACTIVATED,
    ATTACHED,
    BEGUN,
    CLOSED,
    DETACHED,
    ENDED,
    ENROLMENT,
    FAILED,
    FORMED,
    JOB,
    MENTEE,
    MENTOR,
    METHODIST_ID,
    PERSON,
    PROPOSED,
    SESSION,
    SUPPORT_ID,
    TEACHER,
    WAY,
)

DAY = "2024-02-01"


def folded(projection: Projection[dict[str, Any], Any], facts: Sequence[Any]) -> dict[str, Any]:
    document = reduce(projection.evolve, facts, None)
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (WAY[:1], "nominated"),
        (WAY[:2], "pooled"),
        ((*WAY[:2], FAILED), "pooled"),
        (WAY[:3], "qualified"),
        (WAY[:4], "trained"),
        (WAY, "active"),
    ],
)
def test_a_methodist_shows_where_he_is(facts: tuple[Any, ...], state: str) -> None:
    assert folded(METHODISTS, facts)["state"] == state


def test_a_methodist_shows_by_what_he_was_activated() -> None:
    """RU4–RU6: допуск виден вместе с записями, по которым он дан (S1 4.5)."""
    document = folded(METHODISTS, WAY)

    assert (document["id"], document["person_id"]) == (str(METHODIST_ID), str(PERSON))
    assert (document["region"], document["level"]) == ("25", "R")
    assert document["diagnoses"] == [{"session_id": str(SESSION), "passed": True, "on": DAY}]
    assert document["enrolment_id"] == str(ENROLMENT)
    assert document["core_eligible"] is True
    assert document["evidence"] == [str(each) for each in ACTIVATED.evidence]
    assert [document[f"{step}_on"] for step in ("nominated", "pooled", "activated")] == [
        DAY
    ] * 3


def test_a_methodist_shows_whom_he_has() -> None:
    """S1 7.1: кто закреплён, с какого дня и сколько их из 250."""
    document = folded(METHODISTS, [*WAY, ATTACHED])

    assert document["attached"] == [{"person_id": str(TEACHER), "since": DAY}]
    assert (document["attached_count"], document["load"]) == (1, "1/250")
    assert folded(METHODISTS, [*WAY, ATTACHED, DETACHED])["load"] == "0/250"


@pytest.mark.parametrize(("n", "near"), [(0, False), (224, False), (225, True), (MOST, True)])
def test_a_load_of_225_warns(n: int, near: Any) -> None:
    """RU7: предел 250 виден заранее, с 225 закреплённых (S1 7.1)."""
    many = (replace(ATTACHED, person_id=PersonId(UUID(int=1000 + each))) for each in range(n))
    document = folded(METHODISTS, [*WAY, *many])

    assert document["near_limit"] is near
    assert document["attached_count"] == n


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([PROPOSED], "proposed"),
        ([PROPOSED, FORMED], "active"),
        ([FORMED], "active"),
        ([FORMED, CLOSED], "closed"),
    ],
)
def test_a_pair_shows_where_it_is(facts: list[Any], state: str) -> None:
    """S4 3.2.7: пара предложена, образована, завершила работу."""
    assert folded(PAIRS, facts)["state"] == state


def test_a_pair_shows_who_and_when() -> None:
    document = folded(PAIRS, [PROPOSED, FORMED, CLOSED])

    assert (document["mentor_id"], document["mentee_id"]) == (str(MENTOR), str(MENTEE))
    assert document["person_id"] == document["mentee_id"]
    assert (document["employment_id"], document["pair_basis"]) == (str(JOB), "novice")
    assert document["outcome"] == "achieved"
    assert [document[f"{step}_on"] for step in ("proposed", "formed", "closed")] == [DAY] * 3


def test_a_form_of_support_shows_whose_and_when() -> None:
    """S0 V.4: кто и в какой форме поддержан, с какого и до какого дня."""
    running, over = folded(SUPPORTS, [BEGUN]), folded(SUPPORTS, [BEGUN, ENDED])

    assert (running["id"], running["person_id"]) == (str(SUPPORT_ID), str(PERSON))
    assert (running["state"], running["ended_on"]) == ("running", None)
    assert (over["form"], over["state"], over["ended_on"]) == ("mentoring_school", "ended", DAY)


@pytest.mark.parametrize(
    ("projection", "last"), [(METHODISTS, ATTACHED), (PAIRS, CLOSED), (SUPPORTS, ENDED)]
)
def test_without_a_beginning_there_is_no_document(
    projection: Projection[Any, Any], last: Any
) -> None:
    assert projection.evolve(None, last) is None


@pytest.mark.parametrize(
    "facts", [[*WAY, FAILED, ATTACHED, DETACHED], [FORMED, CLOSED], [BEGUN]]
)
def test_a_document_is_plain_json(facts: list[Any]) -> None:
    [projection] = [each for each in SERVICE.projections if type(facts[0]) in each.facts]
    document = folded(projection, facts)

    assert json.loads(json.dumps(document)) == document
