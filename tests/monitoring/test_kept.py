"""How the ledger's file keeps a column: what each probe looks at is not packed (ADR 0049)."""

from contextlib import closing
from pathlib import Path

import duckdb

from services.monitoring import ledger as language
from shared.events.routes import EnrolmentStarted
from shared.kernel import kind_of

ROWS = 20_000
ASKED = {
    "person_id",
    "route_item_id",
    "deficit_ids",
    "competencies",
    "occurred_on",
    "position",
    "event_id",
    "recorded_at",
}


def test_what_each_probe_looks_at_is_not_packed(tmp_path: Path) -> None:
    kind = kind_of(EnrolmentStarted)
    table = language.table(kind)
    with closing(duckdb.connect(tmp_path / "ledger")) as file:
        file.execute(language.create(kind))
        # ids that come three times over, and numbers in a row: whoever may pack does
        file.execute(f"""
            INSERT INTO {table}
                (person_id, route_item_id, deficit_ids, competencies, occurred_on, position,
                    event_id, recorded_at, program_version)
            SELECT id, id, [id], [id], DATE '2024-01-01' + n, n, id,
                TIMESTAMP '2024-01-01' + to_seconds(n), n
            FROM (SELECT n::INTEGER AS n, md5((n // 3)::VARCHAR)::UUID AS id
                FROM range({ROWS}) AS r(n))
        """)
        file.execute("CHECKPOINT")
        packed = file.execute(f"""
            SELECT column_name FROM pragma_storage_info('{table}')
            WHERE segment_type <> 'VALIDITY' AND compression NOT IN ('Uncompressed', 'Constant')
        """).fetchall()
    found = {name for (name,) in packed}
    assert "program_version" in found
    assert not ASKED & found
