"""The ledger gets every record of every log, from wherever it stands."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.runtime import follow, rereading, topic
from shared.runtime.codec import unwire, wire
from shared.runtime.columns import Hole
from shared.runtime.ear import position_of
from shared.runtime.follow import Follower
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import Broker, source_of
from shared.runtime.log import Record
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import Pace
from shared.runtime.rereading import logs_of_kafka, replay
from shared.runtime.store_log import LogStore
from shared.runtime.topic import offset_after, reading
from tests.infra.servers import Kafka
from tests.runtime.inbox import until, while_running
from tests.runtime.made import a_log, record

SOURCES = ("registry@0", "routes@0")


@dataclass
class Ledger:
    """Keeps its own positions, and drops what it has."""

    records: dict[str, list[Record]] = field(default_factory=dict)
    refuses: list[Exception] = field(default_factory=list)
    given: int = 0

    def positions(self) -> dict[str, tuple[UUID, int]]:
        last = {source: each[-1] for source, each in self.records.items()}
        return {source: (each.epoch, each.position) for source, each in last.items()}

    def ingest(self, came: Sequence[bytes | Record]) -> None:
        self.given += len(came)
        if self.refuses:
            raise self.refuses.pop(0)
        records = [unwire(e, leaf=False) if isinstance(e, bytes) else e for e in came]
        for each in records:
            kept = self.records.setdefault(each.source, [])
            known = kept[-1].position if kept else 0
            if each.position > known:
                assert each.position == known + 1
                kept.append(replace(each, territory=None, leaf=b""))

    def count(self) -> int:
        return sum(map(len, self.records.values()))


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[list[LogStore]]:
    stores = [a_log(tmp_path, each) for each in SOURCES]
    yield stores
    for each in stores:
        each.close()


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision(SOURCES))
    return broker


def publish(logs: list[LogStore], broker: Broker, counts: Sequence[int]) -> None:
    for log, count in zip(logs, counts, strict=True):
        record(log, count)
        asyncio.run(Relay(log, broker).drain())


def follow_topics(ledger: Ledger, broker: Broker, upto: int) -> Follower:
    async def act() -> Follower:
        follower = Follower(ledger.ingest, ledger.positions)
        await while_running(
            lambda: follower.from_kafka(broker, SOURCES),
            until(lambda: ledger.count() == upto),
        )
        return follower

    return asyncio.run(act())


def test_both_transports_give_the_same(logs: list[LogStore], broker: Broker) -> None:
    """Two transports, one contract (architecture §2.8)."""
    publish(logs, broker, (700, 5))
    near, far = Ledger(), Ledger()
    asyncio.run(Follower(near.ingest, near.positions).catch_up(logs))
    follow_topics(far, broker, upto=705)

    assert near.records == far.records
    assert near.count() == 705


@pytest.mark.parametrize("transport", ["the logs", "Kafka"])
def test_it_has_arrived_only_at_the_end_of_every_log(
    logs: list[LogStore], broker: Broker, transport: str
) -> None:
    """Until then the ledger knows but a part, and whoever asks it must wait."""
    publish(logs, broker, (1_200, 1))
    ledger, early = Ledger(), list[int]()

    def ingest(came: Sequence[bytes | Record]) -> None:
        if follower.arrived():
            early.append(len(came))
        ledger.ingest(came)

    follower = Follower(ingest, ledger.positions)

    def follow_them() -> Coroutine[Any, Any, None]:
        if transport == "Kafka":
            return follower.from_kafka(broker, SOURCES)
        return follower.from_logs(logs, every=0.05)

    assert not follower.arrived()
    asyncio.run(while_running(follow_them, until(follower.healthy)))

    assert ledger.count() == 1_201
    assert not early


def test_a_log_that_cannot_be_taken_in_keeps_no_other_waiting(
    logs: list[LogStore], broker: Broker
) -> None:
    """Reliability 21: it stops at that log, and at no other."""
    publish(logs, broker, (3, 5))
    ledger = Ledger()

    def ingest(came: Sequence[bytes | Record]) -> None:
        if any(
            isinstance(e, bytes) and unwire(e, leaf=False).source == SOURCES[0] for e in came
        ):
            raise Hole("another record stands there")
        ledger.ingest(came)

    async def act() -> Follower:
        follower = Follower(ingest, ledger.positions)
        hears = while_running(
            lambda: follower.from_kafka(broker, SOURCES),
            until(lambda: ledger.count() == 5 and follower.waits() is not None),
        )
        await hears
        return follower

    follower = asyncio.run(act())

    assert SOURCES[0] not in ledger.records
    assert follower.ears[SOURCES[1]].healthy(datetime.now(UTC))


def test_what_was_passed_by_is_sought_anew(
    logs: list[LogStore], broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADR 0037: a topic that was made again has other offsets, and ours lies behind."""
    monkeypatch.setattr("shared.runtime.ear.SEEK", 0.5)
    publish(logs, broker, (20, 5))
    wrong = {SOURCES[0]: 3, SOURCES[1]: 2}

    async def behind(consumer: Any, at: Any, position: int) -> int:
        found = await offset_after(consumer, at, position)
        return found + wrong.pop(source_of(at), 0)

    monkeypatch.setattr(follow, "offset_after", behind)
    ledger = Ledger()
    follow_topics(ledger, broker, upto=25)

    assert not wrong


def test_it_starts_where_the_ledger_stands(logs: list[LogStore], broker: Broker) -> None:
    publish(logs, broker, (3_000, 1))
    ledger = Ledger()
    follow_topics(ledger, broker, upto=3_001)
    publish(logs, broker, (10, 1))
    ledger.given = 0
    follow_topics(ledger, broker, upto=3_012)

    assert ledger.given < 11 + 2 * follow.BATCH


@pytest.mark.parametrize("position", [0, 1, 999, 1_500, 2_999, 3_000])
def test_the_next_record_is_found_among_things_said_twice(
    logs: list[LogStore], broker: Broker, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "CLOSE", 4)
    publish(logs, broker, (3_000, 0))
    for after in (1_000, 2_990, 0, 1_500):
        asyncio.run(Relay(logs[0], broker, pace=Pace(batch=500)).rebuild(after))
    given: list[int] = []

    async def act() -> None:
        async with reading(broker, SOURCES[0]) as (consumer, at):
            consumer.seek(at, await offset_after(consumer, at, position))
            end = (await consumer.end_offsets([at]))[at]
            while await consumer.position(at) < end:
                got = await consumer.getmany(at, timeout_ms=1000)
                given.extend(position_of(each.value or b"") or 0 for each in got[at])

    asyncio.run(act())
    reached = position
    for each in given:
        assert each <= reached + 1
        reached = max(reached, each)

    assert reached == 3_000


def test_what_fails_is_tried_again(logs: list[LogStore]) -> None:
    record(logs[0], 3)
    ledger = Ledger(refuses=[OSError("full")] * 2)
    follower = Follower(ledger.ingest, ledger.positions)
    asyncio.run(
        while_running(lambda: follower.from_logs(logs), until(lambda: ledger.count() == 3))
    )

    assert ledger.given == 9


def test_an_append_wakes_it_and_silence_is_told(logs: list[LogStore]) -> None:
    ledger, told = Ledger(), list[Heartbeat]()
    follower = Follower(ledger.ingest, ledger.positions, told=told.append)

    async def meanwhile() -> None:
        for count in (1, 2, 3):
            await asyncio.to_thread(record, logs[1], 1)
            # it is called before the loop goes on
            await until(lambda: ledger.count() == count, seconds=5)  # noqa: B023
        await until(lambda: (told[-1].source, told[-1].position) == ("routes@0", 3))

    asyncio.run(while_running(lambda: follower.from_logs(logs, every=0.5), meanwhile()))

    assert told[-1].recorded_at >= ledger.records["routes@0"][-1].recorded_at


def test_a_replay_gives_the_stored_bytes(
    logs: list[LogStore], broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereading, "BULK", 1_000)
    publish(logs, broker, (2_500, 0))
    taken: list[list[bytes]] = []

    assert asyncio.run(replay(broker, SOURCES[0], taken.append)) == 2_500
    assert [e for each in taken for e in each] == [wire(e) for e in logs[0].walk()]
    assert len(taken) == 3


def test_a_ledger_is_rebuilt_from_kafka(
    logs: list[LogStore], broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contiguous and in order, whatever was said twice; then only what is new."""
    monkeypatch.setattr(rereading, "BULK", 1_000)
    publish(logs, broker, (2_500, 3))
    asyncio.run(Relay(logs[0], broker).rebuild(1_200))
    read = logs_of_kafka(broker, SOURCES)
    whole = [each for wires in read({}) for each in wires]
    rest = [unwire(each) for wires in read({SOURCES[0]: 2_498}) for each in wires]

    assert whole == [wire(each) for log in logs for each in log.walk()]
    assert [(e.source, e.position) for e in rest] == [
        (SOURCES[0], 2_499),
        (SOURCES[0], 2_500),
        *((SOURCES[1], n) for n in (1, 2, 3)),
    ]


def test_who_stops_reading_half_way_is_let_go(
    logs: list[LogStore], broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rereading, "BULK", 100)
    publish(logs, broker, (2_000, 0))
    some = iter(logs_of_kafka(broker, SOURCES)({}))
    first = next(some)
    del some

    assert unwire(first[0]).position == 1


class Topics:
    """Portions as a topic gave them, without a broker."""

    def __init__(self, *portions: Sequence[int]) -> None:
        self.portions = portions

    async def replay(
        self,
        _: object,
        source: str,
        take: Callable[[list[bytes]], object],
        *,
        after: int = 0,
        **__: object,
    ) -> None:
        for each in self.portions:
            wires = [wire(a_record(source, n)) for n in each if n > after]
            await asyncio.to_thread(take, wires)


def a_record(source: str, position: int) -> Record:
    return Record(
        source=source,
        epoch=UUID(int=1),
        position=position,
        recorded_at=datetime(2024, 2, 1, tzinfo=UTC),
        event_id=UUID(int=position),
        stream=UUID(int=2),
        version=1,
        name="registry.RegionAdded",
        schema=1,
        territory=None,
        meta=b"{}",
        data=b"{}",
        leaf=b"",
    )


def positions_of(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(rereading, "replay", topics.replay)
    broker = Broker(bootstrap="nowhere:1")
    read = logs_of_kafka(broker, SOURCES[:1])({})
    return [position_of(each) or 0 for wires in read for each in wires]


@pytest.mark.parametrize(
    "portions",
    [
        [[1, 2, 4, 5]],
        [[1, 2], [4, 5]],
        [[1, 2, 2, 4], [5, 4]],
    ],
)
def test_a_record_missing_from_a_topic_is_named(
    portions: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contracts §2: a reader that sees a hole stops; it does not end early, and content."""
    with pytest.raises(Hole, match=r"registry@0 is in Kafka up to 5, but 3 is missing"):
        positions_of(Topics(*portions), monkeypatch)


@pytest.mark.parametrize(
    "portions",
    [
        [[1, 2, 2, 4], [3, 4, 5]],
        [[1, 2, 3], [2, 3, 4, 5], [5]],
        [[1, 3, 2, 4], [3, 4, 5]],
        [[2, 1], [1, 2, 3, 4, 5]],
    ],
)
def test_what_came_twice_or_before_its_turn_is_no_hole(
    portions: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert positions_of(Topics(*portions), monkeypatch) == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("hearing")
def test_who_waits_for_kafka_can_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away says nothing, for ever; Ctrl-C ends the waiting."""

    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(rereading, "replay", silent)
    read = logs_of_kafka(Broker(bootstrap="nowhere:1"), SOURCES[:1])({})
    Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(iter(read))

    assert time.monotonic() - began < 5
