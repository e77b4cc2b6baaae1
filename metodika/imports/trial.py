"""What the registry will answer to the organisations of a package, before it is asked."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from services.registry.domain.organisation import NoOrganisation
from services.registry.policies import ORGANISATIONS
from shared.kernel import Fault
from shared.kernel.ids import OrgId
from shared.runtime.asking import Asked
from shared.runtime.bulk import Line
from shared.runtime.engine import Engine
from shared.runtime.work import Work

ORGS = "orgs.csv"
NOWHERE = Fault(
    "orgSourcedId", "Такой организации в реестре нет, или к этому дню она закрыта", "S0 I"
)


def tried(engine: Engine, lines: Iterable[Line]) -> Iterator[Line]:
    """Return rows with the faults that they will have: nothing of it is written.

    An organisation is decided as it will be, after those before it; of one that the
    registry will not have the jobs are faults, too.
    """
    trial, lost = engine.known(), set[OrgId]()
    for each in lines:
        if each.file == ORGS:
            fault = _refused(engine, trial, each.commands)
            lost |= {it.org_id for it in each.commands if fault and _is_new(trial, it.org_id)}
        else:
            there = (getattr(it, "org_id", None) for it in each.commands)
            fault = NOWHERE if lost and not lost.isdisjoint(filter(None, there)) else None
        yield replace(each, commands=(), fault=fault) if fault else each


def _is_new(trial: Work, org_id: OrgId) -> bool:
    return isinstance(trial.of(ORGANISATIONS, org_id), NoOrganisation)


def _refused(engine: Engine, trial: Work, commands: Iterable[Any]) -> Fault | None:
    """Return why the registry will not take a row."""
    asked = [Asked(command=each, command_id=uuid4(), actor="trial") for each in commands]
    for outcome in engine.decided(trial, asked):
        if outcome.status == "refused":
            return Fault("", outcome.reason or "", outcome.clause or "")
    return None
