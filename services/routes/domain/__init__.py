"""The route (`route`), its states and rules, the enrolment, and completions out of files."""

from services.routes.domain.commands import (
    AgreeRoute,
    AppointTutor,
    AssignRoute,
    CancelRoute,
    CompleteItem,
    CompleteRoute,
    Diagnosed,
    DraftRoute,
    RecordAccompaniment,
    RouteCommand,
    StartRoute,
    route_of,
)
from services.routes.domain.completions import COLUMNS, read_completion
from services.routes.domain.enrolment import (
    ENROLMENT,
    AnnulCompletion,
    CompleteProgram,
    Enrolment,
    EnrolmentCommand,
    Offered,
    StartEnrolment,
)
from services.routes.domain.route import ROUTE
from services.routes.domain.states import Route

__all__ = [
    "COLUMNS",
    "ENROLMENT",
    "ROUTE",
    "AgreeRoute",
    "AnnulCompletion",
    "AppointTutor",
    "AssignRoute",
    "CancelRoute",
    "CompleteItem",
    "CompleteProgram",
    "CompleteRoute",
    "Diagnosed",
    "DraftRoute",
    "Enrolment",
    "EnrolmentCommand",
    "Offered",
    "RecordAccompaniment",
    "Route",
    "RouteCommand",
    "StartEnrolment",
    "StartRoute",
    "read_completion",
    "route_of",
]
