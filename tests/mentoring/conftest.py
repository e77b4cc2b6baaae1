"""What the tests of mentoring start from."""

from typing import Any

import pytest

from services.mentoring.domain import METHODIST, PAIR, SUPPORT
from shared.testing.spec import Spec


@pytest.fixture
def pair() -> Spec[Any, Any, Any]:
    return Spec(PAIR)


@pytest.fixture
def support() -> Spec[Any, Any, Any]:
    return Spec(SUPPORT)


@pytest.fixture
def methodist() -> Spec[Any, Any, Any]:
    return Spec(METHODIST)
