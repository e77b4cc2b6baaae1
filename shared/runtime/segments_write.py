"""A ledger written into segments: what is new since the last time, and the list anew."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
from msgspec.structs import replace

from shared.kernel import catalogue
from shared.runtime.columns import Language, Ledger
from shared.runtime.log import Hole
from shared.runtime.release import made_by
from shared.runtime.segments import (
    MANIFEST,
    UNREAD,
    UNREAD_COLUMNS,
    Manifest,
    NoSegments,
    Segment,
    Until,
    encoded,
    kept,
    listed,
    of_another_release,
    put,
    sha256_of,
    shapes,
)
from shared.runtime.segments_logs import Roots
from shared.runtime.segments_words import amendments, views, written

SPAN = 1_000_000
"""Positions of a log, between two multiples of it, of which a segment holds facts at most."""
GROUP = 122_880
"""Rows that one thread of DuckDB reads at a time."""

type Cursor = duckdb.DuckDBPyConnection


@dataclass(frozen=True, kw_only=True)
class Written:
    """What came of it: the list, its SHA-256, which files are new, and why all are anew."""

    manifest: Manifest
    sha256: str
    new: list[Segment]
    anew: str | None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Facts of one kind in one span of a log."""

    log: str
    fact: str
    first: int
    last: int
    rows: int


def write(
    ledger: Ledger,
    folder: Path,
    roots: Roots,
    texts: Mapping[str, str],
    *,
    anew: bool = False,
) -> Written:
    """Write what a ledger knows and the segments of a folder do not have yet.

    `texts` are put beside them. All begin anew where a log says something else since, in
    another epoch, and where another release wrote them. Raises `NoSegments` when what is
    there is not whole, or of another world, and `Hole` when the ledger lacks a fact.
    """
    before = listed(folder)
    if before is None:
        _require_room(folder)
    with ledger.reading() as cursor:
        logs = list(_logs(cursor, roots))
        if not logs:
            raise NoSegments("the ledger knows nothing yet")
        why = before and _why_anew(before, logs, cursor, ledger.language, asked=anew)
        manifest = _begun(folder, before, anew=bool(why))
        new = list(_segments(cursor, folder, ledger.language, manifest, logs))
        manifest = replace(
            manifest,
            logs=logs,
            segments=sorted([*manifest.segments, *new], key=_order),
            facts=shapes(ledger.language),
            release={"duckdb": duckdb.__version__, "facts": made_by("shared.events")},
            unread=_names(cursor, "SELECT name FROM records WHERE NOT readable"),
        )
        said = views(ledger.language, manifest, _amended(cursor, ledger.language))
    whole = {"views.sql": said, **texts}
    put_ = {name: put(folder / name, text.encode()) for name, text in whole.items()}
    manifest = replace(manifest, texts=put_)
    sha256 = put(folder / MANIFEST, encoded(manifest))
    _clear(folder, before, manifest)
    return Written(manifest=manifest, sha256=sha256, new=new, anew=why or None)


# ── what is there already ───────────────────────────────────────────────────


def _require_room(folder: Path) -> None:
    """Raise `NoSegments` where something else is kept; a call that was killed is not."""
    ours = {"1", "views.sql", "indicators"}
    there = {each.name.removesuffix(".new") for each in folder.glob("*")}
    if there - ours - {MANIFEST}:
        raise NoSegments(f"{folder} is not empty, and no segments are in it")


def _why_anew(
    before: Manifest, logs: list[Until], cursor: Cursor, language: Language, *, asked: bool
) -> str | None:
    """Say why nothing that is there can be gone on with; None if it can."""
    if asked:
        return "as asked"
    now = {each.log: each for each in logs}
    for was in before.logs:
        if was.log not in now or now[was.log].begins != was.begins:
            raise NoSegments(f"the segments are of another world: they know another {was.log}")
    for was in before.logs:
        if _event_at(cursor, was.log, was.position) == was.event_id:
            continue
        if now[was.log].epoch == was.epoch:
            raise NoSegments(
                f"{was.log} is in the segments up to {was.position}, the ledger knows it up to"
                f" {now[was.log].position}, without that record and in the same epoch: if it"
                " was put back from a copy, write them --anew"
            )
        return f"{was.log} says something else since, up to {was.position}"
    if other := of_another_release(before, language):
        return f"this release reads {other} otherwise"
    return None


def _begun(folder: Path, before: Manifest | None, *, anew: bool) -> Manifest:
    """Return the list that is gone on with. Raises `NoSegments` if a file is cut or gone."""
    if before is None or anew:
        return Manifest(generation=before.generation + 1 if before else 1)
    for each in before.segments:
        path = folder / each.file
        if not path.exists() or path.stat().st_size != each.bytes:
            raise NoSegments(f"{each.file} is not what was written; --anew writes all again")
    return before


def _clear(folder: Path, before: Manifest | None, now: Manifest) -> None:
    """Let go of an earlier generation, and of what a killed call left."""
    for each in (folder / str(now.generation)).glob("*/*.parquet"):
        if str(each.relative_to(folder)) not in now.files:
            each.unlink()
    if before is None:
        return
    if before.generation != now.generation:
        shutil.rmtree(folder / str(before.generation), ignore_errors=True)
    for name in before.texts.keys() - now.texts.keys():
        with suppress(FileNotFoundError):
            (folder / name).unlink()


# ── what is new ─────────────────────────────────────────────────────────────


def _logs(cursor: Cursor, roots: Roots) -> Iterator[Until]:
    found = cursor.execute("SELECT source, epoch, position, recorded_at FROM heard ORDER BY 1")
    for log, epoch, position, recorded_at in found.fetchall():
        begins, last = (_event_at(cursor, log, at) for at in (1, position))
        if begins is None or last is None:
            raise Hole(f"the ledger has no whole {log}")
        root = roots(log, position)
        yield Until(
            log=log,
            epoch=epoch,
            position=position,
            recorded_at=recorded_at,
            begins=begins,
            event_id=last,
            root=root.hex() if root else None,
        )


def _event_at(cursor: Cursor, log: str, position: int) -> Any:
    asked = "SELECT event_id FROM records WHERE source = ? AND position = ?"
    found = cursor.execute(asked, [log, position]).fetchall()
    return found[0][0] if found else None


def _segments(
    cursor: Cursor, folder: Path, language: Language, before: Manifest, logs: list[Until]
) -> Iterator[Segment]:
    """Write what is not listed yet, kind by kind, span by span."""
    for now in logs:
        sealed = before.until(now.log)
        for each in _pieces(cursor, now.log, sealed.position if sealed else 0):
            yield _segment(cursor, folder, language, before.generation, each)


def _pieces(cursor: Cursor, log: str, after: int) -> Iterator[_Piece]:
    query = f"""
        SELECT CASE WHEN readable THEN name ELSE '{UNREAD}' END AS fact,
            min(position), max(position), count(*)
        FROM records WHERE source = ? AND position > ?
        GROUP BY fact, (position - 1) // {SPAN} ORDER BY fact, min(position)
    """
    for row in cursor.execute(query, [log, after]).fetchall():
        yield _Piece(log, *row)


def _segment(
    cursor: Cursor, folder: Path, language: Language, generation: int, piece: _Piece
) -> Segment:
    table, columns = _read_from(language, piece.fact)
    name = f"{generation}/{table}/{piece.log}-{piece.first}-{piece.last}.parquet"
    rows = "FROM records WHERE NOT readable" if table == UNREAD else f"FROM {table}"
    query = f"""
        SELECT {written(columns)} FROM ({rows})
        WHERE source = '{piece.log}' AND position BETWEEN {piece.first} AND {piece.last}
        ORDER BY position
    """
    said = cursor.sql(query).to_arrow_table().combine_chunks()
    if said.num_rows != piece.rows:
        raise Hole(f"{piece.log}: of {piece.rows} {piece.fact} the ledger has {said.num_rows}")
    sha256 = _put(folder / name, said, columns)
    size = (folder / name).stat().st_size
    return Segment(
        file=name,
        fact=piece.fact,
        log=piece.log,
        first=piece.first,
        last=piece.last,
        rows=piece.rows,
        bytes=size,
        sha256=sha256,
    )


def _read_from(language: Language, fact: str) -> tuple[str, Mapping[str, str]]:
    if fact == UNREAD:
        return UNREAD, UNREAD_COLUMNS
    return language.table(catalogue[fact]), language.columns(catalogue[fact])


def _put(path: Path, rows: Any, columns: Mapping[str, str]) -> str:
    """Write a table into a file; equal rows give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, **_options(columns))
    kept(path)
    return sha256_of(path)


def _options(columns: Mapping[str, str]) -> dict[str, Any]:
    """Return how a file is written: as any reader of Parquet knows it, nothing of Arrow.

    Most ids hardly repeat, so there is no dictionary of them.
    """
    few = [name for name, type_ in columns.items() if "UUID" not in type_ or name == "epoch"]
    return {
        "row_group_size": GROUP,
        "compression": "zstd",
        "use_dictionary": few,
        "store_schema": False,
    }


def _amended(cursor: Cursor, language: Language) -> list[str]:
    """Return of which names anything is restated or withdrawn."""
    tables = {name: language.table(kind) for name, kind in catalogue.items()}
    return [name for name in _names(cursor, amendments(tables)) if name in catalogue]


def _names(cursor: Cursor, query: str) -> list[str]:
    found = cursor.execute(f"SELECT DISTINCT name FROM ({query}) ORDER BY name")
    return [name for (name,) in found.fetchall()]


def _order(each: Segment) -> tuple[str, str, int]:
    return each.fact, each.log, each.first
