"""Whatever a neighbour says is heard, in order, and has its effect once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.runtime import codec, telemetry
from shared.runtime.ear import Ear
from shared.runtime.ears import Ears, NeighbourEars, retry_parked
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import Broker
from shared.runtime.log import Conflict, Mark, Parked, Record, Unit
from shared.runtime.relay import Relay, publishing
from shared.runtime.store_log import LogStore
from tests.infra.servers import Kafka
from tests.runtime.made import NAME, TRACE, a_log, record

SOURCE = "registry@0"


@dataclass
class Came:
    heard: int = 0
    skipped: int = 0
    parked: int = 0
    effects: int = 0


@dataclass
class Inbox:
    """A hearing service without policies: its mark moves with what it took in."""

    store: LogStore
    taken: list[int] = field(default_factory=list)
    refuses: list[Exception] = field(default_factory=list)
    calls: int = 0

    def hear(self, source: str, wires: Sequence[bytes]) -> Came:
        self.calls += 1
        if self.refuses:
            raise self.refuses.pop(0)
        records = [codec.unwire(each) for each in wires]
        mark = self.store.marks().get(source)
        before, fresh = mark.position if mark else 0, list[Record]()
        for each in records:
            if each.position > before:
                before = each.position
                fresh.append(each)
        came = Came(heard=len(fresh), skipped=len(records) - len(fresh))
        if fresh:
            last = fresh[-1]
            heard = [Mark(source, last.epoch, last.position)]
            try:
                self.store.append(Unit(now=datetime.now(UTC), heard=heard))
            except Conflict:
                return Came(skipped=len(records))
            self.taken += [each.position for each in fresh]
        return came


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogStore]:
    store = a_log(tmp_path)
    yield store
    store.close()


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    store = a_log(tmp_path, "routes@0")
    yield Inbox(store)
    store.close()


def provisioned(kafka: Kafka) -> Broker:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision([SOURCE]))
    return broker


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    return provisioned(kafka)


async def until(true: Callable[[], bool], seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for rings no bell
            await asyncio.sleep(0.02)


async def while_running(run: Callable[[], Awaitable[None]], meanwhile: Awaitable[None]) -> None:
    task = asyncio.ensure_future(run())
    try:
        await meanwhile
    finally:
        task.cancel()
        await asyncio.wait([task])


def heard(inbox: Inbox, broker: Broker, upto: int) -> Ears:
    """Run ears in a loop of their own until this position was taken in."""

    async def hear() -> Ears:
        ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)
        await while_running(
            ears.run, until(lambda: bool(inbox.taken) and inbox.taken[-1] == upto)
        )
        return ears

    return asyncio.run(hear())


def test_all_of_a_topic_is_heard_in_order(log: LogStore, inbox: Inbox, broker: Broker) -> None:
    record(log, 1_200, TRACE)
    asyncio.run(Relay(log, broker).drain())
    ears = heard(inbox, broker, upto=1_200)

    assert inbox.taken == [*range(1, 1_201)]
    assert ears.ears[SOURCE].tally.unaccounted == 0
    assert inbox.calls >= 3


def test_after_a_restart_it_goes_on(log: LogStore, inbox: Inbox, broker: Broker) -> None:
    for upto in (10, 25):
        record(log, upto - log.head().position)
        asyncio.run(Relay(log, broker).drain())
        heard(inbox, broker, upto)

    assert inbox.taken == [*range(1, 26)]


def test_twice_published_is_heard_once(log: LogStore, inbox: Inbox, broker: Broker) -> None:
    """Fault 2: duplicates on the wire, no duplicated effect."""
    record(log, 30)
    asyncio.run(Relay(log, broker).drain())
    asyncio.run(Relay(log, broker).rebuild(10))
    record(log, 1)
    asyncio.run(Relay(log, broker).drain())
    ears = heard(inbox, broker, upto=31)

    assert inbox.taken == [*range(1, 32)]
    assert ears.ears[SOURCE].tally.skipped == 20


def test_what_fails_is_tried_again_and_nothing_is_lost(
    log: LogStore, inbox: Inbox, broker: Broker
) -> None:
    """Fault 9: a database away: the consumer retries for ever, health says so."""
    record(log, 700)
    asyncio.run(Relay(log, broker).drain())
    inbox.refuses = [OSError("away")] * 3
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)
    seen: list[tuple[bool, str | None]] = []

    async def meanwhile() -> None:
        await until(lambda: inbox.calls == 2)
        seen.append((ears.healthy(), ears.ears[SOURCE].error))
        await until(lambda: bool(inbox.taken) and inbox.taken[-1] == 700)
        await until(ears.healthy)

    asyncio.run(while_running(ears.run, meanwhile()))

    assert seen == [(False, "OSError")]
    assert inbox.taken == [*range(1, 701)]
    assert ears.ears[SOURCE].tally.unaccounted == 0


def test_stopped_while_it_fails_it_has_not_heard(
    log: LogStore, inbox: Inbox, broker: Broker
) -> None:
    """Fault 3: no offset is committed for what had no effect."""
    record(log, 40)
    asyncio.run(Relay(log, broker).drain())
    inbox.refuses = [OSError("away")] * 100
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)
    asyncio.run(while_running(ears.run, until(lambda: inbox.calls == 2)))
    inbox.refuses = []
    heard(inbox, broker, upto=40)

    assert inbox.taken == [*range(1, 41)]


def test_a_mistake_of_our_own_commits_nothing(
    log: LogStore, inbox: Inbox, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error outside the retries reads the batch again, it does not lose it."""
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    take, mistakes = Ear.take_wires, [ZeroDivisionError()] * 2

    async def mistaken(ear: Ear, wires: Sequence[bytes], parents: Sequence[str | None]) -> bool:
        if mistakes:
            raise mistakes.pop()
        return await take(ear, wires, parents)

    monkeypatch.setattr(Ear, "take_wires", mistaken)
    heard(inbox, broker, upto=10)

    assert inbox.taken == [*range(1, 11)]


def test_foreign_headers_and_bodies_cost_nobody_a_record(
    log: LogStore, inbox: Inbox, broker: Broker
) -> None:
    """A null or non-UTF-8 header, a null or senseless value: the rest is heard."""
    record(log, 20)

    async def disturb() -> None:
        topic, partition = broker.partition(SOURCE)
        async with publishing(broker) as producer:
            for value, headers in (
                (b"nonsense", []),
                (None, [("content-type", b"\xff\xfe")]),
                (b'{"type":1}', [("traceparent", b"\xff")]),
            ):
                sent = await producer.send(topic, value, b"key", partition, headers=headers)
                await sent

    asyncio.run(disturb())
    asyncio.run(Relay(log, broker).drain())
    ears = heard(inbox, broker, upto=20)
    tally = ears.ears[SOURCE].tally

    assert inbox.taken == [*range(1, 21)]
    assert (tally.consumed, tally.unreadable, tally.unaccounted) == (23, 3, 0)


def test_nothing_behind_a_hole_is_heard_until_it_is_filled(
    log: LogStore, inbox: Inbox, broker: Broker
) -> None:
    """A reader that sees a hole stops and alarms (contracts §2); it is filled: goes on."""
    record(log, 6)
    topic, partition = broker.partition(SOURCE)

    async def publish(*positions: int) -> None:
        async with publishing(broker) as producer:
            for each in positions:
                (said,) = log.read(each - 1, 1)
                body = codec.wire(said)
                await (await producer.send(topic, body, b"key", partition))

    asyncio.run(publish(1, 2, 4, 5))
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)
    ear = ears.ears[SOURCE]
    seen: list[object] = []

    async def meanwhile() -> None:
        await until(lambda: ear.tally.ahead == 2)
        await until(lambda: ear.polled_at is not None)
        seen.append((ear.error, ears.healthy(), [*inbox.taken], ear.tally.unaccounted))
        await publish(3, 4, 5, 6)
        await until(lambda: len(inbox.taken) == 6)
        await until(ears.healthy)

    asyncio.run(while_running(ears.run, meanwhile()))

    assert seen == [("Hole", False, [1, 2], 0)]
    assert inbox.taken == [*range(1, 7)]


def test_a_heartbeat_is_no_fact(log: LogStore, inbox: Inbox, broker: Broker) -> None:
    record(log, 3)
    relay = Relay(log, broker)
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)

    def beaten() -> bool:
        return ears.ears[SOURCE].heartbeat is not None

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in (relay, ears)]
            await until(beaten)
            for each in tasks:
                each.cancel()

    asyncio.run(both())
    beat = ears.ears[SOURCE].heartbeat

    assert isinstance(beat, Heartbeat)
    assert (beat.source, beat.position) == (SOURCE, 3)
    assert inbox.taken == [1, 2, 3]


def test_a_broker_away_is_waited_for(
    log: LogStore, inbox: Inbox, breakable_kafka: Kafka
) -> None:
    """Fault 5: nothing lost, nothing doubled, and it goes on by itself."""
    broker = provisioned(breakable_kafka)
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, marks=inbox.store.marks)

    async def meanwhile() -> None:
        await until(lambda: inbox.taken == [*range(1, 11)])
        await asyncio.to_thread(breakable_kafka.kill9)
        await asyncio.to_thread(record, log, 10)
        await asyncio.to_thread(breakable_kafka.start)
        await Relay(log, broker).drain()
        await until(lambda: inbox.taken[-1] == 20, seconds=90)

    asyncio.run(while_running(ears.run, meanwhile()))

    assert inbox.taken == [*range(1, 21)]


def test_a_neighbour_is_heard_without_kafka(log: LogStore, inbox: Inbox) -> None:
    record(log, 1_200)
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")

    assert asyncio.run(ears.catch_up()) == 1_200
    assert inbox.taken == [*range(1, 1_201)]
    assert ears.healthy()


def test_an_append_wakes_the_neighbour(log: LogStore, inbox: Inbox) -> None:
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")

    async def meanwhile() -> None:
        for count in (1, 2, 3):
            await asyncio.to_thread(record, log, 1)
            await until(lambda: len(inbox.taken) == count, seconds=5)  # noqa: B023

    asyncio.run(while_running(lambda: ears.run(every=600), meanwhile()))

    assert inbox.taken == [1, 2, 3]


def test_a_neighbour_away_is_tried_again(log: LogStore, inbox: Inbox) -> None:
    """Fault 9: pauses and retries for ever; nothing is parked."""
    record(log, 5)
    inbox.refuses = [OSError("away")] * 3
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")
    asyncio.run(while_running(ears.run, until(lambda: len(inbox.taken) == 5)))

    assert inbox.taken == [*range(1, 6)]


def parked(position: int, stream: int, *, due: bool) -> Parked:
    return Parked(
        source=SOURCE,
        epoch=UUID(int=1),
        position=position,
        stream=UUID(int=stream),
        name=NAME,
        wire=b"",
        error="",
        attempts=1,
        retry_at=datetime.now(UTC) + timedelta(hours=0 if due else 1),
    )


def test_what_is_parked_is_tried_when_due_in_the_order_of_its_stream(
    inbox: Inbox,
) -> None:
    """Fault 8: later facts of that stream queue behind it, all others go on."""
    rows = [parked(n, s, due=n != 2) for n, s in ((1, 1), (2, 2), (3, 2), (4, 1), (5, 3))]
    inbox.store.append(Unit(now=datetime.now(UTC), parked=rows))
    tried: list[int] = []

    def retry(each: Parked) -> None:
        done = Unit(now=datetime.now(UTC), unparked=[(each.source, each.position)])
        inbox.store.append(done)
        tried.append(each.position)

    async def meanwhile() -> None:
        await until(lambda: len(tried) == 3)
        await asyncio.sleep(0.1)

    asyncio.run(
        while_running(lambda: retry_parked(inbox.store, retry, every=0.02), meanwhile())
    )

    assert tried == [1, 5, 4]
    assert [each.position for each in inbox.store.parked()] == [2, 3]


def test_what_is_parked_is_measured(inbox: Inbox) -> None:
    rows = [parked(n, n, due=False) for n in (1, 2, 3)]
    inbox.store.append(Unit(now=datetime.now(UTC), parked=rows))
    told = telemetry.in_memory()

    def measured() -> bool:
        return told.measures().get("metodika.parked") == [({"service": "routes"}, 3)]

    async def retrying() -> None:
        await retry_parked(inbox.store, print, every=0.05)

    asyncio.run(while_running(retrying, until(measured)))
    told.close()
    telemetry.use(telemetry.Telemetry())


def test_what_is_being_heard_is_not_missed(log: LogStore, inbox: Inbox) -> None:
    """`unaccounted` is an alarm: it is 0 also while a batch is in hand."""
    record(log, 7)
    seen: list[int] = []

    def slowly(source: str, wires: Sequence[bytes]) -> Came:
        seen.append(ear.tally.unaccounted)
        return inbox.hear(source, wires)

    ears = NeighbourEars(slowly, inbox.store, [log], who="routes")
    ear = ears.ears[SOURCE]
    asyncio.run(ears.catch_up())

    assert seen == [0]
    assert (ear.tally.consumed, ear.tally.unaccounted) == (7, 0)
