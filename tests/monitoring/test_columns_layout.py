"""What is read by place is what is read as JSON, also of facts that are damaged."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.monitoring import ledger as language
from shared.events.registry import RegionAdded
from shared.kernel import Kind, Sealed, catalogue, kind_of
from shared.runtime import columns_layout
from shared.runtime.codec import Basis, Malformed, Meta, encode, encode_meta, wire
from shared.runtime.columns import ForeignEpoch, Hole, Ledger
from shared.runtime.columns_layout import laid_out
from shared.runtime.log import Record
from shared.testing.facts import a
from tests.monitoring.test_columns import told

KINDS = st.sampled_from(list(catalogue.values()))
IDS = st.uuids() | st.just(UUID(int=0))
HIDDEN = Sealed(UUID(int=1), UUID(int=2), "A256GCM", "c2VhbGVk")
st.register_type_strategy(Decimal, st.decimals(0, 100, places=2))
METAS = st.builds(
    Meta,
    event_id=IDS,
    actor=st.sampled_from(["region:25", "Иванова", 'a "b"', ""]),
    command_id=IDS,
    correlation_id=IDS,
    causation_id=st.none() | IDS,
    home_org=st.none() | IDS,
    corrects=st.none() | IDS,
    basis=st.none() | st.builds(Basis, act=st.sampled_from(["Приказ", "a\x0b", "Act"])),
)


@st.composite
def facts(draw: st.DrawFn, kind: Kind) -> bytes:
    """Return the stored bytes of any fact of a kind."""
    fact = draw(st.from_type(kind.fact)) if not kind.sealed else a(kind.fact)
    return encode(replace(fact, **dict.fromkeys(kind.sealed, HIDDEN)))


@st.composite
def batches(draw: st.DrawFn) -> tuple[Kind, list[Record]]:
    """Return a few records of one kind, some of them much alike."""
    kind = draw(KINDS)
    first = told(1, a(kind.fact))
    said = [draw(facts(kind)), first.data]
    records = [
        replace(
            first,
            position=n,
            version=draw(st.integers(1, 12)),
            event_id=UUID(int=draw(st.integers(0, 2**100)) * 8 + n),
            stream=draw(IDS),
            meta=encode_meta(draw(METAS)) if n % 3 == 0 else first.meta,
            data=said[n % 2],
        )
        for n in range(1, 7)
    ]
    return kind, records


class Both:
    """A ledger that reads by place, and one that reads JSON."""

    def __init__(self, folder: Path) -> None:
        self.by_place = Ledger(folder / "place", language)
        self.as_json = Ledger(folder / "json", language)

    def outcomes(self, kind: Kind, sent: Sequence[bytes]) -> tuple[Any, Any]:
        """Return what is known after each, or how it was refused."""
        with patch.object(columns_layout, "FEW", len(sent)):
            by_place = self._known(self.by_place, kind, sent)
        with patch.object(columns_layout, "FEW", 0):
            return by_place, self._known(self.as_json, kind, sent)

    @staticmethod
    def _known(ledger: Ledger, kind: Kind, sent: Sequence[bytes]) -> Any:
        inside, writer = ledger._current, ledger._current.connection
        inside.hearing = {}
        writer.execute("BEGIN TRANSACTION")
        try:
            taken = ledger._ingest(inside, sent)
            asked = (language.table(kind), "records", "heard")
            return [taken, *(row for each in asked for row in _rows(writer, each))]
        except (Malformed, Hole, ForeignEpoch, UnicodeDecodeError) as refused:
            return str(refused)
        finally:  # what is said next stands at the same place
            writer.execute("ROLLBACK")


def _rows(writer: duckdb.DuckDBPyConnection, table: str) -> list[Any]:
    return writer.execute(f"FROM {table} ORDER BY source, position").fetchall()


@pytest.fixture(scope="module")
def both() -> Generator[Both]:
    with TemporaryDirectory() as folder:
        opened = Both(Path(folder))
        yield opened
        opened.by_place.close()
        opened.as_json.close()


UNHURRIED = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@UNHURRIED
@given(batches())
def test_both_read_the_same(both: Both, batch: tuple[Kind, list[Record]]) -> None:
    kind, records = batch
    by_place, as_json = both.outcomes(kind, [wire(each) for each in records])

    assert by_place == as_json


@UNHURRIED
@given(KINDS, st.data())
def test_both_refuse_the_same(both: Both, kind: Kind, data: st.DataObject) -> None:
    """One byte of one fact of three is another: the same rows, or the same refusal."""
    first = told(1, a(kind.fact))
    sent = [wire(replace(first, position=n, event_id=UUID(int=n))) for n in (1, 2, 3)]
    hurt = data.draw(st.integers(0, 2), "which")
    at = data.draw(st.integers(0, len(sent[hurt]) - 1), "where")
    byte = data.draw(st.sampled_from(b'0129aAfg-"\\{}[],: x\x00\x1f\x7f\xd0\xff'), "what")
    sent[hurt] = sent[hurt][:at] + bytes([byte]) + sent[hurt][at + 1 :]
    by_place, as_json = both.outcomes(kind, sent)

    assert by_place == as_json


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"occurred_on":"2024-02-01"', b'"occurred_on":"2024-02-30"'),
        (b'"occurred_on":"2024-02-01"', b'"occurred_on":"0000-02-01"'),
        (b'"recorded_at":"2024-02-05T10', b'"recorded_at":"2024-02-05T11'),
        (b"2024-02-05T10:00:00Z", b"2024-02-05T24:00:00Z"),
        (b"2024-02-05T10:00:00Z", b"2024-02-05T10:00:60Z"),
        (b"2024-02-05T10:00:00Z", b"0000-02-05T10:00:00Z"),
        (b'"utc_offset_minutes":600', b'"utc_offset_minutes":060'),
        (b'"utc_offset_minutes":600', b'"utc_offset_minutes":%d' % 2**70),
        (b'"position":1', b'"position":0'),
        (b'"version":1', b'"version":0'),
        (b'"subject":"0', b'"subject":"A'),
        (b'"registry.RegionAdded"', b'"registry.RegionBdded"'),
    ],
)
@pytest.mark.parametrize("hurt", [0, 1])
def test_what_stands_at_its_place_may_be_wrong(
    both: Both, hurt: int, was: bytes, becomes: bytes
) -> None:
    said = told(1, a(RegionAdded, utc_offset_minutes=600))
    sent = [wire(replace(said, position=n, event_id=UUID(int=n))) for n in (1, 2)]
    whole = [each.replace(was, becomes) for each in sent]
    sent[hurt] = whole[hurt]
    by_place, as_json = both.outcomes(kind_of(RegionAdded), sent)

    assert by_place == as_json


def test_any_kind_is_read_by_place() -> None:
    """Else everything would be right, and slow."""
    for kind in catalogue.values():
        said = told(1, a(kind.fact))
        sent = [
            wire(replace(said, position=n, event_id=UUID(int=n), stream=UUID(int=2 * n)))
            for n in range(100, 100 + columns_layout.LEAST)
        ]
        read, left = laid_out(kind, sent)

        assert not left
        assert read is not None
        assert read.num_rows == len(sent)
