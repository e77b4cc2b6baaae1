"""The ledger's short way takes nothing that its careful way would not, nor otherwise."""

import re
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.monitoring import ledger as language
from shared.events.registry import RegionAdded
from shared.kernel import Kind, catalogue
from shared.runtime.codec import Malformed, wire
from shared.runtime.columns import Ledger
from shared.runtime.columns_batch import Batch, Unusual
from shared.testing.facts import a
from tests.monitoring.test_columns import REGIONS, told

ABSENT = object()
ID = str(UUID(int=0xABC << 64))
WRONG: list[Any] = [
    *(7, 7.6, 7.0, -1, 2**63, 2**64, 10**30, True, None, [], [1], [None], {}, {"a": 1}),
    *("", "7", "7.6", "true", "null", "Иванов", 'a "b"\\\n', "12.505", "1000", "NaN", "1e1"),
    *("2024-2-3", "2024-02-03", "2024-02-03T00:00:00", "2024-02-30", "20240203", "infinity"),
    *("10000-01-01", " 2024-02-03"),
    *(ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"{ID[:9]}-{ID[9:13]}{ID[14:]}"),
    *([ID], ["FED"], ["FED", None], ABSENT, msgspec.Raw(b"NaN"), msgspec.Raw(b"1e400")),
    *(
        msgspec.Raw(b'"\xff"'),
        msgspec.Raw(b'"\\ud800"'),
        msgspec.Raw(b"-0"),
        msgspec.Raw(b"1e2"),
    ),
]
"""What a producer that errs might say of a field."""


def named(value: Any) -> str:
    """Name a test by its value, and alike in each worker: an address would differ."""
    if isinstance(value, msgspec.Raw):
        return f"raw {bytes(value)!r}"
    return "absent" if value is ABSENT else repr(value)


class Both:
    """A ledger for each way; what is said to one is said to the other."""

    def __init__(self, folder: Path) -> None:
        self.short = Ledger(folder / "short", language)
        self.careful = Ledger(folder / "careful", language)

    def outcomes(self, kind: Kind, sent: bytes) -> tuple[Any, Any]:
        """Return what is in the table after each way, or that it was refused."""
        short = self._row(self.short, kind, sent)
        with patch.object(Batch, "write", side_effect=Unusual):
            return short, self._row(self.careful, kind, sent)

    @staticmethod
    def _row(ledger: Ledger, kind: Kind, sent: bytes) -> Any:
        inside, writer = ledger._current, ledger._current.connection
        inside.hearing = {}
        writer.execute("BEGIN TRANSACTION")
        try:
            ledger._ingest(inside, [sent])
            return writer.execute(f"FROM {language.table(kind)}").fetchall()
        except Malformed:
            return "refused"
        finally:  # what is said next stands at the same place
            writer.execute("ROLLBACK")


@pytest.fixture(scope="module")
def both() -> Generator[Both]:
    with TemporaryDirectory() as folder:
        opened = Both(Path(folder))
        yield opened
        opened.short.close()
        opened.careful.close()


def said_with(kind: Kind, name: str, value: Any) -> bytes:
    """Return a real fact on the wire in which one field says something else."""
    record = told(1, a(kind.fact))
    data = msgspec.json.decode(record.data)
    data[name] = value
    if value is ABSENT:
        del data[name]
    return wire(replace(record, data=msgspec.json.encode(data)))


FIELDS = [
    (kind, name) for kind in catalogue.values() for name in kind.fact.__dataclass_fields__
]


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(FIELDS),
    st.sampled_from(WRONG)
    | st.text()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.dates(),
)
def test_both_ways_take_the_same(both: Both, field: tuple[Kind, str], value: Any) -> None:
    """Whatever stands in any field of any fact: the same row, or both refuse."""
    kind, name = field
    short, careful = both.outcomes(kind, said_with(kind, name, value))

    assert short == careful


@pytest.mark.parametrize("value", WRONG, ids=named)
@pytest.mark.parametrize("name", ["region", "utc_offset_minutes", "iso", "occurred_on"])
def test_each_wrong_value_of_a_region(both: Both, name: str, value: Any) -> None:
    kind = catalogue["registry.RegionAdded"]
    short, careful = both.outcomes(kind, said_with(kind, name, value))

    assert short == careful


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("utc_offset_minutes", 7.6),
        ("utc_offset_minutes", "7"),
        ("region", 25),
        ("occurred_on", "2024-2-3"),
        ("occurred_on", "2024-02-03T10:00:00"),
    ],
)
def test_what_the_database_would_guess_is_refused(both: Both, name: str, value: Any) -> None:
    kind = catalogue["registry.RegionAdded"]

    assert both.outcomes(kind, said_with(kind, name, value)) == ("refused", "refused")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"version":1', b'"version":0'),
        (b'"version":1', b'"version":1.5'),
        (b'"version":1', b'"version":"1"'),
        (b'"schema":1', b'"schema":1.2'),
        (b'"position":1', b'"position":true'),
        (b'"time":"2024-', b'"time":"24-'),
        (b'"recorded_at":"2024-02-05T', b'"recorded_at":"2024-2-5 '),
        (b'"specversion":"1.0"', b'"specversion":"2.0"'),
        (b'"region":"01"', b'"region":"\xff\xfe"'),
    ],
)
def test_an_odd_envelope_is_refused(both: Both, was: bytes, becomes: bytes) -> None:
    sent = wire(REGIONS[0])
    assert re.search(re.escape(was), sent)
    kind = catalogue["registry.RegionAdded"]

    assert both.outcomes(kind, sent.replace(was, becomes)) == ("refused", "refused")


def test_real_facts_go_the_short_way(tmp_path: Path) -> None:
    """Else everything would be right, and slow."""
    ledger = Ledger(tmp_path, language)
    with patch.object(Batch, "write_each", side_effect=AssertionError):
        for kind in catalogue.values():
            n = ledger.positions().get(f"{kind.owner}@0", (None, 0))[1] + 1
            ledger.ingest([wire(told(n, a(kind.fact)))])
    ledger.close()


def test_any_text_goes_the_short_way(tmp_path: Path) -> None:
    """A pasted vertical tab is no reason to stop a ledger; the codec writes it its own way."""
    odd = [*map(chr, range(32)), *'"\\/\x7f\x80\u2028\ufeff\uffff😀', r"\u000b", "\x0b\\"]
    ledger = Ledger(tmp_path, language)
    sent = [
        wire(told(n, a(RegionAdded, region=f"{n:02}", name=f"До{each}после")))
        for n, each in enumerate(odd, 1)
    ]
    with patch.object(Batch, "write_each", side_effect=AssertionError):
        ledger.ingest(sent)
    with ledger.reading() as reader:
        said = reader.execute("SELECT name FROM registry_RegionAdded ORDER BY position")

        assert [name for (name,) in said.fetchall()] == [f"До{each}после" for each in odd]
    ledger.close()
