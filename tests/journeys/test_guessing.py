"""S0 V: who has no right over a thing is told 403, whatever he guesses of it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.mentoring import domain as men
from services.registry import domain as reg
from services.routes import domain as rou
from shared.kernel.ids import DeficitId, PairId, PersonId, RouteId, SupportId, Territory
from shared.runtime.asking import Asked, NotAllowed, Outcome
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day

MOSCOW = Territory("77")
CATEGORY = reg.AwardCategory(
    person_id=ch.ANNA, category="highest", awarded_on=day("01.10.2021")
)
NAMED = ch.registered(ch.ANNA, "112-233-445 95", "14.03.1980")
RESULT = ch.diagnosis(ch.ANNA, ch.SESSION, "01.02.2022", "50.00")[2]
YOUNG = replace(ch.employed(ch.ANNA, ch.CAPITAL_SCHOOL, "13.03.1994"), employment_id=uuid4())
GUESSES = [
    ("registry", NAMED, replace(NAMED, birth_date=day("15.03.1980"))),
    ("registry", CATEGORY, replace(CATEGORY, awarded_on=day("02.10.2021"), category="first")),
    ("diagnostics", RESULT, replace(RESULT, score_pct=Decimal("51.00"))),
]


@pytest.fixture
def told(story: Telling) -> Telling:
    """Anna of Primorye has a category and a result."""
    ch.places(story)
    ch.people(story)
    story.tell("registry", CATEGORY)
    story.settle()
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "50.00")
    return story


def asked(story: Telling, service: str, command: Any, region: str) -> Outcome:
    """Ask as an official of a region does."""
    said = Asked(command=command, command_id=uuid4(), actor="official", home=Territory(region))

    def may(place: Territory | None) -> bool:
        return (place or "").split("/")[0] == region

    return story.world.engines[service].ask(said, may)


@pytest.mark.parametrize(("service", "right", "wrong"), GUESSES)
def test_a_guess_of_anothers_is_refused_alike_right_or_wrong(
    told: Telling, service: str, right: Any, wrong: Any
) -> None:
    """S0 V: чужому не говорят ни «уже так», ни «записано иначе», ни почему нельзя."""
    for each in (right, wrong):
        with pytest.raises(NotAllowed, match=type(each).__name__) as refused:
            asked(told, service, each, "77")
        assert (refused.value.reason, refused.value.clause) == ("Не ваша территория", "S0 V")

    assert asked(told, service, right, "25").status == "unchanged"


def test_who_employs_nobody_of_another_learns_no_age(told: Telling) -> None:
    """S0 V, S0 I: отказ по возрасту говорит о дне рождения: его слышит свой."""
    with pytest.raises(NotAllowed):
        asked(told, "registry", YOUNG, "77")
    own = replace(YOUNG, org_id=ch.SCHOOL)

    assert asked(told, "registry", own, "25").clause == "S0 I"


def begun_by_another(on: str) -> list[tuple[str, Any]]:
    """Return things of his own that somebody begins with a person who is not his."""
    draft = rou.DraftRoute(
        route_id=RouteId(uuid4()),
        person_id=ch.ANNA,
        session_id=ch.SESSION,
        deficit_ids=(DeficitId(uuid4()),),
        on_request=False,
        drafted_on=day("01.03.2022"),
    )
    support = men.StartSupport(
        support_id=SupportId(uuid4()),
        person_id=ch.ANNA,
        form="mentoring_group",
        started_on=day(on),
    )
    return [("routes", draft), ("mentoring", form(on, ch.DINA)), ("mentoring", support)]


def form(on: str, mentor: PersonId) -> men.FormPair:
    return men.FormPair(
        pair_id=PairId(uuid4()),
        mentor_id=mentor,
        mentee_id=ch.ANNA,
        pair_basis="novice",
        formed_on=day(on),
    )


@pytest.mark.parametrize("on", ["31.08.2005", "01.09.2005"])
def test_who_begins_a_thing_with_anothers_person_learns_nothing_of_her(
    told: Telling, on: str
) -> None:
    """S0 V: новое дело о чужом человеке — 403, работает ли он и что выявлено, не говорят."""
    for service, command in begun_by_another(on):
        with pytest.raises(NotAllowed, match=type(command).__name__):
            asked(told, service, command, "77")

    assert asked(told, *begun_by_another(on)[0], "25").clause == "S1 3.2"
    assert asked(told, "mentoring", form("31.08.2005", ch.BORIS), "25").clause == "S4 3.2.7"


def test_who_names_his_own_in_anothers_thing_learns_nothing(told: Telling) -> None:
    """S0 V: назвал своего педагога в чужой паре: есть ли она и чья, всё равно не говорят."""
    own = form("01.09.2022", ch.BORIS)
    told.tell("mentoring", own)
    for mentee in (ch.DINA, ch.ANNA):
        with pytest.raises(NotAllowed, match="FormPair"):
            asked(told, "mentoring", replace(own, mentee_id=mentee), "77")

    assert asked(told, "mentoring", replace(own, mentee_id=ch.DINA), "25").clause == "S4 3.2.7"


def test_how_much_was_said_of_anothers_person_is_not_told(told: Telling) -> None:
    """S0 V: чужому не отвечают и версией записи: If-Match наугад — тоже 403."""
    engine = told.world.engines["registry"]
    said = Asked(
        command=CATEGORY, command_id=uuid4(), actor="77", expected_version=99, home=MOSCOW
    )
    with pytest.raises(NotAllowed):
        engine.ask(said, lambda place: (place or "").startswith("77"))

    assert engine.ask(said, lambda _: True).status == "conflict"
