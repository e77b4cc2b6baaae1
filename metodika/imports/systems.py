"""Whose the name of an accounting system is: of the territory that used it first (S0 V).

It follows from the log: from the first link under the name that stands as it was said.
The log is read once, and then only what is new of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from shared.events.registry import FactWithdrawn, RosterLinked
from shared.kernel import kind_of
from shared.kernel.ids import Territory
from shared.runtime.codec import decode, decode_meta
from shared.runtime.grants import covers
from shared.runtime.log import Record, Store

PAGE = 5_000
LINKED, WITHDRAWN = kind_of(RosterLinked).name, kind_of(FactWithdrawn).name


class Foreign(Exception):  # noqa: N818 - 403
    """Another territory sends under this name."""


class First(NamedTuple):
    """The first link under a name, and where it stands; None is the country."""

    event_id: UUID
    place: Territory | None


@dataclass
class Systems:
    """Who uses which name. Blocking; shared by threads."""

    store: Store
    _position: int = 0
    _first: dict[str, First] = field(default_factory=dict[str, First])
    _mended: set[UUID] = field(default_factory=set[UUID])
    _lock: Lock = field(default_factory=Lock)

    def home(self, system: str, scopes: Sequence[Territory]) -> Territory:
        """Return from which of these territories one sends under this name.

        Raises `Foreign` when it is another's.
        """
        first = self._first_of(system)
        theirs = (each for each in scopes if first is None or _is_of(each, first.place))
        home = next(theirs, None)
        if home is None:
            raise Foreign(system)
        return home

    def _first_of(self, system: str) -> First | None:
        with self._lock:
            self._read_on()
            if any(each.event_id in self._mended for each in self._first.values()):
                self._first.clear()
                self._position = 0
                self._read_on()
            return self._first.get(system)

    def _read_on(self) -> None:
        while page := self.store.read(self._position, PAGE, names=(LINKED, WITHDRAWN)):
            for each in page:
                self._take(each)
            self._position = page[-1].position

    def _take(self, record: Record) -> None:
        said = decode(record.name, record.schema, record.data)
        if isinstance(said, FactWithdrawn):
            self._mended.add(said.withdraws)
        elif corrects := decode_meta(record.meta).corrects:
            self._mended.add(corrects)
        elif record.event_id not in self._mended:
            place = None if record.territory is None else Territory(record.territory)
            self._first.setdefault(said.source_system, First(record.event_id, place))


def _is_of(scope: Territory, place: Territory | None) -> bool:
    """Say whether whoever sends from a scope sends under a name that is used at a place.

    A region and its municipalities may share a system, two municipalities may not.
    """
    return covers(scope, place) or (bool(place) and covers(place, scope))
