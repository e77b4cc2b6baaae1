"""The life of an enrolment (lifecycles §3.9).

NotEnrolled ─ start ▶ Studying ─ complete ▶ Completed ─ annul ▶ Annulled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.routes.domain.commands import Records, is_one
from shared.events.registry import Register
from shared.events.routes import (
    Channel,
    CompletionAnnulled,
    DocKind,
    EnrolmentFact,
    EnrolmentStarted,
    ProgramCompleted,
    RouteAssigned,
)
from shared.kernel import (
    Claim,
    Decider,
    Personal,
    Refused,
    Told,
    command,
    only_same,
    require,
)
from shared.kernel.ids import (
    CompetencyId,
    DeficitId,
    EnrolmentId,
    EventId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
)

# ── Commands ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What was known of a version of a ДПП on the day of an enrolment.

    `listed_by` are the ids of the listings in force, by which `registers` hold.
    """

    competencies: tuple[CompetencyId, ...]
    registers: tuple[Register, ...]
    listed_by: tuple[EventId, ...]


@command
class StartEnrolment:
    """Зачислить педагога на ДПП, по маршруту или без него (S0 V.1).

    `deficit_ids` are those of the route that this study is for; all of them if blank.
    `offered` is None when nobody ever drafted such a version, `route` when no such
    route was assigned, or it is no longer in work and its item is not open again; `human`
    are the records of the person.
    """

    enrolment_id: EnrolmentId
    person_id: PersonId
    program_id: ProgramId
    program_version: int
    route_id: RouteId | None
    route_item_id: RouteItemId | None
    channel: Channel
    started_on: date
    deficit_ids: tuple[DeficitId, ...] = ()
    offered: Told[Offered | None] = None
    route: Told[RouteAssigned | None] = None
    human: Told[Records] = ()


@command
class CompleteProgram:
    """Отметить ДПП освоенной и записать выданный документ (S1 2)."""

    enrolment_id: EnrolmentId
    doc_kind: DocKind
    doc_no: Personal[str]
    completed_on: date


@command
class AnnulCompletion:
    """Аннулировать освоение ДПП (S1 2)."""

    enrolment_id: EnrolmentId
    reason: str
    annulled_on: date


type EnrolmentCommand = StartEnrolment | CompleteProgram | AnnulCompletion

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NotEnrolled:
    """Nobody studies."""


@dataclass(frozen=True)
class Studying:
    """Somebody studies."""

    started: EnrolmentStarted


@dataclass(frozen=True)
class Completed:
    """Somebody studied and has a document."""

    started: EnrolmentStarted
    completed: ProgramCompleted


@dataclass(frozen=True)
class Annulled:
    """The document is void."""

    started: EnrolmentStarted
    completed: ProgramCompleted
    annulled: CompletionAnnulled


type Enrolment = NotEnrolled | Studying | Completed | Annulled

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(enrolment: Enrolment, asked: EnrolmentCommand) -> Sequence[EnrolmentFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match enrolment, asked:
        case NotEnrolled(), StartEnrolment():
            return [start(asked)]
        case Studying(), CompleteProgram():
            return [complete(enrolment.started, asked)]
        case Completed(), AnnulCompletion():
            return [annul(enrolment.completed, asked)]

        case Studying() | Completed() | Annulled(), StartEnrolment():
            why = "Зачисление уже записано иначе; другая ДПП — другое зачисление"
            same = is_same(enrolment.started, asked)
            require(same, clause="S0 V.1", reason=why)
            return []
        case Completed() | Annulled(), CompleteProgram():
            why = "Освоение уже записано иначе"
            again = complete(enrolment.started, asked)
            return only_same(enrolment.completed, again, clause="S1 2", reason=why)
        case Annulled(), AnnulCompletion():
            why = "Освоение уже аннулировано иначе"
            again = annul(enrolment.completed, asked)
            return only_same(enrolment.annulled, again, clause="S1 2", reason=why)

        case NotEnrolled(), CompleteProgram() | AnnulCompletion():
            raise Refused("S0 V.1", "Педагог не зачислен")
        case Studying(), AnnulCompletion():
            raise Refused("S1 2", "ДПП не освоена: аннулировать нечего")


def start(asked: StartEnrolment) -> EnrolmentStarted:
    """AM7: реестры — какими они были в день зачисления (S0 V.1)."""
    if asked.offered is None:
        raise Refused("S0 V.1", "Такой версии ДПП нет ни в одном реестре и ни у кого")
    on_route(asked)
    return EnrolmentStarted(
        enrolment_id=asked.enrolment_id,
        person_id=asked.person_id,
        program_id=asked.program_id,
        program_version=asked.program_version,
        register_status_at_start=asked.offered.registers,
        listed_by=asked.offered.listed_by,
        route_id=asked.route_id,
        route_item_id=asked.route_item_id,
        deficit_ids=deficits(asked),
        competencies=asked.offered.competencies,
        channel=asked.channel,
        occurred_on=asked.started_on,
    )


def on_route(asked: StartEnrolment) -> None:
    """По маршруту учатся тому, что в нём назначено (S1 D2.3)."""
    if asked.route_id is None and asked.route_item_id is None:
        return
    route = asked.route
    planned = () if route is None else route.items
    item = next((it for it in planned if it.item_id == asked.route_item_id), None)
    is_own = route is not None and (
        route.route_id == asked.route_id
        and is_one(route.person_id, asked.person_id, asked.human)
        and route.occurred_on <= asked.started_on
    )
    require(
        is_own,
        clause="S1 D2.3",
        reason="В этот день у педагога нет такого назначенного маршрута",
    )
    require(
        item and item.kind == "program" and item.ref_id == asked.program_id,
        clause="S1 D2.3",
        reason="В маршруте нет такого мероприятия с этой ДПП",
    )


def deficits(asked: StartEnrolment) -> tuple[DeficitId, ...]:
    """ДПП подбирают «с учетом диагностики профессиональных дефицитов» (S0 V.1)."""
    of_route = asked.route.deficit_ids if asked.route else ()
    require(
        set(asked.deficit_ids) <= set(of_route),
        clause="S0 V.1",
        reason="Названы дефициты, которых в маршруте нет",
    )
    return asked.deficit_ids or of_route


def is_same(started: EnrolmentStarted, asked: StartEnrolment) -> bool:
    """Compare what was asked; what was known then may be known otherwise by now."""
    return is_one(started.person_id, asked.person_id, asked.human) and (
        started.program_id,
        started.program_version,
        started.route_id,
        started.route_item_id,
        started.channel,
        started.deficit_ids,
        started.occurred_on,
    ) == (
        asked.program_id,
        asked.program_version,
        asked.route_id,
        asked.route_item_id,
        asked.channel,
        asked.deficit_ids or started.deficit_ids,
        asked.started_on,
    )


def complete(started: EnrolmentStarted, asked: CompleteProgram) -> ProgramCompleted:
    """RU14: ДПП кончается документом; без его номера она не освоена (S1 2)."""
    require(asked.doc_no.strip(), clause="S1 2", reason="Не указан номер документа")
    in_time = started.occurred_on <= asked.completed_on
    require(in_time, clause="S1 2", reason="Освоена раньше, чем началось обучение")
    return ProgramCompleted(
        enrolment_id=started.enrolment_id,
        person_id=started.person_id,
        program_id=started.program_id,
        program_version=started.program_version,
        route_id=started.route_id,
        route_item_id=started.route_item_id,
        doc_kind=asked.doc_kind,
        doc_no=asked.doc_no.strip(),
        occurred_on=asked.completed_on,
    )


def annul(completed: ProgramCompleted, asked: AnnulCompletion) -> CompletionAnnulled:
    """Аннулируют с этого дня и называют причину (S1 2)."""
    require(asked.reason.strip(), clause="S1 2", reason="Не названа причина")
    in_time = completed.occurred_on <= asked.annulled_on
    require(in_time, clause="S1 2", reason="Аннулировано раньше, чем освоено")
    return CompletionAnnulled(
        enrolment_id=completed.enrolment_id,
        person_id=completed.person_id,
        reason=asked.reason,
        occurred_on=asked.annulled_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(enrolment: Enrolment, said: EnrolmentFact) -> Enrolment:
    """Go where a fact leads; never refuse, for it already happened."""
    match enrolment, said:
        case NotEnrolled(), EnrolmentStarted():
            return Studying(said)
        case Studying(), ProgramCompleted() if follows(enrolment.started, said):
            return Completed(enrolment.started, said)
        case Completed(), CompletionAnnulled() if follows(enrolment.completed, said):
            return Annulled(enrolment.started, enrolment.completed, said)
        case _, EnrolmentStarted() | ProgramCompleted() | CompletionAnnulled():
            return enrolment  # no life has this step, and still the log must be read


def follows(earlier: EnrolmentFact, later: EnrolmentFact) -> bool:
    """Say whether it is the same person, and not an earlier day."""
    return earlier.person_id == later.person_id and earlier.occurred_on <= later.occurred_on


def claims(said: EnrolmentFact) -> Iterator[Claim]:
    """Один документ — одно освоение: номер не повторяется у одной ДПП (S1 2)."""
    # a sealed number was claimed while it could still be read
    if isinstance(said, ProgramCompleted) and isinstance(said.doc_no, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        yield Claim(
            kind="document",
            key=f"{said.program_id}/{said.doc_kind}/{said.doc_no}",
            holder=said.enrolment_id,
            clause="S1 2",
            reason="Документ с этим номером выдан по другому зачислению",
        )


ENROLMENT: Decider[Enrolment, EnrolmentCommand, EnrolmentFact] = Decider(
    name="routes.enrolment",
    commands=(StartEnrolment, CompleteProgram, AnnulCompletion),
    facts=(EnrolmentStarted, ProgramCompleted, CompletionAnnulled),
    initial=NotEnrolled(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.enrolment_id,
    claims=claims,
)
