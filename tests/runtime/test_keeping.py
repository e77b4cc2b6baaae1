"""What is kept of facts is decided by together, wherever a fact is kept (ADR 0035)."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.events.routes import EnrolmentStarted, FactWithdrawn
from shared.kernel import Borrowed, kind_of
from shared.kernel.ids import EnrolmentId, EventId, RouteId
from shared.runtime import codec
from shared.runtime.engine import utc_now
from shared.runtime.log import Conflict, Unit
from shared.runtime.store_log import LogStore
from shared.runtime.work_kept import Keeping, Kept
from shared.testing.facts import a

STUDY, ROUTE = EnrolmentId(UUID(int=1)), RouteId(UUID(int=2))
STARTED = a(EnrolmentStarted, enrolment_id=STUDY, route_id=ROUTE)
FIRST = EventId(UUID(int=3))
GONE = a(FactWithdrawn, withdraws=FIRST, name="routes.EnrolmentStarted")
BY_ROUTE = Borrowed[int, EnrolmentStarted](
    name="by route",
    facts=(EnrolmentStarted,),
    about=lambda said: said.route_id or said.enrolment_id,
    initial=0,
    evolve=lambda so_far, _, __: so_far + 1,
)


def learned(log: LogStore, event_id: UUID, fact: Any) -> Unit:
    """Return what is to be written by whoever hears this fact now."""
    keeping, kind = Keeping(log, [BY_ROUTE]), kind_of(fact)
    data = msgspec.Raw(codec.encode(fact))
    keeping.learn(Kept(event_id, None, kind.name, kind.schema, data), fact, STUDY)
    read, known = keeping.handed_over()
    return Unit(now=utc_now(), read=read, known=known)


def test_where_a_fact_is_kept_is_read_too(log: LogStore) -> None:
    """ADR 0035: отзыв услышан прежде факта, а где факт хранят, тем временем сказал другой."""
    slow = learned(log, UUID(int=4), GONE)
    log.append(learned(log, FIRST, STARTED))

    with pytest.raises(Conflict):
        log.append(slow)
