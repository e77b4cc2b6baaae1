"""What can be asked of a route."""

from dataclasses import dataclass
from datetime import date
from uuid import uuid5

from shared.events.routes import ProgramCompleted, RouteItem
from shared.kernel import Told, command
from shared.kernel.ids import (
    DeficitId,
    EnrolmentId,
    PersonId,
    RouteId,
    RouteItemId,
    SessionId,
)


def route_of(session_id: SessionId) -> RouteId:
    """Return the route that a map calls for: a session has one, however often heard."""
    return RouteId(uuid5(session_id, "route"))


type Records = tuple[PersonId, ...]
"""All records of one human, as far as they were merged; none if nobody looked (S1 7.2)."""


def is_one(who: PersonId, other: PersonId | None, records: Records) -> bool:
    """Say whether two records are of one human, `records` being those of one of them."""
    return who == other or (who in records and other in records)


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """What is known of the session of a route: whose it is, and what its map names.

    From `annulled_on` on it is void; None if nobody annulled it.
    """

    is_own: bool
    deficit_ids: tuple[DeficitId, ...]
    annulled_on: date | None = None


@command
class DraftRoute:
    """Составить маршрут по диагностике и дефицитам либо по запросу (S1 3.2).

    `diagnosed` is None when no map of the session is heard of; of the commands below too.
    """

    route_id: RouteId
    person_id: PersonId
    session_id: SessionId | None
    deficit_ids: tuple[DeficitId, ...]
    on_request: bool
    drafted_on: date
    diagnosed: Told[Diagnosed | None] = None


@command
class AgreeRoute:
    """Согласовать с педагогом содержание и сроки (S1 2)."""

    route_id: RouteId
    items: tuple[RouteItem, ...]
    agreed_on: date
    diagnosed: Told[Diagnosed | None] = None


@command
class AssignRoute:
    """Назначить маршрут, сразу с тьютором или без него (S1 D2.3).

    `human` are the records of the tutor; of the commands below too.
    """

    route_id: RouteId
    tutor_id: PersonId | None
    assigned_on: date
    diagnosed: Told[Diagnosed | None] = None
    human: Told[Records] = ()


@command
class StartRoute:
    """Начать маршрут (S1 4.9)."""

    route_id: RouteId
    started_on: date


@command
class CompleteItem:
    """Отметить мероприятие пройденным; ДПП — по её освоению (S1 4.9).

    `proof` is the completion of `enrolment_id` as it stands, None if there is none.
    `void` is the enrolment by which the item was done, if its completion stands no more.
    `human` are the records of whoever studied.
    """

    route_id: RouteId
    item_id: RouteItemId
    enrolment_id: EnrolmentId | None
    completed_on: date
    proof: Told[ProgramCompleted | None] = None
    void: Told[EnrolmentId | None] = None
    human: Told[Records] = ()


@command
class CompleteRoute:
    """Завершить маршрут, в котором пройдено всё (S1 4.9).

    `void` are the enrolments by which items were done and whose completion stands no more.
    """

    route_id: RouteId
    completed_on: date
    void: Told[tuple[EnrolmentId, ...]] = ()


@command
class CancelRoute:
    """Отменить маршрут (S1 4.4)."""

    route_id: RouteId
    reason: str
    cancelled_on: date


@command
class AppointTutor:
    """Назначить маршруту тьютора или сменить его (S1 3.2)."""

    route_id: RouteId
    tutor_id: PersonId
    appointed_on: date
    human: Told[Records] = ()


@command
class RecordAccompaniment:
    """Записать, как тьютор сопровождал маршрут в этот день (S1 D2.3)."""

    route_id: RouteId
    tutor_id: PersonId
    form: str
    recorded_on: date
    human: Told[Records] = ()


type RouteCommand = (
    DraftRoute
    | AgreeRoute
    | AssignRoute
    | StartRoute
    | CompleteItem
    | CompleteRoute
    | CancelRoute
    | AppointTutor
    | RecordAccompaniment
)
