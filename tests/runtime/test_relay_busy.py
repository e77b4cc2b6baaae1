"""A relay at work does not take what it has just sent for another topic's (ADR 0037)."""

import asyncio

from structlog.testing import capture_logs

from shared.runtime.relay import Relay
from shared.runtime.relay_lead import Pace
from shared.runtime.store import LogStore
from tests.infra.servers import Kafka
from tests.runtime.made import record
from tests.runtime.relaying import provisioned, serve, until

MANY = 20_000


def test_who_publishes_much_takes_its_own_for_no_loss(
    log_store: LogStore, kafka: Kafka
) -> None:
    """A look that comes between what is sent and its acknowledgement sees the relay's own."""
    broker = provisioned(log_store, kafka)
    record(log_store, MANY)
    relay = Relay(log_store, broker, pace=Pace(heartbeat=0.1))

    async def meanwhile() -> None:
        await until(lambda: relay.standing.position == MANY)

    with capture_logs() as lines:
        asyncio.run(serve(relay, meanwhile))

    assert [each for each in lines if each["log_level"] == "warning"] == []
