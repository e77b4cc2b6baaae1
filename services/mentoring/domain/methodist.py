"""The life of a methodist (lifecycles §3.13).

Nobody ─ nominate ▶ Nominated ─ pool ▶ Pooled ─ diagnose ▶ Qualified ─ train ▶ Trained
─ activate ▶ Active; who fails a diagnosis stays pooled and may try again. An active one
has teachers attached and detached. No fact of this language releases him: whoever works no
more stays active, but those whom he had are detached, he gets nobody, and counts nowhere
(ADR 0039, 0043).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.mentoring.domain import rules
from services.mentoring.domain.commands import (
    ActivateMethodist,
    AttachTeacher,
    DetachTeacher,
    MethodistCommand,
    NominateMethodist,
    PoolMethodist,
    RecordMethodistDiagnosis,
    RecordMethodistTraining,
)
from shared.events.mentoring import (
    MethodistActivated,
    MethodistDiagnosed,
    MethodistFact,
    MethodistNominated,
    MethodistPooled,
    MethodistTrained,
    TeacherAttached,
    TeacherDetached,
)
from shared.kernel import Claim, Decider, Refused, Release, only_same, require
from shared.kernel.ids import PersonId

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Nobody:
    """No candidate."""


@dataclass(frozen=True)
class Nominated:
    """Somebody is a candidate."""

    nominated: MethodistNominated


@dataclass(frozen=True)
class Pooled:
    """A candidate is in the pool, after so many failures."""

    nominated: MethodistNominated
    pooled: MethodistPooled
    failed: tuple[MethodistDiagnosed, ...] = ()


@dataclass(frozen=True)
class Qualified:
    """A candidate has passed a diagnosis."""

    nominated: MethodistNominated
    pooled: MethodistPooled
    diagnosed: MethodistDiagnosed


@dataclass(frozen=True)
class Trained:
    """A candidate has also studied methodical support."""

    nominated: MethodistNominated
    pooled: MethodistPooled
    diagnosed: MethodistDiagnosed
    trained: MethodistTrained


@dataclass(frozen=True)
class Active:
    """A methodist at work: who is attached, how each one last left, every stay that is over."""

    before: Trained
    activated: MethodistActivated
    attached: Mapping[PersonId, TeacherAttached] = field(
        default_factory=dict[PersonId, TeacherAttached]
    )
    detached: Mapping[PersonId, TeacherDetached] = field(
        default_factory=dict[PersonId, TeacherDetached]
    )
    past: tuple[rules.Stay, ...] = ()


type Methodist = Nobody | Nominated | Pooled | Qualified | Trained | Active

# ── Decide ──────────────────────────────────────────────────────────────────


type Candidacy = (
    NominateMethodist
    | PoolMethodist
    | RecordMethodistDiagnosis
    | RecordMethodistTraining
    | ActivateMethodist
)


def decide(methodist: Methodist, asked: MethodistCommand) -> Sequence[MethodistFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match asked:
        case AttachTeacher() | DetachTeacher():
            return accompany(methodist, asked)
        case _:
            return become(methodist, asked)


def become(methodist: Methodist, asked: Candidacy) -> Sequence[MethodistFact]:
    """Выдвинуть, включить в актив, засчитать, допустить к работе (S1 2, S1 4.5)."""
    match methodist, asked:
        case Nobody(), NominateMethodist():
            return [rules.nominate(asked)]
        case Nominated(), PoolMethodist():
            return [rules.pool(methodist.nominated, asked)]
        case Pooled(), RecordMethodistDiagnosis():
            said = rules.diagnose(methodist.nominated, asked)
            return [] if said in methodist.failed else [said]
        case Qualified(), RecordMethodistTraining():
            return [rules.train(methodist.nominated, asked)]
        case Trained(), ActivateMethodist():
            return [rules.activate(methodist.nominated, methodist.pooled, asked)]

        case Nominated() | Pooled() | Qualified() | Trained(), NominateMethodist():
            why = "Кандидат уже выдвинут иначе; другое выдвижение — другая запись"
            same = rules.is_same(methodist.nominated, asked)
            require(same, clause="S1 4.5", reason=why)
            return []
        case Pooled() | Qualified() | Trained(), PoolMethodist():
            why = "Кандидат уже включён в актив в другой день"
            again = rules.pool(methodist.nominated, asked)
            return only_same(methodist.pooled, again, clause="S1 2", reason=why)
        case Qualified() | Trained(), RecordMethodistDiagnosis():
            why = "Кандидату уже засчитана диагностика, и она пройдена"
            again = rules.diagnose(methodist.nominated, asked)
            return only_same(methodist.diagnosed, again, clause="S1 2", reason=why)
        case Trained(), RecordMethodistTraining():
            why = "Кандидату уже засчитана другая ДПП"
            again = rules.train(methodist.nominated, asked)
            return only_same(methodist.trained, again, clause="S1 2", reason=why)
        case Active(), ActivateMethodist():
            before = (methodist.activated.engagement, methodist.activated.occurred_on)
            same = before == (asked.engagement, asked.activated_on)
            require(same, clause="S1 4.5", reason="Методист уже приступил иначе")
            return []  # by what was known then; it may be known otherwise by now
        case Active(), _:
            return become(methodist.before, asked)

        case Nobody(), _:
            raise Refused("S1 4.5", "Кандидат не выдвинут")
        case Nominated(), _:
            raise Refused("S1 2", "Кандидат не включён в методический актив")
        case Pooled(), RecordMethodistTraining() | ActivateMethodist():
            raise Refused("S1 2", "Кандидат ещё не прошёл диагностику")
        case Qualified(), ActivateMethodist():
            raise Refused("S1 2", "Кандидат ещё не освоил ДПП по методической поддержке")


def accompany(
    methodist: Methodist, asked: AttachTeacher | DetachTeacher
) -> Sequence[MethodistFact]:
    """Педагоги, «закрепленные за 1 региональным методистом» (S1 7.1)."""
    match methodist, asked:
        case Active(), AttachTeacher():
            return attach(methodist, asked)
        case Active(), DetachTeacher():
            return detach(methodist, asked)
        case Nobody() | Nominated() | Pooled() | Qualified() | Trained(), _:
            raise Refused("S1 7.1", "Методист ещё не приступил к работе")


def attach(methodist: Active, asked: AttachTeacher) -> Sequence[TeacherAttached]:
    """Закрепить, если ещё не закреплён (S1 7.1)."""
    there = methodist.attached.get(asked.person_id)
    if there is not None:
        why = "Педагог уже закреплён за этим методистом с другого дня"
        same = there.occurred_on == asked.attached_on
        require(same, clause="S1 7.1", reason=why)
        return []
    left = methodist.detached.get(asked.person_id)
    past = methodist.past
    return [rules.attach(methodist.activated, methodist.attached, left, past, asked)]


def detach(methodist: Active, asked: DetachTeacher) -> Sequence[TeacherDetached]:
    """Открепить, если закреплён (S1 7.1)."""
    there = methodist.attached.get(asked.person_id)
    if there is not None:
        return [rules.detach(there, asked)]
    left = methodist.detached.get(asked.person_id)
    same = left and (left.reason, left.occurred_on) == (asked.reason, asked.detached_on)
    require(same, clause="S1 7.1", reason="Педагог за этим методистом не закреплён")
    return []


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(methodist: Methodist, said: MethodistFact) -> Methodist:
    """Go where a fact leads; never refuse, for it already happened."""
    match methodist, said:
        case Nobody(), MethodistNominated():
            return Nominated(said)
        case Nominated(), MethodistPooled() if follows(methodist.nominated, said):
            return Pooled(methodist.nominated, said)
        case Pooled(), MethodistDiagnosed() if is_of(methodist.nominated, said):
            return diagnosed(methodist, said)
        case Qualified(), MethodistTrained() if is_of(methodist.nominated, said):
            return Trained(methodist.nominated, methodist.pooled, methodist.diagnosed, said)
        case Trained(), MethodistActivated() if follows(methodist.pooled, said):
            return Active(methodist, said)
        case Active(), TeacherAttached():
            return with_teacher(methodist, said)
        case Active(), TeacherDetached():
            return without_teacher(methodist, said)
        case (
            _,
            MethodistNominated()
            | MethodistPooled()
            | MethodistDiagnosed()
            | MethodistTrained()
            | MethodistActivated()
            | TeacherAttached()
            | TeacherDetached(),
        ):
            return methodist  # no life has this step, and still the log must be read


type OfACandidate = (
    MethodistNominated
    | MethodistPooled
    | MethodistDiagnosed
    | MethodistTrained
    | MethodistActivated
)


def is_of(earlier: OfACandidate, later: OfACandidate) -> bool:
    """Say whether it is the same person; who studied early may be nominated late."""
    return earlier.person_id == later.person_id


def follows(earlier: OfACandidate, later: OfACandidate) -> bool:
    """Say whether it is the same person, and not an earlier day."""
    return is_of(earlier, later) and earlier.occurred_on <= later.occurred_on


def diagnosed(pooled: Pooled, said: MethodistDiagnosed) -> Pooled | Qualified:
    """Go on when it was passed; stay in the pool when it was not."""
    if said.passed:
        return Qualified(pooled.nominated, pooled.pooled, said)
    if said in pooled.failed:
        return pooled
    return replace(pooled, failed=(*pooled.failed, said))


def with_teacher(methodist: Active, said: TeacherAttached) -> Active:
    """Attach somebody who is not attached, while there is room."""
    left = methodist.detached.get(said.person_id)
    since = left.occurred_on if left else methodist.activated.occurred_on
    may = (
        said.person_id not in {*methodist.attached, methodist.activated.person_id}
        and since <= said.occurred_on
        and rules.has_room(methodist.attached.values(), methodist.past, said.occurred_on)
    )
    if not may:
        return methodist
    return replace(methodist, attached={**methodist.attached, said.person_id: said})


def without_teacher(methodist: Active, said: TeacherDetached) -> Active:
    """Detach somebody who is attached, and not before that day."""
    there = methodist.attached.get(said.person_id)
    if there is None or said.occurred_on < there.occurred_on:
        return methodist
    return replace(
        methodist,
        attached={k: v for k, v in methodist.attached.items() if k != said.person_id},
        detached={**methodist.detached, said.person_id: said},
        past=(*methodist.past, rules.Stay(there.occurred_on, said.occurred_on)),
    )


def claims(said: MethodistFact) -> Iterator[Claim | Release]:
    """Педагог закреплён за одним методистом, методист — одна запись (S1 4.5, S1 7.1)."""
    match said:
        case MethodistNominated():
            yield Claim(
                kind="candidate",
                key=f"{said.level}/{said.person_id}",
                holder=said.methodist_id,
                clause="S1 4.5",
                reason="Этот человек уже кандидат или методист этого уровня",
            )
        case TeacherAttached():
            yield Claim(
                kind="attached",
                key=str(said.person_id),
                holder=said.methodist_id,
                clause="S1 7.1",
                reason="Педагог закреплён за другим методистом",
            )
        case TeacherDetached():
            yield Release(kind="attached", key=str(said.person_id), holder=said.methodist_id)
        case (
            MethodistPooled() | MethodistDiagnosed() | MethodistTrained() | MethodistActivated()
        ):
            return


METHODIST: Decider[Methodist, MethodistCommand, MethodistFact] = Decider(
    name="mentoring.methodist",
    commands=(
        NominateMethodist,
        PoolMethodist,
        RecordMethodistDiagnosis,
        RecordMethodistTraining,
        ActivateMethodist,
        AttachTeacher,
        DetachTeacher,
    ),
    facts=(
        MethodistNominated,
        MethodistPooled,
        MethodistDiagnosed,
        MethodistTrained,
        MethodistActivated,
        TeacherAttached,
        TeacherDetached,
    ),
    initial=Nobody(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.methodist_id,
    claims=claims,
)
