"""Who works where, read from the registry's log: what a package is weighed against."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.registry.domain import package
from services.registry.domain.employment import Job
from shared.events.registry import EmploymentChanged, EmploymentEnded, EmploymentStarted
from shared.kernel import Recorded, Withdrawal, kind_of, standing
from shared.kernel.ids import EmploymentId, EventId, OrgId, Territory
from shared.runtime.bulk import in_chunks
from shared.runtime.codec import decode, decode_meta
from shared.runtime.log import Record, Store

PAGE = 5_000
PLACING = [kind_of(each).name for each in (EmploymentStarted, EmploymentChanged)]
WITHDRAWN = "registry.FactWithdrawn"
JOBS = frozenset({*PLACING, kind_of(EmploymentEnded).name, WITHDRAWN})


@dataclass(frozen=True)
class Staff:
    """Jobs as they stand, and by which import (correlation) each was begun."""

    jobs: Mapping[EmploymentId, Job] = field(default_factory=dict)
    begun_by: Mapping[EmploymentId, UUID] = field(default_factory=dict)


def people_at(
    store: Store, orgs: Collection[OrgId], regions: Collection[Territory]
) -> set[UUID]:
    """Return who works, or ever worked, at these organisations of these regions."""
    wanted, position, people = set(orgs), 0, set[UUID]()
    if not wanted or not regions:
        return people
    while page := store.read(position, PAGE, names=PLACING, scopes=regions):
        position = page[-1].position
        said = ((each.stream, decode(each.name, each.schema, each.data)) for each in page)
        people |= {stream for stream, fact in said if fact.org_id in wanted}
    return people


def staff_of(store: Store, people: Collection[UUID]) -> Staff:
    """Return the jobs of these people; nothing personal is opened."""
    stands: list[Any] = []
    begun_by: dict[EmploymentId, UUID] = {}
    for some in in_chunks(people, 1000):
        for records in store.streams(some).values():
            said = list(_of_jobs(records, begun_by))
            stands += [it.fact for it in standing(said) if not isinstance(it.fact, Withdrawal)]
    return Staff(package.jobs_of(stands), begun_by)


def _of_jobs(
    records: Collection[Record], begun_by: dict[EmploymentId, UUID]
) -> Iterator[Recorded[Any]]:
    for each in records:
        if each.name not in JOBS:
            continue
        fact, meta = decode(each.name, each.schema, each.data), decode_meta(each.meta)
        if isinstance(fact, EmploymentStarted):
            begun_by.setdefault(fact.employment_id, meta.correlation_id)
        corrects = EventId(meta.corrects) if meta.corrects else None
        yield Recorded(event_id=EventId(each.event_id), fact=fact, corrects=corrects)
