"""Whatever is sent to a service, it answers as its OpenAPI document says."""

from pathlib import Path

import pytest

from tests.runtime.fuzzing import every_answer_is_as_described
from tests.runtime.webworld import NOW, World


@pytest.mark.parametrize("who", ["federal", "r25", "operator"])
def test_every_answer_is_as_described(tmp_path: Path, who: str) -> None:
    world = World(tmp_path)
    world.draft("r25")
    token = world.issuer.issue(who, now=NOW)
    asked = every_answer_is_as_described(world.app, token)
    assert len(asked) == 10
    world.close()
