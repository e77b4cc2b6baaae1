"""What routes says."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.registry import Register
from shared.kernel import Personal, Withdrawal, fact
from shared.kernel.ids import (
    CompetencyId,
    DeficitId,
    EnrolmentId,
    EventId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
    SessionId,
)

type ItemKind = Literal["program", "internship", "event", "pair"]
type Channel = Literal["cascade", "academy", "federal_register", "regional_register", "other"]
type DocKind = Literal["certificate", "diploma"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteItem:
    """One thing to do on a route: its form, technology, term and hours (S1 2)."""

    item_id: RouteItemId
    kind: ItemKind
    ref_id: UUID
    form: str
    technology: str
    from_day: date
    to_day: date
    hours: int


@fact("routes.RouteDrafted", schema=1)
class RouteDrafted:
    """Составлен маршрут: по диагностике и дефицитам либо по запросу (S1 3.2)."""

    route_id: RouteId
    person_id: PersonId
    session_id: SessionId | None
    deficit_ids: tuple[DeficitId, ...]
    on_request: bool
    occurred_on: date


@fact("routes.RouteAgreed", schema=1)
class RouteAgreed:
    """Содержание и сроки маршрута согласованы с педагогом (S1 2)."""

    route_id: RouteId
    person_id: PersonId
    session_id: SessionId | None
    items: tuple[RouteItem, ...]
    occurred_on: date


@fact("routes.RouteAssigned", schema=1)
class RouteAssigned:
    """Маршрут назначен педагогу; всего часов — по мероприятиям (S1 D2.3)."""

    route_id: RouteId
    person_id: PersonId
    session_id: SessionId | None
    deficit_ids: tuple[DeficitId, ...]
    items: tuple[RouteItem, ...]
    total_hours: int
    tutor_id: PersonId | None
    occurred_on: date


@fact("routes.RouteStarted", schema=1)
class RouteStarted:
    """Маршрут начат (S1 4.9)."""

    route_id: RouteId
    person_id: PersonId
    occurred_on: date


@fact("routes.RouteItemCompleted", schema=1)
class RouteItemCompleted:
    """Мероприятие маршрута пройдено; чем доказано, если доказано фактом (S1 4.9)."""

    route_id: RouteId
    person_id: PersonId
    item_id: RouteItemId
    enrolment_id: EnrolmentId | None
    occurred_on: date


@fact("routes.RouteCompleted", schema=1)
class RouteCompleted:
    """Маршрут пройден (S1 4.9)."""

    route_id: RouteId
    person_id: PersonId
    occurred_on: date


@fact("routes.RouteCancelled", schema=1)
class RouteCancelled:
    """Маршрут отменён (S1 4.4)."""

    route_id: RouteId
    person_id: PersonId
    reason: str
    occurred_on: date


@fact("routes.TutorAppointed", schema=1)
class TutorAppointed:
    """Маршруту назначен тьютор; прежний, если был, сменён (S1 3.2)."""

    route_id: RouteId
    person_id: PersonId
    tutor_id: PersonId
    occurred_on: date


@fact("routes.AccompanimentRecorded", schema=1)
class AccompanimentRecorded:
    """Записано сопровождение маршрута тьютором (S1 D2.3)."""

    route_id: RouteId
    person_id: PersonId
    tutor_id: PersonId
    form: str
    occurred_on: date


@fact("routes.EnrolmentStarted", schema=1)
class EnrolmentStarted:
    """Педагог зачислен на ДПП; реестры — какими были в этот день (S0 V.1)."""

    enrolment_id: EnrolmentId
    person_id: PersonId
    program_id: ProgramId
    program_version: int
    register_status_at_start: tuple[Register, ...]
    listed_by: tuple[EventId, ...]
    route_id: RouteId | None
    route_item_id: RouteItemId | None
    deficit_ids: tuple[DeficitId, ...]
    competencies: tuple[CompetencyId, ...]
    channel: Channel
    occurred_on: date


@fact("routes.ProgramCompleted", schema=1)
class ProgramCompleted:
    """ДПП освоена, выдан документ (S1 2)."""

    enrolment_id: EnrolmentId
    person_id: PersonId
    program_id: ProgramId
    program_version: int
    route_id: RouteId | None
    route_item_id: RouteItemId | None
    doc_kind: DocKind
    doc_no: Personal[str]
    occurred_on: date


@fact("routes.CompletionAnnulled", schema=1)
class CompletionAnnulled:
    """Освоение аннулировано с этого дня (S1 2)."""

    enrolment_id: EnrolmentId
    person_id: PersonId
    reason: str
    occurred_on: date


@fact("routes.FactWithdrawn", schema=1)
class FactWithdrawn(Withdrawal):
    """Запись маршрутов отозвана как ошибочная (S1 7.2)."""


type RouteFact = (
    RouteDrafted
    | RouteAgreed
    | RouteAssigned
    | RouteStarted
    | RouteItemCompleted
    | RouteCompleted
    | RouteCancelled
    | TutorAppointed
    | AccompanimentRecorded
)
type EnrolmentFact = EnrolmentStarted | ProgramCompleted | CompletionAnnulled
