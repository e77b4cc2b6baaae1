"""What the tests of a session start from."""

from typing import Any

import pytest

from services.diagnostics.domain import SESSION
from shared.testing.spec import Spec


@pytest.fixture
def session() -> Spec[Any, Any, Any]:
    return Spec(SESSION)
