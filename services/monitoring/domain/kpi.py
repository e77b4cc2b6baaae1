"""What an indicator promises: targets by level and date, versions of its definition."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from shared.events.monitoring import (
    Direction,
    KpiDefinitionVersioned,
    KpiFact,
    KpiLevel,
    KpiTargetSet,
)
from shared.kernel import Decider, command, only_same, require, unless_same
from shared.kernel.ids import KpiId, Territory, named

KPI_ID = re.compile(r"K-[A-Z]{1,2}[0-9]{1,2}[a-z]?(\.[a-z]+)?")
SHA256 = re.compile(r"[0-9a-f]{64}")
PATH = re.compile(r"([0-9]{2}(/([0-9]{5,11}|-)(/[0-9a-f-]{36})?)?)?")
DEPTH: Mapping[KpiLevel, int] = MappingProxyType(
    {"federation": 0, "region": 1, "municipality": 2, "organisation": 3}
)
MOST = 10_000_000
"""Hundredths: a hundred thousand of whatever is counted."""

# ── Commands ────────────────────────────────────────────────────────────────


@command
class SetKpiTarget:
    """Установить целевое значение показателя к дню; доля — в сотых долях процента."""

    kpi_id: KpiId
    level: KpiLevel
    territory: Territory
    due_on: date
    direction: Direction
    target_hundredths: int
    act: str
    clause: str
    set_on: date


@command
class VersionKpiDefinition:
    """Принять редакцию показателя; формула названа отпечатком её файла."""

    kpi_id: KpiId
    definition_version: int
    effective_from: date
    formula_sha256: str
    act: str
    clause: str
    versioned_on: date


type KpiCommand = SetKpiTarget | VersionKpiDefinition

# ── States ──────────────────────────────────────────────────────────────────

type Promise = tuple[KpiLevel, Territory, date]
"""To whom something is promised, and by which day."""


def _none() -> Mapping[Promise, KpiTargetSet]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Kpi:
    """An indicator: the target that holds for each promise, its versions in order."""

    targets: Mapping[Promise, KpiTargetSet] = field(default_factory=_none)
    versions: tuple[KpiDefinitionVersioned, ...] = ()


# ── Decide ──────────────────────────────────────────────────────────────────


def decide(kpi: Kpi, asked: KpiCommand) -> Sequence[KpiFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    require(
        KPI_ID.fullmatch(asked.kpi_id), clause="S0 V", reason="Такого номера показателя нет"
    )
    require(
        asked.act.strip() and asked.clause.strip(),
        clause="S0 V",
        reason="Назовите акт и его пункт",
    )
    match asked:
        case SetKpiTarget():
            said = set_target(asked)
            before = kpi.targets.get(promise(said))
            return [said] if before is None else unless_same(before, said)
        case VersionKpiDefinition():
            return version(kpi, asked)


def set_target(asked: SetKpiTarget) -> KpiTargetSet:
    """Цель ставят уровню и территории не ниже этого уровня (S0 V)."""
    depth = len(asked.territory.split("/")) if asked.territory else 0
    require(
        PATH.fullmatch(asked.territory) and depth <= DEPTH[asked.level],
        clause="S0 V",
        reason="Территория задана неверно или ниже уровня, которому ставят цель",
    )
    require(
        0 <= asked.target_hundredths <= MOST,
        clause="S0 V",
        reason=f"Целевое значение — от 0 до {MOST} сотых",
    )
    return KpiTargetSet(
        kpi_id=asked.kpi_id,
        level=asked.level,
        territory=asked.territory,
        due_on=asked.due_on,
        direction=asked.direction,
        target_hundredths=asked.target_hundredths,
        act=asked.act,
        clause=asked.clause,
        occurred_on=asked.set_on,
    )


def version(kpi: Kpi, asked: VersionKpiDefinition) -> Sequence[KpiFact]:
    """Редакции идут подряд, каждая действует позже прежней (S0 V)."""
    said = KpiDefinitionVersioned(
        kpi_id=asked.kpi_id,
        definition_version=asked.definition_version,
        effective_from=asked.effective_from,
        formula_sha256=asked.formula_sha256,
        act=asked.act,
        clause=asked.clause,
        occurred_on=asked.versioned_on,
    )
    require(
        SHA256.fullmatch(asked.formula_sha256),
        clause="S0 V",
        reason="Отпечаток формулы — 64 шестнадцатеричных знака",
    )
    if 1 <= asked.definition_version <= len(kpi.versions):
        why = "Эта редакция уже принята иначе; другая формула — следующая редакция"
        same = kpi.versions[asked.definition_version - 1]
        return only_same(same, said, clause="S0 V", reason=why)
    require(
        follows(kpi, said),
        clause="S0 V",
        reason="Редакции идут подряд, и каждая действует позже прежней",
    )
    return [said]


def follows(kpi: Kpi, said: KpiDefinitionVersioned) -> bool:
    """Редакция — следующая, и действует позже последней (S0 V)."""
    return said.definition_version == len(kpi.versions) + 1 and all(
        each.effective_from < said.effective_from for each in kpi.versions[-1:]
    )


def promise(said: KpiTargetSet) -> Promise:
    """Return what a target is set for: a later act for the same replaces it."""
    return said.level, said.territory, said.due_on


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(kpi: Kpi, said: KpiFact) -> Kpi:
    """Go where a fact leads; never refuse, for it already happened."""
    match said:
        case KpiTargetSet():
            targets = MappingProxyType({**kpi.targets, promise(said): said})
            return Kpi(targets, kpi.versions)
        case KpiDefinitionVersioned() if follows(kpi, said):
            return Kpi(kpi.targets, (*kpi.versions, said))
        case KpiDefinitionVersioned():
            return kpi  # no life has this step, and still the log must be read


KPI: Decider[Kpi, KpiCommand, KpiFact] = Decider(
    name="kpi",
    commands=(SetKpiTarget, VersionKpiDefinition),
    facts=(KpiTargetSet, KpiDefinitionVersioned),
    initial=Kpi(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: named("kpi", asked.kpi_id),
)
