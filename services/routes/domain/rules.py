"""What the regulation asks of each step of a route: a command in, its fact out."""

from collections.abc import Collection, Sequence
from datetime import date

from services.routes.domain.commands import (
    AgreeRoute,
    AppointTutor,
    AssignRoute,
    CancelRoute,
    CompleteItem,
    CompleteRoute,
    Diagnosed,
    DraftRoute,
    RecordAccompaniment,
    StartRoute,
    is_one,
)
from shared.events.routes import (
    AccompanimentRecorded,
    RouteAgreed,
    RouteAssigned,
    RouteCancelled,
    RouteCompleted,
    RouteDrafted,
    RouteItem,
    RouteItemCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel import Refused, require
from shared.kernel.ids import DeficitId, PersonId, SessionId


def in_time(earlier: date, later: date, *, clause: str) -> None:
    """Шаги маршрута идут один за другим."""
    require(earlier <= later, clause=clause, reason="День раньше предыдущего шага")


# ── Content ─────────────────────────────────────────────────────────────────


def draft(asked: DraftRoute) -> RouteDrafted:
    """RU12: маршрут строят на диагностике и дефицитах либо на запросе (S1 3.2)."""
    require(
        asked.on_request or (asked.session_id and asked.deficit_ids),
        clause="S1 3.2",
        reason="Нужны диагностика и хотя бы один дефицит либо запрос педагога",
    )
    on_own_diagnosis(asked.session_id, asked.diagnosed)
    on_what_it_shows(asked.deficit_ids, asked.drafted_on, asked.diagnosed)
    return RouteDrafted(
        route_id=asked.route_id,
        person_id=asked.person_id,
        session_id=asked.session_id,
        deficit_ids=asked.deficit_ids,
        on_request=asked.on_request,
        occurred_on=asked.drafted_on,
    )


def on_own_diagnosis(session_id: SessionId | None, diagnosed: Diagnosed | None) -> None:
    """RU12, AM6: диагностика пройдена, и прошёл её тот, чей маршрут (S1 3.2, S0 V.1)."""
    if session_id is None:
        return
    if diagnosed is None:
        why = "Карты дефицитов этой диагностики нет, или она ещё не услышана"
        raise Refused("S1 3.2", why)
    require(diagnosed.is_own, clause="S1 3.2", reason="Это диагностика другого педагога")


def on_what_it_shows(
    named: Collection[DeficitId], on: date, diagnosed: Diagnosed | None
) -> None:
    """RU12: до согласования строят на том, что диагностика выявляет в этот день (S1 3.2)."""
    if diagnosed is None:
        return
    require(
        set(named) <= set(diagnosed.deficit_ids),
        clause="S1 3.2",
        reason="Названы дефициты, которых эта диагностика не выявила",
    )
    stands = diagnosed.annulled_on is None or on < diagnosed.annulled_on
    require(stands, clause="S1 3.2", reason="В этот день диагностика уже аннулирована")


def agree(drafted: RouteDrafted, asked: AgreeRoute) -> RouteAgreed:
    """Маршрут — комплекс мероприятий со сроками и временем освоения (S1 2)."""
    on_own_diagnosis(drafted.session_id, asked.diagnosed)
    on_what_it_shows(drafted.deficit_ids, asked.agreed_on, asked.diagnosed)
    in_time(drafted.occurred_on, asked.agreed_on, clause="S1 2")
    require(asked.items, clause="S1 2", reason="В маршруте нет ни одного мероприятия")
    ids = {each.item_id for each in asked.items}
    alone = len(ids) == len(asked.items)
    require(alone, clause="S1 2", reason="Мероприятие названо дважды")
    for each in asked.items:
        require(
            each.from_day <= each.to_day and each.hours > 0,
            clause="S1 2",
            reason="Мероприятие кончается раньше, чем начато, или не занимает и часа",
        )
    return RouteAgreed(
        route_id=drafted.route_id,
        person_id=drafted.person_id,
        session_id=drafted.session_id,
        items=asked.items,
        occurred_on=asked.agreed_on,
    )


def assign(drafted: RouteDrafted, agreed: RouteAgreed, asked: AssignRoute) -> RouteAssigned:
    """Назначают то, что согласовано (S1 D2.3)."""
    on_own_diagnosis(drafted.session_id, asked.diagnosed)
    in_time(agreed.occurred_on, asked.assigned_on, clause="S1 D2.3")
    somebody_else(drafted.person_id, asked)
    return RouteAssigned(
        route_id=drafted.route_id,
        person_id=drafted.person_id,
        session_id=drafted.session_id,
        deficit_ids=drafted.deficit_ids,
        items=agreed.items,
        total_hours=sum(each.hours for each in agreed.items),
        tutor_id=asked.tutor_id,
        occurred_on=asked.assigned_on,
    )


# ── Way ─────────────────────────────────────────────────────────────────────


def start(assigned: RouteAssigned, asked: StartRoute) -> RouteStarted:
    """Начинают не раньше, чем назначено (S1 4.9)."""
    in_time(assigned.occurred_on, asked.started_on, clause="S1 4.9")
    return RouteStarted(
        route_id=assigned.route_id,
        person_id=assigned.person_id,
        occurred_on=asked.started_on,
    )


def item_of(assigned: RouteAssigned, asked: CompleteItem) -> RouteItemCompleted:
    """Учёт ведут по мероприятиям своего маршрута (S1 4.9)."""
    return RouteItemCompleted(
        route_id=assigned.route_id,
        person_id=assigned.person_id,
        item_id=asked.item_id,
        enrolment_id=asked.enrolment_id,
        occurred_on=asked.completed_on,
    )


def is_earned(assigned: RouteAssigned, started: RouteStarted, asked: CompleteItem) -> None:
    """RU14: ДПП кончается документом, без него она не пройдена (S1 2)."""
    item = next((it for it in assigned.items if it.item_id == asked.item_id), None)
    require(item, clause="S1 4.9", reason="В маршруте нет такого мероприятия")
    in_time(started.occurred_on, asked.completed_on, clause="S1 4.9")
    if asked.enrolment_id or (item and item.kind == "program"):
        require(
            is_proof(assigned, asked),
            clause="S1 2",
            reason="Нет освоенной в этот день ДПП по этому мероприятию",
        )


def is_void(done: RouteItemCompleted, asked: CompleteItem) -> bool:
    """Say whether an item was done by a study whose completion stands no more (ADR 0034)."""
    return done.enrolment_id is not None and done.enrolment_id == asked.void


def is_proof(assigned: RouteAssigned, asked: CompleteItem) -> bool:
    """Say whether the completion is of this person, this item and this day."""
    proof = asked.proof
    if proof is None or not is_one(proof.person_id, assigned.person_id, asked.human):
        return False
    return (
        proof.enrolment_id,
        proof.route_id,
        proof.route_item_id,
        proof.occurred_on,
    ) == (asked.enrolment_id, assigned.route_id, asked.item_id, asked.completed_on)


def complete(
    started: RouteStarted,
    items: Sequence[RouteItem],
    done: Sequence[RouteItemCompleted],
    asked: CompleteRoute,
) -> RouteCompleted:
    """Маршрут пройден, когда пройдены все его мероприятия (S1 4.9)."""
    stands = [each for each in done if each.enrolment_id not in asked.void]
    require(
        is_all_done(items, stands),
        clause="S1 4.9",
        reason="Пройдены не все мероприятия маршрута",
    )
    for each in (started, *done):
        in_time(each.occurred_on, asked.completed_on, clause="S1 4.9")
    return RouteCompleted(
        route_id=started.route_id,
        person_id=started.person_id,
        occurred_on=asked.completed_on,
    )


def is_all_done(items: Sequence[RouteItem], done: Sequence[RouteItemCompleted]) -> bool:
    """Say whether nothing of a route is left: each item is mandatory (S1 2)."""
    return {each.item_id for each in items} == {each.item_id for each in done}


def cancel(drafted: RouteDrafted, last: date, asked: CancelRoute) -> RouteCancelled:
    """Отменяют с этого дня и называют причину (S1 4.4)."""
    in_time(last, asked.cancelled_on, clause="S1 4.4")
    require(asked.reason.strip(), clause="S1 4.4", reason="Не названа причина")
    return RouteCancelled(
        route_id=drafted.route_id,
        person_id=drafted.person_id,
        reason=asked.reason,
        occurred_on=asked.cancelled_on,
    )


# ── Tutor ───────────────────────────────────────────────────────────────────


def somebody_else(person_id: PersonId, asked: AssignRoute | AppointTutor) -> None:
    """Тьютор сопровождает другого (S1 3.2)."""
    other = not is_one(person_id, asked.tutor_id, asked.human)
    require(other, clause="S1 3.2", reason="Педагог не тьютор самому себе")


def appoint(assigned: RouteAssigned, asked: AppointTutor) -> TutorAppointed:
    """«Тьюторское сопровождение их индивидуальных … маршрутов» (S1 3.2)."""
    somebody_else(assigned.person_id, asked)
    in_time(assigned.occurred_on, asked.appointed_on, clause="S1 3.2")
    return TutorAppointed(
        route_id=assigned.route_id,
        person_id=assigned.person_id,
        tutor_id=asked.tutor_id,
        occurred_on=asked.appointed_on,
    )


def accompany(
    assigned: RouteAssigned,
    tutors: Sequence[TutorAppointed],
    asked: RecordAccompaniment,
) -> AccompanimentRecorded:
    """Сопровождает тот, кто в этот день — тьютор маршрута (S1 D2.3)."""
    in_force = [each for each in tutors if each.occurred_on <= asked.recorded_on]
    require(
        in_force and is_one(in_force[-1].tutor_id, asked.tutor_id, asked.human),
        clause="S1 D2.3",
        reason="В этот день он не тьютор маршрута",
    )
    return AccompanimentRecorded(
        route_id=assigned.route_id,
        person_id=assigned.person_id,
        tutor_id=in_force[-1].tutor_id,
        form=asked.form,
        occurred_on=asked.recorded_on,
    )
