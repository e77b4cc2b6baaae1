"""One life of a plan: from the first roster to the end of 2024."""

from collections.abc import Iterator, Sequence

from metodika.plan.amends import put_right
from metodika.plan.careers import works_on
from metodika.plan.learning import learns
from metodika.plan.mentoring import becomes_methodist, is_supported
from metodika.plan.people import Person
from metodika.plan.steps import Step

SUPPORTED = 70
"""Of a hundred young people, so many are given a mentor or another support."""


def lived(
    person: Person, charges: Sequence[Person], mentors: Sequence[Person]
) -> Iterator[Step]:
    """Take all steps of a person.

    `charges` are those whom a methodist looks after, `mentors` those whom the young have.
    """
    for minute, command in enumerate(person.roster(), start=5):
        yield person.land.step(person.arrived, "registry", command, minute=minute)
    yield from learns(person)
    if person.is_young and person.dice.happens(SUPPORTED):
        yield from is_supported(person, mentors)
    if person.is_methodist:
        yield from becomes_methodist(person, charges)
    yield from works_on(person)
    yield from put_right(person)
