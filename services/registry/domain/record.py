"""The rules of a person's record, work apart."""

from collections.abc import Sequence
from datetime import date

from services.registry.domain.identity import (
    birthday,
    months_after,
    snils_digits,
    snils_written,
)
from services.registry.domain.organisation import works_on
from services.registry.domain.people import (
    AwardCategory,
    ErasePersonalData,
    LinkRoster,
    MergePersons,
    RecordEducation,
    RegisterGraduate,
    RegisterTeacher,
)
from shared.events.registry import (
    Category,
    EducationRecorded,
    GraduateRegistered,
    PersonalDataErased,
    PersonsMerged,
    QualificationCategoryAwarded,
    RosterLinked,
    TeacherRegistered,
)
from shared.kernel import Refused, only_same, require
from shared.kernel.ids import KeyId

YOUNGEST, OLDEST = 16, 100
"""Years: who is outside is a slip of the pen."""
NEW_ORDER = date(2023, 9, 1)
"""Since then categories have no term, and there are two more of them (RU9)."""
TERM_MONTHS = 60
NEW_CATEGORIES: tuple[Category, ...] = ("ped_methodist", "ped_mentor")


def register(asked: RegisterTeacher) -> TeacherRegistered:
    """Педагога узнают по имени, СНИЛС и дню рождения (S0 I)."""
    digits = snils_digits(asked.snils)
    named = asked.full_name.strip()
    require(named, clause="S0 I", reason="Поле full_name пусто")
    require(digits, clause="S1 5.5", reason="Поле snils: контрольное число не сходится")
    require(
        birthday(asked.birth_date, YOUNGEST)
        <= asked.registered_on
        < birthday(asked.birth_date, OLDEST),
        clause="S0 I",
        reason="Поле birth_date: педагогу от 16 до 100 лет",
    )
    return TeacherRegistered(
        person_id=asked.person_id,
        full_name=named,
        snils=snils_written(digits or ""),
        birth_date=asked.birth_date,
        occurred_on=asked.registered_on,
    )


def link(links: tuple[RosterLinked, ...], asked: LinkRoster) -> Sequence[RosterLinked]:
    """Человек один, в скольких бы учётных системах он ни стоял (S1 5.5)."""
    named = asked.source_system and asked.sourced_id_hmac
    require(named, clause="S1 5.5", reason="Нужны учётная система и отпечаток номера")
    said = RosterLinked(
        person_id=asked.person_id,
        source_system=asked.source_system,
        sourced_id_hmac=asked.sourced_id_hmac,
        occurred_on=asked.linked_on,
    )
    for each in links:
        if (each.source_system, each.sourced_id_hmac) == (
            said.source_system,
            said.sourced_id_hmac,
        ):
            why = "Эта связь уже внесена другим днём"
            return only_same(each, said, clause="S1 5.5", reason=why)
    return [said]


def merge(merged: PersonsMerged | None, asked: MergePersons) -> Sequence[PersonsMerged]:
    """Сливают две записи об одном человеке; основная стоит сама (S1 7.2)."""
    said = PersonsMerged(
        survivor_id=asked.survivor_id,
        merged_id=asked.merged_id,
        occurred_on=asked.merged_on,
    )
    if merged:
        why = "Запись уже слита иначе"
        return only_same(merged, said, clause="S1 7.2", reason=why)
    two = asked.survivor_id != asked.merged_id
    require(two, clause="S1 7.2", reason="Запись не сливают с нею самой")
    require(
        asked.survivor != "erased",
        clause="S1 5.5",
        reason="Данные основной записи уничтожены: никто не скажет, что это тот же человек",
    )
    require(
        asked.survivor == "registered",
        clause="S1 7.2",
        reason="Основной записи нет, либо она сама слита с другой",
    )
    return [said]


def graduate(
    graduated: GraduateRegistered | None, asked: RegisterGraduate
) -> Sequence[GraduateRegistered]:
    """Выпускник — тот, кто окончил вуз (S0 V.2)."""
    said = GraduateRegistered(
        person_id=asked.person_id,
        university_id=asked.university_id,
        graduated_on=asked.graduated_on,
        occurred_on=asked.registered_on,
    )
    if graduated:
        why = "Выпускник уже внесён иначе"
        return only_same(graduated, said, clause="S0 V.2", reason=why)
    university = works_on(asked.university, asked.graduated_on)
    require(
        university and university.kind == "HE",
        clause="S0 V.2",
        reason="Такого вуза в реестре нет, или к этому дню он закрыт",
    )
    require(
        asked.graduated_on <= asked.registered_on,
        clause="S0 V.2",
        reason="Выпускника вносят после выпуска",
    )
    return [said]


def record_education(
    education: tuple[EducationRecorded, ...], asked: RecordEducation
) -> Sequence[EducationRecorded]:
    """Образование — условие для методиста (S1 4.5)."""
    said = EducationRecorded(
        person_id=asked.person_id,
        level=asked.level,
        pedagogical=asked.pedagogical,
        occurred_on=asked.received_on,
    )
    return [] if said in education else [said]


def award(
    categories: tuple[QualificationCategoryAwarded, ...], asked: AwardCategory
) -> Sequence[QualificationCategoryAwarded]:
    """RU9: категория до 01.09.2023 — на пять лет, после — бессрочно (S1 4.5).

    A term of another length is taken as it is given: some were prolonged by law.
    """
    said = QualificationCategoryAwarded(
        person_id=asked.person_id,
        category=asked.category,
        valid_until=asked.valid_until or term(asked.awarded_on),
        occurred_on=asked.awarded_on,
    )
    if said in categories:
        return []
    is_new = asked.awarded_on >= NEW_ORDER
    require(
        not asked.valid_until or (not is_new and asked.awarded_on <= asked.valid_until),
        clause="S1 4.5",
        reason="Срок кончается раньше присвоения, либо категория бессрочна",
    )
    if asked.category in NEW_CATEGORIES:
        require(
            is_new and any(is_highest_on(each, asked.awarded_on) for each in categories),
            clause="S1 4.5",
            reason="Эта категория есть с 01.09.2023 и присваивается к высшей",
        )
    return [said]


def term(awarded_on: date) -> date | None:
    """Return the first day without a category, None when it has no term (kpi 2.4.3)."""
    return None if awarded_on >= NEW_ORDER else months_after(awarded_on, TERM_MONTHS)


def is_highest_on(said: QualificationCategoryAwarded, day: date) -> bool:
    """Say whether this is the highest category, in force on a day."""
    began = said.category == "highest" and said.occurred_on <= day
    return began and (said.valid_until is None or day < said.valid_until)


def erase(asked: ErasePersonalData, key_id: KeyId | None) -> PersonalDataErased:
    """Персональные данные уничтожают по акту, вместе с ключом (S1 5.5)."""
    acted = asked.act_no and asked.reason
    require(acted, clause="S1 5.5", reason="Нужны номер акта и основание")
    if key_id is None:
        raise Refused("S1 5.5", "Ключа этого человека нет: уничтожать нечего")
    return PersonalDataErased(
        person_id=asked.person_id,
        key_id=key_id,
        reason=asked.reason,
        act_no=asked.act_no,
        occurred_on=asked.erased_on,
    )
