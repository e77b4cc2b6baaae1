"""Whatever a neighbour says in Kafka is heard, in order, and has its effect once."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from shared.runtime import codec
from shared.runtime.ear import Ear
from shared.runtime.ears import Ears
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import publishing
from shared.runtime.store_log import LogStore
from tests.infra.servers import Kafka
from tests.runtime.inbox import SOURCE, Inbox, until, while_running
from tests.runtime.made import TRACE, record


def provisioned(kafka: Kafka) -> Broker:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision([SOURCE]))
    return broker


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    return provisioned(kafka)


def heard(inbox: Inbox, broker: Broker, upto: int) -> Ears:
    """Run ears in a loop of their own until this position was taken in."""

    async def hear() -> Ears:
        ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
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
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
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
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
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
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
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


def test_what_was_passed_by_is_sought_anew(
    log: LogStore, inbox: Inbox, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADR 0037: a topic that was made again has other offsets, and ours lies behind."""
    monkeypatch.setattr("shared.runtime.ear.SEEK", 0.5)
    at = broker.partition(SOURCE)
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)

    async def meanwhile() -> None:
        await until(lambda: inbox.taken == [*range(1, 6)])
        consumer = ears._subscribers[at.topic].consumer
        assert consumer is not None
        consumer.pause(at)
        await asyncio.to_thread(record, log, 15)
        await Relay(log, broker).drain()
        consumer.seek(at, 9)
        consumer.resume(at)
        await until(lambda: len(inbox.taken) >= 20)
        await until(ears.healthy)

    record(log, 5)
    asyncio.run(Relay(log, broker).drain())
    asyncio.run(while_running(ears.run, meanwhile()))

    assert inbox.taken == [*range(1, 21)]


def test_a_heartbeat_is_no_fact(log: LogStore, inbox: Inbox, broker: Broker) -> None:
    record(log, 3)
    relay = Relay(log, broker)
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)

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


def test_what_comes_after_a_heartbeat_is_growth(
    log: LogStore, inbox: Inbox, broker: Broker
) -> None:
    """Reliability 21: nobody is called for a log that was only written on."""
    record(log, 3)
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
    ear = ears.ears[SOURCE]

    async def meanwhile() -> None:
        beaten = until(lambda: ear.heartbeat is not None)
        await while_running(Relay(log, broker).run, beaten)
        await asyncio.to_thread(record, log, 2)
        await Relay(log, broker).drain()  # and no heartbeat says so yet
        await until(lambda: ear.known == 5 and not ear.lag)

    asyncio.run(while_running(ears.run, meanwhile()))

    assert ear.waits is None


def test_a_broker_away_is_waited_for(
    log: LogStore, inbox: Inbox, breakable_kafka: Kafka
) -> None:
    """Fault 5: nothing lost, nothing doubled, and it goes on by itself."""
    broker = provisioned(breakable_kafka)
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)

    async def meanwhile() -> None:
        await until(lambda: inbox.taken == [*range(1, 11)])
        await asyncio.to_thread(breakable_kafka.kill9)
        await asyncio.to_thread(record, log, 10)
        await asyncio.to_thread(breakable_kafka.start)
        await Relay(log, broker).drain()
        await until(lambda: inbox.taken[-1] == 20, seconds=90)

    asyncio.run(while_running(ears.run, meanwhile()))

    assert inbox.taken == [*range(1, 21)]
