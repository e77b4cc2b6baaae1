"""A plausible past, told move by move: a move that no life allows is left out.

A move is a method with four small numbers that choose among what is there; so a shorter
or smaller list of numbers is always a history too, and Hypothesis can shrink it. Lives
are judged here, lightly and apart from the deciders: the order of steps, and dates that
do not run backwards along one life.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.events import diagnostics, mentoring, registry, routes
from shared.kernel import Withdrawal, kind_of
from shared.kernel.ids import EventId, Oktmo
from tests.golden.words import competency, person, uid
from tests.oracle.logs import Logs

EARLY = date(2020, 1, 1)
DAYS = [
    date(2023, 12, 31),
    date(2024, 1, 1),
    date(2024, 1, 2),
    date(2024, 2, 29),
    date(2024, 3, 1),
    date(2024, 12, 30),
    date(2024, 12, 31),
    date(2025, 1, 1),
    date(2020, 8, 5),
    date(2020, 8, 6),
    date(2023, 6, 30),
]
"""Few days, so that they meet: ends of years, the first of "cum", 29 February."""

GRADUATIONS = [date(year, 6, 30) for year in (2023, 2024, 2020, 2019, 2025)]

UNTIL = [
    date(2026, 9, 1),
    date(2025, 1, 1),
    date(2024, 12, 31),
    date(2024, 1, 1),
    date(2023, 12, 31),
]
"""Days that are not young any more."""

PEOPLE = 5
PLACES: list[tuple[str, str, str | None, registry.OrgKind]] = [
    ("A", "25", "05701", "school"),
    ("B", "25", "05701", "school"),
    ("C", "25", "05720", "kindergarten"),
    ("D", "25", None, "institute"),
    ("E", "25", None, "HE"),
    ("F", "26", "07654", "school"),
    ("I", "77", None, "school"),
    ("K", "77", None, "HE"),
]
POSITIONS: Sequence[registry.PositionClass] = ("PED", "PED", "PED", "DEPUTY", "OTHER")
SCORES = (Decimal("70.00"), Decimal("69.99"), Decimal(50), Decimal("70.01"))
KINDS: Sequence[diagnostics.InstrumentKind] = (
    "functional_literacy",
    "functional_literacy",
    "competence",
    "self",
)
PURPOSES: Sequence[diagnostics.Purpose] = ("initial", "initial", "final", "self")
REGISTERS: Sequence[tuple[registry.Register, ...]] = (
    ("FED",),
    ("FED", "REG"),
    ("REG",),
    (),
)
LEVELS: Sequence[mentoring.MethodistLevel] = ("R", "R", "R", "F")

type Life = tuple[Any, ...]


def life_of(fact: Any) -> Life:
    """Return what a fact is a step in the life of."""
    match fact:
        case mentoring.TeacherAttached() | mentoring.TeacherDetached():
            return ("attached", fact.methodist_id, fact.person_id)
        case mentoring.MethodistActivated():
            return ("methodist", fact.methodist_id)
        case registry.YouthPeriodDetermined():
            return ("young", fact.person_id)
        case registry.GraduateRegistered():
            return ("graduate", fact.person_id)
        case registry.PersonsMerged():
            return ("merged", fact.merged_id)
        case registry.RegionalCentreOpened() | registry.RegionalCentreClosed():
            return ("centre", fact.centre_id)
        case registry.OrganisationRegistered() | registry.OrganisationClosed():
            return ("org", fact.org_id)
        case registry.RegionAdded():
            return ("region", fact.region)
        case _:
            for field in (
                *("employment_id", "enrolment_id", "route_id", "session_id"),
                *("pair_id", "support_id"),
            ):
                if hasattr(fact, field):
                    return (field, getattr(fact, field))
            return (kind_of(fact).name, fact.person_id)


FREE = (
    registry.EmploymentChanged,
    registry.YouthPeriodDetermined,
    registry.GraduateRegistered,
    routes.TutorAppointed,
)
"""Steps that need not stand in the order of their dates, and that nothing rests on."""

ALONE = (registry.YouthPeriodDetermined, registry.GraduateRegistered)
"""Steps that may have any date."""


class Telling:
    """The state of a story: what was said, and what of each life stands."""

    def __init__(self, split: int = 1) -> None:
        self.logs = Logs(split)
        self.lives: dict[Life, list[UUID]] = {}
        self.stands: dict[UUID, Any] = {}
        self._clock = datetime(2025, 1, 1, tzinfo=UTC)

    # ── Saying ──────────────────────────────────────────────────────────────

    def say(self, fact: Any, corrects: UUID | None = None) -> None:
        """Record a fact; every second one in the same moment as the one before."""
        number = len(self.logs.records) + 1
        event_id = EventId(uid(99, number))
        self.logs.append(fact, self._clock, event_id=event_id, corrects=corrects)
        self._clock += timedelta(hours=number % 2)
        if isinstance(fact, Withdrawal):
            del self.stands[fact.withdraws]
            for life in self.lives.values():
                if fact.withdraws in life:
                    life.remove(fact.withdraws)
        else:
            root = corrects or event_id
            self.stands[root] = fact
            if corrects is None:
                self.lives.setdefault(life_of(fact), []).append(root)

    def life(self, key: Life) -> list[Any]:
        """Return what stands of a life, in order."""
        return [self.stands[root] for root in self.lives.get(key, [])]

    def standing[F](self, *kinds: type[F]) -> list[F]:
        """Return each standing fact of these kinds."""
        return [each for each in self.stands.values() if isinstance(each, kinds)]

    def has(self, key: Life, *kinds: type[Any]) -> bool:
        return any(isinstance(each, kinds) for each in self.life(key))

    def day(self, key: Life, n: int) -> date:
        """Return a day that is not before the life's last one."""
        return max([DAYS[n % len(DAYS)], *(each.occurred_on for each in self.life(key))])

    def fresh(self, kind: type[Any]) -> int:
        """Return a number that no fact of a kind has had yet, from 1."""
        of_kind = [each for each in self.logs.records if isinstance(each.fact, kind)]
        return len(of_kind) + 1

    # ── Correcting ──────────────────────────────────────────────────────────

    def correct(self, n: int, what: int, *, other: int) -> None:
        """Restate a fact: another day within its life, or another content.

        One in three restates what was restated before.
        """
        again = [each.corrects for each in self.logs.records if each.corrects]
        again = [root for root in again if root in self.stands]
        root = pick(again if what % 3 == 2 and again else sorted(self.stands), n)
        if root is None:
            return
        fact = self.stands[root]
        if what % 2 == 0 or (anew := other_content(fact, other)) == fact:
            anew = replace(fact, occurred_on=self._another_day(root, fact, other))
        if anew != fact:
            self.say(anew, corrects=root)

    def _another_day(self, root: UUID, fact: Any, n: int) -> date:
        """Return the day wanted, if the life it is in allows it."""
        roots = self.lives[life_of(fact)]
        index = roots.index(root)
        before = [self.stands[each].occurred_on for each in roots[:index]]
        after = [
            self.stands[each]
            for each in roots[index + 1 :]
            if not isinstance(fact, FREE) or not isinstance(self.stands[each], FREE)
        ]
        wanted = DAYS[n % len(DAYS)]
        if isinstance(fact, registry.YouthPeriodDetermined | registry.GraduateRegistered):
            return wanted
        if isinstance(fact, FREE):
            before = before[:1]
        fits = all(each <= wanted for each in before) and all(
            wanted <= each.occurred_on for each in after
        )
        return wanted if fits else fact.occurred_on

    def withdraw(self, n: int) -> None:
        """Withdraw a fact on which no later one of its life rests."""
        root = pick(sorted(self.stands), n)
        if root is None:
            return
        fact = self.stands[root]
        if isinstance(fact, FREE) or self.lives[life_of(fact)][-1] == root:
            kind = kind_of(fact)
            withdrawn = WITHDRAWN[kind.owner]
            self.say(
                withdrawn(
                    withdraws=EventId(root),
                    name=kind.name,
                    reason="",
                    occurred_on=EARLY,
                )
            )


WITHDRAWN: dict[str, Callable[..., Withdrawal]] = {
    "registry": registry.FactWithdrawn,
    "diagnostics": diagnostics.FactWithdrawn,
    "routes": routes.FactWithdrawn,
    "mentoring": mentoring.FactWithdrawn,
}


def pick[T](among: Sequence[T], n: int) -> T | None:
    """Return one of several, counted from the end so that small numbers are recent."""
    return among[-1 - n % len(among)] if among else None


def other_content(fact: Any, n: int) -> Any:
    """Restate what a number may hang on; what only ids could change stays."""
    match fact:
        case registry.EmploymentStarted() | registry.EmploymentChanged():
            return [
                replace(fact, is_main=not fact.is_main),
                replace(fact, position_class=POSITIONS[n % len(POSITIONS)]),
            ][n % 2]
        case registry.YouthPeriodDetermined():
            return replace(fact, young_until=UNTIL[n % len(UNTIL)])
        case registry.GraduateRegistered():
            return replace(fact, graduated_on=GRADUATIONS[n % len(GRADUATIONS)])
        case registry.OrganisationRegistered():
            return [
                replace(fact, kind="HE" if fact.kind == "school" else "school"),
                replace(fact, oktmo=None if fact.oktmo else Oktmo("00001")),
            ][n % 2]
        case diagnostics.DiagnosticCompleted():
            return replace(fact, score_pct=SCORES[n % len(SCORES)])
        case diagnostics.DeficitIdentified():
            return replace(fact, competency_id=competency(1 + n % 2))
        case routes.RouteAssigned():
            return replace(fact, tutor_id=None if fact.tutor_id else person(n % PEOPLE))
        case routes.EnrolmentStarted():
            return replace(fact, register_status_at_start=REGISTERS[n % 4])
        case mentoring.MethodistActivated():
            return replace(fact, level=LEVELS[n % len(LEVELS)])
        case _:
            return fact
