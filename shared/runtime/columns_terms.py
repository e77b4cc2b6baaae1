"""What a ledger is spoken of in: what it is made of, what it takes, what an answer may know."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shared.kernel import Kind
from shared.runtime import columns_release
from shared.runtime.log import Record

type Vector = dict[str, tuple[UUID, int]]
"""Of each log its epoch and a position: everything up to there is known."""

type Came = Sequence[Record | bytes]
"""Records as a log holds them, or as they came on the wire."""

type Logs = Callable[[Mapping[str, int]], Iterable[Came]]
"""Given how far each source is heard, what follows, batch by batch, to the ends."""


class Language(columns_release.Language, Protocol):
    """The words of the ledger (`services.monitoring.ledger`), text only."""

    def table(self, kind: Kind, /) -> str:
        """Return the name of a fact's table."""
        ...

    def columns(self, kind: Kind, /) -> dict[str, str]:
        """Return the columns of a fact's table and their types."""
        ...

    def replace(self, kind: Kind, /) -> str:
        """Return what marks the facts that `amendments` restate or withdraw."""
        ...

    def by_level(self, members: str, unit: str, aggregate: str, /) -> str:
        """Return the sums of an indicator at every level."""
        ...

    def at_scope(self, members: str, aggregate: str, /) -> str:
        """Return the sum of an indicator inside one scope."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: put into tables, not readable by this code, known before."""

    applied: int = 0
    skipped: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class AsKnown:
    """What an answer may know, and the logs that may have said more by the moment asked."""

    vector: Vector
    lagging: tuple[str, ...] = ()

    @property
    def known(self) -> dict[str, int]:
        """Return the vector as the ledger's words take it."""
        return {source: position for source, (_, position) in self.vector.items()}
