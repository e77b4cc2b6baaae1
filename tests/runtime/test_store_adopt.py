"""A hearer goes back to another place in a source, with all that it keeps of it, at once."""

from uuid import UUID

from shared.runtime.log import Learned, Mark, Unit
from shared.runtime.store import LogStore
from tests.runtime.units import ELSEWHERE, NOON, mark, parked

ME, YOU = UUID(int=1), UUID(int=2)


def test_what_was_parked_behind_the_mark_goes(log_store: LogStore) -> None:
    """Reliability 21: what was lost is not tried again; what stands still waits."""
    heard = [mark(9), mark(9, source="mentoring@0")]
    log_store.append(Unit(now=NOON, heard=heard, parked=[parked(3), parked(7), parked(8)]))
    log_store.adopt(mark(7), Mark("mentoring@0", ELSEWHERE, 2))

    assert [each.position for each in log_store.parked()] == [3, 7]
    assert log_store.marks()["mentoring@0"].position == 2


def test_histories_of_a_kind_give_way_to_what_is_known(log_store: LogStore) -> None:
    """Contracts §4: what is borrowed is folded from what was heard, and from nothing else."""
    kept = [("home", ME, b"[1]"), ("home", YOU, b"[2]"), ("import", ME, b"{}")]
    log_store.append(Unit(now=NOON, known=[Learned(*each) for each in kept]))
    log_store.adopt(mark(1), known=[Learned("home", ME, b"[3]")], instead_of=["home"])
    asked = [(kind, about) for kind, about, _ in kept]

    assert log_store.known(asked) == {("home", ME): b"[3]", ("import", ME): b"{}"}
