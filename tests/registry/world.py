"""The small world of these tests: one region, three organisations, one person."""

from datetime import date
from uuid import UUID

from services.registry.domain import (
    AddMunicipality,
    AddRegion,
    EndEmployment,
    RegisterOrganisation,
    RegisterTeacher,
    StartEmployment,
)
from services.registry.domain.organisation import Closed, Working
from services.registry.domain.territory import Municipality, Region
from shared.events.registry import (
    EmploymentEnded,
    EmploymentStarted,
    MunicipalityAdded,
    OrganisationClosed,
    OrganisationRegistered,
    RegionAdded,
    TeacherRegistered,
)
from shared.kernel.ids import EmploymentId, Oktmo, OrgId, PersonId, RegionCode
from shared.testing.facts import DAY, a

REGION, OKTMO = RegionCode("25"), Oktmo("05701000")
SCHOOL, UNIVERSITY, INSTITUTE = (OrgId(UUID(int=n)) for n in (101, 102, 103))
PERSON, OTHER = PersonId(UUID(int=11)), PersonId(UUID(int=12))
JOB, SECOND_JOB = EmploymentId(UUID(int=21)), EmploymentId(UUID(int=22))

ADD_REGION = a(AddRegion, region=REGION, name="Приморский край", utc_offset_minutes=600)
REGION_ADDED = a(RegionAdded, region=REGION, name="Приморский край", utc_offset_minutes=600)
IN_REGION = Region(REGION_ADDED)

ADD_MUNICIPALITY = a(
    AddMunicipality,
    oktmo=OKTMO,
    region=REGION,
    name="Владивосток",
    in_region=IN_REGION,
)
MUNICIPALITY_ADDED = a(MunicipalityAdded, oktmo=OKTMO, region=REGION, name="Владивосток")
IN_MUNICIPALITY = Municipality(MUNICIPALITY_ADDED)

REGISTER_SCHOOL = a(
    RegisterOrganisation,
    org_id=SCHOOL,
    name="Школа № 100",
    region=REGION,
    oktmo=OKTMO,
    gen_ed=True,
    in_region=IN_REGION,
    in_municipality=IN_MUNICIPALITY,
)
SCHOOL_REGISTERED = a(
    OrganisationRegistered,
    org_id=SCHOOL,
    name="Школа № 100",
    region=REGION,
    oktmo=OKTMO,
    gen_ed=True,
)
UNIVERSITY_REGISTERED = a(
    OrganisationRegistered,
    org_id=UNIVERSITY,
    kind="HE",
    name="Университет",
    region=REGION,
)
INSTITUTE_REGISTERED = a(
    OrganisationRegistered,
    org_id=INSTITUTE,
    kind="institute",
    name="Институт",
    region=REGION,
)
SCHOOL_CLOSED = a(OrganisationClosed, org_id=SCHOOL, reason="Слита")
AT_SCHOOL, AT_UNIVERSITY = Working(SCHOOL_REGISTERED), Working(UNIVERSITY_REGISTERED)
AT_INSTITUTE = Working(INSTITUTE_REGISTERED)
AT_CLOSED_SCHOOL = Closed(SCHOOL_REGISTERED, SCHOOL_CLOSED)

BORN = date(1995, 5, 17)
REGISTER = a(
    RegisterTeacher,
    person_id=PERSON,
    full_name="Вымыслова Анна Петровна",
    snils="11223344595",
    birth_date=BORN,
)
REGISTERED = a(
    TeacherRegistered,
    person_id=PERSON,
    full_name="Вымыслова Анна Петровна",
    snils="112-233-445 95",
    birth_date=BORN,
)
HIRED = date(2023, 9, 1)
START = a(
    StartEmployment,
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="PED",
    is_teacher=True,
    is_main=True,
    started_on=HIRED,
    organisation=AT_SCHOOL,
)
STARTED = a(
    EmploymentStarted,
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="PED",
    is_teacher=True,
    is_main=True,
    occurred_on=HIRED,
)
END = a(EndEmployment, employment_id=JOB, person_id=PERSON, ended_on=DAY)
ENDED = a(EmploymentEnded, employment_id=JOB, person_id=PERSON, org_id=SCHOOL)
