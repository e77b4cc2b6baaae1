"""RU11, S0 III.1: nobody of the author's organisation reviews its programme."""

import pytest

from services.registry import domain as reg
from shared.kernel.ids import OrgId
from tests.journeys import chapters as ch
from tests.journeys.methodists import leaves
from tests.journeys.telling import Telling, day

TAUGHT = "01.09.2010"


@pytest.mark.parametrize(
    ("org_id", "left", "status"),
    [
        (ch.INSTITUTE, None, "refused"),
        (ch.INSTITUTE, "15.09.2021", "refused"),
        (ch.INSTITUTE, "14.09.2021", "accepted"),
        (ch.SCHOOL, None, "accepted"),
    ],
)
def test_an_expert_is_asked_where_he_works(
    story: Telling, org_id: OrgId, left: str | None, status: str
) -> None:
    """RU11: эксперт, который по реестру работает у автора, не эксперт, от кого бы ни назван.

    На день, когда назначена группа: последний рабочий день — ещё работа.
    """
    ch.places(story)
    hired = ch.employed(ch.EXPERT, org_id, TAUGHT)
    story.tell("registry", ch.registered(ch.EXPERT, "205-555-555 57", "09.07.1979"), hired)
    if left:
        story.tell("registry", leaves(ch.EXPERT, left))
    submitted = reg.SubmitProgram(
        program_id=ch.PROGRAM,
        program_version=1,
        register="FED",
        submitted_on=day("10.09.2021"),
    )
    story.tell("registry", ch.drafted(ch.PROGRAM, "01.09.2021"), submitted)
    outcome = story.ask("registry", ch.group(ch.PROGRAM, "15.09.2021"))

    assert (outcome.status, outcome.clause) == (
        status,
        "S0 III.1" if status == "refused" else None,
    )
