"""What makes a service: its pure parts, listed once, in its composition root."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.kernel import Borrowed, Decider, Informed, Policy, Projection


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of the five. `names_people` is the right to open sealed fields."""

    name: str
    deciders: tuple[Decider[Any, Any, Any], ...]
    policies: tuple[Policy[Any, Any], ...] = ()
    informed: tuple[Informed[Any], ...] = ()
    borrowed: tuple[Borrowed[Any, Any], ...] = ()
    projections: tuple[Projection[Any, Any], ...] = ()
    names_people: bool = False

    def heard_kinds(self) -> Iterator[type[Any]]:
        """Name each class of facts that this service listens to."""
        for each in (*self.policies, *self.borrowed):
            yield from each.facts
