"""What is kept of an import: whose it is, how far it came, what became of its rows.

It stands beside the answers to commands in the store of the service that took it, and
no fact follows from it: a rebuild needs none of it.
"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.runtime.bulk import Report
from shared.runtime.engine import Engine
from shared.runtime.log import Learned, Unit

KIND = "import"

type Status = Literal["held", "running", "refused", "done", "taken back"]
"""`running` with nobody at work was killed: send the file again, and it goes on."""


class Bad(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not taken. It never repeats a value: a value may be personal."""

    file: str
    line: int
    column: str
    reason: str
    clause: str


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """What a package does to one organisation: of so many jobs, of so many people.

    Of the jobs that it ends, `left_out` are those that a whole package does not name.
    """

    org_id: UUID
    organisation: str
    jobs: int
    ended: int
    left_out: int
    people: int
    touched: int
    said: str

    def covers(self, other: "Weighed") -> bool:
        """Say whether whoever confirmed this has confirmed the other: it is no more."""
        no_more = other.ended <= self.ended and other.touched <= self.touched
        return other.org_id == self.org_id and no_more


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


_reader = msgspec.json.Decoder(Kept)


def kept(engine: Engine, import_id: UUID) -> Kept | None:
    """Return what is kept of an import, if it ever was more than a dry run."""
    at = (KIND, import_id)
    found = engine.store.known([at]).get(at)
    return _reader.decode(found) if found else None


def keep(engine: Engine, said: Kept) -> Kept:
    """Keep how an import stands."""
    learned = Learned(KIND, said.import_id, msgspec.json.encode(said))
    engine.store.append(Unit(now=engine.clock(), known=[learned]))
    return said
