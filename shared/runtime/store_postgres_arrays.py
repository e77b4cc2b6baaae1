"""Arrays as PostgreSQL reads them in binary: of one type each, also when empty.

psycopg finds the type of a list by looking at it, and so prepares a statement anew for
each mixture of empty lists; this is also several times faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct, pack
from typing import Any, ClassVar
from uuid import UUID

from psycopg import Connection, postgres
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_header = Struct(">iiIii")
_length = Struct(">i")
_bigint = Struct(">iq")
_NULL = _length.pack(-1)
_SIXTEEN = _length.pack(16)


@dataclass(frozen=True, slots=True)
class Array:
    """The elements, of the type that a subclass names, and the bytes that are `sent`."""

    items: Sequence[Any]
    sent: bytes = field(init=False)
    element: ClassVar[str]

    def __post_init__(self) -> None:
        """Make the bytes at once: whoever sends them may be in a hurry."""
        object.__setattr__(self, "sent", self._with_header())

    def _with_header(self) -> bytes:
        element = postgres.types[self.element].oid
        if not self.items:
            return pack(">iiI", 0, 0, element)
        nulls = isinstance(self, Texts) and None in self.items
        return _header.pack(1, nulls, element, len(self.items), 1) + self.packed()

    def packed(self) -> bytes:
        """Return each element after its length."""
        raise NotImplementedError


class Uuids(Array):
    """`uuid[]`."""

    element = "uuid"

    def packed(self) -> bytes:
        """Return each element after its length."""
        items: Sequence[UUID] = self.items
        return _SIXTEEN + _SIXTEEN.join([each.int.to_bytes(16) for each in items])


class Bigints(Array):
    """`bigint[]`."""

    element = "int8"

    def packed(self) -> bytes:
        """Return each element after its length."""
        items: Sequence[int] = self.items
        packed = {each: _bigint.pack(8, each) for each in set(items)}  # versions repeat
        return b"".join([packed[each] for each in items])


class Byteas(Array):
    """`bytea[]`."""

    element = "bytea"

    def packed(self) -> bytes:
        """Return each element after its length."""
        items: Sequence[bytes] = self.items
        return b"".join([_length.pack(len(each)) + each for each in items])


class Texts(Array):
    """`text[]`, in which None is null."""

    element = "text"

    def packed(self) -> bytes:
        """Return each element after its length."""
        items: Sequence[str | None] = self.items
        packed = {each: _text(each) for each in set(items)}  # few kinds, many facts
        return b"".join([packed[each] for each in items])


def _text(text: str | None) -> bytes:
    if text is None:
        return _NULL
    encoded = text.encode()
    return _length.pack(len(encoded)) + encoded


ARRAYS: dict[str, type[Array]] = {
    "uuid": Uuids,
    "bigint": Bigints,
    "bytea": Byteas,
    "text": Texts,
}


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def __init__(self, cls: type[Array], context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = postgres.types[cls.element].array_oid

    def dump(self, obj: Array) -> bytes:
        return obj.sent


def speak_arrays(pg: Connection[Any]) -> None:
    """Teach a connection these types."""
    for each in ARRAYS.values():
        pg.adapters.register_dumper(each, _ArrayDumper)
