"""The image, built and run: `make image-proof` starts docker-compose.yml as it stands.

Not part of every run: it builds, and starts eight containers on the ports 8001 … 8005.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from metodika.services import NAMES
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.infra import containers
from tests.infra.fixtures import PARTS
from tests.journeys.http import headers
from tests.journeys.running import within

ROOT = Path(__file__).parents[2]
PROJECT = "metodika-proof"
PORTS: dict[str, int] = dict(zip(NAMES, range(8001, 8006), strict=True))
REGION = {"name": "Приморский край", "utc_offset_minutes": 600, "added_on": "2024-01-01"}

pytestmark = pytest.mark.timeout(1500)


def docker(*said: str) -> str:
    """Run docker at the root of the tree and return what it prints."""
    done = subprocess.run(
        ["docker", *said], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (said, done.stdout[-2000:], done.stderr[-4000:])
    return done.stdout


def compose(*said: str) -> str:
    return docker("compose", "--project-name", PROJECT, *said)


def inspected(name: str) -> dict[str, Any]:
    [found] = json.loads(docker("inspect", compose("ps", "-a", "-q", name).strip()))
    return found


def inside(name: str, script: str) -> str:
    return compose("exec", "-T", name, "sh", "-c", script)


def start() -> None:
    compose("up", "--build", "--detach")
    well()


def well() -> None:
    for name in (*NAMES, "kafka", "mongo", "postgres"):
        within(240, lambda name=name: health(name) == "healthy", f"{name} is healthy")
    for name in NAMES:
        within(60, lambda name=name: ready(name), f"{name} is ready")


def health(name: str) -> str:
    return inspected(name)["State"]["Health"]["Status"]


def ready(name: str) -> bool:
    try:
        answer = httpx.get(f"http://127.0.0.1:{PORTS[name]}/health/ready", timeout=5)
    except httpx.HTTPError:
        return False
    return answer.is_success


@pytest.fixture(scope="module")
def token() -> Iterator[str]:
    """Give the token of somebody who has the first right in a cluster that runs."""
    if os.environ.get("METODIKA_TEST_IMAGE", "0") in {"", "0"}:
        pytest.skip("it takes minutes and the ports 8001 to 8005: make image-proof")
    if why := containers.engine():
        pytest.fail(f"the image can only be proved where an engine answers: {why}")
    issuer = LocalIssuer(ROOT / "deploy" / "issuer")
    try:
        start()
        let_in("proof")
        yield issuer.issue("proof", now=utc_now(), ttl=timedelta(hours=1))
    finally:
        compose("down", "--volumes")


def let_in(subject: str) -> None:
    """Give somebody the first right, as docs/cluster.md says."""
    said = ("python", "-m", "metodika", "grant", subject, "federal", "--act", "приказ")
    compose("exec", "-T", "registry", *said)


@pytest.mark.usefixtures("token")
def test_all_is_built_migrated_and_healthy(pytestconfig: pytest.Config) -> None:
    pytestconfig.stash[PARTS].passed_over += [
        f"{each['Config']['Image']}: not the image of this name, but {said}"
        for each in map(inspected, ("registry", "kafka", "postgres", "mongo"))
        if (said := each["Config"]["Labels"].get("metodika.standin"))
    ]

    assert inspected("migrate")["State"]["ExitCode"] == 0
    assert {name: health(name) for name in NAMES} == dict.fromkeys(NAMES, "healthy")
    assert {inspected(name)["RestartCount"] for name in NAMES} == {0}


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("name", NAMES)
def test_a_service_may_do_nothing_but_its_work(name: str) -> None:
    status = dict(
        line.split(":\t", 1)
        for line in inside(name, "cat /proc/1/status").splitlines()
        if ":\t" in line
    )
    writable = inside(name, "find / -xdev -writable -not -path '/proc*' 2>/dev/null || :")
    others = inside(name, "env | grep -c -E 'KEYS_URL|MASTER_KEY' || :").strip()

    assert status["Uid"].split() == status["Gid"].split() == ["10001"] * 4
    assert {int(status[f"Cap{each}"], 16) for each in ("Inh", "Prm", "Eff", "Bnd")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    # a folder of its container
    kept = {"/tmp", "/world"} | ({"/ledger"} if name == "monitoring" else set())  # noqa: S108
    assert set(writable.split()) == kept
    assert others == ("2" if name in {"registry", "routes"} else "0")


@pytest.mark.usefixtures("token")
def test_the_image_holds_what_runs_and_no_more() -> None:
    files = inside("registry", "cd /app && find . -type f").split()
    [image] = json.loads(docker("image", "inspect", "metodika:dev"))
    [base] = json.loads(docker("image", "inspect", "python:3.13-slim"))

    assert {each.split("/")[1] for each in files} == {
        "metodika",
        "requirements",
        "services",
        "shared",
    }
    assert not [each for each in files if "testing" in each or each.endswith(".pyc")]
    assert any(each.endswith("k_f1.sql") for each in files)
    assert (image["Size"] - base["Size"]) / 2**20 < 450
    assert image["Config"]["User"] == "10001:10001"
    assert "No broken" in inside("registry", "python -m pip check")


def test_a_command_reaches_documents_and_the_ledger(token: str) -> None:
    url = f"http://127.0.0.1:{PORTS['registry']}"
    added = httpx.post(f"{url}/regions/25/add", json=REGION, headers=headers(token), timeout=30)
    assert added.status_code == 200, added.text

    within(30, lambda: ledger(token) >= added.json()["position"], "the ledger has heard it")
    assert regions(token) == ["25"]


def ledger(token: str) -> int:
    """Return how far monitoring has read the log of the registry."""
    url = f"http://127.0.0.1:{PORTS['monitoring']}/kpi/K-F0?scope=25"
    answer = httpx.get(url, headers=headers(token), timeout=30)
    return answer.json()["vector"].get("registry@0", 0) if answer.is_success else 0


def regions(token: str) -> list[str]:
    url = f"http://127.0.0.1:{PORTS['registry']}/regions"
    found = httpx.get(url, headers=headers(token), timeout=30).json()
    return [each["region"] for each in found["items"]]


def test_what_was_said_outlives_every_container(token: str) -> None:
    """New containers on the same volumes; the ledger's is empty, and read from Kafka again."""
    before = ledger(token)
    compose("down")
    docker("volume", "rm", f"{PROJECT}_ledger")
    start()

    assert before > 0
    within(60, lambda: ledger(token) == before, "the ledger is read anew")
    assert regions(token) == ["25"]


def test_a_copy_brings_all_back(token: str, tmp_path: Path) -> None:
    """«Backup and restore» of docs/cluster.md, as it is typed there; in between all is lost."""
    copies, brings_back = typed_under("Backup and restore")
    before = ledger(token)
    shell(copies, tmp_path)
    compose("down", "--volumes")
    shell(brings_back, tmp_path)
    well()

    assert before > 0
    within(60, lambda: ledger(token) == before, "the ledger is made again")
    assert regions(token) == ["25"]


def typed_under(heading: str) -> list[str]:
    """Return the blocks of shell in a chapter of docs/cluster.md."""
    page = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    chapter = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


def shell(said: str, folder: Path) -> None:
    of_ours = {
        "COMPOSE_PROJECT_NAME": PROJECT,
        "COMPOSE_FILE": str(ROOT / "docker-compose.yml"),
    }
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", said],
        cwd=folder,
        env=os.environ | of_ours,
        check=True,
    )


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("name", NAMES)
def test_whoever_is_told_to_stop_ends_in_order(name: str) -> None:
    """Within the ten seconds that Docker waits before it kills."""
    since = time.monotonic()
    compose("stop", "--timeout", "30", name)
    took = time.monotonic() - since

    assert took < 10
    assert inspected(name)["State"]["ExitCode"] == 128 + 15
