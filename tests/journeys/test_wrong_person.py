"""S1 7.2: what was recorded of the wrong person is corrected, at any stage."""

from dataclasses import replace
from typing import Any

import pytest

from services.diagnostics import domain as dia
from services.routes import domain as rou
from shared.kernel import as_corrected
from shared.kernel.ids import EventId, RouteId
from shared.runtime.amending import Correct
from shared.runtime.codec import decode
from tests.journeys import chapters as ch
from tests.journeys.amends import correct
from tests.journeys.methodists import (
    METHODIST,
    TWIN,
    active,
    attach,
    candidate,
    detach,
    is_one,
)
from tests.journeys.telling import Telling, day, noon, refused

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


# ── A route ─────────────────────────────────────────────────────────────────

ON_REQUEST = RouteId(ch.uid("route on request"))
TALK = replace(ch.program_item(ch.ITEM), kind="event")


def walked(story: Telling, *ends: object) -> None:
    """A route on request, of one talk, with a tutor, recorded of Anna, and how it ended."""
    ch.places(story)
    ch.people(story)
    route: dict[str, Any] = {"route_id": ON_REQUEST}
    on = day("10.02.2022")
    draft = rou.DraftRoute(
        **route,
        person_id=ch.ANNA,
        session_id=None,
        deficit_ids=(),
        on_request=True,
        drafted_on=on,
    )
    story.tell(
        "routes",
        draft,
        rou.AgreeRoute(**route, items=(TALK,), agreed_on=on),
        rou.AssignRoute(**route, tutor_id=None, assigned_on=on),
        rou.AppointTutor(**route, tutor_id=ch.GLEB, appointed_on=on),
        rou.RecordAccompaniment(**route, tutor_id=ch.GLEB, form="беседа", recorded_on=on),
        rou.StartRoute(**route, started_on=on),
        *ends,
    )


DONE = rou.CompleteItem(
    route_id=ON_REQUEST, item_id=ch.ITEM, enrolment_id=None, completed_on=day("20.03.2022")
)
STOPPED = rou.CancelRoute(route_id=ON_REQUEST, reason="переезд", cancelled_on=day("20.03.2022"))


@pytest.mark.parametrize("end", [DONE, STOPPED], ids=["completed", "cancelled"])
def test_a_route_goes_over_to_whose_it_was(story: Telling, end: object) -> None:
    """S1 7.2: маршрут записали не тому: исправляют и все его шаги, каждый один раз."""
    walked(story, end)
    before = len(story.names("routes"))
    outcome = correct(story, "routes", ON_REQUEST, "RouteDrafted", person_id=ch.BORIS)
    history = story.world.engines["routes"].known().thing(ON_REQUEST).history

    assert outcome.status == "accepted", outcome.reason
    assert {each.person_id for each in as_corrected(history)} == {ch.BORIS}
    assert len(story.names("routes")) == 2 * before


def test_nor_may_he_be_his_own_tutor(story: Telling) -> None:
    """S1 3.2: маршрут — того, кто назначен ему тьютором: так не исправить."""
    walked(story, DONE)
    outcome = correct(story, "routes", ON_REQUEST, "RouteDrafted", person_id=ch.GLEB)

    refused(outcome, "S1 3.2", "не тьютор самому себе")


# ── A candidate ─────────────────────────────────────────────────────────────


def test_a_candidate_in_the_pool_is_somebody_else(story: Telling) -> None:
    """S1 7.2: выдвинули не того: исправление выдвижения исправляет и включение в актив."""
    candidate(story)
    outcome = correct(story, "mentoring", METHODIST, "MethodistNominated", person_id=ch.BORIS)
    history = story.world.engines["mentoring"].known().thing(METHODIST).history

    assert outcome.status == "accepted", outcome.reason
    assert [each.person_id for each in as_corrected(history)] == [ch.BORIS] * 2


@pytest.mark.parametrize("works", [True, False])
def test_a_methodist_goes_over_to_his_other_record(story: Telling, *, works: bool) -> None:
    """S1 7.2: человек тот же, запись другая: всё, что о методисте сказано, — о ней.

    Also of a teacher who could not be attached by what is known by now.
    """
    active(story)
    story.tell("mentoring", attach(ch.VERA, "05.09.2022"), detach(ch.VERA, "05.10.2022"))
    if not works:
        later = {"occurred_on": day("01.10.2022")}
        story.clock.moment = noon("05.10.2022")
        correct(story, "registry", ch.VERA, "EmploymentStarted", **later)
    is_one(story, ch.GLEB, "25.01.1979", "01.11.2022")
    outcome = correct(story, "mentoring", METHODIST, "MethodistNominated", person_id=TWIN)
    history = story.world.engines["mentoring"].known().thing(METHODIST).history
    *way, attached, detached = as_corrected(history)

    assert outcome.status == "accepted", outcome.reason
    assert {each.person_id for each in way} == {TWIN}
    assert attached.methodist_person_id == detached.methodist_person_id == TWIN
    assert attached.person_id == detached.person_id == ch.VERA


def test_what_he_learned_is_not_another_humans(story: Telling) -> None:
    """S1 2: диагностика — того, кто её прошёл: методистом другого так не сделать."""
    active(story)
    outcome = correct(story, "mentoring", METHODIST, "MethodistNominated", person_id=ch.BORIS)

    refused(outcome, "S1 2", "диагностики кандидата нет")
