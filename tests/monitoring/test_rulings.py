"""Each ruling on what the acts leave open, on the golden world (kpi §2.3)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from shared.events.diagnostics import DiagnosticCompleted
from shared.events.monitoring import KpiDefinitionVersioned
from shared.events.registry import (
    EmploymentStarted,
    GraduateRegistered,
    OrganisationRegistered,
)
from shared.kernel.ids import KpiId
from shared.runtime.answers import Answers, Member
from shared.testing.facts import a
from tests.golden.words import Story, employment, known_by, org, person
from tests.golden.world import RECORDS
from tests.monitoring.telling import heard, promised

T = date(2024, 12, 31)
NOW = known_by(RECORDS, datetime(2026, 1, 1, tzinfo=UTC))
FIRST_GRADUATE = min(
    each.position for each in RECORDS if isinstance(each.fact, GraduateRegistered)
)
BEFORE_THE_FEED = NOW | {"registry@0": FIRST_GRADUATE - 1}
"""Nobody has told of a graduate yet."""


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Give the ledger that has heard the golden world."""
    answers = heard(tmp_path_factory.mktemp("rulings"), RECORDS)
    yield answers
    answers.ledger.close()


def of(golden: Answers, kpi: str, who: UUID, as_of: date = T) -> Member:
    """Return how one person stands to an indicator."""
    (member,) = golden.why(kpi, who, as_of, NOW)
    return member


def test_a_programme_not_chosen_by_a_diagnosis_stands_apart(golden: Answers) -> None:
    """AM6: без цепочки от диагностики — не в показателе, а отдельным числом."""
    stands = of(golden, "K-F1", person(6))
    reasons = {each.why: each for each in golden.reasons("K-F1", "", T, NOW)}
    unproven = reasons[stands.why]

    assert (stands.num, stands.den) == (0, 1)
    assert "связь с диагностикой не доказана" in stands.why
    assert unproven.num == 0
    assert unproven.members == sum(
        each.why == stands.why for each in golden.members("K-F1", "", T, NOW)
    )


def test_the_register_is_that_of_the_enrolment(golden: Answers) -> None:
    """AM7: программа вошла в реестр после зачисления — не считается."""
    assert of(golden, "K-F1", person(2)).num == 0


def test_who_did_well_is_a_part_of_all_and_of_those_who_took_part(golden: Answers) -> None:
    """AM8: «в том числе справившихся» — от всех; от участвовавших — рядом, по причинам."""
    took_part = golden.value("K-F2a", "", T, NOW)
    did_well = golden.value("K-F2b", "", T, NOW)
    reasons = {each.why: each for each in golden.reasons("K-F2b", "", T, NOW)}
    results = [each.members for why, each in reasons.items() if "результат" in why]

    assert did_well.den == took_part.den
    assert sum(results) == took_part.num > did_well.num > 0


def test_graduates_belong_to_the_base_and_a_base_without_them_says_so(golden: Answers) -> None:
    """AM9: педагоги и выпускники вместе; где о выпускниках не сообщают — «только работники»."""
    with_them = golden.value("K-F2a", "", T, NOW)
    staff = golden.value("K-F1", "", T, NOW)
    early = golden.value("K-F2a", "", T, BEFORE_THE_FEED)

    assert with_them.den > staff.den
    assert not with_them.staff_only
    assert early.staff_only
    assert not golden.value("K-F1", "", T, BEFORE_THE_FEED).staff_only


def test_taking_part_is_a_result(golden: Answers) -> None:
    """AM31: участвовал, у кого есть результат, а не назначение."""
    diagnosed = {
        each.fact.person_id for each in RECORDS if isinstance(each.fact, DiagnosticCompleted)
    }
    counted = {UUID(each.subject) for each in golden.members("K-F2a", "", T, NOW, "num")}

    assert counted
    assert counted <= diagnosed


def test_a_route_is_made_when_it_is_agreed(golden: Answers) -> None:
    """AM32: карта — от 31.12.2023, согласован маршрут 01.01.2024: он этого года."""
    assert of(golden, "K-RR03", person(9), date(2023, 12, 31)).num == 1
    assert of(golden, "K-RR09", person(9), date(2023, 12, 31)).num == 0
    assert of(golden, "K-RR09", person(9)).num == 1


@pytest.mark.parametrize(
    ("coverage", "due_on", "status"),
    [
        (100, T, "missed"),
        (10, T, "met"),
        (100, date(2025, 12, 31), "at_risk"),  # the mean alone would be on its way
        (10, date(2025, 12, 31), "met"),
    ],
)
def test_the_mean_load_is_not_enough(
    coverage: int, due_on: date, status: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """AM16: 250 на одного «из расчёта» — и ни у кого не больше, и закреплены все."""
    targets = [
        promised(25_000, due_on, "K-R5", 1, "at_most"),
        promised(25_000, due_on, "K-R5x.max", 2, "at_most"),
        promised(coverage * 100, due_on, "K-R5x.coverage", 3),
    ]
    told = heard(tmp_path_factory.mktemp("mean"), [*RECORDS, *targets])
    mean = told.value("K-R5", "", T, NOW | {"monitoring@0": 3})
    told.ledger.close()

    assert mean.value == "11.7"  # 35 to 3, far below 250
    assert mean.status == status


def test_an_organisation_is_older_than_its_entry(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """kpi §2.1: кто работал в организации до того, как её внесли, работал в ней."""
    story = Story()
    place = {"org_id": org("A"), "occurred_on": date(2022, 9, 1)}
    story.say(a(OrganisationRegistered, kind="school", region="25", oktmo="05701000", **place))
    job = {"person_id": person(1), "employment_id": employment(1), "org_id": org("A")}
    begun = date(2015, 9, 1)
    story.say(a(EmploymentStarted, position_class="PED", occurred_on=begun, **job))
    told = heard(tmp_path_factory.mktemp("older"), story.logs())
    value = told.value("K-RR03", "25/05701000", date(2020, 12, 31), {"registry@0": 2})
    told.ledger.close()

    assert value.den == 1


@pytest.mark.parametrize(("sha256", "formula"), [(None, "adopted"), ("0" * 64, "other")])
def test_another_formula_than_the_adopted_one_says_so(
    golden: Answers, sha256: str | None, formula: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """AM1: ответ называет версию формулы; файл не тот, что утверждён, — не молчит об этом."""
    mine = golden.definition("K-F1")
    adopted = a(
        KpiDefinitionVersioned,
        kpi_id=KpiId("K-F1"),
        definition_version=mine.version,
        formula_sha256=sha256 or mine.sha256,
    )
    target = promised(3000)
    said = replace(target, name="monitoring.KpiDefinitionVersioned", fact=adopted)
    told = heard(tmp_path_factory.mktemp("formula"), [*RECORDS, said])
    value = told.value("K-F1", "", T, NOW | {"monitoring@0": 1})
    told.ledger.close()

    assert value.formula == formula
    assert golden.value("K-F1", "", T, NOW).formula == "unsaid"


@pytest.mark.parametrize(
    ("as_of", "formula"), [(date(2021, 12, 31), "adopted"), (date(2024, 12, 31), "other")]
)
def test_the_version_in_force_on_the_day_is_named(
    golden: Answers, as_of: date, formula: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """AM1: на день отвечает версия, что действует в этот день; иная — сказано."""
    mine = golden.definition("K-F1")
    adopted = [
        replace(
            promised(3000),
            name="monitoring.KpiDefinitionVersioned",
            position=at,
            fact=a(
                KpiDefinitionVersioned,
                kpi_id=KpiId("K-F1"),
                definition_version=mine.version + at - 1,
                effective_from=since,
                formula_sha256=sha256,
            ),
        )
        for at, since, sha256 in (
            (1, date(2020, 1, 1), mine.sha256),
            (2, date(2024, 1, 1), "0" * 64),
        )
    ]
    told = heard(tmp_path_factory.mktemp("in force"), [*RECORDS, *adopted])
    value = told.value("K-F1", "", as_of, NOW | {"monitoring@0": 2})
    told.ledger.close()

    assert value.formula == formula
