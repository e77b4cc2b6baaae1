"""Throw everything derived away, rebuild it from the logs, and compare (contracts §5)."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec

from metodika.homes import views_of
from metodika.services import NAMES, folded_by, service, source
from metodika.world import World
from shared.kernel import catalogue
from shared.runtime.answers import Answers
from shared.runtime.columns import Ledger
from shared.runtime.hearing import relearned
from shared.runtime.kafka import Broker
from shared.runtime.log import Hole, Mark, Record
from shared.runtime.projector import Projector
from shared.runtime.rereading import logs_of_kafka
from shared.runtime.segments import required
from shared.runtime.segments_logs import require_of
from shared.runtime.segments_read import filling
from shared.runtime.store_log import LogStore
from shared.runtime.views import Views

READ = 20_000


@dataclass(kw_only=True)
class Replayed:
    """What a rebuild came to. `differs` names each thing that is not as it was."""

    facts: int = 0
    indicators: int = 0
    documents: int = 0
    histories: int = 0
    differs: list[str] = field(default_factory=list[str])


def logs_of_stores(world: World) -> Any:
    """Return what `Ledger.rebuild` reads: all logs from the stores."""

    def read(known: Mapping[str, int]) -> Iterator[Sequence[Record]]:
        for name in world.names:
            position = known.get(source(name), 0)
            while records := world.stores[name].read(position, READ):
                yield records
                position = records[-1].position

    return read


def replay_ledger(
    world: World, as_of: date, broker: Broker | None = None, folder: Path | None = None
) -> Replayed:
    """Rebuild the ledger from the stores, or from Kafka, and compare it with the live one.

    Every table is compared, and every indicator with all its members on a date. If a
    folder of segments is given they come first, and if they lead to another ledger it is
    built of the logs alone again.
    """
    result = Replayed()
    before = canonical(world.ledger), numbers(world.answers, as_of)
    sources = [source(name) for name in NAMES]
    logs = logs_of_kafka(broker, sources, world.announced) if broker else logs_of_stores(world)
    world.ledger.rebuild(logs, begun=begun_by(world, folder) if folder else None)
    after = canonical(world.ledger), numbers(world.answers, as_of)
    result.facts = sum(position for _, position in world.ledger.positions().values())
    result.indicators = len(after[1])
    for old, new in zip(before, after, strict=True):
        result.differs += [
            name for name in old.keys() | new.keys() if old.get(name) != new.get(name)
        ]
    if folder and result.differs:
        world.ledger.rebuild(logs)
    return result


def begun_by(world: World, folder: Path) -> Callable[[Path], None]:
    """Return what begins a ledger with segments. Raises `NoSegments`."""
    manifest = required(folder)
    require_of(manifest, {each.source: each for each in world.stores.values()})
    return filling(folder, manifest, world.ledger.language)


def canonical(ledger: Ledger) -> dict[str, str]:
    """Return a hash of what stands in each table, whatever order it came in."""
    found: dict[str, str] = {}
    with ledger.reading() as cursor:
        for kind in catalogue.values():
            table = ledger.language.table(kind)
            rows = cursor.execute(
                f"SELECT md5(t::VARCHAR) FROM {table} AS t ORDER BY source, position"
            ).fetchall()
            found[kind.name] = digest(row[0] for row in rows)
    return found


def numbers(answers: Answers, as_of: date) -> dict[str, str]:
    """Return a hash of each indicator: its members, its levels, by everything known."""
    vector, _ = answers.vector(None)
    found: dict[str, str] = {}
    for kpi in answers.definitions:
        members = [asdict(each) for each in answers.members(kpi, "", as_of, vector)]
        said = msgspec.json.encode([members, answers.levels(kpi, as_of, vector)], enc_hook=str)
        found[kpi] = digest([said.decode()])
    return found


def digest(texts: Iterable[str]) -> str:
    """Return one hash of many texts in order."""
    said = hashlib.sha256()
    for each in texts:
        said.update(each.encode() + b"\0")
    return said.hexdigest()


async def replay_documents(world: World, result: Replayed) -> None:
    """Rebuild every document of every service, and compare with what was there."""
    for name in world.names:
        projections = service(name).projections
        names = [each.name for each in projections]
        views = views_of(world.settings, name)
        alone = world.settings.embedded
        projector = Projector(
            projections, world.stores[name], views, folded_by(name), alone=alone
        )
        await projector.catch_up()
        before = await _content(views, names)
        for each in projections:
            await projector.rebuild(each)
        after = await _content(views, names)
        await views.close()
        result.documents += len(after)
        result.differs += [
            k for k in before.keys() | after.keys() if before.get(k) != after.get(k)
        ]


async def _content(views: Views, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        after: str | None = None
        while True:
            page, after = await views.find(
                name, equals={}, scopes=None, sort="id", after=after, limit=500
            )
            for each in page:
                said = msgspec.json.encode(each, order="deterministic")
                found[f"{name}/{each['id']}"] = said.decode()
            if after is None:
                break
    return found


def replay_known(world: World, result: Replayed) -> None:
    """Learn again what each service keeps of what it heard and said, and compare.

    Decisions go by it. A service whose neighbours' logs are not at hand is left out.
    """
    for name in world.names:
        store = world.stores[name]
        if not set(map(source, world.names)) >= store.marks().keys():
            continue
        for each in relearned(world.engines[name], heard_and_said(store, world.stores)):
            at = (each.kind, each.about)
            result.histories += 1
            if _entries(store.known([at]).get(at, b"[]")) != _entries(each.history):
                result.differs.append(f"{name}: {each.kind} {each.about}")


class Walked(Protocol):
    """A log that can be walked, at hand or out of its topic."""

    source: str

    def walk(self) -> Iterator[Record]:
        """Read all records."""
        ...


def heard_and_said(
    store: LogStore, logs: Mapping[str, Walked], marks: Mapping[str, Mark] | None = None
) -> Iterator[Record]:
    """Return the own facts of a service, then all that it heard and did not put aside.

    It heard up to its own marks, if no others are given. Raises `Hole` where a log does
    not reach so far.
    """
    marks = marks or store.marks()
    aside = {(e.source, e.epoch, e.position) for e in (*store.parked(), *store.skipped())}
    yield from store.walk()
    for log in logs.values():
        mark, at = marks.get(log.source), 0
        for each in log.walk() if mark and mark.position else ():
            if mark is None or each.position > mark.position:
                break
            at = each.position
            if (each.source, each.epoch, each.position) not in aside:
                yield each
        if mark and at < mark.position:
            raise Hole(f"{log.source} reaches to {at}, and {mark.position} was heard")


def _entries(history: bytes) -> object:
    """Return what a history says, whatever order its logs came in, and however often."""
    said = msgspec.json.decode(history)
    return set(map(repr, said)) if isinstance(said, list) else said
