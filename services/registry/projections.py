"""The registry's documents: ids, dates and codes; of people no name, no birthday.

Each document has an `id`; dates are text as ISO has it, ids are text.
"""

from datetime import date
from typing import Any

from shared.events.registry import (
    AccessFact,
    AccessGranted,
    AccessRevoked,
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentFact,
    EmploymentStarted,
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    GraduateRegistered,
    OrganisationClosed,
    OrganisationFact,
    OrganisationRegistered,
    PersonalDataErased,
    PersonsMerged,
    ProgramCertified,
    ProgramDrafted,
    ProgramFact,
    ProgramListed,
    ProgramSubmitted,
    QualificationCategoryAwarded,
    RegionAdded,
    RosterLinked,
    TeacherFact,
    TeacherRegistered,
    YouthPeriodDetermined,
)
from shared.kernel import Projection
from shared.kernel.ids import named

type Document = dict[str, Any]


def iso(day: date | None) -> str | None:
    """Return a date as JSON has it."""
    return day.isoformat() if day else None


# ── Regions ─────────────────────────────────────────────────────────────────


def region(_: Document | None, said: RegionAdded) -> Document | None:
    """Субъект РФ: код, название, время."""
    return {
        "id": str(named("region", said.region)),
        "region": said.region,
        "name": said.name,
        "iso": said.iso,
        "utc_offset_minutes": said.utc_offset_minutes,
        "added_on": iso(said.occurred_on),
    }


REGIONS: Projection[Document, RegionAdded] = Projection(
    name="registry.regions", facts=(RegionAdded,), evolve=region
)

# ── Organisations ───────────────────────────────────────────────────────────


def organisation(so_far: Document | None, said: OrganisationFact) -> Document | None:
    """Организация: где она, какая, работает ли."""
    match said:
        case OrganisationRegistered():
            return {
                "id": str(said.org_id),
                "kind": said.kind,
                "name": said.name,
                "region": said.region,
                "oktmo": said.oktmo,
                "parent_id": str(said.parent_id) if said.parent_id else None,
                "gen_ed": said.gen_ed,
                "status": "working",
                "registered_on": iso(said.occurred_on),
                "closed_on": None,
            }
        case OrganisationClosed():
            closed = {"status": "closed", "closed_on": iso(said.occurred_on)}
            return so_far and so_far | closed


ORGANISATIONS: Projection[Document, OrganisationFact] = Projection(
    name="registry.organisations",
    facts=(OrganisationRegistered, OrganisationClosed),
    evolve=organisation,
)

# ── People ──────────────────────────────────────────────────────────────────


def teacher(so_far: Document | None, said: TeacherFact) -> Document | None:
    """Человек под условным номером: работа, категории, образование, молодость."""
    if isinstance(said, TeacherRegistered):
        return {
            "id": str(said.person_id),
            "status": "registered",
            "org_id": None,
            "young_until": None,
            "registered_on": iso(said.occurred_on),
            "employments": {},
            "categories": [],
            "education": [],
            "rosters": [],
            "graduated": None,
            "merged_into": None,
            "erased": None,
        }
    return so_far and so_far | news(so_far, said)


type News = (
    YouthPeriodDetermined
    | RosterLinked
    | PersonsMerged
    | GraduateRegistered
    | EmploymentFact
    | EducationRecorded
    | QualificationCategoryAwarded
    | PersonalDataErased
)


def news(so_far: Document, said: News) -> Document:
    """Return the parts of a person's document that a fact makes other."""
    match said:
        case YouthPeriodDetermined():
            return {"young_until": iso(said.young_until)}
        case EmploymentStarted() | EmploymentChanged():
            return with_employments(so_far, str(said.employment_id), job(so_far, said))
        case EmploymentEnded():
            ended = {"ended_on": iso(said.occurred_on)}
            before = so_far["employments"].get(str(said.employment_id), {})
            return with_employments(so_far, str(said.employment_id), before | ended)
        case RosterLinked():
            return {"rosters": sorted({*so_far["rosters"], said.source_system})}
        case PersonsMerged():
            return {"status": "merged", "merged_into": str(said.survivor_id)}
        case GraduateRegistered():
            university, day = str(said.university_id), iso(said.graduated_on)
            return {"graduated": {"university_id": university, "graduated_on": day}}
        case EducationRecorded():
            known = {
                "level": said.level,
                "pedagogical": said.pedagogical,
                "received_on": iso(said.occurred_on),
            }
            return {"education": [*so_far["education"], known]}
        case QualificationCategoryAwarded():
            awarded = {
                "category": said.category,
                "awarded_on": iso(said.occurred_on),
                "valid_until": iso(said.valid_until),
            }
            return {"categories": [*so_far["categories"], awarded]}
        case PersonalDataErased():
            erased = {"act_no": said.act_no, "erased_on": iso(said.occurred_on)}
            return {"status": "erased", "erased": erased}


def job(so_far: Document, said: EmploymentStarted | EmploymentChanged) -> Document:
    """Return a job as it now is."""
    before = so_far["employments"].get(str(said.employment_id), {})
    return {
        "org_id": str(said.org_id),
        "position_class": said.position_class,
        "is_teacher": said.is_teacher,
        "subject_code": said.subject_code,
        "is_main": said.is_main,
        "started_on": before.get("started_on", iso(said.occurred_on)),
        "ended_on": None,
    }


def with_employments(so_far: Document, employment_id: str, job: Document) -> Document:
    """Return jobs with this one among them, and the unit that follows.

    The unit (AM33): the main job as a pedagogue, else the pedagogical one that began
    first, else whatever began first; nobody has one who works nowhere.
    """
    jobs = so_far["employments"] | {employment_id: job}
    running = [each for each in jobs.values() if each["ended_on"] is None]
    unit = min(running, key=closeness, default={"org_id": None})
    return {"employments": jobs, "org_id": unit["org_id"]}


def closeness(job: Document) -> tuple[bool, bool, str, str]:
    """Order jobs: pedagogical first, of these the main ones, of these the early."""
    return (
        job["position_class"] != "PED",
        not job["is_main"],
        job["started_on"],
        job["org_id"],
    )


TEACHERS: Projection[Document, TeacherFact] = Projection(
    name="registry.teachers",
    facts=(
        TeacherRegistered,
        YouthPeriodDetermined,
        RosterLinked,
        PersonsMerged,
        GraduateRegistered,
        EmploymentStarted,
        EmploymentChanged,
        EmploymentEnded,
        EducationRecorded,
        QualificationCategoryAwarded,
        PersonalDataErased,
    ),
    evolve=teacher,
)

# ── Programmes ──────────────────────────────────────────────────────────────


def program(so_far: Document | None, said: ProgramFact) -> Document | None:
    """ДПП: последняя версия и положение каждой версии в каждом реестре."""
    match said:
        case ProgramDrafted():
            return (so_far or {"fed": "none", "reg": "none", "registers": {}}) | {
                "id": str(said.program_id),
                "provider_org_id": str(said.provider_org_id),
                "version": said.program_version,
                "kind": said.kind,
                "name": said.name,
                "hours": said.hours,
                "cascade": said.cascade,
                "network": said.network,
                "topics": list(said.topics),
                "competencies": list(map(str, said.competencies)),
                "deficits": list(map(str, said.deficits)),
                "drafted_on": iso(said.occurred_on),
            }
        case ProgramSubmitted():
            return standing(so_far, said, status="submitted", opinions=[])
        case ExpertGroupAssigned():
            experts = [str(each.person_id) for each in said.experts]
            return standing(so_far, said, status="under_review", experts=experts)
        case ExpertOpinionGiven():
            given = {
                "expert_id": str(said.expert_id),
                "verdict": said.verdict,
                "score": said.score,
                "given_on": iso(said.occurred_on),
            }
            return standing(so_far, said, opinion=given)
        case ProgramCertified():
            return standing(
                so_far,
                said,
                status="certified",
                cert_no=said.cert_no,
                certified_on=iso(said.occurred_on),
                valid_until=iso(said.valid_until),
            )
        case ProgramListed():
            return standing(
                so_far,
                said,
                status="listed",
                listed_on=iso(said.occurred_on),
                valid_until=iso(said.valid_until),
            )


type Reviewed = (
    ProgramSubmitted
    | ExpertGroupAssigned
    | ExpertOpinionGiven
    | ProgramCertified
    | ProgramListed
)


def standing(so_far: Document | None, said: Reviewed, **news: Any) -> Document | None:
    """Return a programme with the news about one version in one register.

    `fed` and `reg` tell how far any version has come there.
    """
    if so_far is None:
        return None
    key = f"{said.register}/{said.program_version}"
    before = so_far["registers"].get(key, {"opinions": []})
    opinion = news.pop("opinion", None)
    heard = {"opinions": [*before["opinions"], opinion]} if opinion else {}
    registers = so_far["registers"] | {key: before | heard | news}
    own = [it for name, it in registers.items() if name.startswith(said.register)]
    furthest = max((each["status"] for each in own), key=STAGES.index)
    return so_far | {"registers": registers, said.register.lower(): furthest}


STAGES = ("submitted", "under_review", "certified", "listed")

PROGRAMS: Projection[Document, ProgramFact] = Projection(
    name="registry.programs",
    facts=(
        ProgramDrafted,
        ProgramSubmitted,
        ExpertGroupAssigned,
        ExpertOpinionGiven,
        ProgramCertified,
        ProgramListed,
    ),
    evolve=program,
)

# ── Access ──────────────────────────────────────────────────────────────────


def grant(so_far: Document | None, said: AccessFact) -> Document | None:
    """Доступ: кому (условный номер), роль, территория, до какого дня."""
    match said:
        case AccessGranted():
            return {
                "id": str(said.grant_id),
                "grantee": said.grantee,
                "role": said.role,
                "territory": said.territory,
                "until": iso(said.until),
                "granted_on": iso(said.occurred_on),
                "status": "in_force",
                "revoked_on": None,
            }
        case AccessRevoked():
            revoked = {"status": "revoked", "revoked_on": iso(said.occurred_on)}
            return so_far and so_far | revoked


GRANTS: Projection[Document, AccessFact] = Projection(
    name="registry.grants", facts=(AccessGranted, AccessRevoked), evolve=grant
)
