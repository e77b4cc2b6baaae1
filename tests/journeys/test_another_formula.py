"""ADR 0016: a formula whose text is another is told, and how its hash is corrected."""

from shared.kernel.ids import named
from tests.journeys import chapters as ch
from tests.journeys.amends import correct
from tests.journeys.telling import Telling

KPI = "K-F1"


def adopted(story: Telling, sha256: str) -> str:
    """Say that its first version is of this text; return what the answer says of it."""
    stream = named("kpi", KPI)
    said = correct(story, "monitoring", stream, "KpiDefinitionVersioned", formula_sha256=sha256)
    assert said.status == "accepted"
    return story.value(KPI, "31.12.2024").formula


def test_the_hash_of_a_text_that_means_the_same_is_corrected(story: Telling) -> None:
    """docs/operator.md: the version stays, and the answer says that it is the adopted one."""
    ch.places(story)
    story.settle()
    before = story.value(KPI, "31.12.2024").formula
    now = story.world.answers.definitions[KPI].sha256

    assert (before, adopted(story, "a" * 64), adopted(story, now)) == (
        "adopted",
        "other",
        "adopted",
    )
