"""What a service will answer to the rows of a file, before it is asked."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace as but_for
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from metodika.imports.plan import Plan
from metodika.imports.rights import jobs_first
from services.registry.domain.organisation import NoOrganisation
from services.registry.policies import ORGANISATIONS
from shared.kernel import Fault
from shared.kernel.ids import OrgId, Territory
from shared.runtime.asking import Asked, May
from shared.runtime.bulk import COMMANDS, Line, fault_of, foreseen, in_chunks
from shared.runtime.engine import Engine
from shared.runtime.in_turn import collector_at_rest
from shared.runtime.work import Work

ORGS = "orgs.csv"
NOWHERE = Fault(
    "orgSourcedId", "Такой организации в реестре нет, или к этому дню она закрыта", "S0 I"
)


def tried(engine: Engine, lines: Iterable[Line]) -> Iterator[Line]:
    """Return rows with the faults that their organisations will have.

    An organisation is decided as it will be, after those before it; of one that the
    registry will not have the jobs are faults, too. Nothing of it is written.
    """
    trial, lost = engine.tried(), set[OrgId]()
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
    outcomes = engine.decided(trial, [*map(_asked, commands)])
    return next(filter(None, map(fault_of, outcomes)), None)


def _asked(command: Any, home: Territory | None = None) -> Asked:
    return Asked(command=command, command_id=uuid4(), actor="trial", home=home)


# ── All of a file ───────────────────────────────────────────────────────────


def rehearsed(engine: Engine, planned: Plan, may: May | None = None) -> Plan:
    """Return a plan with the fault of each row that the import will refuse, the first one.

    Every command is decided as it will be, in the same order and by whoever sends it;
    nothing of it is written, and nobody gets a key.
    """
    found = _faults(engine, planned, may)

    def told(line: Line) -> Line:
        fault = next((why for it in line.commands if (why := found.get(id(it)))), None)
        return replace(line, commands=(), fault=fault) if fault else line

    return but_for(planned, lines=[*map(told, planned.lines)])


@collector_at_rest()
def _faults(engine: Engine, planned: Plan, may: May | None) -> Mapping[int, Fault]:
    """Return why a command will be refused, by its identity: lines of no row have no place."""
    trial, home = engine.tried(), Territory(planned.home) if planned.home else None
    found: dict[int, Fault] = {}
    commands = (it for line in jobs_first(planned.lines) for it in line.commands)
    for some in in_chunks(commands, COMMANDS):
        asked = [_asked(each, home) for each in some]
        trial.foresee(foreseen(engine, asked, is_new=True, begin=()))
        for command, outcome in zip(some, engine.decided(trial, asked, may), strict=True):
            if fault := fault_of(outcome):
                found.setdefault(id(command), fault)
        trial.handed_over()
    return found
