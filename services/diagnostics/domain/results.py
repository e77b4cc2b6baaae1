"""Results of diagnostics out of a CSV file: a row becomes commands, or names its fault.

A row sent twice gives the same commands about the same session, and the second time
they add no fact. A row that says of a session something else is refused when asked.

| column | what it is | if blank |
|---|---|---|
| `source_system` | code of the system that sends | fault |
| `session` | its own number of the session | fault |
| `person_id` | the registry's id of the person | by the next |
| `person_sourced_id` | that system's own number of the person | fault |
| `instrument` | UUID, or a code of up to 32 letters, digits, `.`, `-`, `_` | fault |
| `instrument_version` | 1 to 9999 | 1 |
| `instrument_kind` | InstrumentKind | competence |
| `purpose` | Purpose | fault |
| `category` | Tested | teacher |
| `assigned_on`, `started_on` | days, 2024-02-01 | as `completed_on` |
| `completed_on` | day | fault |
| `score_pct` | 0.00 to 100.00, point or comma | fault |
| `competencies` | `lesson=64.50;ict=81`, UUID or code of each | none measured |
| `independent` | true, false | false |
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from typing import get_args

from services.diagnostics.domain import result
from services.diagnostics.domain.session import (
    SESSION,
    AssignDiagnostic,
    CompleteDiagnostic,
    SessionCommand,
    StartDiagnostic,
)
from shared.events.diagnostics import CompetencyScore, InstrumentKind, Purpose, Tested
from shared.kernel import Fault, Refused
from shared.kernel.ids import CompetencyId, InstrumentId, SessionId, named
from shared.kernel.line import Line, Row, Unreadable, Who, id_or_code

COLUMNS = (
    "source_system",
    "session",
    "person_id",
    "person_sourced_id",
    "instrument",
    "instrument_version",
    "instrument_kind",
    "purpose",
    "category",
    "assigned_on",
    "started_on",
    "completed_on",
    "score_pct",
    "competencies",
    "independent",
)

KINDS: dict[str, InstrumentKind] = {it: it for it in get_args(InstrumentKind.__value__)}
PURPOSES: dict[str, Purpose] = {it: it for it in get_args(Purpose.__value__)}
TESTED: dict[str, Tested] = {it: it for it in get_args(Tested.__value__)}
TRUTH = {"true": "true", "false": "false"}

VERSION = re.compile(r"[1-9][0-9]{0,3}")
PCT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?")
AT_FAULT = {
    "S0 IV": "independent",
    "S0 V.2": "category",
    "S1 2": "competencies",
    "S3 R16": "purpose",
}
"""Where the eye should go when a row as a whole breaks a clause; else to the day."""


def read_result(
    row: Row, who: Who = lambda _system, _number: None
) -> tuple[SessionCommand, ...] | Fault:
    """Read a row: назначить, начать и закончить диагностику, или в чём ошибка."""
    try:
        return rehearsed(*commands(Line(row), who))
    except Unreadable as unreadable:
        return unreadable.fault


def commands(
    line: Line, who: Who
) -> tuple[AssignDiagnostic, StartDiagnostic, CompleteDiagnostic]:
    """Say what a line asks for."""
    system, number = line.code("source_system"), line.text("session")
    session_id = SessionId(named("session", system, number))
    completed_on = line.day("completed_on")
    started_on = line.day("started_on", blank=completed_on)
    instrument = line.text("instrument")
    assign = AssignDiagnostic(
        session_id=session_id,
        person_id=line.person(who),
        instrument_id=InstrumentId(id_or_code("instrument", instrument, "instrument")),
        instrument_version=version(line),
        instrument_kind=line.word("instrument_kind", KINDS, blank="competence"),
        purpose=line.word("purpose", PURPOSES),
        category=line.word("category", TESTED, blank="teacher"),
        assigned_on=line.day("assigned_on", blank=started_on),
    )
    complete = CompleteDiagnostic(
        session_id=session_id,
        score_pct=pct(line.text("score_pct"), "score_pct"),
        by_competency=tuple(by_competency(line)),
        independent=line.word("independent", TRUTH, blank="false") == "true",
        completed_on=completed_on,
    )
    start = StartDiagnostic(session_id=session_id, started_on=started_on)
    return assign, start, complete


def version(line: Line) -> int:
    """Return the version of the instrument, from 1."""
    said = line.text("instrument_version", blank="1")
    if not VERSION.fullmatch(said):
        raise Unreadable("instrument_version", "Не число от 1 до 9999")
    return int(said)


def by_competency(line: Line) -> Iterator[CompetencyScore]:
    """Read `code=score;code=score`."""
    for each in filter(str.strip, line.text("competencies", blank="").split(";")):
        code, _, score = (part.strip() for part in each.partition("="))
        yield CompetencyScore(
            competency_id=CompetencyId(id_or_code("competency", code, "competencies")),
            score_pct=pct(score, "competencies"),
        )


def pct(said: str, column: str) -> Decimal:
    """Read per cent: от 0.00 до 100.00 (S0 V.2)."""
    if not PCT.fullmatch(said):
        raise Unreadable(column, "Не результат вида 64.50", "S0 V.2")
    try:
        return result.score(Decimal(said.replace(",", ".")))
    except Refused as refused:
        raise Unreadable(column, refused.reason, refused.clause) from None


def rehearsed(
    *asked: AssignDiagnostic | StartDiagnostic | CompleteDiagnostic,
) -> tuple[SessionCommand, ...]:
    """Let a new session answer; a file's row is a whole life, so it must stand alone."""
    session = SESSION.initial
    for each in asked:
        try:
            session = reduce(SESSION.evolve, SESSION.decide(session, each), session)
        except Refused as refused:
            day = "started_on" if isinstance(each, StartDiagnostic) else "completed_on"
            column = AT_FAULT.get(refused.clause, day)
            raise Unreadable(column, refused.reason, refused.clause) from None
    return asked
