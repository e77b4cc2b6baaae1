"""A roster in OneRoster 1.2 (CSV binding): rows become commands, or name their fault.

All is pure: who reads the files gives rows (a dictionary each, as `csv.DictReader`
does), a `Source`, and what the registry knows; `read` gives a `Verdict` for each row,
in the order in which the commands must be asked. To read the same twice gives the same
commands with the same ids; when the first have been decided, the second time there are
no commands, or commands that add no fact.

| file | column | what it is | if blank |
|---|---|---|---|
| all | `sourcedId` | the row's id in its system | fault |
| all | `status` | `tobedeleted`, `inactive`: closed, ended | active |
| all | `dateLastModified` | the day of such a change | the day of the package |
| orgs | `name`, `parentSourcedId` | as in the standard | fault, none |
| orgs | `type` | `school`, else an authority | fault |
| orgs | `metadata.kind` | OrgKind, closer than `type` | by `type` |
| orgs | `metadata.region`, `metadata.oktmo` | code, ОКТМО | the source's, none |
| orgs | `metadata.genEd` | teaches general programmes | school, kindergarten |
| orgs | `metadata.foundingDate` | since when it stands | the first day of a job there |
| users | `familyName`, `givenName`, `middleName` | the full name | fault, fault, none |
| users | `metadata.snils`, `metadata.birthDate` | who it is | fault for the unknown |
| users | `metadata.education` | EducationLevel | nothing recorded |
| users | `metadata.educationFrom` | day of the diploma | fault with education |
| users | `metadata.educationPedagogical` | true, false | false |
| users | `metadata.category` | Category, several by comma | nothing recorded |
| users | `metadata.categoryFrom` | a day for each of them | fault with category |
| roles | `userSourcedId`, `orgSourcedId` | who works where | fault |
| roles | `role` | pupils and parents are passed over | fault |
| roles | `roleType` | `primary` is the main job | fault |
| roles | `beginDate` | first day; one to come is not recorded yet | fault |
| roles | `endDate` | last day at work; one to come is not recorded yet | none |
| roles | `metadata.positionClass` | PositionClass | by `role` |
| roles | `metadata.isMain` | true, false | by `roleType` |
| roles | `metadata.isTeacher` | true, false | role `teacher` that is PED |
| roles | `metadata.subject` | code of the subject | none |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from services.registry.domain.employment import Job
from services.registry.domain.organisation import Organisation
from services.registry.domain.rows import Fault, Row, day, one_of
from shared.kernel.ids import EmploymentId, OrgId, PersonId, RegionCode, named

GONE = ("tobedeleted", "inactive")
STATUSES = ("active", *GONE)

type File = Literal["orgs", "users", "roles"]
FILES: tuple[File, ...] = ("orgs", "users", "roles")
type Command = Any
"""A command of ORGANISATION or TEACHER."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rows come from: the system, the day of the package, the region if one.

    `fingerprint` is a keyed HMAC of an id, as text: no id of a person's row enters the
    log otherwise, and no id of ours can be computed from it without the key.
    """

    system: str
    on: date
    fingerprint: Callable[[str], str]
    region: RegionCode | None = None

    def organisation(self, sourced_id: str) -> OrgId:
        """Return the id of an organisation of this system."""
        return OrgId(named("roster", self.system, "org", sourced_id))

    def person(self, sourced_id: str) -> PersonId:
        """Return the id that a person unknown so far will have."""
        return PersonId(named("person", self.system, self.fingerprint(sourced_id)))

    def employment(self, sourced_id: str) -> EmploymentId:
        """Return the id of a job of this system."""
        mark = self.fingerprint(sourced_id)
        return EmploymentId(named("employment", self.system, mark))

    def link(self, sourced_id: str) -> str:
        """Return the key under which a person's link is claimed (`roster`)."""
        return f"{self.system}/{self.fingerprint(sourced_id)}"


@dataclass(frozen=True, kw_only=True)
class Register:
    """What the registry knows: keys held, organisations, jobs by their id.

    When somebody was `born`, None if that can't be known; whose record of one `human`
    stands by itself, the others being merged into it. `claimed`: whether a row claims
    somebody who is not the sender's; it raises `Fault` where the claim does not hold.
    """

    holder: Callable[[str, str], UUID | None]
    organisation: Callable[[OrgId], Organisation]
    jobs: Mapping[EmploymentId, Job] = field(default_factory=dict)
    born: Callable[[UUID], date | None] = lambda _: None
    human: Callable[[UUID], UUID] = lambda person_id: person_id
    claimed: Callable[[UUID, Row], bool] = lambda _person_id, _row: False


class Verdict(NamedTuple):
    """What becomes of one row; `line` counts rows from 2, the header being 1.

    Where the row begins in its file, whoever read the file knows.
    """

    file: File
    line: int
    commands: tuple[Command, ...] = ()
    fault: Fault | None = None


# ── What any row says ───────────────────────────────────────────────────────


def is_gone(row: Row) -> bool:
    """Say whether a row is there to say that its thing is no more."""
    return one_of(STATUSES, row, "status", "S1 5.5", "active") in GONE


def changed_on(row: Row, source: Source) -> date:
    """Return the day of the change, else that of the package."""
    return day(row, "dateLastModified", "S1 5.5") or source.on
