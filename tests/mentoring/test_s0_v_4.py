"""S0 V.4: формы поддержки и сопровождения молодых педагогов."""

from dataclasses import replace
from typing import Any, get_args
from uuid import UUID

import pytest

from services.mentoring.domain import SUPPORT
from services.mentoring.policies import of_the_supported
from shared.events.mentoring import SupportForm
from shared.kernel import Recorded
from shared.kernel.ids import EventId
from shared.testing.known import heard
from shared.testing.spec import Spec
from tests.mentoring.words import AFTER, BEFORE, BEGIN, BEGUN, END, ENDED, STRANGER, WORKS

type SupportSpec = Spec[Any, Any, Any]


@pytest.mark.parametrize("form", get_args(SupportForm.__value__))
def test_a_teacher_takes_part_in_a_form(support: SupportSpec, form: Any) -> None:
    """S0 V.4: «участвующих в различных формах поддержки и сопровождения»."""
    support.when(replace(BEGIN, form=form))
    support.then(replace(BEGUN, form=form))


def test_a_form_ends(support: SupportSpec) -> None:
    """S0 V.4: поддержка длится с первого дня до последнего."""
    support.given(BEGUN)
    support.when(END)
    support.then(ENDED)


@pytest.mark.parametrize(
    ("past", "asked"),
    [((BEGUN,), BEGIN), ((BEGUN, ENDED), BEGIN), ((BEGUN, ENDED), END)],
)
def test_it_is_already_so(support: SupportSpec, past: tuple[Any, ...], asked: Any) -> None:
    support.given(*past)
    support.when(asked)
    support.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), replace(BEGIN, teacher="unheard")),
        ((), replace(BEGIN, teacher="away")),
        ((), END),
        ((BEGUN,), replace(BEGIN, person_id=STRANGER)),
        ((BEGUN,), replace(BEGIN, form="community")),
        ((BEGUN,), replace(END, ended_on=BEFORE)),
        ((BEGUN, ENDED), replace(END, ended_on=AFTER)),
    ],
)
def test_it_is_refused(support: SupportSpec, past: tuple[Any, ...], asked: Any) -> None:
    """S0 V.4: одна запись — один педагог, одна форма, один срок."""
    support.given(*past)
    support.when(asked)
    support.then_refused("S0 V.4")


@pytest.mark.parametrize(
    ("facts", "possible"),
    [
        ((BEGUN, ENDED), True),
        ((ENDED,), False),
        ((BEGUN, BEGUN), False),
        ((BEGUN, replace(ENDED, person_id=STRANGER)), False),
        ((replace(BEGUN, occurred_on=AFTER), ENDED), False),
    ],
)
def test_a_correction_must_leave_a_possible_life(facts: tuple[Any, ...], possible: Any) -> None:
    history = [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact) for n, fact in enumerate(facts)
    ]

    assert SUPPORT.is_a_life(history) is possible


@pytest.mark.parametrize(
    ("facts", "presence"),
    [
        ((), "unheard"),
        ((WORKS,), "at_work"),
        ((replace(WORKS, occurred_on=AFTER),), "away"),
        ((replace(WORKS, person_id=STRANGER),), "unheard"),
    ],
)
def test_it_is_told_whether_he_works(facts: tuple[Any, ...], presence: str) -> None:
    """S0 V.4: «педагогических работников», которые в этот день работают."""
    assert of_the_supported.inform(BEGIN, heard(*facts)).teacher == presence
