"""Who was first stands; the other writes nothing at all and is told why."""

from collections.abc import Callable

import pytest
from msgspec import structs

from shared.runtime.log import Conflict, Unit
from shared.runtime.store import LogStore
from tests.runtime.units import (
    NOON,
    answered,
    fact,
    key,
    learned,
    mark,
    of,
    parked,
    read,
    streams,
)

ME, YOU, NEW = streams(3)


def before() -> Unit:
    """Make what is there already."""
    unit = of(fact(ME), fact(ME, 2))
    unit.answers.append(answered(ME))
    unit.claims += [key(ME), key(ME, b"also")]
    unit.heard.append(mark(5))
    unit.known.append(learned(ME))
    return unit


CONFLICTS: dict[str, tuple[Callable[[], Unit], str, str]] = {
    "the same version": (lambda: of(fact(ME, 2)), "stream", str(ME)),
    "an older version": (lambda: of(fact(ME, 1)), "stream", str(ME)),
    "a version that follows nothing": (lambda: of(fact(ME, 4)), "stream", str(ME)),
    "a stream that is not there": (lambda: of(fact(NEW, 2)), "stream", str(NEW)),
    "a command that was answered": (
        lambda: Unit(now=NOON, answers=[answered(NEW), answered(ME)]),
        "command",
        str(ME),
    ),
    "a command answered twice at once": (
        lambda: Unit(now=NOON, answers=[answered(NEW), answered(NEW)]),
        "command",
        str(NEW),
    ),
    "a key of another": (
        lambda: Unit(now=NOON, claims=[key(YOU, b"free"), key(YOU)]),
        "key",
        "snils/006b6579",
    ),
    "a key for two at once": (
        lambda: Unit(now=NOON, claims=[key(YOU, b"f"), key(ME, b"f")]),
        "key",
        "snils/66",
    ),
    "a key released by another": (
        lambda: Unit(now=NOON, releases=[key(YOU)], claims=[key(YOU)]),
        "key",
        "snils/006b6579",
    ),
    "what is not parked any more": (
        lambda: Unit(now=NOON, unparked=[("routes@0", 4)], parked=[parked(4)]),
        "parked",
        "routes@0 4",
    ),
    "a stream that was seen as it is not": (
        lambda: Unit(now=NOON, answers=[answered(NEW)], seen={NEW: 0, ME: 1}),
        "stream",
        str(ME),
    ),
    "a history that went on": (
        lambda: Unit(now=NOON, answers=[answered(NEW)], read=[read(YOU), read(ME, b"[0]")]),
        "known",
        f"employment {ME}",
    ),
    "a history that was begun": (
        lambda: Unit(now=NOON, known=[learned(ME)], read=[read(ME)]),
        "known",
        f"employment {ME}",
    ),
    "a history that is gone": (
        lambda: Unit(now=NOON, known=[learned(YOU)], read=[read(YOU, b"[1]")]),
        "known",
        f"employment {YOU}",
    ),
    "a mark that stays": (lambda: Unit(now=NOON, heard=[mark(5)]), "mark", "routes@0"),
    "a mark that goes back": (lambda: Unit(now=NOON, heard=[mark(4)]), "mark", "routes@0"),
    "a mark of another epoch": (
        lambda: Unit(now=NOON, heard=[mark(6, epoch=YOU)]),
        "epoch",
        "routes@0",
    ),
}


@pytest.mark.parametrize("how", CONFLICTS)
def test_who_comes_second_is_told(log_store: LogStore, how: str) -> None:
    make, what, which = CONFLICTS[how]
    log_store.append(before())
    with pytest.raises(Conflict) as conflict:
        log_store.append(make())
    assert (conflict.value.what, conflict.value.which) == (what, which)


@pytest.mark.parametrize("how", CONFLICTS)
def test_a_conflict_writes_nothing(log_store: LogStore, how: str) -> None:
    """All of a unit, or nothing."""
    log_store.append(before())
    unit = CONFLICTS[how][0]()
    unit.facts.insert(0, fact(YOU))
    unit.answers.insert(0, answered(YOU))
    unit.claims.insert(0, key(YOU, b"mine"))
    unit.releases.append(key(ME, b"also"))
    unit.known.append(learned(YOU))
    unit.heard.insert(0, mark(1, source="mentoring@0"))
    unit.parked.append(parked(9))
    with pytest.raises(Conflict):
        log_store.append(unit)
    assert [r.stream for r in log_store.walk()] == [ME, ME]
    assert log_store.answers([ME, YOU, NEW]).keys() == {ME}
    hmacs = (b"\0key", b"also", b"mine", b"free", b"f")
    holders = log_store.holders([("snils", each) for each in hmacs])
    assert holders == {("snils", b"\0key"): ME, ("snils", b"also"): ME}
    assert log_store.known([("employment", YOU)]) == {}
    assert log_store.marks().keys() == {"routes@0"}
    assert log_store.parked() == []


def test_what_is_as_it_was_read_is_no_conflict(log_store: LogStore) -> None:
    """Also where nothing was kept, and a stream that had said nothing."""
    log_store.append(before())
    unit = Unit(now=NOON, answers=[answered(NEW)], seen={ME: 2, NEW: 0})
    unit.known.append(learned(NEW, b"[1]"))
    unit.read += [read(ME, b"[]"), read(NEW)]
    log_store.append(unit)
    log_store.append(Unit(now=NOON, answers=[answered(YOU)], read=[read(NEW, b"[1]")]))

    assert log_store.answers([NEW, YOU]).keys() == {NEW, YOU}


def test_a_command_is_told_before_its_stream(log_store: LogStore) -> None:
    """A retry after a lost acknowledgement must find its answer, not a conflict."""
    log_store.append(before())
    again = of(fact(ME, 2))
    again.answers.append(answered(ME))
    with pytest.raises(Conflict, match="command"):
        log_store.append(again)


def test_a_batch_heard_twice_is_told_before_its_effects(log_store: LogStore) -> None:
    again = before()
    log_store.append(before())
    with pytest.raises(Conflict, match="mark"):
        log_store.append(again)


def test_a_store_is_of_use_after_a_conflict(log_store: LogStore) -> None:
    log_store.append(before())
    with pytest.raises(Conflict):
        log_store.append(of(fact(ME, 2)))
    assert log_store.append(of(fact(ME, 3))).position == 3


def test_facts_of_a_stream_must_follow_one_another(log_store: LogStore) -> None:
    with pytest.raises(ValueError, match="version 3 after 1"):
        log_store.append(of(fact(NEW, 1), fact(NEW, 3)))
    assert log_store.head().position == 0


def test_an_event_is_recorded_once(log_store: LogStore) -> None:
    """No conflict, which would be decided again, but an error of whoever made the id."""
    said = fact(ME)
    log_store.append(of(said))
    with pytest.raises(Exception, match=r"(?i)unique") as wrong:
        log_store.append(of(structs.replace(said, stream=NEW)))
    assert not isinstance(wrong.value, Conflict)
    assert log_store.head().position == 1
