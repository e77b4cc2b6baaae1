"""Ctrl-C ends what a person typed within seconds, also while PostgreSQL does not answer."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Timer

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from metodika.cli.ending import WATCH, ended_when_interrupted
from shared.runtime.log import Unit
from shared.runtime.reach_postgres import patient
from shared.runtime.store import migrate, open_store
from shared.runtime.store_postgres_tables import APPENDING
from tests.infra.servers import Kafka
from tests.journeys.running import ROOT, within
from tests.runtime.units import NOON, answered, fact, learned, streams

ME, YOU, NEW = streams(3)
MENTORING = "mentoring@0"
TRUSTED = '[{"issuer": "i", "audience": "a", "jwks": "/etc/hostname"}]'
MASTER = base64.b64encode(bytes(32)).decode()

FROM_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs us may ignore it
from metodika.cli import main
main()
"""


@pytest.fixture
def silent() -> Iterator[tuple[str, socket.socket]]:
    """Give the URL of a server that lets everybody in and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        server.settimeout(60)
        yield f"postgresql://me@127.0.0.1:{server.getsockname()[1]}/log", server


def typed(folder: Path, *said: str, **settings: str) -> "subprocess.Popen[bytes]":
    """Start a command of a cluster, as from a terminal."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
    said_of = {"oidc_issuers": TRUSTED, "world": str(folder)} | settings
    return subprocess.Popen(
        [sys.executable, "-c", FROM_A_TERMINAL, *said],
        env=clean
        | {"PYTHONPATH": str(ROOT)}
        | {f"METODIKA_{name.upper()}": value for name, value in said_of.items()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def interrupted(process: "subprocess.Popen[bytes]") -> tuple[float, str]:
    """Press Ctrl-C; return after how many seconds it ended, and what it said."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    return time.monotonic() - began, said.decode()


@pytest.mark.parametrize(
    ("command", "service"),
    [("status", "mentoring"), ("verify", "mentoring"), ("status", "registry"), ("migrate", "")],
)
def test_a_command_that_waits_to_be_let_in_ends(
    silent: tuple[str, socket.socket], tmp_path: Path, command: str, service: str
) -> None:
    """The pool's threads, which wait for the journal or for the keys, are not waited for."""
    url, server = silent
    keys = {"keys_url": url.replace("/log", "/keys"), "master_key": MASTER}
    process = typed(
        tmp_path,
        command,
        store_url=url,
        service=service or "routes",
        **(keys if service != "mentoring" else {}),
    )
    with server.accept()[0]:  # so it waits
        time.sleep(0.5)
        took, said = interrupted(process)

    assert took < 4
    assert said.split() == ["Aborted!"]


@pytest.fixture
def postgres_log(postgres_url: str) -> str:
    """Give the URL of an empty log."""
    migrate(postgres_url, MENTORING)
    return postgres_url


@pytest.mark.usefixtures("hearing")
@pytest.mark.parametrize("also", [False, True], ids=["one fact", "a unit"])
def test_an_append_that_waits_is_interrupted(postgres_log: str, *, also: bool) -> None:
    """A fact and its answer go past psycopg, not past Ctrl-C."""
    first = Unit(now=NOON, facts=[fact(ME)], answers=[answered(ME, 1)])
    unit = Unit(now=NOON, facts=[fact(NEW)], answers=[answered(NEW, 1)])
    unit.known += [learned(YOU)] if also else []
    with (
        closing(open_store(postgres_log, MENTORING, connections=1)) as store,
        psycopg.connect(postgres_log, autocommit=True) as other,
    ):
        store.append(first)
        other.execute("SELECT pg_advisory_lock(%s)", [APPENDING])
        timers = [Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]), Timer(8, other.close)]
        for each in timers:
            each.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            store.append(unit)
        took = time.monotonic() - began
        timers[1].cancel()
        other.close()

        assert took < 4
        assert store.append(unit).position == 2, "the connection is whole"


def test_a_relay_whose_thread_waits_ends(
    postgres_log: str, kafka: Kafka, tmp_path: Path
) -> None:
    """asyncio waits for its threads, and they hear nothing: then it ends at once."""
    waiting = "SELECT FROM pg_locks WHERE NOT granted"
    with (
        psycopg.connect(postgres_log) as other,
        psycopg.connect(postgres_log, autocommit=True) as looking,
    ):
        other.execute("LOCK TABLE readers IN ACCESS EXCLUSIVE MODE")
        process = typed(
            tmp_path,
            "relay",
            store_url=postgres_log,
            service="mentoring",
            kafka_bootstrap=kafka.bootstrap,
            prefix="interrupted",
        )
        within(40, lambda: looking.execute(waiting).fetchone() is not None, "it waits")
        took, said = interrupted(process)

    assert process.returncode == 130
    assert took < 8
    assert said.strip() == "metodika: interrupted; something did not answer"


def test_a_command_that_nobody_interrupted_leaves_no_watch_behind() -> None:
    """Who called it and hears Ctrl-C later is not ended for it: a console, these tests."""

    def watched() -> bool:
        return WATCH in {each.name for each in threading.enumerate()}

    with ended_when_interrupted():
        assert watched()
    within(5, lambda: not watched(), "the watch is over")

    assert signal.set_wakeup_fd(-1) == -1


def test_who_is_asked_to_let_us_in_is_waited_for_as_long_as_the_url_says() -> None:
    """A migration at a database that does not answer ends by itself, too."""
    said = conninfo_to_dict(patient("postgresql://me@db/log?sslmode=require"))
    own = "postgresql://me@db/log?connect_timeout=60"

    assert (said["connect_timeout"], said["sslmode"], said["host"]) == ("10", "require", "db")
    assert patient(own) == own
