"""The rooms together, on real engines and stores: a diagnosis becomes a walked route."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.diagnostics.api import DOORS as DIAGNOSTIC_DOORS
from services.diagnostics.app import SERVICE as DIAGNOSTICS
from services.diagnostics.domain import read_result
from services.routes.api import DOORS
from services.routes.app import SERVICE as ROUTES
from services.routes.domain import (
    AgreeRoute,
    AssignRoute,
    StartEnrolment,
    read_completion,
    route_of,
)
from shared.events.registry import ProgramDrafted, ProgramListed
from shared.kernel import Fault
from shared.kernel.ids import SessionId, named
from shared.runtime import codec
from shared.runtime.asking import Asked, Outcome
from shared.runtime.doors import Door, Reading
from shared.runtime.engine import Engine
from shared.runtime.hearing import hear
from shared.runtime.schemas import Accepted
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.service import Service
from shared.testing.facts import a
from tests.routes.words import COURSE, PERSON, PROGRAM
from tests.runtime.made import a_log, say

SESSION = SessionId(named("session", "cnppm-25", "1"))
ROUTE = route_of(SESSION)
PROGRAMME = {"program_id": PROGRAM, "program_version": 1}

RESULT = {
    "source_system": "cnppm-25",
    "session": "1",
    "person_id": str(PERSON),
    "instrument": "kim",
    "purpose": "initial",
    "completed_on": "2024-02-01",
    "score_pct": "50",
    "competencies": "lesson=50;ict=90",
}
COMPLETION = {
    "source_system": "iro-25",
    "enrolment": "1",
    "person_id": str(PERSON),
    "program_id": str(PROGRAM),
    "route_id": str(ROUTE),
    "route_item_id": str(COURSE.item_id),
    "started_on": "2024-03-01",
    "completed_on": "2024-05-20",
    "doc_no": "ПК-117",
}


class Two:
    """Diagnostics and routes, and the log of a registry."""

    def __init__(self, folder: Path) -> None:
        keys = f"sqlite://{folder / 'keys.sqlite'}"
        migrate_keys(keys)
        self.keys = Keys(keys, bytes(32))
        self.logs = {
            name: a_log(folder, f"{name}@0") for name in ("registry", "diagnostics", "routes")
        }
        self.diagnostics = self.engine(DIAGNOSTICS)
        self.routes = self.engine(ROUTES, self.keys)

    def engine(self, service: Service, keys: Keys | None = None) -> Engine:
        log = self.logs[service.name]
        return Engine(service, log, keys, lambda: datetime(2024, 6, 1, tzinfo=UTC))

    def ask(self, engine: Engine, *asked: Any) -> list[str]:
        return [self.asked(engine, each).status for each in asked]

    def asked(self, engine: Engine, command: Any) -> Outcome:
        return engine.ask(Asked(command=command, command_id=uuid4(), actor="test"))

    def tell(self, name: str) -> None:
        wires = [codec.wire(each) for each in self.logs[name].read(0, 500)]
        hear(self.routes, f"{name}@0", wires)

    def said(self) -> list[str]:
        records = self.routes.store.read(0, 500)
        return [each.name.partition(".")[2] for each in records]

    def close(self) -> None:
        for each in (*self.logs.values(), self.keys):
            each.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    yield (made := Two(tmp_path))
    made.close()


@pytest.fixture
def agreed(two: Two) -> Two:
    """A teacher was diagnosed, and has a route with a programme of the Federal register."""
    drafted = a(ProgramDrafted, **PROGRAMME)
    listed = a(ProgramListed, **PROGRAMME, register="FED")
    say(two.logs["registry"], PROGRAM, drafted, listed)
    asked = read_result(RESULT)
    assert not isinstance(asked, Fault)
    assert two.ask(two.diagnostics, *asked) == ["accepted"] * 3
    two.tell("registry")
    two.tell("diagnostics")
    day = date(2024, 2, 10)
    agree = a(AgreeRoute, route_id=ROUTE, items=(COURSE,), agreed_on=day)
    assign = a(AssignRoute, route_id=ROUTE, assigned_on=day)
    assert two.ask(two.routes, agree, assign) == ["accepted"] * 2
    return two


def completion() -> tuple[Any, Any]:
    read = read_completion(COMPLETION)
    assert not isinstance(read, Fault)
    return read


def test_from_a_diagnosis_to_the_end_of_a_route(agreed: Two) -> None:
    """P1, P2: диагностика → карта → маршрут → зачисление → освоение (S1 4.9)."""
    assert agreed.ask(agreed.routes, *completion()) == ["accepted"] * 2
    assert agreed.said() == [
        "RouteDrafted",
        "RouteAgreed",
        "RouteAssigned",
        "EnrolmentStarted",
        "RouteStarted",
        "ProgramCompleted",
        "RouteItemCompleted",
        "RouteCompleted",
    ]


def test_a_file_sent_twice_says_nothing_new(agreed: Two) -> None:
    """S1 5.5: каждая строка файла принята ровно один раз."""
    result = read_result(RESULT)
    assert not isinstance(result, Fault)
    agreed.ask(agreed.routes, *completion())

    assert agreed.ask(agreed.diagnostics, *result) == ["unchanged"] * 3
    assert agreed.ask(agreed.routes, *completion()) == ["unchanged"] * 2


def test_the_number_of_a_document_is_nowhere_in_clear(agreed: Two) -> None:
    agreed.ask(agreed.routes, *completion())
    [record] = [
        each
        for each in agreed.routes.store.read(0, 500)
        if each.name == "routes.ProgramCompleted"
    ]

    assert "ПК-117".encode() not in codec.wire(record)


def test_a_document_is_of_one_enrolment(agreed: Two) -> None:
    """S1 2: один документ — одно освоение."""
    agreed.ask(agreed.routes, *completion())
    alone = {"enrolment": "2", "route_id": "", "route_item_id": ""}
    start, complete = read_completion(COMPLETION | alone)  # pyright: ignore[reportGeneralTypeIssues] - two of them here

    assert agreed.ask(agreed.routes, start, complete) == ["accepted", "refused"]


def test_an_unheard_programme_is_refused(two: Two) -> None:
    """S0 V.1: неизвестную ДПП не засчитывают."""
    [start, _] = completion()
    outcome = two.asked(two.routes, replace(start, route_id=None, route_item_id=None))

    assert (outcome.status, outcome.clause) == ("refused", "S0 V.1")


def test_what_is_told_can_not_be_made_up(agreed: Two) -> None:
    [start, _] = completion()
    forged: StartEnrolment = replace(start, program_version=2, offered="anything")

    assert agreed.ask(agreed.routes, forged) == ["refused"]


@pytest.mark.parametrize("door", [*DIAGNOSTIC_DOORS, *DOORS], ids=lambda door: door.path)
def test_a_door_has_its_roles_and_its_example(door: Door | Reading) -> None:
    assert door.roles
    if isinstance(door, Door):
        [_, thing, *_] = door.path.split("/")
        key = f"{thing.removesuffix('s')}_id"
        accepted = Accepted.of(door.command, [key])
        accepted.check(door.example)
        assert set(accepted.must) <= set(door.example)


@pytest.mark.parametrize("service", [DIAGNOSTICS, ROUTES], ids=lambda it: it.name)
def test_every_command_has_its_door(service: Service) -> None:
    doors = [each for each in (*DIAGNOSTIC_DOORS, *DOORS) if isinstance(each, Door)]
    commands = {each for decider in service.deciders for each in decider.commands}

    assert commands <= {each.command for each in doors}
