"""A void completion opens its item again; who studies anew is counted once (ADR 0034)."""

from dataclasses import replace
from datetime import date

import pytest

from services.routes import domain as rou
from services.routes.domain import ROUTE
from services.routes.domain.states import in_work as in_work_of
from shared.kernel import as_corrected
from shared.kernel.ids import EnrolmentId, RouteItemId
from shared.runtime.codec import decode, decode_meta
from shared.runtime.log import Record
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, withdraw
from tests.journeys.telling import Telling, day, refused
from tests.monitoring.telling import answered
from tests.oracle.fold import oracle
from tests.oracle.said import Said

SECOND, THIRD = (EnrolmentId(ch.uid(each)) for each in ("second study", "third study"))
DAYS = ("19.05.2022", "20.05.2022", "31.05.2022", "01.06.2022", "30.11.2022", "31.12.2022")


def annul(story: Telling, study: EnrolmentId, on: str) -> None:
    story.tell(
        "routes",
        rou.AnnulCompletion(enrolment_id=study, reason="подделка", annulled_on=day(on)),
    )


def begin(study: EnrolmentId, on: str) -> rou.StartEnrolment:
    return replace(ch.enrolled(enrolment=study), started_on=day(on))


def counted(story: Telling) -> list[int]:
    """Return who counts in K-F1 on each of the days."""
    story.settle()
    return [story.counted("K-F1", on)[0] for on in DAYS]


def said(one: Record) -> Said:
    """Return a record as the oracle reads it."""
    return Said(
        source=one.source,
        position=one.position,
        recorded_at=one.recorded_at,
        event_id=one.event_id,
        name=one.name,
        fact=decode(one.name, one.schema, one.data),
        corrects=decode_meta(one.meta).corrects,
    )


def agree(story: Telling, *days: date) -> None:
    """Assert that the ledger and the second fold say the same of every indicator."""
    records = [said(each) for store in story.world.stores.values() for each in store.walk()]
    answers = story.world.answers
    vector, _ = answers.vector(None)
    for on in days:
        for kpi, answer in oracle(records, on, vector).items():
            found = answered(answers, kpi, on, vector)
            assert (found.members, found.totals) == (answer.members, answer.totals), kpi


def test_who_studies_anew_counts_again(told: Telling) -> None:
    """S1 2, S0 V.1: освоение аннулировано — по тому же мероприятию можно учиться снова."""
    annul(told, ch.ENROLMENT, "01.06.2022")
    told.tell("routes", begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))

    assert counted(told) == [0, 1, 1, 0, 1, 1]
    agree(told, *map(day, DAYS))


def test_and_once_more(told: Telling) -> None:
    """S1 2: и второе аннулировано, и третье засчитано; человек один, и считают его раз."""
    for study, ended, n in ((ch.ENROLMENT, "01.06.2022", 1), (SECOND, "01.10.2022", 2)):
        annul(told, study, ended)
        anew = (SECOND, THIRD)[n - 1]
        on = ended.replace("01.", "02.")
        told.tell("routes", begin(anew, on), ch.completed(anew, on.replace("02.", "15.")))

    assert counted(told) == [0, 1, 1, 0, 1, 1]
    assert told.counted("K-F1", "01.10.2022") == (0, 4)
    assert told.counted("K-F1", "15.10.2022") == (1, 4)
    agree(told, *map(day, ("30.09.2022", "01.10.2022", "15.10.2022")))


def test_the_route_stays_completed_and_its_item_is_by_the_second(told: Telling) -> None:
    """S1 4.9: пройденный маршрут пройден; мероприятие доказано вторым освоением."""
    before = [told.value(kpi, "31.12.2022").num for kpi in ("K-F4", "K-RR09")]
    annul(told, ch.ENROLMENT, "01.06.2022")
    told.tell("routes", begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))
    told.settle()
    route = told.world.engines["routes"].known().thing(ch.ROUTE)
    names = [each.name for each in told.world.stores["routes"].streams([ch.ROUTE])[ch.ROUTE]]

    assert names[-2:] == ["routes.RouteCompleted", "routes.RouteItemCompleted"]
    assert route.history[-1].fact.enrolment_id == SECOND
    assert [told.value(kpi, "31.12.2022").num for kpi in ("K-F4", "K-RR09")] == before


def test_an_item_that_stands_is_not_open(told: Telling) -> None:
    """S1 D2.3: маршрут пройден, и освоение стоит: по нему больше не зачисляют."""
    why = "нет такого назначенного маршрута"
    refused(told.ask("routes", begin(SECOND, "01.09.2022")), "S1 D2.3", why)
    annul(told, ch.ENROLMENT, "01.06.2022")
    told.tell("routes", begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))

    refused(told.ask("routes", begin(THIRD, "01.12.2022")), "S1 D2.3", why)
    other = replace(begin(THIRD, "01.12.2022"), route_item_id=RouteItemId(ch.uid("item 2")))
    refused(told.ask("routes", other), "S1 D2.3", why)


def test_a_withdrawn_completion_opens_it_too(told: Telling) -> None:
    """contracts §1: освоения не было — и мероприятие им не пройдено."""
    assert withdraw(told, "routes", ch.ENROLMENT, "ProgramCompleted").status == "accepted"
    told.tell("routes", begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))

    assert counted(told) == [0, 0, 0, 0, 1, 1]
    agree(told, day("31.12.2022"))


def test_the_earlier_enrolment_is_over(told: Telling) -> None:
    """S1 2: аннулированное освоение не возобновляют: новое обучение — новое зачисление."""
    annul(told, ch.ENROLMENT, "01.06.2022")

    again = ch.completed(ch.ENROLMENT, "30.11.2022")
    refused(told.ask("routes", again), "S1 2", "уже записано иначе")


@pytest.mark.parametrize("heard", ["before", "after"])
def test_a_route_in_work_goes_on_by_the_second(story: Telling, heard: str) -> None:
    """S1 4.9: в работе маршрут или пройден — мероприятие засчитывают по второму освоению."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    other = replace(ch.program_item(RouteItemId(ch.uid("talk"))), kind="event")
    items = (ch.program_item(ch.ITEM), other)
    on = day("10.02.2022")
    story.tell(
        "routes",
        rou.AgreeRoute(route_id=ch.ROUTE, items=items, agreed_on=on),
        rou.AssignRoute(route_id=ch.ROUTE, tutor_id=None, assigned_on=on),
        ch.enrolled(),
        ch.completed(),
    )
    annul(story, ch.ENROLMENT, "01.06.2022")
    talked = rou.CompleteItem(
        route_id=ch.ROUTE,
        item_id=other.item_id,
        enrolment_id=None,
        completed_on=day("10.10.2022"),
    )
    study = (begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))
    story.tell("routes", *((*study, talked) if heard == "after" else (talked, *study)))

    assert counted(story) == [0, 1, 1, 0, 1, 1]
    assert story.names("routes").count("RouteCompleted") == 1
    assert story.names("routes")[-1] == "RouteCompleted"
    agree(story, *map(day, DAYS))


# ── Two studies of one item, in whatever order ──────────────────────────────

FIRST = (replace(ch.enrolled(), started_on=day("01.03.2022")), ch.completed())
OTHER_STUDY = (begin(SECOND, "01.09.2022"), ch.completed(SECOND, "30.11.2022"))
VOID = rou.AnnulCompletion(
    enrolment_id=ch.ENROLMENT, reason="подделка", annulled_on=day("01.06.2022")
)
TALK = RouteItemId(ch.uid("talk"))
ORDERS = [
    (*FIRST, VOID, *OTHER_STUDY),
    (*FIRST, *OTHER_STUDY, VOID),
    (*OTHER_STUDY, *FIRST, VOID),
    (OTHER_STUDY[0], *FIRST, VOID, OTHER_STUDY[1]),
    (OTHER_STUDY[0], *FIRST, OTHER_STUDY[1], VOID),
]


@pytest.fixture
def in_work(story: Telling) -> Telling:
    """Anna's route has a programme and a talk, which she has not been to."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    other = replace(ch.program_item(TALK), kind="event")
    on = day("10.02.2022")
    story.tell(
        "routes",
        rou.AgreeRoute(
            route_id=ch.ROUTE, items=(ch.program_item(ch.ITEM), other), agreed_on=on
        ),
        rou.AssignRoute(route_id=ch.ROUTE, tutor_id=None, assigned_on=on),
    )
    return story


def talk(story: Telling) -> None:
    """Anna goes to the talk."""
    story.tell(
        "routes",
        rou.CompleteItem(
            route_id=ch.ROUTE,
            item_id=TALK,
            enrolment_id=None,
            completed_on=day("01.12.2022"),
        ),
    )


def done_by(story: Telling) -> set[EnrolmentId | None]:
    """Return by which study the programme of the route is done as it stands."""
    route = story.world.engines["routes"].known().thing(ch.ROUTE)
    state = ROUTE.state(route.history)
    work = in_work_of(state)
    return (
        {each.enrolment_id for each in work.done if each.item_id == ch.ITEM} if work else set()
    )


@pytest.mark.parametrize("told", ORDERS)
def test_the_study_that_stands_proves_the_item(
    in_work: Telling, told: tuple[object, ...]
) -> None:
    """S1 4.9: какое освоение стоит, тем и пройдено, в каком бы порядке о них ни сказали."""
    in_work.tell("routes", *told)
    talk(in_work)

    assert done_by(in_work) == {SECOND}
    assert in_work.names("routes")[-1] == "RouteCompleted"
    assert counted(in_work) == [0, 1, 1, 0, 1, 1]


def test_a_completion_that_never_was_gives_way_too(in_work: Telling) -> None:
    """contracts §1: освоение отозвано — мероприятие пройдено другим."""
    in_work.tell("routes", *FIRST, *OTHER_STUDY)
    withdraw(in_work, "routes", ch.ENROLMENT, "ProgramCompleted")

    assert done_by(in_work) == {SECOND}


def test_an_item_of_a_completed_route_is_proved_by_the_other(told: Telling) -> None:
    """S1 4.9: маршрут пройден, а его мероприятие доказано тем освоением, что стоит."""
    third = (begin(THIRD, "01.10.2022"), ch.completed(THIRD, "15.12.2022"))
    told.tell("routes", VOID, OTHER_STUDY[0], third[0], OTHER_STUDY[1])
    assert done_by(told) == {SECOND}
    told.tell("routes", third[1])
    annul(told, SECOND, "20.12.2022")

    assert done_by(told) == {THIRD}


def test_an_annulment_that_never_was_completes_the_route(in_work: Telling) -> None:
    """S1 4.9: аннулирования не было — пройдено всё, и маршрут пройден."""
    in_work.tell("routes", *FIRST, VOID)
    talk(in_work)
    before = in_work.names("routes").count("RouteCompleted")
    withdraw(in_work, "routes", ch.ENROLMENT, "CompletionAnnulled")

    assert (before, in_work.names("routes").count("RouteCompleted")) == (0, 1)
    assert done_by(in_work) == {ch.ENROLMENT}


# ── A completion that never was ─────────────────────────────────────────────


def of_vera(story: Telling) -> None:
    """Vera, who is young, has a tutor on her route, and by mistake a completed programme."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    ch.diagnosed(story, ch.VERA, ch.SESSION, "01.02.2022", "52.00")
    ch.assigned(story)
    story.tell("routes", ch.enrolled(ch.VERA), ch.completed())
    story.settle()


STOOD = [
    "RouteStarted 01.03.2022",
    "RouteItemCompleted 20.05.2022",
    "RouteCompleted 20.05.2022",
]


def stands(story: Telling) -> list[str]:
    """Return what stands of the route from its start on, and on which day."""
    history = story.world.engines["routes"].known().thing(ch.ROUTE).history
    walked = ("RouteStarted", "RouteItemCompleted", "RouteCompleted")
    said = [each for each in as_corrected(history) if type(each).__name__ in walked]
    return [f"{type(each).__name__} {each.occurred_on:%d.%m.%Y}" for each in said]


def test_what_followed_from_a_completion_that_never_was_goes_with_it(story: Telling) -> None:
    """contracts §1, P2: освоения не было — не пройдены ни мероприятие, ни маршрут."""
    of_vera(story)
    assert story.counted("K-F4", "31.12.2023") == (0, 1)
    withdraw(story, "routes", ch.ENROLMENT, "ProgramCompleted")

    assert stands(story) == ["RouteStarted 01.03.2022"]
    assert story.counted("K-F4", "31.12.2023") == (1, 1)
    agree(story, day("31.12.2022"), day("31.12.2023"))


def test_the_same_study_is_completed_when_it_is(story: Telling) -> None:
    """S1 4.9: освоила она позже, тем же зачислением: в тот день и пройден маршрут."""
    of_vera(story)
    withdraw(story, "routes", ch.ENROLMENT, "ProgramCompleted")
    story.tell("routes", ch.completed(on="30.11.2022"))

    assert stands(story)[1:] == ["RouteItemCompleted 30.11.2022", "RouteCompleted 30.11.2022"]


def test_a_study_that_was_of_no_route_completes_none(story: Telling) -> None:
    """ADR 0032: учились не по маршруту: мероприятие по нему не пройдено, и он тоже."""
    of_vera(story)
    apart = {"route_id": None, "route_item_id": None, "deficit_ids": ()}
    done = correct(story, "routes", ch.ENROLMENT, "EnrolmentStarted", **apart)

    assert done.status == "accepted"
    assert stands(story) == []


@pytest.mark.parametrize("on", ["10.05.2022", "30.11.2022"], ids=["earlier", "later"])
def test_another_day_of_the_document_is_that_of_the_route(story: Telling, on: str) -> None:
    """contracts §1: документ выдан в другой день — в тот же день пройден и маршрут."""
    of_vera(story)
    correct(story, "routes", ch.ENROLMENT, "ProgramCompleted", occurred_on=day(on))

    assert stands(story)[1:] == [f"RouteItemCompleted {on}", f"RouteCompleted {on}"]


def test_an_item_whose_study_was_annulled_keeps_its_day(story: Telling) -> None:
    """ADR 0034: что пройдено, пройдено; исправлен документ аннулированного освоения."""
    of_vera(story)
    annul(story, ch.ENROLMENT, "01.06.2022")
    before = stands(story)
    outcome = correct(
        story, "routes", ch.ENROLMENT, "ProgramCompleted", occurred_on=day("19.05.2022")
    )

    assert outcome.status == "accepted"
    assert stands(story) == before == STOOD


def test_another_number_of_the_document_moves_nothing(story: Telling) -> None:
    """ADR 0032: исправили номер документа — о маршруте ничего нового не сказано."""
    of_vera(story)
    before = story.names("routes")
    correct(story, "routes", ch.ENROLMENT, "ProgramCompleted", doc_no="ПК-2")

    assert story.names("routes") == [*before, "ProgramCompleted"]


def test_the_route_goes_by_the_study_that_stands(told: Telling) -> None:
    """contracts §1: первого освоения не было вовсе — маршрут пройден вторым, в его день."""
    annul(told, ch.ENROLMENT, "01.06.2022")
    told.tell("routes", *OTHER_STUDY)
    withdraw(told, "routes", ch.ENROLMENT, "CompletionAnnulled")
    withdraw(told, "routes", ch.ENROLMENT, "ProgramCompleted")

    assert done_by(told) == {SECOND}
    assert stands(told)[1:] == ["RouteItemCompleted 30.11.2022", "RouteCompleted 30.11.2022"]
    assert counted(told) == [0, 0, 0, 0, 1, 1]


def test_a_cancelled_route_has_no_such_item_either(in_work: Telling) -> None:
    """contracts §1: и маршрут, который с тех пор отменили, этого мероприятия не проходил."""
    in_work.tell("routes", *FIRST)
    cancel = rou.CancelRoute(
        route_id=ch.ROUTE, reason="переезд", cancelled_on=day("01.07.2022")
    )
    in_work.tell("routes", cancel)
    withdraw(in_work, "routes", ch.ENROLMENT, "ProgramCompleted")

    assert stands(in_work) == ["RouteStarted 01.03.2022"]
