"""Запись о человеке: S0 I, S0 V.2, S1 4.5, S1 5.5, S1 7.2."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce
from uuid import UUID

import pytest

from services.registry.domain import (
    TEACHER,
    AwardCategory,
    DetermineYouth,
    ErasePersonalData,
    LinkRoster,
    MergePersons,
    RecordEducation,
    RegisterGraduate,
)
from services.registry.domain.identity import snils_digits
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.people import TeacherCommand
from services.registry.domain.teacher import Teacher
from shared.events.registry import (
    EducationRecorded,
    GraduateRegistered,
    PersonalDataErased,
    PersonsMerged,
    QualificationCategoryAwarded,
    RosterLinked,
    TeacherFact,
)
from shared.kernel import Claim, Sealed
from shared.kernel.ids import KeyId
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec
from tests.registry.world import (
    AT_SCHOOL,
    AT_UNIVERSITY,
    END,
    ENDED,
    OTHER,
    PERSON,
    REGISTER,
    REGISTERED,
    START,
    STARTED,
    UNIVERSITY,
)

NEXT_DAY, DAY_BEFORE = DAY + timedelta(days=1), DAY - timedelta(days=1)
KEY = KeyId(UUID(int=41))
LINK = a(LinkRoster, person_id=PERSON, source_system="SIS", sourced_id_hmac="f00d")
LINKED = a(RosterLinked, person_id=PERSON, source_system="SIS", sourced_id_hmac="f00d")
MERGE = a(MergePersons, survivor_id=OTHER, merged_id=PERSON, survivor="registered")
MERGED = a(PersonsMerged, survivor_id=OTHER, merged_id=PERSON)
GRADUATE = a(
    RegisterGraduate,
    person_id=PERSON,
    university_id=UNIVERSITY,
    university=AT_UNIVERSITY,
)
GRADUATED = a(GraduateRegistered, person_id=PERSON, university_id=UNIVERSITY)
LEARN = a(RecordEducation, person_id=PERSON, level="higher", pedagogical=True)
LEARNT = a(EducationRecorded, person_id=PERSON, level="higher", pedagogical=True)
AWARD = AwardCategory(person_id=PERSON, category="highest", awarded_on=DAY)
AWARDED = a(QualificationCategoryAwarded, person_id=PERSON, category="highest")
OLD = date(2022, 3, 15)
OLD_AWARD = replace(AWARD, awarded_on=OLD)
OLD_AWARDED = replace(AWARDED, occurred_on=OLD, valid_until=date(2027, 3, 15))
MENTOR = replace(AWARD, category="ped_mentor")
ERASE = a(ErasePersonalData, person_id=PERSON, reason="Отзыв", act_no="7", key_id=KEY)
ERASED = a(PersonalDataErased, person_id=PERSON, reason="Отзыв", act_no="7", key_id=KEY)

type PersonSpec = Spec[Teacher, TeacherCommand, TeacherFact]


@pytest.fixture
def person() -> PersonSpec:
    return Spec(TEACHER)


@pytest.mark.parametrize(
    ("past", "asked", "said"),
    [
        ((), REGISTER, REGISTERED),
        (
            (),
            replace(REGISTER, birth_date=date(2008, 2, 1)),
            replace(REGISTERED, birth_date=date(2008, 2, 1)),
        ),
        ((REGISTERED,), LINK, LINKED),
        ((REGISTERED,), MERGE, MERGED),
        ((REGISTERED,), GRADUATE, GRADUATED),
        ((REGISTERED,), LEARN, LEARNT),
        ((REGISTERED,), AWARD, AWARDED),
        ((REGISTERED,), OLD_AWARD, OLD_AWARDED),
        ((REGISTERED, OLD_AWARDED), MENTOR, replace(AWARDED, category="ped_mentor")),
        ((REGISTERED, AWARDED), MENTOR, replace(AWARDED, category="ped_mentor")),
        (
            (REGISTERED, replace(OLD_AWARDED, valid_until=NEXT_DAY)),
            MENTOR,
            replace(AWARDED, category="ped_mentor"),
        ),
        ((REGISTERED,), ERASE, ERASED),
        ((REGISTERED, MERGED), ERASE, ERASED),
    ],
)
def test_a_record_grows(
    person: PersonSpec,
    past: tuple[TeacherFact, ...],
    asked: TeacherCommand,
    said: TeacherFact,
) -> None:
    person.given(*past)
    person.when(asked)
    person.then(said)


@pytest.mark.parametrize(
    ("awarded_on", "valid_until"),
    [(date(2023, 8, 31), date(2028, 8, 31)), (date(2023, 9, 1), None)],
)
def test_a_category_has_a_term_until_the_new_order(
    person: PersonSpec, awarded_on: date, valid_until: date | None
) -> None:
    """RU9: до 01.09.2023 — на пять лет, с этого дня — бессрочно."""
    person.given(REGISTERED)
    person.when(replace(AWARD, awarded_on=awarded_on))
    person.then(replace(AWARDED, occurred_on=awarded_on, valid_until=valid_until))


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((REGISTERED,), REGISTER),
        ((REGISTERED, LINKED), LINK),
        ((REGISTERED, MERGED), replace(MERGE, survivor="merged")),
        ((REGISTERED, GRADUATED), replace(GRADUATE, university=UNHEARD_OF)),
        ((REGISTERED, LEARNT), LEARN),
        ((REGISTERED, AWARDED), AWARD),
        ((REGISTERED, OLD_AWARDED), OLD_AWARD),
        ((REGISTERED, ERASED), replace(ERASE, key_id=None)),
        ((REGISTERED, STARTED, ENDED, ERASED), END),
        ((REGISTERED, ERASED), DetermineYouth(person_id=PERSON)),
    ],
)
def test_a_record_is_already_so(
    person: PersonSpec, past: tuple[TeacherFact, ...], asked: TeacherCommand
) -> None:
    person.given(*past)
    person.when(asked)
    person.then()


@pytest.mark.parametrize(
    ("past", "asked", "clause"),
    [
        ((), replace(REGISTER, full_name=" "), "S0 I"),
        ((), replace(REGISTER, birth_date=date(2008, 2, 2)), "S0 I"),
        ((), replace(REGISTER, birth_date=date(1924, 2, 1)), "S0 I"),
        ((REGISTERED,), replace(REGISTER, full_name="Иная"), "S0 I"),
        ((REGISTERED,), replace(LINK, source_system=""), "S1 5.5"),
        ((REGISTERED, LINKED), replace(LINK, linked_on=NEXT_DAY), "S1 5.5"),
        ((REGISTERED,), replace(MERGE, survivor_id=PERSON), "S1 7.2"),
        ((REGISTERED,), replace(MERGE, survivor="unknown"), "S1 7.2"),
        ((REGISTERED,), replace(MERGE, survivor="merged"), "S1 7.2"),
        ((REGISTERED, MERGED), replace(MERGE, merged_on=NEXT_DAY), "S1 7.2"),
        ((REGISTERED,), replace(GRADUATE, university=UNHEARD_OF), "S0 V.2"),
        ((REGISTERED,), replace(GRADUATE, university=AT_SCHOOL), "S0 V.2"),
        ((REGISTERED,), replace(GRADUATE, graduated_on=NEXT_DAY), "S0 V.2"),
        ((REGISTERED, GRADUATED), replace(GRADUATE, registered_on=NEXT_DAY), "S0 V.2"),
        ((REGISTERED,), replace(AWARD, valid_until=NEXT_DAY), "S1 4.5"),
        ((REGISTERED,), replace(OLD_AWARD, valid_until=date(2022, 3, 14)), "S1 4.5"),
        ((REGISTERED,), MENTOR, "S1 4.5"),
        ((REGISTERED, replace(AWARDED, occurred_on=NEXT_DAY)), MENTOR, "S1 4.5"),
        ((REGISTERED, replace(AWARDED, category="first")), MENTOR, "S1 4.5"),
        ((REGISTERED, replace(OLD_AWARDED, valid_until=DAY_BEFORE)), MENTOR, "S1 4.5"),
        ((REGISTERED, replace(OLD_AWARDED, valid_until=DAY)), MENTOR, "S1 4.5"),  # kpi 2.4.3
        ((REGISTERED, OLD_AWARDED), replace(MENTOR, awarded_on=OLD), "S1 4.5"),
        ((REGISTERED,), replace(ERASE, act_no=""), "S1 5.5"),
        ((REGISTERED,), replace(ERASE, key_id=None), "S1 5.5"),
        ((REGISTERED, ERASED), replace(ERASE, act_no="8"), "S1 5.5"),
    ],
)
def test_a_record_does_not_grow_so(
    person: PersonSpec,
    past: tuple[TeacherFact, ...],
    asked: TeacherCommand,
    clause: str,
) -> None:
    person.given(*past)
    person.when(asked)
    person.then_refused(clause)


def test_the_job_of_the_erased_still_ends(person: PersonSpec) -> None:
    """S1 5.5: числа остаются, и компенсации тоже."""
    person.given(REGISTERED, STARTED, ERASED)
    person.when(END)
    person.then(ENDED)


@pytest.mark.parametrize("asked", [START, END, LINK, MERGE, GRADUATE, LEARN, AWARD, ERASE])
def test_nothing_is_recorded_of_nobody(person: PersonSpec, asked: TeacherCommand) -> None:
    """S0 I: сначала человека вносят."""
    person.when(asked)
    person.then_refused("S0 I")


@pytest.mark.parametrize("asked", [REGISTER, START, LINK, MERGE, GRADUATE, LEARN, AWARD])
def test_nothing_new_is_recorded_of_the_erased(
    person: PersonSpec, asked: TeacherCommand
) -> None:
    """S1 5.5: после уничтожения данных — только компенсации."""
    person.given(REGISTERED, STARTED, ERASED)
    person.when(asked)
    person.then_refused("S1 5.5")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("112-233-445 95", "11223344595"),
        ("11223344595", "11223344595"),
        ("112-233-445 96", None),
        ("112 233 445 95", None),
        ("１1223344595", None),
        ("001-001-998 77", "00100199877"),
        ("001-001-999 77", None),
        ("001-001-999 65", "00100199965"),
        ("087-654-303 00", "08765430300"),
        ("087-654-302 00", "08765430200"),
        ("087-654-302 01", None),
    ],
)
def test_a_snils_has_its_checksum(text: str, digits: str | None) -> None:
    """S1 5.5: контрольное число проверяют у номеров больше 001-001-998."""
    assert snils_digits(text) == digits


def test_a_wrong_snils_is_refused_without_quoting_it(person: PersonSpec) -> None:
    person.when(replace(REGISTER, snils="112-233-445 96"))
    person.then_refused("S1 5.5")


@pytest.mark.parametrize(
    ("said", "held"),
    [
        (REGISTERED, [("snils", "11223344595")]),
        (LINKED, [("roster", "SIS/f00d")]),
        (STARTED, []),
        # as it is read without keys
        (replace(REGISTERED, snils=Sealed(PERSON, KEY, "A256GCM", "")), []),  # pyright: ignore[reportArgumentType]
    ],
)
def test_one_person_holds_the_key(said: TeacherFact, held: Sequence[tuple[str, str]]) -> None:
    """S1 5.5: один человек в учётных системах двух регионов — один человек."""
    claims = [each for each in TEACHER.claims(said) if isinstance(each, Claim)]

    assert [(each.kind, each.key) for each in claims] == held
    assert all(each.holder == PERSON and each.clause == "S1 5.5" for each in claims)


def test_a_merger_stands_in_the_record_that_goes() -> None:
    assert TEACHER.stream(MERGE) == PERSON
    assert TEACHER.stream(START) == PERSON


def test_work_goes_on_in_a_merged_record(person: PersonSpec) -> None:
    """S1 7.2: слияние перенумеровывает читателей, а не записи."""
    person.given(REGISTERED, STARTED, MERGED)
    person.when(END)
    person.then(ENDED)


def test_a_correction_must_leave_a_possible_life() -> None:
    past = [REGISTERED, replace(STARTED, occurred_on=date(2009, 1, 1))]
    teacher = reduce(TEACHER.evolve, past, TEACHER.initial)

    assert teacher == reduce(TEACHER.evolve, past[:1], TEACHER.initial)
