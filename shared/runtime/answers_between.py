"""What was said between two moments of knowledge about those whom it moved."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import duckdb

from shared.kernel import Kind, catalogue
from shared.runtime.answers_value import Vector

PERSONS = (
    "person_id",
    "mentee_id",
    "mentor_id",
    "merged_id",
    "survivor_id",
    "tutor_id",
    "methodist_person_id",
)
"""Fields by which a fact concerns a person."""

PLACING = "registry."
"""Whose facts say who works where, and whether he is one human with another."""

WORD = re.compile(r"\w+")


def kinds_read(cursor: duckdb.DuckDBPyConnection, query: str) -> list[Kind]:
    """Return the kinds of facts from which a query follows, through all its macros."""
    macros = dict(
        cursor.execute(
            """
            SELECT lower(function_name), lower(string_agg(macro_definition, ' '))
            FROM duckdb_functions() WHERE NOT internal AND macro_definition IS NOT NULL
            GROUP BY ALL
            """
        ).fetchall()
    )
    seen, ahead = set[str](), {*WORD.findall(query.lower())}
    while ahead:
        seen |= ahead
        inside = (WORD.findall(macros[each]) for each in ahead & macros.keys())
        ahead = {word for words in inside for word in words} - seen
    return [kind for name, kind in catalogue.items() if _table(name).lower() in seen]


@dataclass(frozen=True, slots=True)
class Between:
    """Two moments of knowledge, the second with its corrections, and one business date."""

    cursor: duckdb.DuckDBPyConnection
    as_of: date
    before: Vector
    after: Vector
    kinds: Sequence[Kind]

    def about(
        self, subjects: Sequence[str], evidence: Mapping[str, Collection[UUID]]
    ) -> dict[str, list[dict[str, Any]]]:
        """Return by subject the facts recorded in between that concern it, or are its own.

        Its own are those of its stream: of an organisation, where it is. Who works where,
        and who is one human with whom, concerns it also of the people of whom the facts
        speak that prove it: its tutor, its methodist, those attached to it.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        regions = any(len(each) <= 3 for each in subjects)  # noqa: PLR2004 - a region's code is short, a UUID is 36 long
        selves, people = self._selves(subjects), self._people_of(evidence)
        for kind in self.kinds if selves else ():
            about = ["stream", *persons(kind)]
            about += ["region"] if regions and "region" in _fields(kind) else []
            others = people if kind.name.startswith(PLACING) else []
            for subject, said in self._said_of(kind.name, about, [*selves, *others]):
                found.setdefault(subject, []).append(said)
        return found

    def _people_of(self, evidence: Mapping[str, Collection[UUID]]) -> list[tuple[str, str]]:
        """Return the subjects with each person of whom their evidence speaks."""
        proof = [(subject, str(each)) for subject, of in evidence.items() for each in of]
        return [
            pair
            for kind in self.kinds
            if (names := persons(kind))
            for pair in self.cursor.execute(
                f"""
                WITH proof AS (
                    SELECT unnest($subjects::VARCHAR[]) AS subject, unnest($ids::UUID[]) AS id
                )
                SELECT DISTINCT subject, unnest([{", ".join(names)}])::VARCHAR
                FROM {_table(kind.name)} JOIN proof ON event_id = id
                """,
                {"subjects": [it for it, _ in proof], "ids": [it for _, it in proof]},
            ).fetchall()
        ]

    def _selves(self, subjects: Sequence[str]) -> list[tuple[str, str]]:
        """Return the subjects under each id that they have: their own, and those merged."""
        merged = self.cursor.execute(
            """
            SELECT survivor_id::VARCHAR, merged_id::VARCHAR FROM merged($as_of, $known)
            WHERE survivor_id::VARCHAR IN (SELECT unnest($subjects::VARCHAR[]))
            """,
            {"subjects": subjects, "as_of": self.as_of, "known": self.after},
        )
        return [*((each, each) for each in subjects), *merged.fetchall()]

    def _said_of(
        self, name: str, about: list[str], selves: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        named = ", ".join(f"{each}::VARCHAR" for each in about)
        rows = self.cursor.execute(
            f"""
            WITH selves AS (
                SELECT unnest($subjects::VARCHAR[]) AS subject, unnest($ids::VARCHAR[]) AS id
            ),
            marked AS (
                SELECT *, [{named}] AS concerns,
                    coalesce(($before::MAP(VARCHAR, BIGINT))[source], 0) AS heard_before,
                    ($known::MAP(VARCHAR, BIGINT))[source] AS heard_by
                FROM {_table(name)}
            )
            SELECT DISTINCT subject, event_id, occurred_on, recorded_at, source, position,
                actor, basis, corrects, CASE WHEN replaced_at <= heard_by THEN replaced_at END,
                position > heard_before
            FROM marked JOIN selves ON list_contains(concerns, id)
            WHERE position <= heard_by AND (position > heard_before
                OR replaced_at > heard_before AND replaced_at <= heard_by)
                AND (occurred_on <= $as_of OR corrects IS NOT NULL)
            ORDER BY source, position
            """,
            {
                "subjects": [subject for subject, _ in selves],
                "ids": [each for _, each in selves],
                "known": self.after,
                "before": self.before,
                "as_of": self.as_of,
            },
        ).fetchall()
        for subject, event, occurred, recorded, source, position, *rest in told_once(rows):
            actor, basis, corrects, replaced_at, is_new = rest
            yield (
                subject,
                {
                    "fact": name,
                    "event_id": event,
                    "occurred_on": occurred,
                    "recorded_at": recorded,
                    "source": source,
                    "position": position,
                    "actor": actor,
                    "basis": basis,
                    "what": ("corrects" if corrects else "said") if is_new else "replaced",
                    "by": self._amendment(source, replaced_at) if replaced_at else None,
                },
            )

    def _amendment(self, source: str, position: int) -> dict[str, Any]:
        """Return who restated or withdrew a record: the record at this position."""
        name, recorded = self.cursor.execute(
            "SELECT name, recorded_at FROM records WHERE source = ? AND position = ?",
            [source, position],
        ).fetchall()[0]
        event, actor, basis = self.cursor.execute(
            f"""
            SELECT event_id, actor, basis FROM {_table(name)}
            WHERE source = ? AND position = ?
            """,
            [source, position],
        ).fetchall()[0]
        return {
            "fact": name,
            "event_id": event,
            "recorded_at": recorded,
            "actor": actor,
            "basis": basis,
        }


def told_once(rows: Iterable[tuple[Any, ...]]) -> Iterable[tuple[Any, ...]]:
    """Return each correction once, though it was said once more where its fact was heard.

    Those records have one fact and one moment (ADR 0019); the last of them is replaced by
    what came later, and not by a copy of itself.
    """
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in rows:
        subject, event, _, recorded, *_, corrects, replaced_at, is_new = row
        said = (subject, corrects, recorded) if corrects else (subject, event)
        first = found.get(said, row)
        found[said] = (*first[:-2], replaced_at, is_new)
    return found.values()


def persons(kind: Kind) -> list[str]:
    """Return the fields by which a kind of fact concerns people."""
    return [name for name in PERSONS if name in _fields(kind)]


def _fields(kind: Kind) -> Collection[str]:
    return kind.fact.__dataclass_fields__


def _table(name: str) -> str:
    return name.replace(".", "_")
