"""ADR 0019, ADR 0036: where somebody is at home, and who hears what became of a fact."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from services.registry import domain as reg
from shared.kernel.ids import EventId, Oktmo, OrgId, PersonId, SessionId, Territory
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Asked, NotAllowed
from shared.runtime.codec import decode
from tests.journeys import chapters as ch
from tests.journeys.methodists import leaves
from tests.journeys.telling import Telling, day

ZOYA = PersonId(ch.uid("zoya"))
NEAR = Oktmo("05702000")
NEAR_SCHOOL = OrgId(ch.uid("school of the neighbours"))
STARTED, ENDED = "registry.EmploymentStarted", "registry.EmploymentEnded"
WITHDRAWN = "registry.FactWithdrawn"


def officials(region: str) -> Callable[[Territory | None], bool]:
    return lambda place: (place or "").partition("/")[0] == region


def test_who_teaches_here_and_keeps_books_elsewhere_is_at_home_here(story: Telling) -> None:
    """AM33: педагогическая работа прежде основной: где считают, там и говорят."""
    ch.places(story)
    ch.people(story)
    second = ch.employed(ZOYA, ch.SCHOOL, "01.09.2015")
    story.tell(
        "registry",
        ch.registered(ZOYA, "205-555-555 57", "09.07.1979"),
        ch.employed(ZOYA, ch.CAPITAL_SCHOOL, "01.09.2010", "OTHER"),
        replace(second, employment_id=ch.uid("second job of zoya"), is_main=False),
    )
    story.settle()
    known, _ = story.world.answers.vector(None)
    counted = story.world.answers.members("K-RR03", "25", day("31.12.2021"), known)
    engine = story.world.engines["diagnostics"]
    assigned, *_ = ch.diagnosis(ZOYA, SessionId(ch.uid("session")), "01.10.2021", "50.00")
    with pytest.raises(NotAllowed):
        engine.ask(Asked(command=assigned, command_id=uuid4(), actor="77"), officials("77"))
    engine.ask(Asked(command=assigned, command_id=uuid4(), actor="25"), officials("25"))
    [said] = engine.store.walk()

    assert str(ZOYA) in {each.subject for each in counted}
    assert str(said.territory).startswith("25/")


def test_the_municipality_that_heard_a_job_hears_what_became_of_it(story: Telling) -> None:
    """Contracts §7: исправление переносит работу к соседям; прежние слышат и его, и отзыв."""
    neighbours(story)
    [began] = [it for it in at(story, ch.VLADIVOSTOK, ch.ANNA) if it[0] == STARTED]
    fact = replace(began[2], org_id=NEAR_SCHOOL)
    moved = story.ask("registry", Correct(event_id=began[1], fact=fact), recorded="01.10.2021")
    there = at(story, NEAR, ch.ANNA)
    heard = [(name, said) for name, _, said in at(story, ch.VLADIVOSTOK, ch.ANNA)]
    gone = Withdraw(event_id=began[1], reason="не было", withdrawn_on=day("02.10.2021"))

    assert moved.status == "accepted"
    assert (STARTED, fact) in [(name, said) for name, _, said in there]
    assert (STARTED, fact) in heard
    assert story.ask("registry", gone).status == "accepted"
    for place in (ch.VLADIVOSTOK, NEAR):
        assert WITHDRAWN in {name for name, _, _ in at(story, place, ch.ANNA)}


def neighbours(story: Telling) -> None:
    """Another municipality of the region, with a school; Anna works in the first."""
    ch.places(story)
    near = reg.AddMunicipality(
        oktmo=NEAR,
        region=ch.PRIMORYE,
        name="Соседи",
        added_on=day("01.09.2021"),
    )
    school = ch.organisation(NEAR_SCHOOL, "school", ch.PRIMORYE, NEAR)
    story.tell("registry", near, school)
    ch.people(story)


def test_it_hears_too_what_moves_with_the_job(story: Telling) -> None:
    """ADR 0019: с работой к соседям уходит и её окончание: прежние слышат и об этом."""
    neighbours(story)
    story.tell("registry", leaves(ch.ANNA, "31.10.2021"))
    [began] = [it for it in at(story, ch.VLADIVOSTOK, ch.ANNA) if it[0] == STARTED]
    fact = replace(began[2], org_id=NEAR_SCHOOL)
    moved = story.ask("registry", Correct(event_id=began[1], fact=fact), recorded="01.11.2021")

    assert moved.status == "accepted"
    for place in (ch.VLADIVOSTOK, NEAR):
        [*_, (_, _, ended)] = [it for it in at(story, place, ch.ANNA) if it[0] == ENDED]
        assert ended.org_id == NEAR_SCHOOL


def at(story: Telling, oktmo: str, who: PersonId) -> list[tuple[str, EventId, Any]]:
    """Return what the feed of a municipality tells of somebody."""
    records = story.world.stores["registry"].read(0, 1000, scopes=[Territory(f"25/{oktmo}")])
    return [
        (each.name, EventId(each.event_id), decode(each.name, each.schema, each.data))
        for each in records
        if each.stream == who
    ]
