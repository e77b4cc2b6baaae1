"""Who leaves, moves and rises in a plan, and whose data are destroyed afterwards.

Who does so is counted out, and nobody for two things: see `test_plan`.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from metodika.plan.people import Person
from metodika.plan.steps import Step
from services.registry import domain as reg
from shared.events.registry import PositionClass
from shared.kernel.ids import OrgId

MID_YEAR = date(2023, 2, 1)
NEW_YEAR_OF_SCHOOL = date(2023, 9, 1)


def works_on(person: Person) -> Iterator[Step]:
    """Go on in the career, if anything happens in it."""
    rates, land = person.land.parameters, person.land
    other = land.schools[(person.n + 1) % len(land.schools)]
    if person.until:
        yield from leaves(person, person.until)
    elif person.is_head or person.is_methodist:
        return
    elif person.is_one_of(rates.moved, after=21):
        yield from is_changed(person, other, "PED", MID_YEAR)
    elif person.is_one_of(rates.moved_away, after=25):
        yield from is_changed(person, land.school_next_door, "PED", MID_YEAR)
    elif person.is_one_of(rates.risen, after=19):
        yield from is_changed(person, person.school, "DEPUTY", NEW_YEAR_OF_SCHOOL)


def leaves(person: Person, until: date) -> Iterator[Step]:
    """Work the last day; some have their data destroyed a month later."""
    matter = person.matter()
    end = reg.EndEmployment(employment_id=person.job, person_id=person.id, ended_on=until)
    yield matter.on(until)("registry", end)
    if person.is_one_of(person.land.parameters.erased, after=-6):
        on = until + timedelta(days=30)
        erase = reg.ErasePersonalData(
            person_id=person.id, reason="отзыв согласия", act_no=f"{person.n}", erased_on=on
        )
        yield matter.on(on)("registry", erase)


def is_changed(person: Person, org: OrgId, position: PositionClass, on: date) -> Iterator[Step]:
    """Have another place or position from a day on; the newly come from a later one."""
    day = max(on, person.arrived + timedelta(days=120))
    change = reg.ChangeEmployment(
        employment_id=person.job,
        person_id=person.id,
        org_id=org,
        position_class=position,
        is_teacher=position == "PED",
        subject_code=person.subject,
        is_main=True,
        changed_on=day,
    )
    yield person.matter().on(day)("registry", change)
