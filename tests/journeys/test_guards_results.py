"""A result said anew: what is derived from it is derived anew, and by no hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from shared.kernel import as_corrected
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, scored, withdraw
from tests.journeys.telling import Telling, day, refused

END = "31.12.2022"

# ── What follows from a result ──────────────────────────────────────────────


def standing(story: Telling, name: str) -> Sequence[Any]:
    """Return what stands of the facts of a name in Anna's session."""
    engine = story.world.engines["diagnostics"]
    history = engine.known().thing(ch.SESSION).history
    return [each for each in as_corrected(history) if type(each).__name__ == name]


def test_deficits_are_derived_anew(told: Telling) -> None:
    """S1 3.1, S1 D2.1: результат исправлен — и дефицитов нет, и в карте их нет."""
    assert told.counted("K-F1", END) == (1, 4)
    outcome = correct(
        told,
        "diagnostics",
        ch.SESSION,
        "DiagnosticCompleted",
        score_pct=Decimal("95.00"),
        by_competency=scored("95.00"),
    )
    [issued] = standing(told, "DeficitMapIssued")

    assert outcome.status == "accepted"
    assert standing(told, "DeficitIdentified") == []
    assert issued.deficit_ids == ()
    assert told.counted("K-F1", END) == (0, 4)


def test_another_assignment_is_repeated_by_its_result(told: Telling) -> None:
    """ADR 0024, S0 V.2: оказалось, это была диагностика грамотности: карты нет."""
    assert told.counted("K-RR03", END) == (1, 4)
    literacy: dict[str, object] = {"instrument_kind": "functional_literacy"}
    alone = correct(told, "diagnostics", ch.SESSION, "DiagnosticCompleted", **literacy)
    refused(alone, "S1 7.2", "исправляют то, из чего")
    outcome = correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", **literacy)
    [completed] = standing(told, "DiagnosticCompleted")

    assert (outcome.status, completed.instrument_kind) == ("accepted", "functional_literacy")
    assert [*standing(told, "DeficitIdentified"), *standing(told, "DeficitMapIssued")] == []
    assert told.counted("K-RR03", END) == (0, 4)
    assert told.counted("K-F1", END) == (0, 4)


@pytest.mark.parametrize("name", ["DeficitIdentified", "DeficitMapIssued"])
def test_what_follows_is_not_said_by_hand(told: Telling, name: str) -> None:
    """S1 3.1, S1 D2.1: дефициты и карта следуют из результата, и отзывают их с ним."""
    before = told.counted("K-RR03", END)
    amended = correct(told, "diagnostics", ch.SESSION, name, occurred_on=day("02.02.2022"))
    refused(amended, "S1 7.2", "следует из другой")
    refused(withdraw(told, "diagnostics", ch.SESSION, name), "S1 7.2", "следует из другой")

    assert told.counted("K-RR03", END) == before


def test_a_result_goes_with_what_follows_from_it(told: Telling) -> None:
    """S1 D2.1: результата не было — не было ни дефицитов, ни карты."""
    outcome = withdraw(told, "diagnostics", ch.SESSION, "DiagnosticCompleted")

    assert outcome.status == "accepted"
    assert [*standing(told, "DeficitIdentified"), *standing(told, "DeficitMapIssued")] == []
    assert told.counted("K-RR03", END) == (0, 4)


def test_and_back_again(told: Telling) -> None:
    """S1 3.1, S1 D2.1: всё же это была диагностика компетенций: и дефицит, и карта."""
    before = [*standing(told, "DeficitIdentified"), *standing(told, "DeficitMapIssued")]
    for kind in ("functional_literacy", "competence"):
        correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", instrument_kind=kind)

    after = [*standing(told, "DeficitIdentified"), *standing(told, "DeficitMapIssued")]
    assert after == before
    assert told.counted("K-F1", END) == (1, 4)


def test_an_independent_result_is_of_no_self_diagnosis(told: Telling) -> None:
    """S0 IV: самодиагностика не бывает независимой, и исправлением тоже."""
    own: dict[str, object] = {"instrument_kind": "self", "purpose": "self"}
    outcome = correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", **own)
    refused(outcome, "S0 IV", "не независимая")
    correct(told, "diagnostics", ch.SESSION, "DiagnosticCompleted", independent=False)
    outcome = correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", **own)

    assert outcome.status == "accepted"
    assert standing(told, "DeficitMapIssued") == []


def test_an_assignment_passes_its_guards(told: Telling) -> None:
    """S3 R16, S0 V.2: чего нельзя назначить, того и исправлением не назначают."""
    own = correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", purpose="self")
    refused(own, "S3 R16", "Самодиагностику")
    young = correct(told, "diagnostics", ch.SESSION, "DiagnosticAssigned", category="graduate")
    refused(young, "S0 V.2", "Выпускник")


def test_what_follows_the_same_stays(told: Telling) -> None:
    """contracts §1: тот же вывод не говорят заново: 52.00 или 53.00 — дефицит тот же."""
    before = told.of("diagnostics", "DeficitMapIssued")
    correct(
        told,
        "diagnostics",
        ch.SESSION,
        "DiagnosticCompleted",
        score_pct=Decimal("53.00"),
    )

    assert told.of("diagnostics", "DeficitMapIssued") == before


def test_worse_results_leave_more_deficits(told: Telling) -> None:
    """S1 3.1, S1 D2.1: результат исправлен в худшую сторону: два дефицита, и оба в карте."""
    outcome = correct(
        told,
        "diagnostics",
        ch.SESSION,
        "DiagnosticCompleted",
        score_pct=Decimal("40.00"),
        by_competency=scored("40.00"),
    )
    found = standing(told, "DeficitIdentified")
    [issued] = standing(told, "DeficitMapIssued")

    assert outcome.status == "accepted"
    assert issued.deficit_ids == tuple(each.deficit_id for each in found)
    assert len(found) == 2
