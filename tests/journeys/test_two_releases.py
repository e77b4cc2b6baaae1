"""Two releases of a service run side by side, as a roll-out has them: one folds (ADR 0030)."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from shared.runtime.engine import utc_now
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys import chapters as ch
from tests.journeys.cluster import Cluster
from tests.journeys.running import ROOT, Server, started_of, within

PACKAGES = ("metodika", "services", "shared")


@dataclass
class Releases:
    """A registry of a cluster, and two releases of it that fold otherwise, if only by name."""

    cluster: Cluster
    code: dict[str, Path]

    def started(self, release: str) -> Server:
        folder, settings = self.cluster.folder / release, self.cluster.settings("registry")
        made = started_of(self.code[release], folder, "--service", "registry", **settings)
        made.token = self.cluster.issuer.issue("federal-1", now=utc_now())
        return made

    def migrated(self, release: str) -> None:
        told = self.cluster.settings("registry") | {"service": "registry"}
        subprocess.run(
            [sys.executable, "-m", "metodika", "migrate"],
            env={f"METODIKA_{k.upper()}": v for k, v in told.items()}
            | {"PYTHONPATH": str(self.code[release])},
            cwd=self.cluster.folder,
            check=True,
            timeout=60,
        )

    def generations(self) -> set[str]:
        """Return by which code the live documents are folded."""
        with MongoClient[dict[str, Any]](self.cluster.mongo.url) as client:
            homes = client[f"{self.cluster.prefix}_registry"]["homes"].find()
            return {each["generation"][:8] for each in homes}


@pytest.fixture
def releases(
    kafka: Kafka, postgres: Postgres, mongo: Mongo, tmp_path: Path
) -> Iterator[Releases]:
    older = tmp_path / "older"
    for each in PACKAGES:
        shutil.copytree(ROOT / each, older / each)
    with (older / "services/registry/projections.py").open("a") as code:
        code.write("# as it was\n")
    with closing(Cluster(tmp_path, kafka, postgres, mongo)) as cluster:
        yield Releases(cluster, {"old": older, "new": ROOT})


def test_the_newer_release_folds_and_the_older_leaves_it_alone(releases: Releases) -> None:
    """Whichever of them is started, killed or spoken to; and back again when told to."""
    with closing(releases.started("old")) as old:
        within(40, lambda: well(old), "the older one is ready")
        before = releases.generations()
        with closing(releases.started("new")) as new:
            within(40, lambda: well(new), "the newer one is ready")
            folded = releases.generations()
            assert not folded & before
            stays(releases, folded)
            within(20, lambda: "metodika migrate" in documents(old), "it says so")
            assert old.get("/health/ready").status_code == 200
            is_read_at_once(old, *ch.map_of_two_regions())
            stays(releases, folded)
            new.process.kill9()
        with closing(releases.started("new")) as new:
            within(40, lambda: well(new), "the newer one is ready again")
        stays(releases, folded)
        releases.migrated("old")
        within(40, lambda: releases.generations() == before, "it went back")
        within(20, lambda: well(old), "the older one folds again")
        is_read_at_once(old, ch.organisation(ch.INSTITUTE, "institute", ch.PRIMORYE))


def well(server: Server) -> bool:
    return server.get("/health/ready").json() == {"status": "ok", "parts": {}}


def documents(server: Server) -> str:
    return server.get("/health/ready").json()["parts"].get("documents", "")


def stays(releases: Releases, folded: set[str], seconds: float = 3) -> None:
    """Look for some seconds whether the documents are folded by another."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert releases.generations() == folded
        time.sleep(0.1)


def is_read_at_once(server: Server, *commands: Any) -> None:
    """Say something to one release, and read it there, whoever folds it."""
    answers = [server.ask("", each) for each in commands]
    assert {each.status_code for each in answers} == {200}
    last = answers[-1].json()["position"]
    within(20, lambda: server.get("/regions", min_position=last).is_success, "it is read")
