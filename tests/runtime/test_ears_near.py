"""A neighbour in one process with us is heard straight from its log."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.runtime.ears_near import NeighbourEars
from shared.runtime.store_log import LogStore
from tests.runtime.inbox import SOURCE, Came, Inbox, until, while_running
from tests.runtime.made import record


def test_a_neighbour_is_heard_without_kafka(log: LogStore, inbox: Inbox) -> None:
    record(log, 1_200)
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")

    assert asyncio.run(ears.catch_up()) == 1_200
    assert inbox.taken == [*range(1, 1_201)]
    assert ears.healthy()


def test_an_append_wakes_the_neighbour(log: LogStore, inbox: Inbox) -> None:
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")

    async def meanwhile() -> None:
        for count in (1, 2, 3):
            await asyncio.to_thread(record, log, 1)
            # it is called before the loop goes on
            await until(lambda: len(inbox.taken) == count, seconds=5)  # noqa: B023

    asyncio.run(while_running(lambda: ears.run(every=600), meanwhile()))

    assert inbox.taken == [1, 2, 3]


def test_a_neighbour_away_is_tried_again(log: LogStore, inbox: Inbox) -> None:
    """Fault 9: pauses and retries for ever; nothing is parked."""
    record(log, 5)
    inbox.refuses = [OSError("away")] * 3
    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")
    asyncio.run(while_running(ears.run, until(lambda: len(inbox.taken) == 5)))

    assert inbox.taken == [*range(1, 6)]


def test_a_log_that_is_back_is_heard_well_before_it_says_anything(
    log: LogStore, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 9: whoever waited for a log is healthy again as soon as it can be read."""
    record(log, 1)
    read, away = log.read, [OSError("away")] * 2

    def again(*asked: Any, **narrowed: Any) -> Any:
        if away:
            raise away.pop()
        return read(*asked, **narrowed)

    ears = NeighbourEars(inbox.hear, inbox.store, [log], who="routes")
    asyncio.run(ears.catch_up())
    monkeypatch.setattr(log, "read", again)
    ear = ears.ears[SOURCE]

    async def meanwhile() -> None:
        await until(lambda: ear.error == "OSError")
        await until(ears.healthy, seconds=10)

    asyncio.run(while_running(ears.run, meanwhile()))


def test_what_is_being_heard_is_not_missed(log: LogStore, inbox: Inbox) -> None:
    """`unaccounted` is an alarm: it is 0 also while a batch is in hand."""
    record(log, 7)
    seen: list[int] = []

    def slowly(source: str, wires: Sequence[bytes]) -> Came:
        seen.append(ear.tally.unaccounted)
        return inbox.hear(source, wires)

    ears = NeighbourEars(slowly, inbox.store, [log], who="routes")
    ear = ears.ears[SOURCE]
    asyncio.run(ears.catch_up())

    assert seen == [0]
    assert (ear.tally.consumed, ear.tally.unaccounted) == (7, 0)
