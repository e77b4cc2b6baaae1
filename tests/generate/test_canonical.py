"""The canonical form leaves out accidents, and nothing else (contracts §8)."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.registry import EmploymentStarted, FactWithdrawn, TeacherRegistered
from shared.kernel import Sealed, kind_of
from shared.kernel.ids import EventId, PersonId
from shared.runtime import codec
from shared.runtime.canonical import canonical
from shared.runtime.codec import Meta
from shared.runtime.log import Record
from shared.testing.facts import a

WHO = PersonId(UUID(int=5))
AT = datetime(2024, 2, 1, 9, tzinfo=UTC)


@dataclass
class Log:
    """A log that somebody tells; every id that comes by chance is another each time."""

    actor: str = "region:25"
    command_id: UUID | None = None
    correlation_id: UUID | None = None

    def __post_init__(self) -> None:
        self.records: list[Record] = []
        self.epoch = uuid4()

    def say(self, fact: Any, **meta: Any) -> EventId:
        kind, event_id = kind_of(fact), EventId(uuid4())
        sealed = Sealed(WHO, uuid4(), "A256GCM", str(uuid4()))
        command_id = self.command_id or uuid4()
        envelope: dict[str, Any] = {
            "correlation_id": self.correlation_id or command_id,
            "traceparent": str(uuid4()),
        }
        self.records.append(
            Record(
                source="registry@0",
                epoch=self.epoch,
                position=len(self.records) + 1,
                recorded_at=AT,
                event_id=event_id,
                stream=WHO,
                version=len(self.records) + 1,
                name=kind.name,
                schema=kind.schema,
                territory="25",
                meta=codec.encode_meta(
                    Meta(
                        event_id=event_id,
                        actor=self.actor,
                        command_id=command_id,
                        **envelope | meta,
                    )
                ),
                data=codec.encode(replace(fact, **dict.fromkeys(kind.sealed, sealed))),
                leaf=uuid4().bytes,
            )
        )
        return event_id


def told(log: Log, since: date = date(2024, 2, 1)) -> list[Record]:
    """Tell of somebody who is registered, employed, and was not employed after all."""
    log.say(a(TeacherRegistered, person_id=WHO))
    job = log.say(a(EmploymentStarted, person_id=WHO, occurred_on=since))
    gone = a(FactWithdrawn, withdraws=job, name="registry.EmploymentStarted")
    log.say(gone, causation_id=job)
    return log.records


def form(records: list[Record]) -> list[bytes]:
    return list(canonical(records))


def test_accidents_are_left_out() -> None:
    """Номера записей и команд, трасса, эпоха, лист и шифр — случайности."""
    one, other = told(Log()), told(Log())

    assert not {e.data + e.meta for e in one} & {e.data + e.meta for e in other}
    assert form(one) == form(other)


def test_a_citation_stays_as_a_place() -> None:
    """На что ссылаются, видно по месту в журнале."""
    last = form(told(Log()))[-1].decode()

    assert '"withdraws":"registry@0/2"' in last
    assert '"causation":"registry@0/2"' in last


@pytest.mark.parametrize(
    "other",
    [
        told(Log(), since=date(2024, 2, 2)),
        told(Log(actor="region:27")),
        told(Log(command_id=UUID(int=9))),  # all by one command
        [replace(each, territory="27") for each in told(Log())],
        [replace(each, recorded_at=AT + timedelta(seconds=1)) for each in told(Log())],
        [replace(each, stream=UUID(int=6)) for each in told(Log())],
        told(Log())[:2],
    ],
)
def test_nothing_else_is_left_out(other: list[Record]) -> None:
    """Иной факт, иной автор, иная команда, место или время — другая форма."""
    assert form(other) != form(told(Log()))


def test_what_one_command_said_together_stays_together() -> None:
    """Кто по какой команде сказан, видно и тогда, когда повод у всех один."""
    apart, together = (
        told(Log(correlation_id=UUID(int=1), command_id=command_id))
        for command_id in (None, UUID(int=9))
    )

    assert form(apart) != form(together)


def test_the_order_of_delivery_does_not_matter() -> None:
    """Форма идёт журнал за журналом, как бы записи ни пришли."""
    records = told(Log())

    assert form(records[::-1]) == form(records)
