"""What comes in as files: a roster of a region, results, completions (contracts §7)."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

from metodika.imports.plan import Plan, place
from metodika.imports.rights import jobs_first
from metodika.imports.roster import roster_plan
from metodika.imports.state import Kept, keep, kept
from metodika.imports.trial import rehearsed
from metodika.world import World
from services.diagnostics.domain import read_result
from services.registry.domain import RegisterTeacher
from services.routes.domain import read_completion
from shared.kernel import Fault
from shared.kernel.ids import EventId, PersonId, Territory
from shared.runtime import bulk
from shared.runtime.amending import Withdraw
from shared.runtime.asking import May
from shared.runtime.bulk import Line, Report
from shared.runtime.codec import decode, decode_meta
from shared.runtime.engine import Engine
from shared.runtime.log import Record

__all__ = [
    "Plan",
    "hold",
    "is_import",
    "planned",
    "rehearsed",
    "roster_plan",
    "take",
    "take_back",
]


def planned(
    world: World, kind: str, path: Path, *, system: str, region: str | None, on: date
) -> Plan:
    """Read a file of a kind. Raises `Unreadable` when it is none."""
    if kind == "roster":
        files = bulk.contents(path)
        registry = world.engines["registry"]
        return roster_plan(registry, files, system=system, region=region, on=on)
    return table_plan(world, kind, path.read_bytes(), path.name, system=system, on=on)


def take(
    engine: Engine,
    planned: Plan,
    *,
    actor: str,
    home: str | None,
    may: May | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Take what is planned: each good row once, also after a kill or a second sending.

    How it stands is kept before and after. What is none of the sender's is a fault of its
    row, and keeps no other from being taken.
    """
    was = planned.was
    begun = keep(engine, planned.kept("running", engine.clock()), planned.latest)
    report = bulk.take(
        engine,
        jobs_first(planned.lines),
        Report(import_id=planned.import_id),
        actor=actor,
        home=Territory(home) if home else None,
        may=may,
        salt=f" again {begun.attempt}" if begun.attempt > 1 else "",
        is_new=was is None or not was.goes_on,
        begin=(RegisterTeacher,),
        progress=progress,
    )
    report.faults.sort(key=lambda it: place(it[0], it[1]))
    keep(engine, begun.became("done", engine.clock(), report))
    return report


def hold(engine: Engine, planned: Plan) -> Kept:
    """Keep that somebody must confirm it; nothing of it is taken."""
    return keep(engine, planned.kept("held", engine.clock()))


def take_back(world: World, import_id: UUID, *, actor: str, reason: str, on: date) -> Report:
    """Withdraw what an import brought, the last first; what others build on stays.

    What followed from it is withdrawn with it, pass by pass, where no rule has done so.
    Returns a report whose faults name what could not be withdrawn, and why; where nothing
    stands of it any more, nothing is written.
    """
    total = Report(import_id=import_id)
    for engine in world.engines.values():
        world.hear()
        while brought := standing_of(engine, import_id):
            report = Report(import_id=import_id)
            lines = (withdrawal(each, reason, on) for each in reversed(brought))
            salt = f" back {engine.store.head().position}"
            bulk.take(engine, lines, report, actor=actor, salt=salt)
            total.rows += report.rows
            total.facts += report.facts
            total.accepted += report.accepted
            if not report.accepted:
                total.faults += report.faults
                break
        was = kept(engine, import_id)
        if was and was.status != "taken back":
            keep(engine, was.became("taken back", engine.clock()))
    return total


def is_import(world: World, import_id: UUID) -> bool:
    """Say whether anything is known of an import, or stands because of it."""
    engines = world.engines.values()
    return any(kept(each, import_id) or standing_of(each, import_id) for each in engines)


def standing_of(engine: Engine, import_id: UUID) -> list[Record]:
    """Return what an import brought into a log, and what still stands of it."""
    withdrawn: set[UUID] = set()
    brought: list[Record] = []
    for each in engine.store.walk():
        if each.name.endswith(".FactWithdrawn"):
            withdrawn.add(decode(each.name, each.schema, each.data).withdraws)
        elif decode_meta(each.meta).correlation_id == import_id:
            brought.append(each)
    return [each for each in brought if each.event_id not in withdrawn]


def withdrawal(record: Record, reason: str, on: date) -> Line:
    """Return what withdraws a record, as a row of a file would."""
    command = Withdraw(event_id=EventId(record.event_id), reason=reason, withdrawn_on=on)
    return Line(file=record.name, line=record.position, commands=(command,))


def table_plan(
    world: World, kind: str, said: bytes, name: str, *, system: str, on: date
) -> Plan:
    """Read a CSV of results or of completions, row by row. Raises `Unreadable`."""
    registry = world.engines["registry"]
    work = registry.known()

    def who(system: str, number: str) -> PersonId | None:
        mark = registry.hmac(f"roster {system}", number).hex()
        held = work.holder("roster", f"{system}/{mark}")
        return PersonId(held) if held else None

    read = {"results": read_result, "completions": read_completion}[kind]
    lines: list[Line] = []
    rows = bulk.rows(said, name)
    for line, row in zip(rows.lines, rows, strict=True):
        row.setdefault("source_system", system)
        verdict = read(row, who)
        if isinstance(verdict, Fault):
            lines.append(Line(file=name, line=line, fault=verdict))
        else:
            lines.append(Line(file=name, line=line, commands=tuple(verdict)))
    service = "diagnostics" if kind == "results" else "routes"
    import_id = bulk.digest(registry, system.encode(), said)
    return Plan(
        service=service,
        import_id=import_id,
        system=system,
        on=on,
        lines=lines,
        was=kept(world.engines[service], import_id),
    )
