"""One human of several records: what each of them must know of the others (S1 7.2)."""

from collections.abc import Collection, Mapping
from datetime import date

from services.registry.domain.employment import became_pedagogue_on
from services.registry.domain.identity import opened
from services.registry.domain.teacher import Nobody, Registered, Teacher
from services.registry.domain.youth import Era, Eras
from shared.events.registry import PersonsMerged
from shared.kernel.ids import PersonId


def eras_of(
    person: PersonId, mergers: Collection[PersonsMerged], lives: Mapping[PersonId, Teacher]
) -> Eras:
    """Слитые записи — один человек со дня слияния (S1 7.2).

    His first pedagogical work is the first of all of them (AM14), his birthday the one of
    the main record. A merger acts from its own day, and what was before stays.
    """
    days = sorted({each.occurred_on for each in mergers})
    return tuple(
        _era(person, day, {it.merged_id: it for it in mergers if it.occurred_on <= day}, lives)
        for day in days
    )


def _era(
    person: PersonId,
    since: date,
    merged: Mapping[PersonId, PersonsMerged],
    lives: Mapping[PersonId, Teacher],
) -> Era:
    main = main_record(person, merged)
    same = [it for it in lives if it != person and main_record(it, merged) == main]
    days = filter(None, map(first_work, (lives[it] for it in same)))
    born = None if main == person else birth_date(lives[main])
    return Era(since=since, born=born, first=min(days, default=None))


def main_record(person: PersonId, merged: Mapping[PersonId, PersonsMerged]) -> PersonId:
    """Return the record in which a chain of mergers ends."""
    seen = {person}
    while (into := merged.get(person)) and into.survivor_id not in seen:
        person = into.survivor_id
        seen.add(person)
    return person


def first_work(teacher: Teacher) -> date | None:
    """Return the first day of pedagogical work that a record knows of."""
    return None if isinstance(teacher, Nobody) else became_pedagogue_on(teacher.jobs)


def birth_date(teacher: Teacher) -> date | None:
    """Return the birth date of a record; None once its key is destroyed."""
    is_known = isinstance(teacher, Registered)
    return opened(teacher.registered.birth_date) if is_known else None
