"""The relay publishes all of a log, in order, and never forgets what it has not."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata

from shared.runtime import codec, telemetry
from shared.runtime.heartbeat import Heartbeat, apart
from shared.runtime.kafka import Broker, source_of
from shared.runtime.log import Record
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import RELAY, now
from shared.runtime.relay_turn import Gap, Turn
from shared.runtime.store import LogStore, open_store
from shared.runtime.telemetry_sent import in_memory
from shared.runtime.tree import verify
from tests.infra.process import free_port
from tests.infra.servers import Kafka
from tests.runtime.made import TRACE, a_log, record
from tests.runtime.relaying import QUICK, facts, provisioned, published, serve, until


@pytest.fixture
def log(log_store: LogStore) -> LogStore:
    return log_store


@pytest.fixture
def broker(kafka: Kafka, log: LogStore) -> Broker:
    return provisioned(log, kafka)


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
    told = in_memory()

    def age() -> float:
        (((said, value),)) = told.measures().get("metodika.relay.age", [({}, 0)])
        return value if said == {"source": "registry@0"} else 0

    asyncio.run(serve(relay, lambda: until(lambda: age() > 0.3)))
    log.close()
    told.close()
    telemetry.use(telemetry.Telemetry())

    assert relay.standing.error == "Unreachable"


def test_who_is_told_to_end_while_kafka_ends_something_of_its_own_ends(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reliability: aiokafka takes a cancellation for its own (`Fetcher.close`)."""
    inside, stop = asyncio.Event(), AIOKafkaConsumer.stop

    async def swallowing(consumer: AIOKafkaConsumer) -> None:
        await stop(consumer)
        inside.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)

    monkeypatch.setattr(AIOKafkaConsumer, "stop", swallowing)

    async def until_inside() -> None:
        await inside.wait()

    relay = Relay(log, broker, pace=QUICK)

    asyncio.run(asyncio.wait_for(serve(relay, until_inside), timeout=30))
