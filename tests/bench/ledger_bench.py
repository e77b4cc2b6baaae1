"""`python -m tests.bench.ledger_bench [TEACHERS]`: K-F1 and K-F4 of a whole country.

Each is asked at every level and for one region, against the least query by hand that
knows no corrections, mergers, reasons or evidence. Prints seconds (best of three) and
the ratio. 1,300,000 teachers need about 4 GB of memory and some minutes.
"""

import sys
from datetime import date
from time import perf_counter, process_time
from typing import Any

import duckdb

from services.monitoring import ledger
from shared.kernel import catalogue
from shared.runtime.definitions import definitions
from tests.bench.ledger_country import fill
from tests.monitoring.telling import INDICATORS

AS_OF = date(2024, 12, 31)
BY_HAND = {
    "K-F1": """
        WITH p AS (
            SELECT person_id, org_id FROM registry_EmploymentStarted
            WHERE is_main AND position_class = 'PED' AND occurred_on <= $as_of
              AND employment_id NOT IN (SELECT employment_id FROM registry_EmploymentEnded
                                        WHERE occurred_on < $as_of)
        ),
        done AS (
            SELECT DISTINCT e.person_id
            FROM (SELECT *, unnest(deficit_ids) AS deficit_id FROM routes_EnrolmentStarted
                  WHERE list_contains(register_status_at_start, 'FED')) AS e
            JOIN (SELECT enrolment_id, occurred_on AS done_on FROM routes_ProgramCompleted) AS c
              USING (enrolment_id)
            JOIN diagnostics_DeficitIdentified AS d USING (deficit_id)
            JOIN routes_RouteAssigned AS r
              ON r.route_id = e.route_id AND r.session_id = d.session_id
            JOIN diagnostics_DiagnosticCompleted AS s ON s.session_id = d.session_id
            WHERE done_on BETWEEN DATE '2020-08-06' AND $as_of
              AND s.occurred_on <= e.occurred_on
              AND list_contains(e.competencies, d.competency_id)
              AND e.route_item_id IS NOT NULL
        )
        SELECT region, oktmo, org_id, count(done.person_id), count(*)
        FROM p JOIN registry_OrganisationRegistered AS o USING (org_id)
        LEFT JOIN done USING (person_id)
        WHERE $scope IN ('', region)
        GROUP BY GROUPING SETS ((), (region), (region, oktmo), (region, oktmo, org_id))
    """,
    "K-F4": """
        WITH p AS (
            SELECT person_id, org_id
            FROM registry_EmploymentStarted
            JOIN registry_YouthPeriodDetermined AS y USING (person_id)
            WHERE is_main AND position_class = 'PED'
              AND registry_EmploymentStarted.occurred_on <= $as_of AND young_until > $as_of
              AND employment_id NOT IN (SELECT employment_id FROM registry_EmploymentEnded
                                        WHERE occurred_on < $as_of)
        ),
        done AS (
            SELECT person_id FROM mentoring_SupportFormStarted WHERE occurred_on <= $as_of
            UNION SELECT mentee_id FROM mentoring_MentorshipPairFormed
            WHERE occurred_on <= $as_of
            UNION SELECT person_id FROM routes_RouteAssigned
            WHERE occurred_on <= $as_of AND tutor_id IS NOT NULL
        )
        SELECT region, oktmo, org_id, count(done.person_id), count(*)
        FROM p JOIN registry_OrganisationRegistered AS o USING (org_id)
        LEFT JOIN done USING (person_id)
        WHERE $scope IN ('', region)
        GROUP BY GROUPING SETS ((), (region), (region, oktmo), (region, oktmo, org_id))
    """,
}


def seconds(
    reader: duckdb.DuckDBPyConnection, query: str, asked: dict[str, Any]
) -> tuple[float, float]:
    """Return the best of three, and the processor time that it took (of all threads)."""
    took: list[tuple[float, float]] = []
    for _ in range(3):
        begun, used = perf_counter(), process_time()
        reader.execute(query, asked).fetchall()
        took.append((perf_counter() - begun, process_time() - used))
    return min(wall for wall, _ in took), min(cpu for _, cpu in took)


def main(teachers: int) -> None:
    """Make the country, ask, print."""
    reader = duckdb.connect(config={"threads": 2})
    begun = perf_counter()
    known = fill(reader, teachers)
    counts = (f"SELECT count(*) FROM {ledger.table(each)}" for each in catalogue.values())
    facts = sum(reader.execute(each).fetchall()[0][0] for each in counts)
    say(f"{teachers} teachers, {facts} facts, made in {perf_counter() - begun:.0f} s")
    for kpi, definition in definitions(INDICATORS).items():
        query = ledger.by_level(definition.sql, definition.unit, definition.aggregate)
        for scope in ("", "25"):
            asked = {"as_of": AS_OF, "known": known, "scope": scope}
            ours, cpu = seconds(reader, query, asked)
            line = f"{kpi:15} {scope or 'country':8} {ours:7.3f} s, of cores {cpu:7.3f} s"
            if kpi in BY_HAND:
                by_hand = {"as_of": AS_OF, "scope": scope}
                rival, least = seconds(reader, BY_HAND[kpi], by_hand)
                line += f", by hand {rival:.3f} s, of cores {least:.3f} s, ×{cpu / least:.2f}"
            say(line)


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1_300_000)
