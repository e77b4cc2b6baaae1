"""Учётная система: S1 5.5 «использование цифровой экосистемы», OneRoster 1.2."""

from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from itertools import chain
from typing import Any

import pytest

from services.registry.domain import (
    TEACHER,
    AwardCategory,
    CloseOrganisation,
    EndEmployment,
    LinkRoster,
    RecordEducation,
    RegisterTeacher,
)
from services.registry.domain.organisation import UNHEARD_OF, Closed, Working
from services.registry.domain.roster import Source
from services.registry.domain.roster_orgs import read_org
from services.registry.domain.roster_roles import read_role
from services.registry.domain.roster_users import identify, read_user
from services.registry.domain.rows import Fault, Row
from shared.events.registry import EmploymentEnded, OrganisationRegistered
from shared.kernel.ids import PersonId, RegionCode
from shared.testing.facts import DAY, a
from tests.registry.rows import (
    JOB,
    ON,
    ORG,
    REGISTER,
    ROLE,
    SOURCE,
    START,
    USER,
    holding,
    knowing,
    nobody,
)
from tests.registry.world import PERSON, SCHOOL_CLOSED


def fault(read: Any, *given: Any) -> tuple[str, str]:
    """Read a row that has a fault; return its column and clause."""
    with pytest.raises(Fault) as caught:
        read(*given)
    return caught.value.column, caught.value.clause


def test_an_organisation_is_read() -> None:
    """S1 4.1: «В состав РС НМС входят …»."""
    assert read_org(ORG, SOURCE, UNHEARD_OF) == (REGISTER,)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"type": "local"}, {"kind": "authority", "gen_ed": False}),
        ({"metadata.kind": "kindergarten"}, {"kind": "kindergarten"}),
        ({"metadata.genEd": "false"}, {"gen_ed": False}),
        ({"metadata.region": "54"}, {"region": RegionCode("54")}),
        ({"metadata.oktmo": ""}, {"oktmo": None}),
        ({"name": "Ш" * 500}, {"name": "Ш" * 500}),
        ({"parentSourcedId": "s0"}, {"parent_id": SOURCE.organisation("s0")}),
    ],
)
def test_an_organisation_has_more_columns(said: dict[str, str], read: dict[str, Any]) -> None:
    assert read_org(ORG | said, SOURCE, UNHEARD_OF) == (replace(REGISTER, **read),)


def test_a_known_organisation_keeps_its_day() -> None:
    """S1 5.5: прочитанное дважды ничего не добавляет."""
    known = Working(a(OrganisationRegistered, occurred_on=date(2020, 1, 1)))
    [asked] = read_org(ORG, SOURCE, known)

    assert asked.registered_on == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("founded", "began", "since"),
    [
        ("1978-09-01", date(1990, 9, 1), date(1978, 9, 1)),
        ("", date(1990, 9, 1), date(1990, 9, 1)),
        ("", ON + timedelta(days=1), ON),
        ("", None, ON),
        (ON.isoformat(), None, ON),
    ],
)
def test_an_organisation_stands_since_it_was_founded(
    founded: str, began: date | None, since: date
) -> None:
    """S1 4.1: со дня основания, иначе — с первого дня работы в ней, иначе — с дня пакета."""
    row = ORG | {"metadata.foundingDate": founded}
    [asked] = read_org(row, SOURCE, UNHEARD_OF, began)

    assert asked.registered_on == since


def test_a_founding_date_that_differs_is_asked_for_and_not_swallowed() -> None:
    """contracts §4: что отличается, решают по существу."""
    known = Working(a(OrganisationRegistered, occurred_on=date(2020, 1, 1)))
    [asked] = read_org(ORG | {"metadata.foundingDate": "1978-09-01"}, SOURCE, known)

    assert asked.registered_on == date(1978, 9, 1)


def test_nobody_is_founded_after_the_package() -> None:
    """S1 4.1: день основания не позже дня пакета."""
    row = ORG | {"metadata.foundingDate": (ON + timedelta(days=1)).isoformat()}

    assert fault(read_org, row, SOURCE, UNHEARD_OF) == ("metadata.foundingDate", "S1 4.1")


def test_a_known_organisation_that_leaves_is_closed() -> None:
    row = ORG | {"status": "tobedeleted", "dateLastModified": "2024-01-15T10:00:00Z"}
    known = Working(a(OrganisationRegistered))
    closed = Closed(known.registered, SCHOOL_CLOSED)
    [asked] = read_org(row, SOURCE, known)

    assert asked == CloseOrganisation(
        org_id=REGISTER.org_id, reason=asked.reason, closed_on=date(2024, 1, 15)
    )
    assert read_org(row, SOURCE, UNHEARD_OF) == read_org(row, SOURCE, closed) == ()
    [kept] = read_org(ORG, SOURCE, closed)
    assert kept.registered_on == DAY


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"sourcedId": ""}, "sourcedId"),
        ({"name": " "}, "name"),
        ({"name": "Ш" * 501}, "name"),
        ({"name": "Шко\0ла"}, "name"),
        ({"type": ""}, "type"),
        ({"type": "камера"}, "metadata.kind"),
        ({"metadata.kind": "lyceum"}, "metadata.kind"),
        ({"metadata.genEd": "да"}, "metadata.genEd"),
        ({"status": "gone"}, "status"),
        ({"status": "inactive", "dateLastModified": "вчера"}, "dateLastModified"),
    ],
)
def test_a_faulty_organisation_is_named(said: dict[str, str], column: str) -> None:
    known = Working(a(OrganisationRegistered))
    found, _ = fault(read_org, ORG | said, SOURCE, known)

    assert found == column


def test_an_organisation_without_a_region_is_faulty() -> None:
    source = replace(SOURCE, region=None)

    assert fault(read_org, ORG, source, UNHEARD_OF) == ("metadata.region", "S1 4.1")


def test_somebody_new_is_registered_and_linked() -> None:
    """S1 5.5: номер учётной системы стоит только отпечатком."""
    person_id, asked = identify(USER, SOURCE, knowing(nobody))

    assert person_id == SOURCE.person("u1")
    assert asked == (
        RegisterTeacher(
            person_id=person_id,
            full_name="Вымыслова Анна Петровна",
            snils="11223344595",
            birth_date=date(1995, 5, 17),
            registered_on=ON,
        ),
        LinkRoster(
            person_id=person_id,
            source_system="SIS",
            sourced_id_hmac="<u1>",
            linked_on=ON,
        ),
    )


def test_the_same_person_elsewhere_is_only_linked() -> None:
    """S1 5.5: один человек в учётных системах двух регионов — один человек."""
    held = {("snils", "11223344595"): PERSON}
    person_id, asked = identify(USER, SOURCE, knowing(holding(held)))

    assert person_id == PERSON
    assert [type(each) for each in asked] == [LinkRoster]


def test_who_is_linked_is_known_without_a_name() -> None:
    held = {("roster", "SIS/<u1>"): PERSON}

    assert identify({"sourcedId": "u1"}, SOURCE, knowing(holding(held))) == (
        PERSON,
        (),
    )


@pytest.mark.parametrize(
    ("said", "column", "clause"),
    [
        ({"sourcedId": ""}, "sourcedId", "S1 5.5"),
        ({"familyName": ""}, "familyName", "S0 I"),
        ({"givenName": ""}, "givenName", "S0 I"),
        ({"metadata.birthDate": ""}, "metadata.birthDate", "S0 I"),
        ({"metadata.birthDate": "17.05.1995"}, "metadata.birthDate", "S0 I"),
        ({"metadata.snils": ""}, "metadata.snils", "S1 5.5"),
        ({"metadata.snils": "112-233-445 96"}, "metadata.snils", "S1 5.5"),
    ],
)
def test_who_cannot_be_known_is_named(said: dict[str, str], column: str, clause: str) -> None:
    assert fault(identify, USER | said, SOURCE, knowing(nobody)) == (column, clause)


def test_a_fault_never_repeats_the_value() -> None:
    """S1 5.5: персональных данных нет в сообщениях об ошибках."""
    with pytest.raises(Fault) as caught:
        identify(USER | {"metadata.snils": "112-233-445 96"}, SOURCE, knowing(nobody))

    assert "445" not in str(caught.value)


def test_education_and_categories_are_read() -> None:
    """S1 4.5: «высшая квалификационная категория», «высшее педагогическое»."""
    assert read_user(USER, PERSON) == (
        RecordEducation(
            person_id=PERSON,
            level="higher",
            pedagogical=True,
            received_on=date(2019, 6, 30),
        ),
        AwardCategory(person_id=PERSON, category="highest", awarded_on=date(2023, 9, 1)),
        AwardCategory(person_id=PERSON, category="ped_mentor", awarded_on=date(2023, 12, 1)),
    )
    assert read_user({"sourcedId": "u1"}, PERSON) == ()


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"metadata.education": "высшее"}, "metadata.education"),
        ({"metadata.educationFrom": ""}, "metadata.educationFrom"),
        ({"metadata.educationPedagogical": "1"}, "metadata.educationPedagogical"),
        ({"metadata.category": "third"}, "metadata.category"),
        ({"metadata.category": "highest"}, "metadata.category"),
        ({"metadata.categoryFrom": "2023-09-01"}, "metadata.categoryFrom"),
    ],
)
def test_a_faulty_record_is_named(said: dict[str, str], column: str) -> None:
    assert fault(read_user, USER | said, PERSON) == (column, "S1 4.5")


def test_a_job_is_read() -> None:
    """S0 I: «состоит в трудовых, служебных отношениях»."""
    assert read_role(ROLE, SOURCE, PERSON, None) == (START,)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"role": "principal"}, {"position_class": "HEAD", "is_teacher": False}),
        ({"role": "counselor"}, {"is_teacher": False}),
        ({"metadata.positionClass": "DEPUTY"}, {"position_class": "DEPUTY"}),
        ({"roleType": "secondary"}, {"is_main": False}),
        ({"metadata.isMain": "false"}, {"is_main": False}),
        ({"metadata.isTeacher": "false"}, {"is_teacher": False}),
        ({"metadata.subject": ""}, {"subject_code": None}),
        ({"endDate": "2024-05-31"}, {}),
    ],
)
def test_a_job_has_more_columns(said: dict[str, str], read: dict[str, Any]) -> None:
    [asked] = read_role(ROLE | said, SOURCE, PERSON, None)
    expected = {"is_teacher": read.get("position_class", "PED") == "PED"} | read

    assert asked == replace(START, **expected)


def end(day: date) -> EndEmployment:
    return EndEmployment(employment_id=START.employment_id, person_id=PERSON, ended_on=day)


LEFT = date(2024, 1, 31)


@pytest.mark.parametrize(
    ("said", "gone_on"),
    [
        ({"endDate": "2024-01-31"}, None),
        ({"status": "tobedeleted", "dateLastModified": "2024-01-31"}, None),
        ({"status": "inactive", "endDate": "2024-01-31"}, None),
        ({}, LEFT),
    ],
)
def test_who_leaves_ends_his_job(said: dict[str, str], gone_on: date | None) -> None:
    """S0 I: `tobedeleted` — работа окончена."""
    row: Row = ROLE | said
    ended = replace(JOB, ended=a(EmploymentEnded, occurred_on=LEFT))

    assert read_role(row, SOURCE, PERSON, None, gone_on) == (START, end(LEFT))
    assert read_role(row, SOURCE, PERSON, JOB, gone_on) == (end(LEFT),)
    assert read_role(row, SOURCE, PERSON, ended, gone_on) == ()


def test_another_last_day_is_left_to_the_decider() -> None:
    ended = replace(JOB, ended=a(EmploymentEnded, occurred_on=date(2024, 1, 1)))

    row = ROLE | {"endDate": "2024-01-31"}
    assert read_role(row, SOURCE, PERSON, ended) == (end(LEFT),)


def test_a_job_read_twice_asks_for_nothing() -> None:
    """S1 5.5: прочитанное дважды ничего не добавляет."""
    assert read_role(ROLE, SOURCE, PERSON, JOB) == ()


def test_another_subject_is_a_change_of_that_day() -> None:
    row = ROLE | {"metadata.subject": "PHYS", "dateLastModified": "2024-01-10"}
    [asked] = read_role(row, SOURCE, PERSON, JOB)

    assert (asked.subject_code, asked.changed_on) == ("PHYS", date(2024, 1, 10))


def test_no_value_takes_the_end_of_its_line() -> None:
    """S1 5.5: кавычка не закрыта — в значении чужая строка."""
    row = ROLE | {"metadata.subject": "MATH\r\nr29,,,u29,primary"}

    assert fault(read_role, row, SOURCE, PERSON, None) == ("metadata.subject", "S1 5.5")


def test_a_job_that_changed_and_ended_says_both() -> None:
    """S0 I: перемена и окончание одной строкой — обе записаны, или строка с ошибкой."""
    both = {"metadata.subject": "PHYS", "endDate": "2024-01-31"}
    changed, ended = read_role(
        ROLE | both | {"dateLastModified": "2024-01-10"}, SOURCE, PERSON, JOB
    )

    assert (changed.subject_code, changed.changed_on) == ("PHYS", date(2024, 1, 10))
    assert ended == end(LEFT)
    assert fault(read_role, ROLE | both, SOURCE, PERSON, JOB) == ("dateLastModified", "S1 7.2")


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"beginDate": "2022-09-01abc"}, "beginDate"),
        ({"sourcedId": ""}, "sourcedId"),
        ({"role": ""}, "role"),
        ({"role": "wizard"}, "metadata.positionClass"),
        ({"roleType": "third"}, "roleType"),
        ({"beginDate": ""}, "beginDate"),
        ({"beginDate": "2023-02-30"}, "beginDate"),
        ({"orgSourcedId": ""}, "orgSourcedId"),
    ],
)
def test_a_faulty_job_is_named(said: dict[str, str], column: str) -> None:
    assert fault(read_role, ROLE | said, SOURCE, PERSON, None) == (column, "S0 I")


def test_another_beginning_is_a_correction_and_no_import() -> None:
    row = ROLE | {"beginDate": "2022-09-01"}

    assert fault(read_role, row, SOURCE, PERSON, JOB) == ("beginDate", "S1 7.2")


def test_a_job_that_ended_does_not_come_back() -> None:
    ended = replace(JOB, ended=a(EmploymentEnded, occurred_on=LEFT))

    assert fault(read_role, ROLE, SOURCE, PERSON, ended) == ("status", "S0 I")


def test_ids_tell_nothing_and_do_not_meet() -> None:
    """S1 5.5: номер нельзя вычислить без ключа отпечатка."""
    other = Source(system="SIS", on=ON, fingerprint=lambda said: f"[{said}]")
    elsewhere = replace(SOURCE, system="OTHER")
    ids = [source.person("1") for source in (SOURCE, other, elsewhere)] + [
        PersonId(source.employment("1")) for source in (SOURCE, other, elsewhere)
    ]

    assert len({*ids}) == len(ids)
    assert SOURCE.organisation("1") != elsewhere.organisation("1")


def test_what_is_read_is_decided() -> None:
    """S0 I: прочитанная строка — то же, что команда."""
    _, identity = identify(USER, SOURCE, knowing(nobody))
    asked = chain(identity, read_user(USER, SOURCE.person("u1")))
    said: list[Any] = []
    for each in asked:
        state = reduce(TEACHER.evolve, said, TEACHER.initial)
        said.extend(TEACHER.decide(state, each))

    assert [type(each).__name__ for each in said] == [
        "TeacherRegistered",
        "RosterLinked",
        "EducationRecorded",
        "QualificationCategoryAwarded",
        "QualificationCategoryAwarded",
    ]
