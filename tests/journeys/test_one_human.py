"""S1 7.2, AM14: записи об одном человеке слиты, и молод он от первой работы их всех."""

from dataclasses import replace
from typing import Any

import pytest

from services.mentoring.policies import PEOPLE
from services.registry import domain as reg
from shared.events.registry import EmploymentEnded, EmploymentStarted, PersonsMerged
from shared.kernel import Correct, Withdraw, catalogue
from shared.kernel.ids import EventId, PersonId
from shared.runtime.codec import decode, decode_meta
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day
from tests.oracle.said import Said
from tests.oracle.world import World

SAME, AGAIN = PersonId(ch.uid("anna again")), PersonId(ch.uid("anna once more"))
BEFORE, AFTER = "30.09.2021", "31.12.2022"
UNTIL = {"2016": day("01.09.2019"), "2020": day("01.08.2023"), "2021": day("01.09.2024")}
"""Until when she is young who began then."""


@pytest.fixture
def two(story: Telling) -> Telling:
    """One human of two records: the main one worked since 2021, the other 2016 to 2020."""
    ch.places(story)
    born = "14.03.1995"
    story.tell(
        "registry",
        ch.registered(SAME, "112-233-445 95", born),
        ch.employed(SAME, ch.SCHOOL, "01.09.2016"),
        reg.EndEmployment(
            employment_id=ch.job_of(SAME), person_id=SAME, ended_on=day("31.08.2020")
        ),
        ch.registered(ch.ANNA, "202-222-222 74", born),
        ch.employed(ch.ANNA, ch.SCHOOL, "01.09.2021"),
    )
    story.settle()
    return story


def one(story: Telling, merged: PersonId, into: PersonId, on: str = "01.10.2021") -> None:
    merger = reg.MergePersons(survivor_id=into, merged_id=merged, merged_on=day(on))
    story.tell("registry", merger)
    story.settle()


def recorded(story: Telling, who: PersonId, kind: type[Any]) -> tuple[EventId, Any]:
    """Return the last record of a kind in somebody's life."""
    said = story.world.stores["registry"].streams([who])[who]
    last = [each for each in said if catalogue[each.name].fact is kind][-1]
    return EventId(last.event_id), decode(last.name, last.schema, last.data)


def said_anew(story: Telling, who: PersonId, kind: type[Any], **instead: Any) -> None:
    event_id, fact = recorded(story, who, kind)
    anew = Correct(event_id=event_id, fact=replace(fact, **instead))
    assert story.ask("registry", anew).status == "accepted"
    story.settle()


def withdrawn(story: Telling, who: PersonId, kind: type[Any]) -> None:
    event_id, _ = recorded(story, who, kind)
    gone = Withdraw(event_id=event_id, reason="ошибка", withdrawn_on=day("02.10.2021"))
    assert story.ask("registry", gone).status == "accepted"
    story.settle()


def young(story: Telling, on: str) -> int:
    """Return how many are young, as the ledger and the oracle agree."""
    counted = story.counted("K-F4", on)[1]
    logs = story.world.stores.values()
    said = [
        Said(
            source=each.source,
            position=each.position,
            recorded_at=each.recorded_at,
            event_id=each.event_id,
            name=each.name,
            fact=decode(each.name, each.schema, each.data),
            corrects=decode_meta(each.meta).corrects,
        )
        for log in logs
        for each in log.walk()
    ]
    heads = {log.source: log.head().position for log in logs}
    assert len(World(said, day(on), heads).young()) == counted
    return counted


def heard_of(story: Telling, who: PersonId = ch.ANNA) -> Any:
    """Return until when somebody is young, as mentoring has heard."""
    return story.world.engines["mentoring"].known().of(PEOPLE, who).young_until


def test_the_first_work_of_all_records_decides(two: Telling) -> None:
    """AM14: первая педагогическая работа — первая из слитых записей (S0 V.4, S1 7.2)."""
    apart = young(two, AFTER), heard_of(two)
    one(two, SAME, ch.ANNA)

    assert apart == (1, UNTIL["2021"])
    assert (young(two, BEFORE), young(two, AFTER)) == (1, 0)
    assert heard_of(two) == heard_of(two, SAME) == UNTIL["2016"]


def test_nothing_is_said_where_nothing_becomes_another(two: Telling) -> None:
    """AM14: кто молод, как был, о том не говорят заново; и о том же слиянии дважды (S0 V.4)."""
    one(two, ch.ANNA, SAME, "01.07.2021")
    said = two.names("registry")
    again = reg.MergePersons(survivor_id=SAME, merged_id=ch.ANNA, merged_on=day("01.07.2021"))
    determined = [reg.DetermineYouth(person_id=each) for each in (SAME, ch.ANNA)]
    asked = [two.ask("registry", each).status for each in (again, *determined)]

    assert said[-2:] == ["PersonsMerged", "YouthPeriodDetermined"]
    assert asked == ["unchanged"] * 3
    assert two.names("registry") == said


def test_a_chain_of_mergers_is_one_human(two: Telling) -> None:
    """AM14: и слитые по цепочке — один человек (S1 7.2)."""
    two.tell("registry", ch.registered(AGAIN, "203-333-333 01", "14.03.1995"))
    one(two, SAME, AGAIN)
    apart = young(two, AFTER)
    one(two, AGAIN, ch.ANNA, "01.11.2021")

    assert apart == 1
    assert (young(two, "31.10.2021"), young(two, AFTER)) == (1, 0)
    assert heard_of(two) == UNTIL["2016"]


def test_a_job_that_comes_to_light_in_a_merged_record_decides(two: Telling) -> None:
    """AM14: раньше начатая работа, записанная и после слияния (S0 V.4)."""
    two.tell("registry", ch.registered(AGAIN, "203-333-333 01", "14.03.1995"))
    one(two, AGAIN, ch.ANNA)
    before = young(two, AFTER)
    two.tell("registry", ch.employed(AGAIN, ch.SCHOOL, "01.09.2012"))
    two.settle()

    assert (before, young(two, AFTER)) == (1, 0)


def test_a_corrected_job_of_a_merged_record_decides(two: Telling) -> None:
    """AM14, contracts §1: исправлено начало работы в слитой записи (S0 V.4, S1 7.2)."""
    one(two, SAME, ch.ANNA)
    said_anew(two, SAME, EmploymentStarted, occurred_on=day("01.08.2020"))
    corrected = young(two, AFTER), heard_of(two)
    withdrawn(two, SAME, EmploymentEnded)
    withdrawn(two, SAME, EmploymentStarted)

    assert corrected == (1, UNTIL["2020"])
    assert heard_of(two) == UNTIL["2021"]


def test_a_merger_that_never_was_leaves_nothing(two: Telling) -> None:
    """contracts §1: отозванное слияние ничего не оставляет (S1 7.2)."""
    one(two, SAME, ch.ANNA)
    withdrawn(two, SAME, PersonsMerged)

    assert (young(two, BEFORE), young(two, AFTER)) == (1, 1)
    assert (heard_of(two), heard_of(two, SAME)) == (UNTIL["2021"], UNTIL["2016"])


def test_a_merger_with_another_leaves_the_first(two: Telling) -> None:
    """contracts §1: слияние исправлено, и основная запись другая (S1 7.2)."""
    one(two, SAME, ch.ANNA)
    two.tell("registry", ch.registered(AGAIN, "203-333-333 01", "14.03.1995"))
    two.tell("registry", ch.employed(AGAIN, ch.SCHOOL, "01.09.2021"))
    said_anew(two, SAME, PersonsMerged, survivor_id=AGAIN)

    assert young(two, AFTER) == 1
    assert (heard_of(two), heard_of(two, AGAIN)) == (UNTIL["2021"], UNTIL["2016"])
