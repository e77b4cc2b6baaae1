"""S0 I, ADR 0036: who works where is recorded when it has come, and moves nobody before."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.registry import domain as reg
from shared.kernel.ids import EventId
from shared.runtime.amending import Correct
from shared.runtime.codec import decode
from shared.runtime.territory import HOME
from tests.journeys import chapters as ch
from tests.journeys.packages import package, taken
from tests.journeys.telling import Telling, day, refused

BORIS = ("Борис", "087-654-303 00", "1975-05-05")


def left(on: str) -> reg.EndEmployment:
    return reg.EndEmployment(
        employment_id=ch.job_of(ch.ANNA), person_id=ch.ANNA, ended_on=day(on)
    )


@pytest.fixture
def anna(story: Telling) -> Telling:
    """Give a world in which Anna works at a school of Primorye and at one of Moscow."""
    ch.places(story)
    ch.people(story)
    return story


def test_a_notice_moves_nobody_before_its_day(anna: Telling) -> None:
    told_ahead = anna.ask("registry", left("31.08.2030"), recorded="01.11.2021")
    home = anna.world.engines["registry"].known().of(HOME, ch.ANNA)

    refused(told_ahead, "S0 I", "ещё не наступил")
    assert home.org_id == ch.SCHOOL
    assert anna.ask("registry", left("31.10.2021"), recorded="01.11.2021").status == "accepted"


def test_a_job_to_come_a_change_and_a_correction_wait_for_their_day(anna: Telling) -> None:
    ahead = day("01.09.2022")
    job = ch.employed(ch.ANNA, ch.CAPITAL_SCHOOL, "01.09.2022")
    second = replace(job, employment_id=ch.uid("second job"), is_main=False)
    changed = reg.ChangeEmployment(
        employment_id=ch.job_of(ch.ANNA),
        person_id=ch.ANNA,
        org_id=ch.SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="PHYS",
        is_main=True,
        changed_on=ahead,
    )
    [(event_id, began)] = [
        (each.event_id, decode(each.name, each.schema, each.data))
        for each in anna.world.stores["registry"].streams([ch.ANNA])[ch.ANNA]
        if each.name == "registry.EmploymentStarted"
    ]
    corrected = Correct(event_id=EventId(event_id), fact=replace(began, occurred_on=ahead))
    for asked in (second, changed, corrected):
        refused(anna.ask("registry", asked, recorded="30.08.2022"), "S0 I", "не наступил")
    accepted = anna.ask("registry", second, recorded="01.09.2022")

    assert accepted.status == "accepted"


def test_where_it_is_later_it_has_come(anna: Telling) -> None:
    """In Kamchatka the first of November begins at noon of the last of October in UTC."""
    anna.clock.moment = datetime(2021, 10, 31, 11, 59, tzinfo=UTC)
    [at_noon] = anna.ask_all("registry", [left("01.11.2021")])
    anna.clock.moment = datetime(2021, 10, 31, 12, 0, tzinfo=UTC)
    [after] = anna.ask_all("registry", [left("01.11.2021")])

    refused(at_noon, "S0 I", "не наступил")
    assert after.status == "accepted"


def test_a_roster_may_tell_a_job_to_come_and_it_is_taken_on_its_day(story: Telling) -> None:
    ch.places(story)
    files = package("25", ch.VLADIVOSTOK, BORIS)
    files["roles.csv"] = files["roles.csv"].replace(b"2021-09-01", b"2021-09-20")

    before = taken(story, files, "prim", "25", day("02.09.2021"))
    started = story.of("registry", "EmploymentStarted")
    taken(story, files, "prim", "25", day("20.09.2021"))

    assert (before.faults, started) == ([], [])
    assert len(story.of("registry", "EmploymentStarted")) == 1
