"""The engine on the real registry and a real store: once, in order, or not at all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from metodika.services import service
from services.registry.domain import (
    AddMunicipality,
    AddRegion,
    CloseRegionalCentre,
    ErasePersonalData,
    RegisterOrganisation,
    RegisterTeacher,
    StartEmployment,
)
from shared.events.registry import EmploymentStarted
from shared.kernel.ids import (
    CentreId,
    EmploymentId,
    EventId,
    Oktmo,
    OrgId,
    PersonId,
    RegionCode,
)
from shared.runtime import codec
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Asked, NotAllowed, OtherBody, Outcome
from shared.runtime.engine import Engine, utc_now
from shared.runtime.hearing import Hole, hear, retry
from shared.runtime.log import Store
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.store import migrate, open_store

DAY = date(2024, 2, 1)
SCHOOL, PERSON, JOB = OrgId(UUID(int=1)), PersonId(UUID(int=2)), EmploymentId(UUID(int=3))
LAND = [
    AddRegion(
        region=RegionCode("25"),
        name="Приморский край",
        iso="RU-PRI",
        utc_offset_minutes=600,
        added_on=DAY,
    ),
    AddMunicipality(
        oktmo=Oktmo("05701000"), region=RegionCode("25"), name="Владивосток", added_on=DAY
    ),
    RegisterOrganisation(
        org_id=SCHOOL,
        kind="school",
        name="Школа",
        region=RegionCode("25"),
        oktmo=Oktmo("05701000"),
        parent_id=None,
        gen_ed=True,
        registered_on=DAY,
    ),
]
OTHER_SNILS = "201-111-111 46"
TEACHER = RegisterTeacher(
    person_id=PERSON,
    full_name="Лесных Анна",
    snils="112-233-445 95",
    birth_date=date(1995, 5, 5),
    registered_on=DAY,
)
EMPLOYED = StartEmployment(
    employment_id=JOB,
    person_id=PERSON,
    org_id=SCHOOL,
    position_class="PED",
    is_teacher=True,
    subject_code="math",
    is_main=True,
    started_on=DAY,
)

type Ask = Callable[..., Outcome]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite://{tmp_path / 'registry.sqlite'}"
    migrate(url, "registry@0")
    opened = open_store(url, "registry@0")
    yield opened
    opened.close()


@pytest.fixture
def engine(store: Store, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite://{tmp_path / 'keys.sqlite'}"
    migrate_keys(url)
    keys = Keys(url, b"m" * 32)
    yield Engine(service("registry"), store, keys)
    keys.close()


@pytest.fixture
def ask(engine: Engine) -> Ask:
    def asked(command: Any, **said: Any) -> Outcome:
        said = {"command_id": uuid4(), "actor": "test"} | said
        return engine.ask(Asked(command=command, **said))

    for each in LAND:
        asked(each)
    return asked


def event(store: Store, name: str) -> EventId:
    return EventId(next(e for e in store.walk() if e.name == name).event_id)


def names(store: Store) -> list[str]:
    return [each.name.partition(".")[2] for each in store.walk()]


def test_a_command_is_answered_once_for_ever(ask: Ask, store: Store) -> None:
    """contracts §4: тот же номер и то же содержание — первый ответ."""
    once = ask(TEACHER, command_id=UUID(int=9))
    again = ask(TEACHER, command_id=UUID(int=9))

    assert once == again
    assert once.status == "accepted"
    assert names(store).count("TeacherRegistered") == 1


def test_another_command_under_the_same_id_is_none(ask: Ask) -> None:
    """contracts §4: тот же номер, другое содержание — 422."""
    ask(TEACHER, command_id=UUID(int=9))

    with pytest.raises(OtherBody):
        ask(replace(TEACHER, full_name="Другая"), command_id=UUID(int=9))


def test_a_refusal_names_its_clause_and_is_remembered(ask: Ask, store: Store) -> None:
    refused = ask(replace(EMPLOYED, person_id=PersonId(UUID(int=8))), command_id=UUID(int=9))

    assert (refused.status, refused.clause) == ("refused", "S0 I")
    assert store.answers([UUID(int=9)])


def test_a_claimed_key_has_one_holder(ask: Ask) -> None:
    """S1 5.5: СНИЛС принадлежит одному человеку."""
    ask(TEACHER)
    other = ask(replace(TEACHER, person_id=PersonId(UUID(int=8))))

    assert (other.status, other.clause) == ("refused", "S1 5.5")


def test_a_withdrawn_fact_lets_its_key_go(ask: Ask, store: Store) -> None:
    ask(TEACHER)
    wrong = event(store, "registry.TeacherRegistered")
    ask(Withdraw(event_id=wrong, reason="двойник", withdrawn_on=DAY))
    other = ask(replace(TEACHER, person_id=PersonId(UUID(int=8))))

    assert other.status == "accepted"


def test_an_old_version_is_a_conflict(ask: Ask, store: Store) -> None:
    ask(TEACHER)
    late = ask(EMPLOYED, expected_version=0)

    assert (late.status, late.version) == ("conflict", 1)
    assert "EmploymentStarted" not in names(store)


def test_nothing_is_said_on_foreign_ground(engine: Engine, ask: Ask, store: Store) -> None:
    ask(TEACHER)
    asked = Asked(command=EMPLOYED, command_id=uuid4(), actor="test")

    with pytest.raises(NotAllowed):
        engine.ask(asked, lambda place: bool(place) and place.startswith("77"))
    assert "EmploymentStarted" not in names(store)


def test_names_are_sealed_in_the_store_and_open_to_the_domain(ask: Ask, store: Store) -> None:
    ask(TEACHER)
    [said] = [e for e in store.walk() if e.name == "registry.TeacherRegistered"]

    assert b"112" not in said.data
    assert ask(TEACHER).status == "unchanged"


def test_a_corrected_start_moves_what_follows_from_it(ask: Ask, store: Store) -> None:
    """contracts §1; RU8: молодость определяют заново."""
    ask(TEACHER)
    ask(EMPLOYED)
    first = event(store, "registry.EmploymentStarted")
    said = store.events([first])[first]
    fact = codec.decode(said.name, said.schema, said.data)
    ask(Correct(event_id=first, fact=replace(fact, occurred_on=date(2023, 9, 1))))
    youth = [
        codec.decode(e.name, e.schema, e.data).young_until
        for e in store.walk()
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


def registered(engine: Engine, store: Store) -> tuple[EventId, Any]:
    """Return the first registration and the fact, opened."""
    first = event(store, "registry.TeacherRegistered")
    return first, engine.known().thing(store.events([first])[first].stream).history[0].fact


def test_a_refused_correction_lets_no_key_go(engine: Engine, ask: Ask, store: Store) -> None:
    """S1 5.5: отказано — и СНИЛС остался у того, чей он был."""
    ask(TEACHER)
    first, fact = registered(engine, store)
    ask(replace(TEACHER, person_id=PersonId(UUID(int=8)), snils=OTHER_SNILS))
    assert (
        ask(Correct(event_id=first, fact=replace(fact, snils=OTHER_SNILS))).clause == "S1 5.5"
    )

    third = ask(replace(TEACHER, person_id=PersonId(UUID(int=9))))
    assert (third.status, third.clause) == ("refused", "S1 5.5")


def test_nothing_is_claimed_for_the_erased(engine: Engine, ask: Ask, store: Store) -> None:
    """S1 5.5: за стёртым не остаётся СНИЛС, и не занимается чужой."""
    ask(TEACHER)
    first, fact = registered(engine, store)
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


def test_what_is_withdrawn_is_withdrawn_for_good(ask: Ask, store: Store) -> None:
    """contracts §1: отзыв окончателен: ни отозвать ещё раз, ни исправить."""
    ask(TEACHER)
    ask(EMPLOYED)
    first = event(store, "registry.EmploymentStarted")
    said = store.events([first])[first]
    fact = codec.decode(said.name, said.schema, said.data)
    withdraw = Withdraw(event_id=first, reason="не работал", withdrawn_on=DAY)
    assert ask(withdraw).status == "accepted"
    before = store.head()

    for again in (withdraw, Correct(event_id=first, fact=fact)):
        refused = ask(again)
        assert (refused.status, refused.clause) == ("refused", "S1 7.2")
        assert "отозвана" in (refused.reason or "")
    assert store.head() == before


def test_a_correction_that_leaves_no_life_is_refused(ask: Ask, store: Store) -> None:
    """contracts §1: исправленная история должна быть возможной."""
    ask(TEACHER)
    ask(EMPLOYED)
    registered = event(store, "registry.TeacherRegistered")
    refused = ask(Withdraw(event_id=registered, reason="ошибка", withdrawn_on=DAY))

    assert (refused.status, refused.clause) == ("refused", "S1 7.2")


def test_a_correction_of_another_kind_or_person_is_refused(ask: Ask, store: Store) -> None:
    ask(TEACHER)
    ask(EMPLOYED)
    first = event(store, "registry.EmploymentStarted")
    said = store.events([first])[first]
    fact: EmploymentStarted = codec.decode(said.name, said.schema, said.data)
    elsewhere = replace(fact, person_id=PersonId(UUID(int=8)))

    assert ask(Correct(event_id=first, fact=elsewhere)).clause == "S1 7.2"
    registered = event(store, "registry.TeacherRegistered")
    assert ask(Correct(event_id=registered, fact=fact)).clause == "S1 7.2"


def test_the_log_of_a_person_is_that_of_no_other_thing(ask: Ask) -> None:
    """One id, two deciders: refused, and nothing breaks."""
    ask(TEACHER)
    refused = ask(replace(LAND[2], org_id=OrgId(PERSON)))

    assert refused.status == "refused"


def test_territory_follows_work(ask: Ask, store: Store) -> None:
    ask(TEACHER, home="25")
    ask(EMPLOYED)
    places = {e.name.partition(".")[2]: e.territory for e in store.walk()}

    assert places["TeacherRegistered"] == "25"
    assert places["EmploymentStarted"] == f"25/05701000/{SCHOOL}"


# ── Hearing ─────────────────────────────────────────────────────────────────


@pytest.fixture
def mentoring(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite://{tmp_path / 'mentoring.sqlite'}"
    migrate(url, "mentoring@0")
    opened = open_store(url, "mentoring@0")
    yield Engine(service("mentoring"), opened, None)
    opened.close()


def wires(store: Store) -> list[bytes]:
    return [codec.wire(each) for each in store.walk()]


def test_heard_twice_is_heard_once(ask: Ask, store: Store, mentoring: Engine) -> None:
    """contracts §2: повторённое не действует второй раз."""
    ask(TEACHER)
    ask(EMPLOYED)
    first = hear(mentoring, "registry@0", wires(store))
    again = hear(mentoring, "registry@0", wires(store))

    assert first.effects == 1
    assert (again.effects, again.skipped) == (0, len(wires(store)))
    assert names(mentoring.store) == ["MentorshipPairProposed"]


def test_another_record_where_the_mark_stands_stops_the_reader(
    ask: Ask, store: Store, mentoring: Engine
) -> None:
    """contracts §2: a log restored from an older copy says other things in known places."""
    ask(TEACHER)
    ask(EMPLOYED)
    told = list(store.walk())
    hear(mentoring, "registry@0", [codec.wire(each) for each in told])
    other = [codec.wire(replace(each, event_id=uuid4())) for each in told]

    with pytest.raises(Hole, match=f"{told[-1].position} is not the record that was heard"):
        hear(mentoring, "registry@0", other)
    assert hear(mentoring, "registry@0", wires(store)).skipped == len(told)


def test_a_hole_stops_the_reader(ask: Ask, store: Store, mentoring: Engine) -> None:
    """contracts §2: позиции без пропусков."""
    ask(TEACHER)

    with pytest.raises(Hole):
        hear(mentoring, "registry@0", wires(store)[1:])
    assert not mentoring.store.marks()


def test_a_poison_fact_is_parked_and_its_stream_waits(
    ask: Ask, store: Store, mentoring: Engine
) -> None:
    """reliability 8: ядовитый факт отложен, остальные идут дальше."""
    ask(TEACHER)
    ask(EMPLOYED)
    sent = wires(store)
    at = names(store).index("EmploymentStarted")
    poisoned = sent[at].replace(b'"position_class":"PED"', b'"position_class":"XXX"')
    hearing = hear(mentoring, "registry@0", [*sent[:at], poisoned, *sent[at + 1 :]])

    assert hearing.parked == 2
    assert hearing.position == len(sent)
    parked = mentoring.store.parked()
    assert [each.name for each in parked] == [
        "registry.EmploymentStarted",
        "registry.YouthPeriodDetermined",
    ]
    assert "queues behind" in parked[1].error


def test_what_was_parked_leaves_with_its_effects(
    ask: Ask, store: Store, mentoring: Engine
) -> None:
    ask(TEACHER)
    ask(EMPLOYED)
    sent = wires(store)
    at = names(store).index("EmploymentStarted")
    poisoned = sent[at].replace(b'"position_class":"PED"', b'"position_class":"XXX"')
    hear(mentoring, "registry@0", [*sent[:at], poisoned, *sent[at + 1 :]])
    first, behind = mentoring.store.parked()

    assert retry(mentoring, first).parked == 1
    assert mentoring.store.parked()[0].retry_at > utc_now() + timedelta(seconds=1)
    assert retry(mentoring, replace(first, wire=sent[at])).parked == 0
    assert retry(mentoring, behind).effects == 1
    assert not mentoring.store.parked()
    assert names(mentoring.store) == ["MentorshipPairProposed"]


def test_an_unknown_fact_is_skipped(ask: Ask, store: Store, mentoring: Engine) -> None:
    """reliability 17: незнакомое имя пропущено, позиция идёт дальше."""
    ask(TEACHER)
    sent = [e.replace(b"TeacherRegistered", b"TeacherDescribed") for e in wires(store)]
    hearing = hear(mentoring, "registry@0", sent)

    assert (hearing.skipped, hearing.position) == (1, len(sent))


def test_the_clock_is_an_argument(store: Store) -> None:
    moment = datetime.fromisoformat("2024-02-01T12:00:00+00:00")
    engine = Engine(service("registry"), store, None, lambda: moment)
    engine.ask(Asked(command=LAND[0], command_id=uuid4(), actor="test"))

    assert store.head().recorded_at == moment


def test_a_number_is_of_one_thing_also_within_one_transaction(engine: Engine) -> None:
    """S1 7.2: под одним номером — одно; и того, кто назвал его минутой раньше."""
    centre = CloseRegionalCentre(centre_id=CentreId(PERSON), closed_on=DAY)
    asked = [
        Asked(command=each, command_id=uuid4(), actor="test") for each in (TEACHER, centre)
    ]

    one, other = engine.ask_many(asked)

    assert one.status == "accepted"
    assert (other.status, other.clause) == ("refused", "S1 7.2")
