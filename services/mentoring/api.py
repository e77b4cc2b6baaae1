"""The doors of mentoring. Everybody and everything in the examples is made up."""

from services.mentoring import domain
from services.mentoring.projections import METHODISTS, PAIRS, SUPPORTS
from shared.events import mentoring as facts
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading

CENTRES: tuple[Role, ...] = ("federal", "region")
SERVICES: tuple[Role, ...] = (*CENTRES, "municipality")
STAFF: tuple[Role, ...] = (*SERVICES, "organisation")
READERS: tuple[Role, ...] = (*STAFF, "self", "auditor")

TEACHER = "0190f3a0-0000-7000-8000-000000000011"
MENTOR = "0190f3a0-0000-7000-8000-000000000012"
SCHOOL = "0190f3a0-0000-7000-8000-000000000013"
EMPLOYMENT = "0190f3a0-0000-7000-8000-000000000014"
SESSION = "0190f3a0-0000-7000-8000-000000000041"
ENROLMENT = "0190f3a0-0000-7000-8000-000000000071"

DOORS: tuple[Door | Reading, ...] = (
    # Pairs: «объединенных на разных основаниях» (S4 3.2.7)
    Door(
        command=domain.ProposePair,
        says=(facts.MentorshipPairProposed,),
        path="/pairs/{pair_id}/propose",
        roles=STAFF,
        example={
            "mentee_id": TEACHER,
            "employment_id": EMPLOYMENT,
            "proposed_on": "2023-09-01",
        },
    ),
    Door(
        command=domain.FormPair,
        says=(facts.MentorshipPairFormed,),
        path="/pairs/{pair_id}/form",
        roles=STAFF,
        example={
            "mentor_id": MENTOR,
            "mentee_id": TEACHER,
            "pair_basis": "novice",
            "formed_on": "2023-09-15",
        },
    ),
    Door(
        command=domain.ClosePair,
        says=(facts.MentorshipPairClosed,),
        path="/pairs/{pair_id}/close",
        roles=STAFF,
        example={"outcome": "achieved", "closed_on": "2024-05-31"},
    ),
    # Forms of support (S0 V.4)
    Door(
        command=domain.StartSupport,
        says=(facts.SupportFormStarted,),
        path="/supports/{support_id}/start",
        roles=STAFF,
        example={
            "person_id": TEACHER,
            "form": "mentoring_group",
            "started_on": "2023-10-01",
        },
    ),
    Door(
        command=domain.EndSupport,
        says=(facts.SupportFormEnded,),
        path="/supports/{support_id}/end",
        roles=STAFF,
        example={"ended_on": "2024-05-31"},
    ),
    # How one becomes a methodist: «В ЦНППМ … формируется» (S1 4.5)
    Door(
        command=domain.NominateMethodist,
        says=(facts.MethodistNominated,),
        path="/methodists/{methodist_id}/nominate",
        roles=SERVICES,
        example={
            "person_id": MENTOR,
            "org_id": SCHOOL,
            "level": "R",
            "nominated_on": "2023-02-01",
        },
    ),
    Door(
        command=domain.PoolMethodist,
        says=(facts.MethodistPooled,),
        path="/methodists/{methodist_id}/pool",
        roles=CENTRES,
        example={"pooled_on": "2023-02-10"},
    ),
    Door(
        command=domain.RecordMethodistDiagnosis,
        says=(facts.MethodistDiagnosed,),
        path="/methodists/{methodist_id}/record-diagnosis",
        roles=CENTRES,
        example={"session_id": SESSION},
    ),
    Door(
        command=domain.RecordMethodistTraining,
        says=(facts.MethodistTrained,),
        path="/methodists/{methodist_id}/record-training",
        roles=CENTRES,
        example={"enrolment_id": ENROLMENT},
    ),
    Door(
        command=domain.ActivateMethodist,
        says=(facts.MethodistActivated,),
        path="/methodists/{methodist_id}/activate",
        roles=CENTRES,
        example={"engagement": "civil_contract", "activated_on": "2023-06-01"},
    ),
    # Whom he has (S1 7.1)
    Door(
        command=domain.AttachTeacher,
        says=(facts.TeacherAttached,),
        path="/methodists/{methodist_id}/attach-teacher",
        roles=CENTRES,
        example={"person_id": TEACHER, "attached_on": "2023-09-01"},
    ),
    Door(
        command=domain.DetachTeacher,
        says=(facts.TeacherDetached,),
        path="/methodists/{methodist_id}/detach-teacher",
        roles=CENTRES,
        example={
            "person_id": TEACHER,
            "reason": "Педагог переехал в другой район",
            "detached_on": "2024-02-01",
        },
    ),
    Reading(
        projection=METHODISTS,
        path="/methodists",
        roles=READERS,
        by=("person_id", "org_id", "region", "level", "state", "near_limit"),
        summary="Методисты, кандидаты в методисты и закреплённые за ними педагоги",
    ),
    Reading(
        projection=PAIRS,
        path="/pairs",
        roles=READERS,
        by=("person_id", "mentor_id", "mentee_id", "state", "pair_basis"),
        summary="Пары педагогов, предложенные и образованные",
    ),
    Reading(
        projection=SUPPORTS,
        path="/supports",
        roles=READERS,
        by=("person_id", "form", "state"),
        summary="Формы поддержки, в которые включены педагоги",
    ),
)
