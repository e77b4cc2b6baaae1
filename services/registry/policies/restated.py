"""What is said anew passes what its command passes, and what stands on what (ADR 0032)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.registry.domain import (
    MUNICIPALITY,
    ORGANISATION,
    REGION,
    TEACHER,
    AddMunicipality,
    AddRegion,
    AssignExpertGroup,
    AwardCategory,
    CertifyProgram,
    ChangeEmployment,
    CloseOrganisation,
    CloseRegionalCentre,
    DraftProgram,
    EndEmployment,
    ErasePersonalData,
    GiveExpertOpinion,
    GrantAccess,
    LinkRoster,
    ListProgram,
    MergePersons,
    OpenRegionalCentre,
    RecordEducation,
    RegisterGraduate,
    RegisterOrganisation,
    RegisterTeacher,
    RevokeAccess,
    StartEmployment,
    SubmitProgram,
)
from shared.events.registry import (
    AccessGranted,
    AccessRevoked,
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    GraduateRegistered,
    MunicipalityAdded,
    OrganisationClosed,
    OrganisationRegistered,
    PersonalDataErased,
    PersonsMerged,
    ProgramCertified,
    ProgramDrafted,
    ProgramListed,
    ProgramSubmitted,
    QualificationCategoryAwarded,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
    RosterLinked,
    TeacherRegistered,
)
from shared.kernel import (
    Restated,
    Stands,
)
from shared.kernel.ids import named

# ── What is said anew passes what its command passes ────────────────────────

RESTATED = tuple(
    Restated(fact=fact, command=command, repeated=tuple(repeated))
    for fact, command, *repeated in (
        (RegionAdded, AddRegion),
        (MunicipalityAdded, AddMunicipality),
        (OrganisationRegistered, RegisterOrganisation),
        (OrganisationClosed, CloseOrganisation),
        (RegionalCentreOpened, OpenRegionalCentre, RegionalCentreClosed),
        (RegionalCentreClosed, CloseRegionalCentre),
        (TeacherRegistered, RegisterTeacher),
        (RosterLinked, LinkRoster),
        (EmploymentStarted, StartEmployment, EmploymentEnded),
        (EmploymentChanged, ChangeEmployment, EmploymentEnded),
        (EmploymentEnded, EndEmployment),
        (EducationRecorded, RecordEducation),
        (QualificationCategoryAwarded, AwardCategory),
        (GraduateRegistered, RegisterGraduate),
        (PersonsMerged, MergePersons),
        (PersonalDataErased, ErasePersonalData),
        (ProgramDrafted, DraftProgram),
        (ProgramSubmitted, SubmitProgram),
        (ExpertGroupAssigned, AssignExpertGroup),
        (ExpertOpinionGiven, GiveExpertOpinion),
        (ProgramCertified, CertifyProgram, ProgramListed),
        (ProgramListed, ListProgram),
        (AccessGranted, GrantAccess, AccessRevoked),
        (AccessRevoked, RevokeAccess),
    )
)

# ── What stands on what ─────────────────────────────────────────────────────

type OnRegion = MunicipalityAdded | OrganisationRegistered | RegionalCentreOpened
type OnOrganisation = (
    OrganisationRegistered
    | RegionalCentreOpened
    | EmploymentStarted
    | EmploymentChanged
    | GraduateRegistered
    | ProgramDrafted
    | ExpertGroupAssigned
)


def in_region(said: OnRegion) -> Iterator[UUID]:
    """Субъект РФ, в котором всё это лежит (S1 4.1)."""
    yield named("region", said.region)


def in_municipality(said: OrganisationRegistered) -> Iterator[UUID]:
    """Муниципальное образование организации (S1 4.1)."""
    if said.oktmo:
        yield named("municipality", said.oktmo)


def of_organisations(said: OnOrganisation) -> Iterator[UUID]:
    """Организации, без которых этого быть не могло (S0 I, S0 III, S1 4.1, S1 4.3)."""
    match said:
        case OrganisationRegistered():
            if said.parent_id:
                yield said.parent_id
        case RegionalCentreOpened():
            yield said.host_org_id
        case EmploymentStarted() | EmploymentChanged():
            yield said.org_id
        case GraduateRegistered():
            yield said.university_id
        case ProgramDrafted():
            yield said.provider_org_id
        case ExpertGroupAssigned():
            yield from (each.org_id for each in said.experts)


def into_survivor(said: PersonsMerged) -> Iterator[UUID]:
    """Основная запись, с которой слита другая (S1 7.2)."""
    yield said.survivor_id


STANDS: tuple[Stands[Any], ...] = (
    Stands(
        on=REGION.name,
        facts=(MunicipalityAdded, OrganisationRegistered, RegionalCentreOpened),
        streams=in_region,
    ),
    Stands(on=MUNICIPALITY.name, facts=(OrganisationRegistered,), streams=in_municipality),
    Stands(
        on=ORGANISATION.name,
        facts=(
            OrganisationRegistered,
            RegionalCentreOpened,
            EmploymentStarted,
            EmploymentChanged,
            GraduateRegistered,
            ProgramDrafted,
            ExpertGroupAssigned,
        ),
        streams=of_organisations,
    ),
    Stands(on=TEACHER.name, facts=(PersonsMerged,), streams=into_survivor),
)
