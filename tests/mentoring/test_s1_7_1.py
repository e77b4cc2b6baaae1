"""S1 7.1: «не более 250 человек» за одним региональным методистом."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import METHODIST, MOST
from services.mentoring.policies import of_his_charge
from shared.kernel import Claim, Recorded, Release
from shared.kernel.ids import EventId, PersonId
from shared.testing.facts import DAY
from shared.testing.known import heard
from shared.testing.spec import Spec
from tests.mentoring.words import (
    AFTER,
    ATTACH,
    ATTACHED,
    BEFORE,
    DETACH,
    DETACHED,
    METHODIST_ID,
    OTHER_METHODIST,
    PERSON,
    STRANGER,
    TEACHER,
    WAY,
)

type MethodistSpec = Spec[Any, Any, Any]

TEACHERS = [PersonId(UUID(int=1000 + n)) for n in range(MOST)]
LATER = DAY + timedelta(days=9)
MANY = [replace(ATTACHED, person_id=each) for each in TEACHERS]


def test_the_250th_teacher_is_attached(methodist: MethodistSpec) -> None:
    """RU7: «количество педагогических работников, закрепленных за 1 региональным
    методистом … не более 250 человек» (S1 7.1)."""
    methodist.given(*WAY, *MANY[:249])
    methodist.when(ATTACH)
    methodist.then(ATTACHED)


def test_the_251st_is_not(methodist: MethodistSpec) -> None:
    """RU7: «к 2024 году - не более 250 человек»: 251-го не закрепляют (S1 7.1)."""
    methodist.given(*WAY, *MANY)
    methodist.when(ATTACH)
    methodist.then_refused("S1 7.1")


def test_one_who_is_attached_is_so_still_when_it_is_full(methodist: MethodistSpec) -> None:
    methodist.given(*WAY, *MANY)
    methodist.when(replace(ATTACH, person_id=TEACHERS[0]))
    methodist.then()


def test_who_leaves_makes_room(methodist: MethodistSpec) -> None:
    """RU7: откреплённый больше не в счёт (S1 7.1)."""
    methodist.given(*WAY, *MANY, replace(DETACHED, person_id=TEACHERS[0]))
    methodist.when(ATTACH)
    methodist.then(ATTACHED)


GONE = replace(DETACHED, person_id=TEACHERS[0], occurred_on=LATER)


@pytest.mark.parametrize("on", [DAY, AFTER])
def test_room_that_somebody_makes_is_no_room_before(methodist: MethodistSpec, on: date) -> None:
    """RU7: задним числом 251-го не закрепить: в тот день их было 250 (S1 7.1)."""
    methodist.given(*WAY, *MANY, GONE)
    methodist.when(replace(ATTACH, attached_on=on))
    methodist.then_refused("S1 7.1")


def test_there_is_room_from_the_day_on_which_somebody_leaves(methodist: MethodistSpec) -> None:
    """RU7: в день открепления он уже не закреплён (S1 7.1)."""
    methodist.given(*WAY, *MANY, GONE)
    methodist.when(replace(ATTACH, attached_on=LATER))
    methodist.then(replace(ATTACHED, occurred_on=LATER))


def test_who_came_and_went_later_is_in_the_way_too(methodist: MethodistSpec) -> None:
    """RU7: не более 250 в каждый день, а не только в первый (S1 7.1)."""
    came = replace(MANY[249], occurred_on=AFTER)
    went = replace(GONE, person_id=TEACHERS[249])
    methodist.given(*WAY, *MANY[:249], came, went)
    methodist.when(ATTACH)
    methodist.then_refused("S1 7.1")


def test_a_correction_makes_no_251_on_any_day() -> None:
    """RU7: открепление исправлено на день позже, чем закрепили другого (S1 7.1)."""
    new = replace(ATTACHED, occurred_on=LATER)
    facts = [*WAY, *MANY, GONE, new]
    history = [Recorded(event_id=EventId(UUID(int=n)), fact=f) for n, f in enumerate(facts)]
    later = replace(GONE, occurred_on=LATER + timedelta(days=1))
    corrected = Recorded(
        event_id=EventId(UUID(int=9999)), fact=later, corrects=history[-2].event_id
    )

    assert METHODIST.is_a_life(history)
    assert not METHODIST.is_a_life([*history, corrected])


def test_a_history_of_251_at_once_is_no_life() -> None:
    """RU7: и исправлением 251-го не закрепить (S1 7.1)."""
    facts = [*WAY, *MANY, ATTACHED]
    history = [Recorded(event_id=EventId(UUID(int=n)), fact=f) for n, f in enumerate(facts)]

    assert METHODIST.is_a_life(history[:-1])
    assert not METHODIST.is_a_life(history)


@pytest.mark.parametrize(
    ("past", "asked", "said"),
    [
        ((), ATTACH, ATTACHED),
        ((ATTACHED,), DETACH, DETACHED),
        (
            (ATTACHED, DETACHED),
            replace(ATTACH, attached_on=AFTER),
            replace(ATTACHED, occurred_on=AFTER),
        ),
    ],
)
def test_a_teacher_is_attached_detached_and_attached(
    methodist: MethodistSpec, past: tuple[Any, ...], asked: Any, said: Any
) -> None:
    """S1 7.1: «закрепленных … для осуществления методического сопровождения»."""
    methodist.given(*WAY, *past)
    methodist.when(asked)
    methodist.then(said)


@pytest.mark.parametrize(
    ("past", "asked"), [((ATTACHED,), ATTACH), ((ATTACHED, DETACHED), DETACH)]
)
def test_it_is_already_so(methodist: MethodistSpec, past: tuple[Any, ...], asked: Any) -> None:
    methodist.given(*WAY, *past)
    methodist.when(asked)
    methodist.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), replace(ATTACH, attached_on=BEFORE)),
        ((), replace(ATTACH, teacher="unheard")),
        ((), replace(ATTACH, teacher="away")),
        ((), replace(ATTACH, methodist="away")),
        ((), replace(ATTACH, person_id=PERSON)),
        ((), DETACH),
        ((ATTACHED,), replace(ATTACH, attached_on=AFTER)),
        ((ATTACHED,), replace(DETACH, reason=" ")),
        ((ATTACHED,), replace(DETACH, detached_on=BEFORE)),
        ((ATTACHED,), replace(DETACH, person_id=STRANGER)),
        ((ATTACHED, replace(DETACHED, occurred_on=AFTER)), ATTACH),
        ((ATTACHED, DETACHED), replace(DETACH, reason="Другая")),
    ],
)
def test_it_is_refused(methodist: MethodistSpec, past: tuple[Any, ...], asked: Any) -> None:
    """S1 7.1: закрепляют и открепляют по порядку дней, с причиной."""
    methodist.given(*WAY, *past)
    methodist.when(asked)
    methodist.then_refused("S1 7.1")


@pytest.mark.parametrize("asked", [ATTACH, DETACH])
@pytest.mark.parametrize("n", range(5))
def test_nobody_is_attached_to_a_candidate(
    methodist: MethodistSpec, n: int, asked: Any
) -> None:
    """S1 7.1: закрепляют за методистом, который приступил."""
    methodist.given(*WAY[:n])
    methodist.when(asked)
    methodist.then_refused("S1 7.1")


def test_a_teacher_has_one_methodist_at_a_time() -> None:
    """S1 7.1: «закрепленных за 1 региональным методистом»."""
    [claim] = METHODIST.claims(ATTACHED)
    [release] = METHODIST.claims(DETACHED)

    assert isinstance(claim, Claim)
    assert claim.clause == "S1 7.1"
    assert release == Release("attached", str(TEACHER), METHODIST_ID)
    assert (claim.kind, claim.key, claim.holder) == ("attached", str(TEACHER), METHODIST_ID)
    assert not [each for fact in WAY[1:] for each in METHODIST.claims(fact)]


ELSEWHERE = replace(ATTACHED, methodist_id=OTHER_METHODIST)
LEFT = replace(DETACHED, methodist_id=OTHER_METHODIST, occurred_on=LATER)


@pytest.mark.parametrize(
    ("facts", "left_on"),
    [
        ((), None),
        ((ELSEWHERE,), None),  # the key is held: the claim refuses
        ((ELSEWHERE, LEFT), LATER),
        ((ELSEWHERE, replace(LEFT, person_id=STRANGER)), None),
        ((ATTACHED, replace(DETACHED, occurred_on=LATER)), None),
        (
            (ELSEWHERE, LEFT, replace(ELSEWHERE, occurred_on=LATER), replace(LEFT, reason="")),
            LATER,
        ),
    ],
)
def test_it_is_told_when_he_left_another_methodist(
    facts: tuple[Any, ...], left_on: date | None
) -> None:
    """S1 7.1: до какого дня педагог был закреплён за другим методистом."""
    assert of_his_charge.inform(ATTACH, heard(*facts)).left_other_on == left_on


@pytest.mark.parametrize(("on", "may"), [(AFTER, False), (LATER, True)])
def test_nobody_is_attached_to_two_on_any_day(
    methodist: MethodistSpec, on: date, *, may: bool
) -> None:
    """S1 7.1: и задним числом педагог не закреплён за двумя сразу."""
    methodist.given(*WAY)
    methodist.when(replace(ATTACH, attached_on=on, left_other_on=LATER))
    if may:
        methodist.then(replace(ATTACHED, occurred_on=on))
    else:
        methodist.then_refused("S1 7.1")
