"""Monitoring, put together."""

from services.monitoring.domain import KPI
from services.monitoring.projections import KPIS
from shared.runtime.service import Service

SERVICE = Service(name="monitoring", deciders=(KPI,), projections=(KPIS,))
