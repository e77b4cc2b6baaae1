"""Facts of others are heard once and in order, or parked with an error (contracts §2)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from metodika.services import service
from shared.runtime import codec
from shared.runtime.engine import Engine, utc_now
from shared.runtime.hearing import Hole, hear, retry
from shared.runtime.store_log import LogStore
from tests.runtime.made import a_log
from tests.runtime.school import EMPLOYED, TEACHER, Ask, names


@pytest.fixture
def mentoring(tmp_path: Path) -> Iterator[Engine]:
    log = a_log(tmp_path, "mentoring@0")
    yield Engine(service("mentoring"), log, None)
    log.close()


def wires(log: LogStore) -> list[bytes]:
    return [codec.wire(each) for each in log.walk()]


def poisoned(log: LogStore) -> list[bytes]:
    """Return all that was said, the employment of a class that there is not."""
    good, poison = b'"position_class":"PED"', b'"position_class":"XXX"'
    return [each.replace(good, poison) for each in wires(log)]


def test_heard_twice_is_heard_once(ask: Ask, log: LogStore, mentoring: Engine) -> None:
    """contracts §2: повторённое не действует второй раз."""
    ask(TEACHER)
    ask(EMPLOYED)
    first = hear(mentoring, "registry@0", wires(log))
    again = hear(mentoring, "registry@0", wires(log))

    assert first.effects == 1
    assert (again.effects, again.skipped) == (0, len(wires(log)))
    assert names(mentoring.store) == ["MentorshipPairProposed"]


def test_another_record_where_the_mark_stands_stops_the_reader(
    ask: Ask, log: LogStore, mentoring: Engine
) -> None:
    """contracts §2: a log restored from an older copy says other things in known places."""
    ask(TEACHER)
    ask(EMPLOYED)
    told = list(log.walk())
    hear(mentoring, "registry@0", [codec.wire(each) for each in told])
    other = [codec.wire(replace(each, event_id=uuid4())) for each in told]

    with pytest.raises(Hole, match=f"{told[-1].position} is not the record that was heard"):
        hear(mentoring, "registry@0", other)
    assert hear(mentoring, "registry@0", wires(log)).skipped == len(told)


def test_a_hole_stops_the_reader(ask: Ask, log: LogStore, mentoring: Engine) -> None:
    """contracts §2: позиции без пропусков."""
    ask(TEACHER)

    with pytest.raises(Hole):
        hear(mentoring, "registry@0", wires(log)[1:])
    assert not mentoring.store.marks()


def test_a_poison_fact_is_parked_and_its_stream_waits(
    ask: Ask, log: LogStore, mentoring: Engine
) -> None:
    """reliability 8: ядовитый факт отложен, остальные идут дальше."""
    ask(TEACHER)
    ask(EMPLOYED)
    hearing = hear(mentoring, "registry@0", poisoned(log))

    assert hearing.parked == 2
    assert hearing.position == log.head().position
    parked = mentoring.store.parked()
    assert [each.name for each in parked] == [
        "registry.EmploymentStarted",
        "registry.YouthPeriodDetermined",
    ]
    assert "queues behind" in parked[1].error


def test_what_was_parked_leaves_with_its_effects(
    ask: Ask, log: LogStore, mentoring: Engine
) -> None:
    ask(TEACHER)
    ask(EMPLOYED)
    hear(mentoring, "registry@0", poisoned(log))
    first, behind = mentoring.store.parked()

    assert retry(mentoring, first).parked == 1
    assert mentoring.store.parked()[0].retry_at > utc_now() + timedelta(seconds=1)
    assert retry(mentoring, replace(first, wire=wires(log)[first.position - 1])).parked == 0
    assert retry(mentoring, behind).effects == 1
    assert not mentoring.store.parked()
    assert names(mentoring.store) == ["MentorshipPairProposed"]


def test_an_unknown_fact_is_skipped(ask: Ask, log: LogStore, mentoring: Engine) -> None:
    """reliability 17: незнакомое имя пропущено, позиция идёт дальше."""
    ask(TEACHER)
    sent = [e.replace(b"TeacherRegistered", b"TeacherDescribed") for e in wires(log)]
    hearing = hear(mentoring, "registry@0", sent)

    assert (hearing.skipped, hearing.position) == (1, len(sent))
