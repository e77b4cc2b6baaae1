"""One wire written again, piece by piece: where in it what stands, and who reads it there.

What may differ from wire to wire is an id, a day, a moment, a number, or plain text; all
else is the same in every wire that follows the pattern.
"""

import re
from binascii import unhexlify
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from shared.kernel import Kind
from shared.runtime import codec
from shared.runtime.columns_reading import META, plain
from shared.runtime.log import Record

HEX = bytes.maketrans(b"0123456789abcdef", b"0" * 16)
DIGITS = bytes.maketrans(b"0123456789", b"0" * 10)
PLAIN = bytes(
    ord("x") if n < ord("\x7f") and chr(n).isprintable() and n not in b'"\\' else 0
    for n in range(256)
)
"""What stands for each byte in the shape of an id, of figures, of text without escapes."""

EVERY = 0xFF
"""All bits of a byte."""

TYPES: dict[Any, Any] = {
    UUID: pa.uuid(),
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    date: pa.date32(),
    Decimal: pa.decimal128(5, 2),
}
BARE, MOMENT = pa.timestamp("us"), pa.timestamp("us", tz="UTC")
FIRST: Any = pa.scalar(date.min)
"""The least day there is; Arrow knows of a year 0."""
NUMBER = re.compile(rb"0|[1-9]\d{0,17}")
SHARE = re.compile(rb"(0|[1-9]\d{0,2})(\.\d{1,2})?")

pc: Any = compute
type Columns = Any
"""An Arrow array; the library has no types of its own."""
type Column = Callable[["Block"], Columns]
"""Makes a column out of the wires of a block."""


class Patternless(Exception):  # noqa: N818 - then it is read as JSON
    """No fact of this release as the codec writes it, or one that no other is like."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where some bytes stand, and of what shape they are in every wire."""

    start: int
    end: int
    shape: bytes
    table: bytes | None = None

    def of(self, wire: bytes) -> bytes:
        """Return the shape of what a wire has here."""
        return wire[self.start : self.end].translate(self.table)


class Block:
    """Wires of one length, one below another, cut by places."""

    def __init__(self, wires: Sequence[bytes]) -> None:
        self.count = len(wires)
        self.rows = np.frombuffer(b"".join(wires), np.uint8).reshape(self.count, -1)
        self._cut: dict[int, bytes] = {}

    def among(self, place: Place) -> bytes:
        """Return what stands at a place, one wire's after another's."""
        if place.start not in self._cut:
            self._cut[place.start] = self.rows[:, place.start : place.end].tobytes()
        return self._cut[place.start]

    def follows(self, place: Place) -> bool:
        """Say whether it is of the place's shape in all of them."""
        return self.among(place).translate(place.table) == place.shape * self.count


class Pattern:
    """A wire of a kind. Raises what `codec.unwire` and `decode` raise, and `Patternless`.

    `columns` are what is clear of the fact and its envelope, `places` is all of the wire.
    """

    def __init__(self, kind: Kind, wire: bytes) -> None:
        record = codec.unwire(wire, leaf=False)
        if (record.name, record.schema) != (kind.name, kind.schema) or b"\\" in record.meta:
            raise Patternless
        fact = codec.decode(record.name, record.schema, record.data)
        self.places: list[Place] = []
        self.columns: dict[str, Column] = {}
        self._text = b""
        self._written = 0
        self._head(record)
        self._meta(codec.decode_meta(record.meta))
        self._say(',"data":')
        said = self._fields(codec.as_stored(kind.fact), fact)
        self.columns |= {name: said[name] for name in said if name not in kind.sealed}
        self._say("}")
        self._same()
        if self._text != wire:
            raise Patternless
        self._wire = np.frombuffer(wire, np.uint8)
        self._fixed = np.zeros(len(wire), np.uint8)
        for each in self.places:
            if each.table is None:
                self._fixed[each.start : each.end] = EVERY

    def unlike(self, block: Block) -> Place | None:
        """Return a place at which a block does not follow it, None if it does."""
        differ = np.bitwise_xor(block.rows, self._wire)
        differ &= self._fixed
        if differ.any():
            at = int(differ.any(axis=0).argmax())
            return next(each for each in self.places if each.end > at)
        vary = (each for each in self.places if each.table is not None)
        return next((each for each in vary if not block.follows(each)), None)

    # ── As `codec.wire` writes it ───────────────────────────────────────────

    def _head(self, record: Record) -> None:
        made = self.columns
        moment = _json(record.recorded_at)[1:-2]
        self._say('{"specversion":"1.0","id":')
        made["event_id"] = self._value(UUID, record.event_id)
        self._say(f',"source":"{record.source}","type":"{record.name}","subject":')
        made["stream"] = self._value(UUID, record.stream)
        self._say(',"time":"')
        first = self._place(moment, DIGITS)
        self._say(f'Z","datacontenttype":"application/json","epoch":"{record.epoch}"')
        for name in ("position", "version"):
            self._say(f',"{name}":')
            made[name] = self._value(int, getattr(record, name))
        self._say(f',"schema":{record.schema},"recorded_at":"')
        made["recorded_at"] = _moments(first, self._place(moment, DIGITS))
        self._say('Z","meta":')
        made["source"] = always(record.source, pa.string())
        made["epoch"] = _always_id(record.epoch)
        made["schema"] = always(record.schema, pa.int64())

    def _meta(self, meta: codec.Meta) -> None:
        opening = "{"
        for name, hint in get_type_hints(codec.Meta).items():
            value, bare = getattr(meta, name), plain(hint)
            made = always(None, TYPES.get(bare, pa.string()))
            if value is not None:
                self._say(f'{opening}"{name}":')
                made = self._value(bare, value) if bare in TYPES else self._as_it_is(value)
                opening = ","
            if name in META:
                self.columns[name] = made
        self._say("}")

    def _as_it_is(self, value: Any) -> Column:
        said = _json(value).decode()
        self._say(said)
        return always(said, pa.string())

    def _fields(self, of: Any, value: Any) -> dict[str, Column]:
        hints, made, opening = get_type_hints(of), dict[str, Column](), "{"
        for each in fields(of):
            self._say(f'{opening}"{each.name}":')
            made[each.name] = self._value(hints[each.name], getattr(value, each.name))
            opening = ","
        self._say("}")
        return made

    def _value(self, hint: Any, value: Any) -> Column:
        """Write a value; return the column of what stands in its place."""
        bare = plain(hint)
        if value is not None and is_dataclass(bare):
            return _structs(self._fields(bare, value))
        if get_origin(bare) is tuple and value is not None:
            return self._list(get_args(bare)[0], value)
        text = _json(value)
        match value:
            case UUID():
                return self._quoted(text, HEX, _uuids)
            case date():
                return self._quoted(text, DIGITS, _days)
            case Decimal() if SHARE.fullmatch(text[1:-1]):
                return self._quoted(text, DIGITS, _shares)
            case int() if not isinstance(value, bool) and NUMBER.fullmatch(text):
                return _numbers(self._place(text, DIGITS))
            case str() if bare is str and text[1:-1].translate(PLAIN).count(0) == 0 and value:
                return self._quoted(text, PLAIN, _texts)
            case _:
                self._say(text.decode())
                return always(value, _type(hint))

    def _list(self, hint: Any, values: Sequence[Any]) -> Column:
        bare, opening = plain(hint), "["
        made = list[Any]()
        for each in values:
            self._say(opening)
            made.append((self._fields if is_dataclass(bare) else self._value)(bare, each))
            opening = ","
        self._say("]" if values else "[]")
        if not is_dataclass(bare):
            return _lists(made, _type(bare))
        return _structs(
            {name: _lists([each[name] for each in made], of) for name, of in _types(bare)}
        )

    # ── Piece by piece ──────────────────────────────────────────────────────

    def _say(self, text: str) -> None:
        """Write what is the same in all wires."""
        self._text += text.encode()

    def _quoted(self, text: bytes, table: bytes, read: Callable[[Place], Column]) -> Column:
        self._say('"')
        place = self._place(text[1:-1], table)
        self._say('"')
        return read(place)

    def _place(self, text: bytes, table: bytes) -> Place:
        """Write what may differ."""
        self._same()
        start = len(self._text)
        self._text += text
        self._written = len(self._text)
        self.places.append(Place(start, self._written, text.translate(table), table))
        return self.places[-1]

    def _same(self) -> None:
        """Keep what was said since what may differ."""
        if said := self._text[self._written :]:
            self.places.append(Place(self._written, len(self._text), said))
        self._written = len(self._text)


# ── Columns ─────────────────────────────────────────────────────────────────


def always(value: Any, type_: Columns) -> Column:
    """Return a column of one value."""

    @lru_cache(maxsize=2)
    def made(count: int) -> Columns:
        if value is None:
            return pa.nulls(count, type_)
        return pa.repeat(pa.scalar(value, type_), count)

    return lambda block: made(block.count)


def _always_id(value: UUID) -> Column:
    @lru_cache(maxsize=2)
    def made(count: int) -> Columns:
        return _ids(value.bytes * count, count)

    return lambda block: made(block.count)


def _ids(raw: bytes, count: int) -> Columns:
    bare = pa.Array.from_buffers(pa.binary(16), count, [None, pa.py_buffer(raw)])
    return pa.ExtensionArray.from_storage(pa.uuid(), bare)


def _uuids(place: Place) -> Column:
    return lambda block: _ids(unhexlify(block.among(place).translate(None, b"-")), block.count)


def _texts(place: Place) -> Column:
    def read(block: Block) -> Columns:
        ends = _ends(block.count, place.end - place.start)
        said = [None, pa.py_buffer(ends), pa.py_buffer(block.among(place))]
        return pa.Array.from_buffers(pa.string(), block.count, said)

    return read


def _days(place: Place) -> Column:
    def read(block: Block) -> Columns:
        days = _texts(place)(block).cast(pa.date32())
        _require(pc.greater_equal(pc.min(days), FIRST).as_py())
        return days

    return read


def _moments(place: Place, again: Place) -> Column:
    def read(block: Block) -> Columns:
        _require(block.among(place) == block.among(again))
        moments = _texts(place)(block).cast(BARE)
        _require(pc.greater_equal(pc.min(moments), FIRST.cast(BARE)).as_py())
        return moments.cast(MOMENT)

    return read


def _numbers(place: Place) -> Column:
    return lambda block: _figures(place, block).cast(pa.int64())


def _shares(place: Place) -> Column:
    return lambda block: _figures(place, block).cast(pa.decimal128(5, 2))


def _figures(place: Place, block: Block) -> Columns:
    """Return numbers as text. Raises ArrowInvalid when one begins with a needless 0."""
    whole = len(place.shape.partition(b".")[0])
    first = block.among(place)[:: place.end - place.start]
    _require(whole == 1 or b"0" not in first)
    return _texts(place)(block)


@lru_cache(maxsize=64)
def _ends(count: int, size: int) -> NDArray[np.int32]:
    """Return where each of some things of one size ends, and 0 before the first."""
    return np.arange(count + 1, dtype=np.int32) * np.int32(size)


def _structs(made: Mapping[str, Column]) -> Column:
    def read(block: Block) -> Columns:
        parts = [each(block) for each in made.values()]
        return pa.StructArray.from_arrays(parts, names=[*made])

    return read


def _lists(made: Sequence[Column], type_: Columns) -> Column:
    """Return lists that are all as long as the pattern's."""
    size = len(made)

    def read(block: Block) -> Columns:
        count = block.count
        ends = pa.array(_ends(count, size))
        if not made:
            return pa.ListArray.from_arrays(ends, pa.nulls(0, type_))
        parts = pa.concat_arrays([each(block) for each in made])
        turns = np.arange(size * count).reshape(size, count).T.ravel()
        return pa.ListArray.from_arrays(ends, parts.take(pa.array(turns)))

    return read


def _type(hint: Any) -> Columns:
    bare = plain(hint)
    if get_origin(bare) is tuple and is_dataclass(each := plain(get_args(bare)[0])):
        return pa.struct({name: pa.list_(of) for name, of in _types(each)})
    if get_origin(bare) is tuple:
        return pa.list_(_type(get_args(bare)[0]))
    if is_dataclass(bare):
        return pa.struct(dict(_types(bare)))
    return pa.string() if get_origin(bare) is Literal else TYPES[bare]


def _types(of: Any) -> list[tuple[str, Columns]]:
    hints = get_type_hints(of)
    return [(each.name, _type(hints[each.name])) for each in fields(of)]


def _require(holds: bool) -> None:  # noqa: FBT001 - what must hold
    if not holds:
        raise pa.ArrowInvalid


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
