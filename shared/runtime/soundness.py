"""Is a log what it was? Its records by the tree, and what stands beside them (contracts §2).

The leaves prove the records. Where the log ends, since when, and which epochs it has stand
in rows of their own; they are compared with the records, for the next append goes by them.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise

from shared.runtime.log import Head, Record
from shared.runtime.placed import Places, misplaced
from shared.runtime.store_log import PAGE, Epoch, LogStore
from shared.runtime.tree import UNREADABLE, Difference, verify


class _Found(Exception):  # noqa: N818 - ends the walk
    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.what)
        self.difference = difference


def first_difference(log: LogStore, places: Places) -> Difference | None:
    """Read a whole log, also while it grows; name the first thing that differs, or None.

    A row that can't be read at all is a difference too, named by its position, and so is
    one that is shown elsewhere than its fact leads.
    """
    walked = _Walked(log, places)
    try:
        found = verify(walked.records(), log.checkpoints())
        return found or walked.differs_at_its_end() or _misfiled(log) or _damaged(log)
    except _Found as found:
        return found.difference


def readable(log: LogStore) -> Iterator[Record]:
    """Walk a log up to its end, or to the first record that can't be read."""
    with suppress(_Found):
        yield from _records(log)


def _records(log: LogStore) -> Iterator[Record]:
    after, most = 0, PAGE
    while True:
        try:
            page = log.read(after, most)
        except UNREADABLE as wrong:
            if most == 1:
                what = f"unreadable: {type(wrong).__name__}"
                raise _Found(Difference(after + 1, None, what)) from None
            most = 1  # what is sound before it is told first
            continue
        yield from page
        if not page:
            return
        after = page[-1].position


class _Walked:
    """One walk over a log, and how the log said beforehand that it would end."""

    def __init__(self, log: LogStore, places: Places) -> None:
        self._log = log
        self._places = places
        self._began, self._epochs = log.head(), log.epochs()
        self._at_head: Record | None = None
        self._last: Record | None = None

    def records(self) -> Iterator[Record]:
        """Yield each record that can be read and belongs to its epoch; end at the first not."""
        for each in _records(self._log):
            self._passed(each)
            yield each

    def _passed(self, record: Record) -> None:
        if record.epoch != _epoch_at(self._epochs, record.position):
            newer = self._log.epochs()  # the log may have branched meanwhile
            if record.epoch != _epoch_at(newer, record.position):
                raise _Found(Difference(record.position, record.event_id, "epoch"))
        if misplaced(record, self._places):
            raise _Found(Difference(record.position, record.event_id, "territory"))
        if record.position == self._began.position:
            self._at_head = record
        self._last = record

    def differs_at_its_end(self) -> Difference | None:
        """Compare head and epochs with the records that were walked."""
        end = self._last.position if self._last else 0
        now = self._log.head()
        if self._began.position > end or now.position < end:
            said = self._began if self._began.position > end else now
            return Difference(end, None, f"head: says {said.position}, the last is {end}")
        if _moment(self._at_head) != self._began.recorded_at:
            return Difference(self._began.position, None, "head: recorded_at")
        return _differs(now, self._log.epochs())


def _misfiled(log: LogStore) -> Difference | None:
    found = log.misfiled()
    return Difference(*found, "region: not that of its territory") if found else None


def _damaged(log: LogStore) -> Difference | None:
    """Ask the database: an index that lost a row hides a record that stands."""
    said = log.damage()
    return Difference(log.head().position, None, f"file: {said}") if said else None


def _moment(record: Record | None) -> object:
    return record.recorded_at if record else None


def _epoch_at(epochs: Sequence[Epoch], position: int) -> object:
    """Return the epoch to which a position belongs: the last that branched before it."""
    before = [each.epoch for each in epochs if each.branched_at < position]
    return before[-1] if before else None


def _differs(head: Head, epochs: Sequence[Epoch]) -> Difference | None:
    if any(after.parent != before.epoch for before, after in pairwise(epochs)):
        return Difference(head.position, None, "log_epoch: no line of descent")
    if any(each.branched_at > head.position for each in epochs):
        return Difference(head.position, None, "log_epoch: branched after the end")
    if head.epoch != epochs[-1].epoch:
        return Difference(head.position, None, "head: another epoch than the log's last")
    return None
