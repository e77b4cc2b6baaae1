"""Moves of the registry: territory, organisations, people, jobs."""

from datetime import date

from shared.events import registry
from shared.kernel.ids import Oktmo, RegionCode
from shared.testing.facts import a
from tests.golden.words import centre, employment, org, person
from tests.oracle.telling import (
    DAYS,
    EARLY,
    GRADUATIONS,
    PEOPLE,
    PLACES,
    POSITIONS,
    UNTIL,
    Telling,
    pick,
)


def place(it: Telling, n: int, since: date = EARLY) -> registry.OrganisationRegistered:
    """Return an organisation, registered when first needed, its region with it."""
    letter, region, oktmo, kind = PLACES[n % len(PLACES)]
    known = it.life(("org", org(letter)))
    if known:
        return known[0]
    join(it, region, EARLY)
    registered = a(
        registry.OrganisationRegistered,
        org_id=org(letter),
        kind=kind,
        region=RegionCode(region),
        oktmo=Oktmo(oktmo) if oktmo else None,
        occurred_on=since,
    )
    it.say(registered)
    return registered


def join(it: Telling, region: str, on: date) -> None:
    code = RegionCode(region)
    if not it.life(("region", code)):
        it.say(a(registry.RegionAdded, region=code, occurred_on=on))


def a_region_joins(it: Telling, n: int, on: int, *_: int) -> None:
    join(it, ("25", "26", "77", "99")[n % 4], DAYS[on % len(DAYS)])


def an_organisation_is_registered(it: Telling, n: int, on: int, *_: int) -> None:
    place(it, n, DAYS[on % len(DAYS)])


def an_organisation_closes(it: Telling, n: int, on: int, *_: int) -> None:
    closing = place(it, n)
    key = ("org", closing.org_id)
    if not it.has(key, registry.OrganisationClosed):
        it.say(
            a(
                registry.OrganisationClosed,
                org_id=closing.org_id,
                occurred_on=it.day(key, on),
            )
        )


def a_centre_opens_or_closes(it: Telling, n: int, on: int, *_: int) -> None:
    """One of two centres of region 25, or the one of 26."""
    key = ("centre", centre(n % 3))
    host = place(it, (0, 0, 5)[n % 3])
    so_far = it.life(key)
    is_open = so_far and isinstance(so_far[-1], registry.RegionalCentreOpened)
    it.say(
        a(
            registry.RegionalCentreClosed if is_open else registry.RegionalCentreOpened,
            centre_id=centre(n % 3),
            region=host.region,
            host_org_id=host.org_id,
            occurred_on=it.day(key, on),
        )
    )


def merged_already(it: Telling, n: int) -> bool:
    return bool(it.life(("merged", person(n))))


def a_job_begins(it: Telling, who: int, at: int, on: int, how: int) -> None:
    n = who % PEOPLE
    if merged_already(it, n):
        return
    position = POSITIONS[how % len(POSITIONS)]
    it.say(
        a(
            registry.EmploymentStarted,
            employment_id=employment(it.fresh(registry.EmploymentStarted)),
            person_id=person(n),
            org_id=place(it, at).org_id,
            position_class=position,
            is_teacher=position == "PED",
            is_main=how % 3 != 1,
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def open_jobs(it: Telling) -> list[registry.EmploymentStarted]:
    return [
        each
        for each in it.standing(registry.EmploymentStarted)
        if not it.has(("employment_id", each.employment_id), registry.EmploymentEnded)
    ]


def a_job_changes(it: Telling, which: int, at: int, on: int, how: int) -> None:
    job = pick(open_jobs(it), which)
    if job is None:
        return
    position = POSITIONS[how % len(POSITIONS)]
    it.say(
        a(
            registry.EmploymentChanged,
            employment_id=job.employment_id,
            person_id=job.person_id,
            org_id=place(it, at).org_id,
            position_class=position,
            is_teacher=position == "PED",
            is_main=how % 3 != 1,
            occurred_on=max(job.occurred_on, DAYS[on % len(DAYS)]),
        )
    )


def a_job_ends(it: Telling, which: int, on: int, *_: int) -> None:
    job = pick(open_jobs(it), which)
    if job is not None:
        it.say(
            a(
                registry.EmploymentEnded,
                employment_id=job.employment_id,
                person_id=job.person_id,
                org_id=job.org_id,
                occurred_on=it.day(("employment_id", job.employment_id), on),
            )
        )


def youth_is_determined(it: Telling, who: int, until: int, on: int, never: int) -> None:
    it.say(
        a(
            registry.YouthPeriodDetermined,
            person_id=person(who % PEOPLE),
            young_until=None if never % 5 == 4 else UNTIL[until % len(UNTIL)],
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def a_graduate_is_registered(it: Telling, who: int, at: int, on: int, day: int) -> None:
    it.say(
        a(
            registry.GraduateRegistered,
            person_id=person(who % PEOPLE),
            university_id=place(it, (4, 7)[at % 2]).org_id,
            graduated_on=GRADUATIONS[day % len(GRADUATIONS)],
            occurred_on=DAYS[on % len(DAYS)],
        )
    )


def two_records_are_one(it: Telling, one: int, two: int, on: int, *_: int) -> None:
    """Into the smaller number always, so that chains can grow and rings cannot."""
    into, merged = sorted((one % PEOPLE, two % PEOPLE))
    if into != merged and not merged_already(it, merged):
        it.say(
            a(
                registry.PersonsMerged,
                survivor_id=person(into),
                merged_id=person(merged),
                occurred_on=DAYS[on % len(DAYS)],
            )
        )


def somebody_is_erased(it: Telling, who: int, on: int, *_: int) -> None:
    it.say(
        a(
            registry.PersonalDataErased,
            person_id=person(who % PEOPLE),
            occurred_on=DAYS[on % len(DAYS)],
        )
    )
