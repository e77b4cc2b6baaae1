"""`rebuild`: the ledger read anew, from the stores and from Kafka, against bare readers.

A bare reader fetches the same bytes from the same place in the same portions, counts
them, and understands nothing.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from uuid import uuid4

import psycopg
from aiokafka import AIOKafkaConsumer

from services.monitoring import ledger as language
from shared.runtime.bulk import in_chunks
from shared.runtime.columns import Ledger, Logs
from shared.runtime.kafka import Broker
from shared.runtime.log import Pending, Record, Unit
from shared.runtime.relay import Relay
from shared.runtime.rereading import logs_of_kafka
from shared.runtime.store import LogStore, migrate, open_store
from tests.bench.ledger_ingest import records
from tests.bench.measured import Measured, at_least, quiet, seconds, servers
from tests.infra.servers import Postgres

FACTS = 1_000_000
PAGE = 20_000
SHARE = 0.5
AT_ONCE, FETCH = 500, 16 * 1024 * 1024
PORTION = (
    "SELECT position, epoch, recorded_at, event_id, stream, version, name, schema,"
    " territory, meta, data, leaf FROM records WHERE position > {} ORDER BY position LIMIT {}"
)
type Stores = dict[str, LogStore]


def run() -> Iterator[Measured]:
    """Fill three logs, read them five times."""
    made = records(FACTS)
    with servers() as parts, TemporaryDirectory() as folder:
        postgres = cast("Postgres", parts.part("postgres"))
        files = {each: f"sqlite://{Path(folder, each)}.sqlite" for each in _sources(made)}
        tables = {each: postgres.new_database() for each in files}
        for where, urls, bare in (
            ("SQLite", files, read_sqlite),
            ("PostgreSQL", tables, read_postgres),
        ):
            stores = filled(made, urls)
            yield _measured(
                f"rebuild from {where}",
                rebuilt(logs_of(stores)),
                best(partial(read_all, bare, list(urls.values()))),
                f"a loop over the rows of {where}",
            )
            if where == "PostgreSQL":
                yield from of_kafka(parts.part("kafka").address, stores)
            for each in stores.values():
                each.close()


def of_kafka(bootstrap: str, stores: Stores) -> Iterator[Measured]:
    """Publish the logs, then read the topics."""
    broker = Broker(bootstrap=bootstrap, prefix=f"b{uuid4().hex[:8]}")
    asyncio.run(broker.provision(list(stores)))
    for each in stores.values():
        asyncio.run(Relay(each, broker).drain())
    line = _measured(
        "rebuild from Kafka",
        rebuilt(logs_of_kafka(broker, list(stores))),
        best(lambda: asyncio.run(read_kafka(broker, list(stores)))),
        "a bare aiokafka consumer of the same topics",
    )
    yield at_least(SHARE, line)


def filled(made: Sequence[Record], urls: Mapping[str, str]) -> Stores:
    """Put the facts into logs of their own."""
    stores: Stores = {}
    for source, url in urls.items():
        migrate(url, source)
        stores[source] = open_store(url, source)
        mine = [each for each in made if each.source == source]
        for some in in_chunks(mine, 1000):
            facts = [_pending(each) for each in some]
            stores[source].append(Unit(now=some[-1].recorded_at, facts=facts))
    return stores


def logs_of(stores: Stores) -> Logs:
    """Return what a ledger reads, page by page."""

    def read(known: Mapping[str, int]) -> Iterator[Sequence[Record]]:
        for source, store in stores.items():
            position = known.get(source, 0)
            while page := store.read(position, PAGE):
                yield page
                position = page[-1].position

    return read


def rebuilt(logs: Logs) -> float:
    """Return the facts a second of a rebuild, the better of two."""

    def once() -> float:
        with TemporaryDirectory() as folder, quiet():
            ledger = Ledger(Path(folder), language)
            took = seconds(lambda: ledger.rebuild(logs))
            heard = sum(position for _, position in ledger.positions().values())
            ledger.close()
        if heard != FACTS:
            raise RuntimeError(f"{heard} facts of {FACTS} were read")
        return FACTS / took

    return max(once(), once())


def best(read: Callable[[], object]) -> float:
    """Return the facts a second of a bare reader, the better of two."""
    return max(FACTS / seconds(read), FACTS / seconds(read))


def read_all(bare: Callable[[str], int], urls: Sequence[str]) -> int:
    """Read several logs, one after another."""
    return sum(map(bare, urls))


def read_sqlite(url: str) -> int:
    """Read a log without understanding it."""
    db, position, count = sqlite3.connect(url.removeprefix("sqlite://")), 0, 0
    while rows := db.execute(PORTION.format("?", "?"), [position, PAGE]).fetchall():
        position, count = rows[-1][0], count + len(rows)
    db.close()
    return count


def read_postgres(url: str) -> int:
    """Read a log without understanding it."""
    position, count, query = 0, 0, PORTION.format("%s", "%s").encode()
    with psycopg.connect(url) as pg:
        while rows := pg.execute(query, [position, PAGE], binary=True).fetchall():
            position, count = rows[-1][0], count + len(rows)
    return count


async def read_kafka(broker: Broker, sources: Sequence[str]) -> int:
    """Read topics without understanding them."""
    count = 0
    for at in map(broker.partition, sources):
        consumer = AIOKafkaConsumer(
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH,
            fetch_max_bytes=FETCH,
            **broker.options(),
        )
        await consumer.start()
        consumer.assign([at])
        end = (await consumer.end_offsets([at]))[at]
        await consumer.seek_to_beginning(at)
        while await consumer.position(at) < end:
            got = await consumer.getmany(at, timeout_ms=1000, max_records=AT_ONCE)
            count += len(got.get(at, []))
        await consumer.stop()
    return count


def _measured(what: str, ours: float, rival: float, against: str) -> Measured:
    return Measured(
        what=f"{what}, {FACTS:,} facts",
        ours=ours,
        unit="facts/s",
        rival=rival,
        against=against,
    )


def _sources(made: Sequence[Record]) -> list[str]:
    return sorted({each.source for each in made})


def _pending(record: Record) -> Pending:
    return Pending(
        event_id=record.event_id,
        stream=record.stream,
        version=1,
        name=record.name,
        schema=record.schema,
        territory=record.territory,
        meta=record.meta,
        data=record.data,
    )
