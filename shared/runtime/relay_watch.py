"""Does a topic still have what it had: while it is published to it only grows (ADR 0037)."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from aiokafka import TopicPartition

from shared.runtime.relay_lead import Lead, end_if_told
from shared.runtime.topic import Consumer, reading

PATIENCE = 10
"""Seconds that a broker has to say where a topic begins and ends."""


class Wiped(Exception):  # noqa: N818 - said of a topic
    """A topic has lost what stood in it, or is gone: whoever leads next agrees with it anew."""


class Watch:
    """Looks where the topic begins and ends, at each heartbeat, while it is published to."""

    def __init__(self, lead: Lead) -> None:
        self._lead = lead
        self._begins: int | None = None
        self._ends = 0
        self._in_flight = 0
        self._sent = 0

    async def run(self) -> None:
        """Look until cancelled. Raises `Wiped`, also where nobody says it in time."""
        try:
            async with (
                asyncio.timeout(None) as patience,
                reading(self._lead.broker, self._lead.source) as (consumer, at),
            ):
                consumer.pause(at)  # it is asked for offsets alone
                while True:
                    patience.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                    await self._look(consumer, at)
                    end_if_told()
                    patience.reschedule(None)
                    await asyncio.sleep(self._lead.pace.heartbeat)
        except TimeoutError:
            raise self._wiped() from None

    async def _look(self, consumer: Consumer, at: TopicPartition) -> None:
        ends = self._ends  # what is taken meanwhile may come after the answer
        sent = self._sent
        begins, there = [
            (await ask([at]))[at] for ask in (consumer.beginning_offsets, consumer.end_offsets)
        ]
        if there < ends or (self._begins is not None and begins > self._begins):
            raise self._wiped()
        self._begins = begins
        if not self._in_flight and sent == self._sent:  # else the last of it may be our own
            self._ends = max(there, self._ends)

    @contextmanager
    def sending(self) -> Generator[None]:
        """Look at no end of the topic that may be of what is being sent."""
        self._in_flight += 1
        self._sent += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def took(self, first: int, last: int) -> None:
        """Note between which offsets the topic took something. Raises `Wiped`."""
        if 0 <= first < self._ends:
            raise self._wiped()
        self._ends = max(self._ends, last + 1)

    def _wiped(self) -> Wiped:
        return Wiped(f"the topic of {self._lead.source} is not what it was: looked at anew")
