"""A plan carried out: its commands asked of the real services, at its own pace."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from uuid import uuid5

from metodika.plan import Step
from metodika.world import World
from shared.kernel.ids import NAMES
from shared.runtime.asking import Asked

BEFORE = datetime(2020, 8, 6, tzinfo=UTC)


@dataclass
class Clock:
    """The plan's clock: it stands where the last step was taken."""

    moment: datetime = field(default=BEFORE)

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment


@dataclass(kw_only=True)
class Made:
    """What came of a plan."""

    commands: int = 0
    accepted: int = 0
    unchanged: int = 0
    refused: dict[str, int] = field(default_factory=dict)


def carry_out(
    world: World,
    steps: Iterable[Step],
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
) -> Made:
    """Ask the steps day by day; after each day everybody hears everybody.

    The ids of the commands follow from their order: to carry out a plan again, after a
    kill as well, says nothing new.
    """
    made = Made()
    for _, day in groupby(steps, key=lambda step: step.at.date()):
        for service, same in groupby(day, key=lambda step: step.service):
            batch = list(same)
            clock.moment = batch[-1].at
            asked = [
                Asked(
                    command=step.command,
                    command_id=uuid5(NAMES, f"plan/{made.commands + n}/{step.command!r}"),
                    actor=step.actor,
                    correlation_id=None,
                )
                for n, step in enumerate(batch)
            ]
            for outcome in world.engines[service].ask_many(asked):
                _count(made, outcome.status, outcome.clause, outcome.reason)
            progress(len(batch))
            world.hear()
    world.follow()
    return made


def _count(made: Made, status: str, clause: str | None, reason: str | None) -> None:
    made.commands += 1
    if status == "accepted":
        made.accepted += 1
    elif status == "unchanged":
        made.unchanged += 1
    else:
        why = f"{clause}: {reason}"
        made.refused[why] = made.refused.get(why, 0) + 1
