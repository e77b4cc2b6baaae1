"""The golden world: three regions and a fourth that joins, 48 people, every edge once.

`RECORDS` is the content of the five logs; what it must come to stands in `expected.py`,
why in `numbers.md`. Personal fields hold plain made-up values: who writes these facts
into a store seals them on the way.
"""

from tests.golden.story_people import organisations, people
from tests.golden.story_support import literacy, methodists, the_young
from tests.golden.story_training import training
from tests.golden.words import Story
from tests.oracle.said import Said


def told() -> list[Said]:
    """Return the whole story."""
    story = Story()
    for chapter in (organisations, people, training, literacy, the_young, methodists):
        chapter(story)
    return story.logs()


RECORDS: list[Said] = told()
