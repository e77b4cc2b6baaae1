"""Tree checkpoints where no relay takes them: in the embedded world (contracts §2)."""

import asyncio

from shared.runtime.store_log import LogStore
from shared.runtime.tree import Checkpoint, Tree

EVERY = 60.0
"""Seconds after which what is new is put under a root."""


def notarise(log: LogStore) -> Checkpoint | None:
    """Put all records that no checkpoint covers under a root; None: there are none.

    A record that is changed later, its leaf with it, no longer gives that root.
    """
    last = next(reversed(log.checkpoints()), None)
    tree = Tree(last.size, last.frontier) if last else Tree()
    epoch = None
    for each in log.walk(tree.size):
        tree.append(each.leaf)
        epoch = each.epoch
    if epoch is None:
        return None
    made = Checkpoint.of(tree, log.source, epoch)
    log.add_checkpoint(made)
    return made


async def keep_notarised(log: LogStore, every: float = EVERY) -> None:
    """Do so for ever."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(notarise, log)
