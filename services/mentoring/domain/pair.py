"""The life of a pair (lifecycles §3.12).

Nobody ─ propose ▶ Proposed ─ form ▶ Active ─ close ▶ Closed; a pair may form unproposed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.mentoring.domain.commands import (
    ClosePair,
    FormPair,
    PairCommand,
    ProposePair,
)
from services.mentoring.domain.rules import works
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MentorshipPairProposed,
    PairFact,
)
from shared.kernel import Decider, Refused, only_same, require

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Nobody:
    """No pair, and none proposed."""


@dataclass(frozen=True)
class Proposed:
    """A mentee without a mentor."""

    proposed: MentorshipPairProposed


@dataclass(frozen=True)
class Active:
    """A pair at work."""

    formed: MentorshipPairFormed


@dataclass(frozen=True)
class Closed:
    """A pair that has parted."""

    formed: MentorshipPairFormed
    closed: MentorshipPairClosed


type Pair = Nobody | Proposed | Active | Closed

ANOTHER = (
    "Пара предложена другому педагогу; записанную не о том отзывают"
    " и образуют заново другой записью"
)
"""Why a mentee is not replaced where a mentor was sought for another."""

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(pair: Pair, asked: PairCommand) -> Sequence[PairFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match pair, asked:
        case Nobody(), ProposePair():
            return [propose(asked)]
        case Nobody(), FormPair():
            both_work(asked)
            return [form(asked)]
        case Proposed(), FormPair():
            same = asked.mentee_id == pair.proposed.mentee_id
            require(same, clause="S1 4.4", reason=ANOTHER)
            both_work(asked)
            return [form(asked)]
        case Active(), ClosePair():
            return [close(pair.formed, asked)]

        case Proposed(), ProposePair():
            why = "Пара уже предложена иначе"
            return only_same(pair.proposed, propose(asked), clause="S1 4.4", reason=why)
        case Active() | Closed(), ProposePair():
            same = asked.mentee_id == pair.formed.mentee_id
            require(same, clause="S1 4.4", reason="Эта пара уже образована с другим педагогом")
            return []
        case Active() | Closed(), FormPair():
            why = "Пара уже образована иначе; другой наставник — другая пара"
            return only_same(pair.formed, form(asked), clause="S4 3.2.7", reason=why)
        case Closed(), ClosePair():
            why = "Пара уже завершила работу иначе"
            again = close(pair.formed, asked)
            return only_same(pair.closed, again, clause="S4 3.2.7", reason=why)

        case Nobody() | Proposed(), ClosePair():
            raise Refused("S4 3.2.7", "Пары ещё нет")


def propose(asked: ProposePair) -> MentorshipPairProposed:
    """Молодому педагогу подбирают наставника (S1 4.4)."""
    return MentorshipPairProposed(
        pair_id=asked.pair_id,
        mentee_id=asked.mentee_id,
        employment_id=asked.employment_id,
        occurred_on=asked.proposed_on,
    )


def both_work(asked: FormPair) -> None:
    """Пара — «педагогов»: двух людей, и оба работают в этот день (S4 3.2.7, ADR 0045)."""
    why = "Педагог не наставник самому себе: это записи об одном человеке"
    require(not asked.is_one, clause="S4 3.2.7", reason=why)
    works("Наставник", asked.mentor, "S4 3.2.7", "педагогом, директором или заместителем")
    works("Педагог", asked.mentee, "S4 3.2.7")


def form(asked: FormPair) -> MentorshipPairFormed:
    """Пара — это двое (S4 3.2.7)."""
    two = asked.mentor_id != asked.mentee_id
    require(two, clause="S4 3.2.7", reason="Педагог не наставник самому себе")
    return MentorshipPairFormed(
        pair_id=asked.pair_id,
        mentor_id=asked.mentor_id,
        mentee_id=asked.mentee_id,
        pair_basis=asked.pair_basis,
        occurred_on=asked.formed_on,
    )


def close(formed: MentorshipPairFormed, asked: ClosePair) -> MentorshipPairClosed:
    """Пара завершает работу с итогом, и не раньше, чем начала (S4 3.2.7)."""
    in_time = formed.occurred_on <= asked.closed_on
    require(in_time, clause="S4 3.2.7", reason="Завершена раньше, чем образована")
    return MentorshipPairClosed(
        pair_id=formed.pair_id,
        mentor_id=formed.mentor_id,
        mentee_id=formed.mentee_id,
        outcome=asked.outcome,
        occurred_on=asked.closed_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(pair: Pair, said: PairFact) -> Pair:
    """Go where a fact leads; never refuse, for it already happened."""
    match pair, said:
        case Nobody(), MentorshipPairProposed():
            return Proposed(said)
        case Nobody(), MentorshipPairFormed() if said.mentor_id != said.mentee_id:
            return Active(said)
        case Proposed(), MentorshipPairFormed() if joins(pair.proposed, said):
            return Active(said)
        case Active(), MentorshipPairClosed() if parts(pair.formed, said):
            return Closed(pair.formed, said)
        case (
            _,
            MentorshipPairProposed() | MentorshipPairFormed() | MentorshipPairClosed(),
        ):
            return pair  # no life has this step, and still the log must be read


def joins(proposed: MentorshipPairProposed, formed: MentorshipPairFormed) -> bool:
    """Say whether it is the mentee that a mentor was sought for, and somebody else."""
    return formed.mentor_id != formed.mentee_id == proposed.mentee_id


def parts(formed: MentorshipPairFormed, closed: MentorshipPairClosed) -> bool:
    """Say whether it is the same two, and not an earlier day."""
    same = (formed.mentor_id, formed.mentee_id) == (closed.mentor_id, closed.mentee_id)
    return same and formed.occurred_on <= closed.occurred_on


PAIR: Decider[Pair, PairCommand, PairFact] = Decider(
    name="mentoring.pair",
    commands=(ProposePair, FormPair, ClosePair),
    facts=(MentorshipPairProposed, MentorshipPairFormed, MentorshipPairClosed),
    initial=Nobody(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.pair_id,
)
