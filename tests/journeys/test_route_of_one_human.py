"""Two records of one human are one on a route, whoever of them is named (S1 7.2)."""

from dataclasses import replace

import pytest

from services.registry import domain as reg
from services.routes import domain as rou
from shared.kernel.ids import EnrolmentId, PersonId
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day, refused
from tests.journeys.test_studied_again import agree

END = "31.12.2022"
AGAIN, TUTOR_AGAIN = PersonId(ch.uid("anna again")), PersonId(ch.uid("gleb again"))
THIRD = PersonId(ch.uid("anna once more"))
SNILS = {AGAIN: "205-555-555 57", TUTOR_AGAIN: "213-333-332 08", THIRD: "213-333-333 09"}
BY_ANOTHER = replace(ch.enrolled(), person_id=AGAIN)


def merge(story: Telling, survivor: PersonId, merged: PersonId) -> None:
    """Find out that two records are of one human."""
    join = reg.MergePersons(survivor_id=survivor, merged_id=merged, merged_on=day("01.02.2022"))
    story.tell("registry", join)
    story.settle()


@pytest.fixture
def assigned(story: Telling) -> Telling:
    """Anna has a route with a tutor, Gleb; she and he have other records."""
    ch.places(story)
    ch.people(story)
    for who, snils in SNILS.items():
        story.tell("registry", ch.registered(who, snils, "14.03.1980"))
    ch.listed_program(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    ch.assigned(story)
    return story


def names(story: Telling) -> list[str]:
    """Return what was said in the route of Anna."""
    history = story.world.engines["routes"].known().thing(ch.ROUTE).history
    return [type(each.fact).__name__ for each in history]


@pytest.mark.parametrize(
    "mergers", [[(ch.ANNA, AGAIN)], [(AGAIN, ch.ANNA)], [(THIRD, AGAIN), (ch.ANNA, THIRD)]]
)
def test_a_study_by_another_record_is_by_the_route(
    assigned: Telling, mergers: list[tuple[PersonId, PersonId]]
) -> None:
    """S1 D2.3, S1 4.9: учится тот, чей маршрут, и его освоение завершает маршрут."""
    nobodys = "нет такого назначенного маршрута"
    refused(assigned.ask("routes", BY_ANOTHER), "S1 D2.3", nobodys)
    for survivor, merged in mergers:
        merge(assigned, survivor, merged)
    assigned.tell("routes", BY_ANOTHER, ch.completed())

    assert names(assigned)[-3:] == ["RouteStarted", "RouteItemCompleted", "RouteCompleted"]


def test_and_it_counts(assigned: Telling) -> None:
    """S0 V.1: человек один, и освоенное им посчитано один раз."""
    merge(assigned, ch.ANNA, AGAIN)
    assigned.tell("routes", BY_ANOTHER, ch.completed())
    assigned.settle()

    assert assigned.counted("K-F1", END) == (1, 4)
    agree(assigned, day(END))


def test_a_stranger_still_is_one(assigned: Telling) -> None:
    """S1 D2.3: слиты другие, а этот — не они."""
    merge(assigned, ch.ANNA, AGAIN)
    other = replace(ch.enrolled(), person_id=ch.BORIS)
    refused(assigned.ask("routes", other), "S1 D2.3", "нет такого назначенного маршрута")


def test_an_enrolment_by_another_record_is_the_same(assigned: Telling) -> None:
    """S1 5.5: та же строка о том же человеке ничего не добавляет."""
    assigned.tell("routes", ch.enrolled())
    before = assigned.ask("routes", BY_ANOTHER)
    merge(assigned, ch.ANNA, AGAIN)
    after = assigned.ask("routes", BY_ANOTHER)

    assert (before.status, after.status) == ("refused", "unchanged")


def test_nobody_is_his_own_tutor_by_another_record(assigned: Telling) -> None:
    """S1 3.2: тьютор сопровождает другого."""
    merge(assigned, ch.ANNA, AGAIN)
    on = day("01.03.2022")
    appoint = rou.AppointTutor(route_id=ch.ROUTE, tutor_id=AGAIN, appointed_on=on)

    refused(assigned.ask("routes", appoint), "S1 3.2", "не тьютор самому себе")


def test_nor_is_he_assigned_as_one(story: Telling) -> None:
    """S1 3.2: и сразу с таким тьютором маршрута не назначают."""
    ch.places(story)
    ch.people(story)
    story.tell("registry", ch.registered(AGAIN, SNILS[AGAIN], "14.03.1980"))
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    merge(story, ch.ANNA, AGAIN)
    on = day("10.02.2022")
    agreed = rou.AgreeRoute(route_id=ch.ROUTE, items=(ch.program_item(ch.ITEM),), agreed_on=on)
    story.tell("routes", agreed)
    assign = rou.AssignRoute(route_id=ch.ROUTE, tutor_id=AGAIN, assigned_on=on)

    refused(story.ask("routes", assign), "S1 3.2", "не тьютор самому себе")


def test_a_tutor_by_another_record_accompanies(assigned: Telling) -> None:
    """S1 D2.3: сопровождал тьютор маршрута, под какой бы записью его ни назвали."""
    record = rou.RecordAccompaniment(
        route_id=ch.ROUTE, tutor_id=TUTOR_AGAIN, form="беседа", recorded_on=day("01.03.2022")
    )
    refused(assigned.ask("routes", record), "S1 D2.3", "не тьютор маршрута")
    merge(assigned, ch.GLEB, TUTOR_AGAIN)
    assigned.tell("routes", record)
    again = assigned.ask("routes", replace(record, tutor_id=ch.GLEB))

    assert again.status == "unchanged"


def test_a_tutor_appointed_by_another_record_is_the_same(assigned: Telling) -> None:
    """S1 3.2: тьютор у маршрута один, и это он же."""
    merge(assigned, ch.GLEB, TUTOR_AGAIN)
    anew = rou.AppointTutor(
        route_id=ch.ROUTE, tutor_id=TUTOR_AGAIN, appointed_on=day("16.02.2022")
    )
    later = replace(anew, appointed_on=day("17.02.2022"))

    assert assigned.ask("routes", anew).status == "unchanged"
    refused(assigned.ask("routes", later), "S1 3.2", "уже тьютор маршрута")


def test_a_completion_corrected_after_the_merger_stays_his(assigned: Telling) -> None:
    """S1 4.9: слиты позже — пройденное пройдено, второе освоение по той же записи."""
    second = EnrolmentId(ch.uid("second study"))
    merge(assigned, AGAIN, ch.ANNA)
    assigned.tell("routes", ch.enrolled(), ch.completed())
    void = rou.AnnulCompletion(
        enrolment_id=ch.ENROLMENT, reason="подделка", annulled_on=day("01.06.2022")
    )
    anew = replace(BY_ANOTHER, enrolment_id=second, started_on=day("01.09.2022"))
    assigned.tell("routes", void, anew, ch.completed(second, "30.11.2022"))

    assert names(assigned)[-2:] == ["RouteCompleted", "RouteItemCompleted"]
