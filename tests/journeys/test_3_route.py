"""Point 3: from a diagnosis to a completed route, and to the number."""

from services.routes import domain as rou
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day, refused


def begun(story: Telling) -> None:
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)


def test_a_diagnosis_becomes_a_drafted_route(story: Telling) -> None:
    """§1.3: дефицит, карта, и маршрут составлен, когда о ней услышали (S1 3.2)."""
    begun(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    [issued] = story.of("diagnostics", "DeficitMapIssued")
    [drafted] = story.world.stores["routes"].streams([ch.ROUTE])[ch.ROUTE]

    assert story.names("diagnostics")[-2:] == ["DeficitIdentified", "DeficitMapIssued"]
    assert drafted.name == "routes.RouteDrafted"
    assert str(issued).encode() in drafted.meta


def test_without_a_deficit_no_route_is_drafted(story: Telling) -> None:
    """§1.3: карта без дефицитов маршрута не требует (S1 3.2)."""
    begun(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "70.00")

    assert story.names("diagnostics")[-1] == "DeficitMapIssued"
    assert story.names("routes") == []


def test_a_route_is_assigned_only_when_agreed(story: Telling) -> None:
    """§1.3: сначала согласие педагога, потом назначение (S1 2, S1 D2.3)."""
    begun(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    assign = rou.AssignRoute(route_id=ch.ROUTE, tutor_id=None, assigned_on=day("15.02.2022"))

    refused(story.ask("routes", assign), "S1 2", "не согласован")


def test_a_completion_completes_item_and_route(story: Telling) -> None:
    """§1.3: освоенная ДПП — пройденное мероприятие и маршрут (S1 4.9)."""
    begun(story)
    ch.trained(story)
    said = [e.name for e in story.world.stores["routes"].streams([ch.ROUTE])[ch.ROUTE]]

    assert said == [
        "routes.RouteDrafted",
        "routes.RouteAgreed",
        "routes.RouteAssigned",
        "routes.TutorAppointed",
        "routes.RouteStarted",
        "routes.RouteItemCompleted",
        "routes.RouteCompleted",
    ]


def test_the_number_moves_with_the_completion(story: Telling) -> None:
    """§1.3: K-F1 до и после освоения (S0 V.1)."""
    begun(story)
    ch.trained(story)

    assert story.counted("K-F1", "19.05.2022") == (0, 4)
    assert story.counted("K-F1", "20.05.2022") == (1, 4)


def test_an_annulled_completion_counts_no_more_from_its_day(story: Telling) -> None:
    """§1.3: освоение аннулировано: с этого дня не считается, до него — как было (S1 2)."""
    begun(story)
    ch.trained(story)
    annul = rou.AnnulCompletion(
        enrolment_id=ch.ENROLMENT,
        reason="документ выдан с нарушением",
        annulled_on=day("01.09.2022"),
    )
    story.tell("routes", annul)
    story.settle()

    assert story.counted("K-F1", "31.08.2022") == (1, 4)
    assert story.counted("K-F1", "01.09.2022") == (0, 4)


def test_a_program_outside_the_register_does_not_count(story: Telling) -> None:
    """§1.3: считаются программы, «вошедшие в федеральный реестр» (S0 V.1)."""
    ch.places(story)
    ch.people(story)
    story.tell("registry", ch.drafted(ch.PROGRAM, "01.09.2021"))
    story.settle()
    ch.trained(story)

    assert story.counted("K-F1", "31.12.2022") == (0, 4)


def test_a_program_of_another_competency_does_not_count(story: Telling) -> None:
    """§1.3: считаются программы, «подобранные с учетом диагностики» (S0 V.1)."""
    begun(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    story.tell("routes", ch.enrolled(session=None, item=None), ch.completed())
    story.settle()
    [anna] = story.world.answers.why(
        "K-F1", ch.ANNA, ch.END, story.world.answers.vector(None)[0]
    )

    assert anna.num == 0
    assert anna.why == "программа освоена, но связь с диагностикой не доказана (S0 V.1)"
