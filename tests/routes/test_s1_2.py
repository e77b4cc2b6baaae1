"""S1 2: маршрут — комплекс мероприятий; ДПП кончается документом."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.routes.domain import (
    ENROLMENT,
    Enrolment,
    EnrolmentCommand,
    Route,
    RouteCommand,
)
from services.routes.domain.enrolment import claims
from shared.events.routes import EnrolmentFact, RouteFact
from shared.kernel import Claim, Sealed
from shared.kernel.ids import EnrolmentId
from shared.testing.spec import Spec
from tests.routes.words import (
    AFTER,
    AGREE,
    AGREED,
    ANNUL,
    ANNULLED,
    BEFORE,
    COURSE,
    DRAFTED,
    ENROLLED,
    ENROLMENT_ID,
    EVENT,
    FINISH,
    FINISHED,
    PERSON,
    PROGRAM,
    STUDIED,
    STUDY,
    WAY,
)

type RouteSpec = Spec[Route, RouteCommand, RouteFact]
type EnrolmentSpec = Spec[Enrolment, EnrolmentCommand, EnrolmentFact]

# ── Content of a route ──────────────────────────────────────────────────────


def test_a_route_is_agreed_with_its_content(route: RouteSpec) -> None:
    """S1 2: «комплекс мероприятий, включающий описание содержания…»."""
    route.given(DRAFTED)
    route.when(AGREE)
    route.then(AGREED)


@pytest.mark.parametrize(
    "items",
    [
        (),
        (COURSE, COURSE),
        (replace(EVENT, hours=0),),
        (replace(EVENT, to_day=BEFORE),),
    ],
    ids=["none", "twice", "no time", "backwards"],
)
def test_content_without_sense_is_refused(route: RouteSpec, items: tuple[object, ...]) -> None:
    """S1 2: «…темпа и общего времени освоения»."""
    route.given(DRAFTED)
    route.when(replace(AGREE, items=items))
    route.then_refused("S1 2")


def test_nothing_is_agreed_before_it_is_drafted(route: RouteSpec) -> None:
    route.given(DRAFTED)
    route.when(replace(AGREE, agreed_on=BEFORE))
    route.then_refused("S1 2")


def test_other_content_is_agreed_anew(route: RouteSpec) -> None:
    route.given(DRAFTED, AGREED)
    route.when(replace(AGREE, items=(COURSE,)))
    route.then(replace(AGREED, items=(COURSE,)))


@pytest.mark.parametrize("reached", range(2, 8))
def test_the_same_content_is_not(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached])
    route.when(AGREE)
    route.then()


@pytest.mark.parametrize("reached", range(3, 8))
def test_what_is_assigned_is_not_agreed_anew(route: RouteSpec, reached: int) -> None:
    route.given(*WAY[:reached])
    route.when(replace(AGREE, items=(COURSE,)))
    route.then_refused("S1 2")


# ── A programme on a route ──────────────────────────────────────────────────


def test_a_programme_is_done_by_its_completion(route: RouteSpec) -> None:
    """RU14: «не сопровождающихся выдачей документов» — не ДПП (S1 2)."""
    route.given(*WAY[:4])
    route.when(replace(STUDY, proof=FINISHED))
    route.then(STUDIED)


@pytest.mark.parametrize(
    "asked",
    [
        STUDY,
        replace(STUDY, enrolment_id=None),
        replace(STUDY, item_id=EVENT.item_id, proof=FINISHED),
        replace(STUDY, completed_on=AFTER, proof=FINISHED),
        replace(STUDY, proof=replace(FINISHED, person_id=EnrolmentId(UUID(int=99)))),
        replace(STUDY, proof=replace(FINISHED, route_id=None)),
        replace(STUDY, enrolment_id=EnrolmentId(UUID(int=99)), proof=FINISHED),
    ],
)
def test_without_it_it_is_not_done(route: RouteSpec, asked: RouteCommand) -> None:
    route.given(*WAY[:4])
    route.when(asked)
    route.then_refused("S1 2")


# ── Completion of a programme ───────────────────────────────────────────────


def test_a_programme_ends_with_a_document(enrolment: EnrolmentSpec) -> None:
    """RU14: ДПП и переподготовка завершаются документом (S1 2)."""
    enrolment.given(ENROLLED)
    enrolment.when(replace(FINISH, doc_no=" 000001 "))
    enrolment.then(FINISHED)


@pytest.mark.parametrize(
    "asked", [replace(FINISH, doc_no=" "), replace(FINISH, completed_on=BEFORE)]
)
def test_no_number_no_completion(enrolment: EnrolmentSpec, asked: EnrolmentCommand) -> None:
    """RU14: без номера документа освоения нет (S1 2)."""
    enrolment.given(ENROLLED)
    enrolment.when(asked)
    enrolment.then_refused("S1 2")


@pytest.mark.parametrize("later", [(), (ANNULLED,)])
def test_a_completion_is_written_once(
    enrolment: EnrolmentSpec, later: tuple[EnrolmentFact, ...]
) -> None:
    enrolment.given(ENROLLED, FINISHED, *later)
    enrolment.when(FINISH)
    enrolment.then()


@pytest.mark.parametrize("later", [(), (ANNULLED,)])
def test_another_document_is_refused(
    enrolment: EnrolmentSpec, later: tuple[EnrolmentFact, ...]
) -> None:
    enrolment.given(ENROLLED, FINISHED, *later)
    enrolment.when(replace(FINISH, doc_no="000002"))
    enrolment.then_refused("S1 2")


def test_a_completion_is_annulled(enrolment: EnrolmentSpec) -> None:
    """S1 2: документ выдан с нарушением — освоение аннулируют."""
    enrolment.given(ENROLLED, FINISHED)
    enrolment.when(ANNUL)
    enrolment.then(ANNULLED)


def test_an_annulled_one_is_annulled_already(enrolment: EnrolmentSpec) -> None:
    enrolment.given(ENROLLED, FINISHED, ANNULLED)
    enrolment.when(ANNUL)
    enrolment.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((ENROLLED,), ANNUL),
        ((ENROLLED, FINISHED), replace(ANNUL, reason=" ")),
        ((ENROLLED, FINISHED), replace(ANNUL, annulled_on=BEFORE)),
        ((ENROLLED, FINISHED, ANNULLED), replace(ANNUL, annulled_on=AFTER)),
    ],
)
def test_such_an_annulment_is_refused(
    enrolment: EnrolmentSpec,
    past: tuple[EnrolmentFact, ...],
    asked: EnrolmentCommand,
) -> None:
    enrolment.given(*past)
    enrolment.when(asked)
    enrolment.then_refused("S1 2")


def test_one_document_is_one_completion() -> None:
    [claim] = ENROLMENT.claims(FINISHED)

    assert claim == Claim(
        kind="document",
        key=f"{PROGRAM}/certificate/000001",
        holder=ENROLMENT_ID,
        clause="S1 2",
        reason="Документ с этим номером выдан по другому зачислению",
    )


def test_a_sealed_number_and_other_facts_claim_nothing() -> None:
    sealed = Sealed(subject=PERSON, key_id=PERSON, alg="", ciphertext="")

    assert [*claims(replace(FINISHED, doc_no=sealed))] == []
    assert [*claims(ENROLLED)] == []
