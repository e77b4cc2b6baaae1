"""The people of a plan: who somebody is, and how things about them are recorded."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

from metodika.plan.dice import is_one_of
from metodika.plan.land import CONCEPT, Land
from metodika.plan.steps import Step
from metodika.plan.tiers import FIRST
from services.registry import domain as reg
from shared.kernel.ids import EmploymentId, OrgId, PersonId

NAMES = ("Анна", "Мария", "Елена", "Ольга", "Пётр", "Иван", "Нина", "Вера", "Лев", "Юрий")
SURNAMES = ("Лесных", "Черных", "Седых", "Долгих", "Белых", "Крутых", "Малых", "Сухих")
METHODIST_TIME = date(2018, 1, 1)
"""Who works since before this day may become a methodist."""

type Ask = Callable[[str, Any], Step]
"""Ask a service for something."""


class Person:
    """One person: born, employed since, in a school, perhaps young, perhaps a head."""

    def __init__(self, land: Land, n: int) -> None:
        self.land, self.dice, self.n = land, land.dice, n
        self.id = PersonId(self.dice.id())
        self.job = EmploymentId(self.dice.id())
        self.school = land.schools[n % len(land.schools)]
        self.is_young = self.dice.happens(land.parameters.young)
        first = date(2021, 9, 1) if self.is_young else date(2005, 9, 1)
        last = date(2023, 9, 1) if self.is_young else FIRST
        self.since = self.dice.day(first, last)
        age = self.dice.random.randint(22, 31 if self.is_young else 58)
        year = self.since.year - age
        self.born = self.dice.day(date(year, 1, 1), date(year, 12, 28))
        self.arrived = max(self.since, FIRST)
        self.until = self._last_day()
        self.minutes = count(10)

    @property
    def name(self) -> str:
        """Return a made-up name."""
        return f"{SURNAMES[self.n % 8]} {NAMES[self.n % 10]}"

    @property
    def is_head(self) -> bool:
        """One of twenty is the head of a school."""
        return self.n % 20 == 0

    @property
    def is_candidate(self) -> bool:
        """One of so many may become a methodist; whoever is not young has the category."""
        return self.n % self.land.parameters.charges == 1

    @property
    def is_methodist(self) -> bool:
        """A candidate becomes a methodist if not young and long at work."""
        return self.is_candidate and not self.is_young and self.since <= METHODIST_TIME

    @property
    def subject(self) -> str:
        """Return the code of what is taught."""
        return ("math", "rus", "phys")[self.n % 3]

    def works_on(self, day: date) -> bool:
        """Say whether this person has not left by a day."""
        return self.until is None or day < self.until

    def _last_day(self) -> date | None:
        """Return the last day at work of those who leave between 2022 and mid-2024."""
        if not self.is_one_of(self.land.parameters.left, after=4):
            return None
        first = max(date(2022, 6, 1), self.arrived + timedelta(days=200))
        return self.dice.day(first, date(2024, 6, 30))

    def matter(self) -> "Matter":
        """Begin something that is recorded step by step."""
        return Matter(self)

    def is_one_of(self, per_mille: int, after: int = 0) -> bool:
        """Say whether this person is counted out for something."""
        return is_one_of(self.n, per_mille, after)

    def registered(self, person: PersonId, on: date) -> reg.RegisterTeacher:
        """Return how this person is registered, under an id."""
        return reg.RegisterTeacher(
            person_id=person,
            full_name=self.name,
            snils=self.dice.snils(),
            birth_date=self.born,
            registered_on=on,
        )

    def employed(
        self, person: PersonId, org: OrgId, since: date, *, is_main: bool = True
    ) -> reg.StartEmployment:
        """Return how this person is taken on; the main job has the person's own id."""
        return reg.StartEmployment(
            employment_id=self.job if is_main else EmploymentId(self.dice.id()),
            person_id=person,
            org_id=org,
            position_class="HEAD" if is_main and self.is_head else "PED",
            is_teacher=not (is_main and self.is_head),
            subject_code=self.subject,
            is_main=is_main,
            started_on=since,
        )

    def roster(self) -> Iterator[Any]:
        """Return what the first roster says of this person."""
        since = max(self.since, CONCEPT) if self.is_head else self.since
        yield self.registered(self.id, self.arrived)
        yield self.employed(self.id, self.school, since)
        yield reg.RecordEducation(
            person_id=self.id, level="higher", pedagogical=True, received_on=self.since
        )
        if not self.is_young:
            yield reg.AwardCategory(
                person_id=self.id,
                category="highest" if self.is_candidate or self.n % 4 == 1 else "first",
                awarded_on=max(self.since, date(2020, 9, 1)),
            )


class Matter:
    """Something recorded step by step: nobody records its end before its beginning."""

    def __init__(self, person: Person) -> None:
        self._person, self._recorded = person, person.arrived

    def on(self, day: date, *, delay: timedelta | None = None) -> Ask:
        """Return how to take steps about a day: most the same day, some long after.

        A delay that is not given is drawn.
        """
        land, dice = self._person.land, self._person.dice
        if delay is None:
            late = dice.happens(land.parameters.late)
            delay = dice.delay() if late else timedelta()
        self._recorded = max(self._recorded, day + delay)
        recorded = self._recorded
        return lambda service, command: land.step(
            recorded, service, command, minute=next(self._person.minutes)
        )
