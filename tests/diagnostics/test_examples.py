"""The example file reads as its README says."""

import csv
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from services.diagnostics.domain import COLUMNS, read_result
from shared.kernel import Fault
from shared.kernel.ids import PersonId

RESULTS = Path(__file__).parents[2] / "examples" / "results.csv"


def test_the_last_row_alone_is_bad() -> None:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    *good, bad = [
        read_result(row, lambda system, n: PersonId(uuid5(NAMESPACE_OID, system + n)))
        for row in rows
    ]

    assert tuple(rows[0]) == COLUMNS
    assert not any(isinstance(each, Fault) for each in good)
    assert isinstance(bad, Fault)
    assert (bad.column, bad.clause) == ("score_pct", "S0 V.2")
