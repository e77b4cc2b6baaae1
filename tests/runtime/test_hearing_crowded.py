"""Others who always write first keep nobody from hearing (ADR 0035, reliability 8 and 15)."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

import pytest

from metodika.services import service
from shared.runtime import codec
from shared.runtime.engine import Engine, utc_now
from shared.runtime.hearing import hear, retry
from shared.runtime.log import Head, Learned, Unit
from shared.runtime.store import LogStore, migrate, open_store
from tests.runtime.school import EMPLOYED, TEACHER, Ask, names

SOURCE = "registry@0"
ENDLESS = 10**9
MUCH = 300
"""More tries than anybody may need for five facts."""


@dataclass
class Crowd:
    """Somebody who writes, each time, one of the histories that a unit was decided by."""

    other: LogStore
    append: Callable[[Unit], Head]
    times: int
    tries: int = 0

    def __call__(self, unit: Unit) -> Head:
        self.tries += 1
        assert self.tries < MUCH, "it is decided again without end"
        if unit.read and self.times:
            self.times -= 1
            at = unit.read[-1].kind, unit.read[-1].about
            kept = self.other.known([at]).get(at, b"[]")
            said = [Learned(*at, kept + b" ")]  # another history that says the same
            self.other.append(Unit(now=utc_now(), known=said))
        return self.append(unit)


@pytest.fixture
def mentoring(log_url: str) -> Iterator[Engine]:
    migrate(log_url, "mentoring@0")
    with closing(open_store(log_url, "mentoring@0")) as store:
        yield Engine(service("mentoring"), store, None)


@pytest.fixture
def told(ask: Ask, log: LogStore) -> list[bytes]:
    """Give what the registry said of one teacher."""
    ask(TEACHER)
    ask(EMPLOYED)
    return [codec.wire(each) for each in log.walk()]


@pytest.fixture
def crowd(
    mentoring: Engine, log_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], Crowd]]:
    with closing(open_store(log_url, "mentoring@0")) as other:

        def of(times: int) -> Crowd:
            made = Crowd(other, mentoring.store.append, times)
            monkeypatch.setattr(mentoring.store, "append", made)
            return made

        yield of


@pytest.mark.parametrize("times", [1, 3, 5])
def test_who_was_too_late_decides_again(
    mentoring: Engine, told: list[bytes], crowd: Callable[[int], Crowd], times: int
) -> None:
    """Reliability 15: the batch, then fact by fact; it is no fact's fault: none is parked."""
    crowd(times)
    came = hear(mentoring, SOURCE, told)

    assert (came.position, came.heard + came.skipped) == (len(told), len(told))
    assert (came.parked, came.effects) == (0, 1)
    assert names(mentoring.store) == ["MentorshipPairProposed"]


def test_what_is_always_too_late_is_parked_and_nothing_is_lost(
    mentoring: Engine, told: list[bytes], crowd: Callable[[int], Crowd]
) -> None:
    """contracts §4: parked with why, the reader goes on; it leaves with its effects."""
    endless, began = crowd(ENDLESS), monotonic()
    came = hear(mentoring, SOURCE, told)
    parked = mentoring.store.parked()

    assert monotonic() - began < 20
    assert mentoring.store.marks()[SOURCE].position == len(told)
    assert came.heard + came.skipped + came.parked == len(told)
    assert came.parked == len(parked) > 0
    assert {each.error for each in parked if "queues" not in each.error} == {
        "Crowded: others wrote first each time"
    }
    assert retry(mentoring, parked[0]).parked == 1
    again = mentoring.store.parked()[0]
    assert (again.attempts, again.error) == (2, "Crowded: others wrote first each time")

    endless.times = 0
    for each in mentoring.store.parked():
        retry(mentoring, each)
    assert not mentoring.store.parked()
    assert names(mentoring.store) == ["MentorshipPairProposed"]
