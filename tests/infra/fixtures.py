"""Fixtures that give a test real servers, and the lines that say which they are."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

import psycopg
import pytest

from tests.infra import secured
from tests.infra.certificates import Authority
from tests.infra.choice import Parts, required
from tests.infra.secured import SecuredKafka
from tests.infra.servers import Kafka, Mongo, Postgres, Server

NEEDS_A_SERVER = {
    "asking_mongo",
    "kafka",
    "mongo",
    "postgres",
    "postgres_url",
    "breakable_kafka",
    "breakable_mongo",
    "breakable_postgres",
    "secured_kafka",
    "secured_mongo",
    "secured_postgres",
}
PARTS = pytest.StashKey[Parts]()
USED = pytest.StashKey[list[str]]()
"""What the workers of this run used, where there are several (pytest-xdist)."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the servers of this run known; none is started yet."""
    config.stash[PARTS] = Parts()
    config.stash[USED] = []


def pytest_unconfigure(config: pytest.Config) -> None:
    """End every server, also after Ctrl-C."""
    config.stash[PARTS].close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark `infra` whatever needs a server: `-m "not infra"` leaves it out."""
    for item in items:
        if NEEDS_A_SERVER & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.infra)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say where servers will come from; `-q` would leave out a report header."""
    if _is_worker(session.config):
        return
    must = "required" if required() else "skipped when missing"
    plan = " · ".join(session.config.stash[PARTS].plan())
    session.config.get_terminal_writer().line(f"infra ({must}): {plan}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which servers the tests ran on."""
    terminalreporter.section("infrastructure used")
    used = config.stash[PARTS].report() + config.stash[USED]
    for line in used or ["none: no test asked for a server"]:
        terminalreporter.line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the one who prints what this worker used; each has servers of its own."""
    if _is_worker(session.config):
        worker = cast("Any", session.config)
        name, used = worker.workerinput["workerid"], session.config.stash[PARTS].report()
        worker.workeroutput["infrastructure"] = [f"{name} · {line}" for line in used]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear it; a worker that crashed used what nobody knows."""
    told = getattr(node, "workeroutput", {}).get("infrastructure")
    silent = [f"{node.gateway.id} · did not say what it used"]
    node.config.stash[USED] += silent if told is None else told


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _part(config: pytest.Config, name: str) -> Server:
    return _server(lambda: config.stash[PARTS].part(name))


def _server[S: Server](start: Callable[[], S]) -> S:
    try:
        return start()
    except (RuntimeError, OSError) as why:
        if required():
            pytest.fail(f"METODIKA_REQUIRE_INFRA is set, and {why}")
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> Kafka:
    """Give a broker that all tests share; use topics of your own."""
    return cast("Kafka", _part(pytestconfig, "kafka"))


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Postgres:
    """Give a PostgreSQL that all tests share; `new_database()` gives a URL."""
    return cast("Postgres", _part(pytestconfig, "postgres"))


@pytest.fixture(scope="session")
def mongo(pytestconfig: pytest.Config) -> Mongo:
    """Give a MongoDB-protocol server that all tests share."""
    return cast("Mongo", _part(pytestconfig, "mongo"))


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Give the URL of an empty database; it is dropped when the test is over."""
    yield (made := postgres.new_database())
    with suppress(psycopg.OperationalError):  # the test stopped the server
        postgres.forget(made)


def _breakable(config: pytest.Config, name: str) -> Iterator[Server]:
    shared = _part(config, name)
    server = shared if shared.process else config.stash[PARTS].breakable(name)
    yield server
    server.start()  # whoever comes next finds it running


@pytest.fixture
def breakable_kafka(pytestconfig: pytest.Config) -> Iterator[Kafka]:
    """Give a broker that a test may stop, kill and start."""
    yield from cast("Iterator[Kafka]", _breakable(pytestconfig, "kafka"))


@pytest.fixture
def breakable_postgres(pytestconfig: pytest.Config) -> Iterator[Postgres]:
    """Give a PostgreSQL that a test may stop, kill and start."""
    yield from cast("Iterator[Postgres]", _breakable(pytestconfig, "postgres"))


@pytest.fixture
def breakable_mongo(pytestconfig: pytest.Config) -> Iterator[Mongo]:
    """Give a MongoDB-protocol server that a test may stop; it forgets everything."""
    yield from cast("Iterator[Mongo]", _breakable(pytestconfig, "mongo"))


# ── Behind TLS ──────────────────────────────────────────────────────────────

PASSWORDS = {
    name: f"word-of-{name}-never-shown"
    for name in (secured.ADMIN, "registry", "routes", "region-25")
}


def _secured[S: Server](config: pytest.Config, name: str, start: Callable[[], S]) -> S:
    server = _server(start)
    config.stash[PARTS].used[f"{name} behind TLS"] = server
    return server


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give who certifies the secured servers of this run."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority of the same name that no server of this run is certified by."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="session")
def secured_kafka(pytestconfig: pytest.Config, authority: Authority) -> SecuredKafka:
    """Give a broker with SASL over TLS, client certificates and ACLs."""
    return _secured(pytestconfig, "kafka", lambda: secured.secured_kafka(authority, PASSWORDS))


@pytest.fixture(scope="session")
def secured_postgres(pytestconfig: pytest.Config, authority: Authority) -> Postgres:
    """Give a PostgreSQL that lets nobody in without TLS."""
    return _secured(pytestconfig, "postgres", lambda: secured.secured_postgres(authority))


@pytest.fixture(scope="session")
def secured_mongo(pytestconfig: pytest.Config, authority: Authority) -> Mongo:
    """Give a MongoDB-protocol server behind TLS."""
    return _secured(pytestconfig, "mongo", lambda: secured.secured_mongo(authority))


@pytest.fixture(scope="session")
def asking_mongo(pytestconfig: pytest.Config, authority: Authority) -> Mongo:
    """Give a MongoDB-protocol server that asks for a password and a client certificate."""
    # one name for two ways of beginning it
    start = lambda: secured.asking_mongo(authority, "registry", secured.PASSWORD)  # noqa: E731
    return _secured(pytestconfig, "mongo that asks", start)
