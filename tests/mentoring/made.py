"""Mentoring on a real engine and real logs, and what its neighbours tell it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.mentoring.app import SERVICE
from shared.events.registry import EmploymentStarted, FactWithdrawn
from shared.kernel import kind_of
from shared.kernel.ids import EmploymentId, EventId, PersonId
from shared.runtime import codec
from shared.runtime.asking import Asked, Outcome
from shared.runtime.engine import Engine
from shared.runtime.hearing import hear
from shared.testing.facts import a
from tests.mentoring.words import (
    ACTIVATE,
    AWARDED,
    EDUCATED,
    NOMINATE,
    OTHER_METHODIST,
    POOL,
    STUDIED,
    TESTED,
    WORKS,
)
from tests.runtime.made import a_log, say

UNTOLD = replace(NOMINATE, region=None, candidate="unheard")


class Mentoring:
    """Mentoring, and the logs of its neighbours."""

    def __init__(self, folder: Path) -> None:
        names = ("registry", "diagnostics", "routes", "mentoring")
        self.logs = {name: a_log(folder, f"{name}@0") for name in names}
        log = self.logs["mentoring"]
        self.engine = Engine(SERVICE, log, None, lambda: datetime(2024, 6, 1, tzinfo=UTC))

    def hears(self, stream: UUID, *facts: Any, corrects: UUID | None = None) -> list[UUID]:
        owner = kind_of(facts[0]).owner if facts else "registry"
        said = say(self.logs[owner], stream, *facts, corrects=corrects)
        hearing = hear(
            self.engine,
            f"{owner}@0",
            [codec.wire(each) for each in self.logs[owner].read(0, 500)],
        )
        assert not hearing.parked
        return said

    def asks(self, *asked: Any) -> list[str]:
        return [self.asked(each).status for each in asked]

    def asked(self, command: Any) -> Outcome:
        return self.engine.ask(Asked(command=command, command_id=uuid4(), actor="test"))

    def said(self) -> list[str]:
        return [each.name.partition(".")[2] for each in self.logs["mentoring"].read(0, 999)]

    def close(self) -> None:
        for each in self.logs.values():
            each.close()


def job_of(who: PersonId) -> EmploymentId:
    """Return the number of somebody's job at the school."""
    return EmploymentId(UUID(int=1000 + who.int))


def at_work(made: Mentoring, *people: PersonId) -> None:
    """Let it be heard of each that he works at the school."""
    for who in people:
        made.hears(who, replace(WORKS, person_id=who, employment_id=job_of(who)))


def other_methodist(made: Mentoring) -> None:
    """Let another colleague become a methodist too."""
    somebody = PersonId(UUID(int=95))
    he = {"person_id": somebody}
    made.hears(
        somebody,
        replace(WORKS, **he, employment_id=EmploymentId(UUID(int=96))),
        replace(AWARDED, **he),
        replace(EDUCATED, **he),
    )
    made.hears(UUID(int=97), replace(TESTED, **he, session_id=UUID(int=97)))
    made.hears(UUID(int=98), replace(STUDIED, **he, enrolment_id=UUID(int=98)))
    his = {"methodist_id": OTHER_METHODIST}
    ways = (replace(UNTOLD, **his, **he), replace(POOL, **his), replace(ACTIVATE, **his))
    assert made.asks(*ways) == ["accepted"] * 3


def gone(event_id: UUID, fact: type[Any] = EmploymentStarted) -> Any:
    return a(FactWithdrawn, withdraws=EventId(event_id), name=kind_of(fact).name)
