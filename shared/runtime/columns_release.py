"""Which release made a ledger's file: its tables must be this one's, its words become so.

A word is a macro in the file, so a file of an earlier release would go on answering as
that release did.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import duckdb

from shared.kernel import Kind, catalogue
from shared.runtime.told import Told

OWN = """
CREATE TABLE records (
    source VARCHAR, position BIGINT, recorded_at TIMESTAMPTZ, event_id UUID,
    name VARCHAR, readable BOOLEAN
);
CREATE TABLE heard (source VARCHAR, epoch UUID, position BIGINT, recorded_at TIMESTAMPTZ);
CREATE TABLE heartbeat (source VARCHAR, epoch UUID, position BIGINT, recorded_at TIMESTAMPTZ);
CREATE TABLE made (tables VARCHAR, words VARCHAR);
"""


class Logless(Told):
    """The logs at hand do not hold what it knows, and so it can't be made anew of them."""


class OtherRelease(Exception):  # noqa: N818 - said of a file
    """Its tables are those of another release: the logs must be read again.

    `heard` says how far it had heard each of them.
    """

    def __init__(self, heard: Mapping[str, int]) -> None:
        super().__init__()
        self.heard = heard

    def require_logs(self, folder: Path, ends: Callable[[], Mapping[str, int]] | None) -> None:
        """Raise `Logless` if the logs, where their ends are known, go less far than it had."""
        there = ends() if ends else self.heard
        if any(position > there.get(source, 0) for source, position in self.heard.items()):
            raise Logless(
                f"{folder} is of another release and was made without these logs:"
                " ask it with that release, or make it anew"
            )


class Language(Protocol):
    """What a ledger is made of, text only."""

    def tables(self, kinds: Iterable[Kind], /) -> str:
        """Return the tables of an empty ledger."""
        ...

    def words(self, kinds: Iterable[Kind], /) -> str:
        """Return the macros that read them, each instead of an earlier one of its name."""
        ...


def begin(writer: duckdb.DuckDBPyConnection, language: Language) -> None:
    """Make an empty ledger."""
    tables, words = _texts(language)
    writer.execute(tables + words)
    writer.execute("INSERT INTO made VALUES (?, ?)", [_hash(tables), _hash(words)])


def renew(writer: duckdb.DuckDBPyConnection, language: Language) -> None:
    """Let a ledger speak as this release does. Raises `OtherRelease`."""
    tables, words = _texts(language)
    made = _all(writer, "made", "tables, words")
    if made == [(_hash(tables), _hash(words))]:
        return
    if not made or made[0][0] != _hash(tables):
        raise OtherRelease(dict(_all(writer, "heard", "source, position")))
    writer.execute(words)
    writer.execute("UPDATE made SET words = ?", [_hash(words)])


def _all(writer: duckdb.DuckDBPyConnection, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table; none if it is not there: older, or killed in the making."""
    there = writer.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table])
    if there.fetchall() == [(0,)]:
        return []
    return writer.execute(f"SELECT {columns} FROM {table}").fetchall()


def _texts(language: Language) -> tuple[str, str]:
    kinds = [catalogue[name] for name in sorted(catalogue)]
    schemas = "".join(f"-- {each.name} {each.schema}\n" for each in kinds)
    return OWN + schemas + language.tables(kinds), language.words(kinds)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
