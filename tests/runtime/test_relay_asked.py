"""The relay goes back when it is asked to by hand, and never so that readers miss a part."""

import asyncio

import pytest

from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_agreed import Beyond
from shared.runtime.relay_lead import AGAIN, RELAY, now, publishing
from shared.runtime.store import LogStore, open_store
from tests.infra.servers import Kafka
from tests.runtime.made import record
from tests.runtime.relaying import QUICK, facts, provisioned, serve, until


@pytest.fixture
def log(log_store: LogStore) -> LogStore:
    return log_store


@pytest.fixture
def broker(kafka: Kafka, log: LogStore) -> Broker:
    return provisioned(log, kafka)


@pytest.mark.parametrize("after", [121, 100_000])
def test_nothing_is_published_after_the_end(log: LogStore, broker: Broker, after: int) -> None:
    """What is said next would be passed by."""
    record(log, 120)
    with pytest.raises(Beyond, match=f"{after} is beyond the end of the log, 120"):
        asyncio.run(Relay(log, broker, pace=QUICK).rebuild(after))

    assert asyncio.run(Relay(log, broker, pace=QUICK).drain()) == 120
    assert asyncio.run(facts(broker)) == [*range(1, 121)]


@pytest.mark.parametrize("beats", [True, False])
def test_no_topic_is_begun_in_the_middle(
    log: LogStore, broker: Broker, kafka: Kafka, *, beats: bool
) -> None:
    """contracts §2: a reader stops at what is missing; heartbeats fill no topic."""
    record(log, 20)
    asyncio.run(Relay(log, broker).drain())
    empty = provisioned(log, kafka)
    if beats:
        asyncio.run(beaten(log, empty))
    for after in (1, 20):
        with pytest.raises(Beyond, match=rf"{after} is beyond what its topic holds .*, 0"):
            asyncio.run(Relay(log, empty).rebuild(after))
    record(log, 5)
    with pytest.raises(Beyond, match=r"what its topic holds .*, 0"):
        asyncio.run(Relay(log, empty).rebuild(22))
    asyncio.run(Relay(log, empty).drain())

    assert asyncio.run(facts(empty)) == [*range(1, 26)]


async def beaten(log: LogStore, broker: Broker) -> None:
    """Say in a topic that its log is complete, and nothing else."""
    head = log.head()
    said = Heartbeat(
        source=log.source,
        epoch=head.epoch,
        position=head.position,
        recorded_at=head.recorded_at or now(),
        last=log.read(head.position - 1, 1)[0].event_id,
    )
    topic, partition = broker.partition(log.source)
    async with publishing(broker) as producer:
        await (await producer.send(topic, said.wire(), log.source.encode(), partition))


def test_who_was_published_beyond_the_end_stops_and_says_so(
    log: LogStore, broker: Broker
) -> None:
    """It neither spins nor passes by what is said next; it goes on when it is sent back."""
    record(log, 7)
    log.save(RELAY, 100)
    with pytest.raises(Beyond, match="published up to 100, it says, and ends at 7"):
        asyncio.run(Relay(log, broker).drain())
    relay = Relay(log, broker, pace=QUICK)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.error is not None)
        assert "ends at 7: see metodika relay --from" in (relay.standing.error or "")
        if await Relay(log, broker, pace=QUICK).rebuild() < 0:
            await until(lambda: log.saved(AGAIN) == 0)
        await until(lambda: relay.standing.acknowledged_at is not None)

    asyncio.run(serve(relay, meanwhile))

    assert (relay.standing.error, log.saved(RELAY)) == (None, 7)
    assert asyncio.run(facts(broker)) == [*range(1, 8)]


def test_the_relay_that_leads_goes_back_when_it_is_asked(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    """Whoever holds the lease publishes anew; nobody has to stop for it."""
    record(log, 130)
    relay = Relay(log, broker, pace=QUICK)
    other = open_store(log_url, log.source)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.position == 130)
        asking = Relay(other, broker, pace=QUICK)
        assert await asking.rebuild(100) == -1
        assert await asking.taken(20)
        await until(lambda: log.saved(RELAY) == 130)
        await asyncio.to_thread(record, log, 1)
        await until(lambda: relay.standing.position == 131)

    asyncio.run(serve(relay, meanwhile))
    other.close()

    assert asyncio.run(facts(broker)) == [*range(1, 131), *range(101, 132)]


def test_a_relay_that_does_not_hear_is_asked_no_more(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    """What was answered with no does not happen later."""
    record(log, 5)
    asyncio.run(Relay(log, broker).drain())
    other, relay = open_store(log_url, log.source), Relay(log, broker)
    with other.lease():
        assert asyncio.run(relay.rebuild()) == -1
        assert not asyncio.run(relay.taken(0.3))
    other.close()
    asyncio.run(relay.drain())

    assert asyncio.run(facts(broker)) == [*range(1, 6)]


def test_who_is_asked_goes_back_and_never_on(log: LogStore, broker: Broker) -> None:
    """A topic that began anew since holds less than when it was asked."""
    record(log, 9)
    log.save(AGAIN, 7)
    asyncio.run(Relay(log, broker).drain())

    assert asyncio.run(facts(broker)) == [*range(1, 10)]
