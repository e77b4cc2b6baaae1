"""In whatever order the topics of others come, routes ends up in the same state."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.diagnostics.domain import AnnulDiagnostic, read_result
from services.routes.domain import (
    ENROLMENT,
    ROUTE,
    AgreeRoute,
    AnnulCompletion,
    AssignRoute,
    CompleteItem,
    CompleteProgram,
    StartEnrolment,
    route_of,
)
from shared.events.registry import FactWithdrawn, PersonsMerged, ProgramDrafted, ProgramListed
from shared.kernel import Correct, Fault
from shared.kernel.ids import EnrolmentId, EventId, PersonId, SessionId, named
from shared.runtime import codec
from shared.runtime.hearing import hear
from shared.testing.facts import a
from tests.routes.test_together import RESULT, Two
from tests.routes.words import COURSE, EVENT, PERSON, PROGRAM
from tests.runtime.made import say

SESSION = SessionId(named("session", "cnppm-25", "1"))
ROUTE_ID = route_of(SESSION)
AGAIN = PersonId(UUID(int=200))
FIRST, SECOND = EnrolmentId(UUID(int=301)), EnrolmentId(UUID(int=302))
PROGRAMME = {"program_id": PROGRAM, "program_version": 1}
ON = {"route_id": ROUTE_ID, "route_item_id": COURSE.item_id}


def on(text: str) -> date:
    return date.fromisoformat(text)


AGREED: tuple[Any, ...] = (
    a(AgreeRoute, route_id=ROUTE_ID, items=(COURSE, EVENT), agreed_on=on("2024-02-10")),
    a(AssignRoute, route_id=ROUTE_ID, assigned_on=on("2024-02-11")),
)
OWN: tuple[Any, ...] = (
    a(
        StartEnrolment,
        enrolment_id=FIRST,
        person_id=PERSON,
        **PROGRAMME,
        **ON,
        started_on=on("2024-03-01"),
    ),
    a(
        StartEnrolment,
        enrolment_id=SECOND,
        person_id=AGAIN,
        **PROGRAMME,
        **ON,
        started_on=on("2024-02-20"),
    ),
    a(
        CompleteProgram,
        enrolment_id=FIRST,
        doc_no="1",
        completed_on=on("2024-04-01"),
    ),
    a(
        CompleteProgram,
        enrolment_id=SECOND,
        doc_no="2",
        completed_on=on("2024-05-01"),
    ),
    a(
        AnnulCompletion,
        enrolment_id=FIRST,
        reason="подделка",
        annulled_on=on("2024-04-15"),
    ),
    a(CompleteItem, route_id=ROUTE_ID, item_id=EVENT.item_id, completed_on=on("2024-05-02")),
)

# ── A world, and an order in which it is told ───────────────────────────────


@contextmanager
def told() -> Generator[Two]:
    """Give a world in which the neighbours have said it all, and routes has heard nothing."""
    with TemporaryDirectory() as folder:
        two = Two(Path(folder))
        registry(two)
        diagnostics(two)
        yield two
        two.close()


def registry(two: Two) -> None:
    """Say that there is a programme, and since when it is listed, and take some of it back."""
    log = two.logs["registry"]
    merged = a(PersonsMerged, survivor_id=PERSON, merged_id=AGAIN)
    listed = a(ProgramListed, **PROGRAMME, register="FED", occurred_on=on("2024-01-10"))
    say(log, AGAIN, merged)
    say(log, PROGRAM, a(ProgramDrafted, **PROGRAMME), listed)
    first = log.read(0, 500)[-1].event_id
    say(log, PROGRAM, replace(listed, register="REG"))
    second = log.read(0, 500)[-1].event_id
    until = replace(listed, valid_until=on("2024-02-25"))
    say(log, PROGRAM, until, corrects=first)
    say(
        log, PROGRAM, a(FactWithdrawn, withdraws=EventId(second), name="registry.ProgramListed")
    )


def diagnostics(two: Two) -> None:
    """Diagnose, find the result to be worse, and annul it when the route is agreed."""
    asked = read_result(RESULT)
    assert not isinstance(asked, Fault)
    assert two.ask(two.diagnostics, *asked) == ["accepted"] * 3
    wrong = two.logs["diagnostics"].read(0, 500)[2]
    completed = codec.decode(wrong.name, wrong.schema, wrong.data)
    worse = tuple(replace(it, score_pct=Decimal(40)) for it in completed.by_competency)
    anew = Correct(
        event_id=EventId(wrong.event_id), fact=replace(completed, by_competency=worse)
    )
    annul = AnnulDiagnostic(session_id=SESSION, reason="ошибка", annulled_on=on("2024-06-01"))
    assert two.ask(two.diagnostics, anew, annul) == ["accepted"] * 2


class Told:
    """Topics of others and our own commands, each in its order, and all of them in any."""

    def __init__(self, two: Two) -> None:
        self.two = two
        self.topics = {
            name: [codec.wire(it) for it in two.logs[name].read(0, 500)]
            for name in ("registry", "diagnostics")
        }
        self.ahead: list[Any] = [*AGREED, *OWN]
        self.waiting: list[Any] = []

    def hears(self, name: str) -> None:
        """Hear one more record of a topic, and ask again for what was refused."""
        if wires := self.topics[name]:
            hear(self.two.routes, f"{name}@0", [wires.pop(0)])
            self.asks_again()

    def asks(self) -> None:
        """Ask for one thing more; who agrees has seen the map as it is by then."""
        if self.ahead and len(self.topics["diagnostics"]) <= 1:
            self.waiting.append(self.ahead.pop(0))
            self.asks_again()

    def asks_again(self) -> None:
        self.waiting = [
            it for it in self.waiting if self.two.ask(self.two.routes, it) == ["refused"]
        ]

    def finishes(self) -> None:
        """Hear and ask for all that is left."""
        for name, wires in self.topics.items():
            for _ in [*wires]:
                self.hears(name)
        while self.ahead:
            self.asks()
        self.asks_again()


def state(two: Two) -> tuple[Any, ...]:
    """Return how the route and the two studies stand, but for the ids of records."""
    known = two.routes.known()
    route: Any = ROUTE.state(known.thing(ROUTE_ID).history)
    work = route.work
    studies: list[Any] = [ENROLMENT.state(known.thing(it).history) for it in (FIRST, SECOND)]
    return (
        len(work.plan.drafted.deficit_ids),
        work.started.occurred_on,
        {(it.item_id, it.enrolment_id, it.occurred_on) for it in work.done},
        route.completed.occurred_on,
        [(type(it).__name__, it.started.register_status_at_start) for it in studies],
    )


ENDS_SO = (
    2,
    on("2024-02-20"),
    {
        (COURSE.item_id, SECOND, on("2024-05-01")),
        (EVENT.item_id, None, on("2024-05-02")),
    },
    on("2024-05-02"),
    [("Annulled", ()), ("Completed", ("FED",))],
)

steps = st.lists(st.sampled_from(("registry", "diagnostics", "own", "own")), max_size=40)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_the_order_of_topics_is_nothing_to_it(order: list[str]) -> None:
    """contracts §4: политика срабатывает на том факте, который пришёл последним."""
    with told() as two:
        it = Told(two)
        for each in order:
            it.asks() if each == "own" else it.hears(each)
        it.finishes()

        assert it.waiting == []
        assert state(two) == ENDS_SO
