"""A topic that lost what it had is noticed, told and filled again by the relay (ADR 0037)."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest
from structlog.testing import capture_logs

from shared.runtime import telemetry
from shared.runtime.branches import line_of
from shared.runtime.heartbeat import apart
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_beats import Beats
from shared.runtime.relay_lead import RELAY, Lead
from shared.runtime.relay_watch import Watch, Wiped
from shared.runtime.store import LogStore
from shared.runtime.telemetry import Telemetry
from shared.runtime.telemetry_sent import Remembered, in_memory
from tests.infra.servers import Kafka
from tests.runtime.lost import LOSSES, Loss, recreated
from tests.runtime.made import begin, record
from tests.runtime.relaying import QUICK, facts, provisioned, published, serve, until


@pytest.fixture
def log(log_store: LogStore) -> LogStore:
    return log_store


@pytest.fixture
def broker(kafka: Kafka, log: LogStore) -> Broker:
    return provisioned(log, kafka)


@pytest.fixture
def told() -> Iterator[Remembered]:
    yield (made := in_memory())
    made.close()
    telemetry.use(Telemetry())


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
def test_who_begins_fills_what_its_topic_has_lost(
    log: LogStore, broker: Broker, told: Remembered, loss: Loss
) -> None:
    """Fault 6, by itself: a topic is a cache of its log, and the log is whole."""
    record(log, 120)
    asyncio.run(Relay(log, broker, pace=QUICK).drain())
    asyncio.run(loss(broker, log.source))
    record(log, 5)
    relay = Relay(log, broker, pace=QUICK)
    with capture_logs() as lines:
        assert asyncio.run(relay.drain()) == 125
    there = asyncio.run(facts(broker))

    assert there[-125:] == [*range(1, 126)]
    assert (log.saved(RELAY), relay.standing.lost, relay.standing.waits) == (125, 0, None)
    (line,) = [each for each in lines if "topic has lost" in each["event"]]
    assert (line["source"], line["log_level"], line["head"]) == (log.source, "error", 120)
    assert told.measures()["metodika.topic.lost"] == [({"source": log.source}, 0)]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
def test_who_publishes_notices_it_at_the_next_heartbeat(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch, loss: Loss
) -> None:
    """Its saved position is at the end of the log, and nobody says anything new."""
    monkeypatch.setattr("shared.runtime.relay_watch.PATIENCE", 2)
    record(log, 120)
    relay = Relay(log, broker, pace=QUICK)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.position == 120)
        await asyncio.sleep(3 * QUICK.heartbeat)  # it has seen what is there
        await loss(broker, log.source)
        await until(lambda: whole(broker, 120))
        await asyncio.to_thread(record, log, 5)
        await until(lambda: whole(broker, 125))
        await until(lambda: relay.standing.error is None)

    asyncio.run(serve(relay, meanwhile))

    assert log.saved(RELAY) == 125


async def whole(broker: Broker, count: int) -> bool:
    """Say whether a topic holds so many facts, each in its turn, whatever came twice."""
    try:
        there = await facts(broker)
    except (TimeoutError, OSError, KeyError):
        return False
    begins = there.index(1) if 1 in there else len(there)
    run = there[begins:]
    contiguous = all(after <= before + 1 for before, after in pairwise(run))
    return contiguous and {*run} == {*range(1, count + 1)}


def test_its_end_is_looked_at_whether_or_not_anything_is_sent(
    log: LogStore, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A topic that was made again is empty, and nobody would say anything in it."""

    async def silent(_: Beats) -> None:
        return None

    monkeypatch.setattr(Beats, "beat_if_due", silent)
    record(log, 60)
    relay = Relay(log, broker, pace=QUICK)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.position == 60)
        await recreated(broker, log.source)
        await until(lambda: whole(broker, 60))

    asyncio.run(serve(relay, meanwhile))


def test_what_is_published_into_another_topic_is_not_remembered(
    log: LogStore, broker: Broker
) -> None:
    """It is recreated between two facts: nothing is passed by, however busy the log is."""
    record(log, 60)
    relay = Relay(log, broker, pace=QUICK)

    async def meanwhile() -> None:
        await until(lambda: relay.standing.position == 60)
        await recreated(broker, log.source)
        for _ in range(20):
            await asyncio.to_thread(record, log, 3)
            await asyncio.sleep(0.05)
        await until(lambda: whole(broker, 120))

    asyncio.run(serve(relay, meanwhile))

    assert log.saved(RELAY) == 120


def test_what_is_taken_at_an_offset_that_was_passed_is_taken_by_another_topic() -> None:
    """It may have been made again, and filled, between two looks."""
    watch = Watch(cast("Lead", SimpleNamespace(source="registry@0")))
    watch.took(0, 9)
    watch.took(10, 12)
    with pytest.raises(Wiped, match="registry@0"):
        watch.took(3, 15)


def test_a_topic_that_is_filled_announces_its_epochs_first(
    log: LogStore, broker: Broker
) -> None:
    """contracts §2: who begins to read it knows them before he meets them."""
    record(log, 10)
    asyncio.run(Relay(log, broker).drain())
    asyncio.run(begin(log, broker, common=10))
    record(log, 2)
    asyncio.run(Relay(log, broker).drain())
    asyncio.run(recreated(broker, log.source))
    asyncio.run(Relay(log, broker).drain())
    first, *said = asyncio.run(published(broker))
    beat = apart(log.source, [first])[1]

    assert beat is not None
    assert beat.line == line_of(log)
    assert len(apart(log.source, said)[0]) == 12


def test_a_wiped_topic_is_rebuilt(log: LogStore, broker: Broker, kafka: Kafka) -> None:
    """Fault 6: `metodika relay --from 0` rebuilds a topic."""
    record(log, 120)
    asyncio.run(Relay(log, broker, pace=QUICK).drain())
    anew = provisioned(log, kafka)

    assert asyncio.run(Relay(log, anew, pace=QUICK).rebuild()) == 120
    assert asyncio.run(Relay(log, anew, pace=QUICK).rebuild(100)) == 120
    assert asyncio.run(facts(anew)) == [*range(1, 121), *range(101, 121)]
    assert log.saved(RELAY) == 120
