"""Who never worked, as known, makes no bond count: S1 2, S4 3.2.7, S1 7.1 (page 0048)."""

from collections.abc import Iterator

import pytest

from shared.events.registry import FactWithdrawn
from shared.kernel.ids import EventId
from shared.runtime.answers import Answers
from tests.golden.story_people import determined, job, merged, organisation
from tests.golden.story_support import activated, attached, mentored
from tests.golden.words import Story, day, end_of, known_by, person
from tests.monitoring.telling import answered, heard
from tests.oracle.fold import oracle
from tests.oracle.said import Said

YOUNG = range(1, 6)
GONE, LATE, DOUBLE, NOBODY, METHODIST, IDLE = range(21, 27)
"""Mentors: of the first the work is withdrawn and entered anew, the second begins late,
the third works under his other record alone, the last is on no record of work. IDLE, as
GONE, is attached: his work is withdrawn and entered anew, too."""
TWIN, OLDER = 30, 31
"""Records that others were merged into: of the second only the other works."""


def bound(story: Story) -> None:
    """Five pairs since 05.09.2022, and one methodist with three people."""
    organisation(story, "A", "25", None)
    for n in (*YOUNG, METHODIST):
        job(story, n, "A", "01.09.2021")
        determined(story, n, "01.09.2021", day("01.09.2030") if n in YOUNG else None)
    gone = [job(story, n, "A", "01.09.2021") for n in (GONE, IDLE)]
    job(story, LATE, "A", "01.10.2022")
    job(story, TWIN, "A", "01.09.2021")
    merged(story, DOUBLE, into=TWIN, on="01.05.2022")
    job(story, 32, "A", "01.09.2021")
    merged(story, 32, into=OLDER, on="01.05.2022")
    for n, mentor in zip(YOUNG, (GONE, LATE, DOUBLE, NOBODY, OLDER), strict=True):
        mentored(story, n, by=mentor, since="05.09.2022")
    activated(story, METHODIST, "A", "25", on="01.06.2022")
    attached(story, METHODIST, "05.09.2022", IDLE, DOUBLE, NOBODY)
    for each in gone:
        withdrawn(story, each, on="01.03.2023")
    for n in (GONE, IDLE):
        job(story, n, "A", "01.09.2021", second=True, recorded="01.06.2023")


def withdrawn(story: Story, job: EventId, on: str) -> None:
    """The job of the wrong person is withdrawn on a day."""
    said = FactWithdrawn(
        withdraws=job, name="registry.EmploymentStarted", reason="", occurred_on=day(on)
    )
    story.say(said)


def told() -> list[Said]:
    story = Story()
    bound(story)
    return story.logs()


RECORDS = told()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Give the ledger that has heard of them."""
    answers = heard(tmp_path_factory.mktemp("never worked"), RECORDS)
    yield answers
    answers.ledger.close()


def counted(answers: Answers, kpi: str, on: str, known: str) -> set[int]:
    """Return who counts by what was known on a day, in the ledger and in the second fold."""
    vector = known_by(RECORDS, end_of(known))
    found = answered(answers, kpi, day(on), vector)
    assert found.members == oracle(RECORDS, day(on), vector)[kpi].members
    assert found.totals == oracle(RECORDS, day(on), vector)[kpi].totals
    return {n for n in range(40) if str(person(n)) in found.counted}


def most(answers: Answers, on: str, known: str) -> int:
    """Return how many the methodist has."""
    counted(answers, "K-R5x.max", on, known)
    return answers.value("K-R5x.max", "25", day(on), known_by(RECORDS, end_of(known))).num


@pytest.mark.parametrize(
    ("on", "known", "supported"),
    [
        ("30.09.2022", "28.02.2023", {1, 3, 5}),  # 2 has a mentor who does not work yet
        ("31.12.2022", "28.02.2023", {1, 2, 3, 5}),
        ("31.12.2022", "01.03.2023", {2, 3, 5}),  # the work of 1's mentor never was
        ("31.12.2022", "01.06.2023", {1, 2, 3, 5}),  # it is entered anew
    ],
)
def test_a_pair_counts_whose_mentor_works(
    answers: Answers, on: str, known: str, supported: set[int]
) -> None:
    """K-F4, S4 3.2.7: пара — двух педагогов: кто, как известно, не работал, не наставник."""
    assert counted(answers, "K-F4", on, known) == supported


@pytest.mark.parametrize(
    ("known", "many", "covered"),
    [
        ("28.02.2023", 2, {IDLE, TWIN}),
        ("01.03.2023", 1, {TWIN}),
        ("01.06.2023", 2, {IDLE, TWIN}),
    ],
)
def test_who_is_attached_counts_if_he_worked(
    answers: Answers, known: str, many: int, covered: set[int]
) -> None:
    """K-R5x, S1 7.1: закреплён педагогический работник; нет работы — нет и закреплённого."""
    assert most(answers, "31.12.2022", known) == many
    assert counted(answers, "K-R5x.coverage", "31.12.2022", known) == covered
