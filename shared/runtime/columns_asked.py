"""What is asked of a ledger as a whole: what it knows, and what it knew at a moment."""

import hashlib

import duckdb

from shared.kernel import catalogue
from shared.runtime.columns_terms import Language

PIECES = """
SELECT source, position // 10000 AS piece, count(*),
    sha256(string_agg(sha256(row::VARCHAR), '' ORDER BY position))
FROM {table} AS row
GROUP BY source, piece ORDER BY source, piece
"""
AT = """
SELECT source, epoch, last.position
FROM (
    SELECT source, max(position) AS position FROM records
    WHERE recorded_at <= $moment GROUP BY source
) AS last JOIN heard USING (source)
ORDER BY source
"""
COMPLETE = """
SELECT source FROM heard WHERE recorded_at >= $moment
UNION
SELECT source FROM heartbeat
JOIN (SELECT source, epoch, position AS heard FROM heard) AS heard USING (source, epoch)
WHERE recorded_at >= $moment AND position <= heard
UNION
SELECT source FROM heartbeat
WHERE recorded_at >= $moment AND position = 0
"""


def digest_of(cursor: duckdb.DuckDBPyConnection, language: Language) -> str:
    """Return a hash of what stands in the tables of a ledger, whatever holds them."""
    tables = sorted([*map(language.table, catalogue.values()), "records"])
    whole = hashlib.sha256()
    for table in tables:
        for row in cursor.execute(PIECES.format(table=table)).fetchall():
            whole.update(f"{table} {row}\n".encode())
    return whole.hexdigest()
