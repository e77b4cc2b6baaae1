"""What a program reads of an import: at the door and at the shell the same."""

from typing import Any

from metodika.imports.plan import Plan
from shared.runtime import bulk


def verdicts(planned: Plan) -> dict[str, Any]:
    """Return what would become of each row, as a program reads it."""
    return {
        "import_id": planned.import_id,
        "status": "dry run",
        "rows": [each._asdict() for each in planned.verdicts()],
        "held": planned.held,
        "ends": planned.ends,
    }


def told_of(report: bulk.Report) -> dict[str, Any]:
    """Return a report as a program reads it."""
    return {
        "import_id": report.import_id,
        "rows": report.rows,
        "facts": report.facts,
        "accepted": report.accepted,
        "unchanged": report.unchanged,
        "faults": [
            {
                "file": file,
                "line": line,
                "column": fault.column,
                "reason": fault.reason,
                "clause": fault.clause,
            }
            for file, line, fault in report.faults
        ],
    }
