"""The engine on the real registry and a real store: once, in order, or not at all."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from metodika.services import service
from services.registry.domain import CloseRegionalCentre
from shared.kernel.ids import CentreId, OrgId, PersonId
from shared.runtime.asking import Asked, NotAllowed, OtherBody
from shared.runtime.engine import Engine
from shared.runtime.store_log import LogStore
from tests.runtime.school import DAY, EMPLOYED, LAND, PERSON, SCHOOL, TEACHER, Ask, names


def test_a_command_is_answered_once_for_ever(ask: Ask, log: LogStore) -> None:
    """contracts §4: тот же номер и то же содержание — первый ответ."""
    once = ask(TEACHER, command_id=UUID(int=9))
    again = ask(TEACHER, command_id=UUID(int=9))

    assert once == again
    assert once.status == "accepted"
    assert names(log).count("TeacherRegistered") == 1


def test_another_command_under_the_same_id_is_none(ask: Ask) -> None:
    """contracts §4: тот же номер, другое содержание — 422."""
    ask(TEACHER, command_id=UUID(int=9))

    with pytest.raises(OtherBody):
        ask(replace(TEACHER, full_name="Другая"), command_id=UUID(int=9))


def test_a_refusal_names_its_clause_and_is_remembered(ask: Ask, log: LogStore) -> None:
    refused = ask(replace(EMPLOYED, person_id=PersonId(UUID(int=8))), command_id=UUID(int=9))

    assert (refused.status, refused.clause) == ("refused", "S0 I")
    assert log.answers([UUID(int=9)])


def test_a_claimed_key_has_one_holder(ask: Ask) -> None:
    """S1 5.5: СНИЛС принадлежит одному человеку."""
    ask(TEACHER)
    other = ask(replace(TEACHER, person_id=PersonId(UUID(int=8))))

    assert (other.status, other.clause) == ("refused", "S1 5.5")


def test_an_old_version_is_a_conflict(ask: Ask, log: LogStore) -> None:
    ask(TEACHER)
    late = ask(EMPLOYED, expected_version=0)

    assert (late.status, late.version) == ("conflict", 1)
    assert "EmploymentStarted" not in names(log)


def test_nothing_is_said_on_foreign_ground(engine: Engine, ask: Ask, log: LogStore) -> None:
    ask(TEACHER)
    asked = Asked(command=EMPLOYED, command_id=uuid4(), actor="test")

    with pytest.raises(NotAllowed):
        engine.ask(asked, lambda place: bool(place) and place.startswith("77"))
    assert "EmploymentStarted" not in names(log)


def test_names_are_sealed_in_the_store_and_open_to_the_domain(ask: Ask, log: LogStore) -> None:
    ask(TEACHER)
    [said] = [e for e in log.walk() if e.name == "registry.TeacherRegistered"]

    assert b"112" not in said.data
    assert ask(TEACHER).status == "unchanged"


def test_the_log_of_a_person_is_that_of_no_other_thing(ask: Ask) -> None:
    """One id, two deciders: refused, and nothing breaks."""
    ask(TEACHER)
    refused = ask(replace(LAND[2], org_id=OrgId(PERSON)))

    assert refused.status == "refused"


def test_territory_follows_work(ask: Ask, log: LogStore) -> None:
    ask(TEACHER, home="25")
    ask(EMPLOYED)
    places = {e.name.partition(".")[2]: e.territory for e in log.walk()}

    assert places["TeacherRegistered"] == "25"
    assert places["EmploymentStarted"] == f"25/05701000/{SCHOOL}"


def test_the_clock_is_an_argument(log: LogStore) -> None:
    moment = datetime.fromisoformat("2024-02-01T12:00:00+00:00")
    engine = Engine(service("registry"), log, None, lambda: moment)
    engine.ask(Asked(command=LAND[0], command_id=uuid4(), actor="test"))

    assert log.head().recorded_at == moment


def test_a_number_is_of_one_thing_also_within_one_transaction(engine: Engine) -> None:
    """S1 7.2: под одним номером — одно; и того, кто назвал его минутой раньше."""
    centre = CloseRegionalCentre(centre_id=CentreId(PERSON), closed_on=DAY)
    asked = [
        Asked(command=each, command_id=uuid4(), actor="test") for each in (TEACHER, centre)
    ]

    one, other = engine.ask_many(asked)

    assert one.status == "accepted"
    assert (other.status, other.clause) == ("refused", "S1 7.2")
