"""A whole roster package, and what it would do to each organisation it names."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, reduce
from typing import TypeVar
from uuid import UUID

from services.registry.domain.employment import (
    ChangeEmployment,
    EndEmployment,
    Job,
    Jobs,
    StartEmployment,
    with_job,
)
from services.registry.domain.people import RegisterTeacher
from services.registry.domain.roster import (
    FILES,
    Command,
    File,
    Register,
    Source,
    Verdict,
    changed_on,
    is_gone,
)
from services.registry.domain.roster_orgs import read_org
from services.registry.domain.roster_roles import NOT_STAFF, read_role
from services.registry.domain.roster_users import identify, read_user
from services.registry.domain.rows import (
    Fault,
    Row,
    needed,
    said,
    text,
    whatever_day,
    whatever_moment,
)
from services.registry.domain.same import TOLD_APART, told_apart
from shared.events.registry import EmploymentFact
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.kernel.line import require_columns

T = TypeVar("T")

type Package = Mapping[File, Sequence[Row]]
"""The rows of `orgs`, `users` and `roles`, each in the order of its file."""

Tally = defaultdict[OrgId, set[T]]
"""Distinct things by organisation."""

OF_JOBS = (StartEmployment, ChangeEmployment, EndEmployment)
NOWHERE: AbstractSet[OrgId] = frozenset()
ENDED_PCT = 10
CHANGED_PCT = 75

# ── Reading ─────────────────────────────────────────────────────────────────


def read(package: Package, source: Source, register: Register) -> Iterator[Verdict]:
    """Give a verdict for every row: organisations, then each person with the jobs.

    A row is taken as a whole or not at all. Pupils and parents are passed over: their
    rows get a verdict without commands. A parent stands before its organisations.
    """
    began = first_days(package.get("roles", ()))
    again = {file: repeated(package.get(file, ())) for file in FILES}
    yield from read_orgs(package.get("orgs", ()), source, register, began, again["orgs"])
    roles = roles_by_user(package.get("roles", ()))
    staff = {user for user, rows in roles.items() if any(is_staff(row) for _, row in rows)}
    apart = told_apart(package.get("users", ()))
    people = People(source, register, staff, again["users"], again["roles"], apart)
    for line, row in enumerate(package.get("users", ()), start=2):
        yield people.read(line, row)
        for line_of_role, role in roles.pop(said(row, "sourcedId"), ()):
            yield people.read_role(line_of_role, role)
    for rows in roles.values():
        for line, row in rows:
            yield people.read_role(line, row)


def repeated(rows: Sequence[Row]) -> set[int]:
    """Return the lines whose id another row of the file had before."""
    seen = set[str]()
    return {
        line
        for line, row in enumerate(rows, start=2)
        if (sourced_id := said(row, "sourcedId")) in seen or seen.add(sourced_id)
        if sourced_id
    }


def require_once(line: int, row: Row, again: AbstractSet[int]) -> None:
    """Строка целая, и второй о том же в файле нет (S1 5.5). Raises `Fault`."""
    require_columns(row)
    if line in again:
        why = "Этот номер уже был в этом файле: читается первая строка с ним"
        raise Fault("sourcedId", why, "S1 5.5")


def roles_by_user(rows: Sequence[Row]) -> dict[str, list[tuple[int, Row]]]:
    """Return the roles of each user with their lines, in the order of the file."""
    by_user = defaultdict[str, list[tuple[int, Row]]](list)
    for line, row in enumerate(rows, start=2):
        by_user[said(row, "userSourcedId")].append((line, row))
    return by_user


def first_days(rows: Iterable[Row]) -> dict[str, date]:
    """Return the first day of a job at each organisation that has one."""
    days: dict[str, date] = {}
    for row in filter(is_staff, rows):
        org = said(row, "orgSourcedId")
        began = whatever_day(row, "beginDate")
        if began:
            days[org] = min(began, days.get(org, began))
    return days


def read_orgs(
    rows: Sequence[Row],
    source: Source,
    register: Register,
    began: Mapping[str, date],
    again: AbstractSet[int] = frozenset(),
) -> Iterator[Verdict]:
    """Read organisations, each after the one above it."""
    above = {said(row, "sourcedId"): said(row, "parentSourcedId") for row in rows}

    def depth(sourced_id: str) -> int:
        steps, seen = 0, set[str]()
        while sourced_id in above and sourced_id not in seen:
            seen.add(sourced_id)
            sourced_id, steps = above[sourced_id], steps + 1
        return steps

    numbered = list(enumerate(rows, start=2))
    for line, row in sorted(numbered, key=lambda it: depth(said(it[1], "sourcedId"))):
        try:
            require_once(line, row, again)
            known = register.organisation(source.organisation(text(row, "sourcedId")))
            asked = read_org(row, source, known, began.get(said(row, "sourcedId")))
        except Fault as fault:
            yield Verdict(file="orgs", line=line, fault=fault)
        else:
            yield Verdict(file="orgs", line=line, commands=asked)


def is_staff(row: Row) -> bool:
    """Say whether a role is a job."""
    return said(row, "role") not in NOT_STAFF


@dataclass
class People:
    """Who the rows of one package speak of, as far as they are read.

    Two rows of one package with one СНИЛС are one person, as two packages' would be.
    """

    source: Source
    register: Register
    staff: AbstractSet[str]
    users_again: AbstractSet[int] = frozenset()
    roles_again: AbstractSet[int] = frozenset()
    apart: AbstractSet[int] = frozenset()
    known: dict[str, PersonId] = field(default_factory=dict)
    snils: dict[str, UUID] = field(default_factory=dict)
    born: dict[UUID, date] = field(default_factory=dict)
    gone: dict[str, date] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)

    def read(self, line: int, row: Row) -> Verdict:
        """Read a row of users."""
        try:
            require_once(line, row, self.users_again)
            if line in self.apart:
                raise TOLD_APART
            commands = self.user(row)
        except Fault as fault:
            if line not in self.users_again:
                self.faulty.add(said(row, "sourcedId"))
            return Verdict(file="users", line=line, fault=fault)
        return Verdict(file="users", line=line, commands=commands)

    def user(self, row: Row) -> tuple[Command, ...]:
        """Return what a row of users asks for."""
        sourced_id = needed(row, "sourcedId", "S1 5.5")
        if is_gone(row):  # nothing new of who leaves, but the roles end
            self.gone[sourced_id] = changed_on(row, self.source)
            return ()
        if sourced_id not in self.staff:
            return ()
        person_id, identity = identify(row, self.source, self.with_own)
        commands = (*identity, *read_user(row, person_id))
        self.known[sourced_id] = person_id
        for each in identity:
            if isinstance(each, RegisterTeacher):
                self.snils[each.snils] = person_id
                self.born[person_id] = each.birth_date
        return commands

    @cached_property
    def with_own(self) -> Register:
        """Return what is known by this package or by the registry."""
        return replace(self.register, holder=self.holder, born=self.was_born)

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a key, by this package or by the registry."""
        own = self.snils.get(key) if kind == "snils" else None
        return own or self.register.holder(kind, key)

    def was_born(self, person_id: UUID) -> date | None:
        """Return when somebody was born, by this package or by the registry."""
        return self.born.get(person_id) or self.register.born(person_id)

    def read_role(self, line: int, row: Row) -> Verdict:
        """Read a row of roles."""
        try:
            require_once(line, row, self.roles_again)
            commands = self.role(row) if is_staff(row) else ()
        except Fault as fault:
            return Verdict(file="roles", line=line, fault=fault)
        return Verdict(file="roles", line=line, commands=commands)

    def role(self, row: Row) -> tuple[Command, ...]:
        """Return what a row of roles asks for; a job once recorded stays whose it was.

        So the jobs of a record that was merged into another go on where they stand.
        """
        user = needed(row, "userSourcedId", "S0 I")
        job = self.register.jobs.get(self.source.employment(needed(row, "sourcedId", "S0 I")))
        if job:
            self.require_theirs(job, user)
        person_id = job.started.person_id if job else self.person(user)
        return read_role(row, self.source, person_id, job, self.gone.get(user))

    def require_theirs(self, job: Job, user: str) -> None:
        """Работа не переходит к другому человеку (S0 I). Raises `Fault`."""
        linked = self.register.holder("roster", self.source.link(user))
        found = self.known.get(user) or linked
        human = self.register.human
        if found and human(found) != human(job.started.person_id):
            why = "Работа записана за другим человеком; новая работа — новая запись"
            raise Fault("userSourcedId", why, "S0 I")

    def person(self, user: str) -> PersonId:
        """Return who a user of this package is."""
        if user in self.faulty:
            raise Fault("userSourcedId", "Строка этого человека не принята", "S0 I")
        linked = self.register.holder("roster", self.source.link(user))
        found = self.known.get(user) or linked
        if found is None:
            raise Fault("userSourcedId", "Такого человека нет", "S0 I")
        return PersonId(found)


# ── What it would do ────────────────────────────────────────────────────────


def jobs_of(facts: Iterable[EmploymentFact]) -> Jobs:
    """Fold the facts about jobs, as they stand, into jobs by their id."""
    return reduce(with_job, facts, dict[EmploymentId, Job]())


def named_orgs(package: Package, source: Source) -> set[OrgId]:
    """Return the organisations that a package names, in whichever file."""
    orgs = (said(row, "sourcedId") for row in package.get("orgs", ()))
    employers = (said(row, "orgSourcedId") for row in package.get("roles", ()))
    return {source.organisation(each) for each in {*orgs, *employers} if each}


def modified(package: Package, on: date) -> datetime | None:
    """Return when the newest of its rows was changed; None if none says it.

    A row that says that it was changed after the day of the package says nothing; by a
    clock without a zone it may be tomorrow.
    """
    rows = (row for rows in package.values() for row in rows)
    said = (whatever_moment(row, "dateLastModified") for row in rows)
    known = (each for each in said if each and each.date() <= on + timedelta(days=1))
    return max(known, default=None)


def stated(package: Package, source: Source) -> set[OrgId]:
    """Return the organisations whose jobs a whole (bulk) package states, one and all.

    They are those that it names. One of them is in doubt when a row has no id of its
    job that can be taken, for that may be any job; all are, when such a row names none of
    the organisations that the package lists: it may be misspelt.
    """
    rows = package.get("roles", ())
    doubtful = {said(row, "orgSourcedId") for row in rows if not _names_its_job(row)}
    if not doubtful <= {said(row, "sourcedId") for row in package.get("orgs", ())} - {""}:
        return set()
    return named_orgs(package, source) - {source.organisation(each) for each in doubtful}


def _names_its_job(row: Row) -> bool:
    try:
        return bool(text(row, "sourcedId"))
    except Fault:
        return False


def unnamed(
    package: Package, source: Source, before: Mapping[EmploymentId, Job]
) -> Iterator[EndEmployment]:
    """End the jobs, of those given, that a whole package leaves out.

    A row that can't be taken names its job all the same: a slip ends nothing.
    """
    rows = package.get("roles", ())
    named = {source.employment(each) for row in rows if (each := said(row, "sourcedId"))}
    return missing(before, named, stated(package, source), source.on)


def missing(
    before: Mapping[EmploymentId, Job],
    named: AbstractSet[EmploymentId],
    orgs: AbstractSet[OrgId],
    on: date,
) -> Iterator[EndEmployment]:
    """End the jobs at these organisations that are not named, if they had begun."""
    for employment_id, job in before.items():
        at_one_of_them = job.now.org_id in orgs and job.now.occurred_on <= on
        if at_one_of_them and not job.ended and employment_id not in named:
            yield EndEmployment(
                employment_id=employment_id,
                person_id=job.started.person_id,
                ended_on=on,
            )


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What a package would do to one organisation, against what it has now."""

    jobs: int
    ended: int
    people: int
    touched: int

    @property
    def is_held(self) -> bool:
        """Say whether somebody must confirm it (contracts §7).

        It ends more than 10 % of the jobs or touches more than 75 % of the people; to
        an organisation that has nobody yet anybody may come.
        """
        ends = 100 * self.ended > ENDED_PCT * self.jobs
        touches = 100 * self.touched > CHANGED_PCT * self.people
        return ends or (bool(self.people) and touches)


def shifts(
    before: Mapping[EmploymentId, Job],
    asked: Iterable[Command],
    own: AbstractSet[EmploymentId] = frozenset(),
) -> dict[OrgId, Shift]:
    """Compare what is with what is asked for, organisation by organisation.

    A job that moves away counts as ended where it was and as touched on both sides. `own`
    are the jobs that the package began before it was cut: their people are not those of
    whom it touches too many.
    """
    jobs, ended = Tally[EmploymentId](set), Tally[EmploymentId](set)
    people, touched = Tally[PersonId](set), Tally[PersonId](set)
    for employment_id, job in before.items():
        if not job.ended:
            jobs[job.now.org_id].add(employment_id)
            if employment_id not in own:
                people[job.now.org_id].add(job.now.person_id)
    for each in asked:
        if not isinstance(each, OF_JOBS):
            continue
        job = before.get(each.employment_id)
        here = {job.now.org_id} if job and not job.ended else NOWHERE
        there = NOWHERE if isinstance(each, EndEmployment) else {each.org_id}
        for org_id in here - there:
            ended[org_id].add(each.employment_id)
        for org_id in here | there:
            touched[org_id].add(each.person_id)
    return {
        org_id: Shift(
            jobs=len(jobs[org_id]),
            ended=len(ended[org_id]),
            people=len(people[org_id]),
            touched=len(touched[org_id]),
        )
        for org_id in [*jobs, *(touched.keys() - jobs.keys())]
    }
