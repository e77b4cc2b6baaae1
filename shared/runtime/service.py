"""What makes a service: its pure parts, listed once, in its composition root."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, Protocol

from shared.kernel import (
    Borrowed,
    Concerns,
    Decider,
    Informed,
    Known,
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


@dataclass(frozen=True, slots=True)
class Course:
    """How commands of one class go: who decides them, and what they are told before.

    One that is `keyed` says in which key an erasure will destroy.
    """

    decider: Decider[Any, Any, Any]
    inform: Callable[[Any, Known], Any] | None
    keyed: bool

    def told(self, command: Any, known: Known) -> Any:
        """Write into a command what its guards must know."""
        return self.inform(command, known) if self.inform else command


def courses(service: Service) -> dict[type[Any], Course]:
    """Say how each class of commands goes."""
    informed = {each.command: each.inform for each in service.informed}
    return {
        command: Course(each, informed.get(command), _is_keyed(command))
        for each in service.deciders
        for command in each.commands
    }


def _is_keyed(command: type[Any]) -> bool:
    return any(each.name == "key_id" for each in fields(command))


class Reactions:
    """What the policies of a service do about what is heard or said."""

    def __init__(self, policies: Iterable[Policy[Any, Any]]) -> None:
        policies = [*policies]
        self._new = by_fact(each for each in policies if not each.gone)
        self._gone = by_fact(each for each in policies if each.gone)

    @property
    def facts(self) -> Iterable[type[Any]]:
        """Return the classes of facts that some policy waits for."""
        return self._new.keys()

    def wait_for(self, fact: Any, gone: Any = None) -> bool:
        """Say whether any waits for this fact, or for the one that is gone with it."""
        return type(fact) in self._new or type(gone) in self._gone

    def to(self, fact: Any, gone: Any, known: Known) -> Iterator[tuple[str, Any]]:
        """Yield each command that follows of a fact, with a name of its own.

        First of the one that is `gone` with it, if it was withdrawn or is said anew. What is
        known may be more by the time that the next is asked for.
        """
        for policy, about in chain(
            ((each, gone) for each in self._gone.get(type(gone), ())),
            ((each, fact) for each in self._new.get(type(fact), ())),
        ):
            for n, command in enumerate(policy.react(about, known)):
                yield f"{policy.name}/{n}", command
