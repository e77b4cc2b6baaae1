"""What a benchmark says: ours, a rival in the same run, and whether the budget is kept."""

import gc
import os
import platform
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Literal

from tests.infra.choice import Parts
from tests.infra.servers import LASTING

type Unit = Literal["ms", "s", "facts/s"]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One line of the table. `budget` is words; `kept` is None where there is none."""

    what: str
    ours: float
    unit: Unit
    rival: float
    against: str
    budget: str = "—"
    kept: bool | None = None

    @property
    def speed(self) -> float:
        """Return our speed as a share of the rival's: 1 is as fast."""
        return self.ours / self.rival if self.unit == "facts/s" else self.rival / self.ours

    def cells(self) -> tuple[str, ...]:
        """Return the line as the table has it."""
        verdict = {None: "", True: "kept", False: "**missed**"}[self.kept]
        return (
            self.what,
            shown(self.ours, self.unit),
            shown(self.rival, self.unit),
            self.against,
            f"{self.speed:.0%}",
            self.budget,
            verdict,
        )


def shown(number: float, unit: Unit) -> str:
    """Return a figure with its unit, no more digits than it deserves."""
    digits = {"ms": 2, "s": 3, "facts/s": 0}[unit]
    return f"{number:,.{digits}f} {unit}"


def at_least(share: float, of: Measured) -> Measured:
    """Judge by the share of the rival's speed."""
    return Measured(
        what=of.what,
        ours=of.ours,
        unit=of.unit,
        rival=of.rival,
        against=of.against,
        budget=f"≥ {share:.0%} of it",
        kept=of.speed >= share,
    )


def machine() -> str:
    """Say what this runs on, and how busy it is with other things."""
    busy = f"load {os.getloadavg()[0]:.1f}"
    what = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return f"{what}, {busy} at the start"


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def seconds(act: Callable[[], object]) -> float:
    """Return how long something took."""
    begun = perf_counter()
    act()
    return perf_counter() - begun


def turns(
    one: Callable[[], object], other: Callable[[], object], n: int
) -> tuple[float, float]:
    """Return the medians of two that take turns: what disturbs one disturbs the other."""
    ones: list[float] = []
    others: list[float] = []
    for _ in range(n):
        ones.append(seconds(one))
        others.append(seconds(other))
    return median(ones), median(others)


@contextmanager
def quiet() -> Generator[None]:
    """Keep what there is out of the collector's way, as long work does."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def servers() -> Generator[Parts]:
    """Give the real servers, on a disk, each started when it is first asked for."""
    parts, asked = Parts(), LASTING.set(True)
    try:
        yield parts
    finally:
        for line in parts.report():
            say(line)
        parts.close()
        LASTING.reset(asked)
