"""A neighbour's log where only its topic is at hand: for commands, blocking, to be read."""

import asyncio
from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from uuid import UUID

from shared.runtime.codec import unwire
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.kafka import Broker
from shared.runtime.log import Head, Record
from shared.runtime.rereading import logs_of_kafka
from shared.runtime.store_log import UNTOLD, Epoch
from shared.runtime.topic import Said, last_beat, last_said


class TopicLog:
    """A log as its topic holds it. What was put back stands in it once it began anew.

    Of what is said meanwhile it may know, or not. Raises `Unreachable`; `Hole` where a
    record is missing.
    """

    def __init__(self, broker: Broker, source: str) -> None:
        self.source = source
        self._broker = broker

    def read(self, after: int, limit: int) -> Sequence[Record]:
        """Return records after a position, in order."""
        with closing(self.walk(after)) as walk:
            return list(islice(walk, limit))

    def walk(self, after: int = 0) -> Generator[Record]:
        """Read all records after a position."""
        with closing(self._portions(after)) as portions:
            for wires in portions:
                for each in wires:
                    yield unwire(each, leaf=False)

    def _portions(self, after: int) -> Generator[Sequence[bytes]]:
        yield from logs_of_kafka(self._broker, [self.source])({self.source: after})

    @cached_property
    def beat(self) -> Heartbeat | None:
        """Return what the log said last of itself."""
        return asyncio.run(last_beat(self._broker, self.source))

    @cached_property
    def said(self) -> Said | None:
        """Return the last event in the topic."""
        return asyncio.run(last_said(self._broker, self.source))

    def head(self) -> Head:
        """Return where the topic ends."""
        return Head(self.epochs()[-1].epoch, self.said.position if self.said else 0, None)

    def whole(self) -> bool:
        """Say whether the topic holds all that the log said it has."""
        return self.beat is None or self.head().position >= self.beat.position

    def epochs(self) -> Sequence[Epoch]:
        """Return the epochs of the log, the first first, if it has said of any."""
        line = self.beat.line if self.beat else ()
        first = [each.epoch for each in self.read(0, 1)]
        if self.beat and not line:  # of a log in which nothing was said yet
            first.append(self.beat.epoch)
        first.append(UNTOLD)
        told = [Epoch(first[0], None, 0)]
        for branch in line:
            told.append(Epoch(branch.epoch, told[-1].epoch, branch.after))
        return told

    def events(self, ids: Collection[UUID]) -> dict[UUID, Record]:
        """Return records by event id; it costs a walk."""
        sought = set(ids)
        return {each.event_id: each for each in self.walk() if each.event_id in sought}
