"""One server process: started, watched, stopped or killed; it never outlives us."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

GUARD = '"$@" </dev/null >&2 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait'
"""Prints the server's pid and kills the server when our end of the pipe is gone."""

STARTS_WITHIN = 60.0


def free_port() -> int:
    """Return a port below the range that the system gives to outgoing connections.

    From that range a client that knocks at a stopped server may connect to itself.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port on 127.0.0.1 between 20000 and 32000")


class Process:
    """A server that listens on a port of this machine.

    `ready` says whether it serves; `user` runs it where we are root; what it prints
    goes to the file `log`. It survives no end of ours, not even kill -9.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        ready: Callable[[], bool],
        stop_signal: signal.Signals = signal.SIGTERM,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._log = log
        self._ready = ready
        self._stop_signal = stop_signal
        self._user = user
        self._environment = dict(environment or os.environ)
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def start(self) -> None:
        """Start it and return when it serves; RuntimeError with its last words if not.

        Started twice is started once.
        """
        if self._guard is not None:
            return
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                ["sh", "-c", GUARD, "guard", *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                user=self._user,
                env=self._environment,
                cwd=self._log.parent,
                start_new_session=True,  # Ctrl-C is for the tests, they stop us after
            )
        assert self._guard.stdout is not None
        self._pid = int(self._guard.stdout.readline())
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._ready():
            if not self.alive() or time.monotonic() > deadline:
                self.kill9()
                last = "\n".join(self._log.read_text(errors="replace").split("\n")[-15:])
                raise RuntimeError(f"{self._command[0]} did not start:\n{last}")
            time.sleep(0.05)

    def alive(self) -> bool:
        """Say whether the server runs."""
        try:
            return psutil.Process(self._pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def stop(self, within: float = 30.0) -> None:
        """Ask it to end and wait; after `within` seconds it is killed."""
        self._signal(self._stop_signal)
        deadline = time.monotonic() + within
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._bury()

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        self._bury()

    def _signal(self, what: signal.Signals) -> None:
        if self._guard is not None and self.alive():
            os.kill(self._pid, what)

    def _bury(self) -> None:
        if self._guard is not None:
            self._guard.communicate()
            self._guard = None


def listens(port: int) -> Callable[[], bool]:
    """Return a question: does anybody answer at this port."""

    def knock() -> bool:
        with socket.socket() as door:
            door.settimeout(1)
            return door.connect_ex(("127.0.0.1", port)) == 0

    return knock
