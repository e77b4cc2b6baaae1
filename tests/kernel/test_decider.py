"""What states are made of."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from shared.kernel import but


@dataclass(frozen=True)
class Counted:
    """A state with two fields."""

    name: str
    count: int = 0


def test_another_state_but_for_a_field() -> None:
    """`but` says what `dataclasses.replace` says, and leaves the old state as it was."""
    one = Counted("a", 1)
    two = but(one, count=2)

    assert (one, two) == (Counted("a", 1), replace(one, count=2))
    with pytest.raises(FrozenInstanceError):
        two.count = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_a_field_that_is_not_there_is_none() -> None:
    """A slip of the pen adds no field."""
    with pytest.raises(TypeError, match="sum"):
        but(Counted("a"), sum=1)
