"""Tests of the tests: each mistake is seen by the golden world, and by the histories."""

from pathlib import Path

import pytest
from hypothesis import given, seed, settings

from tests.golden.expected import EDGES, EXPECTED
from tests.golden.words import known_by
from tests.golden.world import RECORDS
from tests.oracle.fold import oracle
from tests.oracle.histories import History, histories
from tests.oracle.mutants import MUTANTS, Mutant


def named(mutant: Mutant) -> str:
    return mutant.name


def shown_by_the_tables(mutant: Mutant) -> bool:
    records = mutant.sees(RECORDS)
    return any(
        (answer.totals, answer.counted) != (numbers.totals, numbers.counted)
        for moment, indicators in EXPECTED.items()
        for numbers in [indicators[mutant.shows_in]]
        for answer in [
            oracle(
                records,
                moment.as_of,
                known_by(RECORDS, moment.as_known),
                reading=mutant.reading,
            )[mutant.shows_in]
        ]
    )


def shown_by_the_edges(mutant: Mutant) -> bool:
    records = mutant.sees(RECORDS)
    for edge in EDGES:
        if edge.kpi == mutant.shows_in:
            vector = known_by(RECORDS, edge.as_known)
            answers = oracle(records, edge.as_of, vector, reading=mutant.reading)
            found = {
                unit: part
                for (unit, who), part in answers[edge.kpi].members.items()
                if who == edge.subject
            }
            if found != (dict([edge.member]) if edge.member else {}):
                return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS, ids=named)
def test_the_golden_world_shows_the_mistake(mutant: Mutant) -> None:
    assert shown_by_the_tables(mutant) or shown_by_the_edges(mutant)


def test_every_mistake_is_listed_with_its_number() -> None:
    listed = Path(__file__).with_name("mutants.md").read_text(encoding="utf-8")

    assert all(f"| {each.name} | {each.shows_in} |" in listed for each in MUTANTS)


def test_the_histories_show_the_mistakes() -> None:
    """In a few short runs, each with a seed of its own: one long run grows one-sided."""
    unseen = {each.name for each in MUTANTS}

    def compare(history: History) -> None:
        records = list(history.records)
        for question in history.questions if unseen else ():
            asked = question.as_of, question.vector
            right = oracle(records, *asked)
            for mutant in [each for each in MUTANTS if each.name in unseen]:
                if oracle(mutant.sees(records), *asked, reading=mutant.reading) != right:
                    unseen.discard(mutant.name)

    for number in range(30):
        if unseen:
            once = settings(max_examples=40, database=None)
            seed(number)(once(given(histories())(compare)))()

    assert not unseen, "; ".join(sorted(unseen))
