"""Segments of a ledger that is at work: what is new once a day, beside all else."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from shared.runtime import logs
from shared.runtime.log import Hole
from shared.runtime.segments import MANIFEST, NoSegments
from shared.runtime.segments_write import Written

DAY = 86_400.0
PAUSE = 60.0
"""Seconds after which one looks whether the day is over."""


async def keep_written(
    folder: Path,
    write: Callable[[], Written],
    *,
    whole: Callable[[], bool],
    every: float = DAY,
) -> None:
    """Write for ever; not before the `whole` of every log is known, or the ledger lags.

    What fails, or is refused, is said in the log and tried again.
    """
    while True:
        await asyncio.sleep(PAUSE)
        if whole() and _age(folder) >= every:
            await asyncio.to_thread(_written, write)


def _age(folder: Path) -> float:
    """Return for how many seconds nothing was written."""
    try:
        return time.time() - (folder / MANIFEST).stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _written(write: Callable[[], Written]) -> None:
    try:
        done = write()
    except (NoSegments, Hole) as wrong:
        logs.log.warning("segments are not written", error=str(wrong))
    except Exception as wrong:  # noqa: BLE001 - whatever it was, it is no reason to stop
        said = type(wrong).__name__
        logs.log.warning("segments are not written", error=said, at=logs.where(wrong))
    else:
        rows = sum(each.rows for each in done.new)
        logs.log.info("segments are written", count=len(done.new), rows=rows)
