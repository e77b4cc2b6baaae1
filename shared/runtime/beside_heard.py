"""How far others were heard, and what was put aside of it, against their own logs.

A mark stands no further than the log goes and than was heard, and what was heard last is
what stands there; no reader of the own log is beyond its end. That a mark was set back is no
finding: whoever hears again says nothing new, and operators do it. What is parked is, byte
for byte, what its log says. Whether something was parked that is no more can't be told here;
`beside_known` misses what it brought. Where a log is not at hand, a parked record is compared
with its own row alone.
"""

from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

import msgspec

from shared.kernel.ids import named
from shared.runtime.beside import Finding, Neighbours, has_left
from shared.runtime.codec import Malformed, unwire, wire
from shared.runtime.log import Mark, Parked, Record, Skipped
from shared.runtime.marked import LAST, Last
from shared.runtime.store_log import LogStore, Still
from shared.runtime.tree import UNREADABLE


def heard_beside(still: Still, neighbours: Neighbours) -> Iterator[Finding]:
    """Name each mark, and each parked or skipped record, that is not what a log says."""
    looks = {"marks": _marks, "parked": _parked, "skipped": _skipped, "readers": _readers}
    for table, look in looks.items():
        try:
            yield from look(still, neighbours)
        except UNREADABLE as wrong:
            yield Finding(table, "a row", f"unreadable: {type(wrong).__name__}")


def _marks(still: Still, neighbours: Neighbours) -> Iterator[Finding]:
    marks = still.marks()
    for source in sorted({*marks, *neighbours}):
        mark, last = marks.get(source), _last(still, source)
        if mark is None:
            if last is not None:
                yield Finding("marks", source, f"none, and it was heard to {last.position}")
            continue
        if last is not None and mark.position > last.position:
            said = f"says {mark.position}, and it was heard to {last.position}"
            yield Finding("marks", source, said)
        if source in neighbours and (what := _beyond(mark, last, neighbours[source])):
            yield Finding("marks", source, what)


def _last(still: Still, source: str) -> Last | None:
    """Return what was heard last; None of a store that began before this was kept."""
    at = (LAST, named("heard", source))
    kept = still.known([at]).get(at)
    with suppress(msgspec.MsgspecError, *UNREADABLE):
        return msgspec.json.decode(kept, type=Last) if kept else None
    return Last(0, UUID(int=0))  # what can't be read was heard to nowhere


def _beyond(mark: Mark, last: Last | None, log: LogStore) -> str | None:
    epochs = [*log.epochs()]
    if mark.epoch not in {each.epoch for each in epochs}:
        return f"of an epoch that {mark.source} never had"
    if has_left(epochs, mark.epoch, mark.position):
        return f"says {mark.position}, where its epoch had ended"
    there = _at(log, mark.position)
    if there is None and mark.position:
        return f"says {mark.position}, and the log ends at {log.head().position}"
    if there and last and last.position == mark.position and last.event_id != there.event_id:
        return f"event {last.event_id} was heard at {mark.position}; it is {there.event_id}"
    return None


def _parked(still: Still, neighbours: Neighbours) -> Iterator[Finding]:
    for each in still.parked():
        if what := _other_wire(each) or _other_record(each, neighbours):
            yield Finding("parked", f"{each.source} {each.position}", what)


def _other_wire(parked: Parked) -> str | None:
    try:
        sent = unwire(parked.wire, leaf=False)
    except Malformed as wrong:
        return str(wrong)
    row = (parked.source, parked.epoch, parked.position, parked.stream, parked.name)
    said = (sent.source, sent.epoch, sent.position, sent.stream, sent.name)
    if row != said:
        return f"its bytes are event {sent.event_id} of {sent.source} {sent.position}"
    return None if parked.attempts > 0 else f"after {parked.attempts} attempts"


def _skipped(still: Still, neighbours: Neighbours) -> Iterator[Finding]:
    for each in still.skipped():
        if what := _other_record(each, neighbours):
            yield Finding("skipped", f"{each.source} {each.position}", what)


def _readers(still: Still, _: Neighbours) -> Iterator[Finding]:
    """A reader of the log itself, such as the relay, would pass by what is said next."""
    end = still.head().position
    for reader, position in still.rows("readers"):
        if not 0 <= position <= end:
            yield Finding("readers", reader, f"says {position}, and the log ends at {end}")


def _other_record(aside: Parked | Skipped, neighbours: Neighbours) -> str | None:
    log = neighbours.get(aside.source)
    if log is None or has_left([*log.epochs()], aside.epoch, aside.position):
        return None
    there = _at(log, aside.position)
    if there is None:
        return "no such record"
    row = (aside.epoch, aside.stream, aside.name)
    if row != (there.epoch, there.stream, there.name):
        return f"there is event {there.event_id} of {there.stream}, {there.name}"
    if isinstance(aside, Parked) and aside.wire != wire(there):
        return f"event {there.event_id}: its bytes are others"
    return None


def _at(log: LogStore, position: int) -> Record | None:
    found = log.read(position - 1, 1) if position > 0 else []
    return found[0] if found and found[0].position == position else None
