"""Diagnostics, put together."""

from services.diagnostics.domain import SESSION
from services.diagnostics.projections import DEFICITS, SESSIONS
from shared.runtime.service import Service

SERVICE = Service(name="diagnostics", deciders=(SESSION,), projections=(SESSIONS, DEFICITS))
