"""The log as the `eventsourcing` library sees it: its `ProcessRecorder`."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import (
    IntegrityError,
    NotSupportedError,
    ProcessRecorder,
    StoredEvent,
    Tracking,
)

from shared.runtime.log import Mark, Unit
from shared.runtime.store import LogStore
from shared.runtime.store_log import UNTOLD
from tests.runtime.units import NOON, fact, mark, of, streams

ME, YOU = streams(2)


def event(stream: UUID, version: int, topic: str = "a.A") -> StoredEvent:
    said = fact(stream, version)
    state = {
        "event_id": said.event_id,
        "schema": 1,
        "territory": "25",
        "meta": msgspec.Raw(said.meta),
        "data": msgspec.Raw(said.data),
    }
    return StoredEvent(stream, version, topic, msgspec.json.encode(state))


def test_it_is_one(log_store: LogStore) -> None:
    assert isinstance(log_store, ProcessRecorder)
    assert log_store.max_notification_id() is None


def test_events_are_records_of_the_log(log_store: LogStore) -> None:
    said = [event(ME, 1), event(YOU, 1), event(ME, 2)]
    assert list(log_store.insert_events(said)) == [1, 2, 3]
    assert list(log_store.insert_events([event(YOU, 2)])) == [4]
    assert log_store.max_notification_id() == 4
    record = log_store.read(0, 1)[0]
    assert (record.name, record.territory) == ("a.A", "25")
    assert record.meta in said[0].state
    assert record.data in said[0].state
    assert [n.state for n in log_store.select_notifications(1, 2)] == [
        e.state for e in said[:2]
    ]


def test_our_facts_are_its_events(log_store: LogStore) -> None:
    log_store.append(of(fact(ME), fact(ME, 2)))
    events = log_store.select_events(ME)
    assert [(e.originator_version, e.topic) for e in events] == [
        (1, "registry.RegionAdded"),
        (2, "registry.RegionAdded"),
    ]


def test_events_are_selected_by_version(log_store: LogStore) -> None:
    log_store.insert_events([event(ME, n) for n in range(1, 6)])

    def versions(**asked: Any) -> list[int]:
        found = log_store.select_events(ME, **asked)
        return [each.originator_version for each in found]

    assert versions(gt=1, lte=4) == [2, 3, 4]
    assert versions(desc=True, limit=2) == [5, 4]
    assert versions(limit=0) == []


def test_notifications_are_selected_by_position(log_store: LogStore) -> None:
    topics = ("a.A", "a.B", "a.A", "a.A")
    log_store.insert_events([event(ME, n, topic) for n, topic in enumerate(topics, 1)])

    def ids(start: int | None, limit: int = 9, **asked: Any) -> list[int]:
        found = log_store.select_notifications(start, limit, **asked)
        return [each.id for each in found]

    assert ids(None) == ids(0) == [1, 2, 3, 4]
    assert ids(2, 2) == [2, 3]
    assert ids(2, inclusive_of_start=False) == [3, 4]
    assert ids(1, stop=2) == [1, 2]
    assert ids(1, topics=["a.A"]) == [1, 3, 4]


def test_a_taken_version_is_an_integrity_error(log_store: LogStore) -> None:
    log_store.insert_events([event(ME, 1)])
    with pytest.raises(IntegrityError, match="stream"):
        log_store.insert_events([event(ME, 1)], tracking=Tracking("up", 1))
    assert log_store.max_tracking_id("up") is None


def test_tracking_moves_with_the_events(log_store: LogStore) -> None:
    log_store.insert_events([event(ME, 1)], tracking=Tracking("up", 3))
    assert log_store.max_tracking_id("up") == 3
    assert log_store.has_tracking_id("up", 3)
    assert not log_store.has_tracking_id("up", 4)
    assert log_store.marks() == {"up": Mark("up", UNTOLD, 3)}
    with pytest.raises(IntegrityError, match="mark"):
        log_store.insert_events([event(ME, 2)], tracking=Tracking("up", 3))
    log_store.insert_tracking(Tracking("up", 4))
    assert [record.version for record in log_store.walk()] == [1]


def test_tracking_keeps_the_epoch_that_is_known(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, heard=[mark(3)]))
    log_store.insert_tracking(Tracking("routes@0", 4))
    assert log_store.marks() == {"routes@0": mark(4)}


def test_nobody_subscribes(log_store: LogStore) -> None:
    with pytest.raises(NotSupportedError):
        log_store.subscribe(gt=0)
