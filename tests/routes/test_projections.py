"""S1 2, S1 D2.3, S0 V.1: документы маршрута и зачисления."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from services.routes.app import SERVICE
from services.routes.projections import ENROLMENTS, ROUTES
from shared.kernel import Projection
from tests.routes.words import (
    ACCOMPANIED,
    ANNULLED,
    APPOINTED,
    ASSIGNED,
    CANCELLED,
    COURSE,
    ENROLLED,
    ENROLMENT_ID,
    EVENT,
    FINISHED,
    OTHER_TUTOR,
    PERSON,
    PROGRAM,
    ROUTE_ID,
    SESSION,
    TUTOR,
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
        (WAY[:1], "draft"),
        (WAY[:2], "agreed"),
        (WAY[:3], "assigned"),
        (WAY[:4], "in_work"),
        (WAY[:6], "in_work"),
        (WAY, "completed"),
        ((*WAY[:2], CANCELLED), "cancelled"),
    ],
)
def test_a_route_shows_where_it_is(facts: tuple[Any, ...], state: str) -> None:
    assert folded(ROUTES, facts)["state"] == state


def test_a_route_shows_what_it_stands_on_and_when() -> None:
    document = folded(ROUTES, WAY)

    assert (document["id"], document["person_id"]) == (str(ROUTE_ID), str(PERSON))
    assert (document["session_id"], document["total_hours"]) == (str(SESSION), 38)
    assert [document[f"{step}_on"] for step in ("drafted", "completed")] == [DAY, DAY]


def test_a_route_on_request_stands_on_no_session() -> None:
    [drafted, *_] = WAY
    document = folded(ROUTES, [replace(drafted, session_id=None, deficit_ids=())])

    assert (document["session_id"], document["deficit_ids"]) == (None, [])


def test_a_route_shows_what_is_done_and_by_what() -> None:
    items = folded(ROUTES, WAY[:6])["items"]

    assert [
        (each["item_id"], each["completed_on"], each["enrolment_id"]) for each in items
    ] == [
        (str(COURSE.item_id), DAY, str(ENROLMENT_ID)),
        (str(EVENT.item_id), DAY, None),
    ]


def test_what_is_agreed_may_change_when_it_is_assigned() -> None:
    fewer = replace(ASSIGNED, items=(COURSE,), tutor_id=None)
    document = folded(ROUTES, [*WAY[:2], fewer])

    assert (len(document["items"]), document["tutor_id"]) == (1, None)


def test_a_route_shows_its_tutor_and_accompaniment() -> None:
    document = folded(ROUTES, [*WAY[:4], ACCOMPANIED, APPOINTED])

    assert document["tutor_id"] == str(OTHER_TUTOR)
    assert document["accompanied"] == [{"tutor_id": str(TUTOR), "form": "беседа", "on": DAY}]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((ENROLLED,), "studying"),
        ((ENROLLED, FINISHED), "completed"),
        ((ENROLLED, FINISHED, ANNULLED), "annulled"),
    ],
)
def test_an_enrolment_shows_where_it_is(facts: tuple[Any, ...], state: str) -> None:
    document = folded(ENROLMENTS, facts)

    assert (document["state"], document["program_id"]) == (state, str(PROGRAM))
    assert (document["registers"], document["route_id"]) == (["FED"], str(ROUTE_ID))


def test_an_enrolment_may_have_no_route() -> None:
    document = folded(ENROLMENTS, [replace(ENROLLED, route_id=None, route_item_id=None)])

    assert (document["route_id"], document["route_item_id"]) == (None, None)


def test_no_document_holds_a_number_of_a_document() -> None:
    """S1 5.5: номер документа — персональные данные; в документах его нет."""
    finished = replace(FINISHED, doc_no="ПК-117")

    assert "117" not in json.dumps(folded(ENROLMENTS, [ENROLLED, finished]))


@pytest.mark.parametrize("projection", SERVICE.projections)
def test_of_nothing_there_is_no_document(
    projection: Projection[dict[str, Any], Any],
) -> None:
    facts = [FINISHED] if projection is ENROLMENTS else [CANCELLED, ACCOMPANIED]

    assert reduce(projection.evolve, facts, None) is None


@pytest.mark.parametrize("facts", [WAY, (*WAY[:4], ACCOMPANIED, CANCELLED)])
def test_documents_are_plain(facts: tuple[Any, ...]) -> None:
    document = folded(ROUTES, facts)

    assert json.loads(json.dumps(document)) == document
