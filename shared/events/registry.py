"""What the registry says."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.kernel import Personal, Withdrawal, fact
from shared.kernel.ids import (
    CentreId,
    CompetencyId,
    DeficitId,
    EmploymentId,
    GrantId,
    KeyId,
    Oktmo,
    OrgId,
    PersonId,
    ProgramId,
    RegionCode,
    Territory,
)

type OrgKind = Literal[
    "school", "kindergarten", "college", "supplementary", "HE", "institute", "authority"
]
type PositionClass = Literal["PED", "HEAD", "DEPUTY", "UNIT_HEAD", "OTHER"]
type Register = Literal["FED", "REG"]
type ProgramKind = Literal["PK", "PP"]
type Category = Literal["first", "highest", "ped_methodist", "ped_mentor"]
type EducationLevel = Literal["secondary", "vocational", "higher"]
type LegalForm = Literal["unit", "legal_entity"]
type Verdict = Literal["recommended", "returned", "not_recommended"]
type Role = Literal[
    "federal",
    "region",
    "municipality",
    "organisation",
    "self",
    "auditor",
    "operator",
]

# ── Territory and organisations ─────────────────────────────────────────────


@fact("registry.RegionAdded", schema=1)
class RegionAdded:
    """Субъект РФ включён в систему с этого дня (S0 III)."""

    region: RegionCode
    name: str
    iso: str | None
    utc_offset_minutes: int
    occurred_on: date


@fact("registry.MunicipalityAdded", schema=1)
class MunicipalityAdded:
    """Муниципальное образование внесено (S1 4.1)."""

    oktmo: Oktmo
    region: RegionCode
    name: str
    occurred_on: date


@fact("registry.OrganisationRegistered", schema=1)
class OrganisationRegistered:
    """Организация внесена; без муниципального уровня `oktmo` пуст (S1 4.1)."""

    org_id: OrgId
    kind: OrgKind
    name: str
    region: RegionCode
    oktmo: Oktmo | None
    parent_id: OrgId | None
    gen_ed: bool
    occurred_on: date


@fact("registry.OrganisationClosed", schema=1)
class OrganisationClosed:
    """Организация закрыта с этого дня (S1 4.1)."""

    org_id: OrgId
    reason: str
    occurred_on: date


@fact("registry.RegionalCentreOpened", schema=1)
class RegionalCentreOpened:
    """В субъекте РФ открыт ЦНППМ (S0 III)."""

    centre_id: CentreId
    region: RegionCode
    host_org_id: OrgId
    legal_form: LegalForm
    occurred_on: date


@fact("registry.RegionalCentreClosed", schema=1)
class RegionalCentreClosed:
    """ЦНППМ закрыт с этого дня (S0 III)."""

    centre_id: CentreId
    region: RegionCode
    host_org_id: OrgId
    occurred_on: date


# ── People ──────────────────────────────────────────────────────────────────


@fact("registry.TeacherRegistered", schema=1)
class TeacherRegistered:
    """Педагог внесён в реестр (S0 I)."""

    person_id: PersonId
    full_name: Personal[str]
    snils: Personal[str]
    birth_date: Personal[date]
    occurred_on: date


@fact("registry.YouthPeriodDetermined", schema=1)
class YouthPeriodDetermined:
    """Определено, до какого дня педагог молодой, если был им когда-либо (S0 V.4)."""

    person_id: PersonId
    young_until: date | None
    rule_version: int
    occurred_on: date


@fact("registry.RosterLinked", schema=1)
class RosterLinked:
    """Человек опознан в учётной системе; её номер стоит только отпечатком (S1 5.5)."""

    person_id: PersonId
    source_system: str
    sourced_id_hmac: str
    occurred_on: date


@fact("registry.PersonsMerged", schema=1)
class PersonsMerged:
    """Две записи об одном человеке слиты с этого дня (S1 7.2)."""

    survivor_id: PersonId
    merged_id: PersonId
    occurred_on: date


@fact("registry.GraduateRegistered", schema=1)
class GraduateRegistered:
    """Выпускник педагогического вуза внесён (S0 V.2)."""

    person_id: PersonId
    university_id: OrgId
    graduated_on: date
    occurred_on: date


@fact("registry.EmploymentStarted", schema=1)
class EmploymentStarted:
    """Человек принят на работу в организацию (S0 I)."""

    employment_id: EmploymentId
    person_id: PersonId
    org_id: OrgId
    position_class: PositionClass
    is_teacher: bool
    subject_code: str | None
    is_main: bool
    occurred_on: date


@fact("registry.EmploymentChanged", schema=1)
class EmploymentChanged:
    """Условия работы изменены с этого дня: место, должность, предмет (S0 I)."""

    employment_id: EmploymentId
    person_id: PersonId
    org_id: OrgId
    position_class: PositionClass
    is_teacher: bool
    subject_code: str | None
    is_main: bool
    occurred_on: date


@fact("registry.EmploymentEnded", schema=1)
class EmploymentEnded:
    """Работа окончена; этот день — последний рабочий (S0 I)."""

    employment_id: EmploymentId
    person_id: PersonId
    org_id: OrgId
    occurred_on: date


@fact("registry.EducationRecorded", schema=1)
class EducationRecorded:
    """Записано образование (S1 4.5)."""

    person_id: PersonId
    level: EducationLevel
    pedagogical: bool
    occurred_on: date


@fact("registry.QualificationCategoryAwarded", schema=1)
class QualificationCategoryAwarded:
    """Присвоена квалификационная категория; бессрочная — без срока (S1 4.5)."""

    person_id: PersonId
    category: Category
    valid_until: date | None
    occurred_on: date


@fact("registry.PersonalDataErased", schema=1)
class PersonalDataErased:
    """Персональные данные уничтожены вместе с ключом; числа остаются (S1 5.5)."""

    person_id: PersonId
    key_id: KeyId
    reason: str
    act_no: str
    occurred_on: date


# ── Programmes ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Expert:
    """A member of an expert group, the region and the organisation he speaks from."""

    person_id: PersonId
    org_id: OrgId
    region: RegionCode


@fact("registry.ProgramDrafted", schema=1)
class ProgramDrafted:
    """ДПП разработана (S1 4.3)."""

    program_id: ProgramId
    program_version: int
    provider_org_id: OrgId
    kind: ProgramKind
    name: str
    hours: int
    cascade: bool
    network: bool
    topics: tuple[str, ...]
    competencies: tuple[CompetencyId, ...]
    deficits: tuple[DeficitId, ...]
    occurred_on: date


@fact("registry.ProgramSubmitted", schema=1)
class ProgramSubmitted:
    """ДПП направлена на экспертизу в реестр (S0 III.1)."""

    program_id: ProgramId
    program_version: int
    register: Register
    occurred_on: date


@fact("registry.ExpertGroupAssigned", schema=1)
class ExpertGroupAssigned:
    """Назначена группа экспертов из регионов (S0 III.1)."""

    program_id: ProgramId
    program_version: int
    register: Register
    experts: tuple[Expert, ...]
    occurred_on: date


@fact("registry.ExpertOpinionGiven", schema=1)
class ExpertOpinionGiven:
    """Эксперт дал заключение; оценка от 0 до 100 (S0 III.1)."""

    program_id: ProgramId
    program_version: int
    register: Register
    expert_id: PersonId
    verdict: Verdict
    score: int
    occurred_on: date


@fact("registry.ProgramCertified", schema=1)
class ProgramCertified:
    """ДПП сертифицирована по заключениям экспертов (S0 III.1)."""

    program_id: ProgramId
    program_version: int
    register: Register
    cert_no: str
    valid_until: date | None
    occurred_on: date


@fact("registry.ProgramListed", schema=1)
class ProgramListed:
    """Версия ДПП внесена в реестр, федеральный или региональный (S0 III.1)."""

    program_id: ProgramId
    program_version: int
    register: Register
    valid_until: date | None
    occurred_on: date


# ── Access ──────────────────────────────────────────────────────────────────


@fact("registry.AccessGranted", schema=1)
class AccessGranted:
    """Дан доступ: роль на территории до срока; «кто» — условный номер (S0 V)."""

    grant_id: GrantId
    grantee: str
    role: Role
    territory: Territory
    until: date | None
    occurred_on: date


@fact("registry.AccessRevoked", schema=1)
class AccessRevoked:
    """Доступ отозван с этого дня (S0 V)."""

    grant_id: GrantId
    grantee: str
    reason: str
    occurred_on: date


@fact("registry.FactWithdrawn", schema=1)
class FactWithdrawn(Withdrawal):
    """Запись реестра отозвана как ошибочная (S1 7.2)."""


type RegionFact = RegionAdded
type MunicipalityFact = MunicipalityAdded
type OrganisationFact = OrganisationRegistered | OrganisationClosed
type CentreFact = RegionalCentreOpened | RegionalCentreClosed
type EmploymentFact = EmploymentStarted | EmploymentChanged | EmploymentEnded
type TeacherFact = (
    TeacherRegistered
    | YouthPeriodDetermined
    | RosterLinked
    | PersonsMerged
    | GraduateRegistered
    | EmploymentStarted
    | EmploymentChanged
    | EmploymentEnded
    | EducationRecorded
    | QualificationCategoryAwarded
    | PersonalDataErased
)
type ProgramFact = (
    ProgramDrafted
    | ProgramSubmitted
    | ExpertGroupAssigned
    | ExpertOpinionGiven
    | ProgramCertified
    | ProgramListed
)
type AccessFact = AccessGranted | AccessRevoked
