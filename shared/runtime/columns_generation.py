"""One database of a ledger: who reads it, and what was heard in it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from shared.runtime.columns_batch import Heard


@dataclass(slots=True)
class Generation:
    """One database, and who still reads it."""

    name: str
    connection: duckdb.DuckDBPyConnection
    readers: int = 0
    retired: bool = False
    heard: dict[str, Heard] = field(default_factory=dict[str, Heard])
    hearing: dict[str, Heard] = field(default_factory=dict[str, Heard])

    @contextmanager
    def written(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Write in one transaction; only after it is what came in it `heard`."""
        self.hearing = dict(self.heard)
        with written(self.connection) as writer:
            yield writer
        self.heard = self.hearing


@contextmanager
def written(
    connection: duckdb.DuckDBPyConnection,
) -> Generator[duckdb.DuckDBPyConnection]:
    """Write in one transaction."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
