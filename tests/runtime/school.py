"""A school and its teacher, and how a registry is asked about them."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from services.registry.domain import (
    AddMunicipality,
    AddRegion,
    RegisterOrganisation,
    RegisterTeacher,
    StartEmployment,
)
from shared.kernel.ids import EmploymentId, EventId, Oktmo, OrgId, PersonId, RegionCode
from shared.runtime.asking import Asked, Outcome
from shared.runtime.engine import Engine
from shared.runtime.log import Store

DAY = date(2024, 2, 1)
SCHOOL, PERSON, JOB = OrgId(UUID(int=1)), PersonId(UUID(int=2)), EmploymentId(UUID(int=3))
LAND = [
    AddRegion(
        region=RegionCode("25"),
        name="Приморский край",
        iso="RU-PRI",
        utc_offset_minutes=600,
        added_on=DAY,
    ),
    AddMunicipality(
        oktmo=Oktmo("05701000"), region=RegionCode("25"), name="Владивосток", added_on=DAY
    ),
    RegisterOrganisation(
        org_id=SCHOOL,
        kind="school",
        name="Школа",
        region=RegionCode("25"),
        oktmo=Oktmo("05701000"),
        parent_id=None,
        gen_ed=True,
        registered_on=DAY,
    ),
]
TEACHER = RegisterTeacher(
    person_id=PERSON,
    full_name="Лесных Анна",
    snils="112-233-445 95",
    birth_date=date(1995, 5, 5),
    registered_on=DAY,
)
EMPLOYED = StartEmployment(
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="PED",
    is_teacher=True,
    subject_code="math",
    is_main=True,
    started_on=DAY,
)

type Ask = Callable[..., Outcome]


def asking(engine: Engine) -> Ask:
    """Return how this engine is asked: one command, and what else is said of it."""

    def asked(command: Any, **said: Any) -> Outcome:
        said = {"command_id": uuid4(), "actor": "test"} | said
        return engine.ask(Asked(command=command, **said))

    return asked


def event(log: Store, name: str) -> EventId:
    """Return the id of the first fact of a name."""
    return EventId(next(e for e in log.walk() if e.name == name).event_id)


def names(log: Store) -> list[str]:
    """Name all that was said, without the owners."""
    return [each.name.partition(".")[2] for each in log.walk()]
