"""What a relay says of its log when there is nothing to publish (contracts §2)."""

from datetime import datetime, timedelta
from uuid import UUID

from shared.runtime.branches import line_of
from shared.runtime.heartbeat import Heartbeat
from shared.runtime.log import Head
from shared.runtime.relay_lead import CONTENT, Lead


class Beats:
    """Says up to where and when the log is complete, and which epochs it began."""

    def __init__(self, lead: Lead) -> None:
        self._lead = lead
        self._at: datetime | None = None
        self._last: tuple[Head, UUID | None] | None = None

    async def beat_if_due(self) -> int | None:
        """Say it if it is time to, and all is published; return its place in the topic."""
        lead, at = self._lead, self._lead.clock()
        head = await lead.call(lead.store.head)  # read after the clock, not before
        rested = at - timedelta(seconds=lead.pace.heartbeat)
        if (self._at and self._at > rested) or head.position != await lead.saved():
            return None
        self._at = at
        return await self._beat(head, at - timedelta(seconds=lead.pace.clocks_differ))

    async def beat(self, *, telling: bool = True) -> int:
        """Say it now, telling the last event; return its place in the topic."""
        lead = self._lead
        at = lead.clock() - timedelta(seconds=lead.pace.clocks_differ)
        return await self._beat(await lead.call(lead.store.head), at, telling=telling)

    async def _beat(self, head: Head, upto: datetime, *, telling: bool = True) -> int:
        lead = self._lead
        said = Heartbeat(
            source=lead.source,
            epoch=head.epoch,
            position=head.position,
            recorded_at=max(upto, head.recorded_at or upto),
            last=await self._event_at(head) if telling else None,
            line=await lead.call(line_of, lead.store),
        )
        topic, partition = lead.broker.partition(lead.source)
        answer = await lead.producer.send(
            topic, said.wire(), lead.source.encode(), partition, headers=[CONTENT]
        )
        sent = await answer
        lead.acknowledged()
        return sent.offset

    async def _event_at(self, head: Head) -> UUID | None:
        if self._last is None or self._last[0] != head:
            store = self._lead.store
            found = await self._lead.call(store.read, max(0, head.position - 1), 1)
            self._last = head, found[0].event_id if head.position else None
        return self._last[1]
