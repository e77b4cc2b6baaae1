"""The ledger: each fact in a table of its own, and the words that indicators use.

Text only; who runs it, and on which file, is not known here. `known` is a vector
{source: position}: of each log everything up to there, of any other log nothing.
`scope` is a territory path; everything at or below it, the empty path is the country.
"""

from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

from services.monitoring.words import WORDS
from shared.kernel import Kind, is_personal

SCALARS = {
    UUID: "UUID",
    str: "VARCHAR",
    int: "BIGINT",
    bool: "BOOLEAN",
    date: "DATE",
    Decimal: "DECIMAL(5, 2)",
}
ENVELOPE = {
    "source": "VARCHAR",
    "epoch": "UUID",
    "position": "BIGINT",
    "event_id": "UUID",
    "stream": "UUID",
    "version": "BIGINT",
    "schema": "BIGINT",
    "recorded_at": "TIMESTAMPTZ",
    "corrects": "UUID",
    "actor": "VARCHAR",
    "basis": "VARCHAR",
    "causation_id": "UUID",
}
"""Behind the fields of a fact, `occurred_on` among them (contracts §5)."""

LOOSE = {"event_id", "occurred_on", "position", "recorded_at"}
"""Asked of nearly every record: kept as it is, as ids are, and not packed (ADR 0049)."""

UNASKED = {"epoch", "stream", "version", "schema", "corrects", "actor", "basis", "causation_id"}
"""Of a record, what no word and no indicator asks: each column of a word costs planning."""

AMENDED = {
    "recorded_at": "coalesce(first_recorded_at, recorded_at) AS recorded_at",
    "position": "coalesce(first_position, position) AS position",
}
FOR_EVER = 2**63 - 1


def table(kind: Kind) -> str:
    """Return the name of a fact's table: `routes_ProgramCompleted`."""
    return kind.name.replace(".", "_")


def columns(kind: Kind) -> dict[str, str]:
    """Return the fields of a fact, less what is sealed, and its envelope."""
    return shape(kind.fact) | ENVELOPE


def shape(of: Any) -> dict[str, str]:
    """Return the clear fields of a dataclass and their DuckDB types."""
    hints = get_type_hints(of)
    clear = (name for name in hints if not is_personal(hints[name]))
    return {name: column_type(hints[name]) for name in clear}


def column_type(hint: Any) -> str:
    """Return the DuckDB type of a field.

    Of a list of dataclasses each field is a list: so one is read without the others.
    """
    hint = getattr(hint, "__value__", getattr(hint, "__supertype__", hint))
    origin, arms = get_origin(hint), get_args(hint)
    if NoneType in arms:
        return column_type(next(arm for arm in arms if arm is not NoneType))
    if origin is Literal:
        return "VARCHAR"
    if origin is tuple and is_dataclass(arms[0]):
        lists = {name: f"{type_}[]" for name, type_ in shape(arms[0]).items()}
        return f"STRUCT({listed(lists)})"
    if origin is tuple:
        return f"{column_type(arms[0])}[]"
    if is_dataclass(hint):
        return f"STRUCT({listed(shape(hint))})"
    return SCALARS[hint]


def listed(of: dict[str, str]) -> str:
    """Return `name TYPE, name TYPE`."""
    return ", ".join(f"{name} {type_}" for name, type_ in of.items())


def kept(kind: Kind) -> dict[str, str]:
    """Return the columns of a fact's table: types, and what DuckDB must not pack.

    Who asks of a region sees some twenty of 2,048 rows that lie together, and a packed
    column is unpacked for all of them. Of ids nothing can be packed but a chance repetition.
    """
    ids = {name for name, type_ in shape(kind.fact).items() if type_ in {"UUID", "UUID[]"}}
    return {
        name: f"{type_} USING COMPRESSION uncompressed" if name in ids | LOOSE else type_
        for name, type_ in columns(kind).items()
    }


def create(kind: Kind) -> str:
    """Make the table of a fact.

    `replaced_at` is the position of the record that restated or withdrew this one: so
    to unknow what came later is a comparison, and not a join. A restated fact takes the
    place of its first record (`first_…`).
    """
    return f"""
CREATE TABLE {table(kind)} ({listed(kept(kind))}, replaced_at BIGINT,
    first_recorded_at TIMESTAMPTZ, first_position BIGINT);
"""


def live(kind: Kind) -> str:
    """Make the macro that reads what stands of a fact.

    The owner's first log is named, since a constant is compared faster than a map is
    searched.
    """
    vector, first = "(known::MAP(VARCHAR, BIGINT))", f"{kind.owner}@0"
    upto = f"CASE WHEN source = '{first}' THEN {vector}['{first}'] ELSE {vector}[source] END"
    shown = (AMENDED.get(each, each) for each in columns(kind) if each not in UNASKED)
    return f"""
CREATE OR REPLACE MACRO live_{table(kind)}(known) AS TABLE
    SELECT {", ".join(shown)}
    FROM {table(kind)}
    WHERE {upto} BETWEEN position AND coalesce(replaced_at - 1, {FOR_EVER});
"""


def replace(kind: Kind) -> str:
    """Mark what later records of the same log restate or withdraw.

    `amendments(source, position, first)` names them: the record at `position` ends all
    that says `first`, and was said before. What restates a withdrawn fact is dead born.
    """
    this, gone = table(kind), f"{kind.owner}_FactWithdrawn"
    return f"""
UPDATE {this} AS said SET replaced_at = ended.position
FROM (
    SELECT old.source, old.position AS at, min(amendments.position) AS position
    FROM {this} AS old JOIN amendments
      ON amendments.first = coalesce(old.corrects, old.event_id)
     AND amendments.source = old.source AND amendments.position > old.position
    WHERE old.replaced_at IS NULL
    GROUP BY ALL
) AS ended
WHERE said.source = ended.source AND said.position = ended.at;
UPDATE {this} AS said SET replaced_at = said.position
FROM {gone} AS gone, amendments
WHERE said.corrects = gone.withdraws AND gone.position < said.position
  AND said.source = amendments.source AND said.position = amendments.position;
UPDATE {this} AS said
SET first_recorded_at = origin.recorded_at, first_position = origin.position
FROM {this} AS origin, amendments
WHERE said.corrects = origin.event_id
  AND said.source = amendments.source AND said.position = amendments.position;
"""


def tables(kinds: Iterable[Kind]) -> str:
    """Make the tables of an empty ledger for these facts."""
    return "".join(map(create, kinds))


def words(kinds: Iterable[Kind]) -> str:
    """Make the words that indicators use, instead of those of an earlier release."""
    return "".join(map(live, kinds)) + WORDS


REGIONS = "[('federation', ''), ('region', unit)]"
ORGANISATIONS = """[
        ('federation', ''), ('region', region),
        ('municipality', region || '/' || municipality), ('organisation', path)
    ]"""
"""Where in the tree a unit stands: (level, path); a path that is not there is empty."""


def by_level(members: str, unit: str, aggregate: str) -> str:
    """Sum the members of an indicator at every level of the tree of that date.

    By unit first: then the plan leaves out what only `why` and `evidence` ask for. A
    region without municipalities has no row at that level (S4 2.1). Of a region's
    indicator (`unit` is `region`) there is nothing below the region. Above the scope there
    is no row: what is known inside it is a part of those.
    """
    sums = "max(num)" if aggregate == "max" else "sum(num)"
    units = f"(SELECT unit, {sums} AS num, sum(den) AS den FROM ({members}) GROUP BY unit)"
    if unit != "region":
        units += " JOIN place($as_of, $known, $scope) AS place ON org_id = unit"
    return f"""
SELECT node[1] AS level, node[2] AS path, {sums}::BIGINT AS num, sum(den)::BIGINT AS den
FROM (
    SELECT num, den, unnest({REGIONS if unit == "region" else ORGANISATIONS}) AS node
    FROM {units}
)
WHERE node[2] IS NOT NULL AND inside(node[2], $scope)
GROUP BY node
"""


def at_scope(members: str, aggregate: str) -> str:
    """Sum the members of an indicator inside one scope: one row (num, den)."""
    sums = "max(num)" if aggregate == "max" else "sum(num)"
    return f"""
SELECT coalesce({sums}, 0)::BIGINT AS num, coalesce(sum(den), 0)::BIGINT AS den
FROM ({members})
"""
