"""The oracle against the golden world: every number was counted by hand first."""

from random import Random

import pytest

from tests.golden.expected import EDGES, EXPECTED, Edge, Moment
from tests.golden.words import known_by
from tests.golden.world import RECORDS
from tests.oracle.fold import INDICATORS, oracle


def moment_id(moment: Moment) -> str:
    return f"{moment.as_of}@{moment.as_known:%Y-%m-%d}"


def test_every_moment_is_read_with_every_indicator() -> None:
    assert len(EXPECTED) == 6
    assert all(set(numbers) == set(INDICATORS) for numbers in EXPECTED.values())
    assert len(EDGES) > 100


@pytest.mark.parametrize("moment", EXPECTED, ids=moment_id)
@pytest.mark.parametrize("kpi", INDICATORS)
def test_the_oracle_counts_as_by_hand(kpi: str, moment: Moment) -> None:
    answer = oracle(RECORDS, moment.as_of, known_by(RECORDS, moment.as_known))[kpi]

    assert answer.totals == EXPECTED[moment][kpi].totals
    assert answer.counted == EXPECTED[moment][kpi].counted


def edge_id(edge: Edge) -> str:
    who = edge.subject[-2:]
    return f"{edge.kpi}-{who}-{edge.as_of}@{edge.as_known:%Y-%m-%d}"


@pytest.mark.parametrize("edge", EDGES, ids=edge_id)
def test_on_the_edge_of_a_day(edge: Edge) -> None:
    answer = oracle(RECORDS, edge.as_of, known_by(RECORDS, edge.as_known))[edge.kpi]
    units = {unit: part for (unit, who), part in answer.members.items() if who == edge.subject}

    assert units == (dict([edge.member]) if edge.member else {}), edge.why


def test_delivered_twice_and_out_of_order_it_is_the_same() -> None:
    shuffled = RECORDS * 2
    Random(1).shuffle(shuffled)  # noqa: S311 - an order, not a secret

    for moment in EXPECTED:
        vector = known_by(RECORDS, moment.as_known)
        assert oracle(shuffled, moment.as_of, vector) == oracle(RECORDS, moment.as_of, vector)


def test_an_empty_scope_is_undefined() -> None:
    moment = max(EXPECTED, key=lambda each: (each.as_of, each.as_known))
    answers = oracle(RECORDS, moment.as_of, known_by(RECORDS, moment.as_known))

    assert {answers[kpi].at("25/05730") for kpi in INDICATORS} == {(0, 0)}
