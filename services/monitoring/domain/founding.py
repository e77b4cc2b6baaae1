"""What the founding acts promise, as commands: who starts a system says them first.

«К 2024 году» is the last day of 2024 (AM2), «в 2021 году» of 2021 (AM37). A target
binds at the level of its act only: S0 the federation, S1 one region (kpi §2.2).
"""

from collections.abc import Iterator, Mapping
from datetime import date

from services.monitoring.domain.kpi import SetKpiTarget, VersionKpiDefinition
from shared.events.monitoring import Direction
from shared.kernel.ids import KpiId, Territory

CONCEPT = "Распоряжение Минпросвещения России от 06.08.2020 № Р-76"
CONCEPT_ON = date(2020, 8, 6)
PRIMORYE = "Приказ министерства образования Приморского края от 11.05.2023 № пр.23а-684"
PRIMORYE_ON = date(2023, 5, 11)
ROADMAP = date(2024, 5, 1)
END_2021, END_2023, END_2024 = (date(year, 12, 31) for year in (2021, 2023, 2024))
"""Days by which something is due."""


def _federal(kpi: str, due_on: date, per_cent: int, clause: str) -> SetKpiTarget:
    return SetKpiTarget(
        kpi_id=KpiId(kpi),
        level="federation",
        territory=Territory(""),
        due_on=due_on,
        direction="at_least",
        target_hundredths=per_cent * 100,
        act=CONCEPT,
        clause=clause,
        set_on=CONCEPT_ON,
    )


def _primorye(
    kpi: str, due_on: date, target: int, clause: str, direction: Direction = "at_least"
) -> SetKpiTarget:
    return SetKpiTarget(
        kpi_id=KpiId(kpi),
        level="region",
        territory=Territory("25"),
        due_on=due_on,
        direction=direction,
        target_hundredths=target * 100,
        act=PRIMORYE,
        clause=clause,
        set_on=PRIMORYE_ON,
    )


FOUNDING_TARGETS: tuple[SetKpiTarget, ...] = (
    _federal("K-F0", END_2021, 100, "S0 III"),
    _federal("K-F1", END_2024, 30, "S0 V.1"),
    _federal("K-F2a", END_2024, 30, "S0 V.2"),
    _federal("K-F2b", END_2024, 15, "S0 V.2"),
    _federal("K-F4", END_2024, 70, "S0 V.4"),
    _primorye("K-F1", END_2024, 30, "S1 7.1"),  # K-R3
    _primorye("K-F4", END_2024, 70, "S1 7.1"),  # K-R6
    _primorye("K-R5", ROADMAP, 250, "S1 D1.4", "at_most"),  # K-RR02
    _primorye("K-R5", END_2024, 250, "S1 7.1", "at_most"),
    _primorye("K-R5x.max", ROADMAP, 250, "S1 D1.4", "at_most"),
    _primorye("K-R5x.max", END_2024, 250, "S1 7.1", "at_most"),
    _primorye("K-R5x.coverage", ROADMAP, 100, "S1 D1.4"),
    _primorye("K-R5x.coverage", END_2024, 100, "S1 7.1"),
    _primorye("K-RR03", END_2023, 20, "S1 D2.1"),
    _primorye("K-RR03", END_2024, 20, "S1 D2.1"),
    _primorye("K-RR09", END_2023, 20, "S1 D2.3"),
    _primorye("K-RR09", END_2024, 20, "S1 D2.3"),
)
"""Targets of the indicators of this slice; a ratio and a maximum in hundredths of one."""


def founding_definitions(formulas: Mapping[str, str]) -> Iterator[VersionKpiDefinition]:
    """Name the first version of each indicator, given the SHA-256 of its file (hex).

    An indicator of a regional act is defined by it, any other by the Concept.
    """
    for kpi, sha256 in sorted(formulas.items()):
        act, founded_on = (
            (PRIMORYE, PRIMORYE_ON) if kpi.startswith("K-R") else (CONCEPT, CONCEPT_ON)
        )
        *_, promised = (
            each for each in FOUNDING_TARGETS if each.kpi_id == kpi and each.act == act
        )
        yield VersionKpiDefinition(
            kpi_id=KpiId(kpi),
            definition_version=1,
            effective_from=founded_on,
            formula_sha256=sha256,
            act=act,
            clause=promised.clause,
            versioned_on=founded_on,
        )
