"""What the tests of routes start from."""

from typing import Any

import pytest

from services.routes.domain import ENROLMENT, ROUTE
from shared.testing.spec import Spec


@pytest.fixture
def route() -> Spec[Any, Any, Any]:
    return Spec(ROUTE)


@pytest.fixture
def enrolment() -> Spec[Any, Any, Any]:
    return Spec(ENROLMENT)
