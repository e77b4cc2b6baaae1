"""Who is ready, who is not and why; and who owns a folder."""

import asyncio
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from httpx import ASGITransport, AsyncClient, Response

from metodika.services import NAMES
from metodika.up import mounted, part
from metodika.world import World, opened
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from shared.runtime.kafka import Broker
from shared.runtime.store import open_store
from tests.journeys import chapters as ch
from tests.journeys.http import let_in
from tests.journeys.running import started
from tests.journeys.telling import settings_of

NEXT_YEAR = f"{utc_now().year + 1}-01-01T00:00:00Z"
NOWHERE = Broker(bootstrap="localhost:1")


def asked(
    world: World,
    name: str,
    broker: Broker | None,
    path: str = "/health/ready",
    token: str = "",
) -> Response:
    """Ask a service that was put together, and does not run, whether it is ready."""
    known = {"Authorization": f"Bearer {token}"} if token else {}

    async def ask() -> Response:
        door = ASGITransport(part(world, name, broker).app)
        async with AsyncClient(transport=door, base_url="http://test") as client:
            return await client.get(path, headers=known)

    return asyncio.run(ask())


def test_a_service_that_has_read_nothing_yet_is_not_ready(tmp_path: Path) -> None:
    """Issue 3 §3: «ready = last successful poll and assignment»."""
    with opened(settings_of(tmp_path)) as world:
        told = {name: asked(world, name, None) for name in ("mentoring", "monitoring")}

    assert {each.status_code for each in told.values()} == {503}
    assert "ears" in told["mentoring"].text
    assert "ledger" in told["monitoring"].text


def test_what_is_known_now_is_not_told_before_every_log_was_read(tmp_path: Path) -> None:
    """A ledger that is new, or of another release, knows but a part: it would be too small."""
    with opened(settings_of(tmp_path)) as world:
        let_in(world.engines["registry"])
        world.settle()
        token = LocalIssuer(tmp_path).issue("federal-1", now=utc_now())
        now = [
            asked(world, "monitoring", None, path, token)
            for path in ("/kpi", "/kpi/K-F1", "/kpi/K-F1/levels", "/kpi/K-F1/members?side=num")
        ]
        then = asked(world, "monitoring", None, f"/kpi/K-F1?as_known={NEXT_YEAR}", token)

    assert {each.status_code for each in now} == {503}
    assert {each.headers["retry-after"] for each in now} == {"5"}
    assert {each.json()["type"] for each in now} == {"urn:metodika:problem:not-whole"}
    assert (then.status_code, len(then.json()["lagging"])) == (200, len(NAMES))


def test_where_another_process_hears_only_the_ledger_is_waited_for(tmp_path: Path) -> None:
    """Of several processes of a service the one whose relay leads hears for all."""
    with opened(settings_of(tmp_path)) as world:
        mentoring = asked(world, "mentoring", NOWHERE)
        monitoring = asked(world, "monitoring", NOWHERE)

    assert mentoring.status_code == 200
    assert monitoring.status_code == 503
    assert "ledger" in monitoring.text


def test_a_folder_at_work_is_not_opened_twice(tmp_path: Path) -> None:
    """Contracts §5: one process owns the ledger; another one is told whom to ask."""
    folder = tmp_path / "world"
    with closing(started(folder)):
        asked = [sys.executable, "-m", "metodika", "kpi", "list", "--world", str(folder)]
        told = subprocess.run(asked, capture_output=True, text=True, check=False)

    assert told.returncode == 2
    assert "another process is at work here; ask it over HTTP, or stop it" in told.stderr
    assert len(told.stderr.splitlines()) == 1


def test_who_is_told_to_stop_leaves_the_log_under_a_root(tmp_path: Path) -> None:
    """SIGTERM, as docker and Kubernetes say it: everything is closed before the end."""
    folder = tmp_path / "world"
    with opened(settings_of(folder)) as world:
        let_in(world.engines["registry"])
    server = started(folder)
    server.token = LocalIssuer(folder).issue("federal-1", now=utc_now())
    assert server.ask("/registry", ch.map_of_two_regions()[0]).status_code == 200
    server.process.stop(within=20)

    with closing(open_store(f"sqlite://{folder}/registry.sqlite", "registry@0")) as log:
        assert log.checkpoints()[-1].size == log.head().position


def test_a_path_of_no_service_is_a_problem_too(tmp_path: Path) -> None:
    """Contracts §7: every unhappy end has the one form, also outside the five services."""

    async def ask(world: World) -> Response:
        door = ASGITransport(mounted([part(world, "registry", None)]))
        async with AsyncClient(transport=door, base_url="http://test") as client:
            return await client.get("/nowhere")

    with opened(settings_of(tmp_path)) as world:
        told = asyncio.run(ask(world))

    assert told.status_code == 404
    assert told.headers["content-type"] == "application/problem+json"


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    """Issue 3 §3: wrong settings stop the start with one readable message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        asked = [sys.executable, "-m", "metodika", "up", "--port", port, "--world"]
        told = subprocess.run(
            [*asked, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
        )

    assert told.returncode == 2
    assert f"METODIKA_HTTP_PORT: 127.0.0.1:{port}: Address already in use" in told.stderr
    assert "Traceback" not in told.stderr
