"""How the database reads a fact off the wire, and whether it read exactly what came.

What it reads as typed values is written again as `codec.wire` would, and must be what
came, byte by byte: so nothing is rounded, guessed or taken for something else.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, Literal, Protocol, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from shared.kernel import Kind, catalogue
from shared.runtime import codec

type Shape = str | list[Shape] | dict[str, Shape]
"""What `json_transform` is told of a value: its type, or what is inside."""

HEAD: dict[str, Shape] = {
    "id": "UUID",
    "source": "VARCHAR",
    "subject": "UUID",
    "epoch": "UUID",
    "position": "BIGINT",
    "version": "BIGINT",
    "schema": "BIGINT",
    "recorded_at": "VARCHAR",
}
META: dict[str, Shape] = dict.fromkeys(
    ("corrects", "actor", "basis", "causation_id"), "VARCHAR"
)
SCALARS = {
    UUID: "UUID",
    str: "VARCHAR",
    int: "BIGINT",
    bool: "BOOLEAN",
    date: "DATE",
    Decimal: "VARCHAR",
}
"""Typed as they are written again; a decimal is text on the wire."""

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"
SQL = "\0"
"""Stands in a text before and after what the database puts there."""
ESCAPED = r"contains(wire, '\u00')"
DAYS = "DATE '0001-01-01' AND DATE '9999-12-31'"


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


@cache
def reading(tables: Tables, name: str) -> str:
    """Return what reads `batch(wire)` as rows of a fact's table, and `exact`.

    `exact` is whether a row says all that came, and nothing else did.
    """
    kind = catalogue[name]
    stored = codec.as_stored(kind.fact)
    shape = HEAD | {"meta": META, "data": shape_of(stored)}
    hints = get_type_hints(stored)
    said = {each: _laid(hints[each], f'said.data."{each}"') for each in hints}
    said |= {each: f"said.{each}" for each in HEAD}
    said |= {"event_id": "said.id", "stream": "said.subject"}
    said |= {each: f"said.meta.{each}" for each in META}
    columns = tables.columns(kind)
    row = (f"TRY_CAST({said[each]} AS {type_}) AS {each}" for each, type_ in columns.items())
    return (
        f"SELECT {', '.join(row)}, coalesce({' AND '.join(_exact(kind, stored))}, FALSE)"
        f" AS exact FROM (SELECT wire, TRY(json_transform(wire,"
        f" '{msgspec.json.encode(shape).decode()}')) AS said FROM batch)"
    )


def _laid(hint: Any, value: str) -> str:
    """Return a value as the tables have it: of a list of dataclasses each field is a list."""
    bare = plain(hint)
    if is_dataclass(bare):
        return _packed(value, {n: _laid(h, f'{value}."{n}"') for n, h in _hints(bare)})
    if get_origin(bare) is not tuple or not is_dataclass(of := plain(get_args(bare)[0])):
        return value
    each = f"each{value.count('each')}"
    return _packed(
        value,
        {
            n: f"list_transform({value}, lambda {each}: {_laid(h, f'{each}."{n}"')})"
            for n, h in _hints(of)
        },
    )


def _packed(value: str, parts: dict[str, str]) -> str:
    if all(part == f'{value}."{name}"' for name, part in parts.items()):
        return value
    return f"struct_pack({', '.join(f'"{name}" := {part}' for name, part in parts.items())})"


def _hints(of: Any) -> list[tuple[str, Any]]:
    return [*get_type_hints(of).items()]


def _exact(kind: Kind, stored: Any) -> Iterator[str]:
    yield f"starts_with(wire, concat({', '.join(_opening(kind))}))"
    ending = _ending(stored)
    yield (  # no OR: of it both sides are always computed, and the other is dear
        f"CASE WHEN ends_with(wire, {ending}) THEN TRUE"
        f" WHEN {ESCAPED} THEN ends_with(wire, {small(ending)}) ELSE FALSE END"
    )
    yield f"regexp_full_match(said.recorded_at, '{MOMENT}')"
    yield "TRY_CAST(said.recorded_at AS TIMESTAMPTZ) IS NOT NULL"
    for each in ("corrects", "causation_id"):
        yield f"(said.meta.{each} IS NULL OR TRY_CAST(said.meta.{each} AS UUID) IS NOT NULL)"
    yield from _of_fields(stored, "said.data")


def small(said: str) -> str:
    r"""Return a text with escapes as the codec writes them: `\u000b`, not `\u000B`."""
    for each in map(chr, range(32)):
        ours = msgspec.json.encode(each).decode()[1:-1]
        if ours.startswith(r"\u") and ours != ours.upper().replace("U", "u"):
            said = f"replace({said}, '{ours[:-2]}{ours[-2:].upper()}', '{ours}')"
    return said


def _opening(kind: Kind) -> list[str]:
    """Return the pieces of which `codec.wire` makes what stands before `meta`."""
    return [
        """'{"specversion":"1.0","id":"', said.id""",
        """'","source":"', said.source""",
        f"""'","type":"{kind.name}","subject":"', said.subject""",
        """'","time":"', said.recorded_at""",
        """'","datacontenttype":"application/json","epoch":"', said.epoch""",
        """'","position":', said.position""",
        """',"version":', said.version""",
        """',"schema":', said.schema""",
        """',"recorded_at":"', said.recorded_at, '","meta":'""",
    ]


def _ending(stored: Any) -> str:
    """Return what writes the fact again, from its name on.

    `to_json` of the whole fact says the same and takes twice as long: it is left for
    text, which may need escapes, and for lists.
    """
    said = f',"data":{_object(stored, "said.data")}}}'.split(SQL)
    pieces = (each if n % 2 else f"'{each}'" for n, each in enumerate(said))
    return f"concat({', '.join(pieces)})"


def _object(of: Any, at: str) -> str:
    """Return a dataclass in JSON, `SQL` before and after each value."""
    hints = get_type_hints(of).items()
    said = (f'"{name}":{_value(hint, f'{at}."{name}"')}' for name, hint in hints)
    return f"{{{','.join(said)}}}"


def _value(hint: Any, value: str) -> str:
    bare = plain(hint)
    as_json = bare is str or get_origin(bare) is tuple
    if is_optional(hint):
        quoted = (
            f"to_json({value})"
            if as_json or is_dataclass(bare)
            else f"""'"' || {value} || '"'"""
        )
        said = f"{value}::VARCHAR" if bare in {int, bool} else quoted
        return f"{SQL}coalesce({said}, 'null'){SQL}"
    if is_dataclass(bare):
        return _object(bare, value)
    if as_json:
        return f"{SQL}to_json({value}){SQL}"
    return f"{SQL}{value}{SQL}" if bare in {int, bool} else f'"{SQL}{value}{SQL}"'


def shape_of(hint: Any) -> Any:
    """Return how the database reads a type out of JSON."""
    hint = plain(hint)
    if get_origin(hint) is tuple:
        return [shape_of(get_args(hint)[0])]
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return {each.name: shape_of(hints[each.name]) for each in fields(hint)}
    return "VARCHAR" if get_origin(hint) is Literal else SCALARS[hint]


def _of_fields(of: Any, at: str) -> Iterator[str]:
    """Return what must hold of a dataclass besides what its JSON types say."""
    for name, hint in get_type_hints(of).items():
        value = f'{at}."{name}"'
        inner = " AND ".join(_of_value(plain(hint), value))
        if is_optional(hint):
            yield f"({value} IS NULL OR ({inner or 'TRUE'}))"
        else:
            yield " AND ".join(filter(None, [f"{value} IS NOT NULL", inner]))


def _of_value(hint: Any, value: str) -> Iterator[str]:
    if get_origin(hint) is Literal:
        yield f"{value} IN ({', '.join(f"'{each}'" for each in get_args(hint))})"
    elif get_origin(hint) is tuple:
        item = f"item{value.count('item')}"
        inner = [f"{item} IS NOT NULL", *_of_value(plain(get_args(hint)[0]), item)]
        each = f"list_transform({value}, lambda {item}: {' AND '.join(inner)})"
        yield f"coalesce(list_bool_and({each}), TRUE)"
    elif is_dataclass(hint):
        yield from _of_fields(hint, value)
    elif hint is date:
        yield f"{value} BETWEEN {DAYS}"
    elif hint is Decimal:
        yield f"TRY_CAST({value} AS DECIMAL(5, 2)) IS NOT NULL"


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
