"""A row of `users`: who it is, and what the person has learned and been awarded."""

from collections.abc import Iterator
from itertools import zip_longest
from uuid import UUID

from services.registry.domain.identity import snils_digits
from services.registry.domain.people import (
    AwardCategory,
    LinkRoster,
    RecordEducation,
    RegisterTeacher,
)
from services.registry.domain.roster import Command, Register, Source
from services.registry.domain.rows import (
    Fault,
    Row,
    day,
    needed,
    needed_day,
    one_of,
    text,
    word,
    yes,
)
from shared.events.registry import Category, EducationLevel
from shared.kernel.ids import PersonId

LEVELS: tuple[EducationLevel, ...] = ("secondary", "vocational", "higher")
CATEGORIES: tuple[Category, ...] = ("first", "highest", "ped_methodist", "ped_mentor")


def identify(
    row: Row, source: Source, register: Register
) -> tuple[PersonId, tuple[Command, ...]]:
    """Человек один, в скольких бы системах ни стоял: по связи, затем по СНИЛС (S1 5.5).

    Returns who it is and what makes it so. Raises `Fault`, also where the row says of
    somebody known what is recorded otherwise.
    """
    sourced_id = needed(row, "sourcedId", "S1 5.5")
    holder = register.holder
    if linked := holder("roster", source.link(sourced_id)):
        require_same(row, linked, register)
        return PersonId(linked), ()
    family = needed(row, "familyName", "S0 I")
    given = needed(row, "givenName", "S0 I")
    born = needed_day(row, "metadata.birthDate", "S0 I")
    digits = snils_digits(needed(row, "metadata.snils", "S1 5.5"))
    if digits is None:
        raise Fault("metadata.snils", "Контрольное число не сходится", "S1 5.5")
    same = holder("snils", digits)
    if same:
        require_same(row, same, register)
    person_id = PersonId(same) if same else source.person(sourced_id)
    link = LinkRoster(
        person_id=person_id,
        source_system=source.system,
        sourced_id_hmac=source.fingerprint(sourced_id),
        linked_on=source.on,
    )
    new = RegisterTeacher(
        person_id=person_id,
        full_name=" ".join(filter(None, (family, given, text(row, "middleName")))),
        snils=digits,
        birth_date=born,
        registered_on=source.on,
    )
    return person_id, (link,) if same else (new, link)


def require_same(row: Row, person_id: UUID, register: Register) -> None:
    """Кто уже внесён, остаётся тем же: иное — ошибка строки или записи (S1 7.2)."""
    if register.claimed(person_id, row):
        return
    born, recorded = day(row, "metadata.birthDate", "S0 I"), register.born(person_id)
    if born and recorded and born != recorded:
        why = "Записана другая дата рождения; ошибку исправляют исправлением записи"
        raise Fault("metadata.birthDate", why, "S1 7.2")
    snils = text(row, "metadata.snils")
    held = register.holder("snils", snils_digits(snils) or "") if snils else person_id
    if recorded and (not held or register.human(held) != register.human(person_id)):
        why = "Записан другой СНИЛС; ошибку исправляют исправлением записи"
        raise Fault("metadata.snils", why, "S1 7.2")


def read_user(row: Row, person_id: PersonId) -> tuple[Command, ...]:
    """Образование и категории человека (S1 4.5). Raises `Fault`."""
    return (*education(row, person_id), *categories(row, person_id))


def education(row: Row, person_id: PersonId) -> Iterator[RecordEducation]:
    """Уровень образования и его день (S1 4.5)."""
    if text(row, "metadata.education"):
        pedagogical = "metadata.educationPedagogical"
        yield RecordEducation(
            person_id=person_id,
            level=one_of(LEVELS, row, "metadata.education", "S1 4.5"),
            pedagogical=yes(row, pedagogical, "S1 4.5", default=False),
            received_on=needed_day(row, "metadata.educationFrom", "S1 4.5"),
        )


def categories(row: Row, person_id: PersonId) -> Iterator[AwardCategory]:
    """Категории через запятую, день каждой — тоже (S1 4.5)."""
    if not text(row, "metadata.category"):
        return
    names = text(row, "metadata.category").split(",")
    days = text(row, "metadata.categoryFrom").split(",")
    for name, since in zip_longest(names, days, fillvalue=""):
        one = {"metadata.categoryFrom": since}
        yield AwardCategory(
            person_id=person_id,
            category=word(CATEGORIES, name.strip(), "metadata.category", "S1 4.5"),
            awarded_on=needed_day(one, "metadata.categoryFrom", "S1 4.5"),
        )
