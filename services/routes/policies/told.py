"""What a command of routes is told before it is decided."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from services.routes.domain import (
    AgreeRoute,
    AppointTutor,
    AssignRoute,
    CompleteItem,
    CompleteRoute,
    Diagnosed,
    DraftRoute,
    RecordAccompaniment,
    Route,
    StartEnrolment,
    enrolment,
)
from services.routes.domain.commands import Records
from services.routes.domain.states import (
    Nothing,
    assigned,
    drafted,
    in_work,
    once_assigned,
)
from services.routes.policies.remembered import (
    ENROLMENTS,
    MAPS,
    PROGRAMS,
    ROUTES,
    records,
    route,
)
from shared.events.routes import ProgramCompleted
from shared.kernel import Informed, Known, informs
from shared.kernel.ids import EnrolmentId, PersonId, RouteId, RouteItemId, SessionId

# ── What a command is told ──────────────────────────────────────────────────


@informs(DraftRoute)
def of_the_diagnosis(asked: DraftRoute, known: Known) -> DraftRoute:
    """Карта дефицитов, на которой строят маршрут (S1 3.2)."""
    of = diagnosed(asked.session_id, asked.person_id, known)
    return replace(asked, diagnosed=of)


@informs(AgreeRoute)
def of_the_diagnosis_agreed_on(asked: AgreeRoute, known: Known) -> AgreeRoute:
    """Карта дефицитов, на которой построен маршрут (S1 3.2)."""
    return replace(asked, diagnosed=ground(asked.route_id, known))


@informs(AssignRoute)
def of_the_diagnosis_assigned_on(asked: AssignRoute, known: Known) -> AssignRoute:
    """Карта дефицитов, на которой построен маршрут (S1 3.2)."""
    tutor = records(known, asked.tutor_id) if asked.tutor_id else ()
    return replace(asked, diagnosed=ground(asked.route_id, known), human=tutor)


@informs(AppointTutor)
def of_the_tutor(asked: AppointTutor, known: Known) -> AppointTutor:
    """Все записи о том, кого назначают тьютором (S1 7.2)."""
    return replace(asked, human=records(known, asked.tutor_id))


@informs(RecordAccompaniment)
def of_who_accompanied(asked: RecordAccompaniment, known: Known) -> RecordAccompaniment:
    """Все записи о том, кто сопровождал (S1 7.2)."""
    return replace(asked, human=records(known, asked.tutor_id))


def ground(route_id: RouteId, known: Known) -> Diagnosed | None:
    """Return what is known of the diagnosis that a route was drafted on."""
    its = known.of(ROUTES, route_id)
    if isinstance(its, Nothing):
        return None
    said = drafted(its)
    return diagnosed(said.session_id, said.person_id, known)


def diagnosed(session_id: SessionId | None, who: PersonId, known: Known) -> Diagnosed | None:
    """Return what is known of a session, if its map was heard of."""
    its = known.of(MAPS, session_id) if session_id else None
    if its is None or its.issued is None:
        return None
    return Diagnosed(
        is_own=its.issued.person_id in records(known, who),
        deficit_ids=its.issued.deficit_ids,
        annulled_on=its.annulled_on,
    )


@informs(StartEnrolment)
def of_the_programme_and_the_route(asked: StartEnrolment, known: Known) -> StartEnrolment:
    """ДПП с её реестрами и назначенный маршрут (S0 V.1, S1 D2.3)."""
    its = route(known, asked.route_id)
    is_open = asked.route_item_id in void(its, known)
    return replace(
        asked,
        offered=known.of(PROGRAMS, asked.program_id).offered(
            asked.program_version, asked.started_on
        ),
        route=once_assigned(its) if is_open else assigned(its),
        human=human(known, asked.person_id, named_before(its, asked, known)),
    )


def named_before(its: Route, asked: StartEnrolment, known: Known) -> Iterator[PersonId]:
    """Return whose the route is, and who was said to study, if anybody was."""
    if not isinstance(its, Nothing):
        yield drafted(its).person_id
    study = known.of(ENROLMENTS, asked.enrolment_id)
    if not isinstance(study, enrolment.NotEnrolled):
        yield study.started.person_id


def human(known: Known, who: PersonId, others: Iterable[PersonId]) -> Records:
    """Return the records of a human, if others are named beside this one; mostly nothing."""
    return records(known, who) if set(others) - {who} else ()


def void(its: Route, known: Known) -> dict[RouteItemId, EnrolmentId]:
    """Return the items of a route that are open again, and by which studies they were done.

    The completion of each was annulled or withdrawn (ADR 0034).
    """
    work = in_work(its)
    done = work.done if work else ()
    return {
        each.item_id: each.enrolment_id
        for each in done
        if each.enrolment_id and completion(each.enrolment_id, known) is None
    }


def completion(enrolment_id: EnrolmentId, known: Known) -> ProgramCompleted | None:
    """Return the completion of an enrolment, if it stands and is not annulled."""
    study = known.of(ENROLMENTS, enrolment_id)
    return study.completed if isinstance(study, enrolment.Completed) else None


@informs(CompleteItem)
def of_the_completion(asked: CompleteItem, known: Known) -> CompleteItem:
    """Освоение ДПП, если оно есть и не аннулировано (S1 2)."""
    study, its = asked.enrolment_id, known.of(ROUTES, asked.route_id)
    proof = completion(study, known) if study else None
    return replace(
        asked,
        proof=proof,
        human=of_proof(known, proof, its),
        void=void(its, known).get(asked.item_id),
    )


def of_proof(known: Known, proof: ProgramCompleted | None, its: Route) -> Records:
    """Return the records of whoever studied, if the route is by another."""
    if proof is None or isinstance(its, Nothing):
        return ()
    return human(known, proof.person_id, [drafted(its).person_id])


@informs(CompleteRoute)
def of_what_is_void(asked: CompleteRoute, known: Known) -> CompleteRoute:
    """Освоения, которых больше нет, маршрута не завершают (S1 4.9)."""
    studies = void(known.of(ROUTES, asked.route_id), known).values()
    return replace(asked, void=tuple(studies))


INFORMED: tuple[Informed[Any], ...] = (
    of_the_diagnosis,
    of_the_diagnosis_agreed_on,
    of_the_diagnosis_assigned_on,
    of_the_tutor,
    of_who_accompanied,
    of_the_programme_and_the_route,
    of_the_completion,
    of_what_is_void,
)
