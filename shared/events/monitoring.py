"""What monitoring says: what is measured, and what was promised."""

from datetime import date
from typing import Literal

from shared.kernel import Withdrawal, fact
from shared.kernel.ids import KpiId, Territory

type KpiLevel = Literal["federation", "region", "municipality", "organisation"]
type Direction = Literal["at_least", "at_most"]


@fact("monitoring.KpiTargetSet", schema=1)
class KpiTargetSet:
    """Установлено целевое значение к дню; доля — в сотых долях процента (S0 V)."""

    kpi_id: KpiId
    level: KpiLevel
    territory: Territory
    due_on: date
    direction: Direction
    target_hundredths: int
    act: str
    clause: str
    occurred_on: date


@fact("monitoring.KpiDefinitionVersioned", schema=1)
class KpiDefinitionVersioned:
    """Принята редакция показателя; формула названа отпечатком её файла (S0 V)."""

    kpi_id: KpiId
    definition_version: int
    effective_from: date
    formula_sha256: str
    act: str
    clause: str
    occurred_on: date


@fact("monitoring.FactWithdrawn", schema=1)
class FactWithdrawn(Withdrawal):
    """Запись мониторинга отозвана как ошибочная (S1 7.2)."""


type KpiFact = KpiTargetSet | KpiDefinitionVersioned
