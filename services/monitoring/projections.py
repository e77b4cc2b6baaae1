"""The documents of monitoring: for each indicator what was promised and by which act.

Dates are text as ISO has it; targets are in hundredths. A number is no document: it is
computed by the ledger when it is asked for.
"""

from typing import Any

from shared.events.monitoring import KpiDefinitionVersioned, KpiFact, KpiTargetSet
from shared.kernel import Projection
from shared.kernel.ids import named

type Document = dict[str, Any]


def kpi(so_far: Document | None, said: KpiFact) -> Document:
    """Показатель: цели по уровням и срокам, редакции по порядку (S0 V)."""
    document = so_far or {
        "id": str(named("kpi", said.kpi_id)),
        "kpi_id": said.kpi_id,
        "targets": [],
        "versions": [],
    }
    match said:
        case KpiTargetSet():
            new = {
                "level": said.level,
                "territory": said.territory,
                "due_on": said.due_on.isoformat(),
                "direction": said.direction,
                "target_hundredths": said.target_hundredths,
                "act": said.act,
                "clause": said.clause,
                "set_on": said.occurred_on.isoformat(),
            }
            others = [each for each in document["targets"] if _promise(each) != _promise(new)]
            return document | {"targets": sorted([*others, new], key=_promise)}
        case KpiDefinitionVersioned():
            version = {
                "version": said.definition_version,
                "effective_from": said.effective_from.isoformat(),
                "formula_sha256": said.formula_sha256,
                "act": said.act,
                "clause": said.clause,
            }
            return document | {"versions": [*document["versions"], version]}


def _promise(target: Document) -> tuple[str, str, str]:
    return target["level"], target["territory"], target["due_on"]


KPIS: Projection[Document, KpiFact] = Projection(
    name="kpis", facts=(KpiTargetSet, KpiDefinitionVersioned), evolve=kpi
)
