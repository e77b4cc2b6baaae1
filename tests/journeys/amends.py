"""How a journey corrects and withdraws what was said."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from shared.events.diagnostics import CompetencyScore
from shared.kernel.ids import EventId
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Outcome
from shared.runtime.log import Record
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day


def record(story: Telling, service: str, stream: UUID, name: str) -> Record:
    """Return the first record of a fact in a stream."""
    records = story.world.stores[service].streams([stream])[stream]
    return next(each for each in records if each.name == f"{service}.{name}")


def correct(story: Telling, service: str, stream: UUID, name: str, **anew: object) -> Outcome:
    """Say the first fact of a name in a stream anew, and let everybody hear it."""
    history = story.world.engines[service].known().thing(stream).history
    wrong = next(each for each in history if type(each.fact).__name__ == name)
    fact = replace(wrong.fact, **anew)
    outcome = story.ask(service, Correct(event_id=wrong.event_id, fact=fact))
    story.settle()
    return outcome


def withdraw(story: Telling, service: str, stream: UUID, name: str) -> Outcome:
    """Withdraw the first fact of a name in a stream, and let everybody hear it."""
    wrong = EventId(record(story, service, stream, name).event_id)
    asked = Withdraw(event_id=wrong, reason="ошибка", withdrawn_on=day("01.06.2022"))
    outcome = story.ask(service, asked)
    story.settle()
    return outcome


def scored(pct: str) -> tuple[CompetencyScore, ...]:
    """Return one result, the same in every competency."""
    score = Decimal(pct)
    return tuple(
        CompetencyScore(competency_id=each, score_pct=score)
        for each in sorted((ch.LESSON, ch.LANGUAGE))
    )
