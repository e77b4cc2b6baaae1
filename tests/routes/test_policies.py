"""S1 3.2, S1 4.9, S0 V.1: что делают маршруты, услышав соседей и себя."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.routes.domain import (
    CompleteItem,
    CompleteRoute,
    DraftRoute,
    Offered,
    StartEnrolment,
)
from services.routes.policies import (
    a_completed_programme_completes_its_item,
    a_deficit_map_calls_for_a_route,
    a_route_without_items_left_is_completed,
    an_enrolment_knows_the_registers_of_its_day,
    an_enrolment_starts_its_route,
    of_the_completion,
    of_the_programme_and_the_route,
    of_what_is_void,
)
from services.routes.policies.walking import (
    a_route_starts_with_the_earliest_left,
    an_annulled_study_gives_way_to_another,
    what_was_done_goes_with_its_completion,
)
from shared.events.diagnostics import DeficitMapIssued
from shared.events.registry import (
    FactWithdrawn,
    ProgramDrafted,
    ProgramListed,
    Register,
)
from shared.events.routes import FactWithdrawn as OwnWithdrawn
from shared.kernel import Correct, Policy
from shared.kernel.ids import CompetencyId, EnrolmentId, EventId, ProgramId, SessionId
from shared.testing.facts import DAY, a
from shared.testing.known import heard
from tests.routes.words import (
    AFTER,
    ANNULLED,
    ASSIGNED,
    ATTENDED,
    BEFORE,
    CANCELLED,
    COMPETENCY,
    COMPLETE,
    DEFICITS,
    ENROL,
    ENROLLED,
    ENROLMENT_ID,
    EVENT,
    FINISHED,
    ON_ROUTE,
    PERSON,
    PROGRAM,
    SESSION,
    START,
    STUDIED,
    STUDY,
    WAY,
)

EARNED = (ENROLLED, FINISHED)
VOID = (*EARNED, ANNULLED)
AGAIN = {"enrolment_id": EnrolmentId(UUID(int=99))}
NEVER_FINISHED = a(OwnWithdrawn, withdraws=EventId(UUID(int=7)))
EARNED_AGAIN = tuple(replace(each, **AGAIN) for each in EARNED)
STUDIED_AGAIN = replace(STUDIED, **AGAIN)


def asked_for(policy: Policy[Any, Any], said: Any, *before: Any) -> list[Any]:
    return [*policy.react(said, heard(*before, said))]


# ── A map ───────────────────────────────────────────────────────────────────

ISSUED = a(DeficitMapIssued, session_id=SESSION, person_id=PERSON, deficit_ids=DEFICITS)


def test_a_map_calls_for_a_route_on_its_day() -> None:
    """S1 3.2: «построенных на основе диагностики профессиональных дефицитов»."""
    [asked] = asked_for(a_deficit_map_calls_for_a_route, ISSUED)

    assert asked == a(
        DraftRoute,
        route_id=asked.route_id,
        person_id=PERSON,
        session_id=SESSION,
        deficit_ids=DEFICITS,
        drafted_on=DAY,
    )


def test_a_map_without_deficits_calls_for_nothing() -> None:
    bare = replace(ISSUED, deficit_ids=())

    assert asked_for(a_deficit_map_calls_for_a_route, bare) == []


def test_a_second_diagnosis_is_a_second_route() -> None:
    second = replace(ISSUED, session_id=SessionId(UUID(int=9)))
    [one], [same], [other] = (
        asked_for(a_deficit_map_calls_for_a_route, each) for each in (ISSUED, ISSUED, second)
    )

    assert one.route_id == same.route_id != other.route_id


# ── Own facts ───────────────────────────────────────────────────────────────


def test_an_enrolment_starts_its_route() -> None:
    """S1 4.9: обучение по мероприятию маршрута — начало маршрута."""
    assert asked_for(an_enrolment_starts_its_route, ENROLLED, *WAY[:3]) == [START]


@pytest.mark.parametrize("before", [WAY[:2], WAY[:4], WAY, (*WAY[:3], CANCELLED)])
def test_and_no_other(before: tuple[Any, ...]) -> None:
    assert asked_for(an_enrolment_starts_its_route, ENROLLED, *before) == []


def test_a_programme_on_a_route_completes_its_item() -> None:
    """P2: ProgramCompleted → RouteItemCompleted (S1 4.9)."""
    assert asked_for(a_completed_programme_completes_its_item, FINISHED) == [STUDY]


@pytest.mark.parametrize(
    "policy", [an_enrolment_starts_its_route, a_completed_programme_completes_its_item]
)
def test_one_without_a_route_completes_nothing(policy: Policy[Any, Any]) -> None:
    said = ENROLLED if policy is an_enrolment_starts_its_route else FINISHED
    alone = replace(said, route_id=None, route_item_id=None)

    assert asked_for(policy, alone, *WAY[:3]) == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (a_route_starts_with_the_earliest_left, ENROLLED),
        (what_was_done_goes_with_its_completion, FINISHED),
        (an_annulled_study_gives_way_to_another, ANNULLED),
    ],
)
def test_nor_does_it_take_anything_back(policy: Policy[Any, Any], said: Any) -> None:
    apart = {"route_id": None, "route_item_id": None}
    alone = [replace(each, **apart) for each in (ENROLLED, FINISHED)]
    gone = said if said is ANNULLED else replace(said, **apart)

    assert asked_for(policy, gone, *WAY[:3], *alone) == []


@pytest.mark.parametrize(
    ("last", "before"),
    [
        (STUDIED, (*WAY[:4], *EARNED, ATTENDED)),
        (ATTENDED, (*WAY[:4], *EARNED, STUDIED)),
        (STUDIED_AGAIN, (*WAY[:6], *VOID, *EARNED_AGAIN)),
    ],
)
def test_the_last_item_completes_the_route(last: Any, before: tuple[Any, ...]) -> None:
    """S1 4.9: когда пройдены все мероприятия, пройден и маршрут."""
    asked = asked_for(a_route_without_items_left_is_completed, last, *before)

    assert asked == [COMPLETE]


def test_a_route_ends_with_the_last_of_its_days() -> None:
    late = replace(ATTENDED, occurred_on=AFTER)
    way = (*WAY[:4], *EARNED, late)
    asked = asked_for(a_route_without_items_left_is_completed, STUDIED, *way)

    assert asked == [replace(COMPLETE, completed_on=AFTER)]


@pytest.mark.parametrize(
    "before",
    [
        (*WAY[:4], *EARNED),
        (*WAY[:5], *EARNED, CANCELLED),
        (*WAY, *EARNED),
        (*WAY[:4], STUDIED, *VOID),
        (*WAY[:4], STUDIED, *EARNED, NEVER_FINISHED),
    ],
)
def test_a_route_with_items_left_or_at_its_end_is_not(before: tuple[Any, ...]) -> None:
    assert asked_for(a_route_without_items_left_is_completed, ATTENDED, *before) == []


# ── What an enrolment is told of the programme ──────────────────────────────

PROGRAMME = {"program_id": PROGRAM, "program_version": 1}
PROGRAM_DRAFTED = a(ProgramDrafted, **PROGRAMME, competencies=(COMPETENCY,))
LISTED = a(ProgramListed, **PROGRAMME, register="FED")
ASKED = replace(ENROL, offered=None, route=None)


def told(*facts: Any) -> StartEnrolment:
    return of_the_programme_and_the_route.inform(ASKED, heard(*facts))


def in_registers(*registers: Register, by: tuple[int, ...]) -> Offered:
    return Offered(
        competencies=(COMPETENCY,),
        registers=registers,
        listed_by=tuple(EventId(UUID(int=n)) for n in by),
    )


@pytest.mark.parametrize(
    ("listings", "offered"),
    [
        ((), in_registers(by=())),
        ((LISTED,), in_registers("FED", by=(2,))),
        (
            (replace(LISTED, register="REG"), LISTED),
            in_registers("FED", "REG", by=(3, 2)),
        ),
        ((LISTED, LISTED), in_registers("FED", by=(2, 3))),
        ((replace(LISTED, occurred_on=AFTER),), in_registers(by=())),
        ((replace(LISTED, valid_until=AFTER),), in_registers("FED", by=(2,))),
        (
            (replace(LISTED, occurred_on=BEFORE, valid_until=DAY),),
            in_registers(by=()),
        ),
        ((replace(LISTED, program_version=2),), in_registers(by=())),
        (
            (LISTED, a(FactWithdrawn, withdraws=EventId(UUID(int=2)))),
            in_registers(by=()),
        ),
    ],
)
def test_registers_are_those_of_the_day(listings: tuple[Any, ...], offered: Offered) -> None:
    """AM7: реестры — в день зачисления; внесение позже не в счёт (S0 V.1)."""
    assert told(PROGRAM_DRAFTED, *listings).offered == offered


def test_a_version_is_taught_as_it_was_drafted() -> None:
    second = replace(
        PROGRAM_DRAFTED, program_version=2, competencies=(CompetencyId(UUID(int=99)),)
    )

    assert told(PROGRAM_DRAFTED, second).offered == in_registers(by=())


@pytest.mark.parametrize("facts", [(), (replace(PROGRAM_DRAFTED, program_version=2),)])
def test_an_unheard_version_is_not_offered(facts: tuple[Any, ...]) -> None:
    assert told(*facts).offered is None


def test_what_a_caller_made_up_is_overwritten() -> None:
    assert of_the_programme_and_the_route.inform(ENROL, heard()) == ASKED


@pytest.mark.parametrize(
    ("facts", "route"),
    [
        (WAY[:2], None),
        (WAY[:3], ASSIGNED),
        (WAY[:4], ASSIGNED),
        ((*WAY, *EARNED), None),
        ((*WAY, *VOID), ASSIGNED),
        ((*WAY, *VOID, *EARNED_AGAIN, STUDIED_AGAIN), None),
        ((*WAY[:4], CANCELLED), None),
        ((*WAY[:6], *VOID, CANCELLED), None),
    ],
)
def test_a_route_binds_from_its_assignment_to_its_end(
    facts: tuple[Any, ...], route: Any
) -> None:
    """S1 D2.3: зачисляют по назначенному маршруту, пока в нём есть что пройти."""
    assert told(*facts).route == route


def test_another_item_of_a_completed_route_is_not_open() -> None:
    """S1 D2.3: открыто то мероприятие, чьё освоение аннулировано, а не весь маршрут."""
    other = replace(ASKED, route_item_id=EVENT.item_id)
    told_of = of_the_programme_and_the_route.inform(other, heard(*WAY, *VOID))

    assert told_of.route is None


def test_without_a_route_none_is_told() -> None:
    alone = replace(ENROL, **dict.fromkeys(ON_ROUTE))

    assert of_the_programme_and_the_route.inform(alone, heard(*WAY[:3])).route is None


# ── What is heard late ──────────────────────────────────────────────────────

STUDYING = replace(ENROLLED, register_status_at_start=(), listed_by=())


@pytest.mark.parametrize(
    ("before", "said", "registers", "by"),
    [
        ((), LISTED, ("FED",), (3,)),
        ((LISTED,), replace(LISTED, register="REG"), ("FED", "REG"), (3, 4)),
    ],
)
def test_an_enrolment_is_restated_by_what_is_heard_of_its_day(
    before: tuple[Any, ...], said: Any, registers: Any, by: tuple[int, ...]
) -> None:
    """AM7: внесение услышано после зачисления — реестр дня зачисления тот же (S0 V.1)."""
    policy = an_enrolment_knows_the_registers_of_its_day
    [asked] = asked_for(policy, said, PROGRAM_DRAFTED, STUDYING, *before)

    assert asked == Correct(
        event_id=EventId(UUID(int=2)),
        fact=replace(
            STUDYING,
            register_status_at_start=registers,
            listed_by=tuple(EventId(UUID(int=n)) for n in by),
        ),
    )


@pytest.mark.parametrize(
    ("said", "drafted"),
    [
        (replace(LISTED, occurred_on=AFTER), PROGRAM_DRAFTED),
        (replace(LISTED, program_version=2), PROGRAM_DRAFTED),
        (LISTED, replace(PROGRAM_DRAFTED, program_id=ProgramId(UUID(int=99)))),
    ],
)
def test_what_is_not_of_its_day_leaves_it_alone(said: Any, drafted: Any) -> None:
    policy = an_enrolment_knows_the_registers_of_its_day

    assert asked_for(policy, said, drafted, STUDYING) == []


# ── What an item is told of the study ───────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "proof"),
    [
        ((), None),
        ((ENROLLED,), None),
        ((ENROLLED, FINISHED), FINISHED),
        ((ENROLLED, FINISHED, ANNULLED), None),
    ],
)
def test_a_completion_proves_until_it_is_annulled(facts: tuple[Any, ...], proof: Any) -> None:
    """RU14: доказательство — освоение, которое не аннулировано (S1 2)."""
    asked: CompleteItem = of_the_completion.inform(STUDY, heard(*facts))

    assert asked.proof == proof


@pytest.mark.parametrize(
    ("facts", "void"),
    [
        ((*WAY, *EARNED), None),
        ((*WAY[:6], *VOID), ENROLMENT_ID),
        ((*WAY, *VOID), ENROLMENT_ID),
        ((*WAY, *VOID, STUDIED_AGAIN, *EARNED_AGAIN), None),
        ((*WAY[:5], *VOID), None),
    ],
)
def test_an_item_is_open_again_when_its_study_is_void(
    facts: tuple[Any, ...], void: EnrolmentId | None
) -> None:
    """S1 2: освоение аннулировано — мероприятие им больше не пройдено."""
    asked: CompleteItem = of_the_completion.inform(STUDY, heard(*facts))
    ended: CompleteRoute = of_what_is_void.inform(COMPLETE, heard(*facts))

    assert (asked.void, ended.void) == (void, (void,) if void else ())


def test_without_an_enrolment_there_is_no_proof() -> None:
    forged = replace(STUDY, enrolment_id=None, proof=FINISHED)

    assert of_the_completion.inform(forged, heard(ENROLLED, FINISHED)).proof is None
