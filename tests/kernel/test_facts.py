"""Facts and commands are made quickly, and are frozen dataclasses all the same."""

from copy import deepcopy
from dataclasses import FrozenInstanceError, fields, replace
from pickle import dumps, loads
from typing import Any

import pytest

from services.registry.domain import StartEmployment
from services.registry.domain.organisation import UNHEARD_OF
from shared.kernel import Claim, Sealed
from shared.kernel.ids import named

ASKED: dict[str, Any] = {
    **{each: named(each) for each in ("employment_id", "person_id", "org_id")},
    "position_class": "PED",
    "is_teacher": True,
    "subject_code": None,
    "is_main": True,
    "started_on": None,
}


def test_each_field_is_where_it_was_put() -> None:
    """A field that is left out has its default, the others what was given."""
    made = StartEmployment(**ASKED)
    assert {each.name: getattr(made, each.name) for each in fields(made)} == ASKED | {
        "organisation": UNHEARD_OF,
        "human": (),
    }


def test_what_is_missing_or_unknown_is_refused() -> None:
    """As `dataclass` refuses it."""
    wrong: dict[str, Any]
    for wrong in ({"person_id": None}, ASKED | {"other": 1}):
        with pytest.raises(TypeError):
            StartEmployment(**wrong)


def test_what_is_made_stays_as_it_is() -> None:
    """It is frozen, equal by its fields, and may be copied, pickled and replaced."""
    made = StartEmployment(**ASKED)
    with pytest.raises(FrozenInstanceError):
        made.is_main = False  # pyright: ignore[reportAttributeAccessIssue] - the test
    assert made == deepcopy(made) == loads(dumps(made))  # noqa: S301 - of our own
    assert replace(made, is_main=False) != made


def test_what_is_named_by_place_stays_so() -> None:
    """A claim and a sealed field take their parts in order."""
    who = named("who")
    assert Claim("snils", "112", who, "S1 5.5", "why").holder == who
    assert Sealed(who, who, "A256GCM", "text").ciphertext == "text"
