"""Each server is what it says it is, and comes back with what it had."""

import asyncio
from uuid import uuid4

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pymongo import MongoClient

from tests.infra.servers import Kafka, Mongo, Postgres


async def said(bootstrap: str, topic: str, value: bytes | None = None) -> list[bytes]:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True
    ) as producer:
        if value is not None:
            await producer.send_and_wait(topic, value)
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    ) as consumer:
        got = await consumer.getmany(timeout_ms=20_000)
    return [each.value or b"" for records in got.values() for each in records]


async def provision(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()


def test_a_killed_broker_comes_back_with_what_it_had(breakable_kafka: Kafka) -> None:
    topic, bootstrap = f"t{uuid4().hex}", breakable_kafka.bootstrap
    asyncio.run(provision(bootstrap, topic))
    asyncio.run(said(bootstrap, topic, b"once"))
    breakable_kafka.kill9()
    breakable_kafka.start()

    assert asyncio.run(said(bootstrap, topic)) == [b"once"]


def test_a_killed_postgres_comes_back_with_what_it_had(
    breakable_postgres: Postgres,
) -> None:
    url = breakable_postgres.new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    breakable_postgres.kill9()
    breakable_postgres.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_two_databases_share_nothing(postgres: Postgres) -> None:
    one, other = postgres.new_database(), postgres.new_database()
    with psycopg.connect(one) as connection:
        connection.execute("CREATE TABLE kept ()")
    with psycopg.connect(other) as connection:
        found = connection.execute("SELECT to_regclass('kept')").fetchone()

    assert found == (None,)


def test_mongo_speaks_the_protocol(mongo: Mongo) -> None:
    with MongoClient[dict[str, int]](mongo.url) as client:
        home = client[mongo.new_database()]["documents"]
        home.update_one({"_id": 1}, {"$set": {"n": 2}}, upsert=True)

        assert home.find_one({"n": 2}) == {"_id": 1, "n": 2}
