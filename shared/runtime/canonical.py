"""What two logs share that were told the same: facts without the accidents of telling.

Ids that a store or a command got by chance become the place of the first record that
has them; what is sealed says of whom it speaks, and no more (contracts §8).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec

from shared.runtime import codec
from shared.runtime.codec import Meta
from shared.runtime.log import Record

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CIPHER = {"subject", "key_id", "alg", "ciphertext"}
"""The fields of what is sealed."""


def canonical(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield one line of JSON for each record, log by log, in the order of each.

    Dropped: epoch, leaf, trace, ciphertext and the ids of keys. The ids of events and of
    commands, wherever they stand, become `log/position`; all else stays, moments too.
    """
    ordered = sorted(records, key=lambda each: (each.source, each.position))
    events = {str(each.event_id): _place(each) for each in ordered}
    asked: dict[UUID, str] = {}
    for each in ordered:
        meta = codec.decode_meta(each.meta)
        for chance in (meta.command_id, meta.correlation_id):
            asked.setdefault(chance, _place(each))
    for each in ordered:
        line = _line(each, events, asked)
        yield msgspec.json.encode(line, order="deterministic")


def _line(record: Record, events: dict[str, str], asked: dict[UUID, str]) -> dict[str, Any]:
    meta = codec.decode_meta(record.meta)
    return {
        "place": _place(record),
        "stream": str(record.stream),
        "version": record.version,
        "name": record.name,
        "schema": record.schema,
        "territory": record.territory,
        "recorded_at": record.recorded_at,
        "meta": _envelope(meta, events, asked),
        "data": _plain(msgspec.json.decode(record.data), events),
    }


def _envelope(meta: Meta, events: dict[str, str], asked: dict[UUID, str]) -> dict[str, Any]:
    return {
        "actor": meta.actor,
        "basis": meta.basis,
        "home_org": meta.home_org,
        "command": asked[meta.command_id],
        "correlation": asked[meta.correlation_id],
        "causation": meta.causation_id and events[str(meta.causation_id)],
        "corrects": meta.corrects and events[str(meta.corrects)],
    }


def _plain(said: Any, events: dict[str, str]) -> Any:
    match said:
        case dict() if said.keys() == CIPHER:
            return {"sealed": said["subject"]}
        case dict():
            return {name: _field(name, each, events) for name, each in said.items()}
        case list():
            return [_plain(each, events) for each in said]
        case str() if ID.fullmatch(said):
            return events.get(said, said)
        case _:
            return said


def _field(name: str, said: Any, events: dict[str, str]) -> Any:
    if name == "key_id":
        return said and "a key"
    return _plain(said, events)


def _place(record: Record) -> str:
    return f"{record.source}/{record.position}"
