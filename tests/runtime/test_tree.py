"""The tree over a log: as RFC 6962 counts it, and what it finds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from shared.runtime.log import Record
from shared.runtime.tree import (
    EMPTY,
    Checkpoint,
    Difference,
    Tree,
    leaf_of_record,
    micros,
    moment,
    verify,
)
from tests.runtime.units import NOON, SOURCE, fact

EPOCH = UUID(int=5)
LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
)


def a_log(*streams: UUID) -> list[Record]:
    """Make a log whose n-th record belongs to the n-th of these streams."""
    versions: dict[UUID, int] = {}
    records: list[Record] = []
    for position, stream in enumerate(streams, 1):
        versions[stream] = versions.get(stream, 0) + 1
        said = fact(stream, versions[stream])
        record = Record(
            source=SOURCE,
            epoch=EPOCH,
            position=position,
            recorded_at=NOON + timedelta(microseconds=position // 2),
            event_id=said.event_id,
            stream=stream,
            version=said.version,
            name=said.name,
            schema=1,
            territory=None,
            meta=said.meta,
            data=said.data,
            leaf=b"",
        )
        records.append(replace(record, leaf=leaf_of_record(record)))
    return records


A, B = UUID(int=1), UUID(int=2)
LOG = a_log(A, A, B, A, B)


def checkpoints(records: Sequence[Record], *sizes: int) -> list[Checkpoint]:
    tree, taken = Tree(), list[Checkpoint]()
    for record in records:
        tree.append(record.leaf)
        if tree.size in sizes:
            taken.append(Checkpoint.of(tree, SOURCE, EPOCH))
    return taken


def test_the_roots_are_those_that_everybody_gets() -> None:
    """Published test vectors of Certificate Transparency."""
    tree, roots = Tree(), list[str]()
    for leaf in LEAVES:
        tree.append(sha256(b"\0" + bytes.fromhex(leaf)).digest())
        roots.append(tree.root().hex())
    assert roots == list(ROOTS)


def by_the_definition(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    half = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = by_the_definition(leaves[:half]), by_the_definition(leaves[half:])
    return sha256(b"\x01" + left + right).digest()


@given(st.integers(0, 200), st.data())
def test_a_tree_goes_on_from_its_frontier(size: int, data: st.DataObject) -> None:
    leaves = [sha256(bytes([n])).digest() for n in range(size)]
    pause = data.draw(st.integers(0, size))
    before = Tree()
    for leaf in leaves[:pause]:
        before.append(leaf)
    after = Tree(before.size, before.frontier)
    for leaf in leaves[pause:]:
        after.append(leaf)
    assert after.root() == by_the_definition(leaves)
    assert after.size == size


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no frontier of 3"):
        Tree(3, bytes(32))


def test_a_leaf_is_what_the_contract_says() -> None:
    """The encoding is for ever: these bytes were joined by hand."""
    record = replace(
        LOG[0], source="a@0", position=1, name="a.B", meta=b"m", data=b"dd", recorded_at=NOON
    )
    fields = (
        b"a@0",
        EPOCH.bytes,
        (1).to_bytes(8),
        A.bytes,
        (1).to_bytes(8),
        b"a.B",
        (1).to_bytes(8),
        (1_706_788_800_000_000).to_bytes(8),
        b"m",
        b"dd",
    )
    joined = b"\0" + b"".join(len(field).to_bytes(4) + field for field in fields)
    assert leaf_of_record(record) == sha256(joined).digest()


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False))
def test_a_moment_is_a_number_of_microseconds(when: Any) -> None:
    assert moment(micros(when)) == when.astimezone(UTC)


def test_a_checkpoint_is_three_lines() -> None:
    """C2SP tlog-checkpoint: origin, size, root."""
    (checkpoint,) = checkpoints(LOG, 3)
    origin, size, root, nothing = checkpoint.text.split("\n")
    assert (origin, size, nothing) == (f"metodika/{SOURCE}/{EPOCH}", "3", "")
    assert len(root) == 44
    signed = checkpoint.text + "\n— someone.example Az3g\n"
    assert Checkpoint.parse(signed) == replace(checkpoint, frontier=b"")


@pytest.mark.parametrize("text", ["", "a\n1\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n*\n"])
def test_other_text_is_no_checkpoint(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Checkpoint.parse(text)


def test_a_log_as_it_was_recorded_verifies() -> None:
    assert verify(LOG, checkpoints(LOG, 1, 3, 5)) is None
    assert verify([]) is None


CHANGES: dict[str, Any] = {
    "source": "routes@0",
    "epoch": A,
    "stream": uuid7(),
    "version": 9,
    "name": "registry.RegionLost",
    "schema": 2,
    "recorded_at": NOON + timedelta(seconds=9),
    "meta": b"{}",
    "data": b'{"name": "\xd0\xa2\xd0\xb5\xd1\x81T"}',
    "leaf": bytes(32),
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_changed_byte_is_found_and_named(field: str) -> None:
    """Reliability 20: found by the verifier, named to the event."""
    changed = [*LOG]
    changed[3] = replace(LOG[3], **{field: CHANGES[field]})
    assert verify(changed) == Difference(4, LOG[3].event_id, "leaf")


def forged(record: Record, **changes: Any) -> Record:
    """Change a record, and its leaf with it."""
    changed = replace(record, **changes)
    return replace(changed, leaf=leaf_of_record(changed))


def test_another_event_id_is_found_though_no_leaf_holds_it() -> None:
    changed = [*LOG[:4], replace(LOG[4], event_id=uuid7())]
    assert verify(changed) == Difference(5, changed[4].event_id, "event_id")


def test_an_envelope_that_is_none_is_found() -> None:
    assert verify([forged(LOG[0], meta=b"{")]) == Difference(1, LOG[0].event_id, "meta")


def test_a_missing_record_is_found() -> None:
    assert verify([*LOG[:2], *LOG[3:]]) == Difference(3, None, "missing before 4")


def test_time_that_runs_backwards_is_found() -> None:
    late = [*LOG[:4], forged(LOG[4], recorded_at=NOON)]
    assert verify(late) == Difference(5, LOG[4].event_id, "recorded_at")


def test_a_hole_in_a_stream_is_found() -> None:
    wrong = [*LOG[:4], forged(LOG[4], version=3)]
    assert verify(wrong) == Difference(5, LOG[4].event_id, "version after 1")


def test_a_forged_leaf_is_found_by_the_next_checkpoint() -> None:
    changed = [*LOG[:3], forged(LOG[3], data=b"{}"), LOG[4]]
    found = verify(changed, checkpoints(LOG, 2, 5))
    assert found is not None
    assert (found.position, found.what.partition(":")[0]) == (5, "root")
    assert "after 2, up to 5" in found.what


def test_a_lost_tail_is_found_by_a_checkpoint() -> None:
    """Reliability 21: a failover that loses the tail is never silent."""
    found = verify(LOG[:3], checkpoints(LOG, 3, 5))
    assert found == Difference(4, None, "missing: 5 were recorded")
