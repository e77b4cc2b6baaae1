"""The world of a journey on real Kafka, PostgreSQL and the MongoDB protocol.

The engines, the relay and the readers of topics are the cluster's own, in one process:
what one service says reaches the others and the ledger by Kafka, and in no other way.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from metodika.services import NAMES, source
from metodika.world import BATCH, World, prepare
from shared.runtime.ear import position_of
from shared.runtime.engine import Engine
from shared.runtime.hearing import hear
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import RELAY
from shared.runtime.rereading import replay
from shared.runtime.settings import Settings
from tests.infra.servers import Kafka, Mongo, Postgres

KEYS = "keys"


class Real(Settings):
    """Five services of one process, each with a database of its own, and one for keys."""

    databases: dict[str, str]

    def store(self, service: str) -> str:
        """Return the URL of a service's log."""
        return self.databases[service]

    @property
    def keys(self) -> str:
        """Return the URL of the keys."""
        return self.databases[KEYS]


class RealWorld(World):
    """A world whose services hear one another through Kafka."""

    def __init__(self, settings: Real, clock: Callable[[], datetime], broker: Broker) -> None:
        super().__init__(settings, clock)
        self.broker = broker
        self.topics = {each.source: Topic(each.saved(RELAY)) for each in self.stores.values()}
        asyncio.run(broker.provision(list(self.topics)))

    def follow(self) -> int:
        """Bring the ledger up to the topics."""
        asyncio.run(self._publish())
        taken = 0
        for log, topic in self.topics.items():
            until, head = self._clock(), self.stores[log.partition("@")[0]].head()
            taken += self.ledger.ingest(topic.after(self._read_up_to(log))).applied
            if self._read_up_to(log) == head.position:  # else it lags, and says so
                self.ledger.beat(log, head.epoch, head.position, until)
        return taken

    def _hear_round(self) -> int:
        asyncio.run(self._publish())
        return sum(self._heard(name, engine) for name, engine in self.engines.items())

    def _heard(self, name: str, engine: Engine) -> int:
        heard, marks = 0, engine.store.marks()
        for log in self.topics.keys() - {source(name)}:
            mark = marks.get(log)
            wires = self.topics[log].after(mark.position if mark else 0)[:BATCH]
            if wires:
                hear(engine, log, wires)
                heard += len(wires)
        return heard

    async def _publish(self) -> None:
        """Let the relays publish what is new, and read it back from the topics."""
        news = [
            each for each in self.stores.values() if each.saved(RELAY) < each.head().position
        ]
        async with asyncio.TaskGroup() as group:
            for each in news:
                group.create_task(Relay(each, self.broker).drain())
        async with asyncio.TaskGroup() as group:
            for each in news:
                topic = self.topics[each.source]
                read = replay(self.broker, each.source, topic.take, after=topic.upto)
                group.create_task(read)


@dataclass
class Topic:
    """What came of a topic after a position at which everybody had heard everything."""

    base: int
    wires: list[bytes] = field(default_factory=list[bytes])

    @property
    def upto(self) -> int:
        """Return the last position that was read."""
        return self.base + len(self.wires)

    def take(self, wires: list[bytes]) -> None:
        """Take what follows; a reader may be given some of what it has."""
        for each in wires:
            if position_of(each) == self.upto + 1:
                self.wires.append(each)

    def after(self, position: int) -> list[bytes]:
        """Return what follows a position."""
        return self.wires[max(0, position - self.base) :]


@dataclass
class Parts:
    """The servers of this run, in which worlds are made and copied."""

    kafka: Kafka
    postgres: Postgres
    mongo: Mongo

    @contextmanager
    def opened(
        self, folder: Path, clock: Callable[[], datetime], of: Real | None = None
    ) -> Generator[RealWorld]:
        """Open a world of its own in `folder`: an empty one, or a copy of a closed one."""
        prefix, copied = f"j{uuid4().hex[:8]}", of.databases if of else {}
        databases = {each: self._database(copied.get(each)) for each in (*NAMES, KEYS)}
        given: dict[str, Any] = {
            "world": folder,
            "views_url": self.mongo.url,
            "prefix": prefix,
            "databases": databases,
        }
        settings = Real(**given)
        prepare(settings)
        broker = Broker(bootstrap=self.kafka.bootstrap, prefix=prefix)
        with RealWorld(settings, clock, broker) as world:
            yield world

    def _database(self, of: str | None) -> str:
        return self.postgres.copy(of) if of else self.postgres.new_database()
