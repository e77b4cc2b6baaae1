"""K-F1: each link of the chain from a diagnosis to a programme (S0 V.1, AM6)."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.events.diagnostics import DeficitIdentified, DiagnosticCompleted
from shared.events.registry import EmploymentStarted, OrganisationRegistered, PersonsMerged
from shared.events.routes import EnrolmentStarted, ProgramCompleted, RouteAssigned, RouteItem
from shared.kernel.ids import EventId
from shared.testing.facts import a
from tests.golden.words import (
    Story,
    competency,
    deficit,
    employment,
    enrolment,
    item,
    org,
    person,
    program,
    route,
    session,
)
from tests.monitoring.telling import heard
from tests.oracle.fold import oracle
from tests.oracle.said import Said

T, T0 = date(2024, 12, 31), date(2022, 4, 1)
KNOWN = {"registry@0": 9, "diagnostics@0": 9, "routes@0": 9}
type Change = dict[str, Any]


def chain(**changed: Change) -> Story:
    """Tell of one who was tested, assigned a route, and studied by its second item."""
    story = Story()

    def say(kind: type, on: date, /, **fields: Any) -> EventId:
        said: Change = {"occurred_on": on, **fields, **changed.get(kind.__name__, {})}
        recorded = said.pop("recorded", None)
        return story.say(a(kind, **said), recorded=recorded)

    who, found = {"person_id": person(1)}, {"deficit_ids": (deficit(1),)}
    say(OrganisationRegistered, date(2020, 1, 1), org_id=org("A"), kind="school", region="25")
    job = {"employment_id": employment(1), "org_id": org("A"), "position_class": "PED"}
    say(EmploymentStarted, date(2020, 9, 1), **who, **job)
    for n in (1, 2):
        say(
            DiagnosticCompleted,
            date(2022, 2, n),
            session_id=session(n),
            instrument_kind="competence",
            purpose="initial",
            **who,
        )
    say(
        DeficitIdentified,
        date(2022, 2, 5),
        deficit_id=deficit(1),
        session_id=session(1),
        competency_id=competency(1),
        **who,
    )
    items = tuple(
        a(RouteItem, item_id=item(n), kind="program", ref_id=program(n)) for n in (1, 2)
    )
    say(
        RouteAssigned,
        date(2022, 3, 1),
        route_id=route(1),
        session_id=session(1),
        items=items,
        **who,
        **found,
    )
    say(
        EnrolmentStarted,
        date(2022, 4, 1),
        enrolment_id=enrolment(1),
        program_id=program(2),
        register_status_at_start=("FED",),
        route_id=route(1),
        route_item_id=item(2),
        competencies=(competency(1),),
        **who,
        **found,
    )
    say(ProgramCompleted, date(2022, 6, 1), enrolment_id=enrolment(1), **who)
    say(PersonsMerged, date(2022, 7, 1), survivor_id=person(1), merged_id=person(2))
    return story


OTHERS = {"person_id": person(3)}
THAT_DAY = {"occurred_on": T0}
SAME = {"person_id": person(2)}
BROKEN: dict[str, tuple[dict[str, Change], int]] = {
    "whole": ({}, 1),
    "the session of the route is another": ({"RouteAssigned": {"session_id": session(2)}}, 0),
    "the item is of another route": ({"EnrolmentStarted": {"route_item_id": item(9)}}, 0),
    "the competency is another": ({"EnrolmentStarted": {"competencies": ()}}, 0),
    "another was tested": ({"DiagnosticCompleted": OTHERS}, 0),
    "another has the route": ({"RouteAssigned": OTHERS}, 0),
    "tested on the day of the enrolment": ({"DiagnosticCompleted": THAT_DAY}, 1),
    "tested on that day, said later": (
        {"DiagnosticCompleted": THAT_DAY | {"recorded": "02.04.2022"}},
        0,
    ),
    "tested a day later": ({"DiagnosticCompleted": {"occurred_on": date(2022, 4, 2)}}, 0),
    "tested under the other record": ({"DiagnosticCompleted": SAME}, 1),
    "the route is of the other record": ({"RouteAssigned": SAME}, 1),
    "studied under the other record": ({"EnrolmentStarted": SAME}, 1),
}


@pytest.mark.parametrize(("changed", "num"), BROKEN.values(), ids=BROKEN)
def test_each_link_is_asked(changed: dict[str, Change], num: int, tmp_path: Path) -> None:
    """Освоил по диагностике, кто сам её прошёл, по пункту своего маршрута по ней."""
    assert counted(chain(**changed).logs(), tmp_path) == num


def test_of_one_moment_the_log_is_named_first_that_is_first(tmp_path: Path) -> None:
    """contracts §3: в один миг диагностика раньше зачисления, её журнал стоит раньше."""
    said = chain(DiagnosticCompleted=THAT_DAY).logs()
    moment = next(it.recorded_at for it in said if isinstance(it.fact, EnrolmentStarted))
    at_once = [
        replace(
            it,
            recorded_at=max(it.recorded_at, moment)
            if it.fact.occurred_on == T0
            else it.recorded_at,
        )
        for it in said
    ]

    assert counted(at_once, tmp_path) == 1


def counted(said: list[Said], folder: Path) -> int:
    """Return how many of one are trained, as the ledger and the second fold both say."""
    told = heard(folder, said)
    value = told.value("K-F1", "25", T, KNOWN)
    told.ledger.close()

    assert value.den == 1
    assert oracle(said, T, KNOWN)["K-F1"].totals["25"] == (value.num, 1)
    return value.num
