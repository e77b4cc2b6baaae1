"""What is asked of the registry about a person, work apart, and what comes of it."""

from datetime import date
from typing import Literal

from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    StartEmployment,
)
from services.registry.domain.organisation import UNHEARD_OF, Organisation
from services.registry.domain.youth import Eras
from shared.events.registry import Category, EducationLevel
from shared.kernel import Told, command
from shared.kernel.ids import KeyId, OrgId, PersonId

type Survivor = Literal["unknown", "registered", "merged", "erased"]
"""What is known of the record that is to survive a merger."""


@command
class RegisterTeacher:
    """Внести педагога в реестр."""

    person_id: PersonId
    full_name: str
    snils: str
    birth_date: date
    registered_on: date


@command
class DetermineYouth:
    """Определить заново, до какого дня педагог молодой."""

    person_id: PersonId
    human: Told[Eras] = ()


@command
class LinkRoster:
    """Опознать человека в учётной системе; её номер дан отпечатком (HMAC)."""

    person_id: PersonId
    source_system: str
    sourced_id_hmac: str
    linked_on: date


@command
class MergePersons:
    """Слить запись-дубль с основной записью о том же человеке."""

    survivor_id: PersonId
    merged_id: PersonId
    merged_on: date
    survivor: Told[Survivor] = "unknown"


@command
class RegisterGraduate:
    """Внести выпускника педагогического вуза."""

    person_id: PersonId
    university_id: OrgId
    graduated_on: date
    registered_on: date
    university: Told[Organisation] = UNHEARD_OF


@command
class RecordEducation:
    """Записать образование."""

    person_id: PersonId
    level: EducationLevel
    pedagogical: bool
    received_on: date


@command
class AwardCategory:
    """Записать квалификационную категорию; срок её следует из дня присвоения."""

    person_id: PersonId
    category: Category
    awarded_on: date
    valid_until: date | None = None


@command
class ErasePersonalData:
    """Уничтожить персональные данные вместе с ключом."""

    person_id: PersonId
    reason: str
    act_no: str
    erased_on: date
    key_id: Told[KeyId | None] = None


type TeacherCommand = (
    RegisterTeacher
    | DetermineYouth
    | LinkRoster
    | MergePersons
    | RegisterGraduate
    | StartEmployment
    | ChangeEmployment
    | EndEmployment
    | RecordEducation
    | AwardCategory
    | ErasePersonalData
)
