"""A log that was put back from an older copy: who heard what is lost, and how all go on.

A log that lost its tail goes on in a new epoch (contracts §2). Who heard nothing of the
tail follows by itself. Who did has stopped, and goes back to what it has in common with
the log: what is derived of the tail goes, what was said because of it stays and is named.

In the embedded world all logs are at hand, and the ledger knows what was lost. In a
cluster a service has its own log; the others it reads out of their topics, which say
themselves up to where they are what they were.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any, Self
from uuid import UUID

import msgspec

from metodika.homes import views_of
from metodika.replaying import heard_and_said, logs_of_stores
from metodika.services import NAMES, folded_by, service, source
from metodika.world import World
from shared.kernel import catalogue
from shared.kernel.ids import named
from shared.runtime.branches import BEGUN, Begun, Note, begun, line_of
from shared.runtime.codec import decode_meta, unwire, wire
from shared.runtime.hearing import relearned
from shared.runtime.heartbeat import in_common
from shared.runtime.kafka import Broker
from shared.runtime.log import Conflict, Learned, Mark, Record, Unit
from shared.runtime.marked import differs, last_heard, remembered, without_log
from shared.runtime.projector import Projector
from shared.runtime.relay_agreed import holds
from shared.runtime.rereading import logs_of_kafka
from shared.runtime.store import Epoch, LogStore
from shared.runtime.topic_log import TopicLog

LEDGER = "ledger"
"""The hearer that is no service."""
ADOPTED = "epoch adopted"
LOST = "lost facts"
TOGETHER = 1_000
"""Facts that are kept in one row, or asked for at once."""

type Log = LogStore | TopicLog


@dataclass(frozen=True)
class AtHand:
    """A world, and each log as it can be read from here: itself, or its topic."""

    world: World
    logs: Mapping[str, Log]
    broker: Broker | None = None

    @classmethod
    def of(cls, world: World) -> Self:
        """Return what is at hand. Raises `WrongSettings` in a cluster without Kafka."""
        if world.settings.embedded and not world.settings.kafka_bootstrap:
            return cls(world, world.stores)
        broker = Broker.of(world.settings)
        topics = {name: TopicLog(broker, source(name)) for name in NAMES}
        return cls(world, topics | world.stores, broker)

    @property
    def whole(self) -> bool:
        """Say whether all logs are at hand themselves."""
        return self.world.settings.embedded

    def log(self, of: str) -> Log:
        """Return the log of a name on the wire."""
        return self.logs[of.partition("@")[0]]

    def own_topic(self, name: str) -> TopicLog | None:
        """Return what was published of a log at hand, None in the embedded world."""
        return TopicLog(self.broker, source(name)) if self.broker else None


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


def not_as_heard(here: AtHand, name: str) -> Iterator[NotAsHeard]:
    """Find who has stopped hearing a log, because what it heard last is not there."""
    log = here.logs[name]
    for hearer, mark, event_id in hearers_of(here.world, name):
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


def astray(here: AtHand) -> list[Astray]:
    """Find all who have stopped, log by log."""
    return [
        _astray(here, name, hearer, mark)
        for name in NAMES
        for hearer, mark, event_id in hearers_of(here.world, name)
        if differs(here.logs[name], mark, event_id)
    ]


def _astray(here: AtHand, name: str, hearer: str, mark: Mark) -> Astray:
    log, common = here.logs[name], _common(here, name, mark)
    store = here.world.stores.get(hearer)
    parked = [e for e in store.parked() if e.source == log.source] if store else []
    return Astray(
        log=log.source,
        hearer=hearer,
        epoch=mark.epoch,
        heard=mark.position,
        common=common,
        again=log.head().position - common,
        because=sum(1 for _ in said_because(here, store)) if store else 0,
        parked=sum(each.position > common for each in parked),
    )


def _common(here: AtHand, name: str, mark: Mark) -> int:
    """Return up to where a hearer heard what a log holds."""
    match here.logs[name]:
        case TopicLog() as topic:
            return in_common(topic.beat.line if topic.beat else (), mark.epoch, mark.position)
        case _ if here.whole:
            return min(agreed(here.world, name), mark.position)
        case log:
            return in_common(line_of(log), mark.epoch, mark.position)


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


def lost(here: AtHand) -> Iterator[Lost]:
    """Tell what no log holds any more.

    The ledger knows it behind the place up to which it agrees with each log. In a cluster
    the topic holds it until it begins anew, and then the log of which it was lost.
    """
    world = here.world
    if not here.whole:
        for name, store in world.stores.items():
            gone = chain(_kept(store), parted(store, here.own_topic(name)).lost)
            yield from map(_told, {each.event_id: each for each in gone}.values())
        return
    for name in world.names:
        mark = known_of(world, source(name))
        if mark and (at := agreed(world, name)) < mark.position:
            yield from _known_after(world, mark.source, at)


def _told(record: Record) -> Lost:
    at = (record.source, record.position, record.recorded_at, record.name, record.event_id)
    return Lost(*at, msgspec.json.decode(record.data))


@dataclass(frozen=True)
class Parted:
    """Up to where a log holds what was published of it, and what of that it does not.

    `last` is the last event that was published, if the log does not hold it.
    """

    common: int | None = None
    last: UUID | None = None
    lost: Iterable[Record] = ()


def parted(store: LogStore, topic: TopicLog | None) -> Parted:
    """Compare a log with its topic, record by record. Raises `Hole` where one is missing."""
    if topic is None or topic.said is None or holds(store, topic.said):
        return Parted()
    common = 0
    for there, mine in zip(topic.walk(), chain(store.walk(), [None]), strict=False):
        if mine is None or there.event_id != mine.event_id:
            return Parted(common, topic.said.event_id, topic.walk(common))
        common = there.position
    return Parted(None, topic.said.event_id)


def _kept(store: LogStore) -> Iterator[Record]:
    """Return the facts that were kept when epochs were begun without them."""
    for each in store.epochs():
        note = begun(store, each.epoch)
        for page in range(note.kept if note else 0):
            at = (LOST, _page(each.epoch, page))
            for said in msgspec.json.decode(store.known([at])[at], type=list[msgspec.Raw]):
                yield unwire(bytes(said), leaf=False)


def _page(epoch: UUID, number: int) -> UUID:
    return named(LOST, f"{epoch}/{number}")


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


def said_because(here: AtHand, store: LogStore) -> Iterator[Because]:
    """Tell what a service said because of facts that stand in no log any more."""
    causes = {cause for each in store.walk() if (cause := _cause(each))}
    for log in here.logs.values():
        causes -= _among(log, causes)
    for each in store.walk() if causes else ():
        if (cause := _cause(each)) and cause in causes:
            at = (each.source, each.position, each.name)
            yield Because(*at, each.stream, each.event_id, cause)


def _cause(record: Record) -> UUID | None:
    return decode_meta(record.meta).causation_id


def _among(log: Log, ids: set[UUID]) -> set[UUID]:
    """Return which of these events stand in a log."""
    if isinstance(log, TopicLog):
        return {each.event_id for each in log.walk() if each.event_id in ids} if ids else set()
    return {each for some in _together(ids) for each in log.events(some)}


def _together[T](items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, TOGETHER)):
        yield some


# ── Going on ────────────────────────────────────────────────────────────────


async def begin(world: World, name: str, note: Note, apart: Parted = Parted()) -> Epoch:
    """Let a log go on in a new epoch after its present end; fold its documents anew.

    What was published and is lost is kept beside the log: its topic will begin anew.
    """
    store = world.stores[name]
    views = views_of(world.settings, name)
    projections = service(name).projections
    projector = Projector(projections, store, views, folded_by(name))
    for each in projections:
        await projector.rebuild(each)
    await views.close()
    new = store.new_epoch(store.head().epoch)
    pages = 0
    for pages, some in enumerate(_together(map(wire, apart.lost)), 1):
        page = Learned(LOST, _page(new.epoch, pages - 1), b"[" + b",".join(some) + b"]")
        store.append(Unit(now=note.at, known=[page]))
    said = Begun(
        at=note.at,
        by=note.by,
        reason=note.reason,
        common=apart.common,
        instead_of=apart.last,
        kept=pages,
    )
    kept = Learned(BEGUN, new.epoch, msgspec.json.encode(said))
    store.append(Unit(now=note.at, known=[kept]))
    return new


def unannounced(here: AtHand, them: Sequence[Astray]) -> list[str]:
    """Name the logs that must go on in a new epoch first: theirs is still what was heard."""
    found: dict[str, None] = {}
    for each in them:
        newest = here.log(each.log).epochs()[-1]
        fresh = newest.parent is not None and newest.epoch != each.epoch
        if not (fresh and newest.branched_at >= each.common):
            found[each.log] = None
    return list(found)


def adopt(here: AtHand, them: Sequence[Astray], note: Note) -> None:
    """Let all who have stopped go back to what they have in common with the logs.

    Each service in one transaction, the ledger last, for it knows what was lost; killed
    half-way, it is gone on with. Raises `Conflict` when a service says something
    meanwhile, `Hole` when a topic is not whole.
    """
    for hearer in dict.fromkeys(each.hearer for each in them if each.hearer != LEDGER):
        _go_back(here, hearer, [each for each in them if each.hearer == hearer], note)
    if logs := [each.log for each in them if each.hearer == LEDGER]:
        here.world.ledger.rebuild(_logs(here), put_back=logs)


def _logs(here: AtHand) -> Any:
    if here.broker is None or here.whole:
        return logs_of_stores(here.world)
    return logs_of_kafka(here.broker, [*map(source, NAMES)], here.world.announced)


def _go_back(here: AtHand, hearer: str, them: Sequence[Astray], note: Note) -> None:
    store, engine = here.world.stores[hearer], here.world.engines[hearer]
    marks, kept, head = dict[str, Mark](), list[Learned](), store.head()
    for each in them:
        log = here.log(each.log)
        if each.common:
            (last,) = log.read(each.common - 1, 1)
            marks[each.log] = Mark(each.log, last.epoch, each.common)
            kept.append(remembered(each.log, each.common, last.event_id))
        else:
            marks[each.log] = Mark(each.log, log.epochs()[0].epoch, 0)
        said = msgspec.json.encode(asdict(each) | msgspec.to_builtins(note), enc_hook=str)
        newest = log.epochs()[-1].epoch
        kept.append(Learned(ADOPTED, named("adopted", each.log, str(newest)), said))
    others = {name: log for name, log in here.logs.items() if name != hearer}
    heard = heard_and_said(store, others, store.marks() | marks)
    histories = list(relearned(engine, heard))
    if store.head() != head:
        raise Conflict("head", store.source)
    store.adopt(*marks.values(), known=[*histories, *kept], instead_of=engine.keeps)


def adopted(store: LogStore, log: Log) -> dict[str, Any] | None:
    """Return who let a service adopt a log's present epoch, when and why; None: nobody."""
    at = (ADOPTED, named("adopted", log.source, str(log.epochs()[-1].epoch)))
    kept = store.known([at]).get(at)
    return msgspec.json.decode(kept) if kept else None
