"""Segments taken back: into a new file of a ledger, or into memory, to be checked."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
from msgspec.structs import replace

from shared.kernel import catalogue
from shared.runtime.columns_asked import digest_of
from shared.runtime.columns_release import begin
from shared.runtime.columns_terms import Language
from shared.runtime.segments import (
    UNREAD,
    UNREAD_COLUMNS,
    Manifest,
    NoSegments,
    changed,
    of_another_release,
)
from shared.runtime.segments_words import amendments, read, records, views

ALONE: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Nothing is fetched from anywhere."""


def filling(
    folder: Path, manifest: Manifest, language: Language, **limits: Any
) -> Callable[[Path], None]:
    """Return what makes a ledger's file out of segments, for `Ledger.rebuild`.

    It raises `NoSegments`, and nothing is taken, if a file is not what was written, if
    some are not listed, or if this release reads a fact otherwise.
    """

    def fill(file: Path) -> None:
        require_sound(folder, manifest, language)
        with closing(duckdb.connect(file, config=ALONE | limits)) as writer:
            writer.execute("SET TimeZone = 'UTC'")
            begin(writer, language)
            _fill(writer, language, _at(folder, manifest))

    return fill


def require_sound(folder: Path, manifest: Manifest, language: Language) -> None:
    """Raise `NoSegments` that names the first file, fact or log that is not as it must be."""
    if wrong := next(changed(folder, manifest), None):
        raise NoSegments(f"{folder}: {wrong}; nothing is taken of these segments")
    for each in manifest.logs:
        rows = sum(one.rows for one in manifest.segments if one.log == each.log)
        if rows != each.position:
            raise NoSegments(f"{folder}: {rows} of {each.position} records of {each.log}")
    if other := of_another_release(manifest, language):
        raise NoSegments(f"{folder} is of another release: this one reads {other} otherwise")


def content(folder: Path, manifest: Manifest, language: Language) -> str:
    """Return the hash of all that is known by them: that of an equal ledger (`digest`)."""
    with closing(duckdb.connect(config=ALONE)) as reader:
        reader.execute("SET TimeZone = 'UTC'")
        reader.execute(views(language, _at(folder, manifest), catalogue))
        return digest_of(reader, language)


def misplaced(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Name each file that does not hold what the list says of it, and each log with a gap."""
    with closing(duckdb.connect(config=ALONE)) as reader:
        for each in manifest.segments:
            found = reader.execute(
                "SELECT min(source), max(source), min(position), max(position), count(*)"
                " FROM read_parquet(?)",
                [str(folder / each.file)],
            ).fetchall()
            if found != [(each.log, each.log, each.first, each.last, each.rows)]:
                yield f"{each.file}: it does not hold what the list says"
        for log in manifest.logs:
            files = [str(folder / e.file) for e in manifest.segments if e.log == log.log]
            found = reader.execute(
                "SELECT min(position), max(position), count(*), count(DISTINCT position)"
                " FROM read_parquet(?)",
                [files],
            ).fetchall()
            if found != [(1, log.position, log.position, log.position)]:
                yield f"{log.log}: its records up to {log.position} are not all there, once"


def _at(folder: Path, manifest: Manifest) -> Manifest:
    """Return a list whose files are found from wherever one stands."""
    here = [replace(e, file=str((folder / e.file).absolute())) for e in manifest.segments]
    return replace(manifest, segments=here)


def _fill(writer: duckdb.DuckDBPyConnection, language: Language, manifest: Manifest) -> None:
    tables = {
        name: language.table(catalogue[name]) for name in sorted(catalogue) if manifest.of(name)
    }
    for name, table in tables.items():
        columns = language.columns(catalogue[name])
        files = [each.file for each in manifest.of(name)]
        writer.execute(f"INSERT INTO {table} BY NAME {read(columns, files)}")
    _index(writer, manifest, tables)
    writer.execute(f"CREATE TEMP TABLE amendments AS {amendments(tables)}")
    amended = writer.execute("SELECT DISTINCT name FROM amendments ORDER BY name")
    for (name,) in amended.fetchall():
        if name in catalogue:
            writer.execute(language.replace(catalogue[name]))
    for each in manifest.logs:
        row = [each.log, each.epoch, each.position, each.recorded_at]
        writer.execute("INSERT INTO heard VALUES (?, ?, ?, ?)", row)


def _index(
    writer: duckdb.DuckDBPyConnection, manifest: Manifest, tables: Mapping[str, str]
) -> None:
    files = [each.file for each in manifest.of(UNREAD)]
    unread = f"({read(UNREAD_COLUMNS, files)})" if files else None
    writer.execute(f"INSERT INTO records BY NAME {records(tables, unread)}")
