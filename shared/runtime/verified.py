"""Whether a log is what was recorded, and its store what the log says (contracts §2, §4)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

from msgspec import MsgspecError, Struct, json

from shared.events.registry import OrganisationRegistered
from shared.kernel import kind_of
from shared.kernel.ids import OrgId
from shared.runtime.log import Record
from shared.runtime.store_log import PAGE, Epoch, LogStore
from shared.runtime.territory import path
from shared.runtime.tree import Difference, verify

REGISTERED = kind_of(OrganisationRegistered).name

type Places = Mapping[UUID, set[str]]
"""organisation → each path that it was registered at, as the registry's log says."""


class _Said(Struct):
    """What of a fact or of its envelope tells the place of the record."""

    org_id: OrgId | None = None
    home_org: OrgId | None = None
    region: str | None = None
    oktmo: str | None = None
    territory: str | None = None


_said = json.Decoder(_Said)


def places_of(registry: LogStore) -> dict[UUID, set[str]]:
    """Return where each organisation was ever registered, up to what can't be read."""
    found: dict[UUID, set[str]] = {}
    with suppress(_Unreadable):
        for each in _readable(registry):
            said = _of(each.data) if each.name == REGISTERED else None
            if said and said.org_id and said.region:
                place = path(said.region, said.oktmo, said.org_id)
                found.setdefault(said.org_id, set()).add(place)
    return found


def checked(log: LogStore, places: Places) -> Difference | None:
    """Read a whole log; name the first record that is not what it was, or None.

    Each record must be what its leaf says, each root that of its leaves, each epoch one
    of the log's; it must be shown where its fact leads, and to whom it was filed for;
    and the head must be the last record. `places` come from the registry's log.
    """
    roots = log.checkpoints()
    told = _Told(log.epochs(), places)
    try:
        found = verify(told.along(_readable(log)), roots)
    except _Unreadable as wrong:
        found = Difference(wrong.position, None, "unreadable")
    first = min((each for each in (found, told.found) if each), key=_position, default=None)
    return first or _misfiled(log) or _beyond(log, told)


class _Unreadable(Exception):  # noqa: N818 - caught above
    """The store gives no record at this position."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def _readable(log: LogStore) -> Iterator[Record]:
    """Walk a log; raise `_Unreadable` where a stored cell is not even of its type."""
    after = 0
    while page := _page(log, after):
        for each in page:
            if {type(each.data), type(each.meta), type(each.leaf)} != {bytes}:
                raise _Unreadable(each.position)
            yield each
        after = page[-1].position


def _page(log: LogStore, after: int) -> list[Record]:
    """Return the next records up to one that can't be read; raise at that one."""
    try:
        return list(log.read(after, PAGE))
    except (TypeError, ValueError):
        pass
    good: list[Record] = []
    try:
        while one := log.read(good[-1].position if good else after, 1):
            good += one
    except (TypeError, ValueError):
        if not good:
            raise _Unreadable(after + 1) from None
    return good


class _Told:
    """What a walk along a log tells beside its leaves."""

    def __init__(self, epochs: Iterable[Epoch], places: Places) -> None:
        self._epochs = list(epochs)
        self._places = places
        self.last: Record | None = None
        self.found: Difference | None = None

    def along(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on; keep the last one, and the first that is out of place."""
        for each in records:
            if not self.found and (wrong := self._wrong(each)):
                self.found = Difference(each.position, each.event_id, wrong)
            self.last = each
            yield each

    @property
    def epoch(self) -> UUID:
        """Return the epoch in which the next record would stand."""
        return self._epochs[-1].epoch

    def _wrong(self, record: Record) -> str | None:
        begun = [each for each in self._epochs if each.branched_at < record.position]
        if not begun or begun[-1].epoch != record.epoch:
            return "epoch: the log had another here"
        return "territory" if self._misplaced(record) else None

    def _misplaced(self, record: Record) -> bool:
        meta, data = _of(record.meta), _of(record.data)
        if meta is None or data is None:
            return False  # the leaf says so
        places = self._places.get(meta.home_org) if meta.home_org else None
        if places:
            return record.territory not in places
        if data.territory is not None:
            return (record.territory or "") != data.territory
        if data.region is not None and meta.home_org is None:
            return record.territory != path(data.region, data.oktmo)
        return False


def _of(said: bytes) -> _Said | None:
    try:
        return _said.decode(said)
    except MsgspecError:
        return None


def _position(difference: Difference) -> int:
    return difference.position


def _misfiled(log: LogStore) -> Difference | None:
    found = log.misfiled()
    return Difference(*found, "region: shown to another than its territory") if found else None


def _beyond(log: LogStore, told: _Told) -> Difference | None:
    """Return how the head differs from the last record."""
    head, last = log.head(), told.last
    position, recorded_at = (last.position, last.recorded_at) if last else (0, None)
    if (head.position, head.recorded_at, head.epoch) == (position, recorded_at, told.epoch):
        return None
    return Difference(position + 1, None, "head: it is not the last record")
