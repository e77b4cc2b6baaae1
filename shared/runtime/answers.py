"""Questions to the ledger: a number, who makes it up, and what changed it (contracts §3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

import duckdb

from shared.runtime.answers_between import Between
from shared.runtime.columns import Ledger
from shared.runtime.definitions import Definition

type Status = Literal["met", "on_track", "at_risk", "missed", "no_data", "no_target"]
type Formula = Literal["adopted", "other", "unsaid"]
type Side = Literal["num", "den", "not"]
type Vector = dict[str, int]

LEVELS = ("federation", "region", "municipality", "organisation")


class NoSuchKpi(Exception):  # noqa: N818 - 404
    """No indicator has this id."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number with all that is needed to get it again.

    `value` is a percentage, a ratio or a maximum, one decimal half up; None where it is
    undefined. `target` is in hundredths of the same unit. `vector` says up to which
    position each log was known; `lagging` names logs of which later facts may be due.
    `formula` is `other` when the log has adopted another text of this version (AM1).
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


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody (or a region) who is counted or not, why, and the facts that prove it."""

    unit: str
    subject: str
    num: int
    den: int
    why: str
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """How many members stand so to an indicator, and their sums."""

    why: str
    members: int
    num: int
    den: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """One member that differs between two moments of knowledge, and because of what."""

    subject: str
    before: Member | None
    after: Member | None
    facts: tuple[dict[str, Any], ...]


class Answers:
    """Asks the ledger. Every answer is of one moment and says of which."""

    def __init__(self, ledger: Ledger, known: Mapping[str, Definition]) -> None:
        self.ledger = ledger
        self.definitions = known

    def definition(self, kpi: str) -> Definition:
        """Return an indicator's definition. Raises `NoSuchKpi`."""
        try:
            return self.definitions[kpi]
        except KeyError:
            raise NoSuchKpi(kpi) from None

    def vector(self, as_known: datetime | None) -> tuple[Vector, tuple[str, ...]]:
        """Return what was known at a moment, and the logs that may lag behind it."""
        found = self.ledger.vector_at(as_known)
        return found.known, found.lagging

    # ── Numbers ─────────────────────────────────────────────────────────────

    def value(
        self,
        kpi: str,
        scope: str,
        as_of: date,
        vector: Vector,
        lagging: tuple[str, ...] = (),
    ) -> Value:
        """Return one number at one place, on one date, as known by one vector."""
        with self.ledger.reading() as cursor:
            return _Asked(self, cursor, vector).value(kpi, scope, as_of, lagging)

    def levels(
        self, kpi: str, as_of: date, vector: Vector, scope: str = ""
    ) -> list[tuple[str, str, int, int]]:
        """Return (level, path, num, den) of every place inside a scope that has members."""
        definition = self.definition(kpi)
        query = self.ledger.language.by_level(
            definition.sql, definition.unit, definition.aggregate
        )
        with self.ledger.reading() as cursor:
            found = cursor.execute(query, _parameters(as_of, vector, scope)).fetchall()
        return sorted(found, key=lambda row: (LEVELS.index(row[0]), row[1]))

    def series(
        self,
        kpi: str,
        scope: str,
        dates: Sequence[date],
        vector: Vector,
        lagging: tuple[str, ...] = (),
    ) -> list[Value]:
        """Return the number on each of these dates."""
        with self.ledger.reading() as cursor:
            asked = _Asked(self, cursor, vector)
            return [asked.value(kpi, scope, each, lagging) for each in dates]

    def reasons(self, kpi: str, scope: str, as_of: date, vector: Vector) -> list[Reason]:
        """Return why members count or do not, and how many of each: what a number hides.

        So of K-F1 the «unproven» stand apart (AM6), of K-F2b those who took part (AM8).
        """
        query = f"""
            SELECT why, count(*), sum(num)::BIGINT AS num, sum(den)::BIGINT AS den
            FROM ({self.definition(kpi).sql}) GROUP BY why ORDER BY num DESC, den DESC, why
        """
        with self.ledger.reading() as cursor:
            found = cursor.execute(query, _parameters(as_of, vector, scope)).fetchall()
        return [Reason(why=w, members=m, num=num, den=den) for w, m, num, den in found]

    # ── Members ─────────────────────────────────────────────────────────────

    def members(  # noqa: PLR0913, PLR0917 - a page of a list
        self,
        kpi: str,
        scope: str,
        as_of: date,
        vector: Vector,
        side: Side = "den",
        after: str = "",
        limit: int = 1_000_000,
    ) -> list[Member]:
        """Return who counts (`num`), who is counted among (`den`), or who does not.

        `limit` counts subjects; one that stands on both sides of a ratio comes twice.
        """
        which = {"num": "num > 0", "den": "TRUE", "not": "num = 0 AND den > 0"}[side]
        query = f"""
            WITH member AS (
                SELECT unit::VARCHAR AS unit, subject::VARCHAR AS subject, num, den, why,
                    evidence
                FROM ({self.definition(kpi).sql})
                WHERE {which} AND subject::VARCHAR > $after
            ),
            page AS (SELECT DISTINCT subject FROM member ORDER BY subject LIMIT $most)
            FROM member SEMI JOIN page USING (subject) ORDER BY subject, unit, den
        """
        asked = _parameters(as_of, vector, scope) | {"after": after, "most": limit}
        with self.ledger.reading() as cursor:
            return list(_members(cursor.execute(query, asked)))

    def why(
        self, kpi: str, subject: UUID, as_of: date, vector: Vector, scope: str = ""
    ) -> list[Member]:
        """Return how one person stands to an indicator; nothing if he is not in its base."""
        query = f"""
            SELECT unit::VARCHAR, subject::VARCHAR AS subject, num, den, why, evidence
            FROM ({self.definition(kpi).sql}) WHERE subject::VARCHAR IN (
                SELECT $subject UNION SELECT survivor_id::VARCHAR
                FROM merged($as_of, $known) WHERE merged_id::VARCHAR = $subject
            )
            ORDER BY unit, den
        """
        asked = _parameters(as_of, vector, scope) | {"subject": str(subject)}
        with self.ledger.reading() as cursor:
            return list(_members(cursor.execute(query, asked)))

    def diff(
        self, kpi: str, scope: str, as_of: date, before: Vector, after: Vector
    ) -> list[Change]:
        """Return the members that differ, each with the facts said in between about it."""
        old = {_place(each): each for each in self.members(kpi, scope, as_of, before)}
        new = {_place(each): each for each in self.members(kpi, scope, as_of, after)}
        differ = sorted(
            key for key in old.keys() | new.keys() if _part(old, key) != _part(new, key)
        )
        subjects = sorted({subject for subject, _, _ in differ})
        with self.ledger.reading() as cursor:
            said = Between(cursor, as_of, before, after).about(subjects)
        return [
            Change(
                subject=key[0],
                before=old.get(key),
                after=new.get(key),
                facts=tuple(said.get(key[0], ())),
            )
            for key in differ
        ]


class _Asked:
    """Questions that are answered in one read transaction."""

    def __init__(
        self, answers: Answers, cursor: duckdb.DuckDBPyConnection, vector: Vector
    ) -> None:
        self._answers, self._cursor, self._vector = answers, cursor, vector

    def counted(self, kpi: str, scope: str, as_of: date) -> tuple[int, int]:
        definition = self._answers.definition(kpi)
        query = self._answers.ledger.language.at_scope(definition.sql, definition.aggregate)
        asked = _parameters(as_of, self._vector, scope)
        return self._cursor.execute(query, asked).fetchall()[0]

    def value(self, kpi: str, scope: str, as_of: date, lagging: tuple[str, ...]) -> Value:
        definition = self._answers.definition(kpi)
        num, den = self.counted(kpi, scope, as_of)
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
            formula=self._formula(definition),
            clause=definition.clause,
            staff_only=kpi.startswith("K-F2") and not self._has_graduates(),
            vector=self._vector,
            lagging=lagging,
        )

    def _formula(self, definition: Definition) -> Formula:
        """Compare the file that answers with what was adopted (ADR 0016)."""
        query = """
            SELECT formula_sha256 FROM live_monitoring_KpiDefinitionVersioned($known)
            WHERE kpi_id = $kpi AND definition_version = $version
            ORDER BY occurred_on DESC, recorded_at DESC, position DESC LIMIT 1
        """
        asked = {
            "known": self._vector,
            "kpi": definition.id,
            "version": definition.version,
        }
        adopted = self._cursor.execute(query, asked).fetchall()
        if not adopted:
            return "unsaid"
        return "adopted" if adopted[0][0] == definition.sha256 else "other"

    def _has_graduates(self) -> bool:
        query = "SELECT count(*) FROM live_registry_GraduateRegistered($known)"
        return bool(self._cursor.execute(query, {"known": self._vector}).fetchall()[0][0])

    def _target(self, kpi: str, scope: str, as_of: date) -> tuple[date, int, str] | None:
        """Return the target that binds: the next one due, else the last (AM1, AM2)."""
        level = LEVELS[len(scope.split("/")) if scope else 0]
        rows = self._cursor.execute(
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
                "known": self._vector,
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
        target: tuple[date, int, str] | None,
    ) -> Status:
        """Judge against the target; after its date the judgement of that date stays."""
        if target is None:
            return "no_target"
        due, _, _ = target
        judged_on = min(as_of, due)
        num, den = self.counted(definition.id, scope, judged_on)
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
        return self._status(self._answers.definition(kpi), scope, as_of, target)

    def _trend(
        self,
        definition: Definition,
        scope: str,
        as_of: date,
        target: tuple[date, int, str],
        now: Fraction,
    ) -> Status:
        """The straight line through the last twelve months, drawn to the target's date."""
        began = year_before(as_of)
        num, den = self.counted(definition.id, scope, began)
        if den == 0:
            return "at_risk"
        slope = (now - exactly(definition.aggregate, num, den)) / (as_of - began).days
        then = now + slope * (target[0] - as_of).days
        reached = reaches(definition.aggregate, then, Fraction(1), target)
        return "on_track" if reached else "at_risk"


def _parameters(as_of: date, vector: Vector, scope: str) -> dict[str, Any]:
    return {"as_of": as_of, "known": vector, "scope": scope}


def _members(answer: duckdb.DuckDBPyConnection) -> Iterator[Member]:
    for unit, subject, num, den, why, evidence in answer.fetchall():
        yield Member(
            unit=unit,
            subject=subject,
            num=num,
            den=den,
            why=why,
            evidence=tuple(evidence or ()),
        )


def _place(member: Member) -> tuple[str, str, bool]:
    """Return where one stands: also who counts on both sides of a ratio, on each."""
    return member.subject, member.unit, member.den > 0


def _part(members: Mapping[Any, Member], key: Any) -> tuple[int, int] | None:
    member = members.get(key)
    return (member.num, member.den) if member else None


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


def reaches(
    aggregate: str, num: Fraction, den: Fraction, target: tuple[date, int, str]
) -> bool:
    """Compare exactly: `num·100 ≥ target·den` for a share in per cent (kpi §2.1)."""
    _, hundredths, direction = target
    scaled = num * {"share": 10_000, "ratio": 100, "max": 100}[aggregate]
    wanted = hundredths * (1 if aggregate == "max" else den)
    return scaled >= wanted if direction == "at_least" else scaled <= wanted
