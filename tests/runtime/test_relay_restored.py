"""A log that was put back from an older copy is published only once it says so (ADR 0037)."""

import asyncio

import pytest
from structlog.testing import capture_logs

from shared.runtime import codec
from shared.runtime.branches import line_of
from shared.runtime.heartbeat import apart
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_agreed import Restored
from shared.runtime.store import LogStore
from tests.infra.servers import Kafka
from tests.runtime.made import begin, put_back, record
from tests.runtime.relaying import QUICK, facts, provisioned, published, serve, until


@pytest.fixture
def log(log_store: LogStore) -> LogStore:
    return log_store


@pytest.fixture
def broker(kafka: Kafka, log: LogStore) -> Broker:
    return provisioned(log, kafka)


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
    with capture_logs() as lines:
        asyncio.run(Relay(log, broker, pace=QUICK).drain())
        asyncio.run(Relay(log, broker, pace=QUICK).drain())
    first, *said = asyncio.run(published(broker))
    beat = apart(log.source, [first])[1]
    wires, again, _ = apart(log.source, said)

    assert not [each for each in lines if "topic has lost" in each["event"]]
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
