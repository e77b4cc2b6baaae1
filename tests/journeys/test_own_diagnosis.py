"""A route stands on a diagnosis of the same human, and only such a one counts (RU12, AM6)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.diagnostics import domain as dia
from services.registry import domain as reg
from services.routes import domain as rou
from shared.events.diagnostics import DiagnosticCompleted
from shared.events.routes import RouteAgreed, RouteAssigned, RouteDrafted
from shared.kernel import standing
from shared.kernel.ids import DeficitId, PersonId, RouteId, SessionId
from tests.golden.words import known_by, person, route, session
from tests.golden.world import RECORDS
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, scored, withdraw
from tests.journeys.telling import Telling, day, refused
from tests.journeys.test_studied_again import agree
from tests.monitoring.telling import answered, heard
from tests.oracle.fold import oracle

END = "31.12.2022"
NOBODYS, OTHER = SessionId(ch.uid("nobody's session")), RouteId(ch.uid("other route"))
AGAIN = PersonId(ch.uid("anna again"))
NOW = known_by(RECORDS, datetime(2026, 1, 1, tzinfo=UTC))


def draft(who: PersonId, of: SessionId | None, *deficits: DeficitId) -> rou.DraftRoute:
    return rou.DraftRoute(
        route_id=OTHER,
        person_id=who,
        session_id=of,
        deficit_ids=deficits,
        on_request=of is None,
        drafted_on=day("02.02.2022"),
    )


def found(story: Telling) -> tuple[DeficitId, ...]:
    """Return the deficits that Anna's diagnosis found."""
    [drafted] = story.world.engines["routes"].known().thing(ch.ROUTE).history
    return drafted.fact.deficit_ids


@pytest.fixture
def diagnosed(story: Telling) -> Telling:
    """Anna was diagnosed, by another record of hers."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    ch.diagnosed(story, AGAIN, ch.SESSION, "01.02.2022", "52.00")
    return story


# ── What is asked ───────────────────────────────────────────────────────────


def test_a_route_on_a_session_that_nobody_held_is_refused(diagnosed: Telling) -> None:
    """RU12: «на основе диагностики профессиональных дефицитов» (S1 3.2)."""
    made_up = draft(ch.ANNA, NOBODYS, DeficitId(ch.uid("deficit")))

    refused(diagnosed.ask("routes", made_up), "S1 3.2", "ещё не услышана")


def test_a_route_on_the_diagnosis_of_another_is_refused(diagnosed: Telling) -> None:
    """AM6: «подобранные с учетом диагностики» его собственной (S0 V.1)."""
    of_anna = draft(ch.BORIS, ch.SESSION, *found(diagnosed))

    refused(diagnosed.ask("routes", of_anna), "S1 3.2", "другого педагога")


def test_a_deficit_that_it_did_not_find_is_refused(diagnosed: Telling) -> None:
    """RU12: дефициты называют те, что выявлены (S1 3.2)."""
    other = draft(AGAIN, ch.SESSION, DeficitId(ch.uid("deficit")))

    refused(diagnosed.ask("routes", other), "S1 3.2", "не выявила")


def test_a_route_on_a_request_needs_no_diagnosis(diagnosed: Telling) -> None:
    """RU12: либо на явном запросе педагога; показателя он не касается (S1 3.2)."""
    diagnosed.tell("routes", draft(ch.BORIS, None))
    item = ch.program_item(ch.ITEM)
    agreed = rou.AgreeRoute(route_id=OTHER, items=(item,), agreed_on=day("10.02.2022"))
    diagnosed.tell("routes", agreed)
    diagnosed.settle()

    assert diagnosed.counted("K-RR09", END) == (0, 4)


def test_two_records_of_one_human_are_one(diagnosed: Telling) -> None:
    """S1 7.2: записи слиты — диагностика по любой из них его."""
    of_anna = draft(ch.ANNA, ch.SESSION, *found(diagnosed))
    refused(diagnosed.ask("routes", of_anna), "S1 3.2", "другого педагога")
    snils = "205-555-555 57"
    twin = reg.MergePersons(survivor_id=ch.ANNA, merged_id=AGAIN, merged_on=day("02.02.2022"))
    diagnosed.tell("registry", ch.registered(AGAIN, snils, "14.03.1980"), twin)
    diagnosed.settle()
    diagnosed.tell("routes", of_anna)
    item = ch.program_item(ch.ITEM)
    diagnosed.tell(
        "routes",
        rou.AgreeRoute(route_id=OTHER, items=(item,), agreed_on=day("10.02.2022")),
        rou.AssignRoute(route_id=OTHER, tutor_id=None, assigned_on=day("15.02.2022")),
        replace(ch.enrolled(), route_id=OTHER),
        ch.completed(),
    )
    diagnosed.settle()

    assert [diagnosed.counted(kpi, END) for kpi in ("K-F1", "K-RR09")] == [(1, 4), (1, 4)]
    agree(diagnosed, *map(day, ("01.02.2022", END)))


# ── What is withdrawn ───────────────────────────────────────────────────────


def test_a_withdrawn_diagnosis_counts_no_more(story: Telling) -> None:
    """AM6: диагностики не было — и маршрута по ней нет (S0 V.1, S1 D2.3)."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    ch.trained(story)
    assert [story.counted(kpi, END)[0] for kpi in ("K-F1", "K-RR09")] == [1, 1]
    gone = withdraw(story, "diagnostics", ch.SESSION, "DiagnosticCompleted")

    assert gone.status == "accepted"
    assert [story.counted(kpi, END)[0] for kpi in ("K-F1", "K-RR09")] == [0, 0]
    agree(story, day(END))


def test_a_withdrawn_diagnosis_is_the_ground_of_no_route(story: Telling) -> None:
    """RU12: диагностики не было — маршрута по ней не согласуют (S1 3.2)."""
    ch.places(story)
    ch.people(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    gone = withdraw(story, "diagnostics", ch.SESSION, "DiagnosticCompleted")
    item = ch.program_item(ch.ITEM)
    asked = rou.AgreeRoute(route_id=ch.ROUTE, items=(item,), agreed_on=day("10.02.2022"))

    assert gone.status == "accepted"
    assert drafts(story) == []
    refused(story.ask("routes", asked), "S1 3.2", "ещё не составлен")


# ── What becomes of the diagnosis before the teacher agrees ─────────────────

WORSE, NONE = (
    {"score_pct": Decimal(pct), "by_competency": scored(pct)} for pct in ("40.00", "95.00")
)


def drafts(story: Telling) -> list[tuple[DeficitId, ...]]:
    """Return for which deficits a route of the session stands drafted."""
    said = standing(story.world.engines["routes"].known().thing(ch.ROUTE).history)
    return [each.fact.deficit_ids for each in said if isinstance(each.fact, RouteDrafted)]


def agreed(route_id: RouteId, on: str) -> rou.AgreeRoute:
    item = ch.program_item(ch.ITEM)
    return rou.AgreeRoute(route_id=route_id, items=(item,), agreed_on=day(on))


@pytest.fixture
def drafted(story: Telling) -> Telling:
    """Anna was diagnosed, and a route is drafted for one deficit."""
    ch.places(story)
    ch.people(story)
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    [named] = drafts(story)
    assert len(named) == 1
    return story


def amended(story: Telling, **anew: object) -> None:
    """Say the result of the session anew."""
    said = correct(story, "diagnostics", ch.SESSION, "DiagnosticCompleted", **anew)
    assert said.status == "accepted"


def test_a_draft_names_what_its_corrected_map_shows(drafted: Telling) -> None:
    """RU12: маршрут — по дефицитам, которые выявлены, а их оказалось два (S1 3.2)."""
    amended(drafted, **WORSE)
    [named] = drafts(drafted)
    drafted.tell("routes", agreed(ch.ROUTE, "10.02.2022"))

    assert len(named) == 2


def test_without_deficits_there_is_no_draft(drafted: Telling) -> None:
    """RU12: дефицитов нет — нет и маршрута; нашлись — составят (S1 3.2)."""
    amended(drafted, **NONE)
    gone = drafts(drafted)
    refused(drafted.ask("routes", agreed(ch.ROUTE, "10.02.2022")), "S1 3.2", "ещё не составлен")
    amended(drafted, **WORSE)

    assert (gone, [len(each) for each in drafts(drafted)]) == ([], [2])


def test_a_draft_by_hand_is_mended_by_hand(drafted: Telling) -> None:
    """RU12: чего диагностика больше не выявляет, на том не согласуют (S1 3.2)."""
    [named] = drafts(drafted)
    drafted.tell("routes", draft(ch.ANNA, ch.SESSION, *named))
    amended(drafted, **NONE)

    refused(drafted.ask("routes", agreed(OTHER, "10.02.2022")), "S1 3.2", "не выявила")


def test_what_the_teacher_agreed_to_stays(drafted: Telling) -> None:
    """ADR 0032: согласованное исправляют руками, и назначить его можно."""
    before = drafts(drafted)
    drafted.tell("routes", agreed(ch.ROUTE, "10.02.2022"))
    amended(drafted, **NONE)
    on = day("15.02.2022")
    drafted.tell("routes", rou.AssignRoute(route_id=ch.ROUTE, tutor_id=None, assigned_on=on))

    assert drafts(drafted) == before


@pytest.mark.parametrize("route_id", [ch.ROUTE, OTHER], ids=["drafted", "by hand"])
def test_from_its_annulment_on_it_is_no_ground(drafted: Telling, route_id: RouteId) -> None:
    """RU12: со дня аннулирования по этой диагностике маршрута не согласуют (S1 3.2)."""
    [named] = drafts(drafted)
    drafted.tell("routes", draft(ch.ANNA, ch.SESSION, *named))
    annul(drafted, "10.02.2022")
    asked = agreed(route_id, "10.02.2022")
    refused(drafted.ask("routes", asked), "S1 3.2", "аннулирована")

    drafted.tell("routes", agreed(route_id, "09.02.2022"))


def test_nor_is_a_route_drafted_on_it(drafted: Telling) -> None:
    """RU12: и не составляют (S1 3.2)."""
    [named] = drafts(drafted)
    annul(drafted, "02.02.2022")

    refused(drafted.ask("routes", draft(ch.ANNA, ch.SESSION, *named)), "S1 3.2", "аннулирована")


def annul(story: Telling, on: str) -> None:
    """Annul the session, and let everybody hear it."""
    why = dia.AnnulDiagnostic(
        session_id=ch.SESSION, reason="нарушен порядок", annulled_on=day(on)
    )
    story.tell("diagnostics", why)
    story.settle()


# ── What comes from elsewhere ───────────────────────────────────────────────


def is_on(fact: Any, kind: type[Any]) -> bool:
    """Say whether it is the fact of the first chain of the golden world."""
    mine = fact.session_id == session(1) if hasattr(fact, "session_id") else False
    return isinstance(fact, kind) and (mine or getattr(fact, "route_id", None) == route(1))


@pytest.mark.parametrize(
    ("kind", "kpi"),
    [
        (DiagnosticCompleted, "K-F1"),
        (DiagnosticCompleted, "K-RR09"),
        (RouteAssigned, "K-F1"),
        (RouteAgreed, "K-RR09"),
    ],
    ids=lambda it: it if isinstance(it, str) else it.__name__,
)
def test_a_chain_of_two_people_does_not_count(
    tmp_path: Path, kind: type[Any], kpi: str
) -> None:
    """AM6, S1 D2.3: чужие факты чужими и остаются, откуда бы ни пришли."""
    said = [
        replace(each, fact=replace(each.fact, person_id=person(2)))
        if is_on(each.fact, kind)
        else each
        for each in RECORDS
    ]
    on = date(2022, 12, 31)
    answers = heard(tmp_path, said)
    found = {who: num for (_, who), (num, _) in answered(answers, kpi, on, NOW).members.items()}
    expected = oracle(said, on, NOW)[kpi].members
    answers.ledger.close()

    assert found[str(person(1))] == 0
    assert found == {who: num for (_, who), (num, _) in expected.items()}
