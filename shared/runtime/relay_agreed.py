"""May it be published: a topic is what its log is, or becomes it first (ADR 0037)."""

from shared.runtime import telemetry
from shared.runtime.branches import begun, line_of
from shared.runtime.log import Hole
from shared.runtime.logs import log
from shared.runtime.relay_beats import Beats
from shared.runtime.relay_lead import AGAIN, RELAY, Lead
from shared.runtime.store_log import LogStore
from shared.runtime.topic import Said, held, last_said


class Restored(Hole):
    """What was published last does not stand in the log: nothing more is published."""


class Beyond(Exception):  # noqa: N818 - said of a position
    """A position that a log, or its topic, has not come to: nothing is published after it."""


def holds(store: LogStore, said: Said) -> bool:
    """Say whether a log holds what its topic said last."""
    found = store.read(said.position - 1, 1)
    return [(each.position, each.event_id) for each in found] == [
        (said.position, said.event_id)
    ]


class Agreement:
    """Makes log and topic one before the first record is published."""

    def __init__(self, lead: Lead, beats: Beats) -> None:
        self._lead = lead
        self._beats = beats
        self._agreed = False

    async def reach(self) -> None:
        """Go on only from where log and topic are one, or from where it was asked to.

        Raises `Restored`, `Beyond`.
        """
        if not self._agreed:
            await self._lead.broker.provision([self._lead.source])
            await self._stand_by_the_topic()
        await self._go_back_if_asked()
        if not self._agreed:
            await self._require_within()
            await self._go_back_to_what_is_there()
        self._agreed = True

    async def _stand_by_the_topic(self) -> None:
        """Go on only if the log holds what was published last, or says that it does not.

        A log that was put back begins a new epoch first; then its topic begins anew.
        """
        lead = self._lead
        last = await last_said(lead.broker, lead.source)
        if last and not await lead.call(holds, lead.store, last):
            head = await lead.call(lead.store.head)
            note = await lead.call(begun, lead.store, head.epoch)
            if note is None or note.instead_of != last.event_id:
                raise Restored(
                    f"{lead.source} is not what was published: {last.position} is another"
                    " record, or none; an older copy was put back: see metodika epoch"
                )
            await self._begin_anew()
        elif await lead.call(line_of, lead.store):
            await self._beats.beat()

    async def _begin_anew(self) -> None:
        """Announce the epoch, let go of what was published before, publish the whole log.

        Killed half-way, it is begun again: the announcement itself says no event.
        """
        lead = self._lead
        await lead.call(lead.store.save, RELAY, 0)
        offset = await self._beats.beat(telling=False)
        await lead.broker.forget(lead.source, offset)

    async def _go_back_if_asked(self) -> None:
        """Go back, never on: what stands in the topic may be less than when it was asked."""
        lead = self._lead
        if asked := await lead.call(lead.store.saved, AGAIN):
            position = min(asked - 1, await lead.saved())
            await lead.call(lead.store.save, RELAY, position)
            await lead.call(lead.store.save, AGAIN, 0)

    async def _require_within(self) -> None:
        lead = self._lead
        position, end = await lead.saved(), (await lead.call(lead.store.head)).position
        if position > end:
            raise Beyond(
                f"{lead.source} was published up to {position}, it says, and ends at"
                f" {end}: see metodika relay --from"
            )

    async def _go_back_to_what_is_there(self) -> None:
        """Publish again what a topic has lost: the log is whole, and readers drop the rest."""
        lead = self._lead
        position = await lead.saved()
        there = min(position, await held(lead.broker, lead.source)) if position else 0
        telemetry.measure("metodika.topic.lost", position - there, source=lead.source)
        if there == position:
            return
        lead.standing.lost, lead.standing.position = position, there
        log.error(
            "a topic has lost what was published: it is filled again",
            source=lead.source,
            position=there,
            head=position,
        )
        await lead.call(lead.store.save, RELAY, there)
