"""A log of a cluster is put back from an older copy: five processes, real Kafka, PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metodika.cli.say import EXIT_NO
from metodika.replaying import Replayed, replay_known
from metodika.services import NAMES, source
from metodika.world import World
from services.monitoring import ledger as language
from services.monitoring.domain import FOUNDING_TARGETS
from shared.kernel.ids import PersonId
from shared.runtime.columns import Ledger
from shared.runtime.engine import utc_now
from shared.runtime.store import open_store
from tests.infra.servers import Kafka, Mongo, Postgres
from tests.journeys import chapters as ch
from tests.journeys.cluster import MASTER, Cluster
from tests.journeys.real import Real
from tests.journeys.running import ROOT, within

YOUNG, OTHER, THIRD = (PersonId(ch.uid(name)) for name in ("yana", "olga", "zoya"))
SNILS = {YOUNG: "205-555-555 57", OTHER: "206-666-666 85", THIRD: "207-777-777 12"}
HEARERS = ("diagnostics", "routes", "mentoring", "monitoring")
WHY = ("--reason", "диск отказал, копия от 20.05.2022", "--by", "petrova")

DIES = """
import os, signal, sys
from shared.runtime.columns import Ledger
from shared.runtime.store_postgres import PostgresStore

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(list):
    def __iter__(self):
        yield from list(self[:3])
        die()

def half(self, *marks, known=(), instead_of=()):
    kept(self, *marks, known=Dying(known), instead_of=instead_of)

kept = PostgresStore.adopt
if sys.argv.pop(1) == "ledger":
    Ledger.rebuild = die
else:
    PostgresStore.adopt = half
from metodika.cli import main
main()
"""
"""`metodika` that kills itself half-way: in its transaction, or before the ledger's turn."""


class Restored(Cluster):
    """A cluster, and what its operator types."""

    def environment(self, name: str) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("METODIKA_")}
        told = {f"METODIKA_{k.upper()}": v for k, v in self.settings(name).items()}
        here = {
            "METODIKA_SERVICE": name,
            "METODIKA_WORLD": str(self.folder / f"{name} by hand"),
        }
        if name == "monitoring":
            here["METODIKA_LEDGER_DIR"] = str(self.folder / name / "ledger")
        return clean | told | here | {"PYTHONPATH": str(ROOT)}

    def types(
        self, name: str, *words: str, dies: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        """Type a command for a service; or one that is killed half-way."""
        how = ["-c", DIES, dies] if dies else ["-m", "metodika"]
        return subprocess.run(
            [sys.executable, *how, *words],
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def reads(self, name: str, *words: str) -> Any:
        done = self.types(name, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def lacks(self, name: str) -> str:
        """Return what a service says that it is not ready for."""
        return str(self.servers[name].get("/health/ready").json()["parts"])

    def stop(self, name: str) -> None:
        self.servers[name].process.stop(within=20)

    def copy(self, name: str) -> str:
        """Copy the database of a service that does not run."""
        self.stores[name].close()
        made = self.postgres.copy(self.urls[name])
        self.put_back(name, self.urls[name])
        return made

    def put_back(self, name: str, url: str) -> None:
        self.stores[name].close()
        self.urls[name] = url
        self.stores[name] = open_store(url, source(name))

    def hired(self, *people: PersonId) -> None:
        for who in people:
            registered = ch.registered(who, SNILS[who], "09.07.1999")
            self.tell("registry", registered, ch.employed(who, ch.SCHOOL, "01.09.2022"))

    def pairs(self) -> list[str]:
        """Return for whom mentoring proposed a mentor."""
        said = [e for e in self.stores["mentoring"].walk() if "PairProposed" in e.name]
        return [json.loads(each.data)["mentee_id"] for each in said]


@pytest.fixture
def cluster(
    kafka: Kafka, postgres: Postgres, mongo: Mongo, tmp_path: Path
) -> Iterator[Restored]:
    """Give a cluster whose registry was put back; somebody was hired after the copy."""
    made = Restored(tmp_path, kafka, postgres, mongo)
    try:
        made.start()
        within(40, lambda: made.kpi("K-F1").get("kpi"), "monitoring knows who asks")
        ch.places(made)
        ch.people(made)
        made.settle()
        made.stop("registry")
        older = made.copy("registry")
        made.begin("registry")
        made.hired(YOUNG)
        made.settle()
        within(20, lambda: str(YOUNG) in made.pairs(), "a mentor is proposed")
        made.stop("registry")
        made.put_back("registry", older)
        yield made
    finally:
        made.close()


def test_a_log_of_a_cluster_is_put_back_and_everything_goes_on(
    cluster: Restored, tmp_path: Path
) -> None:
    """Reliability 21: named, begun anew, adopted; everybody equal to a world made anew."""
    marks, lost_from = told_of_registry(cluster), cluster.stores["registry"].head().position
    cluster.begin("registry")
    within(20, lambda: "not what was published" in cluster.lacks("registry"), "it is noticed")
    named = cluster.types("registry", "status")
    assert named.returncode == EXIT_NO, named.stderr
    cluster.stop("registry")
    gone = cluster.reads("registry", "epoch", "lost")["lost"]
    early = cluster.types("mentoring", "status")
    new = cluster.reads("registry", "epoch", "new", "registry", *WHY)
    cluster.begin("registry")
    cluster.hired(OTHER, THIRD)

    assert "not as it was published" in named.stderr
    assert {str(YOUNG)} <= {each["said"].get("person_id") for each in gone}
    assert early.returncode == 0, early.stderr
    assert new["after"] == lost_from
    all_have_stopped(cluster)
    all_others_are_heard(cluster)
    assert told_of_registry(cluster) == marks
    assert not {str(OTHER), str(THIRD)} & {*cluster.pairs()}
    assert cluster.reads("registry", "epoch", "lost")["lost"] == gone

    for name in HEARERS:
        adopted(cluster, name, lost_from)
    within(60, lambda: {str(OTHER), str(THIRD)} <= {*cluster.pairs()}, "mentors are proposed")
    for name in NAMES:
        # it is called before the loop goes on
        within(40, lambda: cluster.lacks(name) == "{}", f"{name} is ready")  # noqa: B023
    cluster.settle()
    for name in NAMES:
        cluster.stop(name)

    assert differing(cluster, tmp_path) == []
    assert known_to_the_ledger(tmp_path / "monitoring" / "ledger") == anew(cluster, tmp_path)


def all_have_stopped(cluster: Restored) -> None:
    """Wait until every hearer says of which log it has stopped hearing."""
    for name in HEARERS:
        # it is called before the loop goes on
        within(40, lambda: "not as it was heard: registry@0" in cluster.lacks(name), name)  # noqa: B023
    within(40, lambda: "ledger" in cluster.lacks("monitoring"), "the ledger")


def all_others_are_heard(cluster: Restored) -> None:
    """At that log they stop, and at no other; they are sent requests meanwhile."""
    before = cluster.kpi("K-F1")["vector"].get("monitoring@0", 0)
    cluster.tell("monitoring", replace(FOUNDING_TARGETS[0], target_hundredths=1))
    for name in ("diagnostics", "routes", "mentoring"):
        # it is called before the loop goes on
        within(20, lambda: "monitoring@0" in cluster.stores[name].marks(), name)  # noqa: B023
    numbers = cluster.kpi
    within(20, lambda: numbers("K-F1")["vector"].get("monitoring@0", 0) > before, "the ledger")
    for name in HEARERS:
        answer = cluster.servers[name].get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded"), name


def adopted(cluster: Restored, name: str, common: int) -> None:
    """Adopt for one service; it does so when it stands still, and killed it begins again."""
    if name == "mentoring":
        at_work = cluster.types(name, "epoch", "adopt", *WHY)
        assert (at_work.returncode, "is at work" in at_work.stderr) == (EXIT_NO, True)
    cluster.stop(name)
    if name == "mentoring":
        looked_at(cluster, name)
    before = told_of_registry(cluster)[name]
    if name in {"mentoring", "monitoring"}:
        killed = cluster.types(name, "epoch", "adopt", *WHY, dies="service")
        assert killed.returncode == -9, killed.stderr
        assert told_of_registry(cluster)[name] == before
    if name == "monitoring":
        killed = cluster.types(name, "epoch", "adopt", *WHY, dies="ledger")
        assert killed.returncode == -9, killed.stderr
    done = cluster.reads(name, "epoch", "adopt", *WHY)
    assert {each["common"] for each in done} == {common}
    cluster.begin(name)


def looked_at(cluster: Restored, name: str) -> None:
    """Look at what the operator is told before anything is done."""
    told = cluster.types(name, "status")
    because = cluster.reads(name, "epoch", "lost")["because"]
    would = cluster.reads(name, "epoch", "adopt", *WHY, "--dry-run")

    assert (told.returncode, f"is not as {name} heard it" in told.stderr) == (EXIT_NO, True)
    assert [each["name"] for each in because] == ["mentoring.MentorshipPairProposed"]
    assert [(each["hearer"], each["because"]) for each in would] == [(name, 1)]


def told_of_registry(cluster: Restored) -> dict[str, Any]:
    return {name: cluster.stores[name].marks()["registry@0"] for name in HEARERS}


def differing(cluster: Restored, folder: Path) -> list[str]:
    """Name what services keep otherwise than they would learn it of the logs anew."""
    given: dict[str, Any] = {
        "world": folder / "anew",
        "databases": cluster.urls | {"keys": cluster.keys},
        "master_key": MASTER,
    }
    result = Replayed()
    (folder / "anew").mkdir()
    with closing(World(Real(**given), utc_now)) as world:
        assert all(world.stores[name].marks() for name in NAMES)
        replay_known(world, result)
    return result.differs


def every(_log: str, _epoch: object, _after: int) -> bool:
    return True


def known_to_the_ledger(folder: Path) -> str:
    with closing(Ledger(folder, language)) as ledger:
        return ledger.digest()


def anew(cluster: Restored, folder: Path) -> str:
    """Return what a ledger knows that is made of the logs alone."""
    with closing(Ledger(folder / "another", language, announced=every)) as ledger:
        for store in cluster.stores.values():
            ledger.ingest(list(store.walk()))
        return ledger.digest()
