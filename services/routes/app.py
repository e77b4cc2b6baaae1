"""Routes, put together."""

from services.routes.domain import ENROLMENT, ROUTE
from services.routes.policies import BORROWED, INFORMED, POLICIES, RESTATED
from services.routes.projections import ENROLMENTS, ROUTES
from shared.runtime.service import Service

SERVICE = Service(
    name="routes",
    deciders=(ROUTE, ENROLMENT),
    policies=POLICIES,
    informed=INFORMED,
    restated=RESTATED,
    borrowed=BORROWED,
    projections=(ROUTES, ENROLMENTS),
    names_people=True,  # opens the number of a document, to know it again
)
