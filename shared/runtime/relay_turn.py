"""What the relay that leads does: publish in order, and remember what was acknowledged."""

import asyncio
from collections.abc import Sequence

from aiokafka.structs import RecordMetadata

from shared.runtime import telemetry
from shared.runtime.codec import wire
from shared.runtime.log import Record
from shared.runtime.relay_agreed import Agreement
from shared.runtime.relay_beats import Beats
from shared.runtime.relay_lead import CONTENT, RELAY, Lead, end_if_told
from shared.runtime.relay_roots import Roots
from shared.runtime.relay_watch import Watch
from shared.runtime.tree import micros
from shared.runtime.wake import Bell


class Gap(Exception):  # noqa: N818 - said of a log, which is at fault
    """A position is missing in a log: whoever reads it stops here."""


class Turn:
    """One holder of the lease at work, for as long as it holds it."""

    def __init__(self, lead: Lead) -> None:
        self._lead = lead
        self._beats = Beats(lead)
        self._agreement = Agreement(lead, self._beats)
        self._roots = Roots(lead)
        self._watch = Watch(lead)

    async def agree(self) -> None:
        """Make log and topic one. Raises `Restored`, `Beyond`."""
        await self._agreement.reach()

    async def serve(self, bell: Bell) -> None:
        """Publish, and say so when there is nothing to publish, until the lease ends.

        Raises `Wiped` when the topic loses something meanwhile.
        """
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch.run())
            await group.create_task(self._publish_for_ever(bell))
            watching.cancel()

    async def _publish_for_ever(self, bell: Bell) -> None:
        lead = self._lead
        while await lead.call(lead.lease.alive):
            await self.drain()
            end_if_told()
            head = await lead.call(lead.store.head)
            await self._roots.keep_when_old(head.epoch)
            with self._watch.sending():
                if (offset := await self._beats.beat_if_due()) is not None:
                    self._watch.took(offset, offset)
            await bell.wait(lead.pace.poll)

    async def drain(self) -> int:
        """Publish up to the end of the log and return it. Raises `Restored`, `Beyond`."""
        lead = self._lead
        await self.agree()
        position = await lead.saved()
        await self._roots.go_on(position)
        records = await self._read(position)
        while records and await lead.call(lead.lease.alive):
            ahead = asyncio.ensure_future(self._read(records[-1].position))
            try:
                await self._publish(records)
            finally:
                await asyncio.wait([ahead])
            records = ahead.result()
        return await lead.saved()

    async def _read(self, after: int) -> Sequence[Record]:
        lead = self._lead
        records = await lead.call(lead.store.read, after, lead.pace.batch)
        for position, each in enumerate(records, start=after + 1):
            if each.position != position:
                raise Gap(f"{lead.source}: {position} is missing")
        return records

    async def _publish(self, records: Sequence[Record]) -> None:
        """Send a batch, wait, and keep how far all of it was acknowledged."""
        parents = [telemetry.parent_in(each.meta) for each in records]
        source, count = self._lead.source, len(records)
        with self._watch.sending():
            with telemetry.batch("relay", parents, source=source, count=count):
                answers = [
                    await self._send(each, parent)
                    for each, parent in zip(records, parents, strict=True)
                ]
                await asyncio.wait(answers)
            refused = (n for n, each in enumerate(answers) if each.exception())
            safe = next(refused, len(answers))
            if safe:
                first, last = answers[0].result().offset, answers[safe - 1].result().offset
                self._watch.took(first, last)
        if safe:
            await self._keep(records[:safe])
        if safe < len(answers):
            answers[safe].result()

    async def _send(
        self, record: Record, parent: str | None
    ) -> "asyncio.Future[RecordMetadata]":
        traced = [("traceparent", parent.encode())] if parent else []
        topic, partition = self._lead.broker.partition(self._lead.source)
        return await self._lead.producer.send(
            topic,
            wire(record),
            str(record.stream).encode(),
            partition,
            micros(record.recorded_at) // 1000,
            [CONTENT, *traced],
        )

    async def _keep(self, records: Sequence[Record]) -> None:
        lead, last = self._lead, records[-1]
        await lead.call(lead.store.save, RELAY, last.position)
        lead.acknowledged()
        lead.kept(last.position)
        self._roots.add(records)
        await self._roots.keep_when_many(last.epoch)
