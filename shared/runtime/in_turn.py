"""Many transactions one after another: one is written while the next is decided."""

import gc
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from time import sleep

from shared.runtime.asking import Asked, May, Outcome
from shared.runtime.engine import Engine
from shared.runtime.log import Conflict, Head, Unit
from shared.runtime.work import Wanted

CARRIED = 64
"""How many transactions see what those before them read, before all is read anew."""
AHEAD = 8
"""For how many transactions is read at once what they will ask for."""

type Batch = Sequence[Asked]
type Foresee = Callable[[Engine, Batch], Wanted]
type Answer = tuple[Batch, list[Outcome]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A batch that is decided; the database waits for nothing but that it is sent."""

    batch: Batch
    outcomes: list[Outcome]
    unit: Unit
    write: Callable[[], Head]

    def submitted(self, thread: ThreadPoolExecutor) -> "Underway":
        """Have it written."""
        return Underway(self.batch, self.outcomes, self.unit, thread.submit(self.write))


@dataclass(frozen=True, slots=True)
class Underway:
    """A batch that is decided and is being written."""

    batch: Batch
    outcomes: list[Outcome]
    unit: Unit
    written: "Future[Head]"


class InTurn:
    """Asks batches in their order, each in one transaction that sees those before it.

    What one batch read and said the next ones know. When somebody else writes into the
    log, that knowledge is dropped, and what was decided by it and not yet written is
    decided anew.
    """

    def __init__(self, engine: Engine, may: May | None, foresee: Foresee) -> None:
        self._engine = engine
        self._may = may
        self._foresee = foresee
        self._know_nothing()

    def ask(self, batches: Iterable[Batch]) -> Iterator[Answer]:
        """Answer batch by batch, as `Engine.ask_many` would.

        Only what was answered before has a `position`.
        """
        with ThreadPoolExecutor(1, "append") as thread, collector_at_rest():
            underway: Underway | None = None
            for n, coming in enumerate(looking_ahead(batches)):
                if underway and n % CARRIED == 0:
                    yield self._landed(underway)[0]
                    underway = None
                    self._know_nothing()
                ready = self._ready(coming)
                if underway:
                    answer, alone = self._landed(underway)
                    yield answer
                    if not alone:
                        self._know_nothing()
                        ready = self._ready(coming)
                underway = ready.submitted(thread)
                sleep(0)  # or it begins only when its turn comes, 5 ms later
            if underway:
                yield self._landed(underway)[0]

    def _ready(self, coming: Sequence[Batch]) -> Ready:
        outcomes = self._decided(coming)
        unit = self._work.handed_over()
        try:
            write = self._engine.ready(unit)
        except Conflict:
            write = partial(self._engine.append, unit)  # it says so when its turn comes
        return Ready(coming[0], outcomes, unit, write)

    def _decided(self, coming: Sequence[Batch]) -> list[Outcome]:
        """Decide the first of the batches that are coming."""
        if not self._foreseen:
            every = [each for batch in coming for each in batch]
            self._work.foresee(self._foresee(self._engine, every))
            self._foreseen = len(coming)
        self._foreseen -= 1
        self._work.unit.now = self._engine.clock()
        return self._engine.decided(self._work, coming[0], self._may)

    def _landed(self, underway: Underway) -> tuple[Answer, bool]:
        """Wait until a batch is written; say whether nobody else wrote since the last."""
        batch = underway.batch
        try:
            head = underway.written.result()
        except Conflict:
            wanted = replace(self._foresee(self._engine, batch), new=())
            again = self._engine.ask_many(batch, self._may, lambda it: it.foresee(wanted))
            return (batch, again), False
        alone = self._position == head.position - len(underway.unit.facts)
        self._position = head.position
        return (batch, underway.outcomes), alone

    def _know_nothing(self) -> None:
        """Begin anew, with nothing read; whatever is written from now on is noticed."""
        self._work = self._engine.known(hopeful=True)
        self._foreseen = 0
        self._position = self._engine.store.head().position


def looking_ahead(batches: Iterable[Batch]) -> Iterator[Sequence[Batch]]:
    """Give each batch together with those that follow it, at most `AHEAD`."""
    for some in batched(batches, AHEAD):
        for n in range(len(some)):
            yield some[n:]


@contextmanager
def collector_at_rest() -> Generator[None]:
    """Keep the collector of cycles from looking, again and again, at all that is known.

    Facts and commands make no cycles; what others make waits until it looks at everything.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.freeze()  # what lives by now is old: else all of it is young, and looked at
            gc.unfreeze()
            gc.enable()
