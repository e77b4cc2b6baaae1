"""Which release made a ledger's file: its tables must be this one's, its words become so.

A word is a macro in the file, so a file of an earlier release would go on answering as
that release did.
"""

import hashlib
from collections.abc import Iterable
from typing import Protocol

import duckdb

from shared.kernel import Kind, catalogue

OWN = """
CREATE TABLE records (
    source VARCHAR, position BIGINT, recorded_at TIMESTAMPTZ, event_id UUID,
    name VARCHAR, readable BOOLEAN
);
CREATE TABLE heard (source VARCHAR, epoch UUID, position BIGINT, recorded_at TIMESTAMPTZ);
CREATE TABLE heartbeat (source VARCHAR, epoch UUID, position BIGINT, recorded_at TIMESTAMPTZ);
CREATE TABLE made (tables VARCHAR, words VARCHAR);
"""


class OtherRelease(Exception):  # noqa: N818 - said of a file
    """Its tables are those of another release: the logs must be read again."""


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
    try:
        made = writer.execute("SELECT tables, words FROM made").fetchall()
    except duckdb.CatalogException:  # made before releases were told apart
        made = []
    if made == [(_hash(tables), _hash(words))]:
        return
    if not made or made[0][0] != _hash(tables):
        raise OtherRelease
    writer.execute(words)
    writer.execute("UPDATE made SET words = ?", [_hash(words)])


def _texts(language: Language) -> tuple[str, str]:
    kinds = [catalogue[name] for name in sorted(catalogue)]
    schemas = "".join(f"-- {each.name} {each.schema}\n" for each in kinds)
    return OWN + schemas + language.tables(kinds), language.words(kinds)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
