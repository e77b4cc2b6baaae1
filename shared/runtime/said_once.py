"""A field that a JSON body names twice: RFC 8259 leaves open which counts, so neither does."""

import json
from collections.abc import Iterator
from typing import Any

type Place = tuple[str | int, ...]


class _Twice(dict[str, Any]):
    """An object that names some of its fields more than once."""

    names: list[str]


def said_twice(body: bytes) -> list[Place]:
    """Return where a body names a field more than once, at any depth; never what it holds.

    It is JSON that was read before. What a repetition hides is not looked into.
    """
    return list(_places(_reader.decode(body.decode()), ()))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) == len(pairs):
        return said
    twice, seen = _Twice(said), set[str]()
    twice.names = [name for name, _ in pairs if name in seen or seen.add(name)]
    return twice


_reader = json.JSONDecoder(object_pairs_hook=_object)


def _places(said: Any, at: Place) -> Iterator[Place]:
    if isinstance(said, _Twice):
        yield from ((*at, name) for name in dict.fromkeys(said.names))
    within = said.items() if isinstance(said, dict) else ()
    within = enumerate(said) if isinstance(said, list) else within
    for name, each in within:
        if isinstance(each, dict | list):
            yield from _places(each, (*at, name))
