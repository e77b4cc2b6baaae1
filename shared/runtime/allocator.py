"""How a process that answers for weeks keeps its small blocks of memory (ADR 0050)."""

import os
import sys

WHERE = "GLIBC_TUNABLES"
ROOM = "glibc.malloc.tcache_count=2000"
"""Of each size up to 1 KB a thread keeps 2,000 free blocks at hand, where glibc keeps seven."""


def begin_with_room() -> None:
    """Begin this program anew, as the same process, with room for small blocks.

    glibc reads it at the start alone. Whoever set `GLIBC_TUNABLES` is left alone; elsewhere
    than on Linux, and with another allocator, nothing changes.
    """
    if sys.platform == "linux" and WHERE not in os.environ:
        anew = os.environ | {WHERE: ROOM}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], anew)  # noqa: S606 - it is itself
