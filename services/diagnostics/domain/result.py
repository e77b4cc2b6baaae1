"""What a result means: scores, deficits and the map of them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import uuid5

from shared.events.diagnostics import (
    CompetencyScore,
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticCompleted,
)
from shared.kernel import require
from shared.kernel.ids import CompetencyId, DeficitId, SessionId

THRESHOLD_PCT = Decimal("70.00")
"""RU10: «справившихся … на 70% и более» (S0 V.2): exactly 70.00 is no deficit."""

CENT = Decimal("0.01")
STEP_PCT = Decimal("20.00")
WORST = 3


def score(pct: Decimal) -> Decimal:
    """Return a result in hundredths: от 0.00 до 100.00 % (S0 V.2)."""
    require(
        pct.is_finite() and 0 <= pct <= 100 and pct == pct.quantize(CENT),  # noqa: PLR2004 - per cent
        clause="S0 V.2",
        reason="Результат — от 0.00 до 100.00 %, не больше двух знаков после точки",
    )
    return abs(pct.quantize(CENT))  # there is a minus zero


def scores(by_competency: Sequence[CompetencyScore]) -> tuple[CompetencyScore, ...]:
    """Return the results in the order of competencies, each measured once (S1 2)."""
    measured = {
        each.competency_id: CompetencyScore(
            competency_id=each.competency_id, score_pct=score(each.score_pct)
        )
        for each in by_competency
    }
    require(
        len(measured) == len(by_competency),
        clause="S1 2",
        reason="Компетенция названа дважды: у неё один результат",
    )
    return tuple(measured[each] for each in sorted(measured))


def severity(score_pct: Decimal) -> int:
    """Return 1, 2 or 3: не хватило до 20.00, до 40.00 или больше пунктов (S1 3.1).

    The regulation asks to detect deficits and gives no scale; this one is ours.
    """
    steps, rest = divmod(THRESHOLD_PCT - score_pct, STEP_PCT)
    return min(int(steps) + bool(rest), WORST)


def deficit_of(session_id: SessionId, competency_id: CompetencyId) -> DeficitId:
    """Return the deficit that a session shows in a competency: there is one at most."""
    return DeficitId(uuid5(session_id, str(competency_id)))


def deficits(completed: DiagnosticCompleted) -> Iterator[DeficitIdentified]:
    """Дефицит — компетенция ниже порога (S1 3.1)."""
    for each in completed.by_competency:
        if each.score_pct < THRESHOLD_PCT:
            yield DeficitIdentified(
                deficit_id=deficit_of(completed.session_id, each.competency_id),
                person_id=completed.person_id,
                competency_id=each.competency_id,
                severity=severity(each.score_pct),
                session_id=completed.session_id,
                occurred_on=completed.occurred_on,
            )


def is_mapped(completed: DiagnosticCompleted) -> bool:
    """Карта — после диагностики профессиональных компетенций (S1 D2.1).

    Neither after self-diagnosis, which is not independent (S3 R16), nor after that of
    functional literacy, which measures a level (S0 V.2), nor when no competency was
    measured and there is nothing to draw.
    """
    is_own = "self" in (completed.purpose, completed.instrument_kind)
    of_literacy = completed.instrument_kind == "functional_literacy"
    return bool(completed.by_competency) and not (is_own or of_literacy)


def drawn(
    completed: DiagnosticCompleted,
) -> Sequence[DeficitIdentified | DeficitMapIssued]:
    """RG5: карту выдают после каждой пройденной диагностики (S1 D2.1).

    A map without deficits is a map too: it says that there are none.
    """
    if not is_mapped(completed):
        return []
    found = [*deficits(completed)]
    issued = DeficitMapIssued(
        session_id=completed.session_id,
        person_id=completed.person_id,
        deficit_ids=tuple(each.deficit_id for each in found),
        occurred_on=completed.occurred_on,
    )
    return [*found, issued]
