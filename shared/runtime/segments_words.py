"""What makes a ledger out of segments, in SQL: for a file of our own, and for any client.

Amendments are not in the segments: a record that was sealed would have to be written
again when it is restated. So they are found anew, by the ledger's own words.
"""

from collections.abc import Iterable, Iterator, Mapping

from shared.kernel import Kind, Withdrawal, catalogue
from shared.runtime.columns import Language
from shared.runtime.segments import UNREAD, UNREAD_COLUMNS, Manifest, stored

HEAD = """\
-- The ledger over the Parquet files beside this text, for the public client of DuckDB.
-- Run it where it stands, or after SET file_search_path = '<folder>'. Then ask
-- indicators/*.sql with $as_of (DATE), $scope ('' is the country) and $known, a MAP of log
-- to position: FROM heard shows up to where each log is here; less is earlier knowledge.
DROP SCHEMA IF EXISTS amended CASCADE;
CREATE SCHEMA amended;
CREATE SCHEMA IF NOT EXISTS sealed;
"""


def read(columns: Mapping[str, str], files: Iterable[str]) -> str:
    """Return what reads files as rows of a table."""
    row = ", ".join(f"CAST({name} AS {type_}) AS {name}" for name, type_ in columns.items())
    return f"SELECT {row} FROM read_parquet([{', '.join(f"'{quoted(f)}'" for f in files)}])"


def written(columns: Mapping[str, str]) -> str:
    """Return the columns of a table as they are written into a segment."""
    row = (f"CAST({name} AS {stored(type_)}) AS {name}" for name, type_ in columns.items())
    return ", ".join(row)


def quoted(text: str) -> str:
    """Return a text as it stands between quotes."""
    return text.replace("'", "''")


def records(tables: Mapping[str, str], unread: str | None) -> str:
    """Return what reads the index of all records out of the tables of facts, by name."""
    of_facts = (
        f"SELECT source, position, recorded_at, event_id, '{name}' AS name, TRUE AS readable"
        f" FROM {table}"
        for name, table in tables.items()
    )
    return " UNION ALL ".join(
        [*of_facts, *([f"SELECT *, FALSE AS readable FROM {unread}"] if unread else [])]
    )


def amendments(tables: Mapping[str, str]) -> str:
    """Return what finds the records that restate or withdraw others."""
    withdrawn = (
        f"SELECT name, source, position, withdraws AS first FROM {table}"
        for name, table in tables.items()
        if withdraws(catalogue[name])
    )
    restated = (
        f"SELECT '{name}' AS name, source, position, corrects AS first FROM {table}"
        " WHERE corrects IS NOT NULL"
        for name, table in tables.items()
    )
    return " UNION ALL ".join([*withdrawn, *restated])


def withdraws(kind: Kind) -> bool:
    """Say whether it is the fact that another never was so."""
    return issubclass(kind.fact, Withdrawal)


def views(language: Language, manifest: Manifest, amended: Iterable[str]) -> str:
    """Return what a public client makes of the segments: the tables and words of a ledger.

    Facts of the `amended` names are looked through for what is restated or withdrawn.
    """
    return "\n".join([HEAD, *_views(language, manifest, sorted(amended))])


def _views(language: Language, manifest: Manifest, amended: list[str]) -> Iterator[str]:
    kinds = [catalogue[name] for name in sorted(catalogue)]
    said = {kind.name: f"sealed.{language.table(kind)}" for kind in kinds}
    said = {name: table for name, table in said.items() if manifest.of(name)}
    for name, table in said.items():
        columns = language.columns(catalogue[name])
        files = (each.file for each in manifest.of(name))
        yield f"CREATE OR REPLACE VIEW {table} AS {read(columns, files)};"
    yield "USE amended;"
    yield language.tables(kinds)
    yield from _amended(language, said, amended)
    yield "USE main;"
    for kind in kinds:
        yield _whole(language.table(kind), said.get(kind.name))
    yield from _index(manifest, said)
    yield language.words(kinds)


def _amended(language: Language, said: Mapping[str, str], amended: list[str]) -> Iterator[str]:
    """Take what is amended out of the views, few rows, and mark it as the ledger does."""
    if not amended:
        return
    yield f"CREATE TABLE amendments AS {amendments(said)};"
    for name, table in said.items():
        if withdraws(catalogue[name]):
            yield f"INSERT INTO {language.table(catalogue[name])} BY NAME FROM {table};"
        elif name in amended:
            yield (
                f"INSERT INTO {language.table(catalogue[name])} BY NAME FROM {table} WHERE"
                " event_id IN (SELECT first FROM amendments)"
                " OR corrects IN (SELECT first FROM amendments);"
            )
    for name in amended:
        yield language.replace(catalogue[name])


def _whole(table: str, sealed: str | None) -> str:
    rest = f"FROM {sealed} ANTI JOIN amended.{table} USING (source, position)"
    others = f" UNION ALL BY NAME ({rest})" if sealed else ""
    return f"CREATE OR REPLACE VIEW {table} AS FROM amended.{table}{others};"


def _index(manifest: Manifest, said: Mapping[str, str]) -> Iterator[str]:
    files = [each.file for each in manifest.of(UNREAD)]
    unread = f"sealed.{UNREAD}" if files else None
    if files:
        yield f"CREATE OR REPLACE VIEW {unread} AS {read(UNREAD_COLUMNS, files)};"
    if said or unread:
        yield f"CREATE OR REPLACE VIEW records AS {records(said, unread)};"
    heard = (
        f"('{each.log}', UUID '{each.epoch}', {each.position},"
        f" TIMESTAMPTZ '{each.recorded_at.isoformat()}')"
        for each in manifest.logs
    )
    columns = "source, epoch, position, recorded_at"
    yield f"CREATE OR REPLACE VIEW heard AS FROM (VALUES {', '.join(heard)}) AS t({columns});"
