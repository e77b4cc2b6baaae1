"""The life of a form of support: Unsupported ─ start ▶ Supported ─ end ▶ Ended."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.mentoring.domain.commands import EndSupport, StartSupport, SupportCommand
from services.mentoring.domain.rules import works
from shared.events.mentoring import SupportFact, SupportFormEnded, SupportFormStarted
from shared.kernel import Decider, Refused, only_same, require

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Unsupported:
    """Nobody is supported."""


@dataclass(frozen=True)
class Supported:
    """Somebody is supported in one form."""

    started: SupportFormStarted


@dataclass(frozen=True)
class Ended:
    """The support is over."""

    started: SupportFormStarted
    ended: SupportFormEnded


type Support = Unsupported | Supported | Ended

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(support: Support, asked: SupportCommand) -> Sequence[SupportFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match support, asked:
        case Unsupported(), StartSupport():
            works("Педагог", asked.teacher, "S0 V.4")
            return [start(asked)]
        case Supported(), EndSupport():
            return [end(support.started, asked)]

        case Supported() | Ended(), StartSupport():
            why = "Поддержка уже записана иначе; другая форма — другая запись"
            return only_same(support.started, start(asked), clause="S0 V.4", reason=why)
        case Ended(), EndSupport():
            why = "Поддержка уже окончена в другой день"
            again = end(support.started, asked)
            return only_same(support.ended, again, clause="S0 V.4", reason=why)

        case Unsupported(), EndSupport():
            raise Refused("S0 V.4", "Педагог не включён в эту форму поддержки")


def start(asked: StartSupport) -> SupportFormStarted:
    """Педагог участвует в одной из форм поддержки (S0 V.4)."""
    return SupportFormStarted(
        support_id=asked.support_id,
        person_id=asked.person_id,
        form=asked.form,
        occurred_on=asked.started_on,
    )


def end(started: SupportFormStarted, asked: EndSupport) -> SupportFormEnded:
    """Поддержка не кончается раньше, чем началась (S0 V.4)."""
    in_time = started.occurred_on <= asked.ended_on
    require(in_time, clause="S0 V.4", reason="Окончена раньше, чем начата")
    return SupportFormEnded(
        support_id=started.support_id,
        person_id=started.person_id,
        occurred_on=asked.ended_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(support: Support, said: SupportFact) -> Support:
    """Go where a fact leads; never refuse, for it already happened."""
    match support, said:
        case Unsupported(), SupportFormStarted():
            return Supported(said)
        case Supported(), SupportFormEnded() if follows(support.started, said):
            return Ended(support.started, said)
        case _, SupportFormStarted() | SupportFormEnded():
            return support  # no life has this step, and still the log must be read


def follows(started: SupportFormStarted, ended: SupportFormEnded) -> bool:
    """Say whether it is the same person, and not an earlier day."""
    return started.person_id == ended.person_id and started.occurred_on <= ended.occurred_on


SUPPORT: Decider[Support, SupportCommand, SupportFact] = Decider(
    name="mentoring.support",
    commands=(StartSupport, EndSupport),
    facts=(SupportFormStarted, SupportFormEnded),
    initial=Unsupported(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.support_id,
)
