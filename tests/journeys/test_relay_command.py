"""`metodika relay`: a topic is filled by hand, beside services at work or without them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError
from click.testing import CliRunner, Result

from metodika.cli import metodika, prove
from metodika.cli.say import EXIT_NO, EXIT_USAGE
from metodika.services import source
from services.monitoring.domain import FOUNDING_TARGETS
from shared.runtime.ear import position_of
from shared.runtime.kafka import Broker
from shared.runtime.relay_lead import RELAY
from shared.runtime.rereading import replay
from shared.runtime.settings import Settings
from shared.runtime.store import LogStore, open_store
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys.cluster import Cluster
from tests.journeys.running import ROOT, Server, started, within
from tests.runtime.lost import deleted

ACT = ("--act", "приказ", "--number", "17-п", "--dated", "2024-01-09")
REGISTRY = source("registry")
ALONE = ("relay", "--service", "registry")


@pytest.fixture
def broker(kafka: Kafka) -> Broker:
    return Broker(bootstrap=kafka.bootstrap, prefix=f"t{uuid4().hex[:8]}")


@pytest.fixture
def folder(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a world of three facts whose topics nobody has made yet."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"METODIKA_{name.upper()}", raising=False)
    monkeypatch.setenv("METODIKA_WORLD", str(tmp_path / "world"))
    monkeypatch.setenv("METODIKA_KAFKA_BOOTSTRAP", broker.bootstrap)
    monkeypatch.setenv("METODIKA_PREFIX", broker.prefix)
    typed("migrate")
    for each in ("one", "two", "three"):
        typed("grant", each, "federal", *ACT)
    return tmp_path / "world"


@pytest.fixture
def log(folder: Path) -> Iterator[LogStore]:
    with closing(open_store(f"sqlite://{folder / 'registry.sqlite'}", REGISTRY)) as store:
        yield store


@pytest.fixture
def cluster(
    kafka: Kafka, postgres: Postgres, mongo: Mongo, tmp_path: Path
) -> Iterator[Cluster]:
    """Give two services of a cluster at work; the second has told its targets."""
    with closing(Cluster(tmp_path, kafka, postgres, mongo)) as made:
        made.start("registry", "monitoring")
        monitoring = made.servers["monitoring"]
        within(40, lambda: monitoring.get("/kpi/K-F1").status_code != 403, "who asks is known")
        made.set_targets()
        yield made


def typed(*said: str, code: int = 0) -> Result:
    done = CliRunner().invoke(metodika, said)
    assert done.exit_code == code, done.output
    return done


def up(folder: Path, broker: Broker) -> Server:
    return started(folder, kafka_bootstrap=broker.bootstrap, prefix=broker.prefix)


def published(broker: Broker, log: str = REGISTRY) -> list[int | None]:
    wires = list[bytes]()
    asyncio.run(replay(broker, log, wires.extend))
    return [position_of(each) for each in wires]


@pytest.mark.parametrize("after", ["4", "100000"])
@pytest.mark.usefixtures("folder")
def test_after_the_end_nothing_is_published(broker: Broker, after: str) -> None:
    """One line names the end; the next relay goes on as if nothing had been typed."""
    said = typed(*ALONE, "--from", after, code=EXIT_USAGE)

    assert said.stderr == f"metodika: {REGISTRY}: {after} is beyond the end of the log, 3\n"
    assert typed(*ALONE).stdout == f"{REGISTRY}: published up to 3\n"
    assert published(broker) == [1, 2, 3]


@pytest.mark.usefixtures("folder")
def test_a_topic_is_filled_from_its_beginning(broker: Broker) -> None:
    said = typed(*ALONE, "--from", "2", code=EXIT_USAGE)
    held = f"metodika: {REGISTRY}: 2 is beyond what its topic holds from the beginning on, 0\n"
    assert said.stderr == held
    typed(*ALONE, "--from", "0")
    typed(*ALONE, "--from", "2")

    assert published(broker) == [1, 2, 3, 3]


def test_who_is_beyond_its_end_is_not_ready_until_it_is_sent_back(
    folder: Path, broker: Broker, log: LogStore
) -> None:
    """Nothing would be published, and nobody would know."""
    log.save(RELAY, 100_000)
    assert "published up to 100000, it says, and ends at 3" in typed(*ALONE, code=1).stderr
    with closing(up(folder, broker)) as server:
        within(20, lambda: "see metodika relay --from" in lacking(server), "it says so")
        typed(*ALONE, "--from", "0")
        within(20, lambda: log.saved(RELAY) == 3, "it is published")
        within(20, lambda: "relay --from" not in lacking(server), "it lacks that no more")

    assert published(broker) == [1, 2, 3]


def lacking(server: Server) -> str:
    return str(server.get("/registry/health/ready").json().get("parts", ""))


def test_another_relay_that_does_not_hear_is_no(
    log: LogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not done is not said to be done."""
    monkeypatch.setattr(prove, "PATIENCE", 0.3)
    with log.lease():
        waits = typed(*ALONE, code=EXIT_NO)
        busy = typed(*ALONE, "--from", "0", code=EXIT_NO)

    assert waits.stdout == busy.stdout == f"{REGISTRY}: another relay leads\n"
    assert "look at /health/ready" in waits.stderr
    assert "not published anew; try again later" in busy.stderr


def test_beside_services_at_work_their_own_relay_does_it(
    folder: Path, broker: Broker, log: LogStore
) -> None:
    with closing(up(folder, broker)):
        within(20, lambda: log.saved(RELAY) == 3, "it is published")
        said = typed(*ALONE, "--from", "1")
        within(20, lambda: len(published(broker)) > 3, "it is published anew")

    assert said.stdout == f"{REGISTRY}: the relay that leads publishes it anew after 1\n"
    assert published(broker) == [1, 2, 3, 2, 3]


@pytest.mark.parametrize("name", ["registry", "monitoring"])
def test_in_the_pod_of_a_service_as_well(cluster: Cluster, name: str) -> None:
    """docs/cluster.md: in the environment of the process that runs."""
    log, broker = (
        cluster.stores[name],
        Broker(bootstrap=cluster.kafka.bootstrap, prefix=cluster.prefix),
    )
    end = log.head().position
    within(20, lambda: log.saved(RELAY) == end, "it is published")
    done = in_the_pod(cluster, name, "relay", "--service", name, "--from", "0")
    within(20, lambda: len(published(broker, log.source)) == 2 * end, "it is published anew")

    assert (done.returncode, done.stderr) == (0, "")
    assert end > 0


def test_a_topic_that_is_lost_is_named_and_filled_by_its_own_relay(cluster: Cluster) -> None:
    """ADR 0037: deleted under a service at work that is killed meanwhile; everybody goes on."""
    log, broker = (
        cluster.stores["monitoring"],
        Broker(bootstrap=cluster.kafka.bootstrap, prefix=cluster.prefix),
    )
    end, registry = log.head().position, cluster.stores["registry"]
    within(40, lambda: known(registry) == end, "the registry has heard it")
    cluster.servers["monitoring"].process.kill9()
    asyncio.run(deleted(broker, log.source))
    named = in_the_pod(cluster, "monitoring", "status")

    assert named.returncode == EXIT_NO, named.stderr
    lost = f"monitoring@0 was published up to {end}, its topic holds 0"
    assert f"{lost}; its relay fills it when it runs, or metodika relay" in named.stderr
    assert "older copy" not in named.stderr

    cluster.servers["monitoring"] = cluster.started("monitoring")
    within(40, lambda: filled(broker, log) == [*range(1, end + 1)], "it is filled")
    asyncio.run(deleted(broker, log.source))
    within(60, lambda: filled(broker, log)[-end:] == [*range(1, end + 1)], "it is filled again")
    one = replace(FOUNDING_TARGETS[0], target_hundredths=1)
    within(40, lambda: ready(cluster, "monitoring"), "it is ready")
    cluster.tell("monitoring", one)
    within(60, lambda: known(registry) == end + 1, "the registry hears what is said after it")
    within(40, lambda: ready(cluster, "registry"), "the registry is ready")
    well = in_the_pod(cluster, "monitoring", "status", "--world", str(cluster.folder / "hand"))
    assert well.returncode == 0, well.stderr


def filled(broker: Broker, log: LogStore) -> list[int | None]:
    try:
        return published(broker, log.source)
    except (OSError, KafkaError):
        return []


def known(registry: LogStore) -> int:
    mark = registry.marks().get("monitoring@0")
    return mark.position if mark else 0


def ready(cluster: Cluster, name: str) -> bool:
    answer = cluster.servers[name].get("/health/ready")
    return answer.json() == {"status": "ok", "parts": {}}


def in_the_pod(cluster: Cluster, name: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Type a command where a process runs."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
    told = {f"METODIKA_{k.upper()}": v for k, v in cluster.settings(name).items()}
    here = {"METODIKA_SERVICE": name, "METODIKA_WORLD": str(cluster.folder / name)}
    return subprocess.run(
        [sys.executable, "-m", "metodika", *words],
        env=clean | told | here | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
