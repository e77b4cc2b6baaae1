"""Mistakes that a ledger may make, each acted out on the oracle.

A mistake is a lens (facts are seen otherwise, or not at all: a forgotten join, < for ≤)
or another reading of a predicate. What the golden world says to each: `mutants.md`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.events.diagnostics import (
    DiagnosticAnnulled,
)
from shared.events.mentoring import (
    MentorshipPairClosed,
    MethodistActivated,
    SupportFormEnded,
    TeacherAttached,
    TeacherDetached,
)
from shared.events.registry import (
    EmploymentChanged,
    EmploymentEnded,
    OrganisationClosed,
    PersonsMerged,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.events.routes import (
    CompletionAnnulled,
    ProgramCompleted,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    TutorAppointed,
)
from shared.kernel import Withdrawal
from tests.oracle.lenses import (
    Lens,
    a_proposal_is_a_pair,
    any_competency,
    blind_to,
    corrections_as_new_facts,
    graduates_of_any_year,
    in_the_pool_is_active,
    listed_today,
    only_the_first_correction,
    seen_as,
    self_is_a_diagnosis,
    shifted,
    the_erased_are_gone,
    the_main_job_only,
    the_mentor_too,
    timeless,
    young_to_the_end,
)
from tests.oracle.readings import (
    ARequestWillDo,
    DiagnosedAtAnyTime,
    DiagnosedOnADayBefore,
    EarlierJobFirst,
    EverSupported,
    EverybodyWorked,
    FederalMethodists,
    GraduatesTwice,
    InForceOnly,
    MoreThanSeventy,
    NoBeginning,
    NobodyLeftWork,
    NoRouteNeeded,
    OneClosedAllClosed,
    OneStepOfMerging,
    TheFirstDetermination,
    TheLastDayIsNoWork,
    TheLastScore,
    TheUniversityTeaches,
    TheYearBeginsLater,
    TheYearOfSupportBeginsLater,
    TwelveMonths,
)
from tests.oracle.said import Said
from tests.oracle.world import World


@dataclass(frozen=True)
class Mutant:
    """One mistake, and the indicator in which the golden world must show it."""

    name: str
    shows_in: str
    lens: Lens = lambda fact: fact
    reading: type[World] = World
    logs: Callable[[list[Said]], list[Said]] = lambda records: records

    def sees(self, records: list[Said]) -> list[Said]:
        """Return what is left of the records through this mistake."""
        seen = [(each, self.lens(each.fact)) for each in self.logs(records)]
        return [replace(each, fact=fact) for each, fact in seen if fact is not None]


MUTANTS: tuple[Mutant, ...] = (
    Mutant("an annulled diagnosis still counts", "K-F1", blind_to(DiagnosticAnnulled)),
    Mutant("an annulment acts from the beginning", "K-F1", timeless(DiagnosticAnnulled)),
    Mutant("annulled on the day still counts", "K-F2a", shifted(1, DiagnosticAnnulled)),
    Mutant("an annulled completion counts", "K-F1", blind_to(CompletionAnnulled)),
    Mutant("it never counted", "K-F1", timeless(CompletionAnnulled)),
    Mutant("completed on the day is too late", "K-F1", shifted(1, ProgramCompleted)),
    Mutant("nobody ever leaves", "K-R5", blind_to(EmploymentEnded)),
    Mutant("the last working day is out of force", "K-R5", shifted(-1, EmploymentEnded)),
    Mutant("a job has its first terms for ever", "K-R5", blind_to(EmploymentChanged)),
    Mutant("changes act a day late", "K-F2a", shifted(1, EmploymentChanged)),
    Mutant("a closed school has its staff", "K-R5", blind_to(OrganisationClosed)),
    Mutant("open on the day of its closing", "K-R5", shifted(1, OrganisationClosed)),
    Mutant("HE staff counts", "K-R5", reading=TheUniversityTeaches),
    Mutant("only main jobs count", "K-R5", the_main_job_only),
    Mutant("the first job wins over the main one", "K-R5", reading=EarlierJobFirst),
    Mutant("the merged count twice", "K-R5", blind_to(PersonsMerged)),
    Mutant("mergers act from the beginning", "K-R5", timeless(PersonsMerged)),
    Mutant("one step of a chain of mergers", "K-RR03", reading=OneStepOfMerging),
    Mutant("corrections are facts besides", "K-R5", logs=corrections_as_new_facts),
    Mutant("a correction of a correction is lost", "K-R5", logs=only_the_first_correction),
    Mutant("withdrawals are ignored", "K-F2a", blind_to(Withdrawal)),
    Mutant("the erased are gone", "K-F2a", logs=the_erased_are_gone),
    Mutant("young on the 35th birthday", "K-F4", young_to_the_end),
    Mutant("the first determination of youth", "K-F4", reading=TheFirstDetermination),
    Mutant("the last score, not the best", "K-F2b", reading=TheLastScore),
    Mutant("more than 70 %", "K-F2b", reading=MoreThanSeventy),
    Mutant("no first day of cum", "K-F2a", reading=NoBeginning),
    Mutant("self-diagnosis counts", "K-F1", self_is_a_diagnosis),
    Mutant("graduates of any year", "K-F2a", graduates_of_any_year),
    Mutant("a graduate who teaches counts twice", "K-F2a", reading=GraduatesTwice),
    Mutant("the register of today", "K-F1", listed_today),
    Mutant("no route is needed", "K-F1", reading=NoRouteNeeded),
    Mutant("any competency will do", "K-F1", any_competency),
    Mutant("diagnosed after the enrolment", "K-F1", reading=DiagnosedAtAnyTime),
    Mutant("diagnosed on the day is not before", "K-F1", reading=DiagnosedOnADayBefore),
    Mutant("cancelled routes count", "K-RR09", blind_to(RouteCancelled)),
    Mutant("routes on request count", "K-RR09", reading=ARequestWillDo),
    Mutant("agreed a day late", "K-RR09", shifted(1, RouteAgreed)),
    Mutant("a year is 365 days", "K-RR03", reading=TwelveMonths),
    Mutant("1 January is not in the year", "K-RR09", reading=TheYearBeginsLater),
    Mutant("what ended in the year does not count", "K-F4", reading=InForceOnly),
    Mutant("what ever was counts", "K-F4", reading=EverSupported),
    Mutant("ended on 1 January is last year", "K-F4", reading=TheYearOfSupportBeginsLater),
    Mutant("pairs never end", "K-F4", blind_to(MentorshipPairClosed)),
    Mutant("forms end a day early", "K-F4", shifted(-1, SupportFormEnded)),
    Mutant("the mentor is supported", "K-F4", the_mentor_too),
    Mutant("a mentor need not have worked", "K-F4", reading=EverybodyWorked),
    Mutant("a proposed pair is a pair", "K-F4", a_proposal_is_a_pair),
    Mutant("appointed tutors are forgotten", "K-F4", blind_to(TutorAppointed)),
    Mutant("assigned tutors are forgotten", "K-F4", seen_as(RouteAssigned, tutor_id=None)),
    Mutant("a tutor leads who works no more", "K-F4", reading=NobodyLeftWork),
    Mutant("completed routes go on", "K-F4", blind_to(RouteCompleted)),
    Mutant("the pool is active", "K-R5", in_the_pool_is_active),
    Mutant("federal methodists count", "K-R5", reading=FederalMethodists),
    Mutant("who works no more is a methodist", "K-R5", reading=NobodyLeftWork),
    Mutant("a methodist leaves on his last day", "K-R5", reading=TheLastDayIsNoWork),
    Mutant("active from the beginning", "K-R5", timeless(MethodistActivated)),
    Mutant("nobody is detached", "K-R5x.max", blind_to(TeacherDetached)),
    Mutant("attached on the day of detaching", "K-R5x.max", shifted(1, TeacherDetached)),
    Mutant("attached who never worked", "K-R5x.max", reading=EverybodyWorked),
    Mutant("attached a day late", "K-R5x.max", shifted(1, TeacherAttached)),
    Mutant("centres never close", "K-F0", blind_to(RegionalCentreClosed)),
    Mutant("open on the day of closing", "K-F0", shifted(1, RegionalCentreClosed)),
    Mutant("one centre closed, all closed", "K-F0", reading=OneClosedAllClosed),
    Mutant("centres open a day late", "K-F0", shifted(1, RegionalCentreOpened)),
    Mutant("every region from the beginning", "K-F0", timeless(RegionAdded)),
)
