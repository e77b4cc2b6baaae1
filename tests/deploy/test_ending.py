"""`metodika up` told to stop, as Docker and Kubernetes tell it."""

import os
import sys
import time
from pathlib import Path

from tests.infra.process import Process, free_port
from tests.journeys.running import ROOT, alive

WITH_A_CLIENT = """
import asyncio
from metodika import up
from metodika.cli import main

put_together = up.part

async def client(asked, answered):
    await asked.wait()
    answered.set()

async def ours():
    asked, answered = asyncio.Event(), asyncio.Event()
    own_task = asyncio.ensure_future(client(asked, answered))
    try:
        await asyncio.Event().wait()
    finally:
        asked.set()
        await answered.wait()

def part(*said):
    made = put_together(*said)
    made.tasks.append(ours)
    return made

up.part = part
main()
"""
"""Like Kafka's clients: what closes it waits for a task of its own."""


def test_whoever_is_told_to_stop_closes_before_all_is_cancelled(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", WITH_A_CLIENT, "up", "--port", str(port)]
    process = Process(
        command,
        log=tmp_path / "up.log",
        ready=lambda: alive(f"http://127.0.0.1:{port}", ()),
        environment={k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
        | {"PYTHONPATH": str(ROOT), "METODIKA_WORLD": str(tmp_path / "world")},
    )
    process.start()
    since = time.monotonic()
    process.stop(within=20)

    assert time.monotonic() - since < 15
