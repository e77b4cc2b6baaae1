"""The proof over a log: a leaf for each record, a root over all (contracts §2).

RFC 6962: a leaf is SHA-256(0x00 ‖ record), a node is SHA-256(0x01 ‖ left ‖ right).
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import Self
from uuid import UUID

from msgspec import MsgspecError, json

from shared.runtime.log import Record

EMPTY = sha256().digest()
HASH = len(EMPTY)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_opening = Struct(">I16sIqI16sIqI")
_length = Struct(">I")
_ending = Struct(">IqIqI")


def micros(moment: datetime) -> int:
    """Return whole microseconds since 1970 UTC; TypeError without a time zone."""
    return (moment - EPOCH) // MICROSECOND


def moment(micros: int) -> datetime:
    """Return the moment, in UTC, of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def leaf_of(  # noqa: PLR0913 - a record has as many fields
    *,
    source: str,
    epoch: UUID,
    position: int,
    stream: UUID,
    version: int,
    name: str,
    schema: int,
    recorded_at: int,
    meta: bytes,
    data: bytes,
) -> bytes:
    """Return the hash of one record; `recorded_at` in microseconds since 1970.

    Each field stands after its length (4 bytes), numbers take 8 bytes, all big-endian.
    `store_postgres.APPEND` says the same in SQL.
    """
    origin, named = source.encode(), name.encode()
    return sha256(
        b"".join(
            (
                b"\0",
                _length.pack(len(origin)),
                origin,
                _opening.pack(
                    *(16, epoch.bytes, 8, position, 16, stream.bytes, 8, version),
                    len(named),
                ),
                named,
                _ending.pack(8, schema, 8, recorded_at, len(meta)),
                meta,
                _length.pack(len(data)),
                data,
            )
        )
    ).digest()


def leaf_of_record(record: Record) -> bytes:
    """Return the hash that this record must carry."""
    return leaf_of(
        source=record.source,
        epoch=record.epoch,
        position=record.position,
        stream=record.stream,
        version=record.version,
        name=record.name,
        schema=record.schema,
        recorded_at=micros(record.recorded_at),
        meta=record.meta,
        data=record.data,
    )


class Tree:
    """A Merkle tree that grows by leaves and keeps its frontier alone: ≤ 64 hashes.

    `frontier` are the roots of the complete subtrees, the largest first, joined.
    """

    def __init__(self, size: int = 0, frontier: bytes = b"") -> None:
        if len(frontier) != size.bit_count() * HASH:
            raise ValueError(f"no frontier of {size} leaves: {len(frontier)} bytes")
        self.size = size
        self._peaks = [frontier[at : at + HASH] for at in range(0, len(frontier), HASH)]

    @property
    def frontier(self) -> bytes:
        """Return what a tree can be continued from."""
        return b"".join(self._peaks)

    def append(self, leaf: bytes) -> None:
        """Add the leaf hash of the next record."""
        node, below = leaf, self.size
        while below & 1:
            node = _node(self._peaks.pop(), node)
            below >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash over all leaves; of no leaves SHA-256 of nothing."""
        if not self._peaks:
            return EMPTY
        *left, root = self._peaks
        for peak in reversed(left):
            root = _node(peak, root)
        return root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The root over the first `size` records of a log, and the frontier to go on from.

    `origin` names the log and its epoch: `metodika/registry@0/<epoch>`.
    """

    origin: str
    size: int
    root: bytes
    frontier: bytes = b""

    @classmethod
    def of(cls, tree: Tree, source: str, epoch: UUID) -> Self:
        """Take one of a tree as it is now."""
        origin = f"metodika/{source}/{epoch}"
        return cls(origin=origin, size=tree.size, root=tree.root(), frontier=tree.frontier)

    @property
    def text(self) -> str:
        """Return the C2SP form, unsigned: origin, size, root in base64, a line each."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the C2SP form; ValueError when it is none. Signatures are not read."""
        lines = text.partition("\n\n")[0].splitlines()
        if len(lines) < 3 or not lines[1].isdecimal():  # noqa: PLR2004 - C2SP
            raise ValueError("a checkpoint is three lines: origin, size, root")
        root = b64decode(lines[2], validate=True)
        if len(root) != HASH:
            raise ValueError(f"the root of a checkpoint has {HASH} bytes")
        return cls(origin=lines[0], size=int(lines[1]), root=root)


UNREADABLE = (TypeError, ValueError, OverflowError, AssertionError)
"""What reading raises where a cell does not hold what its column is for."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first record that is not what it was, and in what.

    `event_id` is None where the record itself is missing.
    """

    position: int
    event_id: UUID | None
    what: str


def verify(
    records: Iterable[Record], checkpoints: Iterable[Checkpoint] = ()
) -> Difference | None:
    """Read a whole log from its first record; name the first that differs, or None.

    Each record must follow the one before it, in position, in its stream and in time,
    and be what its leaf says; the leaves must have the root of every checkpoint.
    """
    tree, versions, last = Tree(), dict[UUID, int](), EPOCH
    due = sorted(checkpoints, key=lambda each: each.size)
    held = 0
    for record in records:
        if record.position != tree.size + 1:
            return Difference(tree.size + 1, None, f"missing before {record.position}")
        wrong = (
            _wrong(record)
            or _out_of_order(record, versions.get(record.stream, 0))
            or ("recorded_at" if record.recorded_at < last else None)
        )
        if wrong:
            return Difference(record.position, record.event_id, wrong)
        versions[record.stream], last = record.version, record.recorded_at
        tree.append(record.leaf)
        while due and due[0].size <= tree.size:
            checkpoint = due.pop(0)
            if checkpoint.size == tree.size and (what := _other(checkpoint, tree, record)):
                return Difference(tree.size, record.event_id, what.format(after=held))
            held = tree.size
    if due:
        return Difference(tree.size + 1, None, f"missing: {due[0].size} were recorded")
    return None


def _other(checkpoint: Checkpoint, tree: Tree, last: Record) -> str | None:
    """Say what of a checkpoint is not that of this tree; read from text it has no frontier."""
    mine = Checkpoint.of(tree, last.source, last.epoch)
    if checkpoint.root != mine.root:
        return f"root: a record after {{after}}, up to {tree.size}, was another"
    if checkpoint.frontier not in {b"", mine.frontier}:
        return "root: its frontier was another"
    return None if checkpoint.origin == mine.origin else "root: its origin was another"


def _wrong(record: Record) -> str | None:
    try:
        as_it_was = leaf_of_record(record) == record.leaf
    except UNREADABLE:  # a store without strict types gives back what was put in
        as_it_was = False
    if not as_it_was:
        return "leaf"
    try:
        said = json.decode(record.meta, type=dict[str, object]).get("event_id")
    except MsgspecError:
        return "meta"
    return None if said == str(record.event_id) else "event_id"


def _out_of_order(record: Record, so_far: int) -> str | None:
    return None if record.version == so_far + 1 else f"version after {so_far}"
