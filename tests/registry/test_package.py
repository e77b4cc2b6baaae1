"""A whole package: the one in `examples/roster`, and what it would do to whom."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from services.registry.app import SERVICE
from services.registry.domain import (
    ORGANISATION,
    TEACHER,
    ChangeEmployment,
    EndEmployment,
    RegisterOrganisation,
)
from services.registry.domain.employment import Job
from services.registry.domain.identity import snils_digits
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.package import (
    Package,
    Shift,
    jobs_of,
    missing,
    read,
    shifts,
)
from services.registry.domain.roster import File, Register, Source, Verdict
from shared.events.registry import (
    EmploymentEnded,
    EmploymentFact,
    MunicipalityAdded,
    YouthPeriodDetermined,
)
from shared.kernel import Claim, Decider, Refused
from shared.kernel.ids import EmploymentId, Oktmo, OrgId, PersonId
from shared.kernel.line import BEYOND
from shared.testing.facts import a
from shared.testing.known import Heard, heard
from tests.registry.rows import ORG, ROLE, SOURCE, STARTED, USER, holding, nobody
from tests.registry.world import (
    INSTITUTE,
    PERSON,
    REGION,
    REGION_ADDED,
    SCHOOL,
    START,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "roster"
IN_NAKHODKA = a(MunicipalityAdded, oktmo=Oktmo("05714000"), region=REGION, name="Находка")
IN_VLADIVOSTOK = replace(IN_NAKHODKA, oktmo=Oktmo("05701000"), name="Владивосток")
KNOWS_NOTHING = Register(holder=nobody, organisation=lambda _: UNHEARD_OF)


class Registry:
    """All that was said, kept by stream; what is asked is told, decided and kept."""

    def __init__(self) -> None:
        self.said: list[Any] = [REGION_ADDED, IN_VLADIVOSTOK, IN_NAKHODKA]
        self.streams: dict[UUID, list[Any]] = {}
        self.holders: dict[tuple[str, str], UUID] = {}

    @property
    def known(self) -> Heard:
        return heard(*self.said)

    def register(self) -> Register:
        [organisations] = [it for it in SERVICE.borrowed if it.name == "registry.organisation"]
        jobs = [it for it in self.said if isinstance(it, get_args(EmploymentFact.__value__))]
        return Register(
            holder=lambda kind, key: self.holders.get((kind, key)),
            organisation=lambda org_id: self.known.of(organisations, org_id),
            jobs=jobs_of(jobs),
        )

    def ask(self, asked: Any) -> list[Any]:
        for each in SERVICE.informed:
            if each.command is type(asked):
                asked = each.inform(asked, self.known)
        decider: Decider[Any, Any, Any] = (
            ORGANISATION if type(asked) in ORGANISATION.commands else TEACHER
        )
        past = self.streams.setdefault(decider.stream(asked), [])
        said = list(decider.decide(reduce(decider.evolve, past, decider.initial), asked))
        for claim in (it for fact in said for it in decider.claims(fact)):
            assert isinstance(claim, Claim)
            assert self.holders.setdefault((claim.kind, claim.key), claim.holder) == (
                claim.holder
            )
        past.extend(said)
        self.said.extend(said)
        return said

    def take(self, package: Package, source: Source) -> list[Verdict]:
        verdicts = list(read(package, source, self.register()))
        for verdict in verdicts:
            for each in verdict.commands:
                self.ask(each)
        return verdicts


@pytest.fixture
def registry() -> Registry:
    return Registry()


def example() -> dict[File, list[dict[str, str]]]:
    files: tuple[File, ...] = ("orgs", "users", "roles")
    package: dict[File, list[dict[str, str]]] = {}
    for name in files:
        with (EXAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            package[name] = list(csv.DictReader(file))
    return package


def faults(verdicts: list[Verdict]) -> list[tuple[str, int, str]]:
    return [(it.file, it.line, it.fault.column) for it in verdicts if it.fault]


def test_the_example_is_taken_whole(registry: Registry) -> None:
    """S1 5.5: пакет учётной системы становится записями реестра."""
    verdicts = registry.take(example(), SOURCE)
    said = [type(it).__name__ for it in registry.said]

    assert faults(verdicts) == []
    assert said.count("OrganisationRegistered") == 5
    assert said.count("TeacherRegistered") == said.count("RosterLinked") == 12
    assert said.count("EmploymentStarted") == 14
    assert said.count("EmploymentEnded") == 1
    assert said.count("EducationRecorded") == 12
    assert said.count("QualificationCategoryAwarded") == 7


def test_the_example_has_its_young(registry: Registry) -> None:
    """RU8: молодость людей примера, двое из них родились 29 февраля (S0 V.4)."""
    registry.take(example(), SOURCE)
    youth = [it for it in registry.said if isinstance(it, YouthPeriodDetermined)]
    by_person = {each.person_id: each.young_until for each in youth}

    assert {
        user: by_person[SOURCE.person(user)]
        for user in ("u-01", "u-05", "u-06", "u-07", "u-08", "u-09")
    } == {
        "u-01": date(2026, 9, 1),
        "u-05": date(2025, 9, 1),
        "u-06": date(2024, 9, 1),
        "u-07": date(1998, 9, 1),
        "u-08": date(2023, 2, 28),
        "u-09": date(2024, 8, 15),
    }
    assert SOURCE.person("u-10") not in by_person


def test_the_example_sent_twice_adds_nothing(registry: Registry) -> None:
    """S1 5.5: отправленное дважды ничего не добавляет."""
    registry.take(example(), SOURCE)
    once = len(registry.said)
    verdicts = registry.take(example(), replace(SOURCE, on=date(2024, 3, 1)))

    assert faults(verdicts) == []
    assert len(registry.said) == once


def test_one_person_in_two_systems_is_one(registry: Registry) -> None:
    """S1 5.5: один человек в учётных системах двух регионов — один человек."""
    registry.take(example(), SOURCE)
    elsewhere = replace(SOURCE, system="OTHER")
    package: Package = {
        "orgs": [ORG],
        "users": [USER | {"metadata.category": ""}],
        "roles": [ROLE],
    }
    registry.take(package, elsewhere)
    last = registry.said[-1]

    assert last.person_id == SOURCE.person("u-01")
    assert registry.holders["roster", elsewhere.link("u1")] == last.person_id


def test_one_snils_in_one_package_is_one_person() -> None:
    users = [USER, USER | {"sourcedId": "u2"}]
    roles = [ROLE, ROLE | {"sourcedId": "r2", "userSourcedId": "u2"}]
    package: Package = {"users": users, "roles": roles}
    asked = [
        each for verdict in read(package, SOURCE, KNOWS_NOTHING) for each in verdict.commands
    ]

    assert {each.person_id for each in asked} == {SOURCE.person("u1")}


def test_those_above_come_first() -> None:
    rows = [
        ORG | {"sourcedId": "c", "parentSourcedId": "b"},
        ORG | {"sourcedId": "b", "parentSourcedId": "a"},
        ORG | {"sourcedId": "a"},
        ORG | {"sourcedId": "x", "parentSourcedId": "y"},
        ORG | {"sourcedId": "y", "parentSourcedId": "x"},
    ]
    lines = [it.line for it in read({"orgs": rows}, SOURCE, KNOWS_NOTHING)]

    assert lines[0] == 4
    assert lines.index(3) < lines.index(2)
    assert sorted(lines) == [2, 3, 4, 5, 6]


def test_pupils_and_parents_are_passed_over() -> None:
    """S0 I: педагогический работник — не ученик и не родитель."""
    package: Package = {"users": [USER], "roles": [ROLE | {"role": "student"}]}
    verdicts = list(read(package, SOURCE, KNOWS_NOTHING))

    assert [it.commands for it in verdicts] == [(), ()]
    assert faults(verdicts) == []


def test_a_bad_row_takes_no_other_with_it_but_its_own() -> None:
    package: Package = {
        "orgs": [ORG | {"name": "", "sourcedId": "s0"}, ORG],
        "users": [USER | {"metadata.snils": "1"}, USER | {"sourcedId": "u2"}],
        "roles": [
            ROLE,
            ROLE | {"sourcedId": "r2", "userSourcedId": "u2"},
            ROLE | {"sourcedId": "r3", "userSourcedId": "u3"},
        ],
    }
    verdicts = list(read(package, SOURCE, KNOWS_NOTHING))

    assert faults(verdicts) == [
        ("orgs", 2, "name"),
        ("users", 2, "metadata.snils"),
        ("roles", 2, "userSourcedId"),
        ("roles", 4, "userSourcedId"),
    ]
    assert [len(it.commands) for it in verdicts if not it.fault] == [1, 5, 1]


def test_who_leaves_the_system_leaves_his_jobs() -> None:
    """S0 I: `tobedeleted` у человека — работы его окончены."""
    held = {("roster", SOURCE.link("u1")): PERSON}
    register = replace(
        KNOWS_NOTHING,
        holder=holding(held),
        jobs=jobs_of([STARTED]),
    )
    gone = {"status": "tobedeleted", "dateLastModified": "2024-01-31"}
    package: Package = {"users": [USER | gone], "roles": [ROLE]}
    person, job = read(package, SOURCE, register)

    assert person.commands == ()
    assert job.commands == (
        EndEmployment(
            employment_id=STARTED.employment_id,
            person_id=PERSON,
            ended_on=date(2024, 1, 31),
        ),
    )


def test_a_linked_person_needs_no_row_of_his_own() -> None:
    held = {("roster", SOURCE.link("u1")): PERSON}
    register = replace(KNOWS_NOTHING, holder=holding(held))
    [verdict] = read({"roles": [ROLE]}, SOURCE, register)

    assert [each.person_id for each in verdict.commands] == [PERSON]


def rows_of_one() -> dict[File, list[dict[str, str]]]:
    return {"orgs": [ORG], "users": [USER], "roles": [ROLE]}


def one_human(_: UUID) -> UUID:
    return UUID(int=999)


def test_a_job_stays_whose_it_was() -> None:
    """S1 7.2: работы слитой записи продолжаются в ней."""
    held = {("roster", SOURCE.link("u1")): PersonId(UUID(int=999))}
    register = replace(
        KNOWS_NOTHING,
        holder=holding(held),
        jobs=jobs_of([STARTED]),
        human=one_human,
    )
    row = ROLE | {"metadata.subject": "PHYS"}
    [verdict] = read({"roles": [row]}, SOURCE, register)

    assert [each.person_id for each in verdict.commands] == [PERSON]


def test_a_job_does_not_go_over_to_another() -> None:
    """S0 I: строка называет другого человека — это не его работа, и не молча."""
    held = {("roster", SOURCE.link("u1")): PersonId(UUID(int=999))}
    register = replace(KNOWS_NOTHING, holder=holding(held), jobs=jobs_of([STARTED]))
    verdicts = list(read({"roles": [ROLE]}, SOURCE, register))

    assert faults(verdicts) == [("roles", 2, "userSourcedId")]


@pytest.mark.parametrize("file", ["orgs", "users", "roles"])
def test_of_two_rows_with_one_number_the_first_is_read(file: File) -> None:
    """S1 5.5: файл, присланный дважды, читается одинаково: вторая строка — ошибка."""
    package: dict[File, list[dict[str, str]]] = {
        "orgs": [ORG],
        "users": [USER],
        "roles": [ROLE],
    }
    package[file] = [*package[file], *package[file]]
    known = replace(
        KNOWS_NOTHING,
        holder=holding({("roster", SOURCE.link("u1")): PERSON}),
        jobs=jobs_of([STARTED]),
    )

    assert faults([*read(package, SOURCE, KNOWS_NOTHING)]) == [(file, 3, "sourcedId")]
    assert faults([*read(package, SOURCE, known)]) == [(file, 3, "sourcedId")]


@pytest.mark.parametrize("file", ["orgs", "users", "roles"])
def test_a_row_with_more_values_than_columns_is_no_row(file: File) -> None:
    """S1 5.5: лишнее значение — запятая без кавычек: что стоит в строке, неясно."""
    package: dict[File, list[dict[str, str]]] = {
        "orgs": [ORG],
        "users": [USER],
        "roles": [ROLE],
    }
    package[file] = [package[file][0] | {BEYOND: BEYOND}]
    found = faults([*read(package, SOURCE, KNOWS_NOTHING)])

    assert found[0] == (file, 2, "строка")


def born_as_said(_: UUID) -> date | None:
    return date.fromisoformat(USER["metadata.birthDate"])


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"metadata.birthDate": "1960-05-05"}, "metadata.birthDate"),
        ({"metadata.snils": "201-111-111 46"}, "metadata.snils"),
        ({}, None),
        ({"metadata.birthDate": "", "metadata.snils": ""}, None),
    ],
)
def test_who_is_known_is_not_silently_another(said: dict[str, str], column: str | None) -> None:
    """S1 7.2: другая дата рождения или другой СНИЛС — ошибка строки или записи."""
    digits = snils_digits(USER["metadata.snils"])
    assert digits
    held = {("roster", SOURCE.link("u1")): PERSON, ("snils", digits): PERSON}
    known = replace(KNOWS_NOTHING, holder=holding(held), born=born_as_said)
    package: Package = {"users": [USER | said], "roles": [ROLE]}
    found = [column for _, _, column in faults([*read(package, SOURCE, known)])]

    assert found[:1] == ([column] if column else [])


@pytest.mark.parametrize(
    "said", [{"metadata.birthDate": "1960-05-05"}, {"givenName": "Ольга"}, {}]
)
def test_two_rows_of_one_snils_are_one_person_only_if_all_agrees(said: dict[str, str]) -> None:
    """S1 5.5: один СНИЛС у двух имён или дней рождения: не берут ни одной."""
    other = {"sourcedId": "u2"} | said
    package: Package = {
        "users": [USER, USER | other],
        "roles": [ROLE, ROLE | {"sourcedId": "r2", "userSourcedId": "u2"}],
    }
    found = faults([*read(package, SOURCE, KNOWS_NOTHING)])

    bad = [("users", line, "metadata.snils") for line in (2, 3)] if said else []
    assert [each for each in found if each[0] == "users"] == bad


# ── What it would do ────────────────────────────────────────────────────────


def staff(count: int, org_id: OrgId = SCHOOL) -> dict[EmploymentId, Job]:
    """So many people, each with a job, at one organisation."""
    return jobs_of(
        replace(
            STARTED,
            employment_id=EmploymentId(UUID(int=n)),
            person_id=PersonId(UUID(int=n)),
            org_id=org_id,
        )
        for n in range(1, count + 1)
    )


def endings(count: int) -> list[EndEmployment]:
    return [
        a(
            EndEmployment,
            employment_id=EmploymentId(UUID(int=n)),
            person_id=PersonId(UUID(int=n)),
        )
        for n in range(1, count + 1)
    ]


def changes(count: int, org_id: OrgId = SCHOOL) -> list[ChangeEmployment]:
    return [
        a(
            ChangeEmployment,
            employment_id=EmploymentId(UUID(int=n)),
            person_id=PersonId(UUID(int=n)),
            org_id=org_id,
        )
        for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ([], False),
        (endings(2), False),
        (endings(3), True),
        (changes(15), False),
        (changes(16), True),
        (changes(2, INSTITUTE), False),
        (changes(3, INSTITUTE), True),
        ([a(RegisterOrganisation)], False),
    ],
)
def test_much_at_once_is_held(asked: list[Any], *, held: bool) -> None:
    """S1 5.5: больше 10 % работ или 75 % людей единицы — только с подтверждения."""
    assert shifts(staff(20), asked)[SCHOOL].is_held is held


def test_a_move_touches_both_sides() -> None:
    found = shifts(staff(20), changes(3, INSTITUTE))

    assert found[SCHOOL] == Shift(jobs=20, ended=3, people=20, touched=3)
    assert found[INSTITUTE] == Shift(jobs=0, ended=0, people=0, touched=3)
    assert not found[INSTITUTE].is_held


def test_whoever_comes_first_is_welcome() -> None:
    assert not shifts({}, [START])[SCHOOL].is_held


def test_a_job_that_is_over_counts_no_more() -> None:
    before: Mapping[EmploymentId, Job] = {
        key: replace(job, ended=a(EmploymentEnded)) for key, job in staff(1).items()
    }

    assert shifts(before, endings(1)) == {}


def test_what_a_whole_package_does_not_name_has_ended() -> None:
    on, named = date(2024, 3, 1), {EmploymentId(UUID(int=1))}
    over = {
        EmploymentId(UUID(int=9)): replace(
            staff(1)[EmploymentId(UUID(int=1))], ended=a(EmploymentEnded)
        )
    }
    before = staff(2) | over
    [ending] = missing(before, named, {SCHOOL}, on)

    assert (ending.employment_id, ending.ended_on) == (EmploymentId(UUID(int=2)), on)
    assert list(missing(before, named, {INSTITUTE}, on)) == []
    assert list(missing(before, named, {SCHOOL}, date(2023, 8, 31))) == []
    assert len(list(missing(before, named, {SCHOOL}, date(2023, 9, 1)))) == 1


def test_a_refusal_is_an_answer_to_one_row(registry: Registry) -> None:
    """S0 I: кто моложе 16 лет, в реестр не вносится."""
    young = USER | {"metadata.birthDate": "2015-01-01", "sourcedId": "u3"}
    package: Package = {
        "users": [young],
        "roles": [ROLE | {"userSourcedId": "u3"}],
    }
    with pytest.raises(Refused, match="S0 I"):
        registry.take(package, SOURCE)
