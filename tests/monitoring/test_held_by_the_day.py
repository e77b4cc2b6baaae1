"""K-RR09 is of what has happened: a route counts from the day of its diagnosis on (S1 D2.3)."""

from datetime import UTC, datetime
from pathlib import Path

from tests.golden.story_people import job, organisation
from tests.golden.story_training import diagnosed, routed
from tests.golden.words import Story, day, known_by, person
from tests.monitoring.telling import answered, heard
from tests.oracle.fold import oracle


def test_a_route_on_a_diagnosis_to_come_does_not_count_yet(tmp_path: Path) -> None:
    """S1 D2.3: «на основе диагностики»: до её дня маршрут не считают."""
    story = Story()
    organisation(story, "A", "25", None)
    job(story, 1, "A", "01.09.2021")
    diagnosed(story, 1, "01.03.2022", "01.03.2022")
    routed(story, 1, "01.02.2022", "01.02.2022")
    records = story.logs()
    now = known_by(records, datetime(2026, 1, 1, tzinfo=UTC))
    answers = heard(tmp_path, records)
    for on, counted in (("28.02.2022", set[str]()), ("01.03.2022", {str(person(1))})):
        found = answered(answers, "K-RR09", day(on), now)

        assert found.counted == oracle(records, day(on), now)["K-RR09"].counted == counted
    answers.ledger.close()
