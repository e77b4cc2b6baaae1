"""A process that answers for weeks has room for its small blocks (ADR 0050)."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.runtime.allocator import ROOM, WHERE
from tests.journeys.running import ROOT

UP = ("-m", "metodika", "up", "--port", "0")
OURS = f"{WHERE}={ROOM}"
ITSELF = """
import os
from shared.runtime.allocator import begin_with_room
begin_with_room()
print(os.getpid(), os.environ["GLIBC_TUNABLES"])
"""


def begun(said: Sequence[str], **also: str) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if name != WHERE}
    return subprocess.Popen(
        [sys.executable, *said],
        env=clean | {"PYTHONPATH": str(ROOT)} | also,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.parametrize("already", [{}, {WHERE: "glibc.malloc.tcache_count=9"}])
def test_it_begins_anew_as_the_same_process(already: dict[str, str]) -> None:
    """Whoever set it is left alone."""
    process = begun(("-c", ITSELF), **already)
    said, _ = process.communicate(timeout=60)
    assert said.split() == [str(process.pid), already.get(WHERE, ROOM)]


def test_up_begins_with_it(tmp_path: Path) -> None:
    process = begun(UP, METODIKA_WORLD=str(tmp_path))
    try:
        until = time.monotonic() + 20
        while OURS not in (found := environment(process.pid)):
            assert time.monotonic() < until, found
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def environment(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")
