"""Rows of a small roster, and what they are read as."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from services.registry.domain import RegisterOrganisation, StartEmployment
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.package import jobs_of
from services.registry.domain.roster import Register, Source
from shared.events.registry import EmploymentStarted, OrganisationRegistered
from shared.kernel.ids import PersonId, RegionCode
from shared.testing.facts import a
from tests.registry.world import PERSON

ON = date(2024, 2, 1)
SOURCE = Source(
    system="SIS",
    on=ON,
    fingerprint=lambda said: f"<{said}>",
    region=RegionCode("25"),
)
ORG = {
    "sourcedId": "s1",
    "name": "Школа",
    "type": "school",
    "metadata.oktmo": "05701000",
}
USER = {
    "sourcedId": "u1",
    "familyName": "Вымыслова",
    "givenName": "Анна",
    "middleName": "Петровна",
    "metadata.snils": "112-233-445 95",
    "metadata.birthDate": "1995-05-17",
    "metadata.education": "higher",
    "metadata.educationFrom": "2019-06-30",
    "metadata.educationPedagogical": "true",
    "metadata.category": "highest, ped_mentor",
    "metadata.categoryFrom": "2023-09-01,2023-12-01",
}
ROLE = {
    "sourcedId": "r1",
    "userSourcedId": "u1",
    "roleType": "primary",
    "role": "teacher",
    "beginDate": "2023-09-01",
    "orgSourcedId": "s1",
    "metadata.subject": "MATH",
}
START = StartEmployment(
    employment_id=SOURCE.employment("r1"),
    person_id=PERSON,
    org_id=SOURCE.organisation("s1"),
    position_class="PED",
    is_teacher=True,
    subject_code="MATH",
    is_main=True,
    started_on=date(2023, 9, 1),
)
STARTED = EmploymentStarted(
    employment_id=START.employment_id,
    person_id=PERSON,
    org_id=START.org_id,
    position_class="PED",
    is_teacher=True,
    subject_code="MATH",
    is_main=True,
    occurred_on=START.started_on,
)
[JOB] = jobs_of([STARTED]).values()
REGISTER = RegisterOrganisation(
    org_id=SOURCE.organisation("s1"),
    kind="school",
    name="Школа",
    region=RegionCode("25"),
    oktmo=a(OrganisationRegistered, oktmo="05701000").oktmo,
    parent_id=None,
    gen_ed=True,
    registered_on=ON,
)


def knowing(holder: Callable[[str, str], UUID | None]) -> Register:
    """Return what the registry knows of keys alone."""
    return Register(holder=holder, organisation=lambda _: UNHEARD_OF)


def nobody(_: str, __: str) -> UUID | None:
    return None


def holding(held: dict[tuple[str, str], PersonId]) -> Callable[[str, str], UUID | None]:
    return lambda kind, key: held.get((kind, key))
