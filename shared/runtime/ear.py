"""One source, heard: again until it works, counted, and told how it stands."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

import msgspec

from shared.runtime import telemetry
from shared.runtime.codec import Malformed, unwire
from shared.runtime.heartbeat import Heartbeat, Line
from shared.runtime.log import Hole
from shared.runtime.logs import log, where
from shared.runtime.reach import shown

STALE = timedelta(seconds=30)
SEEK = 5
"""Seconds that a missing record may come by itself."""
UNREAD = "a source was not read lately, or not yet to its end"
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)


class Came(Protocol):
    """What came of a batch: each record was heard, skipped or parked."""

    @property
    def heard(self) -> int:
        """Return how many were taken in."""
        ...

    @property
    def skipped(self) -> int:
        """Return how many were known, or are of no interest."""
        ...

    @property
    def parked(self) -> int:
        """Return how many wait to be tried again."""
        ...

    @property
    def effects(self) -> int:
        """Return how many facts were said because of them."""
        ...


type Hear = Callable[[str, Sequence[bytes]], Came]
type HearAny = Callable[[str, Sequence[Any]], Came]


@dataclass(kw_only=True)
class Tally:
    """What came in from one source since the start, and what became of it.

    Of what was skipped, `unreadable` had no envelope. `ahead` stood behind a hole: it
    was not taken in, and comes again when the hole is filled.
    """

    consumed: int = 0
    heard: int = 0
    skipped: int = 0
    parked: int = 0
    effects: int = 0
    unreadable: int = 0
    ahead: int = 0

    @property
    def unaccounted(self) -> int:
        """Return how many records vanished; anything but 0 is an alarm."""
        return self.consumed - self.heard - self.skipped - self.parked - self.ahead


@dataclass(kw_only=True)
class Ear:
    """How one source is heard.

    `error` is the class of what is being tried again, or "Hole" while something behind
    a missing position waits for it. `known` is the position up to which all is in,
    `ends` where the log ends by its last heartbeat and the facts that came after it;
    `position` and `lag` are counted in what the transport counts in. `arrived`: it has
    been at the end of its source since it began. `leg` is what a trace calls the way of
    a fact through here.
    """

    source: str
    hear: HearAny
    who: str
    leg: str = "hear"
    tally: Tally = field(default_factory=Tally)
    error: str | None = None
    unlike: str | None = None
    heartbeat: Heartbeat | None = None
    line: Line = ()
    polled_at: datetime | None = None
    arrived: bool = False
    known: int = 0
    farthest: int = 0
    ends: int = 0
    position: int = 0
    lag: int = 0
    holed_at: float | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_wires(self, wires: Sequence[bytes], parents: Sequence[str | None]) -> bool:
        """Have records of a topic heard, those behind a hole left for later.

        A topic is a cache: what was lost on the way is published again, and what came
        before its turn with it. Until then nothing behind the hole is taken in.
        """
        kept, known, farthest = list[bytes](), self.known, self.farthest
        for each in wires:
            position = position_of(each)
            if position is None or position <= known + 1:
                kept.append(each)
                known = max(known, position or 0)
            farthest = max(farthest, position or 0)
            self.ends = max(self.ends, position or 0)
        ahead = len(wires) - len(kept)
        self.tally.consumed += ahead
        self.tally.ahead += ahead
        if not await self.take(kept, parents):
            return False
        self.known, self.farthest = known, farthest
        if self.hole:
            self.error = "Hole"
            log.error("a position is missing", source=self.source, position=known + 1)
        return True

    @property
    def hole(self) -> bool:
        """Say whether something came that cannot be taken in before its turn."""
        return self.farthest > self.known

    @property
    def misplaced(self) -> bool:
        """Say, once in a while, that the place of what is missing is to be sought anew.

        A topic that was made again has other offsets: it may stand where we were already.
        """
        now = time.monotonic()
        if not self.hole:
            self.holed_at = None
        elif self.holed_at is None:
            self.holed_at = now
        elif now - self.holed_at > SEEK:
            self.holed_at = now
            return True
        return False

    async def take(self, wires: Sequence[Any], parents: Sequence[str | None] = ()) -> bool:
        """Have a batch heard; return False when we were stopped before it was."""
        failures = 0
        said = {"service": self.who, "source": self.source, "count": len(wires)}
        with telemetry.batch(self.leg, parents, **said):
            while wires:
                try:
                    came = await asyncio.to_thread(self.hear, self.source, wires)
                except Exception as error:  # noqa: BLE001 - whatever it is, again
                    if isinstance(error, Malformed):
                        before, wires = len(wires), self._readable(wires)
                        if len(wires) < before:
                            continue
                    failures += 1
                    if await self.failed(error, failures):
                        return False
                else:
                    self._count(came, len(wires))
                    break
        self.well()
        return True

    async def failed(self, error: Exception, failures: int) -> bool:
        """Tell what failed and wait longer each time; return whether to stop."""
        self.error = type(error).__name__
        self.unlike = str(error) if isinstance(error, Hole) else None
        self.measure()
        log.warning(
            "hearing failed and will be tried again",
            service=self.who,
            source=self.source,
            error=shown(error),
            attempts=failures,
            at=where(error),
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(PAUSES[min(failures, len(PAUSES)) - 1]):
                await self.stopping.wait()
        return self.stopping.is_set()

    def well(self) -> None:
        """Forget what failed: it was read, and is as it was heard."""
        self.error = self.unlike = None

    def skip(self, count: int) -> None:
        """Count what is no fact at all."""
        self.tally.consumed += count
        self.tally.skipped += count
        self.tally.unreadable += count

    def told(self, beat: Heartbeat) -> None:
        """Keep what a source says of itself: its epochs, and where it ends."""
        self.heartbeat, self.line, self.ends = beat, beat.line, beat.position

    def healthy(self, now: datetime) -> bool:
        """Say whether it is heard at all: polled lately, and nothing fails."""
        lately = self.polled_at is not None and now - self.polled_at < STALE
        return lately and self.error is None and self.amiss is None

    @property
    def amiss(self) -> str | None:
        """Say how the source is not as it was heard, None if it is as far as is known.

        Where it ends is believed when there is nothing more to read.
        """
        ends, known = self.ends, self.known
        if self.unlike is None and self.heartbeat and not self.lag and ends < known:
            return f"{self.source} ends at {ends}, and {known} was heard"
        return self.unlike

    @property
    def waits(self) -> str | None:
        """Say why nothing more of this source is heard until an operator acts, if so."""
        if amiss := self.amiss:
            return f"not as it was heard: {amiss}; see metodika epoch"
        if self.hole:
            return f"{self.source}: {self.known + 1} is missing in Kafka; see metodika relay"
        return None

    def measure(self) -> None:
        """Tell lag, whether it waits, and what is unaccounted for."""
        said = {"service": self.who, "source": self.source}
        telemetry.measure("metodika.lag", self.lag, **said)
        telemetry.measure("metodika.waits", int(self.waits is not None), **said)
        telemetry.measure("metodika.unaccounted", self.tally.unaccounted, **said)

    def _count(self, came: Came, consumed: int) -> None:
        """Count both at once: what is still being heard is not yet missed."""
        tally = self.tally
        tally.consumed += consumed
        tally.heard += came.heard
        tally.skipped += came.skipped
        tally.parked += came.parked
        tally.effects += came.effects

    def _readable(self, wires: Sequence[Any]) -> list[Any]:
        """Leave out what has no envelope: it has no position, it cannot be parked."""
        kept: list[Any] = []
        for each in wires:
            try:
                if isinstance(each, bytes):
                    unwire(each, leaf=False)
            except Malformed:
                self.skip(1)
                log.error("a record without an envelope", source=self.source)
            else:
                kept.append(each)
        return kept


def unread(ears: Iterable[Ear]) -> str | None:
    """Say that a source is not heard which nothing is wrong with, None if all are."""
    every, at = list(ears), utc()
    heard = all(each.waits or each.healthy(at) for each in every)
    return None if every and heard else UNREAD


def waiting(ears: Iterable[Ear]) -> str | None:
    """Say which sources wait for an operator, None if none does."""
    return "; ".join(why for each in ears if (why := each.waits)) or None


class _Placed(msgspec.Struct):
    position: int


_placed = msgspec.json.Decoder(_Placed)


def position_of(wire: bytes) -> int | None:
    """Return the position of a record on the wire, None if it has none."""
    try:
        return _placed.decode(wire).position
    except msgspec.MsgspecError:
        return None


class _OfEpoch(msgspec.Struct):
    epoch: UUID


_of_epoch = msgspec.json.Decoder(_OfEpoch)


def epoch_of(wire: bytes) -> UUID | None:
    """Return the epoch of a record on the wire, None if it has none."""
    try:
        return _of_epoch.decode(wire).epoch
    except msgspec.MsgspecError:
        return None


def by_epoch(wires: Sequence[bytes]) -> list[list[bytes]]:
    """Part wires wherever another epoch begins."""
    return [list(some) for _, some in groupby(wires, epoch_of)]


def utc() -> datetime:
    """Return the moment by this machine's clock."""
    return datetime.now(UTC)
