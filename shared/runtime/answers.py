"""Questions to the ledger: a number, who makes it up, and what changed it (contracts §3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import duckdb

from shared.runtime.answers_between import PLACING, Between, kinds_read
from shared.runtime.answers_value import LEVELS, Value, Valuing, Vector, parameters
from shared.runtime.columns import Ledger
from shared.runtime.definitions import Definition

type Side = Literal["num", "den", "not"]


class NoSuchKpi(Exception):  # noqa: N818 - 404
    """No indicator has this id."""


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


MOST_DATES = 400
"""Of one series."""


class TooMany(Exception):  # noqa: N818 - said of a question
    """A series of more than `MOST_DATES`."""


def dates(first: date, last: date, every: int) -> list[date]:
    """Return days from the first to the last, the last one always. Raises `TooMany`."""
    if (last - first).days // every >= MOST_DATES:
        raise TooMany
    between = range(first.toordinal(), last.toordinal(), every)
    return [*map(date.fromordinal, between), last]


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
        return self.series(kpi, scope, [as_of], vector, lagging)[0]

    def levels(
        self, kpi: str, as_of: date, vector: Vector, scope: str = ""
    ) -> list[tuple[str, str, int, int]]:
        """Return (level, path, num, den) of every place inside a scope that has members."""
        definition = self.definition(kpi)
        query = self.ledger.language.by_level(
            definition.sql, definition.unit, definition.aggregate
        )
        with self.ledger.reading() as cursor:
            found = cursor.execute(query, parameters(as_of, vector, scope)).fetchall()
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
        definition = self.definition(kpi)
        with self.ledger.reading() as cursor:
            asked = Valuing(cursor, self.ledger.language, self.definitions, vector)
            return [asked.value(definition, scope, each, lagging) for each in dates]

    def reasons(self, kpi: str, scope: str, as_of: date, vector: Vector) -> list[Reason]:
        """Return why members count or do not, and how many of each: what a number hides.

        So of K-F1 the «unproven» stand apart (AM6), of K-F2b those who took part (AM8).
        """
        query = f"""
            SELECT why, count(*), sum(num)::BIGINT AS num, sum(den)::BIGINT AS den
            FROM ({self.definition(kpi).sql}) GROUP BY why ORDER BY num DESC, den DESC, why
        """
        with self.ledger.reading() as cursor:
            found = cursor.execute(query, parameters(as_of, vector, scope)).fetchall()
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
        asked = parameters(as_of, vector, scope) | {"after": after, "most": limit}
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
        asked = parameters(as_of, vector, scope) | {"subject": str(subject)}
        with self.ledger.reading() as cursor:
            return list(_members(cursor.execute(query, asked)))

    def diff(
        self, kpi: str, scope: str, as_of: date, before: Vector, after: Vector
    ) -> list[Change]:
        """Return the members that differ, each with the facts said in between about it.

        And about its unit: who did not move may have been moved with it. They are facts of
        the kinds that the number follows from; of one who is no member any more those that
        took him away, and not what was said of him there (ADR 0019).
        """
        old = {_place(each): each for each in self.members(kpi, scope, as_of, before)}
        new = {_place(each): each for each in self.members(kpi, scope, as_of, after)}
        differ = sorted(
            key for key in old.keys() | new.keys() if _part(old, key) != _part(new, key)
        )
        concerned = sorted({each for subject, unit, _ in differ for each in (subject, unit)})
        proof = dict[str, set[UUID]]()
        for key in differ:
            proof.setdefault(key[0], set()).update(
                *(_evidence(each, key) for each in (old, new))
            )
        with self.ledger.reading() as cursor:
            kinds = kinds_read(cursor, self.definition(kpi).sql)
            said = Between(cursor, as_of, before, after, kinds).about(concerned, proof)
        return [
            Change(
                subject=key[0],
                before=old.get(key),
                after=new.get(key),
                facts=tuple(
                    each
                    for each in _in_order(said, key[0], key[1])
                    if key in new or each["fact"].startswith(PLACING)
                ),
            )
            for key in differ
        ]


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


def _in_order(said: Mapping[str, Sequence[dict[str, Any]]], *of: str) -> list[dict[str, Any]]:
    """Return the facts about any of these, each once, as they were recorded."""
    facts = {each["event_id"]: each for one in of for each in said.get(one, ())}
    return sorted(facts.values(), key=lambda each: (each["source"], each["position"]))


def _part(members: Mapping[Any, Member], key: Any) -> tuple[int, int] | None:
    member = members.get(key)
    return (member.num, member.den) if member else None


def _evidence(members: Mapping[Any, Member], key: Any) -> tuple[UUID, ...]:
    member = members.get(key)
    return member.evidence if member else ()
