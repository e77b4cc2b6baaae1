"""What is kept of an import: whose it is, how far it came, what became of its rows.

It stands beside the answers to commands in the store of the service that took it, and
no fact follows from it: a rebuild needs none of it.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.kernel.ids import OrgId
from shared.runtime.bulk import Report
from shared.runtime.engine import Engine
from shared.runtime.log import Learned, Unit

KIND = "import"
LATEST = "latest package"

type Status = Literal["held", "running", "refused", "done", "taken back"]
"""`running` with nobody at work was killed: send the file again, and it goes on.

`refused` was said by earlier releases, where a row was none of the sender's.
"""

NOT_TAKEN = frozenset({"refused", "taken back"})
NOTHING_LATER: Mapping[OrgId, "Latest"] = {}


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken. It never repeats a value: a value may be personal."""

    file: str
    line: int
    column: str
    reason: str
    clause: str


class Older(msgspec.Struct, frozen=True, kw_only=True):
    """When a package was made, and when the one was that was taken before it (ISO 8601)."""

    dated: str
    taken: str


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The last package that was taken and names an organisation: its day, its newest row."""

    import_id: UUID
    on: date
    modified: datetime | None = None

    def older(self, other: "Latest | None") -> Older | None:
        """Say that it is older than another: by their newest rows, else by their days."""
        if other is None or other.import_id == self.import_id:
            return None
        if self.modified and other.modified and self.modified != other.modified:
            mine, its = self.modified.isoformat(), other.modified.isoformat()
        else:
            mine, its = self.on.isoformat(), other.on.isoformat()
        return Older(dated=mine, taken=its) if mine < its else None


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """What a package does to one organisation: of so many jobs, of so many people.

    Of the jobs that it ends, `left_out` are those that a whole package does not name.
    `older`: it is whole, and older than what was taken of the organisation before.
    """

    org_id: UUID
    organisation: str
    jobs: int
    ended: int
    left_out: int
    people: int
    touched: int
    said: str
    older: Older | None = None

    def covers(self, other: "Weighed") -> bool:
        """Say whether whoever confirmed this has confirmed the other: it is no more."""
        no_more = other.ended <= self.ended and other.touched <= self.touched
        known = other.older in {None, self.older}
        return other.org_id == self.org_id and no_more and known


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An import; `home` is the territory of whoever sent it, `attempt` counts from 1.

    `held` are the organisations for which somebody must confirm it, `ends` those of
    which a whole package leaves out jobs. `confirmed`: what somebody has confirmed of it.
    `taken`: it was taken to its end, and not back.
    """

    import_id: UUID
    status: Status
    system: str
    home: str
    on: date
    at: datetime
    attempt: int = 1
    taken: bool = False
    rows: int = 0
    facts: int = 0
    accepted: int = 0
    unchanged: int = 0
    faults: tuple[Bad, ...] = ()
    held: tuple[Weighed, ...] = ()
    ends: tuple[Weighed, ...] = ()
    confirmed: tuple[Weighed, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Say whether the next sending is the same one: it waited, or was cut off."""
        return self.status in {"held", "running"}

    def became(self, status: Status, at: datetime, report: Report | None = None) -> "Kept":
        """Return it as it is now, with the counts of a report."""
        taken = status == "done" or (self.taken and status != "taken back")
        if report is None:
            return replace(self, status=status, at=at, taken=taken)
        return replace(
            self,
            status=status,
            at=at,
            taken=taken,
            rows=report.rows,
            facts=report.facts,
            accepted=report.accepted,
            unchanged=report.unchanged,
            faults=tuple(
                Bad(
                    file=file,
                    line=line,
                    column=fault.column,
                    reason=fault.reason,
                    clause=fault.clause,
                )
                for file, line, fault in report.faults
            ),
        )


def told(said: Kept) -> dict[str, Any]:
    """Return an import as a program reads it."""
    mine = {"home", "taken", "attempt", "confirmed"}
    fields = msgspec.to_builtins(said, builtin_types=(UUID, date, datetime))
    return {name: value for name, value in fields.items() if name not in mine}


_reader, _latest = msgspec.json.Decoder(Kept), msgspec.json.Decoder(Latest)


def kept(engine: Engine, import_id: UUID) -> Kept | None:
    """Return what is kept of an import, if it ever was more than a dry run."""
    at = (KIND, import_id)
    found = engine.store.known([at]).get(at)
    return _reader.decode(found) if found else None


def keep(engine: Engine, said: Kept, latest: Mapping[OrgId, Latest] = NOTHING_LATER) -> Kept:
    """Keep how an import stands, and of which organisations it is the latest."""
    learned = [Learned(KIND, said.import_id, msgspec.json.encode(said))]
    learned += [Learned(LATEST, org, msgspec.json.encode(each)) for org, each in latest.items()]
    engine.store.append(Unit(now=engine.clock(), known=learned))
    return said


def latest_of(engine: Engine, orgs: Collection[OrgId]) -> dict[OrgId, Latest]:
    """Return the last package taken of each; what was refused or taken back is none."""
    found = engine.store.known([(LATEST, each) for each in orgs])
    said = {OrgId(org): _latest.decode(each) for (_, org), each in found.items()}
    imports = {each: kept(engine, each) for each in {it.import_id for it in said.values()}}
    void = {each for each, it in imports.items() if it is None or it.status in NOT_TAKEN}
    return {org: each for org, each in said.items() if each.import_id not in void}
