"""Real processes: `metodika up`, started, killed and started again."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.infra.process import Process, free_port
from tests.journeys.http import headers, spoken

ROOT = Path(__file__).parents[2]


def started(folder: Path, *said: str, **settings: str) -> "Server":
    """Start `metodika up` with these options and settings; return when it is ready."""
    return started_of(ROOT, folder, *said, **settings)


def started_of(code: Path, folder: Path, /, *said: str, **settings: str) -> "Server":
    """Start that of another release, whose code lies elsewhere."""
    port = free_port()
    clean = {k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    process = Process(
        [sys.executable, "-m", "metodika", "up", "--port", str(port), *said],
        log=folder.parent / f"{folder.name}.log",
        ready=lambda: alive(url, said),
        environment=clean
        | {"PYTHONPATH": str(code), "METODIKA_WORLD": str(folder)}
        | {f"METODIKA_{name.upper()}": value for name, value in settings.items()},
    )
    process.start()
    return Server(url=url, process=process, log=folder.parent / f"{folder.name}.log")


def alive(url: str, said: tuple[str, ...]) -> bool:
    """Say whether it answers; the embedded world by its registry."""
    where = url if "--service" in said else f"{url}/registry"
    try:
        return httpx.get(f"{where}/health/live", timeout=2).is_success
    except httpx.HTTPError:
        return False


@dataclass
class Server:
    """One process, and how it is spoken to."""

    url: str
    process: Process
    log: Path
    token: str = ""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def ask(self, path: str, command: Any) -> httpx.Response:
        """Ask for a command at the service that stands at a path."""
        where, body = spoken(command)
        return self.client.post(
            f"{self.url}{path}{where}", json=body, headers=headers(self.token)
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        """Ask a question."""
        return self.client.get(f"{self.url}{path}", params=query, headers=self.bearer)

    def post(self, path: str, content: bytes, **query: Any) -> httpx.Response:
        """Send a file."""
        return self.client.post(
            f"{self.url}{path}",
            params=query,
            content=content,
            headers=self.bearer | {"Content-Type": "application/zip"},
        )

    @property
    def bearer(self) -> dict[str, str]:
        """Return who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.process.stop(within=5)


def within(seconds: float, true: Callable[[], Any], what: str) -> Any:
    """Return what a question answers once the answer is something."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return found
