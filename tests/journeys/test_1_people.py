"""Point 1: regions, organisations and people come in, by command and by roster."""

from dataclasses import replace
from uuid import UUID

import msgspec

from services.registry import domain as reg
from services.registry.domain import roster
from shared.kernel.ids import OrgId
from shared.runtime import bulk
from shared.runtime.bulk import Report
from tests.journeys import chapters as ch
from tests.journeys.packages import EXAMPLE, package, taken
from tests.journeys.telling import Telling, day, refused

SHARED = ("Анна", "112-233-445 95", "1980-03-14")


def test_what_stands_on_the_map_comes_in_by_command(story: Telling) -> None:
    """§1.1: субъекты РФ и муниципальные образования; у Москвы их нет (S1 4.1)."""
    ch.places(story)
    story.settle()
    levels = {
        (level, path)
        for level, path, *_ in story.world.answers.levels(
            "K-F0", ch.END, story.world.answers.vector(None)[0]
        )
    }

    assert {("federation", ""), ("region", "25"), ("region", "77")} <= levels


def test_an_organisation_needs_its_municipality_to_be_there(story: Telling) -> None:
    """§1.1: организация стоит в муниципальном образовании своего субъекта РФ (S1 4.1)."""
    ch.places(story)
    lost = ch.organisation(OrgId(ch.uid("lost")), "school", ch.MOSCOW, ch.VLADIVOSTOK)

    refused(story.ask("registry", lost), "S1 4.1", "")


def test_in_a_region_without_municipalities_people_are_counted(story: Telling) -> None:
    """§1.1: где нет муниципального уровня, педагога считают в регионе (S4 2.1)."""
    ch.places(story)
    ch.people(story)
    vector, _ = story.world.answers.vector(None)
    levels = story.world.answers.levels("K-F1", ch.END, vector, "77")

    assert story.counted("K-F1", "31.12.2022", "77") == (0, 1)
    assert (f"77/-/{ch.CAPITAL_SCHOOL}", 0, 1) in [row[1:] for row in levels]
    assert "municipality" not in {row[0] for row in levels if row[1].startswith("77/0")}


def test_nobody_works_in_an_organisation_that_is_not_there(story: Telling) -> None:
    """§1.1: работник состоит в трудовых отношениях с организацией (S0 I)."""
    ch.places(story)
    story.tell("registry", ch.registered(ch.ANNA, "112-233-445 95", "14.03.1980"))
    nowhere = ch.employed(ch.ANNA, OrgId(ch.uid("nowhere")), "01.09.2005")

    refused(story.ask("registry", nowhere), "S0 I", "организации в реестре нет")


def test_a_snils_is_one_persons(story: Telling) -> None:
    """§1.1: СНИЛС принадлежит одному человеку (S1 5.5)."""
    ch.places(story)
    story.tell("registry", ch.registered(ch.ANNA, "112-233-445 95", "14.03.1980"))
    twin = ch.registered(ch.BORIS, "112-233-445 95", "14.03.1980")

    refused(story.ask("registry", twin), "S1 5.5", "СНИЛС уже внесён")


def test_one_person_in_two_rosters_is_one_person(story: Telling) -> None:
    """§1.1: один человек в списках двух регионов — один человек (S1 5.5)."""
    ch.places(story)
    here = package("25", "05701000", SHARED, ("Борис", "201-111-111 46", "1968-11-02"))
    there = package("77", "", SHARED)
    first = taken(story, here, "ru-pri", "25")
    second = taken(story, there, "ru-mow", "77")
    links = [
        UUID(msgspec.json.decode(each.data)["person_id"])
        for each in story.world.stores["registry"].walk()
        if each.name == "registry.RosterLinked"
    ]

    assert (first.faults, second.faults) == ([], [])
    assert story.names("registry").count("TeacherRegistered") == 2
    assert story.names("registry").count("EmploymentStarted") == 3
    assert len(links) == 3
    assert len(set(links)) == 2
    assert story.counted("K-F1", "31.12.2022", "") == (0, 2)


def test_a_roster_sent_twice_says_nothing_new(story: Telling) -> None:
    """§5: каждую строку берут один раз, сколько бы раз её ни прислали (contracts §7)."""
    ch.places(story)
    first = taken(story, package("25", "05701000", SHARED), "ru-pri", "25")
    said = story.names("registry")
    again = taken(story, package("25", "05701000", SHARED), "ru-pri", "25")

    assert first.facts > 0
    assert again.faults == []
    assert story.names("registry") == said


def test_a_bad_row_is_named_and_the_good_ones_are_taken(story: Telling) -> None:
    """§5: о плохой строке сказано, где она и что в ней не так (contracts §7)."""
    ch.places(story)
    wrong = ("Глеб", "111-111-111 11", "1979-01-25")
    report = taken(story, package("25", "05701000", SHARED, wrong), "ru-pri", "25")
    places = {(file, line, fault.column) for file, line, fault in report.faults}

    assert ("users.csv", 3, "metadata.snils") in places
    assert story.names("registry").count("TeacherRegistered") == 1
    assert not any("111-111-111" in fault.reason for *_, fault in report.faults)


def example_of(story: Telling) -> Report:
    """Take the example of the repository on 1 February 2024."""
    ch.places(story)
    story.tell(
        "registry",
        reg.AddMunicipality(
            oktmo=ch.Oktmo("05714000"),
            region=ch.PRIMORYE,
            name="Находка",
            added_on=day("06.08.2020"),
        ),
    )
    return taken(story, bulk.contents(EXAMPLE), "ru-pri-sis", "25", day("01.02.2024"))


def test_the_example_in_the_repository_is_taken_whole(story: Telling) -> None:
    """§5: образец пакета OneRoster 1.2 принимают без единой ошибки (contracts §7)."""
    report = example_of(story)

    assert report.faults == []
    assert story.names("registry").count("TeacherRegistered") == 12
    assert story.names("registry").count("EmploymentStarted") == 14


def test_who_worked_before_the_import_is_counted_on_days_before_it(story: Telling) -> None:
    """§5: организация стоит со дня основания, а не со дня пакета (S1 4.1).

    By hand, of those who are PED anywhere: in 2020 u-02 (a head who teaches), u-03, u-07,
    u-11; in 2021 also u-06 and, in the kindergarten without a founding date, u-09; in
    2022 u-05 and u-08; in 2023 u-01.
    """
    example_of(story)
    ends_of_years = ("31.12.2020", "31.12.2021", "31.12.2022", "31.12.2023")
    found = [story.counted("K-F1", each) for each in ends_of_years]
    kindergarten = roster.Source(
        system="ru-pri-sis", on=day("01.02.2024"), fingerprint=str
    ).organisation("org-d3")
    levels = story.world.answers.levels(
        "K-F1", day("31.12.2021"), story.world.answers.vector(None)[0], "25/05714000"
    )

    assert found == [(0, 4), (0, 6), (0, 8), (0, 9)]
    assert (f"25/05714000/{kindergarten}", 0, 1) in [row[1:] for row in levels]


def test_two_records_of_one_person_are_merged(story: Telling) -> None:
    """§1.1: записи слиты — человек посчитан один раз (S1 7.2)."""
    ch.places(story)
    ch.people(story)
    merge = reg.MergePersons(
        survivor_id=ch.ANNA, merged_id=ch.BORIS, merged_on=day("01.03.2022")
    )
    story.tell("registry", merge)
    story.settle()

    assert story.counted("K-F1", "28.02.2022") == (0, 4)
    assert story.counted("K-F1", "01.03.2022") == (0, 3)
    refused(
        story.ask("registry", replace(merge, survivor_id=ch.VERA)),
        "S1 7.2",
        "",
    )
