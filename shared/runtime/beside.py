"""What stands beside the records of a log, against what the log says (contracts §2, §4).

No leaf holds an answer, a claimed key, a mark, what is kept of others, or what was put
aside. What follows from the log is derived anew and compared; of the rest is checked what it
names. `beside_answers`, `beside_claims`, `beside_heard` and `beside_known` each say what
can't be told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.runtime.log import Record
from shared.runtime.store_log import PAGE, Epoch, LogStore, Still

type Neighbours = Mapping[str, LogStore]
"""source → the logs of others that are at hand, and are sound."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that is not what the log says: of which table, which one, and in what."""

    table: str
    which: str
    what: str

    def __str__(self) -> str:
        return f"{self.table} {self.which}: {self.what}"


def pages(log: Still) -> Iterator[list[Record]]:
    """Read a log from its first record to its end, page by page."""
    after = 0
    while page := log.read(after, PAGE):
        yield [*page]
        after = page[-1].position


def shown(cell: Any) -> str:
    """Name a row by a cell of its key, whatever is in it."""
    if isinstance(cell, bytes):
        return str(UUID(bytes=cell)) if len(cell) == len(UUID(int=0).bytes) else cell.hex()
    return str(cell) if isinstance(cell, UUID | str | int) else type(cell).__name__


def as_id(cell: Any) -> UUID:
    """Read an id as either store keeps it. Raises one of `tree.UNREADABLE`."""
    return cell if isinstance(cell, UUID) else UUID(bytes=cell)


def has_left(epochs: list[Epoch], epoch: UUID, position: int) -> bool:
    """Say whether a log branched before this position, so that it may have had another."""
    after = [each.branched_at for each in epochs if each.parent == epoch]
    return any(each < position for each in after)
