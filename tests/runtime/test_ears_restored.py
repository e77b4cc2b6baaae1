"""A neighbour's log was put back from an older copy, and all that is known of it is Kafka."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiokafka import TopicPartition

from metodika.restored import parted
from metodika.services import service
from services.monitoring import ledger as language
from services.registry.domain import AddRegion
from shared.kernel.ids import RegionCode
from shared.runtime.columns import Ledger
from shared.runtime.ears import Ears
from shared.runtime.engine import Engine
from shared.runtime.follow import Follower
from shared.runtime.hearing import hear
from shared.runtime.heartbeat import Heartbeat, announced_in
from shared.runtime.kafka import Broker
from shared.runtime.log import Mark
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import publishing
from shared.runtime.store_log import LogStore
from shared.runtime.topic import Consumer, offset_after
from shared.runtime.topic_log import TopicLog
from tests.infra.servers import Kafka
from tests.runtime.inbox import SOURCE, Inbox, until, while_running
from tests.runtime.made import a_log, begin, put_back, record
from tests.runtime.school import DAY, Ask


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    made = Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")
    asyncio.run(made.provision([SOURCE]))
    return made


@pytest.fixture
def mentoring(tmp_path: Path) -> Iterator[Engine]:
    log = a_log(tmp_path, "mentoring@0")
    yield Engine(service("mentoring"), log, None)
    log.close()


class Numbers:
    """A ledger and what follows for it, as monitoring has them."""

    def __init__(self, folder: Path) -> None:
        self.beats: dict[str, Heartbeat] = {}
        self.ledger = Ledger(folder, language, announced=self.announced)

    def announced(self, log: str, epoch: UUID, after: int) -> bool:
        beat = self.beats.get(log)
        return beat is not None and announced_in(beat.line, epoch, after)

    def keep(self, beat: Heartbeat) -> None:
        self.beats[beat.source] = beat

    def follower(self) -> Follower:
        ledger = self.ledger
        return Follower(ledger.ingest, ledger.positions, announced=self.keep)


@pytest.fixture
def numbers(tmp_path: Path) -> Iterator[Numbers]:
    made = Numbers(tmp_path / "ledger")
    yield made
    made.ledger.close()


def region(code: int) -> AddRegion:
    return AddRegion(
        region=RegionCode(f"{code:02}"),
        name=f"Край {code}",
        iso=f"RU-{code}",
        utc_offset_minutes=180,
        added_on=DAY,
    )


def say(ask: Ask, codes: range) -> None:
    for each in codes:
        assert ask(region(each)).status == "accepted"


def publish(log: LogStore, broker: Broker) -> None:
    asyncio.run(Relay(log, broker).drain())


def ears_of(engine: Engine, broker: Broker) -> Ears:
    own = engine.store
    assert isinstance(own, LogStore)
    return Ears(partial(hear, engine), [SOURCE], who="mentoring", broker=broker, own=own)


def both(
    engine: Engine, numbers: Numbers, broker: Broker, there: Callable[[Ears, Follower], bool]
) -> tuple[Ears, Follower]:
    """Let a service and the ledger hear from Kafka until something is so."""

    async def act() -> tuple[Ears, Follower]:
        ears, follower = ears_of(engine, broker), numbers.follower()

        async def run() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(ears.run())
                group.create_task(follower.from_kafka(broker, [SOURCE]))

        await while_running(run, until(lambda: there(ears, follower)))
        return ears, follower

    return asyncio.run(act())


def heard(engine: Engine, numbers: Numbers, broker: Broker, position: int) -> None:
    def there(_: Ears, __: Follower) -> bool:
        return (marked(engine), known(numbers)) == (position, position)

    both(engine, numbers, broker, there)


def marked(engine: Engine) -> int:
    mark = engine.store.marks().get(SOURCE)
    return mark.position if mark else 0


def known(numbers: Numbers) -> int:
    return numbers.ledger.positions().get(SOURCE, (None, 0))[1]


def lost(tmp_path: Path, count: int) -> None:
    put_back(f"sqlite://{tmp_path}/{SOURCE}.sqlite", count)


@pytest.mark.parametrize("more", [0, 1, 3, 4], ids=["nothing", "less", "as much", "more"])
def test_who_heard_what_is_lost_stops_and_says_where(  # noqa: PLR0917 - fixtures
    ask: Ask,
    log: LogStore,
    broker: Broker,
    mentoring: Engine,
    numbers: Numbers,
    tmp_path: Path,
    more: int,
) -> None:
    """contracts §2: a known position with another event id stops the reader, on Kafka too."""
    common = log.head().position
    say(ask, range(30, 33))
    publish(log, broker)
    heard(mentoring, numbers, broker, common + 3)
    lost(tmp_path, common)
    asyncio.run(begin(log, broker, common))
    say(ask, range(40, 40 + more))
    publish(log, broker)
    before, digest = mentoring.store.marks(), numbers.ledger.digest()
    for _ in range(2):  # a restart does not change it
        ears, follower = both(mentoring, numbers, broker, stopped)

        assert "registry@0" in str(follower.waits())
        assert "metodika epoch" in str(follower.waits())
        assert follower.lacks() is None
        assert not ears.healthy()
    assert mentoring.store.marks() == before
    assert numbers.ledger.digest() == digest


def stopped(ears: Ears, follower: Follower) -> bool:
    return all(each.amiss for one in (ears, follower) for each in one.ears.values()) and bool(
        follower.ears
    )


@pytest.mark.parametrize("written", [0, 2], ids=["at once", "written on"])
def test_who_heard_nothing_of_it_goes_on_by_itself(  # noqa: PLR0917 - fixtures
    ask: Ask,
    log: LogStore,
    broker: Broker,
    mentoring: Engine,
    numbers: Numbers,
    tmp_path: Path,
    written: int,
) -> None:
    """contracts §2: and what is lost is heard by nobody any more."""
    common = log.head().position
    publish(log, broker)
    heard(mentoring, numbers, broker, common)
    say(ask, range(30, 33))
    publish(log, broker)
    lost(tmp_path, common)
    say(ask, range(40, 40 + written))
    asyncio.run(begin(log, broker, common))
    say(ask, range(50, 52))
    publish(log, broker)
    heard(mentoring, numbers, broker, head := log.head().position)
    say(ask, range(60, 62))
    publish(log, broker)
    heard(mentoring, numbers, broker, head + 2)

    assert mentoring.store.marks()[SOURCE].epoch == log.head().epoch
    assert numbers.ledger.positions()[SOURCE] == (log.head().epoch, head + 2)
    events = [numbers.ledger.event_at(SOURCE, each.position) for each in log.walk()]
    assert events == [each.event_id for each in log.walk()]
    assert not mentoring.store.parked()


def test_who_runs_meanwhile_goes_on_too(
    ask: Ask, log: LogStore, broker: Broker, mentoring: Engine, numbers: Numbers
) -> None:
    """contracts §2: an epoch that took nothing back stops nobody."""
    publish(log, broker)
    common = log.head().position

    async def act() -> None:
        ears = ears_of(mentoring, broker)

        async def meanwhile() -> None:
            await until(lambda: marked(mentoring) == common)
            await begin(log, broker, common)
            await asyncio.to_thread(say, ask, range(30, 33))
            await Relay(log, broker).drain()
            await until(lambda: marked(mentoring) == common + 3)
            await until(ears.healthy)

        await while_running(ears.run, meanwhile())

    asyncio.run(act())

    assert mentoring.store.marks()[SOURCE].epoch == log.head().epoch
    heard(mentoring, numbers, broker, common + 3)


@pytest.mark.parametrize("mark", [10, 0])
@pytest.mark.parametrize("searches", [True, False])
def test_a_service_that_was_put_back_itself_hears_from_its_mark(
    log: LogStore,
    inbox: Inbox,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    *,
    mark: int,
    searches: bool,
) -> None:
    """Reliability: the inbox says how far it heard, whatever place the broker has kept."""
    record(log, 30)
    publish(log, broker)

    def hearing(count: int) -> None:
        ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
        asyncio.run(while_running(ears.run, until(lambda: len(inbox.taken) == count)))

    hearing(30)
    inbox.store.adopt(Mark(SOURCE, log.head().epoch, mark))
    failures = [] if searches else [OSError("away")]

    async def search(consumer: Consumer, at: TopicPartition, position: int) -> int:
        if failures:
            await asyncio.sleep(
                0.2
            )  # a client that is stopped at once cancels whoever stops it
            raise failures.pop()
        return await offset_after(consumer, at, position)

    monkeypatch.setattr("shared.runtime.ears.offset_after", search)
    hearing(60 - mark)

    assert inbox.taken == [*range(1, 31), *range(mark + 1, 31)]


@pytest.mark.parametrize("more", [0, 2, 3, 5])
def test_where_a_log_parts_from_what_was_published_is_found(
    log: LogStore, broker: Broker, tmp_path: Path, more: int
) -> None:
    """contracts §2: written on or not, and what is lost is told whole, as it was published."""
    record(log, 10)
    publish(log, broker)
    asyncio.run(Relay(log, broker).rebuild(4))
    was = [each.event_id for each in log.walk()]
    whole = parted(log, TopicLog(broker, SOURCE))
    lost(tmp_path, 7)
    record(log, more)
    apart = parted(log, TopicLog(broker, SOURCE))

    assert (whole.common, whole.last, [*whole.lost]) == (None, None, [])
    assert (apart.common, apart.last) == (7, was[9])
    assert [each.event_id for each in apart.lost] == was[7:]


def test_a_topic_is_a_log_to_be_read(log: LogStore, broker: Broker) -> None:
    """contracts §2: with its epochs, as far as it is published."""
    record(log, 5)
    publish(log, broker)
    asyncio.run(begin(log, broker, 5))
    record(log, 2)
    publish(log, broker)
    topic = TopicLog(broker, SOURCE)
    last = log.read(6, 1)[0]

    assert [each.event_id for each in topic.walk()] == [each.event_id for each in log.walk()]
    assert [each.position for each in topic.read(3, 2)] == [4, 5]
    assert topic.read(7, 1) == []
    assert [*topic.events([last.event_id])] == [last.event_id]
    assert topic.epochs() == log.epochs()
    assert (topic.head().epoch, topic.head().position) == (last.epoch, 7)
    assert topic.whole()
    record(log, 1)
    asyncio.run(announced(log, broker))

    assert not TopicLog(broker, SOURCE).whole()


async def announced(log: LogStore, broker: Broker) -> None:
    """Say where a log ends before it is published."""
    head = log.head()
    beat = Heartbeat(
        source=SOURCE, epoch=head.epoch, position=head.position, recorded_at=datetime.now(UTC)
    )
    where = broker.partition(SOURCE)
    async with publishing(broker) as producer:
        await (await producer.send(where.topic, beat.wire(), SOURCE.encode(), where.partition))
