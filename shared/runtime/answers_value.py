"""A number, its target and status: what is shown, what binds, what is reached (kpi §2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Literal

import duckdb

from shared.runtime.columns import Language
from shared.runtime.definitions import Definition

type Status = Literal["met", "on_track", "at_risk", "missed", "no_data", "no_target"]
type Formula = Literal["adopted", "other", "unsaid"]
type Target = tuple[date, int, str]
"""When it is due, how much in hundredths, and `at_least` or `at_most`."""
type Vector = dict[str, int]

LEVELS = ("federation", "region", "municipality", "organisation")


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number with all that is needed to get it again.

    `value` is a percentage, a ratio or a maximum, one decimal half up; None where it is
    undefined. `target` is in hundredths of the same unit. `vector` says up to which
    position each log was known; `lagging` names logs of which later facts may be due.
    `formula` is `other` when another version, or another text of this one, is in force on
    that day by what the log has adopted (AM1).
    """

    kpi: str
    scope: str
    as_of: date
    num: int
    den: int
    value: str | None
    status: Status
    target: int | None = None
    due_on: date | None = None
    definition: int = 1
    formula: Formula = "unsaid"
    clause: str = ""
    staff_only: bool = False
    vector: Vector = field(default_factory=dict[str, int])
    lagging: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Valuing:
    """Numbers and their statuses, in one read transaction and as known by one vector."""

    cursor: duckdb.DuckDBPyConnection
    language: Language
    definitions: Mapping[str, Definition]
    vector: Vector

    def value(
        self, definition: Definition, scope: str, as_of: date, lagging: tuple[str, ...]
    ) -> Value:
        """Return a number at one place and on one date."""
        kpi = definition.id
        num, den = self._counted(definition, scope, as_of)
        target = self._target(kpi, scope, as_of)
        return Value(
            kpi=kpi,
            scope=scope,
            as_of=as_of,
            num=num,
            den=den,
            value=shown(definition.aggregate, num, den),
            status=(
                self._status(definition, scope, as_of, target)
                if target
                else without_target(definition.aggregate, num, den)
            ),
            target=target[1] if target else None,
            due_on=target[0] if target else None,
            definition=definition.version,
            formula=self._formula(definition, as_of),
            clause=definition.clause,
            staff_only=kpi.startswith("K-F2") and not self._has_graduates(),
            vector=self.vector,
            lagging=lagging,
        )

    def _counted(self, definition: Definition, scope: str, as_of: date) -> tuple[int, int]:
        query = self.language.at_scope(definition.sql, definition.aggregate)
        asked = parameters(as_of, self.vector, scope)
        return self.cursor.execute(query, asked).fetchall()[0]

    def _formula(self, definition: Definition, as_of: date) -> Formula:
        """Compare the file that answers with what is in force on a day (AM1, ADR 0016).

        Before the first version is in force, with that one.
        """
        query = """
            SELECT definition_version, formula_sha256
            FROM live_monitoring_KpiDefinitionVersioned($known)
            WHERE kpi_id = $kpi
              AND (effective_from <= $as_of OR definition_version = 1)
            ORDER BY definition_version DESC, occurred_on DESC, recorded_at DESC,
                position DESC LIMIT 1
        """
        asked = {"known": self.vector, "kpi": definition.id, "as_of": as_of}
        in_force = self.cursor.execute(query, asked).fetchall()
        if not in_force:
            return "unsaid"
        mine = (definition.version, definition.sha256)
        return "adopted" if in_force[0] == mine else "other"

    def _has_graduates(self) -> bool:
        query = "SELECT count(*) FROM live_registry_GraduateRegistered($known)"
        return bool(self.cursor.execute(query, {"known": self.vector}).fetchall()[0][0])

    def _target(self, kpi: str, scope: str, as_of: date) -> Target | None:
        """Return the target that binds: the next one due, else the last (AM1, AM2)."""
        level = LEVELS[len(scope.split("/")) if scope else 0]
        rows = self.cursor.execute(
            """
            SELECT due_on, target_hundredths, direction
            FROM live_monitoring_KpiTargetSet($known)
            WHERE kpi_id = $kpi AND level = $level AND occurred_on <= $as_of
              AND inside($scope, territory)
            QUALIFY row_number() OVER (PARTITION BY due_on ORDER BY length(territory) DESC,
                occurred_on DESC, recorded_at DESC, position DESC) = 1
            ORDER BY due_on
            """,
            {
                "known": self.vector,
                "kpi": kpi,
                "level": level,
                "as_of": as_of,
                "scope": scope,
            },
        ).fetchall()
        coming = [row for row in rows if row[0] >= as_of]
        return (coming or rows[-1:] or [None])[0]

    def _status(
        self,
        definition: Definition,
        scope: str,
        as_of: date,
        target: Target | None,
    ) -> Status:
        """Judge against the target; after its date the judgement of that date stays."""
        if target is None:
            return "no_target"
        due, _, _ = target
        judged_on = min(as_of, due)
        num, den = self._counted(definition, scope, judged_on)
        if den == 0:
            return "missed" if num and definition.aggregate == "ratio" else "no_data"
        reached = reaches(definition.aggregate, Fraction(num), Fraction(den), target)
        guards = {self._status_of(each, scope, as_of) for each in definition.guards}
        if reached and guards <= {"met"}:
            return "met"
        if as_of >= due:
            return "missed"
        now = exactly(definition.aggregate, num, den)
        trend = self._trend(definition, scope, as_of, target, now)
        return trend if guards <= {"met", "on_track"} else "at_risk"

    def _status_of(self, kpi: str, scope: str, as_of: date) -> Status:
        target = self._target(kpi, scope, as_of)
        return self._status(self.definitions[kpi], scope, as_of, target)

    def _trend(
        self,
        definition: Definition,
        scope: str,
        as_of: date,
        target: Target,
        now: Fraction,
    ) -> Status:
        """The straight line through the last twelve months, drawn to the target's date."""
        began = year_before(as_of)
        num, den = self._counted(definition, scope, began)
        if den == 0:
            return "at_risk"
        slope = (now - exactly(definition.aggregate, num, den)) / (as_of - began).days
        then = now + slope * (target[0] - as_of).days
        reached = reaches(definition.aggregate, then, Fraction(1), target)
        return "on_track" if reached else "at_risk"


def parameters(as_of: date, vector: Vector, scope: str) -> dict[str, Any]:
    """Return what every indicator is asked with."""
    return {"as_of": as_of, "known": vector, "scope": scope}


def without_target(aggregate: str, num: int, den: int) -> Status:
    """Say that no target binds here (AM26), or that there is nothing to judge (kpi §2.1).

    Teachers without a methodist are no lack of data: K-R5 has them (kpi 2.4.15).
    """
    return "no_target" if den or (num and aggregate == "ratio") else "no_data"


def year_before(day: date) -> date:
    """Return the same day of the year before; of 29 February the 28th."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def exactly(aggregate: str, num: int, den: int) -> Fraction:
    """Return what is compared and drawn into a line: a maximum is its own value."""
    return Fraction(num) if aggregate == "max" else Fraction(num, den)


def shown(aggregate: str, num: int, den: int) -> str | None:
    """Return a value with one decimal, half up; None where it is undefined."""
    if den == 0:
        return None
    if aggregate == "max":
        return str(num)
    scale = 1000 if aggregate == "share" else 10
    tenths = (2 * num * scale + den) // (2 * den)
    return f"{tenths // 10}.{tenths % 10}"


def reaches(aggregate: str, num: Fraction, den: Fraction, target: Target) -> bool:
    """Compare exactly: `num·100 ≥ target·den` for a share in per cent (kpi §2.1)."""
    _, hundredths, direction = target
    scaled = num * {"share": 10_000, "ratio": 100, "max": 100}[aggregate]
    wanted = hundredths * (1 if aggregate == "max" else den)
    return scaled >= wanted if direction == "at_least" else scaled <= wanted
