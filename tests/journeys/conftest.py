"""Worlds in which the journeys take place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from metodika.generate import Clock
from metodika.targets import set_targets
from metodika.world import opened
from tests.journeys import chapters
from tests.journeys.telling import Telling, settings_of


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Telling]:
    """Give an empty embedded world in which the founding targets are set."""
    clock = Clock()
    with opened(settings_of(tmp_path / "world"), clock) as world:
        set_targets(world)
        yield Telling(world, clock)


@pytest.fixture
def told(story: Telling) -> Telling:
    """Give a world in which the whole story is told."""
    chapters.whole_story(story)
    return story
