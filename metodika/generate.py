"""A plan carried out, at its own pace: in real stores, or in memory into the ledger.

A big tier is one tile carried out in memory and laid out over its regions.
"""

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID, uuid5

from metodika.mosaic import Mosaic
from metodika.plan import (
    Restate,
    Step,
    TakeBack,
    Tier,
    codes,
    parameters,
    plan,
    shared,
    tiles_of,
)
from metodika.services import NAMES as SERVICES
from metodika.services import service, source
from metodika.targets import founding
from metodika.world import World
from shared.kernel import kind_of
from shared.kernel.ids import NAMES, EventId
from shared.runtime import codec
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Asked, Outcome
from shared.runtime.definitions import Definition
from shared.runtime.log import Record
from shared.runtime.minds import Minds

type Take = Callable[[list[Record]], object]
"""`Ledger.ingest`, or whatever else takes records in batches, each log in its order."""
type Progress = Callable[[int, int], None]
"""Hears how many steps are taken, of how many."""

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


class Sink(Protocol):
    """Where a plan is carried out."""

    def ask(self, name: str, asked: Sequence[Asked], at: datetime) -> Sequence[Outcome]:
        """Ask a service at a moment."""
        ...

    def hear(self) -> None:
        """Let everybody hear everybody."""
        ...

    def first(self, name: str, stream: UUID, fact: type[Any]) -> tuple[EventId, Any]:
        """Return the first fact of a class in a stream. LookupError if there is none."""
        ...

    def end(self) -> None:
        """Bring all that was said into the ledger."""
        ...


class Stores:
    """The first sink: the engines of a world, on its stores."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world, self._clock = world, clock

    def ask(self, name: str, asked: Sequence[Asked], at: datetime) -> Sequence[Outcome]:
        """Ask an engine, in one transaction."""
        self._clock.moment = at
        return self._world.engines[name].ask_many(asked)

    def hear(self) -> None:
        """Let the engines hear one another."""
        self._world.hear()

    def first(self, name: str, stream: UUID, fact: type[Any]) -> tuple[EventId, Any]:
        """Read it from the log."""
        wanted = kind_of(fact).name
        for each in self._world.stores[name].streams([stream]).get(stream, []):
            if each.name == wanted:
                said = codec.decode(each.name, each.schema, each.data)
                return EventId(each.event_id), said
        raise LookupError(f"no {wanted} in {stream}")

    def end(self) -> None:
        """Let the ledger read the logs."""
        self._world.follow()


class Columns:
    """The second sink: the deciders in memory, and what they say straight into columns."""

    def __init__(self, take: Take) -> None:
        self._minds = Minds(((service(each), source(each)) for each in SERVICES), take)

    def ask(self, name: str, asked: Sequence[Asked], at: datetime) -> Sequence[Outcome]:
        """Ask a mind."""
        return self._minds.ask(name, asked, at)

    def hear(self) -> None:
        """Let the minds hear one another."""
        self._minds.hear()

    def first(self, name: str, stream: UUID, fact: type[Any]) -> tuple[EventId, Any]:
        """Look it up."""
        return self._minds.minds[name].first(stream, fact)

    def end(self) -> None:
        """Give away the rest."""
        self._minds.give()


def carry_out_tier(
    sink: Sink,
    known: Mapping[str, Definition],
    seed: int,
    tier: Tier,
    progress: Progress = lambda _taken, _of: None,
) -> Made:
    """Carry out the plan of a tier, with the founding targets of these indicators.

    Of a tiled tier it is the plan of one tile.
    """
    sink.ask("monitoring", founding(known), BEFORE)
    return carry_out(sink, list(plan(seed, parameters(tier))), progress)


def lay_out(take: Take, known: Mapping[str, Definition], seed: int, tier: Tier) -> Made:
    """Give all records of a tier that is laid out of tiles; `Made` is of one tile."""
    pattern: list[Record] = []
    made = carry_out_tier(Columns(pattern.extend), known, seed, tier)
    of = parameters(tier)
    for batch in Mosaic(pattern, of, shared(seed, of)).laid(list(tiles_of(codes(tier), of))):
        take(batch)
    return made


@contextmanager
def behind(take: Take) -> Generator[Take]:
    """Take each batch in a thread while the next is made; what fails there fails here."""
    last: Future[object] | None = None

    def later(batch: list[Record]) -> None:
        nonlocal last
        if last is not None:
            last.result()
        last = thread.submit(take, batch)

    gc.freeze()  # what stands by now stays; the batches hold no cycles
    with ThreadPoolExecutor(1, "columns") as thread:
        yield later
        if last is not None:
            last.result()


def carry_out(
    sink: Sink,
    steps: Sequence[Step],
    progress: Progress = lambda _taken, _of: None,
) -> Made:
    """Ask the steps day by day; after each day everybody hears everybody.

    The ids of the commands follow from their order: to carry out a plan again, after a
    kill as well, says nothing new.
    """
    made = Made()
    for _, day in groupby(steps, key=lambda step: step.at.date()):
        for name, same in groupby(day, key=lambda step: step.service):
            batch = list(same)
            asked = [_asked(sink, each, made.commands + n) for n, each in enumerate(batch)]
            for outcome in sink.ask(name, asked, batch[-1].at):
                _count(made, outcome)
            progress(made.commands, len(steps))
            sink.hear()
    sink.end()
    return made


def _asked(sink: Sink, step: Step, number: int) -> Asked:
    return Asked(
        command=_command(sink, step),
        command_id=uuid5(NAMES, f"plan/{number}/{step.command!r}"),
        actor=step.actor,
    )


def _command(sink: Sink, step: Step) -> Any:
    """Return what is asked; of an amendment the plan knows the fact, not its record."""
    match step.command:
        case Restate(stream, fact, anew):
            event_id, said = sink.first(step.service, stream, fact)
            return Correct(event_id=event_id, fact=replace(said, **dict(anew)))
        case TakeBack(stream, fact, reason, on):
            event_id, _ = sink.first(step.service, stream, fact)
            return Withdraw(event_id=event_id, reason=reason, withdrawn_on=on)
        case command:
            return command


def _count(made: Made, outcome: Outcome) -> None:
    made.commands += 1
    if outcome.status == "accepted":
        made.accepted += 1
    elif outcome.status == "unchanged":
        made.unchanged += 1
    else:
        why = f"{outcome.clause}: {outcome.reason}"
        made.refused[why] = made.refused.get(why, 0) + 1
