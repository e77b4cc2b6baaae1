"""Tree checkpoints where no relay takes them: in the embedded world (contracts §2)."""

import asyncio

from shared.runtime import logs
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
    """Do so for ever; what fails once is tried again."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(notarised, log)


def notarised(log: LogStore) -> bool:
    """Do so, and say whether it was done: a log without a new root is a log still."""
    try:
        notarise(log)
    except Exception as wrong:  # noqa: BLE001 - whatever it was, it is no reason to stop
        said = type(wrong).__name__
        logs.log.warning(
            "no root was taken", source=log.source, error=said, at=logs.where(wrong)
        )
        return False
    return True
