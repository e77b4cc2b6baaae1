"""The tree over what was published, and its checkpoints (contracts §2)."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from shared.runtime.log import Record
from shared.runtime.relay_agreed import Beyond
from shared.runtime.relay_lead import Lead
from shared.runtime.tree import Checkpoint, Tree


class Roots:
    """Grows the tree with each record once, however often it is published."""

    def __init__(self, lead: Lead) -> None:
        self._lead = lead
        self._tree = Tree()
        self._made: Checkpoint | None = None
        self._made_at = lead.clock()

    async def go_on(self, upto: int) -> None:
        """Take up the tree where its last checkpoint left it, and what was since.

        Raises `Beyond` where the log ends before that.
        """
        if self._made is not None:
            return
        lead = self._lead
        for last in (await lead.call(lead.store.checkpoints))[-1:]:
            self._made = last
            self._tree = Tree(last.size, last.frontier)
        while self._tree.size < upto:
            some = min(lead.pace.batch, upto - self._tree.size)
            records = await lead.call(lead.store.read, self._tree.size, some)
            if not records:
                raise Beyond(f"{lead.source} ends at {self._tree.size}, not at {upto}")
            self.add(records)

    def add(self, records: Sequence[Record]) -> None:
        """Let the tree grow with what it does not have yet."""
        for each in records:
            if each.position == self._tree.size + 1:  # else it is published again
                self._tree.append(each.leaf)

    async def keep_when_many(self, epoch: UUID) -> None:
        """Make a checkpoint if so many records came since the last one."""
        await self._keep(self._lead.pace.checkpoint_records, epoch)

    async def keep_when_old(self, epoch: UUID) -> None:
        """Make a checkpoint if the last one is so old, and anything came since."""
        old = timedelta(seconds=self._lead.pace.checkpoint_every)
        if self._made_at <= self._lead.clock() - old:
            await self._keep(1, epoch)

    async def _keep(self, records: int, epoch: UUID) -> None:
        before = self._made.size if self._made else 0
        if self._tree.size - before >= records:
            made = Checkpoint.of(self._tree, self._lead.source, epoch)
            await self._lead.call(self._lead.store.add_checkpoint, made)
            self._made, self._made_at = made, self._lead.clock()
