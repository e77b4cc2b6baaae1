"""What was said between two moments of knowledge about those whom it moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from shared.kernel import catalogue
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


@dataclass(frozen=True, slots=True)
class Between:
    """Two moments of knowledge, the second with its corrections, and one business date."""

    cursor: duckdb.DuckDBPyConnection
    as_of: date
    before: Vector
    after: Vector

    def about(self, subjects: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Return by subject the facts recorded in between that concern it, or are its own.

        Its own are those of its stream: of an organisation, where it is.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        regions = any(len(each) <= 3 for each in subjects)  # noqa: PLR2004
        selves = self._selves(subjects)
        for kind in catalogue.values() if selves else ():
            fields = kind.fact.__dataclass_fields__
            about = ["stream", *(name for name in PERSONS if name in fields)]
            about += ["region"] if regions and "region" in fields else []
            for subject, said in self._said_of(kind.name, about, selves):
                found.setdefault(subject, []).append(said)
        return found

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
        table = name.replace(".", "_")
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
                FROM {table}
            )
            SELECT DISTINCT subject, event_id, occurred_on, recorded_at, source, position,
                actor, basis, corrects, CASE WHEN replaced_at <= heard_by THEN replaced_at END,
                position > heard_before
            FROM marked JOIN selves ON list_contains(concerns, id)
            WHERE position <= heard_by AND (position > heard_before
                OR replaced_at > heard_before AND replaced_at <= heard_by)
            ORDER BY source, position
            """,
            {
                "subjects": [subject for subject, _ in selves],
                "ids": [each for _, each in selves],
                "known": self.after,
                "before": self.before,
            },
        ).fetchall()
        for subject, event, occurred, recorded, source, position, *rest in rows:
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
        table = name.replace(".", "_")
        event, actor, basis = self.cursor.execute(
            f"SELECT event_id, actor, basis FROM {table} WHERE source = ? AND position = ?",
            [source, position],
        ).fetchall()[0]
        return {
            "fact": name,
            "event_id": event,
            "recorded_at": recorded,
            "actor": actor,
            "basis": basis,
        }
