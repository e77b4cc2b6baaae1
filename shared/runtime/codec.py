"""Bytes: of a fact, of its envelope, of a record on the wire (contracts §1)."""

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, make_dataclass
from datetime import UTC, date, datetime
from functools import cache
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import uuid_utils
from msgspec import Raw, Struct

from shared.kernel import Kind, Personal, Sealed, catalogue, kind_of
from shared.runtime.log import Record
from shared.runtime.tree import leaf_of, micros

type Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(name, schema) → the same document as the next schema has it. All of them, here."""


type Day = date


class Basis(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The act by which something is recorded."""

    act: str
    number: str | None = None
    date: Day | None = None
    clause: str | None = None


class Meta(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of a fact: who said it, by what act, and because of what.

    `corrects` is the record that the fact restates in full.
    """

    event_id: UUID
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    basis: Basis | None = None
    home_org: UUID | None = None
    corrects: UUID | None = None
    traceparent: str | None = None


class Unreadable(Exception):  # noqa: N818 - parked, or said to be skipped
    """These bytes are no fact that this code knows. Names no value, only the place."""


class UnknownFact(Unreadable):
    """The name stands in no catalogue: a fact of a later release, perhaps."""


class UnknownSchema(Unreadable):
    """The fact is known, this version of it is not."""


class Malformed(Unreadable):
    """The bytes are not what their name says."""


_SEALED = (Sealed, NoneType)
_SIXTEEN = b"\xc4\x10"
_encoder = msgspec.json.Encoder()
_meta = msgspec.json.Decoder(Meta)
_id = msgspec.msgpack.Decoder(UUID)


def id_of(said: bytes) -> UUID:
    """Return the id that sixteen bytes are, as `UUID` does it, in a sixth of the time."""
    return _id.decode(_SIXTEEN + said)


def new_id() -> UUID:
    """Return a new UUIDv7: each of this process after those before it."""
    return id_of(uuid_utils.uuid7().bytes)


def encode(fact: Any) -> bytes:
    """Return the stored bytes of a fact. TypeError if it names somebody in clear."""
    for name in kind_of(fact).sealed:
        if not isinstance(getattr(fact, name), _SEALED):
            raise TypeError(f"{kind_of(fact).name}.{name} is not sealed")
    return _encoder.encode(fact)


def decode(name: str, schema: int, data: bytes) -> Any:
    """Return a fact as it was stored; its personal fields, if any, are `Sealed`.

    Raises `UnknownFact`, `UnknownSchema`, `Malformed`. Fields nobody knows are ignored.
    """
    kind = catalogue.get(name)
    if kind is None:
        raise UnknownFact(f"{name} is the name of no fact")
    reader = _reader(kind.fact)
    try:
        if schema == kind.schema:
            return reader.read(data)
        document = msgspec.json.decode(data, type=dict[str, Any])
        return reader.convert(_upcast(kind, schema, document))
    except NO_SENSE as wrong:
        raise Malformed(f"{name} {schema}: {place_of(wrong)}") from None


def _upcast(kind: Kind, schema: int, document: dict[str, Any]) -> dict[str, Any]:
    for each in range(schema, kind.schema):
        upcast = UPCASTS.get((kind.name, each))
        if upcast is None:
            break
        document = upcast(document)
    else:
        if 0 < schema <= kind.schema:
            return document
    raise UnknownSchema(f"{kind.name} {schema}: known is {kind.schema}")


NO_SENSE = (msgspec.MsgspecError, UnicodeDecodeError)
"""What msgspec raises where bytes make no sense: a text that is not UTF-8 is the second."""


def place_of(wrong: msgspec.MsgspecError | UnicodeDecodeError) -> str:
    """Say what is wrong and where, but never the value: it may name a person."""
    if isinstance(wrong, UnicodeDecodeError):
        return "a text is not UTF-8"
    said, at, place = str(wrong).partition(" - at ")
    return said.partition(" value ")[0].partition(", got ")[0] + at + place


class _Reader:
    """How one class of facts comes out of its stored bytes."""

    def __init__(self, fact: type[Any]) -> None:
        stored = as_stored(fact)
        self._fact = fact
        self._names = () if stored is fact else tuple(f.name for f in fields(fact))
        self._stored = stored
        decode = msgspec.json.Decoder(stored).decode
        self.read: Callable[[bytes], Any] = (
            (lambda data: self._named(decode(data))) if self._names else decode
        )

    def convert(self, document: dict[str, Any]) -> Any:
        said = msgspec.convert(document, self._stored, builtin_types=(), str_keys=True)
        return self._named(said) if self._names else said

    def _named(self, stored: Any) -> Any:
        return self._fact(**{name: getattr(stored, name) for name in self._names})


_reader = cache(_Reader)


@cache
def as_stored(fact: type[Any]) -> type[Any]:
    """Return the stored shape of a fact: itself, or `Sealed` where it is personal."""
    hints = get_type_hints(fact)
    sealed = {name: _sealed(hint) for name, hint in hints.items()}
    if sealed == hints:
        return fact
    shape = [(each.name, sealed[each.name], _default(each)) for each in fields(fact)]
    return make_dataclass(fact.__name__, shape, frozen=True, kw_only=True, slots=True)


def _sealed(hint: Any) -> Any:
    arms = get_args(hint)
    if get_origin(hint) is Personal:
        return Sealed
    if NoneType in arms and any(get_origin(arm) is Personal for arm in arms):
        return Sealed | None
    return hint


def _default(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return field(default_factory=each.default_factory)
    return field() if each.default is MISSING else field(default=each.default)


def encode_meta(meta: Meta) -> bytes:
    """Return the stored bytes of an envelope."""
    return _encoder.encode(meta)


def decode_meta(data: bytes) -> Meta:
    """Return an envelope. Raises `Malformed`."""
    try:
        return _meta.decode(data)
    except NO_SENSE as wrong:
        raise Malformed(f"meta: {place_of(wrong)}") from None


type Moment = Annotated[datetime, msgspec.Meta(tz=True)]
type Count = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class CloudEvent(Struct, frozen=True, kw_only=True):
    """A record on the wire: CloudEvents 1.0, structured; `meta` and `data` verbatim.

    The territory stays at home: whoever may see the record was asked before it left.
    """

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    subject: UUID
    time: Moment
    datacontenttype: str = "application/json"
    epoch: UUID
    position: Count
    version: Count
    schema: Count
    recorded_at: Moment
    meta: Raw
    data: Raw


_wire = msgspec.json.Decoder(CloudEvent)


def wire(record: Record) -> bytes:
    """Return a record as one CloudEvent; equal records give equal bytes."""
    return _encoder.encode(
        CloudEvent(
            id=record.event_id,
            source=record.source,
            type=record.name,
            subject=record.stream,
            time=record.recorded_at,
            epoch=record.epoch,
            position=record.position,
            version=record.version,
            schema=record.schema,
            recorded_at=record.recorded_at,
            meta=Raw(record.meta),
            data=Raw(record.data),
        )
    )


def unwire(sent: bytes, *, leaf: bool = True) -> Record:
    """Return the record of a CloudEvent, its leaf computed anew. Raises `Malformed`.

    Without `leaf` it has none: for whoever reads much and proves nothing.
    """
    try:
        said = _wire.decode(sent)
    except NO_SENSE as wrong:
        raise Malformed(f"wire: {place_of(wrong)}") from None
    if said.specversion != "1.0":
        raise Malformed("wire: CloudEvents 1.0 is spoken here - at `$.specversion`")
    recorded_at, meta, data = said.recorded_at, bytes(said.meta), bytes(said.data)
    return Record(
        source=said.source,
        epoch=said.epoch,
        position=said.position,
        recorded_at=recorded_at.astimezone(UTC),
        event_id=said.id,
        stream=said.subject,
        version=said.version,
        name=said.type,
        schema=said.schema,
        territory=None,
        meta=meta,
        data=data,
        leaf=leaf_of(
            source=said.source,
            epoch=said.epoch,
            position=said.position,
            stream=said.subject,
            version=said.version,
            name=said.type,
            schema=said.schema,
            recorded_at=micros(recorded_at),
            meta=meta,
            data=data,
        )
        if leaf
        else b"",
    )
