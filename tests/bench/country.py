"""`country`: K-F1 and K-F4 of 1.3 million teachers and 13 million facts.

The rival is the least query by hand for the same levels: it knows no corrections, no
mergers, no annulments, no reasons and no evidence. Both in turn, the best of nine.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from services.monitoring import ledger
from shared.kernel import catalogue
from shared.runtime.definitions import definitions
from tests.bench.ledger_bench import AS_OF, BY_HAND
from tests.bench.ledger_country import fill, known, merge
from tests.bench.measured import Measured, at_least, say, seconds
from tests.monitoring.telling import INDICATORS

TEACHERS = 1_300_000
TIMES = 9
ASKED_BEFORE = 8
BUDGETS = {"": 1.0, "25": 0.1}


def run() -> Iterator[Measured]:
    """Make the country, ask both indicators of it and of one region."""
    with TemporaryDirectory() as folder:
        reader = duckdb.connect(Path(folder, "country.duckdb"), config={"threads": 2})
        vector = fill(reader, TEACHERS)
        reader.execute("CHECKPOINT")  # packed, as a ledger's file is
        say(f"{TEACHERS:,} teachers, {facts_of(reader):,} facts")
        yield from _measured(reader, vector)
        yield _aged(reader, vector)
        yield _merged(reader, vector)
        reader.close()


def _measured(reader: duckdb.DuckDBPyConnection, vector: dict[str, int]) -> Iterator[Measured]:
    for kpi in BY_HAND:
        for scope, budget in BUDGETS.items():
            ours, rival = asked(reader, kpi, scope, vector)
            yield Measured(
                what=f"{kpi}, all levels of {(scope and f'region {scope}') or 'the country'}",
                ours=ours,
                unit="s",
                rival=rival,
                against="the least query by hand, without corrections or evidence",
                budget=f"≤ {budget:g} s",
                kept=ours <= budget,
            )


def _aged(reader: duckdb.DuckDBPyConnection, vector: dict[str, int]) -> Measured:
    """Ask of a region again and again: no answer may be dearer for those before it."""
    first, _ = asked(reader, "K-F1", "25", vector)
    for _ in range(ASKED_BEFORE):
        asked(reader, "K-F1", "25", vector)
    last, _ = asked(reader, "K-F1", "25", vector)
    line = Measured(
        what=f"K-F1, all levels of region 25, asked {ASKED_BEFORE * TIMES} times before",
        ours=last,
        unit="s",
        rival=first,
        against="the same, asked for the first time",
    )
    return at_least(0.9, line)


def _merged(reader: duckdb.DuckDBPyConnection, few: dict[str, int]) -> Measured:
    """Ask of a region before and after one in a hundred was merged: no plan may tip over."""
    before, _ = asked(reader, "K-F1", "25", few)
    merge(reader, f"FROM range({TEACHERS}) AS r(n) WHERE n % 100 = 51")
    reader.execute("CHECKPOINT")
    after, _ = asked(reader, "K-F1", "25", known(reader))
    line = Measured(
        what="K-F1, all levels of region 25, one in a hundred merged",
        ours=after,
        unit="s",
        rival=before,
        against="the same with one in two thousand merged",
    )
    return at_least(0.75, line)


def asked(
    reader: duckdb.DuckDBPyConnection, kpi: str, scope: str, vector: dict[str, int]
) -> tuple[float, float]:
    """Return the best times of ours and of the rival, in turn."""
    definition = definitions(INDICATORS)[kpi]
    query = ledger.by_level(definition.sql, definition.unit, definition.aggregate)
    least: dict[str, Any] = {"as_of": AS_OF, "scope": scope}

    def ours() -> object:
        return reader.execute(query, least | {"known": vector}).fetchall()

    def rival() -> object:
        return reader.execute(BY_HAND[kpi], least).fetchall()

    both = [(seconds(ours), seconds(rival)) for _ in range(TIMES)]
    return min(one for one, _ in both), min(other for _, other in both)


def facts_of(reader: duckdb.DuckDBPyConnection) -> int:
    """Count the facts of a ledger."""
    counts = [f"SELECT count(*) FROM {ledger.table(each)}" for each in catalogue.values()]
    return sum(reader.execute(each).fetchall()[0][0] for each in counts)
