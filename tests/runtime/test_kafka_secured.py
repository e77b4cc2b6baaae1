"""Kafka behind TLS, passwords, certificates and ACLs: our own clients, from their settings."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError

from shared.runtime.ears import Ears
from shared.runtime.follow import Follower
from shared.runtime.kafka import Broker, NotProvisioned
from shared.runtime.logs import harmless
from shared.runtime.reach import Unreachable, shown
from shared.runtime.relay import Relay
from shared.runtime.relay_lead import Pace
from shared.runtime.rereading import logs_of_kafka, replay
from shared.runtime.settings import PREFIX, Settings
from shared.runtime.store_log import LogStore
from tests.infra.certificates import Authority
from tests.infra.secured import SecuredKafka
from tests.runtime.inbox import Inbox, until, while_running
from tests.runtime.made import a_log, positions, record
from tests.runtime.secured import DELETE, Cluster, Told, of_service, of_subscriber
from tests.runtime.test_follow import Ledger

SOURCE, OTHER = "registry@0", "routes@0"
SERVICES = ("registry", "routes")
MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
WAYS = {
    "password": (Cluster.with_password, ""),
    "certificate": (Cluster.with_certificate, "CN="),
}
ROOT = Path(__file__).parents[2]


@pytest.fixture
def cluster(
    secured_kafka: SecuredKafka,
    authority: Authority,
    stranger: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> Cluster:
    return Cluster(secured_kafka, authority, stranger, monkeypatch)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogStore]:
    store = a_log(tmp_path)
    yield store
    store.close()


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    store = a_log(tmp_path, OTHER)
    yield Inbox(store)
    store.close()


def provisioned(broker: Broker) -> Broker:
    """Make the topics as soon as the rights that were just given are known."""
    until_then = time.monotonic() + 10
    while True:
        try:
            asyncio.run(broker.provision([SOURCE, OTHER]))
        except NotProvisioned:
            assert time.monotonic() < until_then
            time.sleep(0.05)
        else:
            return broker


def replayed(broker: Broker, source: str = SOURCE) -> list[int]:
    """Return the positions that a topic holds."""
    found: list[bytes] = []
    asyncio.run(replay(broker, source, found.extend))
    return positions(found)


@pytest.mark.parametrize("way", WAYS)
def test_a_log_is_published_heard_followed_and_replayed(
    cluster: Cluster, log: LogStore, inbox: Inbox, way: str
) -> None:
    """Each as the user of its service, with the rights that docs/cluster.md names."""
    said, named = WAYS[way]
    brokers: dict[str, Broker] = {}
    for name in SERVICES:
        cluster.grant(f"{named}{name}", of_service(cluster.prefix, name))
        brokers[name] = provisioned(cluster.broker(said(cluster, name)))
    record(log, 700)

    assert asyncio.run(Relay(log, brokers["registry"]).drain()) == 700
    assert heard(inbox, brokers["routes"], 700) == [*range(1, 701)]
    assert followed(brokers["routes"], 700) == 700
    assert replayed(brokers["routes"]) == [*range(1, 701)]
    assert sum(map(len, logs_of_kafka(brokers["routes"], [SOURCE])({}))) == 700


def heard(inbox: Inbox, broker: Broker, upto: int) -> list[int]:
    async def hear() -> None:
        ears = Ears(inbox.hear, [SOURCE], who="routes", broker=broker, own=inbox.store)
        await while_running(ears.run, until(lambda: inbox.taken[-1:] == [upto]))

    asyncio.run(hear())
    return inbox.taken


def followed(broker: Broker, upto: int) -> int:
    async def follow() -> int:
        ledger = Ledger()
        follower = Follower(ledger.ingest, ledger.positions)
        await while_running(
            lambda: follower.from_kafka(broker, [SOURCE]),
            until(lambda: ledger.count() >= upto),
        )
        return ledger.count()

    return asyncio.run(follow())


def owner_of(cluster: Cluster, mechanism: str = "SCRAM-SHA-512") -> Broker:
    """Return the broker as `registry` sees it, its topics made."""
    cluster.grant("registry", of_service(cluster.prefix, "registry"))
    return provisioned(cluster.broker(cluster.with_password("registry", mechanism)))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_of_the_settings_is_spoken(
    cluster: Cluster, log: LogStore, mechanism: str
) -> None:
    broker = owner_of(cluster, mechanism)
    record(log, 3)
    asyncio.run(Relay(log, broker).drain())

    assert replayed(broker) == [1, 2, 3]


def test_what_a_log_has_lost_goes_from_its_topic_by_a_right_of_its_own(
    cluster: Cluster, log: LogStore
) -> None:
    """Contracts §2: the topic of a log that was put back begins anew; the right is named."""
    every = of_service(cluster.prefix, "registry")
    cluster.grant("registry", [each for each in every if each[3] != DELETE])
    broker = provisioned(cluster.broker(cluster.with_password("registry")))
    record(log, 3)
    asyncio.run(Relay(log, broker).drain())
    with pytest.raises(Unreachable, match=r"the right Delete on the topic .*registry\.v1"):
        asyncio.run(broker.forget(SOURCE, 2))
    cluster.grant("registry", every)

    assert forgotten(broker, 2) == [3]


def forgotten(broker: Broker, before: int) -> list[int]:
    """Return what is left, as soon as the right that was just given is known."""
    until_then = time.monotonic() + 10
    while True:
        try:
            asyncio.run(broker.forget(SOURCE, before))
        except Unreachable:
            assert time.monotonic() < until_then
            time.sleep(0.05)
        else:
            return replayed(broker)


# ── Refused ─────────────────────────────────────────────────────────────────


def wrong_password(cluster: Cluster) -> Told:
    return cluster.with_password("registry") | {"kafka_password": "hidden-word"}


def unknown_user(cluster: Cluster) -> Told:
    nobody = {"kafka_username": "nobody", "kafka_password": "hidden-word"}
    return cluster.with_password("registry", "PLAIN") | nobody


def unknown_ca(cluster: Cluster) -> Told:
    return cluster.with_password("registry") | {"kafka_ca": cluster.stranger.ca}


def another_host(cluster: Cluster) -> Told:
    there = cluster.kafka.bootstrap.replace("127.0.0.1", "localhost")
    return cluster.with_password("registry") | {"kafka_bootstrap": there}


def plaintext(cluster: Cluster) -> Told:
    return {"kafka_bootstrap": cluster.kafka.bootstrap}


def password_in_the_clear(cluster: Cluster) -> Told:
    told = cluster.with_password("registry", "PLAIN")
    del told["kafka_ca"]
    return told | {"kafka_security": "SASL_PLAINTEXT"}


def no_certificate(cluster: Cluster) -> Told:
    told = cluster.with_certificate("registry")
    del told["kafka_cert"], told["kafka_key"]
    return told


def foreign_certificate(cluster: Cluster) -> Told:
    return cluster.with_certificate("registry", by=cluster.stranger)


REFUSED: dict[str, tuple[Callable[[Cluster], Told], str]] = {
    "wrong password": (wrong_password, "refuses METODIKA_KAFKA_USERNAME with"),
    "unknown user": (unknown_user, "refuses METODIKA_KAFKA_USERNAME with"),
    "unknown CA": (unknown_ca, "METODIKA_KAFKA_CA): the certificate is refused"),
    "another host": (another_host, "certificate is refused, Hostname mismatch"),
    "plaintext": (plaintext, "METODIKA_KAFKA_SECURITY"),
    "password in the clear": (password_in_the_clear, "METODIKA_KAFKA_SECURITY"),
    "no certificate": (no_certificate, "METODIKA_KAFKA_CERT"),
    "foreign certificate": (foreign_certificate, "METODIKA_KAFKA_CERT"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_refused_is_told_why_and_waits(
    cluster: Cluster, log: LogStore, case: str
) -> None:
    """One line that names the setting and holds no secret; a running relay waits."""
    wrong, told = REFUSED[case]
    broker = cluster.broker(wrong(cluster))
    with pytest.raises(Unreachable) as refused:
        asyncio.run(broker.provision([SOURCE]))
    said = str(refused.value)
    relay, follower = Relay(log, broker, pace=Pace(pauses=[0.05])), Follower(print, dict)
    record(log, 1)
    asyncio.run(waiting(relay, follower))

    assert told in said
    assert harmless(shown(refused.value)) == f"Unreachable: {said}"
    assert "\n" not in said
    assert not any(word in said for word in (*cluster.kafka.passwords.values(), "hidden-word"))
    assert log.saved("relay") == 0
    assert not follower.healthy()


async def waiting(relay: Relay, follower: Follower) -> None:
    """Let both try until both say that they wait."""

    async def run() -> None:
        await asyncio.gather(relay.run(), follower.from_kafka(relay.broker, [SOURCE]))

    def wait() -> bool:
        errors = [each.error for each in follower.ears.values()]
        return relay.standing.error == "Unreachable" and errors == ["Unreachable"]

    await while_running(run, until(wait))


def test_a_start_says_it_in_one_line(cluster: Cluster, tmp_path: Path) -> None:
    """`metodika up` ends with exit code 2: the settings are wrong."""
    told = wrong_password(cluster) | {"world": tmp_path / "world"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, "-m", "metodika", "up", "--port", "0"],
        env=clean
        | {PREFIX + name.upper(): str(value) for name, value in told.items()}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    lines = done.stderr.strip().splitlines()

    assert done.returncode == 2
    assert lines[-1].startswith("metodika: Kafka cannot be spoken to: 127.0.0.1:")
    assert "METODIKA_KAFKA_PASSWORD" in lines[-1]
    assert "Traceback" not in done.stderr
    assert "hidden-word" not in done.stdout + done.stderr


def test_nothing_that_is_printed_holds_the_password(cluster: Cluster) -> None:
    broker = cluster.broker(cluster.with_password("registry"))

    assert cluster.kafka.passwords["registry"] not in repr(broker)
    assert cluster.kafka.passwords["registry"] not in repr(Settings())


# ── ACLs ────────────────────────────────────────────────────────────────────


def test_a_subscriber_reads_its_topic_and_nothing_else(cluster: Cluster, log: LogStore) -> None:
    """READ on one topic: it is read, others are not, and nothing is written or made."""
    cluster.grant("region-25", of_subscriber(cluster.prefix, "registry"))
    owner = owner_of(cluster)
    subscriber = cluster.broker(cluster.with_password("region-25"))
    record(log, 5)
    asyncio.run(Relay(log, owner).drain())

    assert replayed(subscriber) == [1, 2, 3, 4, 5]
    with pytest.raises(Unreachable, match=r"routes\.v1 is not for us to read"):
        replayed(subscriber, OTHER)
    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(written(subscriber))
    with pytest.raises(NotProvisioned, match=r"mentoring\.v1 cannot be made: .*[Aa]uthoriz"):
        asyncio.run(subscriber.provision(["mentoring@0"]))
    assert replayed(owner) == [1, 2, 3, 4, 5]


async def written(broker: Broker) -> None:
    """Try to write past our relay, as any client may."""
    async with AIOKafkaProducer(**broker.options()) as producer:
        await producer.send_and_wait(broker.topic(SOURCE), b"{}")


def test_a_service_writes_its_own_topic_alone(cluster: Cluster, inbox: Inbox) -> None:
    """`registry` cannot speak as `routes`, though it may read all and make all."""
    broker = owner_of(cluster)
    record(inbox.store, 1)

    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(Relay(inbox.store, broker).drain())
    assert inbox.store.saved("relay") == 0
