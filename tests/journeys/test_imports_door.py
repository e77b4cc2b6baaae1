"""Whatever is sent to the doors of imports, they answer as their document says."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import strategies as st

from metodika.imports.api import imports_router
from metodika.services import service
from metodika.up import access_of, views_of
from metodika.world import opened
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from shared.runtime.web import build_app
from tests.journeys.http import let_in
from tests.journeys.packages import package, zipped
from tests.journeys.telling import settings_of
from tests.runtime.fuzzing import every_answer_is_as_described

ANNA = ("Анна", "112-233-445 95", "1980-03-14")
WHOLE = {"manifest.csv": b"propertyName,value\nfile.roles,bulk\n"}
PACKAGES = [
    package("25", "", ANNA),
    package("25", "", ANNA, ("Борис", "1", "1968-11-02")),
    package("25", "") | WHOLE,
]
schemathesis.openapi.media_type(
    "application/zip", st.sampled_from([zipped(each) for each in PACKAGES])
)


@pytest.mark.parametrize("who", ["federal-1", "nobody"])
def test_every_answer_is_as_described(tmp_path: Path, who: str) -> None:
    """contracts §7: двери приёма отвечают, как сказано в их описании."""
    folder = tmp_path / "world"
    with opened(settings_of(folder)) as world:
        engine = world.engines["registry"]
        let_in(engine)
        access = access_of(world.settings, engine)
        app = build_app(
            service("registry"),
            (),
            engine=engine,
            views=views_of(world.settings, "registry"),
            store=engine.store,
            access=access,
            settings=world.settings,
            ready=dict,
            extra=[imports_router(engine, access)],
        )
        asked = every_answer_is_as_described(
            app, LocalIssuer(folder).issue(who, now=utc_now()), examples=15
        )

    assert {"POST /imports", "GET /imports/{id}"} <= set(asked)
