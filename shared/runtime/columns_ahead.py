"""A portion of one log, read ahead of the database while it comes and is still at hand.

Wires of one length are mostly of one kind. They are laid out by the thousand as soon as
they are there, by patterns that serve for all of the log; what is left over is parted by
kind, as any portion is.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shared.kernel import catalogue
from shared.runtime.columns_batch import Portion, Told, Unusual, read_ahead, told_by
from shared.runtime.columns_layout import (
    BLOCK,
    LEAST,
    READ_AS_JSON,
    Columns,
    Unlike,
    blocks,
)
from shared.runtime.columns_pattern import Pattern, Patternless

type Positions = NDArray[np.int64]

MOST = 64
"""Patterns for wires of one length: each that is sought costs some µs to be tried."""


class Patterns:
    """What wires of a log have been found to look like."""

    def __init__(self) -> None:
        self._known: defaultdict[int, list[tuple[Told, Pattern]]] = defaultdict(list)

    def of(self, wire: bytes) -> tuple[Told, Pattern]:
        """Return the pattern that a wire follows, a new one if need be.

        Raises `Unusual`, and what `Pattern` raises.
        """
        known = self._known[len(wire)]
        for each in known:
            if all(place.of(wire) == place.shape for place in each[1].places):
                return each
        if len(known) >= MOST:
            raise Patternless
        told = told_by(wire)
        known.append((told, Pattern(catalogue[told[1]], wire)))
        return known[-1]


class _Shelf:
    """Wires, and the positions at which they must stand if the log has no gap."""

    def __init__(self, wires: list[bytes], positions: Positions) -> None:
        self.wires, self.positions = wires, positions

    def of(self, some: NDArray[np.intp]) -> "_Shelf":
        """Return some of it."""
        wires = self.wires
        return _Shelf([wires[n] for n in some.tolist()], self.positions[some])

    def parted(self, by: Callable[[bytes], Any]) -> Iterator["_Shelf"]:
        """Part by what is said of a wire; what is in order stays so."""
        said = [by(each) for each in self.wires]
        _, kinds = np.unique(np.array(said), return_inverse=True)
        order = kinds.argsort(kind="stable")
        ends = np.flatnonzero(np.diff(kinds[order])) + 1
        return (self.of(some) for some in np.split(order, ends))

    def whole(self) -> tuple["_Shelf", "_Shelf"]:
        """Part whole blocks from the rest."""
        n = len(self.wires) // BLOCK * BLOCK
        first = _Shelf(self.wires[:n], self.positions[:n])
        return first, _Shelf(self.wires[n:], self.positions[n:])

    def joined(self, other: "_Shelf") -> "_Shelf":
        """Return it with what came after it."""
        positions = np.concatenate([self.positions, other.positions])
        return _Shelf(self.wires + other.wires, positions)

    def stands(self, read: Sequence[Columns]) -> bool:
        """Say whether what was read of it says that it stands where it must."""
        places = pa.chunked_array([each["position"] for each in read])
        return places.equals(pa.chunked_array([pa.array(self.positions)]))


class Ahead:
    """The wires of a log from a position on, as they come."""

    def __init__(self, patterns: Patterns, first: int) -> None:
        self.wires: list[bytes] = []
        self._patterns = patterns
        self._next = first
        self._in_order = True
        self._shelves: dict[int, _Shelf] = {}
        self._read: defaultdict[Told, list[Columns]] = defaultdict(list)
        self._left: list[bytes] = []

    def add(self, wires: Sequence[bytes]) -> None:
        """Take what follows, and read what there is much of."""
        count = len(wires)
        came = _Shelf(list(wires), np.arange(self._next, self._next + count))
        self.wires += wires
        self._next += count
        for part in came.parted(len) if count else ():
            before = self._shelves.pop(len(part.wires[0]), None)
            full, rest = (before.joined(part) if before else part).whole()
            if full.wires:
                self._lay(full)
            if rest.wires:
                self._shelves[len(part.wires[0])] = rest

    def portion(self) -> Portion | None:
        """Return all of it, None if it is not all from the first position on, in order."""
        for shelf in self._shelves.values():
            self._lay(shelf)
        self._shelves.clear()
        if not self._in_order:
            return None
        portion = Portion(self.wires)
        left = read_ahead(self._left)
        if left.groups is not None:
            for told, (laid, _) in left.groups.items():
                if laid is not None:
                    self._read[told] += laid.to_batches()
            portion.groups = {
                told: (_table(self._read.get(told)), left.groups.get(told, (None, []))[1])
                for told in self._read.keys() | left.groups.keys()
            }
        return portion

    def _lay(self, shelf: _Shelf) -> None:
        parts = [shelf]
        while parts:
            part = parts.pop()
            if len(part.wires) < LEAST:
                self._leave(part)
                continue
            try:
                told, pattern = self._patterns.of(part.wires[0])
                read = blocks(pattern, part.wires)
            except Unlike as unlike:
                parts += part.parted(unlike.place.of)
            except (Unusual, *READ_AS_JSON):
                self._leave(part)
            else:
                self._in_order &= part.stands(read)
                self._read[told] += read

    def _leave(self, shelf: _Shelf) -> None:
        self._left += shelf.wires
        self._in_order &= _stand(shelf)


def _stand(shelf: _Shelf) -> bool:
    """Say whether wires stand where they must, without reading them."""
    at = dict[int, int]()  # what is equally long is mostly of one kind
    for position, wire in zip(shelf.positions.tolist(), shelf.wires, strict=True):
        place = b'"position":%d,"version":' % position
        if not wire.startswith(place, at.get(len(wire), 0)):
            at[len(wire)] = wire.find(place)
            if at[len(wire)] < 0:
                return False
    return True


def _table(read: Sequence[Columns] | None) -> Columns | None:
    return pa.Table.from_batches(read) if read else None
