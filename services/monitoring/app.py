"""Monitoring, put together."""

from services.monitoring.domain import KPI, SetKpiTarget, VersionKpiDefinition
from services.monitoring.projections import KPIS
from shared.events.monitoring import KpiDefinitionVersioned, KpiTargetSet
from shared.kernel import Restated
from shared.runtime.service import Service

RESTATED = (
    Restated(fact=KpiTargetSet, command=SetKpiTarget),
    Restated(fact=KpiDefinitionVersioned, command=VersionKpiDefinition),
)

SERVICE = Service(name="monitoring", deciders=(KPI,), restated=RESTATED, projections=(KPIS,))
