"""What comes in as files: a roster of a region, results, completions (contracts §7)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from metodika.world import World
from services.diagnostics.domain import read_result
from services.registry.domain import package, roster
from services.registry.domain.identity import snils_digits
from services.registry.domain.organisation import Organisation
from services.registry.policies import ORGANISATIONS
from services.routes.domain import read_completion
from shared.events.registry import EmploymentChanged, EmploymentEnded, EmploymentStarted
from shared.kernel import Fault, standing
from shared.kernel.ids import EventId, OrgId, PersonId, RegionCode, Territory
from shared.runtime import bulk
from shared.runtime.asking import May
from shared.runtime.bulk import Line, Report, Unreadable
from shared.runtime.codec import decode, decode_meta
from shared.runtime.engine import Engine, Withdraw
from shared.runtime.log import Record
from shared.runtime.work import Wanted, Work

JOBS = (EmploymentStarted, EmploymentChanged, EmploymentEnded)
FILES = ("orgs.csv", "users.csv", "roles.csv")


@dataclass(kw_only=True)
class Plan:
    """What a roster asks for, row by row, before anything is asked.

    `held` names the organisations for which somebody must confirm it.
    """

    import_id: UUID
    service: str
    lines: list[Line]
    held: dict[OrgId, package.Shift] = field(default_factory=dict)

    def verdicts(self) -> Iterator[tuple[str, int, str, bool]]:
        """Return what becomes of each row, as a person reads it, and whether it is good."""
        for each in sorted(self.lines, key=lambda it: place(it.file, it.line)):
            if each.fault:
                reason = f"{each.fault.column}: {each.fault.reason} ({each.fault.clause})"
                yield each.file, each.line, reason, False
            else:
                asked = ", ".join(type(it).__name__ for it in each.commands)
                yield each.file, each.line, asked or "—", True


def planned(
    world: World, kind: str, path: Path, *, system: str, region: str | None, on: date
) -> Plan:
    """Read a file of a kind. Raises `Unreadable` when it is none."""
    if kind == "roster":
        files = bulk.contents(path)
        registry = world.engines["registry"]
        return roster_plan(registry, files, system=system, region=region, on=on)
    return table_plan(world, kind, path.read_bytes(), path.name, system=system)


def roster_plan(
    engine: Engine, files: Mapping[str, bytes], *, system: str, region: str | None, on: date
) -> Plan:
    """Read a OneRoster package against what the registry knows; nothing is stored.

    `files` are its CSV files by name. Raises `Unreadable` when it is no such package.
    """
    if not files.keys() >= {"users.csv", "roles.csv"}:
        raise Unreadable("users.csv and roles.csv must stand in the package (OneRoster 1.2)")

    def fingerprint(said: str) -> str:
        return engine.hmac(f"roster {system}", said).hex()

    source = roster.Source(
        system=system,
        on=on,
        fingerprint=cache(fingerprint),
        region=RegionCode(region) if region else None,
    )
    rows: package.Package = {
        "orgs": bulk.by_name(files, "orgs"),
        "users": bulk.by_name(files, "users"),
        "roles": bulk.by_name(files, "roles"),
    }
    work = engine.known()
    jobs = _known_jobs(work, rows, source)
    register = roster.Register(holder=work.holder, organisation=_organisations(work), jobs=jobs)
    lines = [
        Line(file=f"{it.file}.csv", line=it.line, commands=it.commands, fault=it.fault)
        for it in package.read(rows, source, register)
    ]
    asked = (command for line in lines for command in line.commands)
    shifts = package.shifts(jobs, asked)
    return Plan(
        service="registry",
        import_id=bulk.digest(system.encode(), *(files[name] for name in sorted(files))),
        lines=lines,
        held={org: shift for org, shift in shifts.items() if shift.is_held},
    )


def take(
    engine: Engine,
    planned: Plan,
    *,
    actor: str,
    home: str | None,
    may: May | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Take a planned roster: each good row once, also after a kill or a second sending."""
    report = bulk.take(
        engine,
        planned.lines,
        Report(import_id=planned.import_id),
        actor=actor,
        home=Territory(home) if home else None,
        may=may,
        progress=progress,
    )
    report.faults.sort(key=lambda it: place(it[0], it[1]))
    return report


def place(file: str, line: int) -> tuple[int, str, int]:
    """Return where a row stands among all the rows of a package."""
    return (FILES.index(file) if file in FILES else 0, file, line)


def take_back(world: World, import_id: UUID, *, actor: str, reason: str, on: date) -> Report:
    """Withdraw what an import brought, the last first; what others build on stays.

    What followed from it is withdrawn with it, pass by pass. Returns a report whose
    faults name what could not be withdrawn, and why.
    """
    total = Report(import_id=import_id)
    for engine in world.engines.values():
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
    return total


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


def _known_jobs(work: Work, rows: package.Package, source: roster.Source) -> Mapping[Any, Any]:
    links = [("roster", source.link(row.get("sourcedId", ""))) for row in rows["users"]]
    snils = [
        ("snils", digits)
        for row in rows["users"]
        if (digits := snils_digits(row.get("metadata.snils", "")))
    ]
    work.foresee(Wanted(keys=[*links, *snils]))
    people = {held for kind, key in (*links, *snils) if (held := work.holder(kind, key))}
    facts: list[Any] = []
    for some in bulk.in_chunks(people, 1000):
        work.foresee(Wanted(streams=some))
        for person in some:
            stands = (each.fact for each in standing(work.history(person)))
            facts.extend(each for each in stands if isinstance(each, JOBS))
    return package.jobs_of(facts)


def _organisations(work: Work) -> Callable[[OrgId], Organisation]:
    return lambda org_id: work.of(ORGANISATIONS, org_id)


def table_plan(world: World, kind: str, said: bytes, name: str, *, system: str) -> Plan:
    """Read a CSV of results or of completions, row by row. Raises `Unreadable`."""
    registry = world.engines["registry"]
    work = registry.known()

    def who(system: str, number: str) -> PersonId | None:
        mark = registry.hmac(f"roster {system}", number).hex()
        held = work.holder("roster", f"{system}/{mark}")
        return PersonId(held) if held else None

    read = {"results": read_result, "completions": read_completion}[kind]
    lines: list[Line] = []
    for line, row in enumerate(bulk.rows(said, name), start=2):
        row.setdefault("source_system", system)
        verdict = read(row, who)
        if isinstance(verdict, Fault):
            lines.append(Line(file=name, line=line, fault=verdict))
        else:
            lines.append(Line(file=name, line=line, commands=tuple(verdict)))
    service = "diagnostics" if kind == "results" else "routes"
    return Plan(service=service, import_id=bulk.digest(system.encode(), said), lines=lines)
