"""Point 6: what was known stays to the byte; what is known now differs by the right people."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import msgspec
import pytest

from services.registry import domain as reg
from shared.events.registry import EmploymentStarted
from shared.kernel.ids import (
    EnrolmentId,
    EventId,
    Oktmo,
    OrgId,
    PersonId,
    RouteItemId,
    SessionId,
)
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.answers import Change
from shared.runtime.codec import Basis
from tests.journeys import chapters as ch
from tests.journeys.amends import correct
from tests.journeys.telling import Telling, day, noon, refused

BEFORE = noon("01.06.2022")
ACT = Basis(act="Приказ школы", number="17", date=day("01.07.2022"), clause="1")


def everything(story: Telling, on: str, known: datetime) -> bytes:
    """Return every indicator with levels and members, as bytes."""
    answers = story.world.answers
    vector, _ = answers.vector(known)
    said = [
        (
            asdict(answers.value(kpi, "", day(on), vector)),
            answers.levels(kpi, day(on), vector),
            [asdict(each) for each in answers.members(kpi, "", day(on), vector)],
        )
        for kpi in answers.definitions
    ]
    return msgspec.json.encode(said, enc_hook=str)


def changed(story: Telling, kpi: str, on: str) -> list[Change]:
    """Return what differs between BEFORE and now."""
    answers = story.world.answers
    before, after = answers.vector(BEFORE)[0], answers.vector(None)[0]
    return answers.diff(kpi, "25", day(on), before, after)


def facts_of(change: Change) -> list[tuple[Any, ...]]:
    """Return what is said of the facts of a change: name, what, who."""
    return [(each["fact"], each["what"], each["actor"]) for each in change.facts]


def start_of(story: Telling, started: str) -> Correct:
    """Correct the day on which Boris began to work."""
    records = story.world.stores["registry"].streams([ch.BORIS])[ch.BORIS]
    wrong = next(each for each in records if each.name.endswith("EmploymentStarted"))
    fact = EmploymentStarted(
        employment_id=ch.job_of(ch.BORIS),
        person_id=ch.BORIS,
        org_id=ch.SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=True,
        occurred_on=day(started),
    )
    return Correct(event_id=EventId(wrong.event_id), fact=fact)


def test_a_corrected_start_moves_one_person(told: Telling) -> None:
    """§1.6: дата приёма исправлена: старое знание — до байта, новое — иначе (S1 7.2)."""
    known = everything(told, "31.05.2022", BEFORE)
    outcome = told.ask(
        "registry",
        start_of(told, "01.09.2022"),
        recorded="02.09.2022",
        actor="official-17",
        basis=ACT,
    )
    told.settle()
    [change] = changed(told, "K-F1", "31.05.2022")

    assert outcome.status == "accepted"
    assert everything(told, "31.05.2022", BEFORE) == known
    assert told.counted("K-F1", "31.05.2022", known=BEFORE) == (1, 4)
    assert told.counted("K-F1", "31.05.2022") == (1, 3)
    assert told.counted("K-F1", "01.09.2022") == (1, 4)
    assert (change.subject, change.after) == (str(ch.BORIS), None)
    assert ("registry.EmploymentStarted", "corrects", "official-17") in facts_of(change)


def test_the_difference_names_act_and_author(told: Telling) -> None:
    """§1.6: различие объяснено фактами: кто сказал и по какому акту (S1 7.2)."""
    told.ask(
        "registry",
        start_of(told, "01.09.2022"),
        recorded="02.09.2022",
        actor="official-17",
        basis=ACT,
    )
    told.settle()
    [change] = changed(told, "K-F1", "31.05.2022")
    old = next(each for each in change.facts if each["what"] == "replaced")
    new = next(each for each in change.facts if each["what"] == "corrects")

    assert "Приказ школы" in str(new["basis"])
    assert old["by"]["actor"] == "official-17"
    assert old["by"]["event_id"] == new["event_id"]
    assert "Приказ школы" in str(old["by"]["basis"])


def test_an_impossible_correction_is_refused(told: Telling) -> None:
    """§1.6: исправление, с которым история невозможна, отклонено (S1 7.2)."""
    end = reg.EndEmployment(
        employment_id=ch.job_of(ch.BORIS), person_id=ch.BORIS, ended_on=day("30.06.2022")
    )
    told.tell("registry", end)

    refused(told.ask("registry", start_of(told, "01.09.2022")), "S0 I", "раньше, чем началась")


def test_a_withdrawn_fact_never_was(told: Telling) -> None:
    """§1.6: запись отозвана: её не было ни на какую дату, а знание прежнее (S1 7.2)."""
    known = everything(told, "31.05.2022", BEFORE)
    [completed] = told.of("routes", "ProgramCompleted")
    withdraw = Withdraw(
        event_id=EventId(completed), reason="чужой документ", withdrawn_on=day("05.07.2022")
    )
    outcome = told.ask("routes", withdraw, actor="official-18")
    told.settle()
    [change] = changed(told, "K-F1", "31.05.2022")
    gone = next(e for e in change.facts if e["fact"] == "routes.ProgramCompleted")

    assert outcome.status == "accepted"
    assert everything(told, "31.05.2022", BEFORE) == known
    assert told.counted("K-F1", "31.05.2022") == (0, 4)
    assert change.subject == str(ch.ANNA)
    assert (gone["what"], gone["by"]["fact"]) == ("replaced", "routes.FactWithdrawn")
    assert gone["by"]["actor"] == "official-18"


def test_a_late_completion_counts_from_its_own_day(told: Telling) -> None:
    """§1.6: освоение сообщено поздно: считается со своего дня, знание прежнее (S1 7.2)."""
    session, item = SessionId(ch.uid("session of boris")), RouteItemId(ch.uid("item 2"))
    enrolment = EnrolmentId(ch.uid("enrolment of boris"))
    ch.diagnosed(told, ch.BORIS, session, "02.02.2022", "40.00")
    ch.assigned(told, session, item)
    told.tell("routes", ch.enrolled(ch.BORIS, enrolment, session, item))
    told.settle()
    middle = told.clock.moment
    known = everything(told, "31.05.2022", middle)
    late = ch.completed(enrolment, "25.05.2022")
    told.ask("routes", late, recorded="10.07.2022", actor="official-19")
    told.settle()
    answers = told.world.answers
    [change] = answers.diff(
        "K-F1", "25", day("31.05.2022"), answers.vector(middle)[0], answers.vector(None)[0]
    )

    assert everything(told, "31.05.2022", middle) == known
    assert told.counted("K-F1", "24.05.2022") == (1, 4)
    assert told.counted("K-F1", "25.05.2022") == (2, 4)
    assert change.subject == str(ch.BORIS)
    assert ("routes.ProgramCompleted", "said", "official-19") in facts_of(change)


def test_of_who_moved_away_nothing_is_told_but_that(told: Telling) -> None:
    """ADR 0019: прежний субъект РФ узнаёт, что ушла, но не то, что с ней стало (S0 V)."""
    left = reg.EndEmployment(
        employment_id=ch.job_of(ch.ANNA), person_id=ch.ANNA, ended_on=day("30.06.2022")
    )
    there = replace(
        ch.employed(ch.ANNA, ch.CAPITAL_SCHOOL, "01.07.2022"),
        employment_id=ch.uid("job of anna in the capital"),
    )
    told.tell("registry", left, there)
    told.settle()
    ch.diagnosed(told, ch.ANNA, SessionId(ch.uid("there")), "01.09.2022", "50.00")
    changes = changed(told, "K-RR03", "31.12.2022")
    [change] = [each for each in changes if each.subject == str(ch.ANNA)]

    assert change.after is None
    assert {name for name, _, _ in facts_of(change)} == {
        "registry.EmploymentEnded",
        "registry.EmploymentStarted",
    }


@pytest.mark.parametrize("moment", ["01.12.2021", "01.03.2022", "01.06.2022"])
def test_no_past_knowledge_changes(told: Telling, moment: str) -> None:
    """§1.6: что было известно, то и осталось, на каждый момент (S1 7.2)."""
    known = everything(told, "31.12.2022", noon(moment))
    told.ask("registry", start_of(told, "01.09.2022"), recorded="02.09.2022")
    [completed] = told.of("routes", "ProgramCompleted")
    told.ask(
        "routes",
        Withdraw(event_id=EventId(completed), reason="ошибка", withdrawn_on=day("05.07.2022")),
    )
    told.settle()

    assert everything(told, "31.12.2022", noon(moment)) == known


def test_a_key_that_no_record_names_any_more_is_free(told: Telling) -> None:
    """S1 5.5: дважды исправленный СНИЛС не держит прежних, кого бы исправление ни назвало."""
    (said, *_) = told.world.engines["registry"].known().thing(ch.ANNA).history
    for number in ("213-333-332 08", "214-444-443 36"):
        told.ask(
            "registry",
            Correct(event_id=said.event_id, fact=replace(said.fact, snils=number)),
        )
    newcomer = ch.registered(PersonId(ch.uid("newcomer")), "213-333-332 08", "01.01.1990")

    assert told.ask("registry", newcomer).status == "accepted"


def test_a_correction_that_is_told_at_two_places_is_one(told: Telling) -> None:
    """§1.6, ADR 0019: исправление повторено там, где факт слышали: исправление одно."""
    other = OrgId(ch.uid("other school"))
    nakhodka = Oktmo("05702000")
    there = reg.AddMunicipality(
        oktmo=nakhodka, region=ch.PRIMORYE, name="Находка", added_on=day("06.08.2020")
    )
    told.tell("registry", there, ch.organisation(other, "school", ch.PRIMORYE, nakhodka))
    before, _ = told.world.answers.vector(None)
    assert (
        correct(told, "registry", ch.ANNA, "EmploymentStarted", org_id=other).status
        == "accepted"
    )
    after, _ = told.world.answers.vector(None)
    at = f"25/{nakhodka}"
    [change] = told.world.answers.diff("K-RR03", at, day("31.12.2022"), before, after)

    assert told.names("registry")[-2:] == ["EmploymentStarted"] * 2
    said = [(each["what"], each["by"] is None) for each in change.facts]
    assert [each for each in said if each[0] == "corrects"] == [("corrects", True)]


def test_a_closed_school_has_no_staff_in_the_numbers(told: Telling) -> None:
    """S0 I: педагог работает там, где учат; в закрытой школе не учат никого."""
    close = reg.CloseOrganisation(
        org_id=ch.SCHOOL, reason="ликвидация", closed_on=day("01.07.2022")
    )
    told.ask("registry", close, actor="region-25")
    told.settle()
    [who] = [
        each for each in changed(told, "K-R5", "01.07.2022") if each.subject == str(ch.ANNA)
    ]

    assert told.counted("K-R5", "30.06.2022")[0] == 4
    assert told.counted("K-R5", "01.07.2022")[0] == 0
    assert facts_of(who) == [("registry.OrganisationClosed", "said", "region-25")]
