"""Two sinks, one plan: the same facts, the same numbers (contracts §8)."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from metodika.plan.people import NAMES, SURNAMES
from services.monitoring import ledger as language
from shared.kernel import catalogue
from shared.runtime.answers import Member
from shared.runtime.canonical import canonical
from shared.runtime.columns import Ledger
from tests.generate.conftest import KNOWN, Carried, in_memory

DAYS = (date(2021, 12, 31), date(2023, 6, 30), date(2024, 12, 31))
MOMENTS = (None, datetime(2022, 7, 1, tzinfo=UTC), datetime(2024, 12, 31, 21, tzinfo=UTC))


def test_both_sinks_have_the_same_canonical_form(stored: Carried, thought: Carried) -> None:
    """§8: каноническая форма одна, байт в байт."""
    ours, theirs = (b"\n".join(canonical(each.records)) for each in (thought, stored))

    assert thought.made == stored.made
    assert ours == theirs


def test_the_stores_differ_in_accidents_alone(stored: Carried, thought: Carried) -> None:
    """Сравнивать есть что: номера записей, ключи и шифр у двух стоков разные."""
    one, other = (
        sorted(e.records, key=lambda r: (r.source, r.position)) for e in both(stored, thought)
    )

    assert len(one) == len(other) > 7000
    assert not {e.event_id for e in one} & {e.event_id for e in other}
    assert any(a.data != b.data for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("known", MOMENTS)
@pytest.mark.parametrize("kpi", sorted(KNOWN))
def test_every_indicator_is_the_same_at_every_level(
    stored: Carried, thought: Carried, kpi: str, known: datetime | None
) -> None:
    """§8: показатели равны на всех уровнях, со всеми, кто в них входит."""
    for day in DAYS:
        one, other = (numbers(each, kpi, day, known) for each in both(stored, thought))
        assert one == other


def test_the_numbers_are_not_empty(thought: Carried) -> None:
    """Равны не пустые ответы: в последний день у каждого показателя есть члены."""
    vector = thought.answers.vector(None)[0]
    found = {kpi: thought.answers.levels(kpi, DAYS[-1], vector) for kpi in KNOWN}

    assert [kpi for kpi, levels in found.items() if not levels] == []
    assert {level for level, *_ in found["K-F1"]} >= {"region", "municipality", "organisation"}


def test_one_seed_gives_one_log_to_the_byte(tmp_path: Path, thought: Carried) -> None:
    """§6.1: одно зерно и одни параметры — один журнал, байт в байт."""
    again = next(in_memory(tmp_path, "S"))

    assert again.records == thought.records


def test_what_is_delivered_twice_counts_once(tmp_path: Path, thought: Carried) -> None:
    """§6.1: доставка внахлёст ничего не меняет."""
    once, twice = Ledger(tmp_path / "once", language), Ledger(tmp_path / "twice", language)
    once.ingest(thought.records)
    for n in range(0, len(thought.records), 900):
        twice.ingest(thought.records[max(0, n - 500) : n + 900])

    assert twice.digest() == once.digest()
    assert sum(position for _, position in twice.positions().values()) == len(thought.records)
    once.close()
    twice.close()


def test_the_second_sink_knows_no_names(thought: Carried) -> None:
    """§6: ни имени, ни СНИЛС, ни дня рождения из памяти не выходит."""
    said = b"".join(each.data + each.meta for each in thought.records).decode()
    sealed = Counter(e.name for e in thought.records if catalogue[e.name].sealed)

    assert not [name for name in (*NAMES, *SURNAMES) if name in said]
    assert '"birth_date":"' not in said
    assert sealed["registry.TeacherRegistered"] > 500


def both(stored: Carried, thought: Carried) -> tuple[Carried, Carried]:
    return stored, thought


def numbers(carried: Carried, kpi: str, day: date, known: datetime | None) -> object:
    """Return levels, and members with the places of the facts that prove them."""
    vector, _ = carried.answers.vector(known)
    counted = [
        (each.unit, each.subject, each.num, each.den, each.why, proof(carried, each))
        for each in carried.answers.members(kpi, "", day, vector)
    ]
    return vector, carried.answers.levels(kpi, day, vector), counted


def proof(carried: Carried, member: Member) -> list[str]:
    return sorted(carried.places[each] for each in member.evidence)
