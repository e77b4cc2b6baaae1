"""One batch on its way into columns: read as JSON by the database, one insert per fact."""

import re
from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass, replace
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Protocol, get_args, get_origin, get_type_hints
from uuid import UUID

import duckdb
import msgspec
import pyarrow as pa

from shared.kernel import Kind, Withdrawal, catalogue, is_personal
from shared.runtime import codec
from shared.runtime.log import Record

CHUNK = 16_384
"""Records that one thread of the database reads at a time."""
HEAD = {
    "source": "source",
    "epoch": "epoch",
    "position": "position",
    "event_id": "id",
    "stream": "subject",
    "version": "version",
    "schema": "schema",
    "recorded_at": "recorded_at",
}
"""Column of a fact's table → the attribute of the CloudEvent."""
PLACE = ("version", "recorded_at", "event_id", "stream", "epoch")
META = ("corrects", "actor", "basis", "causation_id")
SOURCE_AT = len('{"specversion":"1.0","id":"","source":"') + 36
"""Where on the wire the source begins: `codec.wire` gives equal records equal bytes."""
NEWS = """
CREATE OR REPLACE TEMP TABLE news (
    name VARCHAR, source VARCHAR, epoch UUID, position BIGINT, recorded_at TIMESTAMPTZ,
    event_id UUID, corrects UUID, usual BOOLEAN
)
"""
MOMENT = pa.timestamp("us", tz="UTC")
type Columns = Any
"""An Arrow table; the library has no types of its own."""
type Told = tuple[str, str]
"""A source, and the name of a fact."""


class Hole(Exception):  # noqa: N818 - the reader stops: what is missing will come, or not
    """A log is not heard from its next position on."""


class ForeignEpoch(Exception):  # noqa: N818 - the reader stops and alarms
    """A log goes on in an epoch nobody announced, or says something else than before."""


class Unusual(Exception):  # noqa: N818 - then they are looked at one by one
    """Not every record follows what is heard, or not every one is read as it came."""


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
    heard: dict[str, Heard] = {}
    for each in records:
        source = each.source
        mark = heard.get(source) or known.get(source)
        epoch, position = (mark.epoch, mark.position) if mark else (each.epoch, 0)
        if each.epoch != epoch:
            raise ForeignEpoch(f"{source} goes on in epoch {each.epoch}, known is {epoch}")
        if each.position <= position:
            repeated.append(each)
            continue
        if each.position != position + 1:
            raise Hole(f"{source} is heard up to {position}, not {each.position}")
        fresh.append(each)
        heard[source] = Heard(each.epoch, each.position, each.recorded_at)
    return fresh, repeated, heard


def parted(wires: Sequence[bytes]) -> dict[Told, list[bytes]]:
    """Part wires by what they tell, without reading them. Raises `Unusual`."""
    by_name: defaultdict[bytes, list[bytes]] = defaultdict(list)
    try:
        for each in wires:
            by_name[each[SOURCE_AT : each.index(b'","subject":"', SOURCE_AT)]].append(each)
    except ValueError:
        raise Unusual from None
    return {_told(said): group for said, group in by_name.items()}


def _told(said: bytes) -> Told:
    source, _, name = said.decode("ascii", "replace").partition('","type":"')
    if name not in catalogue or not re.fullmatch(r"[a-z]+@\d+", source):
        raise Unusual
    return source, name


class Batch:
    """Writes records inside a transaction that somebody else began.

    `known` says how far each log is heard before it.
    """

    def __init__(
        self, tables: Tables, writer: duckdb.DuckDBPyConnection, known: Mapping[str, Heard]
    ) -> None:
        self._tables = tables
        self._writer = writer
        self._known = known

    def write(self, wires: Sequence[bytes]) -> dict[str, Heard]:
        """Write wires that all follow what is heard; say how far each log is heard then.

        Raises `Unusual`, and errors of Arrow and of the database, if there is anything
        that is repeated, missing, not known to this code, or not what its name says.
        """
        groups = parted(wires)
        for (_, name), group in groups.items():
            self._insert(name, group)
        self._note(groups)
        heard = self._follow(len(wires))
        self._hear(heard)
        return heard

    def write_each(
        self, fresh: Sequence[Record], repeated: Sequence[Record], heard: Mapping[str, Heard]
    ) -> int:
        """Write records that were looked at; return how many this code cannot read.

        Raises `codec.Malformed` that names what is not read, and `ForeignEpoch`.
        """
        groups: defaultdict[Told, list[bytes]] = defaultdict(list)
        unreadable: list[Record] = []
        for each in fresh:
            try:
                wire = _in_present_schema(each)
            except codec.Malformed as wrong:
                raise codec.Malformed(f"{each.source} {each.position}: {wrong}") from None
            except codec.Unreadable:
                unreadable.append(each)
            else:
                groups[each.source, each.name].append(wire)
        for told, group in groups.items():
            try:
                self._insert(told[1], group)
            except (duckdb.DataError, duckdb.InvalidInputException, pa.ArrowInvalid):
                raise codec.Malformed(f"{' '.join(told)} cannot be read") from None
        self._note(groups)
        if unreadable:
            self._pass_by(unreadable)
        if repeated and not self._said_before(repeated):
            raise ForeignEpoch("a known position comes with another event id")
        self._hear(heard)
        return len(unreadable)

    # ── What is new ─────────────────────────────────────────────────────────

    def _insert(self, name: str, group: Sequence[bytes]) -> None:
        wires: Columns = pa.table({"wire": pa.array(group, pa.string())})
        chunks = pa.Table.from_batches(wires.to_batches(max_chunksize=CHUNK))
        with _shown(self._writer, "batch", chunks):
            self._writer.execute(_insertion(self._tables, name))

    def _note(self, groups: Mapping[Told, object]) -> None:
        """Take what is new into the list of records, and amend what it amends."""
        self._writer.execute(NEWS)
        if not groups:
            return
        parts: list[str] = []
        places: list[object] = []
        for source, name in groups:
            parts.append(
                f"SELECT '{name}', source, epoch, position, recorded_at, event_id, corrects,"
                f" {_usual(name)} FROM {self._tables.table(catalogue[name])}"
                " WHERE source = ? AND position > ?"
            )
            places += [source, self._before(source)]
        self._writer.execute(f"INSERT INTO news {' UNION ALL '.join(parts)}", places)
        self._writer.execute(
            "INSERT INTO records"
            " SELECT source, position, recorded_at, event_id, name, TRUE FROM news"
        )
        self._amend({name for _, name in groups})

    def _amend(self, names: set[str]) -> None:
        """Mark what the news restate or withdraw."""
        withdrawals = [
            f"SELECT name, source, position, withdraws AS first"
            f" FROM {self._tables.table(catalogue[each])}"
            " SEMI JOIN news USING (source, position)"
            for each in names
            if issubclass(catalogue[each].fact, Withdrawal)
        ]
        corrections = (
            "SELECT name, source, position, corrects AS first FROM news"
            " WHERE corrects IS NOT NULL"
        )
        self._writer.execute(
            "CREATE OR REPLACE TEMP TABLE amendments AS "
            + " UNION ALL ".join([corrections, *withdrawals])
        )
        amended = self._writer.execute("SELECT DISTINCT name FROM amendments ORDER BY name")
        for (name,) in amended.fetchall():
            if name in catalogue:
                self._writer.execute(self._tables.replace(catalogue[name]))

    def _follow(self, count: int) -> dict[str, Heard]:
        """Say how far each log is heard, if the news are all that follows. Raises `Unusual`."""
        found = self._writer.execute("""
            SELECT source, count(DISTINCT position), min(position), max(position),
                min(epoch), max(epoch), arg_max(recorded_at, position), bool_and(usual)
            FROM news GROUP BY source
        """).fetchall()
        heard: dict[str, Heard] = {}
        for source, different, first, last, epoch, other, recorded_at, usual in found:
            before = self._known.get(source)
            heard[source] = Heard(epoch, last, recorded_at)
            count -= different
            if (
                not usual
                or first != self._before(source) + 1
                or different != last - first + 1
                or {epoch, other} != {before.epoch if before else epoch}
            ):
                raise Unusual
        if count:
            raise Unusual
        return heard

    def _hear(self, heard: Mapping[str, Heard]) -> None:
        for source, mark in heard.items():
            self._writer.execute("DELETE FROM heard WHERE source = ?", [source])
            row = [source, mark.epoch, mark.position, mark.recorded_at]
            self._writer.execute("INSERT INTO heard VALUES (?, ?, ?, ?)", row)

    def _before(self, source: str) -> int:
        return self._known[source].position if source in self._known else 0

    # ── What is not ─────────────────────────────────────────────────────────

    def _pass_by(self, records: Sequence[Record]) -> None:
        index: Columns = pa.table(
            _places(records) | {"name": pa.array([each.name for each in records], pa.string())}
        )
        with _shown(self._writer, "batch", index):
            self._writer.execute("INSERT INTO records SELECT *, FALSE FROM batch")

    def _said_before(self, records: Sequence[Record]) -> bool:
        """Say whether each of these known positions holds the very same event."""
        with _shown(self._writer, "batch", pa.table(_places(records))):
            found = self._writer.execute("""
                SELECT count(*) FROM batch ANTI JOIN (
                    FROM records WHERE position BETWEEN
                        (SELECT min(position) FROM batch) AND (SELECT max(position) FROM batch)
                ) USING (source, position, event_id)
            """).fetchall()
        return found == [(0,)]


@cache
def _insertion(tables: Tables, name: str) -> str:
    """Return what puts `batch(wire)` into a fact's table, as text cast to its columns."""
    kind = catalogue[name]
    columns = tables.columns(kind)
    fields = shape(kind.fact)
    event = dict.fromkeys(HEAD.values(), "VARCHAR") | {
        "meta": dict.fromkeys(META, "VARCHAR"),
        "data": fields,
    }
    said = {each: f"said.{HEAD[each]}" for each in HEAD}
    said |= {each: f"said.meta.{each}" for each in META}
    said |= {each: f'said.data."{each}"' for each in fields}
    values = (f"CAST({said[each]} AS {type_})" for each, type_ in columns.items())
    return (
        f"INSERT INTO {tables.table(kind)} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM (SELECT json_transform(wire, '{msgspec.json.encode(event).decode()}') AS said"
        " FROM batch)"
    )


@cache
def _usual(name: str) -> str:
    """Return what holds of a fact in its present schema that has what it must have."""
    kind = catalogue[name]
    return " AND ".join(
        [
            f"coalesce(schema, 0) = {kind.schema}",
            *(f"{each} IS NOT NULL" for each in (*PLACE, *required(kind.fact))),
        ]
    )


@cache
def shape(fact: Any) -> dict[str, Any]:
    """Return how the database reads the clear fields of a fact out of JSON, as text."""
    hints = get_type_hints(fact)
    return {name: _text(hints[name]) for name in hints if not is_personal(hints[name])}


def _text(hint: Any) -> Any:
    hint = plain(hint)
    if get_origin(hint) is tuple:
        return [_text(get_args(hint)[0])]
    return shape(hint) if is_dataclass(hint) else "VARCHAR"


def required(fact: Any) -> list[str]:
    """Return the clear fields that are never empty."""
    hints = get_type_hints(fact)
    return [name for name in shape(fact) if not is_optional(hints[name])]


def _in_present_schema(record: Record) -> bytes:
    """Return a record on the wire, its data as this code would store them.

    Raises what `codec.decode` raises.
    """
    fact = codec.decode(record.name, record.schema, record.data)
    if record.schema == catalogue[record.name].schema:
        return codec.wire(record)
    return codec.wire(replace(record, data=msgspec.json.encode(fact)))


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


def _places(records: Sequence[Record]) -> dict[str, Columns]:
    ids = pa.array([each.event_id.bytes for each in records], pa.binary(16))
    return {
        "source": pa.array([each.source for each in records], pa.string()),
        "position": pa.array([each.position for each in records], pa.int64()),
        "recorded_at": pa.array([each.recorded_at for each in records], MOMENT),
        "event_id": pa.ExtensionArray.from_storage(pa.uuid(), ids),
    }


@contextmanager
def _shown(writer: duckdb.DuckDBPyConnection, name: str, table: Columns) -> Generator[None]:
    """Let SQL see a table under a name; after an error it goes with the transaction."""
    writer.register(name, table)
    yield
    writer.unregister(name)
