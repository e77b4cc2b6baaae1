"""The oracle: the indicators of this slice, folded a second time, apart from SQL.

Plain Python over recorded facts, written from `domain/kpi.md` §2.1–§2.4 (with
`second-reading.md` and `population.md` §6.1) alone; slow and readable as the clause.
Where the text left a choice, the docstring says "Decided here" (`world`, `said`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from shared.events.registry import RegionAdded
from tests.oracle.said import Said
from tests.oracle.world import World

__all__ = ["INDICATORS", "Answer", "Said", "World", "oracle"]

PASS_MARK = Decimal(70)
"""RU10: per cent, inclusive."""

type Part = tuple[int, int]
"""Numerator and denominator."""

type Members = dict[tuple[str, str], Part]
"""(unit, subject) → part. A unit is an org_id, for K-F0 a region code; ids as text."""


@dataclass(frozen=True)
class Answer:
    """One indicator: who makes it up, and what it comes to in every scope that has any.

    `totals` is keyed by path (`kernel.ids.Territory`). For K-R5x.max the numerator is
    the maximum and the denominator the number of methodists that it is taken over.
    """

    members: Members
    totals: dict[str, Part]

    def at(self, scope: str) -> Part:
        """Return (num, den); an empty scope is (0, 0): undefined, no data (§2.1)."""
        return self.totals.get(scope, (0, 0))

    @property
    def counted(self) -> frozenset[str]:
        """Return the subjects that count."""
        return frozenset(who for (_, who), (num, _) in self.members.items() if num)

    @property
    def not_counted(self) -> frozenset[str]:
        """Return the subjects of the base that do not count."""
        return frozenset(who for (_, who), (num, _) in self.members.items() if not num)


# ── The indicators: members ─────────────────────────────────────────────────


def k_f0(world: World) -> Members:
    """Regions with an open centre, of the regions in force at t; stock (S0 III)."""
    centres = world.open_centres()
    return {
        (each.region, each.region): (int(each.region in centres), 1)
        for each in world.past.every(RegionAdded)
    }


def k_f1(world: World) -> Members:
    """Trained by programmes of FED chosen by diagnosis, of P; cum (S0 V.1)."""
    return share(world.trained(), world.unit_of)


def k_f2a(world: World) -> Members:
    """Took functional-literacy diagnostics, of P ∪ G; cum (S0 V.2)."""
    return share(set(world.literacy()), world.unit_of | world.graduates())


def k_f2b(world: World) -> Members:
    """…with a best result of at least 70.00 %, of the same base (AM8, S0 V.2)."""
    good = {who for who, score in world.literacy().items() if score >= PASS_MARK}
    return share(good, world.unit_of | world.graduates())


def k_f4(world: World) -> Members:
    """Young teachers in support, of Young; stock (S0 V.4)."""
    young = {who: world.unit_of[who] for who in world.young()}
    return share(world.supported(), young)


def k_r5(world: World) -> Members:
    """Teachers (num) per active regional methodist (den); stock (S1 7.1, AM16)."""
    members: Members = {}
    for who, unit in world.unit_of.items():
        members[str(unit), str(who)] = (1, 0)
    for who, unit in world.methodists().items():
        num, _ = members.get((str(unit), str(who)), (0, 0))
        members[str(unit), str(who)] = (num, 1)
    return members


def k_r5x_max(world: World) -> Members:
    """People attached to each active regional methodist; the maximum counts (RU7)."""
    attached = world.attached()
    return {
        (str(unit), str(who)): (len(attached[who]), 1)
        for who, unit in world.methodists().items()
    }


def k_r5x_coverage(world: World) -> Members:
    """Attached to an active regional methodist of any region, of P; stock (S1 7.1)."""
    return share(set[UUID]().union(*world.attached().values()), world.unit_of)


def k_rr03(world: World) -> Members:
    """Deficit maps issued in the year, of P (S1 D2.1)."""
    return share(world.mapped(), world.unit_of)


def k_rr09(world: World) -> Members:
    """Routes on a diagnosis agreed in the year, of P (S1 D2.3)."""
    return share(world.routed(), world.unit_of)


def share(counted: set[UUID], base: Mapping[UUID, UUID]) -> Members:
    """§2.1: in every share the numerator is intersected with the denominator set."""
    return {(str(unit), str(who)): (int(who in counted), 1) for who, unit in base.items()}


INDICATORS: dict[str, Callable[[World], Members]] = {
    "K-F0": k_f0,
    "K-F1": k_f1,
    "K-F2a": k_f2a,
    "K-F2b": k_f2b,
    "K-F4": k_f4,
    "K-R5": k_r5,
    "K-R5x.max": k_r5x_max,
    "K-R5x.coverage": k_r5x_coverage,
    "K-RR03": k_rr03,
    "K-RR09": k_rr09,
}


# ── Rolled up ───────────────────────────────────────────────────────────────


def scopes(world: World, unit: str) -> tuple[str, ...]:
    """Return every path that a unit is inside of, itself included (kernel Territory).

    §2.4.12, AM27: without a municipality the level is skipped, `77/-` is no scope.
    """
    org = next((each for each in world.orgs.values() if str(each.org_id) == unit), None)
    if org is None:
        return ("", unit)
    if org.oktmo is None:
        return ("", org.region, f"{org.region}/-/{unit}")
    municipality = f"{org.region}/{org.oktmo}"
    return ("", org.region, municipality, f"{municipality}/{unit}")


def rolled_up(world: World, kpi: str, members: Members) -> dict[str, Part]:
    """Return (num, den) of every scope that has a member."""
    totals: dict[str, Part] = {}
    for (unit, _), (num, den) in members.items():
        for scope in scopes(world, unit):
            so_far, of = totals.get(scope, (0, 0))
            together = max(so_far, num) if kpi == "K-R5x.max" else so_far + num
            totals[scope] = (together, of + den)
    return totals


def oracle(
    said: Iterable[Said],
    as_of: date,
    vector: Mapping[str, int],
    *,
    reading: type[World] = World,
) -> dict[str, Answer]:
    """Answer every indicator for one business date, as known by one vector.

    Another `reading` of the predicates is another oracle: a choice turned, or a mistake.
    """
    world = reading(said, as_of, vector)
    answers: dict[str, Answer] = {}
    for kpi, members_of in INDICATORS.items():
        members = members_of(world)
        answers[kpi] = Answer(members, rolled_up(world, kpi, members))
    return answers
