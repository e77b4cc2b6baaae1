"""Many transactions one after another: one is written while the next is decided.

And what the one after it will ask for is read meanwhile.
"""

import gc
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from shared.runtime.asking import Asked, May, Outcome
from shared.runtime.engine import Engine
from shared.runtime.log import Conflict, Head, Unit
from shared.runtime.work import Found, Wanted, Work

CARRIED = 40
"""How many transactions see what those before them read, before all is read anew."""

type Foresee = Callable[[Engine, Sequence[Asked]], Wanted]
type Answer = tuple[Sequence[Asked], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Coming:
    """A batch that is not decided yet, and what is being read for whom."""

    batch: Sequence[Asked]
    wanted: Wanted
    reader: Work
    found: "Future[Found]"


@dataclass(frozen=True, slots=True)
class Underway:
    """A batch that is decided and is being written."""

    batch: Sequence[Asked]
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
        self._position: int | None = None
        self._work = engine.known(hopeful=True)

    def ask(self, batches: Iterable[Sequence[Asked]]) -> Iterator[Answer]:
        """Answer batch by batch, as `Engine.ask_many` would.

        Only what was answered before has a `position`.
        """
        with ThreadPoolExecutor(1, "append") as thread, collector_at_rest():
            underway: Underway | None = None
            for n, coming in enumerate(self._read_ahead(batches), start=1):
                if underway and n % CARRIED == 0:
                    yield self._landed(underway)[0]
                    underway = None
                    self._forget()
                outcomes = self._decided(coming)
                if underway:
                    answer, alone = self._landed(underway)
                    yield answer
                    if not alone:
                        self._forget()
                        outcomes = self._decided(coming)
                unit = self._work.handed_over()
                written = thread.submit(self._engine.append, unit)
                underway = Underway(coming.batch, outcomes, unit, written)
            if underway:
                yield self._landed(underway)[0]

    def _read_ahead(self, batches: Iterable[Sequence[Asked]]) -> Iterator[Coming]:
        """Give each batch when the reading for the next one has begun."""
        with ThreadPoolExecutor(1, "ahead") as thread:
            last: Coming | None = None
            for batch in batches:
                wanted = self._foresee(self._engine, batch)
                found = thread.submit(self._work.find, wanted)
                coming = Coming(batch, wanted, self._work, found)
                if last:
                    yield last
                last = coming
            if last:
                yield last

    def _decided(self, coming: Coming) -> list[Outcome]:
        self._work.unit.now = self._engine.clock()
        if coming.reader is self._work:
            self._work.remember(coming.found.result())
        else:  # it was read for somebody who has been forgotten since
            self._work.foresee(coming.wanted)
        return self._engine.decided(self._work, coming.batch, self._may)

    def _landed(self, underway: Underway) -> tuple[Answer, bool]:
        """Wait until a batch is written; say whether nobody else wrote since the last."""
        batch = underway.batch
        try:
            head = underway.written.result()
        except Conflict:
            wanted = self._foresee(self._engine, batch)
            again = self._engine.ask_many(batch, self._may, lambda it: it.foresee(wanted))
            return (batch, again), False
        expected = head.position - len(underway.unit.facts)
        alone = self._position in (None, expected)
        self._position = head.position
        return (batch, underway.outcomes), alone

    def _forget(self) -> None:
        self._work = self._engine.known(hopeful=True)
        self._position = None


@contextmanager
def collector_at_rest() -> Generator[None]:
    """Keep the collector of cycles from looking, again and again, at all that is known.

    Facts and commands make no cycles; what others make waits until the end.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
