"""Completions of ДПП out of a CSV file: a row becomes commands, or names its fault.

A row sent twice gives the same commands about the same enrolment, and the second time
they add no fact. A row that says of an enrolment something else is refused when asked,
and so is a programme that the registry never heard of.

| column | what it is | if blank |
|---|---|---|
| `source_system` | code of the system that sends | fault |
| `enrolment` | its own number of the enrolment | fault |
| `person_id` | the registry's id of the person | by the next |
| `person_sourced_id` | that system's own number of the person | fault |
| `program_id` | the registry's id of the ДПП | fault |
| `program_version` | 1 to 9999 | 1 |
| `channel` | Channel | other |
| `route_id`, `route_item_id` | both: the item of the route that it was | no route |
| `started_on` | day, 2024-02-01 | fault |
| `completed_on` | day | fault |
| `doc_kind` | DocKind | certificate |
| `doc_no` | number of the document; it is sealed before it is stored | fault |
"""

import re
from typing import get_args

from services.routes.domain.enrolment import CompleteProgram, StartEnrolment
from shared.events.routes import Channel, DocKind
from shared.kernel import Fault
from shared.kernel.ids import EnrolmentId, ProgramId, RouteId, RouteItemId, named
from shared.kernel.line import Line, Row, Unreadable, Who

COLUMNS = (
    "source_system",
    "enrolment",
    "person_id",
    "person_sourced_id",
    "program_id",
    "program_version",
    "channel",
    "route_id",
    "route_item_id",
    "started_on",
    "completed_on",
    "doc_kind",
    "doc_no",
)

CHANNELS: dict[str, Channel] = {it: it for it in get_args(Channel.__value__)}
DOCUMENTS: dict[str, DocKind] = {it: it for it in get_args(DocKind.__value__)}
VERSION = re.compile(r"[1-9][0-9]{0,3}")


def read_completion(
    row: Row, who: Who = lambda _system, _number: None
) -> tuple[StartEnrolment, CompleteProgram] | Fault:
    """Read a row: зачислить и отметить освоение, или в чём ошибка (S1 2)."""
    try:
        return commands(Line(row), who)
    except Unreadable as unreadable:
        return unreadable.fault


def commands(line: Line, who: Who) -> tuple[StartEnrolment, CompleteProgram]:
    """Say what a line asks for."""
    system, number = line.code("source_system"), line.text("enrolment")
    enrolment_id = EnrolmentId(named("enrolment", system, number))
    on_route = any(line.text(each, blank="") for each in ("route_id", "route_item_id"))
    start = StartEnrolment(
        enrolment_id=enrolment_id,
        person_id=line.person(who),
        program_id=ProgramId(line.id("program_id")),
        program_version=version(line),
        route_id=RouteId(line.id("route_id")) if on_route else None,
        route_item_id=RouteItemId(line.id("route_item_id")) if on_route else None,
        channel=line.word("channel", CHANNELS, blank="other"),
        started_on=line.day("started_on"),
    )
    complete = CompleteProgram(
        enrolment_id=enrolment_id,
        doc_kind=line.word("doc_kind", DOCUMENTS, blank="certificate"),
        doc_no=document(line),
        completed_on=line.day("completed_on"),
    )
    if complete.completed_on < start.started_on:
        raise Unreadable("completed_on", "Раньше, чем началось обучение", "S1 2")
    return start, complete


def version(line: Line) -> int:
    """Return the version of the programme, from 1."""
    said = line.text("program_version", blank="1")
    if not VERSION.fullmatch(said):
        raise Unreadable("program_version", "Не число от 1 до 9999")
    return int(said)


def document(line: Line) -> str:
    """RU14: без номера документа ДПП не освоена (S1 2)."""
    said = line.text("doc_no", blank="")
    if not said:
        raise Unreadable("doc_no", "Не указан номер документа", "S1 2")
    return said
