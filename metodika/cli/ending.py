"""Ctrl-C ends a command: in order where that is quick, else at once."""

import os
import signal
import socket
import sys
from threading import Thread
from time import sleep

GRACE = 5.0
"""Seconds in which a command that was interrupted may end by itself."""

EXIT_INTERRUPTED = 128 + signal.SIGINT


def end_when_interrupted(grace: float = GRACE) -> None:
    """See to it that this process ends soon after Ctrl-C, whatever it waits for.

    A thread that waits for a server hears no signal, and to end in order is to wait for
    each thread. What was being written is there or is not, as after kill -9. A process
    that sets handlers of its own, as `up` does, ends by itself.
    """
    heard, told = socket.socketpair()
    told.settimeout(0)
    Thread(target=_watch, args=(heard, told, grace), daemon=True).start()
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)


def _watch(heard: socket.socket, _told: socket.socket, grace: float) -> None:
    while heard.recv(1) != bytes([signal.SIGINT]):
        pass
    sleep(grace)
    sys.stderr.write("metodika: interrupted; something did not answer\n")
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)
