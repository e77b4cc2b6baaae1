"""Ids of things that have a natural key."""

from uuid import uuid5

import pytest

from shared.kernel.ids import NAMES, named


@pytest.mark.parametrize("parts", [("region", "25"), ("org", "Школа № 1"), ("", "", "")])
def test_an_id_follows_from_the_words_as_everybody_computes_it(parts: tuple[str, ...]) -> None:
    """RFC 9562, 5.5: whoever knows the namespace finds the same id, also of another release."""
    assert named(*parts) == uuid5(NAMES, "/".join(parts))
