"""Point 5: the nine indicators, at every level, on any date, with everybody behind them."""

import re
from datetime import date
from uuid import UUID

import pytest

from services.registry import domain as reg
from shared.kernel.ids import EmploymentId
from shared.runtime.codec import decode_meta
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day, noon

NINE = ("K-F0", "K-F1", "K-F2a", "K-F2b", "K-F4", "K-R5", "K-R5x", "K-RR03", "K-RR09")
CLAUSE = re.compile(r"\((S\d [^)]+)\)")
RUSSIAN = re.compile(r"[а-яё]{3}")

EXPECTED = {
    # on 31.12.2022: Primorye has Anna, Boris, Vera and Gleb; Moscow has Dina
    "K-F0": ((1, 2), (1, 1)),
    "K-F1": ((1, 5), (1, 4)),
    "K-F2a": ((2, 5), (2, 4)),
    "K-F2b": ((1, 5), (1, 4)),
    "K-F4": ((1, 1), (1, 1)),
    "K-R5": ((5, 0), (4, 0)),
    "K-R5x.coverage": ((0, 5), (0, 4)),
    "K-R5x.max": ((0, 0), (0, 0)),
    "K-RR03": ((1, 5), (1, 4)),
    "K-RR09": ((1, 5), (1, 4)),
}
"""Counted by hand: the country, then Primorye."""


def test_all_nine_are_answered(read_only: Telling) -> None:
    """§1.5: K-F0, K-F1, K-F2a, K-F2b, K-F4, K-R5, K-R5x, K-RR03, K-RR09 (S0 V)."""
    known = read_only.world.answers.definitions

    assert {k.split(".")[0] for k in known} == set(NINE)


@pytest.mark.parametrize("kpi", EXPECTED)
def test_each_is_as_counted_by_hand(read_only: Telling, kpi: str) -> None:
    """§1.5: страна и регион на 31.12.2022 — как посчитано вручную (S0 V)."""
    counted = (
        read_only.counted(kpi, "31.12.2022", ""),
        read_only.counted(kpi, "31.12.2022", "25"),
    )

    assert counted == EXPECTED[kpi]


@pytest.mark.parametrize("kpi", EXPECTED)
def test_every_level_agrees_with_its_own_value(read_only: Telling, kpi: str) -> None:
    """§1.5: страна, регион, муниципалитет, организация: числа уровней сходятся (S0 V)."""
    vector, _ = read_only.world.answers.vector(None)
    levels = read_only.world.answers.levels(kpi, ch.END, vector)

    for _, path, num, den in levels:
        assert read_only.counted(kpi, "31.12.2022", path) == (num, den), path
    if kpi not in ("K-F0", "K-R5x.max"):
        assert {row[0] for row in levels} == {
            "federation",
            "region",
            "municipality",
            "organisation",
        }


@pytest.mark.parametrize("kpi", EXPECTED)
def test_of_a_part_no_level_above_it_is_told(read_only: Telling, kpi: str) -> None:
    """§1.5: внутри муниципалитета нет числа страны: это была бы лишь его доля (S0 V)."""
    answers = read_only.world.answers
    vector, _ = answers.vector(None)
    whole = answers.levels(kpi, ch.END, vector)

    for _, scope, *_ in whole:
        inside = [row for row in whole if not scope or f"{row[1]}/".startswith(f"{scope}/")]
        assert answers.levels(kpi, ch.END, vector, scope) == inside


@pytest.mark.parametrize("kpi", EXPECTED)
def test_everybody_is_told_why_in_russian_with_the_clause(read_only: Telling, kpi: str) -> None:
    """§1.5: кто учтён, кто нет и почему: по-русски, с пунктом (S0 V)."""
    vector, _ = read_only.world.answers.vector(None)
    members = read_only.world.answers.members(kpi, "", ch.END, vector)
    counted = read_only.world.answers.members(kpi, "", ch.END, vector, "num")
    missing = read_only.world.answers.members(kpi, "", ch.END, vector, "not")

    for each in members:
        assert CLAUSE.search(each.why), each.why
        assert RUSSIAN.search(each.why), each.why
    if kpi not in ("K-R5", "K-R5x.max"):
        assert len(counted) + len(missing) == len(members)
        assert (len(counted), len(members)) == EXPECTED[kpi][0]


@pytest.mark.parametrize("kpi", EXPECTED)
def test_the_evidence_stands_in_the_logs(read_only: Telling, kpi: str) -> None:
    """§1.5: названы факты, которые это доказывают, и они есть в журналах (S1 7.2)."""
    vector, _ = read_only.world.answers.vector(None)
    members = read_only.world.answers.members(kpi, "", ch.END, vector)
    said = {each.event_id for store in read_only.world.stores.values() for each in store.walk()}

    for each in members:
        assert each.evidence, each
        assert set(each.evidence) <= said, each


def test_the_evidence_of_the_trained_is_the_whole_chain(read_only: Telling) -> None:
    """§1.5: K-F1 доказывают диагностика, дефицит, маршрут, зачисление, освоение (S0 V.1)."""
    vector, _ = read_only.world.answers.vector(None)
    [anna] = read_only.world.answers.why("K-F1", ch.ANNA, ch.END, vector)
    names = {
        each.name
        for store in read_only.world.stores.values()
        for each in store.events(anna.evidence).values()
    }

    assert anna.num == 1
    assert names == {
        "registry.EmploymentStarted",
        "diagnostics.DiagnosticCompleted",
        "diagnostics.DeficitIdentified",
        "routes.RouteAssigned",
        "routes.EnrolmentStarted",
        "routes.ProgramCompleted",
    }


def test_the_number_is_of_its_business_date(read_only: Telling) -> None:
    """§1.5: на любую дату (as_of): K-F1 растёт в день освоения (S0 V.1)."""
    vector, _ = read_only.world.answers.vector(None)
    dates: list[date] = [day(d) for d in ("19.05.2022", "20.05.2022", "31.12.2022")]
    series = read_only.world.answers.series("K-F1", "25", dates, vector)

    assert [(each.num, each.den) for each in series] == [(0, 4), (1, 4), (1, 4)]


def test_the_number_is_of_its_moment_of_knowledge(read_only: Telling) -> None:
    """§1.5: на любой момент знания (as_known): чего не знали, того нет (S1 7.2)."""
    before, after = noon("19.05.2022"), noon("20.05.2022")

    assert read_only.counted("K-F1", "31.12.2022", known=before) == (0, 4)
    assert read_only.counted("K-F1", "31.12.2022", known=after) == (1, 4)
    assert read_only.value("K-F1", "31.12.2022", known=before).vector != {}


def test_what_may_still_be_due_is_called_provisional(read_only: Telling) -> None:
    """§1.5: за пределом услышанного ответ предварительный, и назван журнал (contracts §3)."""
    heard = read_only.value("K-F1", "31.12.2022", known=noon("01.05.2022"))
    unheard = read_only.value("K-F1", "31.12.2022", known=noon("01.01.2030"))

    assert heard.lagging == ()
    assert "routes@0" in unheard.lagging


def test_target_and_status_are_of_the_act(read_only: Telling) -> None:
    """§1.5: цель и статус: 30 % к концу 2024 года; при 25 % после срока — нет (S0 V.1)."""
    on_the_way = read_only.value("K-F1", "31.12.2022")
    too_late = read_only.value("K-F1", "01.01.2025")
    support = read_only.value("K-F4", "31.12.2022", "")

    assert (on_the_way.target, on_the_way.due_on) == (None, None)  # set on 11.05.2023
    assert (too_late.target, too_late.due_on) == (3000, day("31.12.2024"))
    assert (too_late.value, too_late.status) == ("25.0", "missed")
    assert (support.target, support.value, support.status) == (7000, "100.0", "met")


def test_where_no_act_sets_a_target_there_is_none(read_only: Telling) -> None:
    """§1.5: цель действует на уровне своего акта (S0 V)."""
    assert read_only.value("K-F1", "31.12.2024", "77").status == "no_target"


def test_the_targets_stand_in_the_log_with_their_acts(read_only: Telling) -> None:
    """§1.5: цели сказаны фактами, с актом и пунктом (S0 V)."""
    said = list(read_only.world.stores["monitoring"].walk())

    assert {decode_meta(each.meta).actor for each in said} == {"founders"}
    assert all(b'"act":"' in each.data and b'"clause":"S' in each.data for each in said)


def test_who_works_twice_is_counted_once(story: Telling) -> None:
    """§1.5: одного педагога считают один раз, по основной работе (S0 I)."""
    ch.places(story)
    ch.people(story)
    second = reg.StartEmployment(
        employment_id=EmploymentId(UUID(int=7)),
        person_id=ch.ANNA,
        org_id=ch.CAPITAL_SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=False,
        started_on=day("01.02.2022"),
    )
    story.tell("registry", second)
    story.settle()

    assert story.counted("K-F1", "31.12.2022", "") == (0, 5)
    assert story.counted("K-F1", "31.12.2022", "77") == (0, 1)
