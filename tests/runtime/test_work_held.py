"""Keys within one unit of work: what is taken and freed at once leaves no trace."""

from uuid import UUID

from shared.kernel import Claim, Release
from shared.runtime.log import Unit
from shared.runtime.store_log import LogStore
from shared.runtime.work_held import Holding
from tests.runtime.units import NOON

ME, KEY = UUID(int=1), ("attached", "45")
TAKEN = Claim(*KEY, ME, "S1 4.1", "Уже прикреплён")
FREED = Release(*KEY, ME)


def hmac(kind: str, key: str) -> bytes:
    return f"{kind}/{key}".encode()


def said(log: LogStore, *claims: Claim | Release) -> UUID | None:
    """Say these in one unit and return who holds the key then, by the log."""
    holding, unit = Holding(log, hmac, hopeful=False), Unit(now=NOON)
    for each in claims:
        holding.take([each], unit)
    log.append(unit)
    at = (KEY[0], hmac(*KEY))
    assert holding.holder(*KEY) == log.holders([at]).get(at)
    return holding.holder(*KEY)


def test_a_key_taken_and_freed_in_one_unit_is_free(log: LogStore) -> None:
    """contracts §4: ключ освобождён тем же, кто его занял."""
    assert said(log, TAKEN, FREED) is None
    assert said(log, TAKEN) == ME


def test_a_key_freed_and_taken_again_stays_with_its_holder(log: LogStore) -> None:
    said(log, TAKEN)

    assert said(log, FREED, TAKEN) == ME
    assert said(log, FREED) is None
