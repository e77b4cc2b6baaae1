"""A ledger on a disk that hears what the oracle hears."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.monitoring import ledger as language
from shared.events.monitoring import Direction, KpiTargetSet
from shared.kernel import Sealed, kind_of
from shared.kernel.ids import KpiId
from shared.runtime import codec
from shared.runtime.answers import Answers
from shared.runtime.codec import Meta
from shared.runtime.columns import Ledger
from shared.runtime.definitions import definitions
from shared.runtime.log import Record
from shared.runtime.tree import leaf_of, micros
from shared.testing.facts import a
from tests.oracle.fold import Answer
from tests.oracle.said import Said

INDICATORS = Path(language.__file__).with_name("indicators")
EPOCH = UUID(int=7)
END_2024 = date(2024, 12, 31)


def sealed(fact: Any) -> Any:
    """Return the fact as it is stored; nobody here can open it."""
    hidden = Sealed(UUID(int=1), UUID(int=2), "A256GCM", "")
    return replace(fact, **dict.fromkeys(kind_of(fact).sealed, hidden))


def record(said: Said) -> Record:
    """Return a record as a store would hold it."""
    kind = kind_of(said.fact)
    meta = codec.encode_meta(
        Meta(
            event_id=said.event_id,
            actor="test",
            command_id=said.event_id,
            correlation_id=said.event_id,
            corrects=said.corrects,
        )
    )
    data = codec.encode(sealed(said.fact))
    stream = said.stream or UUID(int=0)
    fields: dict[str, Any] = {
        "source": said.source,
        "epoch": EPOCH,
        "position": said.position,
        "stream": stream,
        "version": said.version or 1,
        "name": kind.name,
        "schema": kind.schema,
        "meta": meta,
        "data": data,
    }
    return Record(
        **fields,
        recorded_at=said.recorded_at,
        event_id=said.event_id,
        territory=None,
        leaf=leaf_of(**fields, recorded_at=micros(said.recorded_at)),
    )


def heard(folder: Path, said: Iterable[Said]) -> Answers:
    """Return a ledger that has heard these records in this order."""
    ledger = Ledger(folder, language)
    ledger.ingest([record(each) for each in said])
    return Answers(ledger, definitions(INDICATORS))


def answered(answers: Answers, kpi: str, as_of: date, vector: dict[str, int]) -> Answer:
    """Return what the ledger says, in the shape of the oracle's answer."""
    members: dict[tuple[str, str], tuple[int, int]] = {}
    for each in answers.members(kpi, "", as_of, vector):
        num, den = members.get((each.unit, each.subject), (0, 0))
        members[each.unit, each.subject] = (num + each.num, den + each.den)
    totals = {path: (num, den) for _, path, num, den in answers.levels(kpi, as_of, vector)}
    return Answer(members, totals)


__all__ = ["answered", "heard", "record"]


def promised(
    hundredths: int,
    due_on: date = END_2024,
    kpi: str = "K-F1",
    n: int = 1,
    direction: Direction = "at_least",
) -> Said:
    """Return a target of the country, in hundredths, as the n-th fact of monitoring."""
    fact = a(
        KpiTargetSet,
        kpi_id=KpiId(kpi),
        level="federation",
        due_on=due_on,
        target_hundredths=hundredths,
        direction=direction,
        act="Р-76",
        clause="S0 V.1",
        occurred_on=date(2020, 8, 6),
    )
    return Said(
        source="monitoring@0",
        position=n,
        recorded_at=datetime(2025, 1, 1, tzinfo=UTC),
        event_id=UUID(int=900 + n),
        name="monitoring.KpiTargetSet",
        fact=fact,
        stream=UUID(int=900),
        version=n,
    )
