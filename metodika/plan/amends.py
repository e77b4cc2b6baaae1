"""What is put right in a plan: doubles, second rosters, wrong days, facts that never were.

Who is counted out for what stands in the numbers of the people, so an expected number
can be counted by hand.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from metodika.plan import learning
from metodika.plan.people import Person
from metodika.plan.steps import Restate, Step, TakeBack
from services.registry import domain as reg
from shared.events.registry import EducationRecorded, EmploymentStarted
from shared.kernel.ids import PersonId, named

FOUND_OUT = date(2024, 10, 1)
"""The day on which doubles are found."""
NEXT_DOOR, HERE = "neighbour", "region"
"""The accounting systems from which rosters come."""


def put_right(person: Person) -> Iterator[Step]:
    """Put right what is wrong with this person's record, if anything is."""
    rates = person.land.parameters
    if person.is_one_of(rates.two_jobs, after=5):
        yield from is_in_two_rosters(person)
    if person.is_one_of(rates.doubled, after=7):
        yield from is_doubled(person)
    if person.is_one_of(rates.corrected, after=9):
        yield from started_earlier(person)
    if person.is_one_of(rates.withdrawn, after=11):
        yield from has_no_such_diploma(person)


def is_in_two_rosters(person: Person) -> Iterator[Step]:
    """Work in the neighbouring region too: its roster knows the person by the СНИЛС."""
    since = person.arrived + timedelta(days=60)
    ask = person.matter().on(since)
    for system in (HERE, NEXT_DOOR):
        link = reg.LinkRoster(
            person_id=person.id,
            source_system=system,
            sourced_id_hmac=str(named("sourced", system, str(person.id))),
            linked_on=since,
        )
        yield ask("registry", link)
    there = person.land.school_next_door
    yield ask("registry", person.employed(person.id, there, since, is_main=False))


def is_doubled(person: Person) -> Iterator[Step]:
    """Be taken for another in the neighbour's roster, be tested there, and be joined.

    Its СНИЛС was mistyped there. From the merger on all counts as one person's.
    """
    double, matter = PersonId(person.dice.id()), person.matter()
    since = person.arrived + timedelta(days=90)
    ask = matter.on(since)
    yield ask("registry", person.registered(double, since))
    there = person.land.school_next_door
    yield ask("registry", person.employed(double, there, since, is_main=False))
    yield from learning.is_tested_as(person, matter, double, since + timedelta(days=30))
    found = max(FOUND_OUT, since + timedelta(days=60))
    merge = reg.MergePersons(survivor_id=person.id, merged_id=double, merged_on=found)
    yield matter.on(found)("registry", merge)


def started_earlier(person: Person) -> Iterator[Step]:
    """Have begun work a month before the day that was recorded, and a year be known so.

    Of the young the period of youth moves with it.
    """
    before = person.since - timedelta(days=30)
    if person.is_head:
        return
    restate = Restate(person.id, EmploymentStarted, (("occurred_on", before),))
    yield person.matter().on(person.arrived + timedelta(days=365), delay=timedelta())(
        "registry", restate
    )


def has_no_such_diploma(person: Person) -> Iterator[Step]:
    """Have a diploma on record that is another person's, and have it withdrawn."""
    on = person.arrived + timedelta(days=200)
    back = TakeBack(person.id, EducationRecorded, "записано не тому человеку", on)
    yield person.matter().on(on, delay=timedelta())("registry", back)
