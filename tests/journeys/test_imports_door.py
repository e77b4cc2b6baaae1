"""Whatever is sent to the doors of imports, they answer as their document says."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import strategies as st

from metodika.homes import views_of
from metodika.imports.api import imports_router
from metodika.services import service
from metodika.up import access_of
from metodika.world import opened
from services.registry.domain import AddRegion
from shared.kernel.ids import RegionCode
from shared.runtime.asking import Asked
from shared.runtime.codec import decode
from shared.runtime.engine import Engine, utc_now
from shared.runtime.health import Health
from shared.runtime.issuer import LocalIssuer
from shared.runtime.web import build_app
from tests.journeys.http import grant, headers, let_in
from tests.journeys.packages import package, zipped
from tests.journeys.telling import settings_of
from tests.runtime.fuzzing import every_answer_is_as_described
from tests.runtime.webworld import Client

ANNA = ("Анна", "112-233-445 95", "1980-03-14")
BORIS = ("Борис", "087-654-303 00", "1975-05-05")
PRIMORYE = AddRegion(
    region=RegionCode("25"),
    name="Приморский край",
    iso=None,
    utc_offset_minutes=600,
    added_on=date(2020, 8, 6),
)
WHOLE = {"manifest.csv": b"propertyName,value\nfile.roles,bulk\n"}
PACKAGES = [
    package("25", "", ANNA),
    package("25", "", ANNA, ("Борис", "1", "1968-11-02")),
    package("25", "") | WHOLE,
]
schemathesis.openapi.media_type(
    "application/zip", st.sampled_from([zipped(each) for each in PACKAGES])
)


@contextmanager
def door(
    folder: Path, clock: Callable[[], datetime] = utc_now
) -> Generator[tuple[FastAPI, Engine]]:
    """Give the doors of a registry into which the first one is let, and its engine."""
    with opened(settings_of(folder), clock) as world:
        engine = world.engines["registry"]
        let_in(engine)
        access = access_of(world.settings, engine)
        yield (
            build_app(
                service("registry"),
                (),
                engine=engine,
                views=views_of(world.settings, "registry"),
                store=engine.store,
                access=access,
                settings=world.settings,
                ready=Health,
                extra=[imports_router(engine, access)],
            ),
            engine,
        )


@pytest.mark.parametrize("who", ["federal-1", "nobody"])
def test_every_answer_is_as_described(tmp_path: Path, who: str) -> None:
    """contracts §7: двери приёма отвечают, как сказано в их описании."""
    with door(tmp_path / "world") as (app, _):
        token = LocalIssuer(tmp_path / "world").issue(who, now=utc_now())
        asked = every_answer_is_as_described(app, token, examples=15)

    assert {"POST /imports", "GET /imports/{id}"} <= set(asked)


EVENING = datetime(2024, 9, 1, 20, tzinfo=UTC)
"""In Primorye, ten hours before Greenwich, it is the second of September."""


@pytest.mark.parametrize(
    ("said", "is_of"), [({}, "2024-09-02"), ({"on": "2024-08-30"}, "2024-08-30")]
)
def test_a_package_is_of_the_day_where_it_comes_from(
    tmp_path: Path, said: dict[str, str], is_of: str
) -> None:
    """contracts §7: кого полный пакет не называет, работает по день пакета."""
    folder = tmp_path / "world"
    with door(folder, lambda: EVENING) as (app, engine):
        for each in (PRIMORYE, grant("pri", "region", "25")):
            asked = Asked(command=each, command_id=uuid4(), actor="federal-1")
            assert engine.ask(asked).status == "accepted"
        region = Client(app, headers(LocalIssuer(folder).issue("pri", now=utc_now())))
        for files in (package("25", "", ANNA, BORIS), package("25", "", ANNA) | WHOLE):
            asked_for = {"system": "ru-pri", "confirm": True} | said
            answer = region.request("POST", "/imports", params=asked_for, content=zipped(files))
            assert answer.status_code == 200, answer.text
        ended = [
            decode(each.name, each.schema, each.data).occurred_on.isoformat()
            for each in engine.store.walk()
            if each.name == "registry.EmploymentEnded"
        ]

    assert ended == [is_of]
