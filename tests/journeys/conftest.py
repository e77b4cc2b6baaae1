"""Worlds in which the journeys take place."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from metodika.generate import Clock
from metodika.targets import set_targets
from metodika.world import opened
from tests.journeys import chapters
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


@pytest.fixture
def story(empty_folder: Path, tmp_path: Path) -> Iterator[Telling]:
    """Give a world in which nothing but the founding targets is said."""
    shutil.copytree(empty_folder, tmp_path / "world")
    clock = Clock()
    with opened(settings_of(tmp_path / "world"), clock) as world:
        yield Telling(world, clock)


@pytest.fixture
def told(told_folder: Path, tmp_path: Path) -> Iterator[Telling]:
    """Give a world in which the whole story is told."""
    shutil.copytree(told_folder, tmp_path / "world")
    clock = Clock(TOLD)
    with opened(settings_of(tmp_path / "world"), clock) as world:
        yield Telling(world, clock)


@pytest.fixture(scope="module")
def read_only(told_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Telling]:
    """Give the same to tests that change nothing."""
    folder = tmp_path_factory.mktemp("read") / "world"
    shutil.copytree(told_folder, folder)
    clock = Clock(TOLD)
    with opened(settings_of(folder), clock) as world:
        yield Telling(world, clock)
