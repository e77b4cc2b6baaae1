"""A name is opened for whom it concerns, on his territory, and for nobody else."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import CapturingLogger

from shared.events.registry import RosterLinked, TeacherFact, TeacherRegistered
from shared.kernel import Decider
from shared.kernel.ids import EventId, PersonId, Territory
from shared.runtime.amending import Correct
from shared.runtime.asking import Asked
from shared.runtime.engine import Engine
from shared.runtime.people import People
from shared.runtime.problems import answer_problems
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.service import Service
from shared.runtime.store_sqlite import SqliteStore
from shared.runtime.store_sqlite_file import migrate_sqlite
from shared.testing.facts import DAY
from tests.runtime.webworld import NOW, PEOPLE, World

ME = PEOPLE[25]
NAME, SNILS = "Иванова Мария", "112-233-445 95"


def say(asked: TeacherRegistered) -> Sequence[TeacherFact]:
    """Register, and link to a roster: the name is not the last thing said."""
    linked = RosterLinked(
        person_id=asked.person_id,
        source_system="x",
        sourced_id_hmac="y",
        occurred_on=DAY,
    )
    return [asked, linked]


REGISTRY = Service(
    name="registry",
    names_people=True,
    deciders=(
        Decider(
            name="teacher",
            commands=(TeacherRegistered,),
            facts=(TeacherRegistered, RosterLinked),
            initial=None,
            decide=lambda _, asked: say(asked),
            evolve=lambda _, said: said,
            stream=lambda asked: asked.person_id,
        ),
    ),
)


def teacher(person: PersonId, name: str = NAME) -> TeacherRegistered:
    return TeacherRegistered(
        person_id=person,
        full_name=name,
        snils=SNILS,
        birth_date=date(1990, 5, 6),
        occurred_on=DAY,
    )


class Registry:
    """People who were registered in region 25, and the door to their names."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        migrate_sqlite(str(folder / "registry.sqlite"), "registry@0")
        migrate_keys(f"sqlite://{folder / 'keys.sqlite'}")
        self.store = SqliteStore(str(folder / "registry.sqlite"), "registry@0")
        self.keys = Keys(f"sqlite://{folder / 'keys.sqlite'}", bytes(32))
        self.engine = Engine(REGISTRY, self.store, self.keys, lambda: NOW)
        self.app = FastAPI()
        answer_problems(self.app)
        self.app.include_router(People(self.engine, self.keys, self.world.access).router())

    def ask(self, command: TeacherRegistered | Correct) -> tuple[UUID, ...]:
        asked = Asked(command=command, command_id=uuid4(), actor="r25", home=Territory("25"))
        return self.engine.ask(asked).event_ids

    def open(self, who: str, person: UUID = ME) -> httpx.Response:
        return self.world.as_(who, self.app).get(f"/teachers/{person}/personal")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    yield (made := Registry(tmp_path))
    made.store.close()
    made.keys.close()
    made.world.close()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("federal", 200),
        ("r25", 200),
        (str(ME), 200),
        ("r77", 404),
        ("o77", 404),
        ("auditor", 403),
        ("operator", 403),
        ("nobody", 403),
    ],
)
def test_who_may_know_a_name(registry: Registry, who: str, status: int) -> None:
    registry.ask(teacher(ME))
    said = registry.open(who)
    assert said.status_code == status
    assert (NAME in said.text) == (status == 200)


def test_the_answer_is_not_kept_on_the_way(registry: Registry) -> None:
    registry.ask(teacher(ME))
    said = registry.open("r25")
    assert said.headers["cache-control"] == "no-store"
    assert said.json() == {
        "person_id": str(ME),
        "full_name": NAME,
        "snils": SNILS,
        "birth_date": "1990-05-06",
    }


def test_a_corrected_name_is_the_name(registry: Registry) -> None:
    first, _ = registry.ask(teacher(ME))
    registry.ask(Correct(event_id=EventId(first), fact=teacher(ME, "Петрова Мария")))
    assert registry.open("r25").json()["full_name"] == "Петрова Мария"


def test_the_erased_have_no_name(registry: Registry) -> None:
    registry.ask(teacher(ME))
    registry.keys.erase(ME)
    said = registry.open("r25")
    assert said.status_code == 410
    assert NAME not in said.text


def test_nobody_is_nobody(registry: Registry) -> None:
    assert registry.open("federal").status_code == 404
    assert registry.open("federal", uuid4()).status_code == 404


def test_every_opening_is_recorded_without_the_name(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = CapturingLogger()
    monkeypatch.setattr("shared.runtime.people.log", logger)
    registry.ask(teacher(ME))
    registry.open("r25")
    told = str(logger.calls)
    assert "personal data opened" in told
    assert str(ME) in told
    assert "Иванова" not in told
