"""S1 2: a methodist and a tutor are pedagogical workers, so each is one while he works."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from shared.events.registry import OrganisationClosed
from shared.events.routes import TutorAppointed
from shared.runtime.answers import Answers
from shared.testing.facts import a
from tests.golden.story_people import determined, job, merged, organisation
from tests.golden.story_support import activated, attached
from tests.golden.story_training import routed
from tests.golden.words import Story, day, known_by, org, person, route
from tests.monitoring.telling import answered, heard
from tests.oracle.fold import oracle
from tests.oracle.said import Said

BEGUN = "01.02.2022"
YOUNG = range(1, 7)
A, B, C, D, E, F, G, H, K = range(21, 30)
"""Tutors. Methodists are D, whose other record E works, H, who left, and K, whose school
is closed."""


def led(story: Story) -> None:
    """Six young teachers have a route from 01.02.2022; what became of their tutors."""
    organisation(story, "A", "25", None)
    for n in YOUNG:
        job(story, n, "A", "01.09.2021")
        determined(story, n, "01.09.2021", day("01.09.2030"))
    job(story, A, "A", last_day="31.12.2022")
    job(story, C, "A", last_day="30.06.2022")
    job(story, C, "A", "01.03.2023", second=True)
    job(story, D, "A", last_day="30.06.2022")
    job(story, E, "A", position="OTHER")
    merged(story, D, into=E, on="01.05.2022")
    job(story, F, "A")
    job(story, G, "A", last_day="30.06.2022")
    job(story, H, "A", last_day="31.01.2022")
    for n, tutor in zip(YOUNG, (A, B, C, D, F, H), strict=True):
        routed(story, n, BEGUN, BEGUN, tutor=tutor, on_request=True)
    of_5 = {"route_id": route(5), "person_id": person(5), "tutor_id": person(G)}
    story.say(a(TutorAppointed, **of_5, occurred_on=day("01.06.2022")))
    activated(story, D, "A", "25", on="01.03.2022")
    activated(story, H, "A", "25", on="01.12.2021")
    organisation(story, "B", "25", None)
    story.say(a(OrganisationClosed, org_id=org("B"), occurred_on=day("01.06.2023")))
    job(story, K, "B")
    activated(story, K, "B", "25", on="01.05.2022")
    attached(story, D, "01.03.2022", 1, 2)
    attached(story, H, "01.01.2022", 3)


def told() -> list[Said]:
    story = Story()
    led(story)
    return story.logs()


RECORDS = told()
NOW = known_by(RECORDS, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Give the ledger that has heard of them."""
    answers = heard(tmp_path_factory.mktemp("working"), RECORDS)
    yield answers
    answers.ledger.close()


def counted(answers: Answers, kpi: str, on: str) -> set[int]:
    """Return who counts, in the ledger and in the second fold."""
    found = answered(answers, kpi, day(on), NOW)
    assert found.members == oracle(RECORDS, day(on), NOW)[kpi].members
    return {n for n in range(40) if str(person(n)) in found.counted}


@pytest.mark.parametrize(
    ("on", "supported"),
    [
        ("31.01.2022", set()),
        ("01.02.2022", {1, 2, 3, 4, 5}),  # of B nothing is known, H had left
        ("31.12.2022", {1, 2, 3, 4, 5}),
        ("01.03.2023", {1, 2, 3, 4}),  # G left last year; F was replaced, and works
        ("31.12.2023", {1, 2, 3, 4}),  # A left on 01.01.2023, in the year
        ("01.01.2024", {2, 3, 4}),  # C is back, D works under his other record
    ],
)
def test_a_tutor_leads_while_he_works(answers: Answers, on: str, supported: set[int]) -> None:
    """K-F4, S0 V.4: тьютор ведёт, пока работает; окончено в году — засчитано в году."""
    assert counted(answers, "K-F4", on) == supported


def test_who_is_away_for_a_while_leads_again(answers: Answers) -> None:
    """K-F4: тьютор вернулся и по-прежнему назначен."""
    assert 3 not in counted(answers, "K-F4", "28.02.2023")
    assert 3 in counted(answers, "K-F4", "01.03.2023")


@pytest.mark.parametrize(
    ("on", "ratio", "coverage"),
    [
        ("31.01.2022", 1, {3}),
        ("01.02.2022", 0, set()),  # H left
        ("30.04.2022", 1, {1, 2}),
        ("31.05.2023", 2, {1, 2}),
        ("01.06.2023", 1, {1, 2}),  # the school of K is closed (S0 I)
        ("31.12.2023", 1, {1, 2}),  # D left, and works as E, of no pedagogical position
    ],
)
def test_a_methodist_is_one_while_he_works(
    answers: Answers, on: str, ratio: int, coverage: set[int]
) -> None:
    """K-R5, K-R5x, S1 7.1: под любой записью, на любой работе."""
    counted(answers, "K-R5", on)
    counted(answers, "K-R5x.max", on)

    assert answers.value("K-R5", "25", day(on), NOW).den == ratio
    assert counted(answers, "K-R5x.coverage", on) == coverage
