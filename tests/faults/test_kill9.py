"""kill -9 of real processes on real Kafka and PostgreSQL: nothing lost, nothing doubled."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from uuid import uuid4

import msgspec
import pytest

from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.store import migrate, open_store
from tests.faults.child import PACE, SOURCE, WHO
from tests.infra.servers import Kafka, Postgres
from tests.runtime.made import record

WITHIN = 10.0
"""Seconds until the world has caught up after a fault (reliability.md, row 1)."""


class World:
    """Two logs, a broker, and processes that come and go."""

    def __init__(self, log: str, heard: str, broker: Broker) -> None:
        self.urls = (log, heard)
        for url, source in zip(self.urls, (SOURCE, WHO), strict=True):
            migrate(url, source)
        self.log = open_store(log, SOURCE)
        self.heard = open_store(heard, WHO)
        self.broker = broker
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, role: str, dies: str = "never") -> subprocess.Popen[bytes]:
        where = f"{self.broker.bootstrap}/{self.broker.prefix}"
        command = [sys.executable, "-m", "tests.faults.child"]
        child = subprocess.Popen([*command, role, *self.urls, where, dies])
        self._children.append(child)
        return child

    def dies(self, role: str) -> None:
        """Let a process run into its point of death."""
        assert self.start(role, dies=role).wait(60) == -9

    def effects(self) -> list[int]:
        """Return to which positions there was an effect, in order."""
        said = (msgspec.json.decode(each.data) for each in self.heard.walk())
        return [int(each["name"].removeprefix("№ ")) for each in said]

    def close(self) -> None:
        for each in self._children:
            each.kill()
            each.wait()
        self.log.close()
        self.heard.close()


@pytest.fixture
def world(kafka: Kafka, postgres: Postgres) -> Iterator[World]:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision([SOURCE]))
    made = World(postgres.new_database(), postgres.new_database(), broker)
    yield made
    made.close()


def within(seconds: float, true: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.05)


def test_killed_after_append_it_is_published(world: World) -> None:
    """1: kill -9 after append, before publish: published after restart, in order."""
    world.dies("append")
    world.start("hear")
    world.start("relay")
    within(3 * WITHIN, lambda: world.heard.head().position == 50)

    assert world.effects() == [*range(1, 51)]


def test_killed_after_publish_no_effect_is_doubled(world: World) -> None:
    """2: kill -9 after publish, before the position moves: no duplicated effect."""
    record(world.log, 50)
    for _ in range(2):
        world.dies("relay")
    assert world.log.saved("relay") == 0
    world.start("relay")
    world.start("hear")
    within(3 * WITHIN, lambda: world.heard.head().position >= 50)

    assert world.effects() == [*range(1, 51)]


def test_killed_after_the_effect_it_is_not_done_again(world: World) -> None:
    """3: kill -9 after effect, before offset commit: no duplicated effect."""
    record(world.log, 50)
    asyncio.run(Relay(world.log, world.broker, pace=PACE).drain())
    world.dies("hear")
    before = world.heard.head().position
    record(world.log, 5)
    asyncio.run(Relay(world.log, world.broker, pace=PACE).drain())
    world.start("hear")
    within(3 * WITHIN, lambda: world.heard.head().position >= 55)

    assert before > 0
    assert world.effects() == [*range(1, 56)]


def test_killed_anywhere_each_fact_has_one_effect(world: World) -> None:
    """Random kill -9 of real processes."""
    seed = int(os.environ.get("METODIKA_TEST_SEED", "20261125"))
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    children = {role: world.start(role) for role in ("relay", "hear")}
    for _ in range(8):
        record(world.log, chance.randint(1, 60))
        time.sleep(chance.uniform(0.2, 1.5))
        role = chance.choice([*children])
        children[role].kill()
        children[role].wait()
        children[role] = world.start(role)
    total = world.log.head().position
    within(3 * WITHIN, lambda: world.heard.head().position >= total)
    effects = world.effects()

    assert Counter(effects).most_common(1)[0][1] == 1, f"seed {seed}"
    assert effects == [*range(1, total + 1)], f"seed {seed}"
