"""The relay publishes all of a log, in order, and never forgets what it has not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.runtime import codec, telemetry
from shared.runtime.branches import line_of
from shared.runtime.heartbeat import Heartbeat, apart
from shared.runtime.kafka import Broker, source_of
from shared.runtime.log import Record
from shared.runtime.relay import AGAIN, RELAY, Beyond, Gap, Pace, Relay, Restored, Turn, now
from shared.runtime.store import LogStore, open_store
from shared.runtime.tree import verify
from tests.infra.process import free_port
from tests.infra.servers import Kafka
from tests.runtime.made import TRACE, a_log, begin, positions, put_back, record

QUICK = Pace(batch=50, poll=0.02, heartbeat=0.2, checkpoint_records=100)


@pytest.fixture
def log(log_store: LogStore) -> LogStore:
    return log_store


@pytest.fixture
def broker(kafka: Kafka, log: LogStore) -> Broker:
    return provisioned(log, kafka)


def provisioned(log: LogStore, kafka: Kafka) -> Broker:
    broker = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(broker.provision([log.source]))
    return broker


async def published(
    broker: Broker, source: str = "registry@0"
) -> list[ConsumerRecord[bytes, bytes]]:
    where = broker.partition(source)
    consumer = AIOKafkaConsumer(**broker.options(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([where])
        end = (await consumer.end_offsets([where]))[where]
        found: list[ConsumerRecord[bytes, bytes]] = []
        while await consumer.position(where) < end:
            batch = await consumer.getmany(where, timeout_ms=1000)
            found += batch.get(where, [])
    finally:
        await consumer.stop()
    return found


async def facts(broker: Broker) -> list[int]:
    return positions(apart("registry@0", await published(broker))[0])


async def until(true: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            said = true()
            if said if isinstance(said, bool) else await said:
                return
            await asyncio.sleep(0.05)


def test_what_is_published_is_what_was_stored(log: LogStore, broker: Broker) -> None:
    record(log, 3, TRACE)
    asyncio.run(Relay(log, broker).drain())

    sent = asyncio.run(published(broker))
    stored = log.read(0, 10)
    read = [replace(codec.unwire(each.value or b""), territory=None) for each in sent]
    assert read == stored
    assert [each.key for each in sent] == [str(r.stream).encode() for r in stored]
    assert {tuple(each.headers) for each in sent} == {
        (
            ("content-type", b"application/cloudevents+json"),
            ("traceparent", TRACE.encode()),
        )
    }


def test_it_goes_on_after_what_was_acknowledged(log: LogStore, broker: Broker) -> None:
    """Relay: reads position > saved, moves after acknowledgement."""
    record(log, 130)
    first = asyncio.run(Relay(log, broker, pace=QUICK).drain())
    record(log, 20)
    second = asyncio.run(Relay(log, broker, pace=QUICK).drain())

    assert (first, second, log.saved(RELAY)) == (130, 150, 150)
    assert asyncio.run(facts(broker)) == [*range(1, 151)]


def test_killed_before_it_remembers_it_says_it_again(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 2: duplicates on the wire, in order, and nothing lost."""

    def killed(*_: object) -> None:
        raise OSError("killed")

    record(log, 60)
    with monkeypatch.context() as patch:
        patch.setattr(log, "save", killed)
        with pytest.raises(OSError, match="killed"):
            asyncio.run(Relay(log, broker, pace=QUICK).drain())
    asyncio.run(Relay(log, broker, pace=QUICK).drain())

    assert asyncio.run(facts(broker)) == [*range(1, 51), *range(1, 61)]


def test_it_moves_over_a_contiguous_acknowledged_prefix_alone(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Architecture §2.5: the position moves only over a contiguous prefix."""
    record(log, 4)
    send = Turn._send

    async def third_is_lost(
        turn: Turn, each: Record, parent: str | None
    ) -> "asyncio.Future[RecordMetadata]":
        if each.position != 3:
            return await send(turn, each, parent)
        lost: asyncio.Future[RecordMetadata] = asyncio.Future()
        lost.set_exception(KafkaError("lost"))
        return lost

    with monkeypatch.context() as patch:
        patch.setattr(Turn, "_send", third_is_lost)
        with pytest.raises(KafkaError, match="lost"):
            asyncio.run(Relay(log, broker).drain())
    assert log.saved(RELAY) == 2
    asyncio.run(Relay(log, broker).drain())

    assert asyncio.run(facts(broker)) == [1, 2, 4, 3, 4]


def test_one_relay_leads(log: LogStore, broker: Broker, log_url: str) -> None:
    """One active per store (lease)."""
    record(log, 5)
    other = open_store(log_url, log.source)
    with other.lease():
        reached = asyncio.run(Relay(log, broker).drain())
    other.close()

    assert reached == -1
    assert asyncio.run(facts(broker)) == []


def test_a_wiped_topic_is_rebuilt(log: LogStore, broker: Broker, kafka: Kafka) -> None:
    """Fault 6: `metodika relay --from 0` rebuilds a topic."""
    record(log, 120)
    asyncio.run(Relay(log, broker, pace=QUICK).drain())
    anew = provisioned(log, kafka)

    assert asyncio.run(Relay(log, anew, pace=QUICK).rebuild()) == 120
    assert asyncio.run(Relay(log, anew, pace=QUICK).rebuild(100)) == 120
    assert asyncio.run(facts(anew)) == [*range(1, 121), *range(101, 121)]
    assert log.saved(RELAY) == 120


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
        relay = Relay(log, empty, pace=QUICK)
        beaten = until(lambda: relay.standing.acknowledged_at is not None)
        asyncio.run(serve(relay, lambda: beaten))
    for after in (1, 20):
        with pytest.raises(Beyond, match=rf"{after} is beyond what its topic holds .*, 0"):
            asyncio.run(Relay(log, empty).rebuild(after))
    record(log, 5)
    asyncio.run(Relay(log, empty).drain())
    with pytest.raises(Beyond, match=r"what its topic holds .*, 0"):
        asyncio.run(Relay(log, empty).rebuild(22))

    assert asyncio.run(facts(empty)) == [*range(21, 26)]


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


def test_a_hole_in_the_log_stops_it(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that sees a hole stops (contracts §2)."""
    record(log, 5)
    holed = [each for each in log.read(0, 5) if each.position != 3]

    def read(*_: object) -> list[Record]:
        return holed

    monkeypatch.setattr(log, "read", read)
    with pytest.raises(Gap, match="registry@0: 3 is missing"):
        asyncio.run(Relay(log, broker).drain())

    assert asyncio.run(facts(broker)) == []


def test_checkpoints_continue_one_tree(log: LogStore, broker: Broker) -> None:
    """The relay keeps an RFC 6962 tree and writes checkpoints (contracts §2)."""
    for count in (130, 40, 90):
        record(log, count)
        asyncio.run(Relay(log, broker, pace=QUICK).drain())
    asyncio.run(Relay(log, broker, pace=QUICK).rebuild())

    made = log.checkpoints()
    assert [each.size for each in made] == [100, 220]
    assert verify(log.walk(), made) is None


async def serve(relay: Relay, meanwhile: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(relay.run())
        await meanwhile()
        task.cancel()


def test_a_silent_log_says_up_to_when_it_is_complete(log: LogStore, broker: Broker) -> None:
    """Heartbeat {epoch, position, recorded_at} when idle (contracts §2)."""
    record(log, 3)
    head = log.head()
    recorded_at = head.recorded_at or now()

    async def beat() -> Heartbeat | None:
        return apart("registry@0", await published(broker))[1]

    async def meanwhile() -> None:
        async def complete() -> bool:
            said = await beat()
            return said is not None and said.recorded_at > recorded_at

        await until(complete)

    asyncio.run(serve(Relay(log, broker, pace=QUICK), meanwhile))
    said = asyncio.run(beat())

    assert said is not None
    assert (said.source, said.epoch, said.position) == ("registry@0", head.epoch, 3)


def test_an_append_wakes_it(log: LogStore, broker: Broker) -> None:
    slow = replace(QUICK, poll=600, heartbeat=600)
    relay = Relay(log, broker, pace=slow)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.acknowledged_at is not None)
        await asyncio.to_thread(record, log, 7)
        await until(lambda: relay.standing.position == 7)

    asyncio.run(serve(relay, meanwhile))

    assert asyncio.run(facts(broker)) == [*range(1, 8)]


def test_what_stands_beside_lives_as_long_as_the_lease(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    seen: list[str] = []

    async def beside() -> None:
        seen.append("led")
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    relay = Relay(log, broker, pace=QUICK, beside=[beside])
    asyncio.run(serve(relay, lambda: until(lambda: bool(seen))))
    other = open_store(log_url, log.source)
    with other.lease() as lease:
        assert lease is not None
    other.close()

    assert seen == ["led", "ended"]


def test_a_broker_away_delays_and_loses_nothing(log: LogStore, breakable_kafka: Kafka) -> None:
    """Fault 5: commands keep being accepted; lag grows and drains; nothing lost."""
    broker = provisioned(log, breakable_kafka)
    relay = Relay(log, broker, pace=QUICK)

    async def meanwhile() -> None:
        await asyncio.to_thread(record, log, 60)
        await until(lambda: relay.standing.position == 60)
        await asyncio.to_thread(breakable_kafka.kill9)
        await asyncio.to_thread(record, log, 500)
        await asyncio.to_thread(breakable_kafka.start)
        await until(lambda: relay.standing.position == 560)

    asyncio.run(serve(relay, meanwhile))
    got = asyncio.run(facts(broker))

    assert sorted(set(got)) == [*range(1, 561)]
    assert all(after <= before + 1 for before, after in pairwise(got))


def test_who_does_not_lead_any_more_lacks_nothing(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    """What failed once is no reason for ever: another process publishes now."""
    relay, other = Relay(log, broker, pace=QUICK), open_store(log_url, log.source)
    relay.standing.error = "OSError"
    with other.lease():
        asyncio.run(serve(relay, lambda: until(lambda: relay.standing.error is None)))
    other.close()

    assert not relay.standing.leading


# ── A log that was put back from an older copy ──────────────────────────────


@pytest.mark.parametrize("more", [0, 2, 3, 5])
def test_what_is_not_what_was_published_is_not_published(
    log: LogStore, broker: Broker, log_url: str, more: int
) -> None:
    """Reliability 21: a known position with another event stops the relay, and it says so."""
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    put_back(log_url, 7)
    record(log, more)
    relay = Relay(log, broker, pace=QUICK)
    with pytest.raises(Restored, match="registry@0 is not what was published: 10 is another"):
        asyncio.run(relay.drain())
    heard: list[str] = []

    async def beside() -> None:
        heard.append("something")

    waiting = Relay(log, broker, pace=QUICK, beside=[beside])
    asyncio.run(serve(waiting, lambda: until(lambda: waiting.standing.error is not None)))

    assert "metodika epoch" in (waiting.standing.error or "")
    assert asyncio.run(facts(broker)) == [*range(1, 11)]
    assert not heard


def test_a_topic_begins_anew_with_the_epoch_that_was_begun_for_it(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    """contracts §2: announced, then the whole log; what is lost stands in the topic no more."""
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    put_back(log_url, 7)
    record(log, 2)
    asyncio.run(begin(log, broker, common=7))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Broker, "forget", away)
        with pytest.raises(OSError, match="away"):
            asyncio.run(Relay(log, broker, pace=QUICK).drain())
    record(log, 3)
    asyncio.run(Relay(log, broker, pace=QUICK).drain())
    asyncio.run(Relay(log, broker, pace=QUICK).drain())
    first, *said = asyncio.run(published(broker))
    beat = apart(log.source, [first])[1]
    wires, again, _ = apart(log.source, said)

    assert beat is not None
    assert (beat.epoch, beat.line) == (log.epochs()[1].epoch, line_of(log))
    assert [(each.after, each.common) for each in beat.line] == [(9, 7)]
    assert [codec.unwire(each).event_id for each in wires] == [e.event_id for e in log.walk()]
    assert again is not None
    assert again.last == log.read(11, 1)[0].event_id


def test_an_epoch_that_was_begun_for_one_loss_is_none_for_the_next(
    log: LogStore, broker: Broker, log_url: str
) -> None:
    """contracts §2: одна эпоха - одно прошлое."""
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    put_back(log_url, 7)
    asyncio.run(begin(log, broker, common=7))
    record(log, 3)
    asyncio.run(Relay(log, broker).drain())
    put_back(log_url, 8)

    with pytest.raises(Restored):
        asyncio.run(Relay(log, broker).drain())


async def away(*_: object) -> None:
    raise OSError("away")


def test_topics_are_made_once_and_carry_their_log(broker: Broker) -> None:
    asyncio.run(broker.provision(["registry@0", "routes@0"]))
    asyncio.run(broker.provision(["routes@0"]))

    assert broker.topic("routes@0") == f"{broker.prefix}.routes.v1"
    assert source_of(broker.partition("registry@3")) == "registry@3"


def test_the_age_of_the_unpublished_is_told_while_no_broker_answers(tmp_path: Path) -> None:
    """§3: возраст неопубликованного растёт, пока Kafka нет."""
    log = a_log(tmp_path)
    record(log, 3)
    relay = Relay(log, Broker(bootstrap=f"127.0.0.1:{free_port()}"), pace=QUICK)
    told = telemetry.in_memory()

    def age() -> float:
        (((said, value),)) = told.measures().get("metodika.relay.age", [({}, 0)])
        return value if said == {"source": "registry@0"} else 0

    asyncio.run(serve(relay, lambda: until(lambda: age() > 0.3)))
    log.close()
    told.close()
    telemetry.use(telemetry.Telemetry())

    assert relay.standing.error == "Unreachable"
