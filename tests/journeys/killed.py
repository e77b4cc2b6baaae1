"""`python -m tests.journeys.killed FOLDER WHEN`: settle a world, and die by signal 9.

WHEN is `before` or `after` routes writes an enrolment that it restates.
"""

import os
import signal
import sys
from pathlib import Path

from metodika.generate import Clock
from metodika.world import opened
from shared.runtime.log import Head, Unit
from tests.journeys.telling import settings_of


def main(folder: Path, when: str) -> None:
    """Hear what is new, until that unit."""
    with opened(settings_of(folder), Clock()) as world:
        store = world.stores["routes"]
        append = store.append

        def dying(unit: Unit) -> Head:
            restates = any(each.name == "routes.EnrolmentStarted" for each in unit.facts)
            if restates and when == "after":
                append(unit)
            if restates:
                os.kill(os.getpid(), signal.SIGKILL)
            return append(unit)

        vars(store)["append"] = dying
        world.settle()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
