"""The ledger against the golden world: the numbers were counted by hand."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from shared.runtime.answers import Answers
from tests.golden.expected import EDGES, EXPECTED, Edge, Moment
from tests.golden.words import known_by
from tests.golden.world import RECORDS
from tests.monitoring.telling import answered, heard
from tests.oracle.fold import INDICATORS


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    answers = heard(tmp_path_factory.mktemp("golden"), RECORDS)
    yield answers
    answers.ledger.close()


@pytest.mark.parametrize("moment", EXPECTED, ids=lambda m: f"{m.as_of}@{m.as_known:%F}")
@pytest.mark.parametrize("kpi", INDICATORS)
def test_the_ledger_counts_as_by_hand(kpi: str, moment: Moment, golden: Answers) -> None:
    answer = answered(golden, kpi, moment.as_of, known_by(RECORDS, moment.as_known))

    assert answer.totals == EXPECTED[moment][kpi].totals
    assert answer.counted == EXPECTED[moment][kpi].counted


@pytest.mark.parametrize(
    "edge", EDGES, ids=lambda e: f"{e.kpi}-{e.subject[-2:]}-{e.as_of}@{e.as_known:%F}"
)
def test_on_the_edge_of_a_day(edge: Edge, golden: Answers) -> None:
    answer = answered(golden, edge.kpi, edge.as_of, known_by(RECORDS, edge.as_known))
    units = {unit: part for (unit, who), part in answer.members.items() if who == edge.subject}

    assert units == (dict([edge.member]) if edge.member else {}), edge.why


def test_delivered_twice_and_interleaved_it_is_the_same(
    golden: Answers, tmp_path: Path
) -> None:
    """AP: журнал — функция сказанного, а не порядка доставки (contracts §5)."""
    by_source: dict[str, list[int]] = {}
    for n, each in enumerate(RECORDS):
        by_source.setdefault(each.source, []).append(n)
    dice, order = Random(3), list[int]()  # noqa: S311 - an order, not a secret
    while any(by_source.values()):
        source = dice.choice([name for name, left in by_source.items() if left])
        order.append(by_source[source].pop(0))
    other = heard(tmp_path, [RECORDS[n] for n in order])
    other.ledger.ingest([])

    assert other.ledger.digest() == golden.ledger.digest()
    other.ledger.close()
