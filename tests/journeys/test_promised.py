"""S0 V: what indicators promise is told to everybody who may ask for the numbers."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from metodika.generate import Clock
from metodika.world import opened
from services.monitoring.domain import FOUNDING_TARGETS
from shared.events.registry import Role
from shared.kernel.ids import Territory
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.journeys import chapters as ch
from tests.journeys.http import grant, let_in
from tests.journeys.running import Server, started, within
from tests.journeys.telling import Telling, settings_of

OF_ALL = next(each for each in FOUNDING_TARGETS if each.level == "federation")
OF_ONE, OF_ANOTHER = (
    replace(OF_ALL, level="region", territory=Territory(each)) for each in ("25", "77")
)
READERS: dict[str, tuple[Role, str]] = {
    "auditor": ("auditor", ""),
    "region-25": ("region", "25"),
    "region-77": ("region", "77"),
    "school-25": ("organisation", f"25/{ch.VLADIVOSTOK}/{ch.SCHOOL}"),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a world at work whose readers have their rights."""
    clock = Clock()
    with opened(settings_of(tmp_path), clock) as world:
        let_in(world.engines["registry"])
        tell = Telling(world, clock)
        ch.places(tell)
        for name, (role, territory) in READERS.items():
            tell.tell("registry", grant(name, role, territory))
        tell.settle()
    with closing(started(tmp_path)) as made:
        yield made


def test_who_reads_numbers_reads_what_was_promised(server: Server, tmp_path: Path) -> None:
    """ADR 0019: a target is no person's; whoever set the last one takes it from nobody."""
    issuer, shown = LocalIssuer(tmp_path), list[str]()
    for said in (OF_ALL, OF_ONE, OF_ANOTHER):
        server.token = issuer.issue("federal-1", now=utc_now())
        position = server.ask("/monitoring", said).json()["position"]
        shown = sorted({*shown, said.territory})
        for name in READERS:
            server.token = issuer.issue(name, now=utc_now())
            assert territories(server, position) == shown, (name, said.territory)


def territories(server: Server, position: int) -> list[str]:
    """Return whose targets a reader is shown, in the list and in the document alone."""
    page = within(
        20,
        lambda: (a := server.get("/monitoring/kpis", min_position=position)).is_success and a,
        "the documents know it",
    ).json()["items"]
    for each in page:
        assert server.get(f"/monitoring/kpis/{each['id']}").json() == each
    return sorted({it["territory"] for each in page for it in each["targets"]})


def test_who_has_no_right_reads_nothing(server: Server, tmp_path: Path) -> None:
    """ADR 0019: open to every reader is not open to everybody."""
    server.token = LocalIssuer(tmp_path).issue("nobody", now=utc_now())
    assert server.get("/monitoring/kpis").status_code == 403
