"""A OneRoster package, read against what the registry knows."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from uuid import UUID

from metodika.imports.claims import Claims
from metodika.imports.plan import NO_ROW, Plan
from metodika.imports.rights import Rights
from metodika.imports.staff import Staff, people_at, staff_of
from metodika.imports.state import Kept, Latest, Older, Weighed, kept, latest_of
from metodika.imports.trial import tried
from services.registry.domain import TEACHER, EndEmployment, package, roster
from services.registry.domain.identity import opened, snils_digits
from services.registry.domain.manifest import is_whole, read_manifest
from services.registry.domain.organisation import NoOrganisation, Organisation
from services.registry.domain.roster import File
from services.registry.domain.teacher import Registered
from services.registry.policies import MERGED_INTO, ORGANISATIONS
from shared.kernel import Fault
from shared.kernel.ids import EmploymentId, OrgId, RegionCode, Territory
from shared.runtime import bulk
from shared.runtime.asking import May
from shared.runtime.bulk import Line, Rows, Unreadable
from shared.runtime.engine import Engine
from shared.runtime.in_turn import collector_at_rest
from shared.runtime.territory import HOME, PLACE
from shared.runtime.work import Wanted, Work


@collector_at_rest()
def roster_plan(
    engine: Engine,
    files: Mapping[str, bytes],
    *,
    system: str,
    region: str | None,
    on: date,
    may: May | None = None,
    sender: str = "",
) -> Plan:
    """Read a OneRoster package; nothing is stored, but that somebody was claimed wrongly.

    `files` are its CSV files by name; `sender` is the territory that sends it. What it
    may not say is a fault, and of organisations that are not its own nothing is told.
    Raises `Unreadable` when it is no such package.
    """
    if not files.keys() >= {"users.csv", "roles.csv"}:
        raise Unreadable("В пакете нет users.csv или roles.csv (OneRoster 1.2)")
    whole = is_whole_package(files)
    import_id = bulk.digest(engine, system.encode(), *(files[name] for name in sorted(files)))
    was = kept(engine, import_id)
    read = Reading(engine, engine.known(), _rows(files), _source(engine, system, region, on))
    staff = read.staff()
    lines = [*read.lines(staff, may, sender)]
    unnamed = [*read.unnamed(staff)] if whole and not _taken(was) else []
    lines += [Line(file="roles.csv", line=NO_ROW, commands=(each,)) for each in unnamed]
    rights = Rights(read.work, may or everywhere, staff.jobs, lines)
    lines = [*tried(engine, map(rights.judged, lines) if may else lines)]
    asked = [it for line in lines for it in line.commands]
    shifts = package.shifts(staff.jobs, asked, _own(staff, was))
    ending = (staff.jobs[each.employment_id].now.org_id for each in unnamed)
    left_out = Counter(filter(rights.over, ending))
    mine, older = read.in_time(import_id)
    weighed = (
        read.weighed(org, shift, older=older.get(org))
        for org, shift in shifts.items()
        if rights.over(org) and (shift.is_held or (whole and shift.touched and older.get(org)))
    )
    return Plan(
        service="registry",
        import_id=import_id,
        system=system,
        on=on,
        lines=lines,
        held=tuple(each for each in weighed if not _confirmed(was, each)),
        ends=tuple(
            read.weighed(org, shifts[org], left_out=count) for org, count in left_out.items()
        ),
        latest={org: mine for org, than in older.items() if whole or than is None},
        was=was,
    )


def everywhere(_: Territory | None) -> bool:
    """Say yes: whoever works at the operator's shell may say all."""
    return True


def is_whole_package(files: Mapping[str, bytes]) -> bool:
    """Say whether its manifest says so. Raises `Unreadable` for what is no manifest."""
    try:
        return is_whole(read_manifest(bulk.by_name(files, "manifest")))
    except Fault as wrong:
        said = f"manifest.csv, {wrong.column}: {wrong.reason} ({wrong.clause})"
        raise Unreadable(said) from None


@dataclass(frozen=True)
class Reading:
    """One package in the light of one registry."""

    engine: Engine
    work: Work
    rows: Mapping[File, Rows]
    source: roster.Source

    def organisation(self, org_id: OrgId) -> Organisation:
        """Return what is known of an organisation."""
        return self.work.of(ORGANISATIONS, org_id)

    def staff(self) -> Staff:
        """Return the jobs of everybody whom the package names, or who works where it does."""
        users, link = self.rows["users"], self.source.link
        keys = [("roster", link(row.get("sourcedId", ""))) for row in users]
        keys += [
            ("snils", digits)
            for row in users
            if (digits := snils_digits(row.get("metadata.snils", "")))
        ]
        self.work.foresee(Wanted(keys=keys))
        people = {held for kind, key in keys if (held := self.work.holder(kind, key))}
        about = [(kind.name, each) for kind in (MERGED_INTO, HOME) for each in people]
        self.work.foresee(Wanted(streams=people, about=about))
        return staff_of(self.engine.store, people | self._people_there())

    def _people_there(self) -> set[UUID]:
        named = package.named_orgs(self.rows, self.source)
        about = [(kind.name, each) for kind in (ORGANISATIONS, PLACE) for each in named]
        self.work.foresee(Wanted(about=about))
        known = {each: self.organisation(each) for each in named}
        there = {org for org, it in known.items() if not isinstance(it, NoOrganisation)}
        regions = {
            Territory(it.registered.region)
            for it in known.values()
            if not isinstance(it, NoOrganisation)
        }
        return people_at(self.engine.store, there, regions)

    def lines(self, staff: Staff, may: May | None, sender: str) -> Iterator[Line]:
        """Return the verdict of every row, in the order in which they are asked."""
        register = roster.Register(
            holder=self.work.holder,
            organisation=self.organisation,
            jobs=staff.jobs,
            born=self._born,
            human=self._human,
        )
        if may:
            claims = Claims(self.engine, self.work, may, sender, self._human)
            register = replace(register, claimed=claims.claimed)
        for it in package.read(self.rows, self.source, register):
            file, line = f"{it.file}.csv", self.rows[it.file].lines[it.line - 2]
            yield Line(file=file, line=line, commands=it.commands, fault=it.fault)

    def _born(self, person_id: UUID) -> date | None:
        teacher = self.work.state(TEACHER, self.work.thing(person_id))
        return (
            opened(teacher.registered.birth_date) if isinstance(teacher, Registered) else None
        )

    def _human(self, person_id: UUID) -> UUID:
        seen = set[UUID]()
        while (into := self.work.of(MERGED_INTO, person_id)) and person_id not in seen:
            seen.add(person_id)
            person_id = into[-1].survivor_id
        return person_id

    def unnamed(self, staff: Staff) -> Iterator[EndEmployment]:
        """End the jobs that the package leaves out, of those that its system began.

        What was said by command, or by another system, is not for this one to end.
        """
        system_of = cache(self._system_of)
        theirs = {
            employment_id: job
            for employment_id, job in staff.jobs.items()
            if system_of(staff.begun_by[employment_id]) == self.source.system
        }
        return package.unnamed(self.rows, self.source, theirs)

    def _system_of(self, import_id: UUID) -> str | None:
        said = kept(self.engine, import_id)
        return said.system if said else None

    def in_time(self, import_id: UUID) -> tuple[Latest, dict[OrgId, Older | None]]:
        """Return when it was made, and of which of its organisations it is not the latest."""
        on = self.source.on
        mine = Latest(import_id=import_id, on=on, modified=package.modified(self.rows, on))
        named = package.named_orgs(self.rows, self.source)
        latest = latest_of(self.engine, named)
        return mine, {org: mine.older(latest.get(org)) for org in named}

    def weighed(
        self,
        org_id: OrgId,
        shift: package.Shift,
        *,
        left_out: int = 0,
        older: Older | None = None,
    ) -> Weighed:
        """Say what the package does to one organisation."""
        known = self.organisation(org_id)
        name = "" if isinstance(known, NoOrganisation) else known.registered.name
        said = f"«{name or org_id}»: из {shift.jobs} работ окончится {shift.ended}"
        if left_out:
            said += f", из них не названы в полном пакете {left_out}"
        said += f"; из {shift.people} человек затронуто {shift.touched}"
        if older:
            said += f"; пакет составлен {older.dated}, а принят уже составленный {older.taken}"
        return Weighed(
            org_id=org_id,
            organisation=name,
            jobs=shift.jobs,
            ended=shift.ended,
            left_out=left_out,
            people=shift.people,
            touched=shift.touched,
            said=said,
            older=older,
        )


def _taken(was: Kept | None) -> bool:
    """Say whether it was taken before: what was whole then may be old by now."""
    return was is not None and was.taken


def _own(staff: Staff, was: Kept | None) -> set[EmploymentId]:
    """Return the jobs that a sending which was cut had begun by then."""
    if was is None or not was.goes_on:
        return set()
    return {each for each, begun_by in staff.begun_by.items() if begun_by == was.import_id}


def _confirmed(was: Kept | None, weighed: Weighed) -> bool:
    """Say whether somebody has confirmed as much of the sending that goes on."""
    return was is not None and was.goes_on and any(it.covers(weighed) for it in was.confirmed)


def _rows(files: Mapping[str, bytes]) -> Mapping[File, Rows]:
    return {
        "orgs": bulk.by_name(files, "orgs"),
        "users": bulk.by_name(files, "users"),
        "roles": bulk.by_name(files, "roles"),
    }


def _source(engine: Engine, system: str, region: str | None, on: date) -> roster.Source:
    def fingerprint(said: str) -> str:
        return engine.hmac(f"roster {system}", said).hex()

    return roster.Source(
        system=system,
        on=on,
        fingerprint=cache(fingerprint),
        region=RegionCode(region) if region else None,
    )
