"""What the tests of mentoring start from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.mentoring.domain import METHODIST, PAIR, SUPPORT
from shared.testing.spec import Spec
from tests.mentoring.made import UNTOLD, Mentoring, at_work
from tests.mentoring.words import (
    ACTIVATE,
    AFTER,
    AT_SCHOOL,
    ATTACH,
    AWARDED,
    DETACH,
    EDUCATED,
    ENROLMENT,
    PERSON,
    POOL,
    PROGRAM,
    SCHOOL,
    SESSION,
    STRANGER,
    STUDIED,
    TAUGHT,
    TEACHER,
    TESTED,
    WORKS,
)


@pytest.fixture
def pair() -> Spec[Any, Any, Any]:
    return Spec(PAIR)


@pytest.fixture
def support() -> Spec[Any, Any, Any]:
    return Spec(SUPPORT)


@pytest.fixture
def methodist() -> Spec[Any, Any, Any]:
    return Spec(METHODIST)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Mentoring]:
    yield (made := Mentoring(tmp_path))
    made.close()


@pytest.fixture
def pooled(empty: Mentoring) -> Mentoring:
    """A teacher of a school, whom the registry knows, is in the pool."""
    empty.hears(SCHOOL, AT_SCHOOL)
    empty.hears(PERSON, WORKS, AWARDED, EDUCATED)
    empty.hears(PROGRAM, TAUGHT)
    assert empty.asks(UNTOLD, POOL) == ["accepted"] * 2
    return empty


@pytest.fixture
def trained(pooled: Mentoring) -> Mentoring:
    """And he has passed and studied; there is a teacher to be attached."""
    at_work(pooled, TEACHER)
    pooled.hears(SESSION, TESTED)
    pooled.hears(ENROLMENT, STUDIED)
    return pooled


@pytest.fixture
def active(trained: Mentoring) -> Mentoring:
    """And he is a methodist, and had a teacher."""
    at_work(trained, STRANGER)
    asked = (ACTIVATE, ATTACH, replace(DETACH, detached_on=AFTER))
    assert trained.asks(*asked) == ["accepted"] * 3
    return trained
