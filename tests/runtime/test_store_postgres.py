"""What only PostgreSQL can do to a log: end its connections, and tell its plans."""

from collections.abc import Iterator
from contextlib import closing, suppress

import psycopg
import pytest
from uuid_utils.compat import uuid7

from shared.runtime.log import Unit
from shared.runtime.store import LogStore, migrate, open_store
from tests.runtime.units import NOON, SOURCE, answered, fact, of, some

END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def log(postgres_url: str) -> Iterator[LogStore]:
    migrate(postgres_url, SOURCE)
    with closing(open_store(postgres_url, SOURCE)) as store:
        yield store


def end_all(url: str) -> None:
    with psycopg.connect(url) as pg:
        pg.execute(END_ALL)


def test_a_lost_connection_is_told_and_replaced(log: LogStore, postgres_url: str) -> None:
    """Reliability 4, 9: the error passes as it is; asked again, it works."""
    command_id = uuid7()
    unit = of(fact(uuid7()))
    unit.answers.append(answered(command_id))
    log.append(unit)
    end_all(postgres_url)
    with pytest.raises(psycopg.OperationalError):
        log.append(some(1))
    for _ in range(8):  # each connection of the pool may have been ended
        with suppress(psycopg.OperationalError):
            log.append(some(1))
            break
    assert log.head().position == 2
    assert log.answers([command_id])[command_id].position == 1


def test_a_lease_ends_with_its_session(log: LogStore, postgres_url: str) -> None:
    with log.lease() as mine:
        assert mine is not None
        assert mine.alive()
        end_all(postgres_url)
        assert not mine.alive()


def test_an_append_is_one_round_trip(
    log: LogStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    execute = psycopg.Connection.execute

    def listening(self: object, query: object, *rest: object, **more: object) -> object:
        sent.append(query)
        return execute(self, query, *rest, **more)  # pyright: ignore[reportCallIssue, reportArgumentType] - passed on as it came

    with closing(open_store(postgres_url, log.source, connections=1)) as store:
        monkeypatch.setattr(psycopg.Connection, "execute", listening)
        store.append(some(300))
        store.append(Unit(now=NOON, answers=[answered(uuid7())]))
    assert len(sent) == 2
