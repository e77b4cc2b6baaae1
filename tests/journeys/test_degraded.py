"""Reliability 21: of a log that was put back nobody hears, and everything else goes on."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metodika.world import opened
from services.monitoring.domain import FOUNDING_TARGETS
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.journeys.http import let_in
from tests.journeys.running import Server, started, within
from tests.journeys.telling import settings_of
from tests.journeys.test_restored import LOST, said

HEARERS = ("diagnostics", "routes", "mentoring", "monitoring")
NEW = replace(FOUNDING_TARGETS[0], act="другой акт", target_hundredths=1)


@pytest.fixture
def folder(told_folder: Path, tmp_path: Path) -> Path:
    """Give a world whose registry was put back; `whole` beside it has the lost file."""
    folder = Path(shutil.copytree(told_folder, tmp_path / "world"))
    with opened(settings_of(folder)) as world:
        let_in(world.engines["registry"])
        world.settle()
    shutil.copytree(folder, tmp_path / "copy")
    said(folder, LOST)
    with opened(settings_of(folder)) as world:
        world.settle()
    shutil.copytree(folder, tmp_path / "whole")
    replaced(folder, tmp_path / "copy")
    return folder


def replaced(folder: Path, by: Path) -> None:
    for each in folder.glob("registry.sqlite*"):
        each.unlink()
    for each in by.glob("registry.sqlite*"):
        shutil.copy(each, folder / each.name)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """Give five services at work."""
    with closing(started(folder)) as made:
        made.token = LocalIssuer(folder).issue("federal-1", now=utc_now())
        yield made


def ready(server: Server, name: str) -> tuple[int, str, dict[str, Any]]:
    answer = server.get(f"/{name}/health/ready")
    return answer.status_code, answer.json()["status"], answer.json()["parts"]


def test_who_has_stopped_at_one_log_is_ready_and_says_so(server: Server) -> None:
    """A roll-out takes down nobody because a neighbour's log was put back."""
    for name in HEARERS:
        # it is called before the loop goes on
        within(20, lambda: ready(server, name)[1] == "degraded", name)  # noqa: B023
        code, _, parts = ready(server, name)
        assert code == 200
        for part in {"ears", "ledger"} if name == "monitoring" else {"ears"}:
            assert "not as it was heard: registry@0" in parts[part]
            assert "see metodika epoch" in parts[part]
    within(20, lambda: ready(server, "registry") == (200, "ok", {}), "the registry hears")


def test_what_others_say_is_heard_meanwhile(server: Server) -> None:
    """It stops at that log, and at no other; numbers are told, and what they lack."""
    within(20, lambda: ready(server, "monitoring")[1] == "degraded", "it has stopped")
    before = number(server)
    assert server.ask("/monitoring", NEW).status_code == 200
    within(20, lambda: grown(before, number(server)), "the ledger hears the others")

    moment = utc_now().isoformat()
    then = within(20, lambda: said_of(server, moment), "others say that they are complete")
    assert then == ["registry@0"]


def said_of(server: Server, moment: str) -> list[str] | None:
    """Return which logs may say more of a moment, once it is but one."""
    lagging = server.get("/monitoring/kpi/K-F1", as_known=moment).json()["lagging"]
    return lagging if len(lagging) == 1 else None


def number(server: Server) -> Any:
    def told() -> Any:
        answer = server.get("/monitoring/kpi/K-F1")
        return answer.json() if answer.is_success else None

    return within(20, told, "a number")


def grown(before: Any, now: Any) -> bool:
    return now["vector"]["monitoring@0"] == before["vector"]["monitoring@0"] + 1


def test_when_the_lost_file_is_found_all_go_on(server: Server, folder: Path) -> None:
    """docs/operator.md: «put it back: all go on»."""
    within(20, lambda: ready(server, "mentoring")[1] == "degraded", "it has stopped")
    server.close()
    replaced(folder, folder.parent / "whole")
    with closing(started(folder)) as again:
        for name in HEARERS:
            # it is called before the loop goes on
            within(20, lambda: ready(again, name) == (200, "ok", {}), name)  # noqa: B023
