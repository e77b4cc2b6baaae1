"""The predicates of kpi §2.1, over facts alone: who is diagnosed, trained, supported.

Where the text left a choice, the docstring says "Decided here".
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.events.diagnostics import (
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
)
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MethodistActivated,
    SupportFormEnded,
    SupportFormStarted,
    TeacherAttached,
    TeacherDetached,
)
from shared.events.registry import (
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.events.routes import (
    CompletionAnnulled,
    EnrolmentStarted,
    ProgramCompleted,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    TutorAppointed,
)
from shared.kernel.ids import RouteId
from tests.oracle.people import SINCE, People
from tests.oracle.said import Place


class World(People):
    """The predicates of §2.1 at one day, as known by one vector."""

    # ── Diagnoses ───────────────────────────────────────────────────────────

    def annulled(self) -> set[UUID]:
        """§2.4.3: sessions annulled by t; they count no more (lifecycle 6)."""
        return {each.session_id for each in self.past.every(DiagnosticAnnulled)}

    def of_oneself(self) -> set[UUID]:
        """AM39: self-diagnosis, by purpose or instrument, never feeds an indicator."""
        return {
            each.session_id
            for each in self.past.every(DiagnosticAssigned, DiagnosticCompleted)
            if each.purpose == "self" or each.instrument_kind == "self"
        }

    def literacy(self) -> dict[UUID, Decimal]:
        """Return the best result in functional literacy since 06.08.2020 (AM8, AM31).

        §2.4.11: it need not be independent.
        """
        best: dict[UUID, Decimal] = {}
        void = self.annulled() | self.of_oneself()
        for each in self.past.every(DiagnosticCompleted):
            if (
                each.instrument_kind == "functional_literacy"
                and each.occurred_on >= SINCE
                and each.session_id not in void
            ):
                who = self.who(each.person_id)
                best[who] = max(best.get(who, each.score_pct), each.score_pct)
        return best

    def mapped(self) -> set[UUID]:
        """K-RR03: DeficitMapIssued in year(t).

        Decided here: the map of an annulled session counts no more (lifecycle 6: its
        deficits are annulled with it), that of a self-diagnosis never (AM39).
        """
        void = self.annulled() | self.of_oneself()
        return {
            self.who(each.person_id)
            for each in self.past.every(DeficitMapIssued)
            if each.occurred_on >= self.new_year and each.session_id not in void
        }

    def tested(self) -> dict[UUID, UUID]:
        """Return who completed each session by t."""
        completed = self.past.every(DiagnosticCompleted)
        return {each.session_id: self.who(each.person_id) for each in completed}

    # ── Routes and training ─────────────────────────────────────────────────

    def cancelled(self) -> set[UUID]:
        """§2.4.14: cancelled routes never count (from the day of cancelling on)."""
        return {each.route_id for each in self.past.every(RouteCancelled)}

    def routed(self) -> set[UUID]:
        """K-RR09: a route on a session that reached RouteAgreed in year(t) (AM32).

        Decided here: a route on a self-diagnosis is none (AM39); one on a session that
        was annulled later is (lifecycle 6: "basis lost, not deleted"), on one annulled by
        then is none. It is developed once: agreed anew, it counts where it was first. RU12,
        AM6: the session was completed by t, and whoever did is whose the route is.
        """
        tested, agreed = self.tested(), list(self.past.every(RouteAgreed))
        first: dict[UUID, date] = {}
        for each in agreed:
            first[each.route_id] = min(each.occurred_on, first.get(each.route_id, date.max))
        return {
            self.who(each.person_id)
            for each in agreed
            if first[each.route_id] >= self.new_year
            and each.session_id is not None
            and not self._annulled_by(each.session_id, each.occurred_on)
            and tested.get(each.session_id) == self.who(each.person_id)
            and each.session_id not in self.of_oneself()
            and each.route_id not in self.cancelled()
        }

    def _annulled_by(self, session_id: UUID, day: date) -> bool:
        """Say whether a session was annulled on a day or before."""
        said = self.past.every(DiagnosticAnnulled)
        return any(it.session_id == session_id and it.occurred_on <= day for it in said)

    def trained(self) -> set[UUID]:
        """K-F1: done(p, FED, 06.08.2020, t) ∧ byDiag, for one and the same study."""
        annulled = {each.enrolment_id for each in self.past.every(CompletionAnnulled)}
        enrolments = {
            each.enrolment_id: (place, each)
            for place, each in self.past.placed(EnrolmentStarted)
        }
        return {
            self.who(done.person_id)
            for done in self.past.every(ProgramCompleted)
            if done.occurred_on >= SINCE
            and done.enrolment_id not in annulled
            and done.enrolment_id in enrolments
            and self._from_federal_register(enrolments[done.enrolment_id][1])
            and self._by_diagnosis(*enrolments[done.enrolment_id])
        }

    def _from_federal_register(self, enrolment: EnrolmentStarted) -> bool:
        """AM7: the register at the start of study decides; AM28: in both is in each."""
        return "FED" in enrolment.register_status_at_start

    def _by_diagnosis(self, place: Place, enrolment: EnrolmentStarted) -> bool:
        """AM6: the enrolment names an item of an assigned route on a completed session.

        byDiag: completed before the enrolment; competencies of the programme meet those
        of the session's deficits that the enrolment names. Decided here: "before" is
        Order, so a diagnosis of the same day that was recorded earlier is before; the
        competencies of the version enrolled in are those that the enrolment carries; a
        session annulled by t is no basis at t, a cancelled route no route (§2.4.14);
        the item stands in RouteAssigned, and what it refers to is not compared; the
        session, the route and the enrolment are of one human at t.
        """
        who = self.who(enrolment.person_id)
        session = next(
            (
                route.session_id
                for route in self.past.every(RouteAssigned)
                if route.route_id == enrolment.route_id
                and self.who(route.person_id) == who
                and route.route_id not in self.cancelled()
                and enrolment.route_item_id in {item.item_id for item in route.items}
            ),
            None,
        )
        if session is None or session in self.annulled() | self.of_oneself():
            return False
        completed_before = any(
            each.session_id == session and self.who(each.person_id) == who and when < place
            for when, each in self.past.placed(DiagnosticCompleted)
        )
        lacking = {
            each.competency_id
            for each in self.past.every(DeficitIdentified)
            if each.session_id == session and each.deficit_id in enrolment.deficit_ids
        }
        return completed_before and not lacking.isdisjoint(enrolment.competencies)

    # ── Support of the young ────────────────────────────────────────────────

    def _lasts(self, ended: date | None) -> bool:
        """In force at t, or ended in year(t) (§2.4.3: the day it ends included)."""
        return ended is None or ended >= self.new_year

    def _supports(self, begun: date, ended: date | None) -> bool:
        """Say whether it lasts; what ended on the day it began was never in force."""
        return self._lasts(ended) and (ended is None or begun < ended)

    def supported(self) -> set[UUID]:
        """K-F4: a support form, a pair or an ИОМ-tutor, in force at t or ended in year.

        Decided here: a pair supports its mentee, not its mentor, on any basis; a
        proposed pair is none; on the day it ends it is in force no more (§2.4.3), so one
        that ends on its first day never supported anybody. A mentor is a pedagogue (S4
        3.2.7): a pair whose mentor has begun no work by t is none.
        """
        worked = self.ever_worked()
        forms_over = {
            each.support_id: each.occurred_on for each in self.past.every(SupportFormEnded)
        }
        pairs_over = {
            each.pair_id: each.occurred_on for each in self.past.every(MentorshipPairClosed)
        }
        in_forms = {
            each.person_id
            for each in self.past.every(SupportFormStarted)
            if self._supports(each.occurred_on, forms_over.get(each.support_id))
        }
        in_pairs = {
            each.mentee_id
            for each in self.past.every(MentorshipPairFormed)
            if self._supports(each.occurred_on, pairs_over.get(each.pair_id))
            and self.who(each.mentor_id) in worked
        }
        return {self.who(each) for each in in_forms | in_pairs | self.tutored()}

    def tutored(self) -> set[UUID]:
        """K-F4: whose route a tutor leads at t, or led in year(t).

        S1 2: a tutor is a pedagogical worker. Decided here: of the tutors named (in
        RouteAssigned or TutorAppointed) each leads from his day to that of the next,
        until the route is completed and while he works: he has left on the day after
        his last one, and leads again if he works again; who had left before he was
        named never led; of whose work nothing is known, nobody knows that he left. A
        cancelled route never counts (§2.4.14).
        """
        known = self.ever_worked()
        named: dict[RouteId, list[RouteAssigned | TutorAppointed]] = defaultdict(list)
        for each in self.past.every(RouteAssigned, TutorAppointed):
            if each.tutor_id is not None and each.route_id not in self.cancelled():
                named[each.route_id].append(each)
        over = {each.route_id: each.occurred_on for each in self.past.every(RouteCompleted)}
        found: set[UUID] = set()
        for route, tutors in named.items():
            replaced = [*(each.occurred_on for each in tutors[1:]), None]
            for each, next_on in zip(tutors, replaced, strict=True):
                tutor = self.who(each.tutor_id) if each.tutor_id else None
                left = self.left_on(tutor) if tutor and tutor in known else None
                ends = [day for day in (next_on, over.get(route), left) if day]
                if self._supports(each.occurred_on, min(ends, default=None)):
                    found.add(each.person_id)
        return found

    # ── Methodists ──────────────────────────────────────────────────────────

    def methodists(self) -> dict[UUID, UUID]:
        """Return the active regional methodists: person → unit (lifecycle 13: level R).

        S1 2: a methodist is a pedagogical worker, so he is one while he works. What RU4
        to RU6 ask is asked on the day of his activation, and not again.
        Decided here: a methodist is a person, so two assignments of one person are one
        methodist, at the organisation of the first (as AM33); the scope is that of the
        organisation, and it may be of any kind, HE too (a ЦНППМ may be part of it).
        """
        found: dict[UUID, UUID] = {}
        for each in self.past.every(MethodistActivated):
            if each.level == "R" and each.org_id in self.orgs:
                found.setdefault(self.who(each.person_id), each.org_id)
        return {who: unit for who, unit in found.items() if who in self.at_work()}

    def attached(self) -> dict[UUID, set[UUID]]:
        """Return whom each active regional methodist has: methodist → people.

        Detached on a day is not attached on it (TeacherDetached). Decided here: of the
        facts about one assignment and one person (all his records) the last one holds;
        who left P without being detached is still a burden (RU7), so the maximum counts
        him and the coverage does not; who has begun no work by t is none (S1 7.1:
        «педагогических работников»).
        """
        worked = self.ever_worked()
        holds: dict[tuple[UUID, UUID], bool] = {}
        for each in self.past.every(TeacherAttached, TeacherDetached):
            pair = (each.methodist_id, self.who(each.person_id))
            holds[pair] = isinstance(each, TeacherAttached)
        of: dict[UUID, set[UUID]] = {who: set() for who in self.methodists()}
        for each in self.past.every(MethodistActivated):
            who = self.who(each.person_id)
            if each.level == "R" and who in of:
                of[who] |= {
                    person
                    for (methodist_id, person), is_so in holds.items()
                    if is_so and methodist_id == each.methodist_id and person in worked
                }
        return of

    # ── Regions ─────────────────────────────────────────────────────────────

    def open_centres(self) -> set[str]:
        """K-F0: regions with a centre opened and not closed; closed "from this day"."""
        region: dict[UUID, str | None] = {}
        for each in self.past.every(RegionalCentreOpened, RegionalCentreClosed):
            is_open = isinstance(each, RegionalCentreOpened)
            region[each.centre_id] = each.region if is_open else None
        return {each for each in region.values() if each is not None}
