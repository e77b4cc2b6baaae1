"""What states are made of."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from shared.kernel import but


@dataclass(frozen=True)
class Counted:
    """A state with two fields."""

    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A command of two fields, with slots, as all commands and facts have them."""

    name: str
    count: int = 0


@pytest.mark.parametrize("kind", [Counted, Asked])
def test_another_one_but_for_a_field(kind: type[Counted | Asked]) -> None:
    """`but` says what `dataclasses.replace` says, and leaves the old one as it was."""
    one = kind("a", 1)
    two = but(one, count=2)

    assert (one, two) == (kind("a", 1), replace(one, count=2))
    with pytest.raises(FrozenInstanceError):
        two.count = 3  # pyright: ignore[reportAttributeAccessIssue] - that it cannot is the test


@pytest.mark.parametrize("kind", [Counted, Asked])
def test_a_field_that_is_not_there_is_none(kind: type[Counted | Asked]) -> None:
    """A slip of the pen adds no field."""
    with pytest.raises(TypeError, match="sum"):
        but(kind("a"), sum=1)
