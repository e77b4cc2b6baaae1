"""How a test publishes a log, and what it finds in the topic."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.runtime.heartbeat import apart
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import Pace
from shared.runtime.store import LogStore
from tests.infra.servers import Kafka
from tests.runtime.made import positions

QUICK = Pace(batch=50, poll=0.02, heartbeat=0.2, checkpoint_records=100)


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


async def serve(relay: Relay, meanwhile: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(relay.run())
        await meanwhile()
        task.cancel()
