"""Mentoring, put together."""

from services.mentoring.domain import METHODIST, PAIR, SUPPORT
from services.mentoring.policies import BORROWED, INFORMED, POLICIES, RESTATED
from services.mentoring.projections import METHODISTS, PAIRS, SUPPORTS
from shared.runtime.service import Service

SERVICE = Service(
    name="mentoring",
    deciders=(PAIR, SUPPORT, METHODIST),
    policies=POLICIES,
    informed=INFORMED,
    restated=RESTATED,
    borrowed=BORROWED,
    projections=(METHODISTS, PAIRS, SUPPORTS),
)
