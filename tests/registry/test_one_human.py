"""S1 7.2, AM14: слитые записи — один человек, и молод он от первой работы их всех.

Whatever is told of four records, in whatever order, is compared with what follows from
the facts that stand: told one by one to the registry in memory, as the generator has it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.registry.app import SERVICE
from services.registry.domain import (
    MergePersons,
    RegisterTeacher,
    StartEmployment,
)
from services.registry.domain.youth import young_until
from shared.events.registry import (
    EmploymentStarted,
    PersonsMerged,
    TeacherRegistered,
    YouthPeriodDetermined,
)
from shared.kernel import Correct, Recorded, Withdraw, standing
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.runtime.asking import Asked, Outcome
from shared.runtime.log import Record
from shared.runtime.mind import Mind
from shared.runtime.mind_log import Log
from shared.runtime.mind_sealed import Ring
from shared.testing.facts import a
from tests.registry.world import ADD_MUNICIPALITY, ADD_REGION, REGISTER_SCHOOL, SCHOOL

NEVER = date(2100, 1, 1)
NOW = datetime(2024, 6, 1, tzinfo=UTC)
PEOPLE = [PersonId(UUID(int=n)) for n in range(4)]
SNILS = ("112-233-445 95", "201-111-111 46", "202-222-222 74", "203-333-333 01")
DAYS = [date(2015, 9, 1) + timedelta(days=step) for step in range(0, 4000, 97)]
BIRTHS = [date(1980, 5, 17), date(1986, 5, 17), date(1995, 5, 17)]

who, when, born = st.sampled_from(range(4)), st.sampled_from(DAYS), st.sampled_from(BIRTHS)
MOVES = st.one_of(
    st.tuples(st.just("works"), who, when),
    st.tuples(st.just("are one"), who, who, when),
    st.tuples(st.just("worked since"), who, when),
    st.tuples(st.just("never worked"), who),
    st.tuples(st.just("are two"), who),
    st.tuples(st.just("is another"), who, who, when),
    st.tuples(st.just("was born"), who, born),
)
JOINED = [
    ("works", 0, DAYS[5]),
    ("works", 1, DAYS[20]),
    ("works", 1, DAYS[30]),
    ("are one", 1, 0, DAYS[21]),
]
"""The later record is the main one."""
JOINED_BEFORE = [("works", 0, DAYS[5]), ("are one", 0, 1, DAYS[21]), ("works", 1, DAYS[30])]
"""The other one goes to work when they are one already."""


class Registry:
    """Four people of a school, and what becomes of them."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.mind = Mind(SERVICE, Log("registry@0", 1, self.records.append), Ring())
        for each in (ADD_REGION, ADD_MUNICIPALITY, REGISTER_SCHOOL):
            self.ask(each)
        for person, snils in zip(PEOPLE, SNILS, strict=True):
            self.ask(registered(person, snils))

    def ask(self, command: Any) -> Outcome:
        asked = Asked(command=command, command_id=uuid4(), actor="test")
        return self.mind.ask([asked], NOW)[0]

    def stands(self, *kinds: type[Any]) -> list[Recorded[Any]]:
        """Return what stands of these, in the order of the log."""
        each_of = (standing(self.mind.history(person)) for person in PEOPLE)
        found = [it for some in each_of for it in some if isinstance(it.fact, kinds)]
        return sorted(found, key=lambda it: it.event_id)

    def move(self, name: str, *how: Any) -> None:
        for command in self.commands(name, *how):
            self.ask(command)

    def commands(self, name: str, *how: Any) -> Iterator[Any]:
        match name, how:
            case "works", (n, on):
                yield employed(PEOPLE[n], on)
            case "are one", (n, m, on):
                yield MergePersons(survivor_id=PEOPLE[n], merged_id=PEOPLE[m], merged_on=on)
            case "worked since", (n, on):
                yield from self.again(n, EmploymentStarted, occurred_on=on)
            case "never worked", (n,):
                yield from self.never(n, EmploymentStarted)
            case "are two", (n,):
                yield from self.never(n, PersonsMerged)
            case "is another", (n, m, on):
                survivor = {"survivor_id": PEOPLE[m], "occurred_on": on}
                yield from self.again(n, PersonsMerged, **survivor)
            case "was born", (n, day):
                yield from self.again(n, TeacherRegistered, birth_date=day)
            case _:
                raise LookupError(name)

    def again(self, n: int, kind: type[Any], **instead: Any) -> Iterator[Correct]:
        """Say the n-th standing fact of a kind anew."""
        some = self.stands(kind)
        for it in some[n % len(some) :][:1] if some else ():
            yield Correct(event_id=it.event_id, fact=replace(it.fact, **instead))

    def never(self, n: int, kind: type[Any]) -> Iterator[Withdraw]:
        """Withdraw the n-th standing fact of a kind."""
        some = self.stands(kind)
        for it in some[n % len(some) :][:1] if some else ():
            yield Withdraw(event_id=it.event_id, reason="ошибка", withdrawn_on=DAYS[-1])

    def human(self, person: PersonId, day: date) -> PersonId:
        """Return whose record it is on a day."""
        mergers = self.stands(PersonsMerged)
        into = {it.fact.merged_id: it.fact for it in mergers if it.fact.occurred_on <= day}
        while merged := into.get(person):
            person = merged.survivor_id
        return person

    def told(self, main: PersonId, day: date) -> list[date | None]:
        """Return the last that is said for a day of a human, as the ledger finds it."""
        said = [
            it
            for it in self.stands(YouthPeriodDetermined)
            if it.fact.occurred_on <= day and self.human(it.fact.person_id, day) == main
        ]
        said.sort(key=lambda it: (it.fact.occurred_on, it.event_id))
        return [it.fact.young_until for it in said[-1:]]

    def last_said(self, person: PersonId) -> list[date | None]:
        """Return what whoever hears of a record has heard last."""
        said = self.stands(YouthPeriodDetermined)
        return [it.fact.young_until for it in said if it.fact.person_id == person][-1:]

    def due(self, main: PersonId, day: date) -> tuple[date | None, date | None]:
        """Return the first work of a human, and until when he is young."""
        [is_born] = [
            it.fact.birth_date
            for it in self.stands(TeacherRegistered)
            if it.fact.person_id == main
        ]
        jobs = self.stands(EmploymentStarted)
        days = [
            it.fact.occurred_on for it in jobs if self.human(it.fact.person_id, day) == main
        ]
        first = min(days, default=None)
        return first, young_until(is_born, first)


def registered(person: PersonId, snils: str) -> RegisterTeacher:
    return RegisterTeacher(
        person_id=person,
        full_name="Вымыслова Анна Петровна",
        snils=snils,
        birth_date=BIRTHS[1],
        registered_on=DAYS[-1],
    )


def employed(person: PersonId, on: date) -> StartEmployment:
    return a(
        StartEmployment,
        employment_id=EmploymentId(uuid4()),
        person_id=person,
        org_id=OrgId(SCHOOL),
        position_class="PED",
        is_main=True,
        started_on=on,
    )


@given(st.lists(MOVES, min_size=1, max_size=12))
@example(JOINED)
@example([*JOINED, ("works", 2, DAYS[1]), ("are one", 2, 1, DAYS[22])])
@example([*JOINED, ("works", 0, DAYS[1])])
@example([*JOINED, ("worked since", 0, DAYS[1])])
@example([*JOINED, ("worked since", 1, DAYS[10])])
@example([*JOINED, ("never worked", 0)])
@example([*JOINED, ("are two", 0)])
@example([*JOINED, ("is another", 0, 2, DAYS[21])])
@example([*JOINED, ("is another", 0, 1, DAYS[35])])
@example([*JOINED, ("was born", 1, BIRTHS[0])])
@example([*JOINED_BEFORE, ("never worked", 0)])
@example([*JOINED_BEFORE, ("was born", 0, BIRTHS[0])])
@settings(max_examples=100, deadline=None)
def test_whatever_is_told_the_first_work_of_all_records_decides(
    moves: list[tuple[Any, ...]],
) -> None:
    """AM14: первая работа — первая из всех записей, с дня слияния (S0 V.4, S1 7.2)."""
    registry = Registry()
    for each in moves:
        registry.move(*each)
    for day in (*DAYS, NEVER):
        for person in {registry.human(each, day) for each in PEOPLE}:
            first, until = registry.due(person, day)
            told = registry.told(person, day)
            if told or (first and first <= day):
                assert told == [until], (person, day)
    for person in PEOPLE:
        _, until = registry.due(registry.human(person, NEVER), NEVER)
        assert registry.last_said(person) in ([], [until])
