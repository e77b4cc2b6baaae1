"""Ctrl-C ends a command: in order where that is quick, else at once."""

import os
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from time import sleep

GRACE = 5.0
"""Seconds in which a command that was interrupted may end by itself."""

WATCH = "watch for Ctrl-C"

EXIT_INTERRUPTED = 128 + signal.SIGINT


@contextmanager
def ended_when_interrupted(grace: float = GRACE) -> Generator[None]:
    """See to it that this process ends soon after Ctrl-C, whatever the command waits for.

    A thread that waits for a server hears no signal, and to end in order is to wait for
    each thread, also after the command. What was being written is there or is not, as
    after kill -9. A process that sets handlers of its own, as `up` does, ends by itself.
    A command that nobody interrupted leaves nothing behind.
    """
    heard, told = socket.socketpair()
    told.settimeout(0)
    Thread(target=_watch, args=(heard, grace), name=WATCH, daemon=True).start()
    before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        told.close()


def _watch(heard: socket.socket, grace: float) -> None:
    with heard:
        while (said := heard.recv(1)) != bytes([signal.SIGINT]):
            if not said:
                return
    sleep(grace)
    sys.stderr.write("metodika: interrupted; something did not answer\n")
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)
