"""A log as it stands at one moment, whatever is appended meanwhile: both stores."""

from uuid import UUID

from shared.runtime.log import Unit
from shared.runtime.store import LogStore
from tests.runtime.units import NOON, answered, key, some


def test_what_is_appended_meanwhile_is_not_seen(log_store: LogStore) -> None:
    """contracts §2: проверка смотрит на журнал и на таблицы в один и тот же миг."""
    log_store.append(some(3))
    log_store.append(Unit(now=NOON, claims=[key(UUID(int=1))]))
    with log_store.still() as still:
        before = still.head()
        log_store.append(some(2))
        log_store.append(Unit(now=NOON, answers=[answered(UUID(int=2))]))

        assert still.head() == before
        assert [each.position for each in still.walk()] == [1, 2, 3]
        assert list(still.rows("commands")) == []
        assert [row[:2] for row in still.rows("claims")] == [("snils", b"\0key")]
    assert log_store.head().position == 5
