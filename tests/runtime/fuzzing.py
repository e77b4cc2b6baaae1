"""schemathesis over one application: whatever is sent, the answer is as described."""

import re
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Err

from shared.runtime.web_commands import KEY

PLACE = re.compile(r"[\w-]+")
ANSWERS = SchemathesisConfig.from_dict({
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": [200, 401, 403, 404, 409, 412, 503],
        }
    }
})  # fmt: skip
"""A good request may be refused by the regulation, by a version, by who asks."""

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def every_answer_is_as_described(app: Any, token: str, *, examples: int = 25) -> list[str]:
    """Send made-up requests to every operation; return which were asked.

    Fails on a 5xx, on an undocumented status, on an answer of another shape, on bad
    input that is taken for good, on a request without a token that is answered.
    """
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=ANSWERS)
    headers = {"Authorization": f"Bearer {token}"}
    asked: list[str] = []
    for found in schema.get_all_operations():
        assert not isinstance(found, Err)
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=SLOW,
        )
        def answers(case: Case[Any]) -> None:
            case.query.pop("wait", None)  # nobody has time to wait for news
            if PLACE.fullmatch(str(case.query.get("after", ""))):
                case.query.pop("after")  # a cursor is made by a page alone
            if str(case.query.get("min_position", "")).isdigit():
                case.query.pop("min_position")  # 503 is the promised answer there
            if KEY.fullmatch(case.headers.get("Idempotency-Key", "")):
                case.headers["Idempotency-Key"] = str(uuid4())
            case.call_and_validate(headers=headers)

        answers()
        asked.append(operation.label)
    return asked
