"""One batch of records on its way into columns: JSON by Arrow, one insert for each fact."""

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Protocol, get_args, get_origin, get_type_hints
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.json as pa_json

from shared.kernel import Kind, Withdrawal, catalogue, is_personal
from shared.runtime import codec
from shared.runtime.log import Record

BLOCK = 4 << 20
"""Bytes that one thread of the JSON reader takes at a time."""
FEW = 5_000
"""Lines that are read sooner than threads are woken."""
MOMENT = pa.timestamp("us", tz="UTC")
type Columns = Any
"""An Arrow table; the library has no types of its own."""
OF_META = {
    "actor": "meta ->> '$.actor'",
    "corrects": "meta ->> '$.corrects'",
    "basis": "meta -> '$.basis'",
    "causation_id": "meta ->> '$.causation_id'",
}
IN_META = {name: f'"{name}":'.encode() for name in OF_META}
"""How a field of the envelope shows in its bytes: what nobody said is not searched for."""


class Hole(Exception):  # noqa: N818 - the reader stops: what is missing will come, or not
    """A log is not heard from its next position on."""


class ForeignEpoch(Exception):  # noqa: N818 - the reader stops and alarms
    """A log goes on in an epoch nobody announced, or says something else than before."""


class Tables(Protocol):
    """What a batch must be told of the tables."""

    def table(self, kind: Kind, /) -> str:
        """Return the name of a fact's table."""
        ...

    def columns(self, kind: Kind, /) -> dict[str, str]:
        """Return the columns of a fact's table and their types."""
        ...

    def replace(self, kind: Kind, /) -> str:
        """Return what marks the facts that `amendments` restate or withdraw."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a log is heard, and when its last record was recorded."""

    epoch: UUID
    position: int
    recorded_at: datetime


def in_order(
    known: Mapping[str, Heard], records: Sequence[Record]
) -> tuple[list[Record], list[Record], dict[str, Heard]]:
    """Part what is new from what is known; say how far each log is heard after it."""
    fresh: list[Record] = []
    repeated: list[Record] = []
    at: dict[str, tuple[UUID | None, int]] = {}
    last: dict[str, Record] = {}
    for each in records:
        source = each.source
        epoch, position = at.get(source) or _mark(known.get(source))
        if each.epoch is not epoch and epoch is not None and each.epoch != epoch:
            raise ForeignEpoch(f"{source} goes on in epoch {each.epoch}, known is {epoch}")
        if each.position <= position:
            repeated.append(each)
            continue
        if each.position != position + 1:
            raise Hole(f"{source} is heard up to {position}, not {each.position}")
        fresh.append(each)
        at[source] = each.epoch, each.position
        last[source] = each
    heard = {
        source: Heard(each.epoch, each.position, each.recorded_at)
        for source, each in last.items()
    }
    return fresh, repeated, heard


def _mark(known: Heard | None) -> tuple[UUID | None, int]:
    return (known.epoch, known.position) if known else (None, 0)


class Batch:
    """Writes records inside a transaction that somebody else began."""

    def __init__(self, tables: Tables, writer: duckdb.DuckDBPyConnection) -> None:
        self._tables = tables
        self._writer = writer

    def said_before(self, records: Sequence[Record]) -> bool:
        """Say whether each of these known positions holds the very same event."""
        with _shown(self._writer, "batch", pa.table(places(records))):
            found = self._writer.execute("""
                SELECT count(*) FROM batch ANTI JOIN (
                    FROM records WHERE position BETWEEN
                        (SELECT min(position) FROM batch) AND (SELECT max(position) FROM batch)
                ) USING (source, position, event_id)
            """).fetchall()
        return found == [(0,)]

    def write(self, records: Sequence[Record], heard: Mapping[str, Heard]) -> int:
        """Write records that follow what is heard; return how many were not readable."""
        groups: dict[str, list[Record]] = defaultdict(list)
        unreadable: set[tuple[str, int]] = set()
        for each in records:
            kind = catalogue.get(each.name)
            if kind is None or each.schema > kind.schema:
                unreadable.add((each.source, each.position))
            else:
                groups[kind.name].append(each)
        for name, group in groups.items():
            self._insert(catalogue[name], group)
        for name, amendments in self._amendments(groups).items():
            with _shown(self._writer, "amendments", amendments):
                self._writer.execute(self._tables.replace(catalogue[name]))
        self._index(records, unreadable)
        for source, mark in heard.items():
            self._writer.execute("DELETE FROM heard WHERE source = ?", [source])
            row = [source, mark.epoch, mark.position, mark.recorded_at]
            self._writer.execute("INSERT INTO heard VALUES (?, ?, ?, ?)", row)
        return len(unreadable)

    def _insert(self, kind: Kind, group: Sequence[Record]) -> None:
        present = (name for name, key in IN_META.items() if any(key in r.meta for r in group))
        insertion = _insertion(self._tables, kind.name, frozenset(present))
        with _shown(self._writer, "batch", said(kind, group)):
            try:
                self._writer.execute(insertion)
            except duckdb.ConversionException:
                raise codec.Malformed(f"{kind.name}: {between(group)}") from None

    def _amendments(self, groups: Mapping[str, list[Record]]) -> dict[str, Columns]:
        """Return, for each name, what restates or withdraws one of its facts."""
        found: dict[str, list[tuple[str, int, bytes]]] = defaultdict(list)
        for name, group in groups.items():
            for each in group:
                if b'"corrects":"' in each.meta:
                    first = codec.decode_meta(each.meta).corrects
                    if first:
                        found[name].append((each.source, each.position, first.bytes))
            if issubclass(catalogue[name].fact, Withdrawal):
                for each in group:
                    withdrawn: Withdrawal = codec.decode(each.name, each.schema, each.data)
                    row = each.source, each.position, withdrawn.withdraws.bytes
                    found[withdrawn.name].append(row)
        return {name: _amendments(rows) for name, rows in found.items() if name in catalogue}

    def _index(self, records: Sequence[Record], unreadable: set[tuple[str, int]]) -> None:
        readable: Columns = pa.repeat(True, len(records))  # noqa: FBT003 - a value
        if unreadable:
            known = [(each.source, each.position) not in unreadable for each in records]
            readable = pa.array(known)
        index = places(records) | {
            "name": pa.array([each.name for each in records], pa.string()),
            "readable": readable,
        }
        with _shown(self._writer, "batch", pa.table(index)):
            self._writer.execute("INSERT INTO records FROM batch")


@cache
def _insertion(tables: Tables, name: str, present: frozenset[str]) -> str:
    kind = catalogue[name]
    columns = tables.columns(kind)
    said = {each: each for each in columns} | dict.fromkeys(OF_META, "NULL")
    said |= {each: OF_META[each] for each in present}
    values = (f"CAST({said[each]} AS {type_})" for each, type_ in columns.items())
    return (
        f"INSERT INTO {tables.table(kind)} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM batch"
    )


def places(records: Sequence[Record]) -> dict[str, Columns]:
    """Return where records stand, when that was, and which events they are."""
    return {
        "source": pa.array([each.source for each in records], pa.string()),
        "position": pa.array([each.position for each in records], pa.int64()),
        "recorded_at": pa.array([each.recorded_at for each in records], MOMENT),
        "event_id": _uuids([each.event_id for each in records]),
    }


def envelope(records: Sequence[Record]) -> dict[str, Columns]:
    """Return the columns of a batch that stand outside `data`."""
    epochs = {each.source: each.epoch.bytes for each in records}
    stored = pa.array([epochs[each.source] for each in records], pa.binary(16))
    return places(records) | {
        "epoch": pa.ExtensionArray.from_storage(pa.uuid(), stored),
        "stream": _uuids([each.stream for each in records]),
        "version": pa.array([each.version for each in records], pa.int64()),
        "schema": pa.array([each.schema for each in records], pa.int64()),
        "meta": pa.array([each.meta for each in records], pa.string()),
    }


def said(kind: Kind, group: Sequence[Record]) -> Columns:
    """Return records of one fact as columns; ids, dates and decimals still as text.

    What is sealed, and what this code does not know, stays out. Raises `codec.Malformed`
    without a value: bytes that are no such fact, or lack a field they must have.
    """
    shape = arrow_shape(kind.fact)
    lines = [current(kind, each) for each in group]
    longest = max(map(len, lines)) + 2
    try:
        table = pa_json.read_json(
            pa.BufferReader(b"\n".join(lines)),
            read_options=pa_json.ReadOptions(
                block_size=max(BLOCK, longest), use_threads=len(lines) > FEW
            ),
            parse_options=pa_json.ParseOptions(
                explicit_schema=shape,
                newlines_in_values=False,
                unexpected_field_behavior="ignore",
            ),
        )
    except pa.ArrowInvalid:
        raise codec.Malformed(f"{kind.name}: {between(group)}") from None
    optional = {name for name, hint in get_type_hints(kind.fact).items() if is_optional(hint)}
    lacking = [name for name in shape.names if name not in optional and table[name].null_count]
    if lacking or table.num_rows != len(group):
        raise codec.Malformed(f"{kind.name}: {between(group)}: {', '.join(lacking)}")
    for name, column in envelope(group).items():
        table = table.append_column(name, column)
    return table


def current(kind: Kind, record: Record) -> bytes:
    """Return the data of a record in the fact's present schema."""
    if record.schema == kind.schema:
        return record.data
    return msgspec.json.encode(codec.decode(record.name, record.schema, record.data))


def between(group: Sequence[Record]) -> str:
    """Say where in a log something is, and no value of it."""
    return f"{group[0].source} {group[0].position}..{group[-1].position} cannot be read"


@cache
def arrow_shape(fact: Any) -> Any:
    """Return how Arrow reads the clear fields of a fact out of JSON."""
    return pa.schema(_fields(fact))


@cache
def required(fact: Any) -> list[str]:
    """Return the clear fields that are never empty."""
    hints = get_type_hints(fact)
    return [name for name in arrow_shape(fact).names if not is_optional(hints[name])]


def _fields(fact: Any) -> list[Any]:
    hints = get_type_hints(fact)
    clear = [name for name in hints if not is_personal(hints[name])]
    return [pa.field(name, arrow_type(hints[name])) for name in clear]


def arrow_type(hint: Any) -> Any:
    """Return how Arrow reads a field; what JSON has as text stays text until the insert."""
    hint = plain(hint)
    if get_origin(hint) is tuple:
        return pa.list_(arrow_type(get_args(hint)[0]))
    if is_dataclass(hint):
        return pa.struct(_fields(hint))
    return {int: pa.int64(), bool: pa.bool_()}.get(hint, pa.string())


def plain(hint: Any) -> Any:
    """Return what an alias, a new type or an optional is made of."""
    while hasattr(hint, "__value__") or hasattr(hint, "__supertype__"):
        hint = getattr(hint, "__value__", getattr(hint, "__supertype__", None))
    if NoneType in get_args(hint):
        return plain(next(arm for arm in get_args(hint) if arm is not NoneType))
    return hint


def is_optional(hint: Any) -> bool:
    """Say whether a field may be empty."""
    return NoneType in get_args(getattr(hint, "__value__", hint))


def _uuids(ids: Sequence[UUID]) -> Any:
    stored = pa.array([each.int.to_bytes(16, "big") for each in ids], pa.binary(16))
    return pa.ExtensionArray.from_storage(pa.uuid(), stored)


def _amendments(rows: Sequence[tuple[str, int, bytes]]) -> Columns:
    stored = pa.array([first for _, _, first in rows], pa.binary(16))
    return pa.table(
        {
            "source": pa.array([source for source, _, _ in rows], pa.string()),
            "position": pa.array([position for _, position, _ in rows], pa.int64()),
            "first": pa.ExtensionArray.from_storage(pa.uuid(), stored),
        }
    )


@contextmanager
def _shown(writer: duckdb.DuckDBPyConnection, name: str, table: Columns) -> Generator[None]:
    """Let SQL see a table under a name; after an error it goes with the transaction."""
    writer.register(name, table)
    yield
    writer.unregister(name)
