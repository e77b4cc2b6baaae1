"""Both stores, under one name: a test that asks for `log_url` runs on each."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from pymongo import AsyncMongoClient

from metodika.services import service
from shared.runtime.engine import Engine
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.store import LogStore, migrate, open_store
from shared.runtime.views_mongo import MongoViews
from shared.runtime.views_sqlite import SqliteViews
from tests.infra.certificates import Authority
from tests.infra.servers import Mongo
from tests.runtime.documents import ASKED_BY, NAME, OTHER, Open, known_to
from tests.runtime.inbox import Inbox
from tests.runtime.made import a_log
from tests.runtime.school import LAND, Ask, asking
from tests.runtime.units import SOURCE
from tests.runtime.webworld import World

BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.infra))


@pytest.fixture(params=BOTH)
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database in which there is nothing yet."""
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite://{tmp_path}/log.sqlite"


@pytest.fixture
def log_store(log_url: str) -> Iterator[LogStore]:
    """Give an empty log."""
    migrate(log_url, SOURCE)
    store = open_store(log_url, SOURCE)
    yield store
    store.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogStore]:
    store = a_log(tmp_path)
    yield store
    store.close()


@pytest.fixture
def engine(log: LogStore, tmp_path: Path) -> Iterator[Engine]:
    """Give a registry that knows one school."""
    url = f"sqlite://{tmp_path / 'keys.sqlite'}"
    migrate_keys(url)
    keys = Keys(url, b"m" * 32)
    made = Engine(service("registry"), log, keys)
    for each in LAND:
        asking(made)(each)
    yield made
    keys.close()


@pytest.fixture
def ask(engine: Engine) -> Ask:
    """Give what asks that registry."""
    return asking(engine)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    store = a_log(tmp_path, "routes@0")
    yield Inbox(store)
    store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a service with its doors, in which nothing was said yet."""
    yield (made := World(tmp_path))
    made.close()


@pytest.fixture
def hearing() -> Iterator[None]:
    """Let this process hear Ctrl-C, whoever runs it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=["sqlite", "mongo", "asking_mongo"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Give the same documents each time, in a loop of one's own."""
    if request.param == "sqlite":
        return lambda: SqliteViews(str(tmp_path / "views"), [NAME, OTHER], ASKED_BY)
    mongo = cast("Mongo", request.getfixturevalue(request.param))
    database, known = mongo.new_database(), {}
    if request.param == "asking_mongo":
        authority: Authority = request.getfixturevalue("authority")
        known = known_to(authority)
    return lambda: MongoViews(
        AsyncMongoClient(mongo.url, **known), database, [NAME, OTHER], ASKED_BY
    )
