"""Open a log where its URL says it is (architecture §2.9)."""

from shared.runtime.store_log import Epoch, Lease, LogStore, NotMigrated
from shared.runtime.store_postgres import PostgresStore
from shared.runtime.store_postgres_tables import migrate_postgres
from shared.runtime.store_sqlite import SqliteStore
from shared.runtime.store_sqlite_file import migrate_sqlite, sqlite_path

__all__ = ["Epoch", "Lease", "LogStore", "NotMigrated", "migrate", "open_store"]


def open_store(url: str, source: str, *, connections: int = 8) -> LogStore:
    """Open the log of a source at `sqlite://<path>` or `postgresql://…`, migrated before.

    `connections` bounds the pool that threads share on PostgreSQL. Raises `NotMigrated`.
    """
    path = sqlite_path(url)
    if path:
        return SqliteStore(path, source)
    return PostgresStore(url, source, connections=connections)


def migrate(url: str, source: str) -> None:
    """Make the tables of a log and its first epoch, if they are not there.

    Safe to run several at once; no part of opening.
    """
    path = sqlite_path(url)
    if path:
        migrate_sqlite(path, source)
    else:
        migrate_postgres(url, source)
