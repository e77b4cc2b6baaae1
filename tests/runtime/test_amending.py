"""What was said is said anew or withdrawn, and leaves a life that could be (contracts §1)."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from services.registry.domain import ErasePersonalData, RecordEducation, RegisterGraduate
from shared.events.registry import EmploymentStarted, FactWithdrawn
from shared.kernel import Known, Recorded, whenever
from shared.kernel.ids import EventId, OrgId, PersonId, Territory
from shared.runtime import codec
from shared.runtime.amending import Correct, Withdraw, places
from shared.runtime.amending_life import Said
from shared.runtime.engine import Engine
from shared.runtime.store_log import LogStore
from shared.runtime.telemetry import Telemetry, use
from shared.runtime.telemetry_sent import in_memory
from shared.testing.facts import a
from tests.runtime.school import DAY, EMPLOYED, LAND, PERSON, TEACHER, Ask, asking, event

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


def test_what_is_said_next_stands_where_the_person_is(
    engine: Engine, ask: Ask, log: LogStore
) -> None:
    """ADR 0036: исправили старое там, где оно стоит, — дом от этого не переехал."""
    university = replace(LAND[2], org_id=OrgId(UUID(int=5)), kind="HE", oktmo=None)
    ask(university)
    ask(TEACHER, home=Territory("77"))
    first, fact = registered(engine, log)
    graduate = a(RegisterGraduate, person_id=PERSON, university_id=OrgId(UUID(int=5)))
    ask(graduate, home=Territory("77"))
    ask(Correct(event_id=first, fact=replace(fact, occurred_on=date(2024, 1, 31))))
    ask(a(RecordEducation, person_id=PERSON), home=Territory("77"))
    stands = [each.territory for each in log.streams([PERSON])[PERSON]]

    assert stands == ["77", (at := f"25/-/{UUID(int=5)}"), "77", at]


def test_a_correction_that_a_policy_asks_for_is_not_refused_in_silence(
    engine: Engine, log: LogStore
) -> None:
    """ADR 0032: на школе стоит работа: в отзыве политике отказано, и об этом сказано."""
    school = event(log, "registry.OrganisationRegistered")

    @whenever(EmploymentStarted, name="test.undo")
    def undone(_: EmploymentStarted, __: Known) -> list[Withdraw]:
        return [Withdraw(event_id=school, reason="нет школы", withdrawn_on=DAY)]

    undoing = replace(engine.service, policies=(undone,))
    told = in_memory()
    with capture_logs() as lines:
        for each in (TEACHER, EMPLOYED):
            asking(Engine(undoing, log, engine._keys))(each)
    counted = told.measures()["metodika.policies.refused"]
    use(Telemetry())

    assert counted == [({"service": "registry", "policy": "test.undo"}, 1)]
    assert [(each["policy"], each["clause"]) for each in lines] == [("test.undo", "S1 7.2")]


def test_what_is_withdrawn_with_a_fact_that_moves_stays_where_it_stood() -> None:
    """ADR 0019, 0032: кто слышал факт, услышит там же и отзыв; новое идёт за исправлением."""
    before, after = (Territory("25/05701"), None), (Territory("25/05702"), None)
    said = a(EmploymentStarted)
    stood, gone = (Recorded(event_id=EventId(UUID(int=n)), fact=said) for n in (1, 2))
    withdrawn = a(FactWithdrawn, withdraws=gone.event_id)
    all_of_it = [Said(said, stood), Said(withdrawn, gone), Said(said)]

    assert [*places(all_of_it, before, after, lambda _: before)] == [after, before, after]
