"""Point 4: a bond is of two people, also when two records turn out to be one (S1 7.2)."""

from dataclasses import replace

import pytest

from services.registry import domain as reg
from shared.kernel.ids import PersonId
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, withdraw
from tests.journeys.methodists import PAIR, TWIN, active, attach, form, leaves, snils
from tests.journeys.telling import Telling, day
from tests.journeys.test_4_never_left import ends, stand

THIRD = PersonId(ch.uid("third record"))


def twin(story: Telling, of: PersonId, born: str) -> None:
    """Somebody of the school, who will turn out to be one of those who are there."""
    active(story)
    job = ch.employed(TWIN, ch.SCHOOL, "01.09.2021")
    story.tell("registry", ch.registered(TWIN, "213-333-332 08", born), job)
    story.settle()
    pair = replace(form("05.09.2022"), mentor_id=TWIN)
    story.tell("mentoring", pair if of == ch.VERA else attach(TWIN, "05.09.2022"))


def merge(story: Telling, into: PersonId, whom: PersonId, on: str = "01.10.2022") -> None:
    merged = reg.MergePersons(survivor_id=into, merged_id=whom, merged_on=day(on))
    assert story.ask("registry", merged).status == "accepted"
    story.settle()


def test_a_pair_of_one_human_is_over(story: Telling) -> None:
    """S4 3.2.7: «пара педагогов» — двое: записи слили, и с этого дня пары нет."""
    twin(story, ch.VERA, "09.07.1999")
    merge(story, ch.VERA, TWIN)

    assert ends(story) == ["01.10.2022"]
    assert story.counted("K-F4", "31.12.2023") == (0, 1)


@pytest.mark.parametrize("into", [ch.GLEB, TWIN], ids=["methodist", "teacher"])
def test_a_methodist_is_not_attached_to_himself(story: Telling, into: PersonId) -> None:
    """S1 7.1: методист и педагог — один человек: закреплять его не за кем."""
    twin(story, ch.GLEB, "25.01.1979")
    merge(story, into, TWIN if into == ch.GLEB else ch.GLEB)
    [gone] = stand(story, "TeacherDetached")

    assert ends(story) == ["01.10.2022"]
    assert "один человек" in gone.reason
    assert story.counted("K-R5x.max", "31.12.2022") == (0, 1)
    assert story.counted("K-R5x.coverage", "31.12.2022")[0] == 0


def test_two_humans_again_are_bound_as_they_were(story: Telling) -> None:
    """contracts §1: слияния не было — пара та же."""
    twin(story, ch.VERA, "09.07.1999")
    merge(story, ch.VERA, TWIN)
    withdraw(story, "registry", TWIN, "PersonsMerged")

    assert ends(story) == []
    assert story.counted("K-F4", "31.12.2023") == (1, 2)


def test_from_the_day_on_which_they_became_one(story: Telling) -> None:
    """contracts §1, S1 7.2: слили через третью запись: день — последнего из слияний."""
    twin(story, ch.VERA, "09.07.1999")
    story.tell("registry", ch.registered(THIRD, snils(1), "09.07.1999"))
    merge(story, THIRD, TWIN, "01.10.2022")
    merge(story, THIRD, ch.VERA, "15.10.2022")

    assert ends(story) == ["15.10.2022"]


def test_the_day_of_the_merger_is_corrected_and_so_is_the_end(story: Telling) -> None:
    """contracts §1: слили в другой день — с него пары и нет, и не раньше её начала."""
    twin(story, ch.VERA, "09.07.1999")
    merge(story, ch.VERA, TWIN)
    days = ("20.11.2022", "01.09.2022")
    found = [(correct_merger(story, each), ends(story)) for each in days]

    assert found == [("accepted", ["20.11.2022"]), ("accepted", ["05.09.2022"])]


def correct_merger(story: Telling, on: str) -> str:
    return correct(story, "registry", TWIN, "PersonsMerged", occurred_on=day(on)).status


def test_who_left_before_that_has_left_then(story: Telling) -> None:
    """P4: об окончании работы услышали позже: методист и педагог расстались раньше."""
    twin(story, ch.GLEB, "25.01.1979")
    merge(story, ch.GLEB, TWIN, "01.12.2022")
    for who in (TWIN, ch.GLEB):
        story.tell("registry", leaves(who, "31.10.2022"))
        story.settle()
    [gone] = stand(story, "TeacherDetached")

    assert (ends(story), gone.reason) == (["01.11.2022"], "Работа окончена")
    assert story.world.engines["mentoring"].known().thing(PAIR).version == 1
