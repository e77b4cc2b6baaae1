"""Policies: whenever this is heard, and given what is known, then those commands."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from shared.kernel.history import Recorded
from shared.kernel.ids import EventId


@dataclass(frozen=True, kw_only=True)
class Borrowed[Document, Fact]:
    """What a service keeps of facts about one id: a document, folded from their history.

    The facts may be a neighbour's or its own. What is kept is the history, so that a
    correction or a withdrawal heard later folds it anew. `evolve` gets the id of the
    record as well, for a command that must cite its evidence.
    """

    name: str
    facts: tuple[type[Any], ...]
    about: Callable[[Fact], UUID]
    initial: Document
    evolve: Callable[[Document, Fact, EventId], Document]


class Known(Protocol):
    """All that is borrowed, the fact just heard included."""

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        ...

    def every[D](self, borrowed: Borrowed[D, Any], about: Iterable[UUID]) -> Iterator[D]:
        """Return the document about each of these, all read at once."""
        ...

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a claimed key, if anybody does."""
        ...

    def history(self, stream: UUID) -> Sequence[Recorded[Any]]:
        """Return all that was said of another thing of the same service."""
        ...


@dataclass(frozen=True)
class Policy[Fact, Command]:
    """A named, pure reaction. The name goes into the ids of its commands: keep it.

    If `gone`, it reacts to a fact that stands no more as it stood.
    """

    name: str
    facts: tuple[type[Any], ...]
    react: Callable[[Fact, Known], Iterable[Command]]
    gone: bool = False


def whenever[F, C](
    *facts: type[F], name: str
) -> Callable[[Callable[[F, Known], Iterable[C]]], Policy[F, C]]:
    """Read as: whenever one of FACTS is heard, this function says what to do."""
    return lambda react: Policy(name, facts, react)


def whenever_gone[F, C](
    *facts: type[F], name: str
) -> Callable[[Callable[[F, Known], Iterable[C]]], Policy[F, C]]:
    """Read as: whenever one of FACTS is withdrawn or said anew, this says what to do.

    It is given the fact as it stood; what is known is without it.
    """
    return lambda react: Policy(name, facts, react, gone=True)


@dataclass(frozen=True)
class Informed[Command]:
    """Before a command is decided, what is known is written into it as evidence."""

    command: type[Any]
    inform: Callable[[Command, Known], Command]


def informs[C](
    command: type[C],
) -> Callable[[Callable[[C, Known], C]], Informed[C]]:
    """Read as: this function tells COMMAND what its guards must know."""
    return lambda inform: Informed(command, inform)


@dataclass(frozen=True, kw_only=True)
class Restated:
    """A fact that is said anew as its command would be answered, by what is known.

    The command has the fields of the fact, and one day of its own for `occurred_on`.
    `inform` is given where evidence for the past is other than for the present. What the
    decision adds to the fact, of the classes that it `derives`, is derived anew. What was
    said later and repeats a part of the fact, of the classes of `repeated`, is said anew.
    `by_evidence` says the fact as what is known gives it, None where that is unknown: so it
    may be said also where its command would not pass today.
    """

    fact: type[Any]
    command: type[Any]
    inform: Callable[[Any, Known], Any] | None = None
    derives: tuple[type[Any], ...] = ()
    repeated: tuple[type[Any], ...] = ()
    by_evidence: Callable[[Any, Known], Any | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Stands[Fact]:
    """Facts that stand on a thing of a decider, `on`, in another stream of the service.

    `streams` says on which things a fact stands: they can't be withdrawn altogether.
    """

    on: str
    facts: tuple[type[Any], ...]
    streams: Callable[[Fact], Iterable[UUID]]


@dataclass(frozen=True, kw_only=True)
class Concerns[Fact]:
    """Facts of several people's records: the right is asked at the home of each.

    Who has it for some of the records alone is refused by a `clause` for a `reason`.
    What is `told` is said in each region where one of these people is at home.
    """

    facts: tuple[type[Any], ...]
    people: Callable[[Fact, Known], Iterable[UUID]]
    clause: str
    reason: str
    told: bool = False


@dataclass(frozen=True, kw_only=True)
class Projection[Document, Fact]:
    """A document for each stream that has one of these facts, folded from its history.

    `document` is a dictionary of plain values, as JSON has them; `name` is the home of
    all documents of this kind. `None` is no document (yet, or any more). `leads` are the
    facts that say where its thing is at home, where not every one of them does.
    """

    name: str
    facts: tuple[type[Any], ...]
    evolve: Callable[[Document | None, Fact], Document | None]
    leads: tuple[type[Any], ...] = ()
