"""Both stores: what is written comes out, in order, without holes (contracts §2)."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from uuid_utils.compat import uuid7

from shared.runtime.log import Conflict, Head, Mark, Pending, Unit
from shared.runtime.store import LogStore, open_store
from shared.runtime.tree import Checkpoint, Tree, leaf_of_record, verify
from tests.runtime.units import (
    ELSEWHERE,
    NOON,
    SECOND,
    SOURCE,
    answered,
    fact,
    key,
    learned,
    mark,
    of,
    parked,
    some,
)

ME, YOU = UUID(int=1), UUID(int=2)
same_store = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30
)


def test_a_record_comes_out_as_it_went_in(log_store: LogStore) -> None:
    said = fact(ME, territory="25/05701", data=b'{"a" : "\\u0444", "\xd1\x84": 1.0}')
    head = log_store.append(of(said))
    (record,) = log_store.read(0, 10)
    for field in Pending.__struct_fields__:
        assert getattr(record, field) == getattr(said, field)
    assert (record.source, record.epoch, record.position) == (SOURCE, head.epoch, 1)
    assert record.recorded_at == NOON
    assert record.recorded_at.tzinfo is UTC


def test_an_empty_log_has_an_epoch_and_no_moment(log_store: LogStore) -> None:
    assert log_store.head() == Head(log_store.epochs()[0].epoch, 0, None)
    assert log_store.read(0, 10) == []
    assert log_store.streams([ME]) == log_store.events([ME]) == log_store.answers([ME]) == {}
    assert log_store.append(Unit(now=NOON)) == log_store.head()


@pytest.mark.parametrize("nothing", [[], ()])
def test_to_ask_for_nothing_is_to_get_nothing(log_store: LogStore, nothing: Any) -> None:
    log_store.append(some(1))
    assert log_store.streams(nothing) == log_store.events(nothing) == {}
    assert log_store.answers(nothing) == log_store.known(nothing) == {}
    assert log_store.holders(nothing) == {}


def test_positions_follow_without_a_hole(log_store: LogStore) -> None:
    for count in (3, 0, 1, 2_500, 1):
        log_store.append(some(count))
    assert [each.position for each in log_store.walk()] == list(range(1, 2_506))
    assert log_store.head().position == 2_505


@pytest.mark.parametrize("count", [1, 3])
def test_what_is_ready_is_written_when_its_turn_comes(log_store: LogStore, count: int) -> None:
    unit = some(count)
    write = log_store.ready(unit)
    log_store.append(of(fact(ME)))
    before = log_store.head().position
    after = write().position
    with pytest.raises(Conflict):
        write()
    assert (before, after) == (1, 1 + count)
    assert [it.event_id for it in log_store.walk(1)] == [it.event_id for it in unit.facts]


def test_a_refused_unit_leaves_no_hole(log_store: LogStore) -> None:
    log_store.append(of(fact(ME)))
    with pytest.raises(Conflict):
        log_store.append(of(fact(YOU), fact(ME)))
    log_store.append(of(fact(YOU)))
    assert [(r.position, r.stream) for r in log_store.walk()] == [(1, ME), (2, YOU)]


def test_time_never_runs_backwards(log_store: LogStore) -> None:
    """Contracts §2: `recorded_at = max(clock, last recorded_at)`."""
    clocks = [NOON, NOON - SECOND, NOON + timedelta(microseconds=1), NOON]
    for now in clocks:
        log_store.append(some(1, now=now))
    late = [record.recorded_at - NOON for record in log_store.walk()]
    assert [each.microseconds for each in late] == [0, 0, 1, 1]


def test_a_clock_elsewhere_is_read_right(log_store: LogStore) -> None:
    vladivostok = NOON.astimezone(timezone(timedelta(hours=10)))
    assert log_store.append(some(1, now=vladivostok)).recorded_at == NOON
    with pytest.raises(TypeError):
        log_store.append(some(1, now=datetime(2024, 2, 1)))  # noqa: DTZ001 - that is the point


@same_store
@given(
    st.binary(max_size=300),
    st.binary(max_size=300),
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    st.integers(1, 2**31),
)
def test_a_leaf_is_the_same_in_sql_and_here(
    log_store: LogStore, meta: bytes, data: bytes, name: str, schema: int
) -> None:
    said = structs.replace(fact(uuid7()), meta=meta, data=data, name=name, schema=schema)
    (record,) = log_store.read(log_store.append(of(said)).position - 1, 1)
    assert record.leaf == leaf_of_record(record)


def test_a_log_verifies(log_store: LogStore) -> None:
    log_store.append(of(fact(ME), fact(YOU), fact(ME, 2)))
    log_store.append(of(fact(ME, 3)))
    assert verify(log_store.walk()) is None


def test_histories_are_read_by_stream_and_facts_by_event(log_store: LogStore) -> None:
    facts = [fact(ME), fact(YOU), fact(ME, 2)]
    log_store.append(of(*facts))
    found = log_store.streams([ME, YOU, UUID(int=3), ME])
    assert {s: [r.version for r in rs] for s, rs in found.items()} == {ME: [1, 2], YOU: [1]}
    events = log_store.events([each.event_id for each in facts[1:]] + [UUID(int=3)])
    assert [events[each.event_id].position for each in facts[1:]] == [2, 3]


def test_hundreds_are_asked_for_at_once(log_store: LogStore) -> None:
    ids = [uuid7() for _ in range(2_345)]
    unit = of(*(fact(each) for each in ids))
    unit.answers += [answered(each) for each in ids]
    unit.claims += [key(each, each.bytes) for each in ids]
    unit.known += [learned(each, each.bytes) for each in ids]
    log_store.append(unit)
    assert len(log_store.streams(ids)) == len(ids)
    assert len(log_store.events([each.event_id for each in unit.facts])) == len(ids)
    assert len(log_store.answers(ids)) == len(ids)
    assert log_store.holders([("snils", i.bytes) for i in ids] + [("cert", b"")]) == {
        ("snils", each.bytes): each for each in ids
    }
    assert log_store.known([("employment", i) for i in ids] + [("other", ids[0])]) == {
        ("employment", each): each.bytes for each in ids
    }


def test_records_are_read_by_name_and_by_page(log_store: LogStore) -> None:
    names = ["a.A", "a.B", "a.A", "a.C", "a.A"]
    log_store.append(of(*(fact(uuid7(), name=each) for each in names)))
    assert [r.position for r in log_store.read(1, 2)] == [2, 3]
    assert [r.position for r in log_store.read(0, 9, names=["a.A"])] == [1, 3, 5]
    assert [r.position for r in log_store.read(1, 2, names={"a.C", "a.A"})] == [3, 4]
    assert log_store.read(0, 9, names=["a"]) == []


PATHS = ("25", "25/05701", "25/05701/x", "25/-/y", "250", "25-", "2", "77", "77/%", "", None)
scopes_ = st.lists(st.sampled_from([*PATHS[:-1], "25/05", "_5", "%"]), max_size=4)


def is_within(territory: str | None, scopes: Sequence[str]) -> bool:
    return "" in scopes or any(
        territory is not None and (territory == each or territory.startswith(f"{each}/"))
        for each in scopes
    )


@same_store
@given(scopes_, st.integers(0, 12), st.integers(1, 12))
def test_a_scope_is_at_or_below_a_path(
    log_store: LogStore, scopes: list[str], after: int, limit: int
) -> None:
    """Contracts §7: filtered by territory in the query, nothing foreign."""
    if not log_store.head().position:
        log_store.append(of(*(fact(uuid7(), territory=each) for each in PATHS)))
    expected = [n for n, path in enumerate(PATHS, 1) if n > after and is_within(path, scopes)]
    found = log_store.read(after, limit, scopes=scopes)
    assert [record.position for record in found] == expected[:limit]
    assert len(log_store.read(0, 99, scopes=None)) == len(PATHS)


@same_store
@given(st.lists(st.integers(0, 5), max_size=20), st.integers(-1, 60))
def test_the_head_at_a_moment_is_the_last_record_till_then(
    log_store: LogStore, pauses: list[int], asked: int
) -> None:
    """Contracts §3: as known is the last record with `recorded_at` ≤ the moment."""
    before = log_store.head()
    start = (before.recorded_at or NOON) + timedelta(days=1)
    now, positions = start, [before.position]
    for pause in pauses:
        now += pause * SECOND
        positions.append(log_store.append(some(1, now=now)).position)
    moment = start + asked * SECOND
    head = log_store.head_at(moment)
    known = [r for r in log_store.walk() if r.recorded_at <= moment]
    assert head.position == (known[-1].position if known else 0)
    assert head.recorded_at == (known[-1].recorded_at if known else None)
    assert head.epoch == before.epoch


def test_answers_keep_where_they_left_the_log(log_store: LogStore) -> None:
    """Contracts §7: a read may ask for the position that its own write has."""
    log_store.append(some(5))
    unit = some(3)
    unit.answers += [answered(ME, 2), answered(YOU)]
    log_store.append(unit)
    assert log_store.answers([ME, YOU]) == {ME: answered(ME, 7), YOU: answered(YOU, 8)}
    log_store.append(Unit(now=NOON, answers=[answered(UUID(int=3))]))
    assert log_store.answers([UUID(int=3)])[UUID(int=3)].position == 8


def test_keys_are_claimed_released_and_forgotten(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, claims=[key(ME), key(ME, b"2", kind="cert")]))
    log_store.append(Unit(now=NOON, claims=[key(ME)]))  # it is his already
    log_store.append(Unit(now=NOON, releases=[key(YOU)]))  # it was never hers
    assert log_store.holders([("snils", b"\0key")]) == {("snils", b"\0key"): ME}
    log_store.append(Unit(now=NOON, releases=[key(ME)], claims=[key(YOU)]))
    assert log_store.holders([("snils", b"\0key")]) == {("snils", b"\0key"): YOU}
    log_store.forget("snils", ME)
    log_store.forget("snils", YOU)
    both = [("snils", b"\0key"), ("cert", b"2")]
    assert log_store.holders(both) == {("cert", b"2"): ME}


def test_what_is_known_is_what_was_learned_last(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, known=[learned(ME, b"[1]"), learned(ME, b"[1,2]")]))
    log_store.append(Unit(now=NOON, known=[learned(YOU, b"[]"), learned(ME, b"[3]")]))
    assert log_store.known([("employment", ME)]) == {("employment", ME): b"[3]"}


def test_marks_move_with_their_unit(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, heard=[mark(1), mark(5), mark(2, source="mentoring@0")]))
    log_store.append(Unit(now=NOON, heard=[mark(9)]))
    assert log_store.marks() == {
        "routes@0": mark(9),
        "mentoring@0": mark(2, source="mentoring@0"),
    }


def test_a_new_epoch_of_a_neighbour_is_adopted_by_hand(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, heard=[mark(9)]))
    log_store.adopt(Mark("routes@0", ME, 7))
    log_store.append(Unit(now=NOON, heard=[mark(8, epoch=ME)]))
    assert log_store.marks() == {"routes@0": Mark("routes@0", ME, 8)}


def test_parked_records_wait_in_order_and_leave(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, parked=[parked(7), parked(3), parked(11)]))
    log_store.append(Unit(now=NOON, parked=[parked(7, attempts=2)], unparked=[("routes@0", 3)]))
    assert log_store.parked() == [parked(7, attempts=2), parked(11)]
    log_store.append(Unit(now=NOON, unparked=[("routes@0", 11)]))
    assert log_store.parked() == [parked(7, attempts=2)]


def test_who_lets_a_parked_record_go_is_kept_with_the_reason(log_store: LogStore) -> None:
    """contracts §4: отложенное отпускают с основанием, и основание не пропадает."""
    log_store.append(Unit(now=NOON, parked=[parked(7), parked(3, attempts=4)]))
    log_store.skip(parked(3), at=NOON, by="operator", reason="тест №1")
    (gone,) = log_store.skipped()

    assert log_store.parked() == [parked(7)]
    assert (gone.at, gone.by, gone.reason) == (NOON, "operator", "тест №1")
    for field in ("source", "epoch", "position", "stream", "name", "error"):
        assert getattr(gone, field) == getattr(parked(3), field)
    assert gone.attempts == 4


def test_what_is_not_parked_any_more_is_not_let_go(log_store: LogStore) -> None:
    log_store.append(Unit(now=NOON, parked=[parked(3), parked(7)]))
    log_store.skip(parked(3), at=NOON, by="first", reason="так решено")
    log_store.append(Unit(now=NOON, unparked=[("routes@0", 7)]))
    for late in (parked(3), parked(7)):
        with pytest.raises(Conflict, match=f"parked routes@0 {late.position}"):
            log_store.skip(late, at=NOON, by="second", reason="иначе")

    assert [each.by for each in log_store.skipped()] == ["first"]


def test_readers_keep_their_place(log_store: LogStore) -> None:
    assert log_store.saved("relay") == 0
    log_store.save("relay", 7)
    log_store.save("feed", 9)
    log_store.save("relay", 3)  # metodika relay --from
    assert (log_store.saved("relay"), log_store.saved("feed")) == (3, 9)


def test_checkpoints_are_kept_and_never_differ(log_store: LogStore) -> None:
    log_store.append(some(3))
    tree, kept = Tree(), list[Checkpoint]()
    for record in log_store.walk():
        tree.append(record.leaf)
        kept.append(Checkpoint.of(tree, SOURCE, record.epoch))
    for each in (*reversed(kept), kept[1]):
        log_store.add_checkpoint(each)
    assert log_store.checkpoints() == kept
    assert verify(log_store.walk(), log_store.checkpoints()) is None
    with pytest.raises(Conflict, match="checkpoint"):
        log_store.add_checkpoint(replace(kept[0], root=bytes(32)))


def test_an_append_wakes_whoever_listens(log_store: LogStore) -> None:
    woken: list[Head] = []
    log_store.on_append(woken.append)
    head = log_store.append(some(2))
    log_store.append(Unit(now=NOON, answers=[answered(ME)]))
    assert woken == [head]


def test_a_restored_log_branches(log_store: LogStore) -> None:
    """Contracts §2: restore or promotion starts a new epoch."""
    log_store.append(some(2))
    (first,) = log_store.epochs()
    second = log_store.new_epoch(first.epoch)
    assert log_store.epochs() == [first, second]
    assert second == (log_store.head().epoch, first.epoch, 2)
    log_store.append(some(1, now=NOON - SECOND))
    assert [r.epoch for r in log_store.walk()] == [first.epoch, first.epoch, second.epoch]
    assert verify(log_store.walk()) is None
    assert log_store.head_at(NOON - SECOND) == Head(first.epoch, 0, None)
    with pytest.raises(Conflict, match="epoch"):
        log_store.new_epoch(first.epoch)


def test_one_relay_holds_the_lease(log_store: LogStore, log_url: str) -> None:
    """Reliability: one active relay per store."""
    with closing(open_store(log_url, SOURCE)) as other:
        with log_store.lease() as mine, other.lease() as theirs:
            assert mine is not None
            assert mine.alive()
            assert theirs is None
        with other.lease() as theirs:
            assert theirs is not None


def test_everything_is_there_after_reopening(log_store: LogStore, log_url: str) -> None:
    unit = some(3)
    unit.heard.append(mark(4, ELSEWHERE))
    head = log_store.append(unit)
    log_store.close()
    with closing(open_store(log_url, SOURCE)) as again:
        assert again.head() == head
        assert len(again.read(0, 9)) == 3
        assert again.marks() == {"routes@0": mark(4)}
