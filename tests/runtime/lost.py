"""How a topic loses what it had: by hand, or by a broker that was set up wrong."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.runtime.kafka import Broker
from shared.runtime.topic import reading


async def deleted(broker: Broker, source: str) -> None:
    admin = AIOKafkaAdminClient(**broker.options())
    await admin.start()
    try:
        await admin.delete_topics([broker.topic(source)])
        async with asyncio.timeout(20):
            # there is nothing else to wait for
            while broker.topic(source) in await admin.list_topics():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


async def recreated(broker: Broker, source: str) -> None:
    await deleted(broker, source)
    await broker.provision([source])


async def emptied(broker: Broker, source: str) -> None:
    await broker.forget(source, await end_of(broker, source))


async def cut(broker: Broker, source: str) -> None:
    await broker.forget(source, 10)


async def end_of(broker: Broker, source: str) -> int:
    async with reading(broker, source) as (consumer, at):
        ends: dict[TopicPartition, int] = await consumer.end_offsets([at])
        return ends[at]


type Loss = Callable[[Broker, str], Coroutine[Any, Any, None]]
LOSSES: dict[str, Loss] = {
    "deleted": deleted,
    "recreated": recreated,
    "emptied": emptied,
    "its beginning cut off": cut,
}
