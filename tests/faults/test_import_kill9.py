"""kill -9 in an import: each good row once, each bad row named (reliability 14)."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from metodika.services import source
from metodika.targets import set_targets
from metodika.world import opened
from services.registry.domain import AddRegion
from shared.kernel.ids import RegionCode, named
from shared.runtime.asking import Asked
from shared.runtime.settings import load
from shared.runtime.store import open_store
from tests.bench.roster import package

PEOPLE = 1200
BAD = "u-bad,Имя,Вымыслова,,11223344500,1990-01-01,higher,2015-06-30,true\n"
BAD_JOB = "r-bad,u-bad,primary,teacher,2021-09-01,o-0,PED,true,true,MATH\n"


def prepared(folder: Path) -> Path:
    """A world with one region in it, and a package in which one person is faulty."""
    with opened(load(world=folder)) as world:
        set_targets(world)
        region = AddRegion(
            region=RegionCode("25"),
            name="Приморский край",
            iso="RU-PRI",
            utc_offset_minutes=600,
            added_on=world.engines["registry"].clock().date().replace(year=2020),
        )
        asked = Asked(command=region, command_id=named("test", "25"), actor="test")
        world.engines["registry"].ask(asked)
    return folder


def written(folder: Path) -> Path:
    files = package(PEOPLE, "25")
    files["users.csv"] += BAD.encode()
    files["roles.csv"] += BAD_JOB.encode()
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def importing(world: Path, roster: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "metodika", "import", str(roster), "--system", "kadry"]
    said = ["--on", "2024-09-01", "--region", "25", "--world", str(world), "--json"]
    return subprocess.Popen([*command, *said], stdout=subprocess.PIPE, env=dict(os.environ))


def recorded(world: Path) -> int:
    with sqlite3.connect(world / "registry.sqlite") as db:
        return db.execute("SELECT count(*) FROM records").fetchone()[0]


def content(world: Path) -> Counter[str]:
    """What stands in the registry's log, name by name; sealed bytes differ each time."""
    store = open_store(f"sqlite://{world / 'registry.sqlite'}", source("registry"))
    found = Counter(each.name for each in store.walk())
    store.close()
    return found


def taken(world: Path, roster: Path) -> dict[str, Any]:
    process = importing(world, roster)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 1, "there is a bad row"
    return json.loads(said)


def test_a_killed_import_goes_on_and_says_nothing_twice(tmp_path: Path) -> None:
    roster = written(tmp_path / "roster")
    killed, whole = prepared(tmp_path / "killed"), prepared(tmp_path / "whole")
    start = recorded(killed)

    process = importing(killed, roster)
    while recorded(killed) < start + 800:
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    half = recorded(killed)
    rest = taken(killed, roster)
    once = taken(whole, roster)

    assert start < half < recorded(whole)
    assert content(killed) == content(whole)
    assert rest["facts"] == recorded(whole) - half
    assert [(f["file"], f["line"]) for f in once["faults"]] == [
        ("users.csv", PEOPLE + 2),
        ("roles.csv", PEOPLE + 2),
    ]
    assert rest["faults"] == once["faults"]
    assert all(fault["clause"] and fault["reason"] for fault in once["faults"])
    again = taken(killed, roster)
    assert again["facts"] == 0
