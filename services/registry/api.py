"""The registry's doors. Everybody and everything in the examples is made up."""

from services.registry import domain
from services.registry.projections import (
    GRANTS,
    ORGANISATIONS,
    PROGRAMS,
    REGIONS,
    TEACHERS,
)
from shared.events import registry as facts
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading

FEDERAL: tuple[Role, ...] = ("federal",)
REGIONAL: tuple[Role, ...] = ("federal", "region")
LOCAL: tuple[Role, ...] = ("federal", "region", "municipality")
STAFF: tuple[Role, ...] = ("federal", "region", "municipality", "organisation")
READERS: tuple[Role, ...] = (*STAFF, "auditor")

ORG = "0190f3a0-0000-7000-8000-000000000001"
UNIVERSITY = "0190f3a0-0000-7000-8000-000000000002"
PERSON = "0190f3a0-0000-7000-8000-000000000011"
EXPERT = "0190f3a0-0000-7000-8000-000000000012"
COMPETENCY = "0190f3a0-0000-7000-8000-000000000021"
DEFICIT = "0190f3a0-0000-7000-8000-000000000022"

JOB = {
    "org_id": ORG,
    "position_class": "PED",
    "is_teacher": True,
    "subject_code": "MATH",
    "is_main": True,
}
REVIEW = {"program_version": 1, "register": "FED"}

DOORS: tuple[Door | Reading, ...] = (
    # Territory
    Door(
        command=domain.AddRegion,
        says=(facts.RegionAdded,),
        path="/regions/{region}/add",
        roles=FEDERAL,
        example={
            "name": "Приморский край",
            "iso": "RU-PRI",
            "utc_offset_minutes": 600,
            "added_on": "2020-08-06",
        },
    ),
    Door(
        command=domain.AddMunicipality,
        says=(facts.MunicipalityAdded,),
        path="/municipalities/{oktmo}/add",
        roles=REGIONAL,
        example={
            "region": "25",
            "name": "Владивостокский городской округ",
            "added_on": "2020-08-06",
        },
    ),
    # Organisations
    Door(
        command=domain.RegisterOrganisation,
        says=(facts.OrganisationRegistered,),
        path="/organisations/{org_id}/register",
        roles=LOCAL,
        example={
            "kind": "school",
            "name": "Школа № 100 (вымышленная)",
            "region": "25",
            "oktmo": "05701000",
            "parent_id": None,
            "gen_ed": True,
            "registered_on": "2020-09-01",
        },
    ),
    Door(
        command=domain.CloseOrganisation,
        says=(facts.OrganisationClosed,),
        path="/organisations/{org_id}/close",
        roles=LOCAL,
        example={"reason": "Ликвидирована", "closed_on": "2024-07-01"},
    ),
    Door(
        command=domain.OpenRegionalCentre,
        says=(facts.RegionalCentreOpened,),
        path="/centres/{centre_id}/open",
        roles=REGIONAL,
        example={
            "region": "25",
            "host_org_id": ORG,
            "legal_form": "unit",
            "opened_on": "2021-09-01",
        },
    ),
    Door(
        command=domain.CloseRegionalCentre,
        says=(facts.RegionalCentreClosed,),
        path="/centres/{centre_id}/close",
        roles=REGIONAL,
        example={"closed_on": "2025-01-01"},
    ),
    # People
    Door(
        command=domain.RegisterTeacher,
        says=(facts.TeacherRegistered,),
        path="/teachers/{person_id}/register",
        roles=STAFF,
        example={
            "full_name": "Вымыслова Анна Петровна",
            "snils": "112-233-445 95",
            "birth_date": "1997-03-14",
            "registered_on": "2023-09-01",
        },
    ),
    Door(
        command=domain.DetermineYouth,
        says=(facts.YouthPeriodDetermined,),
        path="/teachers/{person_id}/determine-youth",
        roles=REGIONAL,
    ),
    Door(
        command=domain.LinkRoster,
        says=(facts.RosterLinked,),
        path="/teachers/{person_id}/link-roster",
        roles=REGIONAL,
        example={
            "source_system": "RU-PRI-SIS",
            "sourced_id_hmac": "9f86d081884c7d659a2feaa0c55ad015",
            "linked_on": "2023-09-01",
        },
    ),
    Door(
        command=domain.MergePersons,
        says=(facts.PersonsMerged,),
        path="/teachers/{merged_id}/merge",
        roles=REGIONAL,
        example={"survivor_id": PERSON, "merged_on": "2024-02-01"},
    ),
    Door(
        command=domain.RegisterGraduate,
        says=(facts.GraduateRegistered,),
        path="/teachers/{person_id}/register-graduate",
        roles=REGIONAL,
        example={
            "university_id": UNIVERSITY,
            "graduated_on": "2023-06-30",
            "registered_on": "2023-07-10",
        },
    ),
    Door(
        command=domain.StartEmployment,
        says=(facts.EmploymentStarted,),
        path="/teachers/{person_id}/employments/{employment_id}/start",
        roles=STAFF,
        example=JOB | {"started_on": "2023-09-01"},
    ),
    Door(
        command=domain.ChangeEmployment,
        says=(facts.EmploymentChanged,),
        path="/teachers/{person_id}/employments/{employment_id}/change",
        roles=STAFF,
        example=JOB | {"subject_code": "PHYS", "changed_on": "2024-09-01"},
    ),
    Door(
        command=domain.EndEmployment,
        says=(facts.EmploymentEnded,),
        path="/teachers/{person_id}/employments/{employment_id}/end",
        roles=STAFF,
        example={"ended_on": "2025-08-31"},
    ),
    Door(
        command=domain.RecordEducation,
        says=(facts.EducationRecorded,),
        path="/teachers/{person_id}/record-education",
        roles=STAFF,
        example={
            "level": "higher",
            "pedagogical": True,
            "received_on": "2019-06-30",
        },
    ),
    Door(
        command=domain.AwardCategory,
        says=(facts.QualificationCategoryAwarded,),
        path="/teachers/{person_id}/award-category",
        roles=REGIONAL,
        example={"category": "first", "awarded_on": "2024-03-01"},
    ),
    Door(
        command=domain.ErasePersonalData,
        says=(facts.PersonalDataErased,),
        path="/teachers/{person_id}/erase",
        roles=REGIONAL,
        example={
            "reason": "Отзыв согласия",
            "act_no": "152-2024/7",
            "erased_on": "2024-05-20",
        },
    ),
    # Programmes
    Door(
        command=domain.DraftProgram,
        says=(facts.ProgramDrafted,),
        path="/programs/{program_id}/draft",
        roles=REGIONAL,
        example={
            "program_version": 1,
            "provider_org_id": ORG,
            "kind": "PK",
            "name": "Функциональная грамотность на уроке",
            "hours": 36,
            "cascade": False,
            "network": False,
            "topics": ["functional_literacy"],
            "competencies": [COMPETENCY],
            "deficits": [DEFICIT],
            "drafted_on": "2022-01-10",
        },
    ),
    Door(
        command=domain.SubmitProgram,
        says=(facts.ProgramSubmitted,),
        path="/programs/{program_id}/submit",
        roles=REGIONAL,
        example=REVIEW | {"submitted_on": "2022-01-20"},
    ),
    Door(
        command=domain.AssignExpertGroup,
        says=(facts.ExpertGroupAssigned,),
        path="/programs/{program_id}/assign-experts",
        roles=FEDERAL,
        example=REVIEW
        | {
            "experts": [{"person_id": EXPERT, "org_id": UNIVERSITY, "region": "54"}],
            "assigned_on": "2022-02-01",
        },
    ),
    Door(
        command=domain.GiveExpertOpinion,
        says=(facts.ExpertOpinionGiven,),
        path="/programs/{program_id}/give-opinion",
        roles=FEDERAL,
        example=REVIEW
        | {
            "expert_id": EXPERT,
            "verdict": "recommended",
            "score": 87,
            "given_on": "2022-02-15",
        },
    ),
    Door(
        command=domain.CertifyProgram,
        says=(facts.ProgramCertified,),
        path="/programs/{program_id}/certify",
        roles=FEDERAL,
        example=REVIEW
        | {
            "cert_no": "ФР-2022-0147",
            "valid_until": "2025-03-01",
            "certified_on": "2022-03-01",
        },
    ),
    Door(
        command=domain.ListProgram,
        says=(facts.ProgramListed,),
        path="/programs/{program_id}/list",
        roles=FEDERAL,
        example=REVIEW | {"valid_until": "2025-03-01", "listed_on": "2022-03-05"},
    ),
    # Access
    Door(
        command=domain.GrantAccess,
        says=(facts.AccessGranted,),
        path="/grants/{grant_id}/grant",
        roles=REGIONAL,
        example={
            "grantee": "official-17",
            "role": "municipality",
            "territory": "25/05701000",
            "until": "2026-12-31",
            "granted_on": "2024-01-09",
        },
    ),
    Door(
        command=domain.RevokeAccess,
        says=(facts.AccessRevoked,),
        path="/grants/{grant_id}/revoke",
        roles=REGIONAL,
        example={"reason": "Переведён", "revoked_on": "2024-06-01"},
    ),
    # Documents
    Reading(
        projection=REGIONS,
        path="/regions",
        roles=READERS,
        by=("region",),
        sort="region",
        summary="Субъекты РФ, включённые в систему",
    ),
    Reading(
        projection=ORGANISATIONS,
        path="/organisations",
        roles=READERS,
        by=("region", "oktmo", "kind", "status", "parent_id"),
        sort="name",
        summary="Организации и где они",
    ),
    Reading(
        projection=TEACHERS,
        path="/teachers",
        roles=READERS,
        by=("org_id", "status"),
        summary="Люди под условными номерами: работа, категории, образование",
    ),
    Reading(
        projection=PROGRAMS,
        path="/programs",
        roles=READERS,
        by=("provider_org_id", "kind", "fed", "reg"),
        sort="name",
        summary="ДПП и их положение в реестрах",
    ),
    Reading(
        projection=GRANTS,
        path="/grants",
        roles=(*REGIONAL, "auditor"),
        by=("grantee", "role", "territory", "status"),
        summary="Доступы: роль на территории до срока",
    ),
)
