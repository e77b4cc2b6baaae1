"""What was said is said anew or withdrawn, and leaves a life that could be (contracts §1)."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain import ErasePersonalData
from shared.events.registry import EmploymentStarted
from shared.kernel.ids import EventId, PersonId
from shared.runtime import codec
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.engine import Engine
from shared.runtime.store_log import LogStore
from tests.runtime.school import DAY, EMPLOYED, TEACHER, Ask, event

OTHER_SNILS = "201-111-111 46"


def started(log: LogStore) -> tuple[EventId, EmploymentStarted]:
    """Return the first employment and the fact."""
    first = event(log, "registry.EmploymentStarted")
    said = log.events([first])[first]
    return first, codec.decode(said.name, said.schema, said.data)


def registered(engine: Engine, log: LogStore) -> tuple[EventId, Any]:
    """Return the first registration and the fact, opened."""
    first = event(log, "registry.TeacherRegistered")
    return first, engine.known().thing(log.events([first])[first].stream).history[0].fact


def test_a_withdrawn_fact_lets_its_key_go(ask: Ask, log: LogStore) -> None:
    ask(TEACHER)
    wrong = event(log, "registry.TeacherRegistered")
    ask(Withdraw(event_id=wrong, reason="двойник", withdrawn_on=DAY))
    other = ask(replace(TEACHER, person_id=PersonId(UUID(int=8))))

    assert other.status == "accepted"


def test_a_corrected_start_moves_what_follows_from_it(ask: Ask, log: LogStore) -> None:
    """contracts §1; RU8: молодость определяют заново."""
    ask(TEACHER)
    ask(EMPLOYED)
    first, fact = started(log)
    ask(Correct(event_id=first, fact=replace(fact, occurred_on=date(2023, 9, 1))))
    youth = [
        codec.decode(e.name, e.schema, e.data).young_until
        for e in log.walk()
        if e.name == "registry.YouthPeriodDetermined"
    ]

    assert youth[0] == date(2027, 2, 1)
    assert youth[-1] == date(2026, 9, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        Withdraw(event_id=EventId(UUID(int=77)), reason="нет такой", withdrawn_on=DAY),
        Correct(event_id=EventId(UUID(int=77)), fact=None),
    ],
)
def test_what_was_never_said_is_not_corrected(ask: Ask, wrong: Any) -> None:
    assert ask(wrong).clause == "S1 7.2"


def test_a_refused_correction_lets_no_key_go(engine: Engine, ask: Ask, log: LogStore) -> None:
    """S1 5.5: отказано — и СНИЛС остался у того, чей он был."""
    ask(TEACHER)
    first, fact = registered(engine, log)
    ask(replace(TEACHER, person_id=PersonId(UUID(int=8)), snils=OTHER_SNILS))
    assert (
        ask(Correct(event_id=first, fact=replace(fact, snils=OTHER_SNILS))).clause == "S1 5.5"
    )

    third = ask(replace(TEACHER, person_id=PersonId(UUID(int=9))))
    assert (third.status, third.clause) == ("refused", "S1 5.5")


def test_nothing_is_claimed_for_the_erased(engine: Engine, ask: Ask, log: LogStore) -> None:
    """S1 5.5: за стёртым не остаётся СНИЛС, и не занимается чужой."""
    ask(TEACHER)
    first, fact = registered(engine, log)
    ask(
        ErasePersonalData(
            person_id=TEACHER.person_id, reason="отзыв", act_no="1", erased_on=DAY
        )
    )
    assert (
        ask(Correct(event_id=first, fact=replace(fact, snils=OTHER_SNILS))).status == "refused"
    )

    third = ask(replace(TEACHER, person_id=PersonId(UUID(int=9)), snils=OTHER_SNILS))
    assert third.status == "accepted"


def test_what_is_withdrawn_is_withdrawn_for_good(ask: Ask, log: LogStore) -> None:
    """contracts §1: отзыв окончателен: ни отозвать ещё раз, ни исправить."""
    ask(TEACHER)
    ask(EMPLOYED)
    first, fact = started(log)
    withdraw = Withdraw(event_id=first, reason="не работал", withdrawn_on=DAY)
    assert ask(withdraw).status == "accepted"
    before = log.head()

    for again in (withdraw, Correct(event_id=first, fact=fact)):
        refused = ask(again)
        assert (refused.status, refused.clause) == ("refused", "S1 7.2")
        assert "отозвана" in (refused.reason or "")
    assert log.head() == before


def test_a_correction_that_leaves_no_life_is_refused(ask: Ask, log: LogStore) -> None:
    """contracts §1: исправленная история должна быть возможной."""
    ask(TEACHER)
    ask(EMPLOYED)
    registered = event(log, "registry.TeacherRegistered")
    refused = ask(Withdraw(event_id=registered, reason="ошибка", withdrawn_on=DAY))

    assert (refused.status, refused.clause) == ("refused", "S1 7.2")


def test_a_correction_of_another_kind_or_person_is_refused(ask: Ask, log: LogStore) -> None:
    ask(TEACHER)
    ask(EMPLOYED)
    first, fact = started(log)
    elsewhere = replace(fact, person_id=PersonId(UUID(int=8)))

    assert ask(Correct(event_id=first, fact=elsewhere)).clause == "S1 7.2"
    registered = event(log, "registry.TeacherRegistered")
    assert ask(Correct(event_id=registered, fact=fact)).clause == "S1 7.2"
