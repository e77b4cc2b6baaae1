"""Who is bound to whom: the two of a pair, a methodist and his teacher (S4 3.2.7, S1 7.1)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.mentoring.domain import ClosePair, DetachTeacher
from services.mentoring.policies.remembered import (
    CANDIDACIES,
    CHARGES,
    PAIRS_OF_MENTEE,
    PAIRS_OF_MENTOR,
    of_human,
    records,
)
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    TeacherAttached,
    TeacherDetached,
)
from shared.kernel import Known, Recorded, standing
from shared.kernel.ids import MethodistId, PairId, PersonId

GONE = "Работа окончена"
"""Why a teacher is detached whose work, or whose methodist's work, is over."""

ONE = "Методист и педагог — один человек"
"""Why somebody is detached from himself: his records were merged."""

LEFT = ("left", GONE, ONE)
"""Why a policy ends a bond: one of the two works no more, or they are one human."""

type Ended = MentorshipPairClosed | TeacherDetached


@dataclass(frozen=True, kw_only=True)
class Bond:
    """Two people bound since a day, and how that `ended`; `why`, if a policy said so."""

    begun: TeacherAttached | MentorshipPairFormed
    people: tuple[PersonId, PersonId]
    ended: Recorded[Ended] | None = None
    why: str | None = None

    def end(self, on: date, why: str) -> ClosePair | DetachTeacher:
        """Ask for its end on a day; a pair has no word for why."""
        match self.begun:
            case MentorshipPairFormed(pair_id=pair_id):
                return ClosePair(pair_id=pair_id, outcome="left", closed_on=on)
            case TeacherAttached(methodist_id=methodist_id, person_id=person_id):
                return DetachTeacher(
                    methodist_id=methodist_id,
                    person_id=person_id,
                    reason=why,
                    detached_on=on,
                )


def bonds_of(known: Known, who: PersonId) -> Iterator[Bond]:
    """Return a human's methodists, whom he has as one, and every pair of his."""
    same = records(known, who)
    for charge in of_human(known, CHARGES, who):
        for methodist_id in {**charge.held, **charge.left}:
            yield from charges(known, methodist_id, same)
    for candidacies in of_human(known, CANDIDACIES, who):
        for methodist_id in candidacies:
            yield from charges(known, methodist_id)
    for role in (PAIRS_OF_MENTEE, PAIRS_OF_MENTOR):
        for pairs in of_human(known, role, who):
            for pair_id in pairs:
                yield from pair(known, pair_id)


def pair(known: Known, pair_id: PairId) -> Iterator[Bond]:
    """Return the two of a pair, if it was formed."""
    history = known.history(pair_id)
    bond: Bond | None = None
    for each in standing(history):
        match each.fact:
            case MentorshipPairFormed() as said:
                bond = Bond(begun=said, people=(said.mentee_id, said.mentor_id))
            case MentorshipPairClosed() if bond:
                bond = replace(bond, ended=each, why=why(history, each))
            case _:
                pass
    yield from [bond] if bond else []


def charges(
    known: Known, methodist_id: MethodistId, only: Collection[PersonId] | None = None
) -> Iterator[Bond]:
    """Return how each teacher of a methodist was attached last, or some of them."""
    history = known.history(methodist_id)
    bonds: dict[PersonId, Bond] = {}
    for each in standing(history):
        match each.fact:
            case TeacherAttached() as said:
                two = (said.person_id, said.methodist_person_id)
                bonds[said.person_id] = Bond(begun=said, people=two)
            case TeacherDetached(person_id=who) if who in bonds:
                bonds[who] = replace(bonds[who], ended=each, why=why(history, each))
            case _:
                pass
    yield from (bond for who, bond in bonds.items() if only is None or who in only)


def why(history: Sequence[Recorded[Any]], ended: Recorded[Ended]) -> str | None:
    """Return why a policy said that it ended on this day; None if people say so."""
    first = ended.corrects or ended.event_id
    is_ours = any(
        each.caused_by
        and first in {each.event_id, each.corrects}
        and each.fact.occurred_on == ended.fact.occurred_on
        for each in history
    )
    match ended.fact:
        case MentorshipPairClosed(outcome=word) | TeacherDetached(reason=word):
            return word if is_ours else None
