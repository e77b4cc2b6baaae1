"""Facts that stand alike on the wire, read by their places, a column at a time.

Most facts of a kind differ in ids, days and numbers alone. One of them is the pattern: the
codec writes it again as it came. Of the others each byte must be the pattern's, or belong
to an id, a day, a moment, a number or plain text at the same place, written as the codec
writes it: so the codec would write all of them again as they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from shared.kernel import Kind
from shared.runtime import codec
from shared.runtime.columns_pattern import Block, Pattern, Patternless, Place, always

LEAST = 256
"""Fewer wires of a kind are sooner read as JSON than by a pattern of their own,"""
FEW = 8
"""unless there are no more patterns than this for so few: JSON takes some ms to begin."""
BLOCK = 1_024
"""Wires that are looked at together: what is made of them on the way stays small."""

EXACT = always(True, pa.bool_())  # noqa: FBT003 - Arrow takes no name for it

READ_AS_JSON: Any = (
    Patternless,
    codec.Unreadable,
    UnicodeDecodeError,
    OverflowError,
    pa.ArrowException,
)
"""No pattern, or a value that has no place in a column: JSON says what becomes of it."""

type Columns = Any
"""An Arrow table; the library has no types of its own."""


class Unlike(Exception):  # noqa: N818 - then they are parted, and each part is looked at
    """Not all wires have the pattern's shape at a place."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


def laid_out(kind: Kind, wires: Sequence[bytes]) -> tuple[Columns | None, list[bytes]]:
    """Read wires of a kind by place; return a table of them, and those that are left.

    The table has what is clear of a fact, its envelope, and `exact`, as `reading` has them.
    """
    read, left, few = list[Columns](), list[bytes](), 0
    parts = sorted(_by(wires, len), key=len)
    while parts:
        part = parts.pop()
        few += len(part) < LEAST
        if few > FEW and len(part) < LEAST:
            left += part
            continue
        try:
            read += blocks(Pattern(kind, part[0]), part)
        except Unlike as unlike:
            parts += _by(part, unlike.place.of)
        except READ_AS_JSON:
            left += part
    return (pa.Table.from_batches(read) if read else None), left


def _by(wires: Iterable[bytes], what: Any) -> list[list[bytes]]:
    parts: defaultdict[Any, list[bytes]] = defaultdict(list)
    for each in wires:
        parts[what(each)].append(each)
    return [*parts.values()]


def blocks(pattern: Pattern, wires: Sequence[bytes]) -> list[Columns]:
    """Read wires of one length. Raises `Unlike`; ArrowInvalid for a day that is none."""
    starts = range(0, len(wires), BLOCK)
    return [_block(pattern, wires[n : n + BLOCK]) for n in starts]


def _block(pattern: Pattern, wires: Sequence[bytes]) -> Columns:
    said = Block(wires)
    if place := pattern.unlike(said):
        raise Unlike(place)
    made = {name: column(said) for name, column in pattern.columns.items()}
    return pa.RecordBatch.from_pydict(made | {"exact": EXACT(said)})
