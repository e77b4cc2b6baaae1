"""S1 7.2: what was recorded of the wrong person is corrected, at any stage."""

from dataclasses import replace

import pytest

from services.diagnostics import domain as dia
from services.routes import domain as rou
from shared.kernel.ids import EventId
from shared.runtime.amending import Correct
from shared.runtime.codec import decode
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day

END = "31.12.2022"


@pytest.mark.parametrize("annulled", [False, True])
def test_a_diagnosis_goes_over_to_whom_it_was_of(story: Telling, *, annulled: bool) -> None:
    """S1 7.2: назначили не тому: исправление назначения исправляет и начало, и результат."""
    ch.places(story)
    ch.people(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "50.00")
    if annulled:
        void = dia.AnnulDiagnostic(
            session_id=ch.SESSION, reason="сбой", annulled_on=day("03.02.2022")
        )
        story.tell("diagnostics", void)
    told = story.world.stores["diagnostics"].streams([ch.SESSION])[ch.SESSION]
    wrong = next(each for each in told if each.name.endswith("DiagnosticAssigned"))
    fact = decode(wrong.name, wrong.schema, wrong.data)
    right = Correct(event_id=EventId(wrong.event_id), fact=replace(fact, person_id=ch.BORIS))
    outcome = story.ask("diagnostics", right)
    story.settle()
    stands = story.world.engines["diagnostics"].known().thing(ch.SESSION)
    corrected = [it.fact for it in stands.history if it.corrects]

    assert outcome.status == "accepted", outcome.reason
    assert {each.person_id for each in corrected if hasattr(each, "person_id")} == {ch.BORIS}
    assert story.counted("K-RR03", END) == ((0, 4) if annulled else (1, 4))


def test_a_study_goes_over_to_whose_it_was(story: Telling) -> None:
    """S1 7.2: зачислили не того: исправление исправляет и освоение, и аннулирование."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    void = rou.AnnulCompletion(
        enrolment_id=ch.ENROLMENT, reason="сбой", annulled_on=day("01.09.2022")
    )
    alone = ch.enrolled(session=None, item=None)
    story.tell("routes", alone, ch.completed(), void)
    told = story.world.stores["routes"].streams([ch.ENROLMENT])[ch.ENROLMENT]
    fact = decode(told[0].name, told[0].schema, told[0].data)
    right = Correct(event_id=EventId(told[0].event_id), fact=replace(fact, person_id=ch.BORIS))
    outcome = story.ask("routes", right)
    story.settle()
    stands = story.world.engines["routes"].known().thing(ch.ENROLMENT)
    corrected = [it.fact for it in stands.history if it.corrects]

    assert outcome.status == "accepted", outcome.reason
    assert [each.person_id for each in corrected] == [ch.BORIS] * 3
