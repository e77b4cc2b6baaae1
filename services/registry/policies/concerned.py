"""Whose records a fact concerns (ADR 0036)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from services.registry.policies.remembered import MERGED_FROM, MERGED_INTO, PEOPLE
from shared.events.registry import (
    PersonalDataErased,
    PersonsMerged,
)
from shared.kernel import (
    Concerns,
    Known,
)

# ── Whose records are concerned ─────────────────────────────────────────────


def both_records(said: PersonsMerged, _: Known) -> Iterator[UUID]:
    """Основная запись и та, что с нею слита (S1 7.2)."""
    yield said.survivor_id
    yield said.merged_id


def every_record(said: PersonalDataErased, known: Known) -> Iterable[UUID]:
    """Все записи, которые уничтожат вместе с этой (S1 5.5)."""
    found, ahead = dict[UUID, None](), [said.person_id]
    while ahead:
        found[record := ahead.pop()] = None
        into = (each.survivor_id for each in known.of(MERGED_INTO, record))
        of = (each.merged_id for each in known.of(MERGED_FROM, record))
        chained = (*into, *of)
        left = [each for each in chained if known.of(PEOPLE, each) != "erased"]
        ahead += [each for each in left if each not in found]
    return found


CONCERNS: tuple[Concerns[Any], ...] = (
    Concerns(
        facts=(PersonsMerged,),
        people=both_records,
        clause="S1 7.2",
        reason="Человек записан и на другой территории: сливает такие записи"
        " и исправляет слияние федеральный оператор",
        told=True,
    ),
    Concerns(
        facts=(PersonalDataErased,),
        people=every_record,
        clause="S1 5.5",
        reason="Человек записан и на другой территории: данные уничтожает федеральный оператор",
    ),
)
