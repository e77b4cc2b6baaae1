"""What makes a service: its pure parts, listed once, in its composition root."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from shared.kernel import (
    Borrowed,
    Concerns,
    Decider,
    Informed,
    Policy,
    Projection,
    Restated,
    Stands,
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """One of the five. `names_people` is the right to open sealed fields."""

    name: str
    deciders: tuple[Decider[Any, Any, Any], ...]
    policies: tuple[Policy[Any, Any], ...] = ()
    informed: tuple[Informed[Any], ...] = ()
    restated: tuple[Restated, ...] = ()
    stands: tuple[Stands[Any], ...] = ()
    concerns: tuple[Concerns[Any], ...] = ()
    borrowed: tuple[Borrowed[Any, Any], ...] = ()
    projections: tuple[Projection[Any, Any], ...] = ()
    names_people: bool = False

    def heard_kinds(self) -> Iterator[type[Any]]:
        """Name each class of facts that this service listens to."""
        for each in (*self.policies, *self.borrowed):
            yield from each.facts


class Hears(Protocol):
    """Whatever waits for facts: a policy, or a borrowed document."""

    @property
    def facts(self) -> tuple[type[Any], ...]:
        """Return the classes of facts that it waits for."""
        ...


def by_fact[H: Hears](those: Iterable[H]) -> dict[type[Any], list[H]]:
    """Say who waits for a class of facts, in the order given."""
    found: dict[type[Any], list[H]] = {}
    for each in those:
        for fact in each.facts:
            found.setdefault(fact, []).append(each)
    return found
