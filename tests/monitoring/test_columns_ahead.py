"""What is read while it comes is what is read at once, and only if it comes in order."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.monitoring import ledger as language
from shared.events.registry import EmploymentStarted, RegionAdded, YouthPeriodDetermined
from shared.runtime import columns_ahead
from shared.runtime.codec import Malformed, wire
from shared.runtime.columns import Hole, Ledger
from shared.runtime.columns_ahead import Ahead, Patterns
from shared.runtime.columns_batch import Portion, read_ahead
from shared.testing.facts import a
from tests.monitoring.test_columns import told

COUNT, PIECE = 3_000, 700
SAID = [told(1, a(kind)) for kind in (EmploymentStarted, YouthPeriodDetermined)]
ODD = told(1, a(RegionAdded, name='Край "А"'))


def wires(first: int = 1) -> list[bytes]:
    """Two kinds in turn, and now and then a third that is not read by place."""
    return [
        wire(
            replace(
                ODD if n % 500 == 0 else SAID[n % 2],
                position=n,
                event_id=UUID(int=n),
                stream=UUID(int=2**100 + n),
            )
        )
        for n in range(first, first + COUNT)
    ]


SENT = wires()


def ahead(sent: Sequence[bytes], first: int = 1) -> Portion | None:
    reading = Ahead(Patterns(), first)
    for n in range(0, len(sent), PIECE):
        reading.add(sent[n : n + PIECE])
    return reading.portion()


@pytest.fixture
def ledgers(tmp_path: Path) -> Generator[tuple[Ledger, Ledger]]:
    both = Ledger(tmp_path / "one", language), Ledger(tmp_path / "other", language)
    yield both
    for each in both:
        each.close()


def outcome(ledger: Ledger, portion: Portion | None) -> Any:
    try:
        return ledger.ingest(portion or []), ledger.digest()
    except (Malformed, Hole) as refused:
        return str(refused)


@pytest.mark.parametrize("block", [64, 1_024, 5_000])
def test_it_is_what_is_read_at_once(
    ledgers: tuple[Ledger, Ledger], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much of it is read while it comes, and however little is left over."""
    monkeypatch.setattr(columns_ahead, "BLOCK", block)
    portion = ahead(SENT)

    assert portion == SENT
    assert outcome(ledgers[0], portion) == outcome(ledgers[1], read_ahead(SENT))
    assert ledgers[0].positions()["registry@0"][1] == COUNT


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"occurred_on":"2024-02-01"', b'"occurred_on":"2024-02-30"'),
        (b'"actor":"test"', b'"actor":"t\xffst"'),
        (b'"version":1', b'"version":0'),
        (b'"epoch":"0', b'"epoch":"1'),
        (b'"is_main":', b'"is_mein":'),
        (b'"type":"registry.E', b'"type":"registry.F'),
        (b'"source":"registry@0"', b'"source":"registry@1"'),
    ],
)
def test_one_that_is_no_fact_is_refused_in_the_same_words(
    ledgers: tuple[Ledger, Ledger], was: bytes, becomes: bytes
) -> None:
    at = next(n for n in range(1_700, COUNT) if was in SENT[n])
    sent = [*SENT[:at], SENT[at].replace(was, becomes), *SENT[at + 1 :]]

    assert outcome(ledgers[0], ahead(sent)) == outcome(ledgers[1], read_ahead(sent))


def swapped(sent: list[bytes], one: int, other: int) -> list[bytes]:
    sent[one], sent[other] = sent[other], sent[one]
    return sent


DISTURBED: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "two of two kinds change places": lambda sent: swapped(sent, 1_000, 1_001),
    "two of one": lambda sent: swapped(sent, 1_000, 1_002),
    "two of those that are left over": lambda sent: swapped(sent, 499, 999),
    "two far apart": lambda sent: swapped(sent, 1_000, COUNT - 2),
    "one comes twice": lambda sent: sent[:700] + sent[699:],
    "one is missing": lambda sent: sent[:700] + sent[701:],
    "the first is missing": lambda sent: sent[1:],
    "the first comes again": lambda sent: sent + sent[:1],
}


@pytest.mark.parametrize("how", DISTURBED)
def test_what_comes_out_of_order_is_noticed(how: str) -> None:
    """A record out of its turn is no record of the log (contracts §2)."""
    assert ahead(DISTURBED[how]([*SENT])) is None


def test_a_log_that_goes_on_elsewhere_is_noticed() -> None:
    assert ahead(wires(5), first=5) is not None
    assert ahead(wires(5), first=4) is None
