"""The registry, put together."""

from services.registry.domain import (
    ACCESS,
    CENTRE,
    MUNICIPALITY,
    ORGANISATION,
    PROGRAM,
    REGION,
    TEACHER,
)
from services.registry.policies import (
    BORROWED,
    CONCERNS,
    INFORMED,
    POLICIES,
    RESTATED,
    STANDS,
)
from services.registry.projections import (
    GRANTS,
    ORGANISATIONS,
    PROGRAMS,
    REGIONS,
    TEACHERS,
)
from shared.runtime.service import Service

SERVICE = Service(
    name="registry",
    deciders=(REGION, MUNICIPALITY, ORGANISATION, CENTRE, TEACHER, PROGRAM, ACCESS),
    informed=INFORMED,
    policies=POLICIES,
    restated=RESTATED,
    stands=STANDS,
    concerns=CONCERNS,
    borrowed=BORROWED,
    projections=(REGIONS, ORGANISATIONS, TEACHERS, PROGRAMS, GRANTS),
    names_people=True,
)
