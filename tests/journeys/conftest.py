"""Worlds in which the journeys take place."""

import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from metodika.generate import Clock
from metodika.targets import set_targets
from metodika.world import opened
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys import chapters
from tests.journeys.real import Parts, Real
from tests.journeys.telling import Telling, settings_of

TOLD = datetime(2022, 5, 20, 12, tzinfo=UTC)
"""When the whole story has been told."""


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a world in which the founding targets are set; copy it."""
    folder = tmp_path_factory.mktemp("empty") / "world"
    with opened(settings_of(folder), Clock()) as world:
        set_targets(world)
        world.settle()
    return folder


@pytest.fixture(scope="session")
def told_folder(empty_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a world in which the whole story is told; copy it."""
    folder = tmp_path_factory.mktemp("told") / "world"
    shutil.copytree(empty_folder, folder)
    clock = Clock()
    with opened(settings_of(folder), clock) as world:
        chapters.whole_story(Telling(world, clock))
    return folder


WORLDS = ["embedded", pytest.param("real", marks=pytest.mark.infra)]
"""On a laptop, and on real Kafka, PostgreSQL and the MongoDB protocol."""


@pytest.fixture(scope="session")
def parts(kafka: Kafka, postgres: Postgres, mongo: Mongo) -> Parts:
    """Give the servers in which real worlds are made."""
    return Parts(kafka, postgres, mongo)


@pytest.fixture(scope="session")
def really_empty(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Real:
    """Give a real world in which the founding targets are set; copy it."""
    with parts.opened(tmp_path_factory.mktemp("really") / "world", Clock()) as world:
        set_targets(world)
        world.settle()
    return cast("Real", world.settings)


@pytest.fixture(scope="session")
def really_told(
    parts: Parts, really_empty: Real, tmp_path_factory: pytest.TempPathFactory
) -> Real:
    """Give a real world in which the whole story is told; copy it."""
    folder, clock = tmp_path_factory.mktemp("told") / "world", Clock()
    shutil.copytree(really_empty.world, folder)
    with parts.opened(folder, clock, really_empty) as world:
        chapters.whole_story(Telling(world, clock))
    return cast("Real", world.settings)


@contextmanager
def copied(
    request: pytest.FixtureRequest, folder: Path, clock: Clock, which: str
) -> Generator[Telling]:
    """Give a copy of an empty or a told world, of the kind that is asked for."""
    if request.param == "embedded":
        shutil.copytree(request.getfixturevalue(f"{which}_folder"), folder)
        with opened(settings_of(folder), clock) as world:
            yield Telling(world, clock)
    else:
        of: Real = request.getfixturevalue(f"really_{which}")
        shutil.copytree(of.world, folder)
        parts: Parts = request.getfixturevalue("parts")
        with parts.opened(folder, clock, of) as world:
            yield Telling(world, clock)
        parts.postgres.forget(*cast("Real", world.settings).databases.values())


@pytest.fixture(params=WORLDS)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Telling]:
    """Give a world in which nothing but the founding targets is said."""
    with copied(request, tmp_path / "world", Clock(), "empty") as telling:
        yield telling


@pytest.fixture(params=WORLDS)
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Telling]:
    """Give a world in which the whole story is told."""
    with copied(request, tmp_path / "world", Clock(TOLD), "told") as telling:
        yield telling


@pytest.fixture(scope="module", params=WORLDS)
def read_only(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Telling]:
    """Give the same to tests that change nothing."""
    folder = tmp_path_factory.mktemp("read") / "world"
    with copied(request, folder, Clock(TOLD), "told") as telling:
        yield telling
