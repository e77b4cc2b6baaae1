"""The doors of monitoring: what is promised. Numbers are asked of the ledger."""

from services.monitoring import domain
from services.monitoring.projections import KPIS
from shared.events import monitoring as facts
from shared.events.registry import Role
from shared.runtime.doors import Door, Reading

READERS: tuple[Role, ...] = ("federal", "region", "municipality", "organisation", "auditor")

DOORS: tuple[Door | Reading, ...] = (
    # Показатели эффективности и их целевые значения (S0 V)
    Door(
        command=domain.SetKpiTarget,
        says=(facts.KpiTargetSet,),
        path="/kpis/{kpi_id}/set-target",
        roles=("federal",),
        example={
            "level": "region",
            "territory": "25",
            "due_on": "2024-12-31",
            "direction": "at_least",
            "target_hundredths": 3000,
            "act": "Приказ министерства образования Приморского края № пр.23а-684",
            "clause": "S1 7.1",
            "set_on": "2023-05-11",
        },
    ),
    Door(
        command=domain.VersionKpiDefinition,
        says=(facts.KpiDefinitionVersioned,),
        path="/kpis/{kpi_id}/version-definition",
        roles=("federal",),
        example={
            "definition_version": 1,
            "effective_from": "2020-08-06",
            "formula_sha256": "0" * 64,
            "act": "Распоряжение Минпросвещения России № Р-76",
            "clause": "S0 V.1",
            "versioned_on": "2020-08-06",
        },
    ),
    Reading(
        projection=KPIS,
        path="/kpis",
        roles=READERS,
        by=("kpi_id",),
        sort="kpi_id",
        open=True,
        summary="Показатели: целевые значения и редакции",
    ),
)
