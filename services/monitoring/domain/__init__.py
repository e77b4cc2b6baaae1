"""What is measured and what was promised (`kpi`), and by whom at first (`founding`)."""

from services.monitoring.domain.founding import FOUNDING_TARGETS, founding_definitions
from services.monitoring.domain.kpi import (
    KPI,
    Kpi,
    KpiCommand,
    SetKpiTarget,
    VersionKpiDefinition,
)

__all__ = [
    "FOUNDING_TARGETS",
    "KPI",
    "Kpi",
    "KpiCommand",
    "SetKpiTarget",
    "VersionKpiDefinition",
    "founding_definitions",
]
