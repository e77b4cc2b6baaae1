"""What of a package is its sender's to say, row by row (S0 V).

A job, and an organisation, by the place of the organisation; a person's education,
categories and link by any place where that person works or, by the same package, will. The
engine asks the same of each fact; here it is asked before anything is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from services.registry.domain import (
    AwardCategory,
    ChangeEmployment,
    CloseOrganisation,
    EndEmployment,
    LinkRoster,
    RecordEducation,
    RegisterOrganisation,
    RegisterTeacher,
    StartEmployment,
)
from services.registry.domain.employment import Job
from services.registry.domain.same import NOT_YOURS
from shared.kernel import Fault
from shared.kernel.ids import EmploymentId, OrgId, PersonId, Territory
from shared.runtime.asking import May
from shared.runtime.bulk import Line
from shared.runtime.territory import HOME, PLACE, path
from shared.runtime.work import Work

FOREIGN = Fault("", "Не ваша территория", "S0 V")
PEOPLE = "users.csv"
JOBS = (StartEmployment, ChangeEmployment)
ALSO_OF_THE_NEW = (RecordEducation, AwardCategory)
RECORD = (*ALSO_OF_THE_NEW, LinkRoster)
"""What whoever employs a person says of that person."""


@dataclass(frozen=True)
class Rights:
    """What a sender may say, by what is known and by what the package brings itself."""

    work: Work
    may: May
    jobs: Mapping[EmploymentId, Job]
    lines: Sequence[Line]

    @cached_property
    def places(self) -> Mapping[OrgId, Territory]:
        """Return where the organisations stand that the rows bring."""
        return {
            it.org_id: Territory(path(it.region, it.oktmo, it.org_id))
            for line in self.lines
            for it in line.commands
            if isinstance(it, RegisterOrganisation)
        }

    @cached_property
    def newcomers(self) -> AbstractSet[PersonId]:
        """Return the people whom the rows bring."""
        asked = (it for line in self.lines for it in line.commands)
        return {it.person_id for it in asked if isinstance(it, RegisterTeacher)}

    @cached_property
    def begun(self) -> Mapping[PersonId, AbstractSet[OrgId]]:
        """Return where people work by the rows whose jobs go on."""
        begun = defaultdict[PersonId, set[OrgId]](set)
        for line in self.lines:
            if not any(isinstance(it, EndEmployment) for it in line.commands):
                for it in line.commands:
                    if isinstance(it, JOBS):
                        begun[it.person_id].add(it.org_id)
        return begun

    def judged(self, line: Line) -> Line:
        """Return a row with a fault where it says what is not the sender's to say."""
        if all(map(self._allows, line.commands)):
            return line
        fault = NOT_YOURS if line.file == PEOPLE else FOREIGN
        return replace(line, commands=(), fault=fault)

    def over(self, org_id: OrgId) -> bool:
        """Say whether an organisation is the sender's; one that nobody knows is nobody's."""
        place = self.work.of(PLACE, org_id) or self.places.get(org_id)
        return place is None or self.may(place)

    def _allows(self, asked: Any) -> bool:
        match asked:
            case EndEmployment():
                job = self.jobs.get(asked.employment_id)
                return job is None or self.over(job.now.org_id)
            case RecordEducation() | AwardCategory() | LinkRoster():
                return asked.person_id in self.newcomers or self._employs(asked.person_id)
            case ChangeEmployment():
                job = self.jobs.get(asked.employment_id)
                return self.over(asked.org_id) and (job is None or self.over(job.now.org_id))
            case RegisterOrganisation() | CloseOrganisation() | StartEmployment():
                return self.over(asked.org_id)
            case _:
                return True  # somebody new stands where the sender does

    def _employs(self, person_id: PersonId) -> bool:
        home = self.work.of(HOME, person_id)
        here = {it.org_id for it in home.running} | self.begun.get(person_id, frozenset())
        if not (here or home.employers):
            return self.may(self.work.thing(person_id).territory)
        return any(map(self.over, here or home.employers))


def jobs_first(lines: Iterable[Line]) -> Iterator[Line]:
    """Put what a row says of a person's record after the jobs of that person.

    For whoever employs a person may say it; the rows of the jobs follow the person's. Who
    is new is linked at once: he stands where the sender does.
    """
    later: list[Line] = []
    for each in lines:
        first, record = _apart(each.commands)
        if each.file == PEOPLE:
            yield from later
            later = [replace(each, commands=record, goes_on=True)] if record else []
        yield replace(each, commands=first) if record else each
    yield from later


def _apart(commands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what is asked at once, and what is the employer's to say."""
    of_employer = ALSO_OF_THE_NEW if RegisterTeacher in map(type, commands) else RECORD
    record = tuple([it for it in commands if isinstance(it, of_employer)])
    if not record:
        return commands, ()
    return tuple([it for it in commands if not isinstance(it, of_employer)]), record
