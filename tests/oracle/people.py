"""Who is in P, young, a graduate, and whose record is whose (kpi §2.1), over facts alone.

Where the text left a choice, the docstring says "Decided here".
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    GraduateRegistered,
    OrganisationClosed,
    PersonsMerged,
    YouthPeriodDetermined,
)
from tests.oracle.said import Past, Place, Said

SINCE = date(2020, 8, 6)
"""The first day of every cumulative period (§2.1: from S0)."""


class People:
    """Whom the predicates of §2.1 speak of at one day, as known by one vector."""

    def __init__(self, said: Iterable[Said], as_of: date, vector: Mapping[str, int]) -> None:
        self.past = Past(said, as_of, vector)
        self.t = as_of
        self.new_year = date(as_of.year, 1, 1)
        self.orgs = {each.org_id: each for each in self.past.organisations}
        self._merged_into: dict[UUID, UUID] = {
            each.merged_id: each.survivor_id for each in self.past.every(PersonsMerged)
        }
        self.unit_of = self._ped_units()
        """P(t): every pedagogical worker, with the one unit he is counted in."""

    def who(self, person: UUID) -> UUID:
        """Return whose record this is at t; a chain of mergers is followed to its end.

        §2.4.3: a merger acts from its own date. Lifecycle 2: it re-keys projections,
        not events, so what any of the records did, the survivor did.
        """
        seen = {person}
        while (to := self._merged_into.get(person)) is not None and to not in seen:
            seen.add(to)
            person = to
        return person

    # ── P(t), Young(t), G(t) ────────────────────────────────────────────────

    def _ped_units(self) -> dict[UUID, UUID]:
        """P(t,s): a PED employment in force at t, org kind ≠ HE; one unit for each.

        §2.1: the main PED employment, else the PED employment that began first (AM33).
        AM4: every kind of organisation but HE. §2.4.3: the last day is in force.
        Decided here: "PED employment" is one that makes its holder a member of P, so
        one at an HE organisation gives no unit, main or not; of several main ones the
        one that began first; an employment begins with its EmploymentStarted, whatever
        it was then, and two of one day are told apart by Order; from the day on
        which it is closed no employment at an organisation is in force, whether or not
        somebody said that it ended (S0 I: «состоит в трудовых… отношениях с организацией,
        осуществляющей образовательную деятельность»); an organisation nobody ever
        registered has no place, so nobody is counted in it.
        """
        began: dict[UUID, Place] = {}
        now: dict[UUID, EmploymentStarted | EmploymentChanged] = {}
        last_day: dict[UUID, date] = {}
        for place, start in self.past.placed(EmploymentStarted):
            began[start.employment_id] = place
        for terms in self.past.every(EmploymentStarted, EmploymentChanged):
            now[terms.employment_id] = terms
        for end in self.past.every(EmploymentEnded):
            last_day[end.employment_id] = end.occurred_on

        closed = {each.org_id for each in self.past.every(OrganisationClosed)}
        jobs: dict[UUID, list[tuple[bool, Place, UUID]]] = defaultdict(list)
        for job, terms in now.items():
            in_force = job in began and self.t <= last_day.get(job, self.t)
            org = self.orgs.get(terms.org_id)
            if not in_force or org is None or org.kind == "HE" or org.org_id in closed:
                continue
            if terms.position_class == "PED":
                secondary = not terms.is_main
                jobs[self.who(terms.person_id)].append((secondary, began[job], terms.org_id))
        return {person: min(each)[2] for person, each in jobs.items()}

    def ever_worked(self) -> set[UUID]:
        """Return who has begun any work by t, of any position, at any organisation."""
        return {self.who(each.person_id) for each in self.past.every(EmploymentStarted)}

    def left_on(self, who: UUID) -> date | None:
        """Return the day after his last day of work by t; None while any work goes on.

        Of any position, at any organisation (§2.4.3); who never worked left long ago.
        """
        last_day = {
            each.employment_id: each.occurred_on for each in self.past.every(EmploymentEnded)
        }
        days = [
            last_day.get(each.employment_id, self.t)
            for each in self.past.every(EmploymentStarted)
            if self.who(each.person_id) == who
        ]
        last = max(days, default=date.min)
        return last + timedelta(days=1) if last < self.t else None

    def at_work(self) -> set[UUID]:
        """Return who has any employment in force at t; at a closed organisation none is."""
        terms = {
            each.employment_id: each
            for each in self.past.every(EmploymentStarted, EmploymentChanged)
        }
        last_day = {
            each.employment_id: each.occurred_on for each in self.past.every(EmploymentEnded)
        }
        closed = {each.org_id for each in self.past.every(OrganisationClosed)}
        return {
            self.who(each.person_id)
            for each in self.past.every(EmploymentStarted)
            if self.t <= last_day.get(each.employment_id, self.t)
            and terms[each.employment_id].org_id not in closed
        }

    def young(self) -> set[UUID]:
        """Young(t): P(t) with t < young_until of the latest YouthPeriodDetermined.

        AM13: the day of the 35th birthday is out. AM14, AM34: both conditions, settled
        by the registry. Decided here: the latest that is dated by t, of all the records
        of a person; nobody is young before it was determined.
        """
        until: dict[UUID, date | None] = {}
        for each in self.past.every(YouthPeriodDetermined):
            until[self.who(each.person_id)] = each.young_until
        return {
            person
            for person in self.unit_of
            if (day := until.get(person)) is not None and self.t < day
        }

    def graduates(self) -> dict[UUID, UUID]:
        """G(t): graduated in the years 2020..year(t) and not in P; unit = university.

        AM9. Decided here: `graduated_on` is a term (§2.4.7), so only its year is read,
        also when the day is after t; a university that is no known organisation has no
        place, so its graduates have none; of two registrations the later gives the
        unit; who left P is back in G ("not employed as PED", AM9).
        """
        return {
            self.who(each.person_id): each.university_id
            for each in self.past.every(GraduateRegistered)
            if SINCE.year <= each.graduated_on.year <= self.t.year
            and each.university_id in self.orgs
            and self.who(each.person_id) not in self.unit_of
        }
