"""S0 V: что измеряют, и что обещано к какому дню."""

import re
from dataclasses import replace
from datetime import date
from functools import reduce
from itertools import pairwise
from typing import Any

import pytest

from services.monitoring.api import DOORS
from services.monitoring.domain import (
    FOUNDING_TARGETS,
    KPI,
    Kpi,
    KpiCommand,
    SetKpiTarget,
    VersionKpiDefinition,
    founding_definitions,
)
from services.monitoring.projections import KPIS
from shared.events.monitoring import KpiDefinitionVersioned, KpiFact, KpiTargetSet
from shared.kernel.ids import KpiId, Territory
from shared.runtime.doors import Door
from shared.runtime.schemas import Accepted
from shared.testing.spec import Spec

type KpiSpec = Spec[Kpi, KpiCommand, KpiFact]

SET = SetKpiTarget(
    kpi_id=KpiId("K-F1"),
    level="federation",
    territory=Territory(""),
    due_on=date(2024, 12, 31),
    direction="at_least",
    target_hundredths=3000,
    act="Р-76",
    clause="S0 V.1",
    set_on=date(2020, 8, 6),
)
VERSION = VersionKpiDefinition(
    kpi_id=KpiId("K-F1"),
    definition_version=1,
    effective_from=date(2020, 8, 6),
    formula_sha256="a" * 64,
    act="Р-76",
    clause="S0 V.1",
    versioned_on=date(2020, 8, 6),
)
SECOND = replace(VERSION, definition_version=2, effective_from=date(2023, 1, 1))
TARGET_SET = KpiTargetSet(
    kpi_id=SET.kpi_id,
    level="federation",
    territory=Territory(""),
    due_on=date(2024, 12, 31),
    direction="at_least",
    target_hundredths=3000,
    act="Р-76",
    clause="S0 V.1",
    occurred_on=date(2020, 8, 6),
)


def versioned(asked: VersionKpiDefinition) -> KpiDefinitionVersioned:
    return KpiDefinitionVersioned(
        kpi_id=asked.kpi_id,
        definition_version=asked.definition_version,
        effective_from=asked.effective_from,
        formula_sha256=asked.formula_sha256,
        act=asked.act,
        clause=asked.clause,
        occurred_on=asked.versioned_on,
    )


@pytest.fixture
def kpi() -> KpiSpec:
    return Spec(KPI)


def test_a_target_is_set(kpi: KpiSpec) -> None:
    """S0 V.1: «к 2024 году - не менее 30%»."""
    kpi.when(SET)
    kpi.then(TARGET_SET)


def test_the_same_target_is_already_set(kpi: KpiSpec) -> None:
    kpi.given(TARGET_SET)
    kpi.when(SET)
    kpi.then()


def test_a_later_act_sets_another(kpi: KpiSpec) -> None:
    kpi.given(TARGET_SET)
    kpi.when(replace(SET, target_hundredths=3500, act="Р-174"))
    kpi.then(replace(TARGET_SET, target_hundredths=3500, act="Р-174"))


@pytest.mark.parametrize(
    ("level", "territory"),
    [("region", ""), ("region", "25"), ("municipality", "25/05701"), ("organisation", "77/-")],
)
def test_a_target_may_bind_many(kpi: KpiSpec, level: Any, territory: str) -> None:
    asked = replace(SET, level=level, territory=Territory(territory))
    kpi.when(asked)
    kpi.then(replace(TARGET_SET, level=level, territory=territory))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kpi_id": KpiId("F1")},
        {"territory": Territory("25")},
        {"level": "region", "territory": Territory("25/05701")},
        {"level": "region", "territory": Territory("Приморье")},
        {"target_hundredths": -1},
        {"target_hundredths": 10_000_001},
        {"act": " "},
        {"clause": ""},
    ],
)
def test_what_is_no_target_is_refused(kpi: KpiSpec, wrong: dict[str, Any]) -> None:
    """S0 V: цель — число, срок, уровень и акт, которым она поставлена."""
    kpi.when(replace(SET, **wrong))
    kpi.then_refused("S0 V")


def test_a_definition_has_versions(kpi: KpiSpec) -> None:
    """S0 V: редакции идут подряд, каждая действует позже прежней."""
    kpi.given(versioned(VERSION))
    kpi.when(SECOND)
    kpi.then(versioned(SECOND))


def test_a_version_is_already_so(kpi: KpiSpec) -> None:
    kpi.given(versioned(VERSION), versioned(SECOND))
    kpi.when(VERSION)
    kpi.then()


@pytest.mark.parametrize(
    "wrong",
    [
        replace(VERSION, formula_sha256="b" * 64),
        replace(SECOND, definition_version=3),
        replace(SECOND, definition_version=0),
        replace(SECOND, effective_from=VERSION.effective_from),
        replace(SECOND, formula_sha256="A" * 64),
    ],
)
def test_what_is_no_version_is_refused(kpi: KpiSpec, wrong: VersionKpiDefinition) -> None:
    kpi.given(versioned(VERSION))
    kpi.when(wrong)
    kpi.then_refused("S0 V")


def test_a_version_that_does_not_follow_is_no_life() -> None:
    state = KPI.evolve(KPI.initial, versioned(VERSION))

    assert KPI.evolve(state, versioned(replace(SECOND, definition_version=3))) is state
    assert KPI.evolve(state, versioned(SECOND)) is not state
    assert KPI.evolve(state, TARGET_SET) is not state


# ── Founding ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kpi_id", "level", "due_on", "target"),
    [
        ("K-F0", "federation", date(2021, 12, 31), 100),
        ("K-F1", "federation", date(2024, 12, 31), 30),
        ("K-F2a", "federation", date(2024, 12, 31), 30),
        ("K-F2b", "federation", date(2024, 12, 31), 15),
        ("K-F4", "federation", date(2024, 12, 31), 70),
        ("K-F1", "region", date(2024, 12, 31), 30),
        ("K-R5", "region", date(2024, 5, 1), 250),
        ("K-R5x.max", "region", date(2024, 12, 31), 250),
        ("K-R5x.coverage", "region", date(2024, 12, 31), 100),
        ("K-RR03", "region", date(2023, 12, 31), 20),
        ("K-RR09", "region", date(2024, 12, 31), 20),
    ],
)
def test_the_founding_acts_promise(kpi_id: str, level: str, due_on: date, target: int) -> None:
    """AM2: «к 2024 году» — на 31.12.2024; цели связывают уровень своего акта (S0 V)."""
    found = [
        each.target_hundredths
        for each in FOUNDING_TARGETS
        if (each.kpi_id, each.level, each.due_on) == (kpi_id, level, due_on)
    ]

    assert found == [target * 100]


@pytest.mark.parametrize(
    "asked", FOUNDING_TARGETS, ids=lambda it: f"{it.kpi_id} {it.level} {it.due_on}"
)
def test_what_is_promised_is_accepted(kpi: KpiSpec, asked: SetKpiTarget) -> None:
    kpi.when(asked)
    [said] = KPI.decide(KPI.initial, asked)
    kpi.then(said)


def test_the_first_definitions_are_accepted() -> None:
    kpis = sorted({each.kpi_id for each in FOUNDING_TARGETS})
    asked = list(founding_definitions(dict.fromkeys(kpis, "c" * 64)))

    assert [each.kpi_id for each in asked] == kpis
    assert all(KPI.decide(KPI.initial, each) for each in asked)
    assert all(one.kpi_id < other.kpi_id for one, other in pairwise(asked))


# ── Documents and doors ─────────────────────────────────────────────────────


def test_a_document_shows_the_target_that_holds() -> None:
    later = replace(TARGET_SET, target_hundredths=3500)
    document: Any = reduce(KPIS.evolve, [TARGET_SET, versioned(VERSION), later], None)

    assert [each["target_hundredths"] for each in document["targets"]] == [3500]
    assert [each["version"] for each in document["versions"]] == [1]
    assert document["kpi_id"] == "K-F1"


@pytest.mark.parametrize("door", [it for it in DOORS if isinstance(it, Door)])
def test_an_example_is_accepted(door: Door) -> None:
    Accepted.of(door.command, re.findall(r"{(\w+)}", door.path)).check(door.example)
