"""Short words in which the golden world is told: ids that can be read, and `say`."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from shared.kernel import kind_of
from shared.kernel.ids import (
    CentreId,
    CompetencyId,
    DeficitId,
    EmploymentId,
    EnrolmentId,
    EventId,
    MethodistId,
    OrgId,
    PairId,
    PersonId,
    ProgramId,
    RouteId,
    RouteItemId,
    SessionId,
    SupportId,
)
from tests.oracle.logs import Logs
from tests.oracle.said import Said


def uid(kind: int, n: int) -> UUID:
    """Return `kkkkkkkk-0000-7000-8000-nnnnnnnnnnnn`: what it is, and which one."""
    return UUID(f"{kind:08d}-0000-7000-8000-{n:012d}")


def person(n: int) -> PersonId:
    return PersonId(uid(1, n))


def org(letter: str) -> OrgId:
    """Organisations have letters here, A = 1."""
    return OrgId(uid(2, ord(letter) - ord("A") + 1))


def employment(n: int) -> EmploymentId:
    return EmploymentId(uid(3, n))


def session(n: int) -> SessionId:
    return SessionId(uid(4, n))


def deficit(n: int) -> DeficitId:
    return DeficitId(uid(5, n))


def route(n: int) -> RouteId:
    return RouteId(uid(6, n))


def item(n: int) -> RouteItemId:
    return RouteItemId(uid(7, n))


def enrolment(n: int) -> EnrolmentId:
    return EnrolmentId(uid(8, n))


def program(n: int) -> ProgramId:
    return ProgramId(uid(9, n))


def centre(n: int) -> CentreId:
    return CentreId(uid(10, n))


def methodist(n: int) -> MethodistId:
    return MethodistId(uid(11, n))


def pair(n: int) -> PairId:
    return PairId(uid(12, n))


def support(n: int) -> SupportId:
    return SupportId(uid(13, n))


def competency(n: int) -> CompetencyId:
    return CompetencyId(uid(14, n))


def day(text: str) -> date:
    """Read a day as a Russian reader writes it: 31.12.2024."""
    return datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=UTC).date()


HOUR = {
    "DiagnosticAssigned": 7,
    "DiagnosticStarted": 8,
    "DiagnosticCompleted": 9,
    "DeficitIdentified": 10,
    "DeficitMapIssued": 11,
    "RouteDrafted": 12,
    "RouteAgreed": 13,
    "RouteAssigned": 14,
    "EnrolmentStarted": 15,
    "ProgramCompleted": 16,
}
"""At which hour (UTC) of its day a fact is recorded, if nothing else is said: 6."""


class Story:
    """Facts in the order in which they are told; the logs follow `recorded_at`."""

    def __init__(self) -> None:
        self._told: list[tuple[datetime, EventId, Any, EventId | None]] = []

    def say(
        self, fact: Any, *, recorded: str | None = None, corrects: EventId | None = None
    ) -> EventId:
        """Tell a fact; it is recorded on its own day unless another is said."""
        on = day(recorded) if recorded else fact.occurred_on
        hour = HOUR.get(kind_of(fact).name.partition(".")[2], 6)
        event_id = EventId(uid(99, len(self._told) + 1))
        moment = datetime.combine(on, time(hour), UTC)
        self._told.append((moment, event_id, fact, corrects))
        return event_id

    def logs(self) -> list[Said]:
        """Return the records of all logs in the order of recording (`Logs`)."""
        logs = Logs()
        for moment, event_id, fact, corrects in sorted(self._told, key=lambda told: told[0]):
            logs.append(fact, moment, event_id=event_id, corrects=corrects)
        return logs.records


def known_by(said: Iterable[Said], moment: datetime) -> dict[str, int]:
    """Return the vector of a moment: in each log the last record by then (§3)."""
    vector: dict[str, int] = {}
    for each in said:
        if each.recorded_at <= moment:
            vector[each.source] = max(vector.get(each.source, 0), each.position)
    return vector


def end_of(text: str) -> datetime:
    """Return the last second of a day, UTC."""
    return datetime.combine(day(text), time(), UTC) + timedelta(days=1, seconds=-1)
