"""Other readings of the predicates, each a mistake that a ledger may make."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.events.diagnostics import (
    DiagnosticCompleted,
)
from shared.events.mentoring import (
    MentorshipPairFormed,
    MethodistActivated,
    TeacherAttached,
)
from shared.events.registry import (
    EmploymentChanged,
    EmploymentStarted,
    GraduateRegistered,
    RegionalCentreClosed,
    YouthPeriodDetermined,
)
from shared.events.routes import (
    EnrolmentStarted,
    RouteAgreed,
)
from tests.oracle.people import SINCE
from tests.oracle.said import Place
from tests.oracle.world import World


class TheLastScore(World):
    def literacy(self) -> dict[UUID, Decimal]:
        counted = super().literacy()
        last = {
            self.who(each.person_id): each.score_pct
            for each in self.past.every(DiagnosticCompleted)
            if each.instrument_kind == "functional_literacy"
            and each.session_id not in self.annulled() | self.of_oneself()
        }
        return {who: last[who] for who in counted}


class MoreThanSeventy(World):
    def literacy(self) -> dict[UUID, Decimal]:
        return {who: each - Decimal("0.005") for who, each in super().literacy().items()}


class NoBeginning(World):
    def literacy(self) -> dict[UUID, Decimal]:
        early = {
            self.who(each.person_id): each.score_pct
            for each in self.past.every(DiagnosticCompleted)
            if each.instrument_kind == "functional_literacy" and each.occurred_on < SINCE
        }
        return early | super().literacy()


class OneStepOfMerging(World):
    def who(self, person: UUID) -> UUID:
        return self._merged_into.get(person, person)


class TheFirstDetermination(World):
    def young(self) -> set[UUID]:
        first: dict[UUID, date | None] = {}
        for each in self.past.every(YouthPeriodDetermined):
            first.setdefault(self.who(each.person_id), each.young_until)
        return {who for who in self.unit_of if (day := first.get(who)) and self.t < day}


class TwelveMonths(World):
    """The year is the last 365 days instead of the calendar year."""

    def mapped(self) -> set[UUID]:
        self.new_year = self.t - timedelta(days=364)
        return super().mapped()

    def routed(self) -> set[UUID]:
        self.new_year = self.t - timedelta(days=364)
        return super().routed()


class TheYearBeginsLater(World):
    def mapped(self) -> set[UUID]:
        self.new_year = date(self.t.year, 1, 2)
        return super().mapped()

    def routed(self) -> set[UUID]:
        self.new_year = date(self.t.year, 1, 2)
        return super().routed()


class InForceOnly(World):
    def _lasts(self, ended: date | None) -> bool:
        return ended is None


class EverSupported(World):
    def _lasts(self, ended: date | None) -> bool:
        return ended is None or ended <= self.t


class TheYearOfSupportBeginsLater(World):
    def _lasts(self, ended: date | None) -> bool:
        return ended is None or ended > self.new_year


class EarlierJobFirst(World):
    """The unit is the job that began first, main or not."""

    def _ped_units(self) -> dict[UUID, UUID]:
        every = self.past.every

        def none_is_main(*kinds: type[Any]) -> list[Any]:
            return [
                replace(each, is_main=True)
                if isinstance(each, EmploymentStarted | EmploymentChanged)
                else each
                for each in every(*kinds)
            ]

        self.past.every = none_is_main
        try:
            return super()._ped_units()
        finally:
            self.past.every = every


class GraduatesTwice(World):
    def graduates(self) -> dict[UUID, UUID]:
        return {
            self.who(each.person_id): each.university_id
            for each in self.past.every(GraduateRegistered)
            if SINCE.year <= each.graduated_on.year <= self.t.year
            and each.university_id in self.orgs
        }


class ARequestWillDo(World):
    def routed(self) -> set[UUID]:
        return super().routed() | {
            self.who(each.person_id)
            for each in self.past.every(RouteAgreed)
            if each.session_id is None
            and each.occurred_on >= self.new_year
            and each.route_id not in self.cancelled()
        }


class NoRouteNeeded(World):
    def _by_diagnosis(self, place: Place, enrolment: EnrolmentStarted) -> bool:
        return enrolment.route_id is None or super()._by_diagnosis(place, enrolment)


class DiagnosedAtAnyTime(World):
    def _by_diagnosis(self, place: Place, enrolment: EnrolmentStarted) -> bool:
        return super()._by_diagnosis((date.max, *place[1:]), enrolment)


class DiagnosedOnADayBefore(World):
    def _by_diagnosis(self, place: Place, enrolment: EnrolmentStarted) -> bool:
        first = place[1].replace(year=1)
        return super()._by_diagnosis((place[0], first, *place[2:]), enrolment)


class OneClosedAllClosed(World):
    def open_centres(self) -> set[str]:
        closed = {each.region for each in self.past.every(RegionalCentreClosed)}
        return super().open_centres() - closed


class FederalMethodists(World):
    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        every = self.past.every

        def all_regional(*kinds: type[Any]) -> list[Any]:
            return [
                replace(each, level="R") if isinstance(each, MethodistActivated) else each
                for each in every(*kinds)
            ]

        self.past.every = all_regional


class EverybodyWorked(World):
    """Nobody asks whether a mentor, or who is attached, has ever worked."""

    def ever_worked(self) -> set[UUID]:
        spoken_of = {
            who
            for each in self.past.every(MentorshipPairFormed, TeacherAttached)
            for who in (getattr(each, "mentor_id", None), getattr(each, "person_id", None))
            if who
        }
        return super().ever_worked() | {self.who(each) for each in spoken_of}


class NobodyLeftWork(World):
    """Who works no more is a methodist and a tutor all the same."""

    def left_on(self, who: UUID) -> date | None:  # noqa: ARG002 - whoever it is
        return None

    def at_work(self) -> set[UUID]:
        return self.ever_worked()


class TheLastDayIsNoWork(World):
    """A methodist and a tutor have left on their last day of work."""

    def left_on(self, who: UUID) -> date | None:
        self.t += timedelta(days=1)
        try:
            left = super().left_on(who)
        finally:
            self.t -= timedelta(days=1)
        return None if left is None else left - timedelta(days=1)

    def at_work(self) -> set[UUID]:
        self.t += timedelta(days=1)
        try:
            return super().at_work()
        finally:
            self.t -= timedelta(days=1)


class TheUniversityTeaches(World):
    """The kind of an organisation is not asked."""

    def _ped_units(self) -> dict[UUID, UUID]:
        kinds = self.orgs
        self.orgs = {org_id: replace(each, kind="school") for org_id, each in kinds.items()}
        try:
            return super()._ped_units()
        finally:
            self.orgs = kinds
