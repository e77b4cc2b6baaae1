"""One batch on its way into columns: read as JSON by the database, one insert per fact."""

import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, starmap
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from shared.kernel import Withdrawal, catalogue
from shared.runtime import codec
from shared.runtime.columns_layout import laid_out
from shared.runtime.columns_reading import Tables, reading
from shared.runtime.log import Hole, Record

CHUNK = 4_096
"""Records that one thread of the database reads at a time."""
SOURCE_AT = len('{"specversion":"1.0","id":"","source":"') + 36
"""Where on the wire the source begins: `codec.wire` gives equal records equal bytes."""
MOMENT = pa.timestamp("us", tz="UTC")
type Columns = Any
"""An Arrow table; the library has no types of its own."""
type Told = tuple[str, str]
"""A source, and the name of a fact."""
type Groups = dict[Told, tuple[Columns | None, list[bytes]]]
"""What was read of each kind by place, and the wires that are left."""
type Came = dict[str, str]
"""A table of what has just been read, and the name of the fact that it holds."""


class ForeignEpoch(Hole):
    """A log goes on in an epoch nobody announced, or says something else than before."""


class Unusual(Exception):  # noqa: N818 - then they are looked at one by one
    """Not every record follows what is heard, or not every one is read as it came."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a log is heard, and when its last record was recorded."""

    epoch: UUID
    position: int
    recorded_at: datetime


type Announced = Callable[[str, UUID, int], bool]
"""Say whether a log has an epoch that begins right after a position."""


def in_order(
    known: Mapping[str, Heard], records: Sequence[Record], announced: Announced
) -> tuple[list[Record], list[Record], dict[str, Heard]]:
    """Part what is new from what is known; say how far each log is heard after it."""
    fresh: list[Record] = []
    repeated: list[Record] = []
    heard: dict[str, Heard] = {}
    for each in records:
        source = each.source
        mark = heard.get(source) or known.get(source)
        epoch, position = (mark.epoch, mark.position) if mark else (each.epoch, 0)
        if each.position <= position:
            repeated.append(each)
            continue
        if each.position != position + 1:
            raise Hole(f"{source} is heard up to {position}, not {each.position}")
        if each.epoch != epoch and not announced(source, each.epoch, position):
            raise ForeignEpoch(f"{source} goes on in epoch {each.epoch}, known is {epoch}")
        fresh.append(each)
        heard[source] = Heard(each.epoch, each.position, each.recorded_at)
    return fresh, repeated, heard


class Portion(list[bytes]):
    """Wires, and what is read of them without the database; see `read_ahead`.

    `groups` is None if they do not all tell a known fact of a log. Where it `ends` a log,
    nothing more of that is to come.
    """

    groups: Groups | None = None
    ends: bool = False


def read_ahead(wires: Sequence[bytes]) -> Portion:
    """Read of wires what is laid out alike; another thread may, while one is written."""
    portion = Portion(wires)
    with suppress(Unusual):
        portion.groups = _by_place(parted(wires))
    return portion


def _by_place(groups: Mapping[Told, Sequence[bytes]]) -> Groups:
    return {told: laid_out(catalogue[told[1]], wires) for told, wires in groups.items()}


def parted(wires: Sequence[bytes]) -> dict[Told, list[bytes]]:
    """Part wires by what they tell, without reading them. Raises `Unusual`."""
    by_name: defaultdict[bytes, list[bytes]] = defaultdict(list)
    try:
        for each in wires:
            by_name[each[SOURCE_AT : each.index(b'","subject":"', SOURCE_AT)]].append(each)
    except ValueError:
        raise Unusual from None
    return {_told(said): group for said, group in by_name.items()}


def told_by(wire: bytes) -> Told:
    """Return what a wire tells. Raises `Unusual`."""
    [told] = parted([wire])
    return told


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

    def write(self, portion: Portion) -> dict[str, Heard]:
        """Write wires that all follow what is heard; say how far each log is heard then.

        Raises `Unusual`, and has written nothing, if there is anything that is
        repeated, missing, not known to this code, or not what its name says.
        """
        if portion.groups is None:
            raise Unusual
        came = self._read(portion.groups)
        try:
            heard = self._follow(len(portion))
        except Unusual:
            self._let_go(came)
            raise
        self._keep(came)
        self._let_go(came)
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
            except (codec.Malformed, UnicodeDecodeError) as wrong:
                raise codec.Malformed(_place(each, wrong)) from None
            except codec.Unreadable:
                unreadable.append(each)
            else:
                groups[each.source, each.name].append(wire)
        if groups:
            came = self._read(_by_place(groups))
            self._must_be_exact()
            self._keep(came)
            self._let_go(came)
        if unreadable:
            self._pass_by(unreadable)
        for source, position in self._otherwise(repeated) if repeated else ():
            known = f"{source}: a known position, {position}, comes with another event id"
            raise ForeignEpoch(known)
        self._hear(heard)
        return len(unreadable)

    # ── What is new ─────────────────────────────────────────────────────────

    def _read(self, groups: Groups) -> Came:
        """Show what was read by place, `laid_…`, read the rest as JSON into tables, `came_…`.

        `news` lists all of it.
        """
        came: Came = {}
        for n, ((_, name), (laid, left)) in enumerate(groups.items()):
            if laid is not None:
                came[f"laid_{n}"] = name
                whole = laid.combine_chunks()  # in many pieces it takes a quarter longer
                self._writer.register(f"laid_{n}", whole)
            if left:
                came[f"came_{n}"] = name
                with _shown(self._writer, "batch", _column_of(left)):
                    self._writer.execute(
                        f"CREATE OR REPLACE TEMP TABLE came_{n} AS"
                        f" {reading(self._tables, name)}"
                    )
        news = " UNION ALL ".join(starmap(_news, came.items()))
        self._writer.execute(f"CREATE OR REPLACE TEMP VIEW news AS {news}")
        return came

    def _keep(self, came: Came) -> None:
        """Take what was read into the tables, and amend what it amends."""
        for table, name in came.items():
            kind = catalogue[name]
            columns = ", ".join(self._tables.columns(kind))
            self._writer.execute(
                f"INSERT INTO {self._tables.table(kind)} ({columns})"
                f" SELECT {columns} FROM {table}"
            )
        self._writer.execute(
            "INSERT INTO records"
            " SELECT source, position, recorded_at, event_id, name, TRUE FROM news"
        )
        self._amend(came)

    def _let_go(self, came: Came) -> None:
        """Forget what is shown; after an error it goes with the transaction."""
        for table in came:
            if table.startswith("laid_"):
                self._writer.unregister(table)

    def _amend(self, came: Came) -> None:
        """Mark what the news restate or withdraw."""
        amendments = [
            f"SELECT name, source, position, withdraws AS first FROM {table}"
            for table, name in came.items()
            if issubclass(catalogue[name].fact, Withdrawal)
        ]
        amendments.append(
            "SELECT name, source, position, corrects AS first FROM news"
            " WHERE corrects IS NOT NULL"
        )
        self._writer.execute(
            f"CREATE OR REPLACE TEMP TABLE amendments AS {' UNION ALL '.join(amendments)}"
        )
        amended = self._writer.execute("SELECT DISTINCT name FROM amendments ORDER BY name")
        for (name,) in amended.fetchall():
            if name in catalogue:
                self._writer.execute(self._tables.replace(catalogue[name]))

    def _must_be_exact(self) -> None:
        found = self._writer.execute(
            "SELECT source, position, name FROM news WHERE NOT exact ORDER BY ALL LIMIT 1"
        )
        for source, position, name in found.fetchall():
            raise codec.Malformed(f"{source} {position}: {name}: a value has no place here")

    def _follow(self, count: int) -> dict[str, Heard]:
        """Say how far each log is heard, if the news are all that follows. Raises `Unusual`."""
        found = self._writer.execute("""
            SELECT source, count(*), count(DISTINCT position), min(position), max(position),
                min(epoch), max(epoch), arg_max(recorded_at, position),
                bool_and(usual)
            FROM news GROUP BY source
        """).fetchall()
        heard: dict[str, Heard] = {}
        for source, said, different, first, last, epoch, other, recorded_at, usual in found:
            before = self._known.get(source)
            if (
                not usual
                or first != self._before(source) + 1
                or not said == different == last - first + 1
                or {epoch, other} != {before.epoch if before else epoch}
            ):
                raise Unusual
            heard[source] = Heard(epoch, last, recorded_at)
            count -= said
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

    def _otherwise(self, records: Sequence[Record]) -> list[tuple[str, int]]:
        """Return the first of these known positions that does not hold the very same event."""
        with _shown(self._writer, "batch", pa.table(_places(records))):
            return self._writer.execute("""
                SELECT source, position FROM batch ANTI JOIN (
                    FROM records WHERE position BETWEEN
                        (SELECT min(position) FROM batch) AND (SELECT max(position) FROM batch)
                ) USING (source, position, event_id)
                ORDER BY position LIMIT 1
            """).fetchall()


def _in_present_schema(record: Record) -> bytes:
    """Return a record on the wire, its data as this code would store them.

    Raises what `codec.decode` raises, and UnicodeDecodeError.
    """
    fact = codec.decode(record.name, record.schema, record.data)
    record.meta.decode()
    return codec.wire(replace(record, data=codec.encode(fact)))


def _news(table: str, name: str) -> str:
    return (
        f"SELECT '{name}' AS name, source, epoch, position, recorded_at, event_id, corrects,"
        f" exact, exact AND version > 0 AND schema = {catalogue[name].schema} AS usual"
        f" FROM {table}"
    )


def _place(record: Record, wrong: Exception) -> str:
    said = wrong if isinstance(wrong, codec.Malformed) else f"{record.name}: no UTF-8 text"
    return f"{record.source} {record.position}: {said}"


def _column_of(group: Sequence[bytes]) -> Columns:
    """Return wires as a table of text, in the chunks that a thread reads at a time.

    Raises `Unusual` when they are not text.
    """
    whole = b"".join(group)
    ends = array("q", accumulate(map(len, group), initial=0))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(whole)]
    wires: Columns = pa.Array.from_buffers(pa.large_string(), len(group), buffers)
    try:
        if not whole.isascii():
            wires.validate(full=True)
    except pa.ArrowInvalid:
        raise Unusual from None
    table = pa.Table.from_arrays([wires], names=["wire"])
    return pa.Table.from_batches(table.to_batches(max_chunksize=CHUNK))


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
