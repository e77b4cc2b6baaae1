"""A log that was put back from an older copy: who heard what is lost, and how all go on.

A log that lost its tail goes on in a new epoch (contracts §2). Who heard nothing of the
tail follows by itself. Who did has stopped, and goes back to what it has in common with
the log: what is derived of the tail goes, what was said because of it stays and is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from metodika.replaying import heard_and_said, logs_of_stores
from metodika.services import folded_by, service, source
from metodika.up import views_of
from metodika.world import World
from shared.kernel import catalogue
from shared.kernel.ids import named
from shared.runtime.codec import decode_meta
from shared.runtime.hearing import relearned
from shared.runtime.log import Learned, Mark, Record, Unit
from shared.runtime.marked import differs, last_heard, remembered, without_log
from shared.runtime.projector import Projector
from shared.runtime.store import Epoch, LogStore

LEDGER = "ledger"
"""The hearer that is no service."""
BEGUN = "epoch"
ADOPTED = "epoch adopted"


# ── Who has stopped ─────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NotAsHeard:
    """A hearer whose mark stands in a log where something else was heard, or nothing is."""

    hearer: str
    position: int
    what: str


@dataclass(frozen=True)
class Astray:
    """Who heard what a log has lost, and what it would do to go on with the log.

    It heard it up to `heard`, in `epoch`, and has in common with it what stands up to
    `common`. From there it hears `again` so many records. It said `because` so many facts
    because of what is in no log any more, and they stay; so many `parked` go.
    """

    log: str
    hearer: str
    epoch: UUID
    heard: int
    common: int
    again: int
    because: int
    parked: int


def not_as_heard(world: World, name: str) -> Iterator[NotAsHeard]:
    """Find who has stopped hearing a log, because what it heard last is not there."""
    log = world.stores[name]
    for hearer, mark, event_id in hearers_of(world, name):
        if what := differs(log, mark, event_id):
            yield NotAsHeard(hearer, mark.position, what)


def hearers_of(world: World, name: str) -> Iterator[tuple[str, Mark, UUID | None]]:
    """Return who hears a log, how far, and which event it heard there."""
    log = source(name)
    for other, store in world.stores.items():
        if mark := store.marks().get(log):
            yield other, mark, last_heard(store, [mark]).get(log)
    if mark := known_of(world, log):
        yield LEDGER, mark, world.ledger.event_at(log, mark.position)


def known_of(world: World, log: str) -> Mark | None:
    """Return how far the ledger knows a log; None if it knows nothing that a log held."""
    known = world.ledger.positions().get(log)
    mark = Mark(log, *known) if known else None
    return mark if mark and not without_log(mark) else None


def astray(world: World) -> list[Astray]:
    """Find all who have stopped, log by log."""
    return [
        _astray(world, name, hearer, mark)
        for name, log in world.stores.items()
        for hearer, mark, event_id in hearers_of(world, name)
        if differs(log, mark, event_id)
    ]


def _astray(world: World, name: str, hearer: str, mark: Mark) -> Astray:
    log, common = world.stores[name], min(agreed(world, name), mark.position)
    store = world.stores.get(hearer)
    parked = [e for e in store.parked() if e.source == log.source] if store else []
    return Astray(
        log=log.source,
        hearer=hearer,
        epoch=mark.epoch,
        heard=mark.position,
        common=common,
        again=log.head().position - common,
        because=sum(1 for _ in said_because(world, store)) if store else 0,
        parked=sum(each.position > common for each in parked),
    )


def agreed(world: World, name: str) -> int:
    """Return up to where a log holds what the ledger knows of it: events alike so far."""
    log = world.stores[name]
    mark = known_of(world, log.source)
    low, high = 0, min(mark.position if mark else 0, log.head().position)
    while low < high:
        middle = (low + high + 1) // 2
        (there,) = log.read(middle - 1, 1)
        if there.event_id == world.ledger.event_at(log.source, middle):
            low = middle
        else:
            high = middle - 1
    return low


# ── What is lost ────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Lost:
    """A fact that stands in no log any more, as the ledger knows it: without sealed fields."""

    log: str
    position: int
    recorded_at: datetime
    name: str
    event_id: UUID
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Because:
    """A fact that stands, and was said because of one that stands in no log any more."""

    log: str
    position: int
    name: str
    stream: UUID
    event_id: UUID
    lost: UUID


def lost(world: World) -> Iterator[Lost]:
    """Tell what the ledger knows behind the place up to which it agrees with each log."""
    for name in world.names:
        mark = known_of(world, source(name))
        if mark and (at := agreed(world, name)) < mark.position:
            yield from _known_after(world, mark.source, at)


def _known_after(world: World, log: str, position: int) -> Iterator[Lost]:
    rows = "SELECT position, recorded_at, name, event_id, readable FROM records"
    behind = "WHERE source = ? AND position > ? ORDER BY position"
    with world.ledger.reading() as cursor:
        found = cursor.execute(f"{rows} {behind}", [log, position]).fetchall()
        for at, recorded_at, name, event_id, readable in found:
            said: dict[str, Any] = {}
            if readable:
                table = world.ledger.language.table(catalogue[name])
                asked = f"FROM {table} WHERE source = ? AND position = ?"
                row = cursor.execute(asked, [log, at])
                columns = [each[0] for each in row.description or ()]
                said = dict(zip(columns, row.fetchall()[0], strict=True))
            yield Lost(log, at, recorded_at, name, event_id, said)


def said_because(world: World, store: LogStore) -> Iterator[Because]:
    """Tell what a service said because of facts that stand in no log any more."""
    for some in _pages(store):
        causes = {meta.causation_id for _, meta in some if meta.causation_id}
        there = {id_ for each in world.stores.values() for id_ in each.events(causes)}
        for record, meta in some:
            cause = meta.causation_id
            if cause and cause not in there:
                at = (record.source, record.position, record.name)
                yield Because(*at, record.stream, record.event_id, cause)


def _pages(store: LogStore) -> Iterator[list[tuple[Record, Any]]]:
    after = 0
    while page := store.read(after, 1_000):
        yield [(each, decode_meta(each.meta)) for each in page]
        after = page[-1].position


# ── Going on ────────────────────────────────────────────────────────────────


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Who began or adopted an epoch, when, and why."""

    at: datetime
    by: str
    reason: str


async def begin(world: World, name: str, note: Note) -> Epoch:
    """Let a log go on in a new epoch after its present end; fold its documents anew."""
    store = world.stores[name]
    views = views_of(world.settings, name)
    projections = service(name).projections
    projector = Projector(projections, store, views, folded_by(name))
    for each in projections:
        await projector.rebuild(each)
    await views.close()
    new = store.new_epoch(store.head().epoch)
    kept = Learned(BEGUN, new.epoch, msgspec.json.encode(note))
    store.append(Unit(now=note.at, known=[kept]))
    return new


def begun(store: LogStore, epoch: UUID) -> Note | None:
    """Return who began an epoch, when and why; None of the first one."""
    kept = store.known([(BEGUN, epoch)]).get((BEGUN, epoch))
    return msgspec.json.decode(kept, type=Note) if kept else None


def unannounced(world: World, them: Sequence[Astray]) -> list[str]:
    """Name the logs that must go on in a new epoch first: theirs is still what was heard."""
    found: dict[str, None] = {}
    for each in them:
        newest = world.stores[each.log.partition("@")[0]].epochs()[-1]
        fresh = newest.parent is not None and newest.epoch != each.epoch
        if not (fresh and newest.branched_at >= each.common):
            found[each.log] = None
    return list(found)


def adopt(world: World, them: Sequence[Astray], note: Note) -> None:
    """Let all who have stopped go back to what they have in common with the logs.

    Each service in one transaction, the ledger last, for it knows what was lost; killed
    half-way, it is gone on with.
    """
    for hearer in dict.fromkeys(each.hearer for each in them if each.hearer != LEDGER):
        _go_back(world, hearer, [each for each in them if each.hearer == hearer], note)
    if logs := [each.log for each in them if each.hearer == LEDGER]:
        world.ledger.rebuild(logs_of_stores(world), put_back=logs)


def _go_back(world: World, hearer: str, them: Sequence[Astray], note: Note) -> None:
    store, engine = world.stores[hearer], world.engines[hearer]
    marks, kept = dict[str, Mark](), list[Learned]()
    for each in them:
        log = world.stores[each.log.partition("@")[0]]
        if each.common:
            (last,) = log.read(each.common - 1, 1)
            marks[each.log] = Mark(each.log, last.epoch, each.common)
            kept.append(remembered(each.log, each.common, last.event_id))
        else:
            marks[each.log] = Mark(each.log, log.epochs()[0].epoch, 0)
        said = msgspec.json.encode(asdict(each) | msgspec.to_builtins(note), enc_hook=str)
        newest = log.epochs()[-1].epoch
        kept.append(Learned(ADOPTED, named("adopted", each.log, str(newest)), said))
    histories = relearned(engine, heard_and_said(world, hearer, store.marks() | marks))
    store.adopt(*marks.values(), known=[*histories, *kept], instead_of=engine.keeps)


def adopted(store: LogStore, log: LogStore) -> dict[str, Any] | None:
    """Return who let a service adopt a log's present epoch, when and why; None: nobody."""
    at = (ADOPTED, named("adopted", log.source, str(log.epochs()[-1].epoch)))
    kept = store.known([at]).get(at)
    return msgspec.json.decode(kept) if kept else None
