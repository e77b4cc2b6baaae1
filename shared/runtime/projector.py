"""From a log to documents: each touched stream is folded again, as it stands corrected.

A document is a function of its stream's history; so live and rebuilt are the same, and
a correction needs no rule of its own.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from time import monotonic
from typing import Any
from uuid import UUID

from shared.kernel import Projection, Recorded, said_last, standing
from shared.kernel.ids import EventId
from shared.runtime import codec
from shared.runtime.log import Record
from shared.runtime.logs import log, where
from shared.runtime.reach import shown
from shared.runtime.releases import came, is_newer, order_of
from shared.runtime.store_log import LogStore
from shared.runtime.territory import Stood, home_of
from shared.runtime.views import Put, Rebuilding, Taken, Views
from shared.runtime.wake import Bell
from shared.runtime.work_kept import MOVES, moves_of

BATCH = 500
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
PATIENCE = 30
"""Seconds that documents may lag which a newer release folds."""
NEWER = "folded by a newer release; to go back to this one: metodika migrate"


class LeftAlone(Exception):  # noqa: N818 - said of documents
    """A newer release folded them, and does not run."""


type Moves = Mapping[str, str]
"""From which path to which organisations were moved, by a correction (ADR 0036)."""

NOWHERE: Moves = {}


def fold(
    projection: Projection[Any, Any], history: Sequence[Record], moves: Moves = NOWHERE
) -> Put | None:
    """Return the document of one stream, or None if no fact of it is of this kind."""
    said = [_recorded(each) for each in history]
    if not any(isinstance(each.fact, projection.facts) for each in said):
        return None
    places = {each.event_id: each.territory for each in history}
    stand = [Stood(each.fact, places[where_said(said, each)]) for each in standing(said)]
    its = (each.fact for each in stand if isinstance(each.fact, projection.facts))
    place = home_of(stand, projection.leads)
    return Put(
        id=str(history[0].stream),
        position=history[-1].position,
        document=reduce(projection.evolve, its, None),
        territory=place and moves.get(place, place),
    )


def where_said(history: Sequence[Recorded[Any]], stands: Recorded[Any]) -> EventId:
    """Return the record by which a fact stands where it does, not one that only repeats it."""
    return said_last(history, stands.event_id) if stands.corrects else stands.event_id


def _recorded(record: Record) -> Recorded[Any]:
    corrects = codec.decode_meta(record.meta).corrects
    return Recorded(
        event_id=EventId(record.event_id),
        fact=codec.decode(record.name, record.schema, record.data),
        corrects=EventId(corrects) if corrects else None,
    )


def named_at(record: Record) -> str:
    """Name a record and its place, so that another one there is told apart."""
    return f"{record.position} {record.event_id}"


class Projector:
    """Keeps the documents of one service at the end of its log. One per service.

    `made_by` stands for the code that folds: what older code folded is folded anew,
    beside the documents that are read meanwhile; what newer code folds is left alone.
    `alone`: no other release runs beside this one, so it is the newest.
    """

    def __init__(
        self,
        projections: Sequence[Projection[Any, Any]],
        store: LogStore,
        views: Views,
        made_by: str = "",
        *,
        alone: bool = False,
    ) -> None:
        self._projections = projections
        self._made_by = made_by
        self._alone = alone
        self._came = False
        self._left_at: float | None = None
        self._store = store
        self._views = views
        self._moves: Moves = NOWHERE
        self.error: str | None = None
        self.waits: str | None = None

    async def run(self, every: float = 0.2) -> None:
        """Follow the log until cancelled; what is lost is folded anew."""
        bell = Bell()
        self._store.on_append(bell.ring)
        failures = 0
        while True:
            try:
                await self.catch_up()
                self.error, failures = None, 0
                await bell.wait(every)
            except Exception as error:  # noqa: BLE001 - away: again, for ever
                failures += 1
                told = isinstance(error, LeftAlone)
                self.error = str(error) if told else type(error).__name__
                log.warning(
                    "documents lag and are tried again",
                    source=self._store.source,
                    error=shown(error),
                    at=where(error),
                )
                await asyncio.sleep(PAUSES[min(failures, len(PAUSES)) - 1])

    async def catch_up(self) -> None:
        """Take in what there is; fold anew what older code folded, or nobody."""
        await self._come()
        moves = await asyncio.to_thread(self._moved)
        newer = [each for each in self._projections if not await self._taken_in(each)]
        self.waits = NEWER if newer else None
        if not newer:
            self._left_at = None
        await self._follow_moves(moves)

    def _moved(self) -> Moves:
        """Return from where to where organisations were moved, as this service has heard."""
        return moves_of(self._store.known([MOVES]).get(MOVES, b""))

    async def _follow_moves(self, moves: Moves) -> None:
        """Take what stands at the old path of an organisation along, where it is not yet."""
        anew = {old: new for old, new in moves.items() if self._moves.get(old) != new}
        for each in self._projections if anew else ():
            await self._views.move(each.name, anew)
        self._moves = moves

    async def _come(self) -> None:
        if self._made_by and not self._came:
            note = partial(came, self._store, self._made_by, again=self._alone)
            await asyncio.to_thread(note)
            self._came = True

    async def _taken_in(self, projection: Projection[Any, Any]) -> bool:
        """Follow the log into one kind of documents; False: a newer release does."""
        try:
            return await self._follow(projection)
        except Rebuilding:
            self.error = Rebuilding.__name__  # until it is done nothing new is seen
            await self.rebuild(projection)
            return True

    async def rebuild(
        self,
        projection: Projection[Any, Any],
        told: Callable[[int, int], None] = lambda _done, _head: None,
    ) -> None:
        """Fold the whole log into a generation beside the live one, and swap it in.

        `told` hears the position reached and the end of the log.
        """
        into = await self._views.begin(projection.name, self._made_by)
        folded, position, last = dict[UUID, int](), 0, None
        while records := await self._read(position):
            # folded once is folded with all that the log held by then
            grown = [e for e in records if folded.get(e.stream, 0) < e.position]
            folded |= await self._put(projection, grown, into)
            position, last = records[-1].position, named_at(records[-1])
            told(position, (await asyncio.to_thread(self._store.head)).position)
        await self._views.swap(projection.name, into, position)
        await self._views.took(projection.name, Taken(into, position, last))

    async def _follow(self, projection: Projection[Any, Any]) -> bool:
        generation, position, last = await self._views.taken(projection.name)
        if not generation.startswith(self._made_by):
            if not await self._is_newer(generation):
                raise Rebuilding
            await self._leave(position)
            return False
        await self._must_be_as_taken(position, last)
        while records := await self._read(position):
            await self._put(projection, records, generation)
            position, last = records[-1].position, named_at(records[-1])
            await self._views.took(projection.name, Taken(generation, position, last))
        return True

    async def _is_newer(self, generation: str) -> bool:
        order = await asyncio.to_thread(order_of, self._store)
        return is_newer(order, generation[: len(self._made_by)], self._made_by)

    async def _leave(self, position: int) -> None:
        """Leave documents to a newer release. Raises `LeftAlone` when none keeps them."""
        head = await asyncio.to_thread(self._store.head)
        if position >= head.position:
            self._left_at = None
        elif self._left_at is None:
            self._left_at = monotonic()
        elif monotonic() - self._left_at > PATIENCE:
            raise LeftAlone(f"{NEWER}, and nobody keeps them")

    async def _must_be_as_taken(self, position: int, last: str | None) -> None:
        """Raise `Rebuilding` when another record stands where the documents end, or none."""
        if not position:
            return
        found = await asyncio.to_thread(self._store.read, position - 1, 1)
        there = named_at(found[0]) if found else None
        known = last if last and last.startswith(f"{position} ") else there
        if there is None or there != known:
            source = self._store.source
            log.error("documents know what the log does not", source=source, position=position)
            raise Rebuilding

    async def _read(self, after: int) -> Sequence[Record]:
        return await asyncio.to_thread(self._store.read, after, BATCH)

    async def _put(
        self, projection: Projection[Any, Any], touched: Sequence[Record], into: str
    ) -> dict[UUID, int]:
        """Fold the streams of these records; return how far each was folded."""
        ids = {each.stream for each in touched}
        histories = await asyncio.to_thread(self._store.streams, ids)
        puts = await asyncio.to_thread(_folded, projection, histories.values(), self._moves)
        await self._views.put(projection.name, puts, into=into)
        return {stream: each[-1].position for stream, each in histories.items()}


def _folded(
    projection: Projection[Any, Any], histories: Iterable[Sequence[Record]], moves: Moves
) -> list[Put]:
    folded = (fold(projection, each, moves) for each in histories)
    return [each for each in folded if each is not None]
