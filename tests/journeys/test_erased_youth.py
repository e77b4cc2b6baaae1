"""S0 V.4, S1 5.5: an erased young teacher is young until the day on which she would be."""

from dataclasses import replace

import pytest

from services.registry import domain as reg
from shared.kernel.ids import EventId
from shared.runtime.amending import Correct
from shared.runtime.asking import Outcome
from shared.runtime.codec import decode
from tests.journeys import chapters as ch
from tests.journeys.amends import correct
from tests.journeys.methodists import is_one
from tests.journeys.telling import Telling, day

YEARS = ("31.12.2020", "31.12.2022", "31.12.2023")


def told(story: Telling, *, erased: bool) -> None:
    ch.places(story)
    ch.people(story)
    if erased:
        erase = reg.ErasePersonalData(
            person_id=ch.VERA, reason="отзыв", act_no="1", erased_on=day("01.02.2022")
        )
        story.tell("registry", erase)
    story.settle()


def began(story: Telling, on: str) -> Outcome:
    """Correct the first day of Vera's work, which was recorded as 01.09.2021."""
    history = story.world.stores["registry"].streams([ch.VERA])[ch.VERA]
    wrong = next(each for each in history if each.name.endswith("EmploymentStarted"))
    fact = replace(decode(wrong.name, wrong.schema, wrong.data), occurred_on=day(on))
    outcome = story.ask("registry", Correct(event_id=EventId(wrong.event_id), fact=fact))
    story.settle()
    return outcome


@pytest.mark.parametrize("erased", [False, True])
def test_earlier_work_ends_youth_earlier(story: Telling, *, erased: bool) -> None:
    """S0 V.4, AM14: первая работа раньше — и три года кончаются раньше, стёрты ли данные."""
    told(story, erased=erased)
    outcome = began(story, "01.09.2020")

    assert outcome.status == "accepted", outcome.reason
    assert [story.counted("K-F4", each) for each in YEARS] == [(0, 1), (0, 1), (0, 0)]


def test_what_nobody_can_know_is_refused(story: Telling) -> None:
    """S1 5.5: по более поздней работе конца молодости не узнать: исправление невозможно."""
    told(story, erased=True)
    before = story.counted("K-F4", YEARS[1])
    outcome = began(story, "01.10.2021")

    assert (outcome.status, outcome.clause) == ("refused", "S1 5.5")
    assert story.counted("K-F4", YEARS[1]) == before


def test_of_two_records_it_is_refused_too(story: Telling) -> None:
    """S1 5.5, S1 7.2: молодость сказана о человеке из двух записей: по одной её не узнать."""
    told(story, erased=False)
    is_one(story, ch.VERA, "09.07.1999", "01.10.2021")
    erase = reg.ErasePersonalData(
        person_id=ch.VERA, reason="отзыв", act_no="1", erased_on=day("01.02.2022")
    )
    story.tell("registry", erase)
    story.settle()
    before = [story.counted("K-F4", each) for each in YEARS]
    outcome = began(story, "01.09.2020")
    subject = correct(story, "registry", ch.VERA, "EmploymentStarted", subject_code="PHYS")

    assert (outcome.status, outcome.clause) == ("refused", "S1 5.5")
    assert subject.status == "accepted", "it says nothing of her youth"
    assert [story.counted("K-F4", each) for each in YEARS] == before
