"""Point 4: a pair is of pedagogues, and a pedagogue is attached (S4 3.2.7, S1 7.1)."""

from dataclasses import replace

import pytest

from services.mentoring import domain as men
from shared.events.registry import PositionClass
from shared.kernel.ids import EmploymentId, PersonId
from shared.runtime.asking import Outcome
from tests.journeys import chapters as ch
from tests.journeys.methodists import TWIN, active, attach, form
from tests.journeys.telling import Telling, refused

DAY = "05.09.2022"


def at_work(story: Telling, position: PositionClass) -> PersonId:
    """Have somebody work at the school in a position since before."""
    active(story)
    job = ch.employed(TWIN, ch.SCHOOL, "01.09.2021", position)
    story.tell("registry", ch.registered(TWIN, "213-333-332 08", "01.02.1980"), job)
    story.settle()
    return TWIN


def asked(story: Telling, role: str) -> Outcome:
    """Ask for somebody to be the mentor or the mentee of a pair, or attached."""
    pair = form(DAY)
    commands: dict[str, men.FormPair | men.AttachTeacher] = {
        "mentor": replace(pair, mentor_id=TWIN),
        "mentee": replace(pair, pair_id=men.pair_of(ch.job_of(TWIN)), mentee_id=TWIN),
        "attached": attach(TWIN, DAY),
    }
    return story.ask("mentoring", commands[role])


@pytest.mark.parametrize(
    ("role", "position"),
    [
        ("mentor", "OTHER"),
        ("mentor", "UNIT_HEAD"),
        ("mentee", "OTHER"),
        ("mentee", "HEAD"),
        ("mentee", "DEPUTY"),
        ("attached", "OTHER"),
        ("attached", "DEPUTY"),
    ],
)
def test_who_is_no_pedagogue_is_not_one_of_them(
    story: Telling, role: str, position: PositionClass
) -> None:
    """S4 3.2.7, S1 7.1: сторож не пара педагогу, и за методистом его не закрепляют."""
    at_work(story, position)
    answer = asked(story, role)

    refused(answer, "S1 7.1" if role == "attached" else "S4 3.2.7", "работает не")
    assert story.counted("K-F4", "31.12.2022") == (0, 1)
    assert story.counted("K-R5x.max", "31.12.2022") == (0, 1)


@pytest.mark.parametrize(
    ("role", "position"),
    [
        ("mentor", "PED"),
        ("mentor", "HEAD"),
        ("mentor", "DEPUTY"),
        ("mentee", "PED"),
        ("attached", "PED"),
    ],
)
def test_pedagogues_are_and_who_leads_the_school_may_mentor(
    story: Telling, role: str, position: PositionClass
) -> None:
    """S4 3.2.7, ADR 0045: наставник — педагог, директор или его заместитель."""
    at_work(story, position)

    assert asked(story, role).status == "accepted"


@pytest.mark.parametrize("role", ["mentor", "mentee", "attached"])
def test_a_second_job_as_a_pedagogue_is_enough(story: Telling, role: str) -> None:
    """AM33: не по основной работе, но педагог."""
    at_work(story, "OTHER")
    second = replace(ch.employed(TWIN, ch.SCHOOL, "01.09.2021"), is_main=False)
    job = EmploymentId(ch.uid("second job of the twin"))
    story.tell("registry", replace(second, employment_id=job))
    story.settle()

    assert asked(story, role).status == "accepted"
