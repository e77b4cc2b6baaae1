"""The life of a session (lifecycles §3.6).

Unassigned ─ assign ▶ Assigned ─ start ▶ InProgress ─ complete ▶ Completed or Mapped,
and either of them ─ annul ▶ Annulled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from services.diagnostics.domain import result
from shared.events.diagnostics import (
    CompetencyScore,
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
    DiagnosticStarted,
    InstrumentKind,
    Purpose,
    SessionFact,
    Tested,
)
from shared.kernel import Decider, Refused, command, only_same, require
from shared.kernel.ids import InstrumentId, PersonId, SessionId

# ── Commands ────────────────────────────────────────────────────────────────


@command
class AssignDiagnostic:
    """Назначить диагностику (S1 4.4)."""

    session_id: SessionId
    person_id: PersonId
    instrument_id: InstrumentId
    instrument_version: int
    instrument_kind: InstrumentKind
    purpose: Purpose
    category: Tested
    assigned_on: date


@command
class StartDiagnostic:
    """Начать диагностику (S1 4.4)."""

    session_id: SessionId
    started_on: date


@command
class CompleteDiagnostic:
    """Записать результат диагностики, от 0.00 до 100.00 % (S0 V.2)."""

    session_id: SessionId
    score_pct: Decimal
    by_competency: tuple[CompetencyScore, ...]
    independent: bool
    completed_on: date


@command
class AnnulDiagnostic:
    """Аннулировать результат диагностики (S1 4.4)."""

    session_id: SessionId
    reason: str
    annulled_on: date


type SessionCommand = AssignDiagnostic | StartDiagnostic | CompleteDiagnostic | AnnulDiagnostic

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Unassigned:
    """No session yet."""


@dataclass(frozen=True)
class Assigned:
    """Somebody is to be diagnosed."""

    assigned: DiagnosticAssigned


@dataclass(frozen=True)
class InProgress:
    """Somebody is being diagnosed."""

    assigned: DiagnosticAssigned
    started: DiagnosticStarted


@dataclass(frozen=True)
class Completed:
    """There is a result, and deficits as far as they were identified."""

    assigned: DiagnosticAssigned
    started: DiagnosticStarted
    completed: DiagnosticCompleted
    found: tuple[DeficitIdentified, ...] = ()


@dataclass(frozen=True)
class Mapped:
    """There is a result, and its map was issued."""

    assigned: DiagnosticAssigned
    started: DiagnosticStarted
    completed: DiagnosticCompleted
    issued: DeficitMapIssued


@dataclass(frozen=True)
class Annulled:
    """The result counts no more."""

    before: Completed | Mapped
    annulled: DiagnosticAnnulled


type Session = Unassigned | Assigned | InProgress | Completed | Mapped | Annulled

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(session: Session, asked: SessionCommand) -> Sequence[SessionFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match session, asked:
        case Unassigned(), AssignDiagnostic():
            return [assign(asked)]
        case Assigned(), StartDiagnostic():
            return [start(session.assigned, asked)]
        case InProgress(), CompleteDiagnostic():
            in_time(session.started.occurred_on, asked.completed_on)
            completed = complete(session.assigned, asked)
            return [completed, *result.drawn(completed)]
        case Completed() | Mapped(), AnnulDiagnostic():
            in_time(session.completed.occurred_on, asked.annulled_on)
            return [annul(session.completed, asked)]

        case Annulled(), AssignDiagnostic() | StartDiagnostic() | CompleteDiagnostic():
            return decide(session.before, asked)
        case Assigned() | InProgress() | Completed() | Mapped(), AssignDiagnostic():
            why = "Сеанс уже назначен иначе; другая диагностика — другой сеанс"
            again = assign(asked)
            return only_same(session.assigned, again, clause="S1 4.4", reason=why)
        case InProgress() | Completed() | Mapped(), StartDiagnostic():
            why = "Диагностика уже начата в другой день"
            again = start(session.assigned, asked)
            return only_same(session.started, again, clause="S1 4.4", reason=why)
        case Completed() | Mapped(), CompleteDiagnostic():
            why = "Результат уже записан иначе; ошибку исправляют, а не пишут заново"
            again = complete(session.assigned, asked)
            return only_same(session.completed, again, clause="S1 4.4", reason=why)
        case Annulled(), AnnulDiagnostic():
            why = "Результат уже аннулирован иначе"
            again = annul(session.before.completed, asked)
            return only_same(session.annulled, again, clause="S1 4.4", reason=why)

        case Unassigned(), StartDiagnostic() | CompleteDiagnostic() | AnnulDiagnostic():
            raise Refused("S1 4.4", "Диагностика не назначена")
        case Assigned(), CompleteDiagnostic():
            raise Refused("S1 4.4", "Диагностика назначена, но не начата")
        case Assigned() | InProgress(), AnnulDiagnostic():
            raise Refused("S1 4.4", "Результата ещё нет: аннулировать нечего")


def in_time(earlier: date, later: date) -> None:
    """Сначала назначают, потом начинают, потом — результат (S1 4.4)."""
    require(earlier <= later, clause="S1 4.4", reason="День раньше предыдущего шага")


def assign(asked: AssignDiagnostic) -> DiagnosticAssigned:
    """Назначают то, что этому человеку подходит (S0 V.2, S3 R16)."""
    self_made = ("self", "functional_literacy")
    require(
        asked.instrument_kind in self_made
        if asked.purpose == "self"
        else asked.instrument_kind != "self",
        clause="S3 R16",
        reason="Самодиагностику проводят её инструментом либо по функциональной "
        "грамотности, и цель её — только самодиагностика",
    )
    require(
        asked.category != "graduate" or asked.instrument_kind == "functional_literacy",
        clause="S0 V.2",
        reason="Выпускник проходит только диагностику функциональной грамотности",
    )
    return DiagnosticAssigned(
        session_id=asked.session_id,
        person_id=asked.person_id,
        instrument_id=asked.instrument_id,
        instrument_version=asked.instrument_version,
        instrument_kind=asked.instrument_kind,
        purpose=asked.purpose,
        category=asked.category,
        occurred_on=asked.assigned_on,
    )


def start(assigned: DiagnosticAssigned, asked: StartDiagnostic) -> DiagnosticStarted:
    """Начинают не раньше, чем назначено (S1 4.4)."""
    in_time(assigned.occurred_on, asked.started_on)
    return DiagnosticStarted(
        session_id=assigned.session_id,
        person_id=assigned.person_id,
        occurred_on=asked.started_on,
    )


def complete(assigned: DiagnosticAssigned, asked: CompleteDiagnostic) -> DiagnosticCompleted:
    """Самодиагностика не бывает независимой (S0 IV)."""
    require(
        not (asked.independent and assigned.purpose == "self"),
        clause="S0 IV",
        reason="Самодиагностика — не независимая диагностика",
    )
    return DiagnosticCompleted(
        session_id=assigned.session_id,
        person_id=assigned.person_id,
        instrument_id=assigned.instrument_id,
        instrument_version=assigned.instrument_version,
        instrument_kind=assigned.instrument_kind,
        purpose=assigned.purpose,
        category=assigned.category,
        score_pct=result.score(asked.score_pct),
        by_competency=result.scores(asked.by_competency),
        independent=asked.independent,
        occurred_on=asked.completed_on,
    )


def annul(completed: DiagnosticCompleted, asked: AnnulDiagnostic) -> DiagnosticAnnulled:
    """Аннулируют с этого дня и называют причину (S1 4.4)."""
    require(asked.reason.strip(), clause="S1 4.4", reason="Не названа причина")
    return DiagnosticAnnulled(
        session_id=completed.session_id,
        person_id=completed.person_id,
        reason=asked.reason,
        occurred_on=asked.annulled_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(session: Session, said: SessionFact) -> Session:
    """Go where a fact leads; never refuse, for it already happened."""
    match session, said:
        case Unassigned(), DiagnosticAssigned():
            return Assigned(said)
        case Assigned(), DiagnosticStarted() if follows(session.assigned, said):
            return InProgress(session.assigned, said)
        case InProgress(), DiagnosticCompleted() if follows(session.started, said):
            return Completed(session.assigned, session.started, said)
        case Completed(), DeficitIdentified() if follows(session.completed, said):
            return replace(session, found=(*session.found, said))
        case Completed(), DeficitMapIssued() if shows(session, said):
            return Mapped(session.assigned, session.started, session.completed, said)
        case Completed() | Mapped(), DiagnosticAnnulled() if follows(session.completed, said):
            return Annulled(session, said)
        case Annulled(Completed() as before), DeficitIdentified() | DeficitMapIssued():
            found = drawn_anew(before, said)  # what is corrected later is drawn anew
            return session if found is before else Annulled(found, session.annulled)
        case (
            _,
            DiagnosticAssigned()
            | DiagnosticStarted()
            | DiagnosticCompleted()
            | DiagnosticAnnulled()
            | DeficitIdentified()
            | DeficitMapIssued(),
        ):
            return session  # no life has this step, and still the log must be read


def drawn_anew(
    before: Completed, said: DeficitIdentified | DeficitMapIssued
) -> Completed | Mapped:
    """Return a result with what a correction draws from it, though it was annulled since."""
    after = evolve(before, said)
    return after if isinstance(after, Completed | Mapped) else before


def follows(earlier: SessionFact, later: SessionFact) -> bool:
    """Say whether it is the same person, and not an earlier day."""
    return earlier.person_id == later.person_id and earlier.occurred_on <= later.occurred_on


def shows(session: Completed, issued: DeficitMapIssued) -> bool:
    """Say whether a map shows deficits of this session alone."""
    found = {each.deficit_id for each in session.found}
    return follows(session.completed, issued) and found.issuperset(issued.deficit_ids)


SESSION: Decider[Session, SessionCommand, SessionFact] = Decider(
    name="diagnostics.session",
    commands=(AssignDiagnostic, StartDiagnostic, CompleteDiagnostic, AnnulDiagnostic),
    facts=(
        DiagnosticAssigned,
        DiagnosticStarted,
        DiagnosticCompleted,
        DiagnosticAnnulled,
        DeficitIdentified,
        DeficitMapIssued,
    ),
    initial=Unassigned(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.session_id,
)
