"""A fact of mentoring said anew passes what its command passes (contracts §1)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import ProposePair
from shared.events.diagnostics import DiagnosticAnnulled
from shared.events.routes import CompletionAnnulled
from shared.kernel import as_corrected
from shared.kernel.ids import EventId, OrgId, PersonId, ProgramId, SessionId
from shared.runtime.amending import Correct, Withdraw
from shared.runtime.asking import Outcome
from shared.testing.facts import DAY, a
from tests.mentoring.made import UNTOLD, Mentoring, at_work, other_methodist
from tests.mentoring.words import (
    AFTER,
    AT_SCHOOL,
    ATTACH,
    AWARDED,
    BEGIN,
    CLOSE,
    END,
    ENROLMENT,
    FORM,
    JOB,
    MENTEE,
    MENTOR,
    METHODIST_ID,
    OTHER_METHODIST,
    PAIR_ID,
    PERSON,
    POOL,
    SCHOOL,
    SESSION,
    STRANGER,
    SUPPORT_ID,
    TESTED,
)

ELSEWHERE = OrgId(UUID(int=90))
EARLIER = DAY - timedelta(days=30)


def corrected(made: Mentoring, name: str, stream: UUID = METHODIST_ID, **anew: Any) -> Outcome:
    """Say a fact of a stream anew, as it stands but for these fields."""
    history = made.engine.known().thing(stream).history
    stood = next(each for each in reversed(history) if type(each.fact).__name__ == name)
    fact = replace(stood.fact, **anew)
    return made.asked(Correct(event_id=EventId(stood.event_id), fact=fact))


def standing(made: Mentoring, name: str, stream: UUID = METHODIST_ID) -> Any:
    """Return how a fact stands."""
    history = made.engine.known().thing(stream).history
    [fact] = [each for each in as_corrected(history) if type(each).__name__ == name]
    return fact


# ── What no hand may say ────────────────────────────────────────────────────

OTHERWISE: list[tuple[str, dict[str, Any], str, str]] = [
    ("MethodistNominated", {"region": "77"}, "S1 7.2", "выходит иначе"),
    ("MethodistNominated", {"org_id": ELSEWHERE}, "S1 4.5", "ничего не известно"),
    ("MethodistDiagnosed", {"session_id": SessionId(UUID(int=91))}, "S1 2", "диагностики"),
    ("MethodistDiagnosed", {"occurred_on": EARLIER}, "S1 7.2", "выходит иначе"),
    ("MethodistTrained", {"program_id": ProgramId(UUID(int=92))}, "S1 7.2", "выходит иначе"),
    ("MethodistTrained", {"enrolment_id": UUID(int=93)}, "S1 2", "освоения ДПП"),
    ("MethodistActivated", {"level": "F"}, "S1 7.2", "выходит иначе"),
    ("MethodistActivated", {"core_eligible": False}, "S1 7.2", "выходит иначе"),
    ("MethodistActivated", {"evidence": ()}, "S1 7.2", "выходит иначе"),
    ("TeacherAttached", {"methodist_person_id": STRANGER}, "S1 7.2", "выходит иначе"),
    ("TeacherDetached", {"reason": " "}, "S1 7.1", "причина"),
]


@pytest.mark.parametrize("wrong", OTHERWISE)
def test_a_correction_passes_the_guards_of_its_command(
    active: Mentoring, wrong: tuple[str, dict[str, Any], str, str]
) -> None:
    """contracts §1, §4: чего нельзя сказать, того нельзя и сказать заново."""
    name, anew, clause, words = wrong
    before = standing(active, name)
    outcome = corrected(active, name, **anew)

    assert (outcome.status, outcome.clause) == ("refused", clause)
    assert words in (outcome.reason or "")
    assert standing(active, name) == before


def test_a_failure_is_not_made_a_pass_by_hand(empty: Mentoring) -> None:
    """RU6: справился или нет, говорит результат, а не исправление (S1 2)."""
    empty.hears(SCHOOL, AT_SCHOOL)
    at_work(empty, PERSON)
    empty.asks(UNTOLD, POOL)
    [tested] = empty.hears(SESSION, replace(TESTED, score_pct=Decimal("69.99")))
    by_hand = corrected(empty, "MethodistDiagnosed", passed=True)
    empty.hears(SESSION, TESTED, corrects=tested)
    by_result = corrected(empty, "MethodistDiagnosed", passed=True)

    assert (by_hand.status, by_hand.clause) == ("refused", "S1 7.2")
    assert by_result.status == "accepted"


def test_nobody_is_activated_earlier_than_he_might(active: Mentoring) -> None:
    """RU4: в день, на который перенесли допуск, категории ещё не было (S1 4.5)."""
    for name in ("MethodistNominated", "MethodistPooled"):
        assert corrected(active, name, occurred_on=EARLIER).status == "accepted"
    outcome = corrected(active, "MethodistActivated", occurred_on=EARLIER)

    assert (outcome.status, outcome.clause) == ("refused", "S1 4.5")
    assert "высшей категории" in (outcome.reason or "")


# ── What is corrected ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "anew"),
    [
        ("MethodistActivated", {"engagement": "tripartite"}),
        ("TeacherAttached", {"person_id": STRANGER}),
        ("TeacherDetached", {"reason": "Уволен"}),
        ("TeacherDetached", {"occurred_on": AFTER + timedelta(days=1)}),
    ],
)
def test_a_possible_life_is_corrected(
    active: Mentoring, name: str, anew: dict[str, Any]
) -> None:
    """contracts §1: возможную жизнь не отвергают."""
    if "person_id" in anew:
        another = PersonId(UUID(int=94))
        at_work(active, another)
        active.asks(replace(ATTACH, person_id=another, attached_on=AFTER))
    assert corrected(active, name, **anew).status == "accepted"


def test_a_level_is_repeated_by_the_activation(active: Mentoring) -> None:
    """K-R5: уровень исправили в выдвижении — и в допуске он тот же (S1 4.5)."""
    assert corrected(active, "MethodistNominated", level="M").status == "accepted"
    assert standing(active, "MethodistActivated").level == "M"
    assert corrected(active, "MethodistNominated", level="F").status == "accepted"
    assert standing(active, "MethodistActivated").level == "F"


def test_it_is_repeated_by_one_that_passes_no_more(active: Mentoring) -> None:
    """contracts §1: категорию отозвали — уровень всё же исправляют, и в допуске."""
    [awarded] = [
        each
        for each in active.logs["registry"].read(0, 99)
        if each.name == "registry.QualificationCategoryAwarded"
    ]
    first = replace(AWARDED, category="first")
    active.hears(PERSON, first, corrects=awarded.event_id)
    assert corrected(active, "MethodistNominated", level="M").status == "accepted"
    assert standing(active, "MethodistActivated").level == "M"
    assert corrected(active, "MethodistActivated", engagement="staff").status == "accepted"
    assert corrected(active, "MethodistActivated", level="R").status == "refused"


def test_what_was_annulled_since_was_so_then(active: Mentoring) -> None:
    """ADR 0024: аннулирование действует со своего дня, и засчитанное было засчитано."""
    active.hears(SESSION, a(DiagnosticAnnulled, session_id=SESSION, person_id=PERSON))
    active.hears(ENROLMENT, a(CompletionAnnulled, enrolment_id=ENROLMENT, person_id=PERSON))

    assert corrected(active, "MethodistDiagnosed").status == "accepted"
    assert corrected(active, "MethodistTrained").status == "accepted"
    assert corrected(active, "MethodistDiagnosed", occurred_on=EARLIER).status == "refused"
    assert corrected(active, "MethodistTrained", occurred_on=EARLIER).status == "refused"


# ── Pairs and forms of support ──────────────────────────────────────────────


@pytest.fixture
def paired(empty: Mentoring) -> Mentoring:
    """A pair that has parted, and a form of support that is over."""
    empty.hears(SCHOOL, AT_SCHOOL)
    at_work(empty, MENTOR, MENTEE, STRANGER, PERSON)
    propose = a(ProposePair, pair_id=PAIR_ID, mentee_id=MENTEE, employment_id=JOB)
    assert empty.asks(propose, FORM, CLOSE, BEGIN, END) == ["accepted"] * 5
    return empty


def test_another_mentor_is_repeated_where_the_pair_parts(paired: Mentoring) -> None:
    """S4 3.2.7: наставника записали не того — исправляют, и в завершении он тот же."""
    mentor = {"mentor_id": STRANGER}
    itself = corrected(paired, "MentorshipPairFormed", PAIR_ID, mentor_id=MENTEE)
    assert (itself.status, itself.clause) == ("refused", "S4 3.2.7")
    assert corrected(paired, "MentorshipPairFormed", PAIR_ID, **mentor).status == "accepted"

    assert standing(paired, "MentorshipPairClosed", PAIR_ID).mentor_id == STRANGER


@pytest.mark.parametrize(
    ("stream", "name", "clause"),
    [
        (PAIR_ID, "MentorshipPairClosed", "S4 3.2.7"),
        (SUPPORT_ID, "SupportFormEnded", "S0 V.4"),
    ],
)
def test_nothing_ends_before_it_began(
    paired: Mentoring, stream: UUID, name: str, clause: str
) -> None:
    """S4 3.2.7, S0 V.4: и исправлением не кончают раньше, чем начали."""
    outcome = corrected(paired, name, stream, occurred_on=date(2020, 9, 1))

    assert (outcome.status, outcome.clause) == ("refused", clause)


def test_another_person_is_repeated_where_a_support_ends(paired: Mentoring) -> None:
    """S0 V.4: педагога записали не того — исправляют в одном месте."""
    person = {"person_id": STRANGER}
    assert corrected(paired, "SupportFormStarted", SUPPORT_ID, **person).status == "accepted"

    assert standing(paired, "SupportFormEnded", SUPPORT_ID).person_id == STRANGER


# ── Whose a teacher is ──────────────────────────────────────────────────────


TO_OTHER = replace(ATTACH, methodist_id=OTHER_METHODIST, attached_on=AFTER)


def withdrawn(made: Mentoring, name: str) -> Outcome:
    """Withdraw a fact of the methodist."""
    history = made.engine.known().thing(METHODIST_ID).history
    record = next(each for each in history if type(each.fact).__name__ == name)
    return made.asked(Withdraw(event_id=record.event_id, reason="ошибка", withdrawn_on=AFTER))


def test_who_was_never_detached_is_attached_still(active: Mentoring) -> None:
    """S1 7.1: открепление отозвано — педагог снова за одним этим методистом."""
    other_methodist(active)
    assert withdrawn(active, "TeacherDetached").status == "accepted"
    outcome = active.asked(TO_OTHER)

    assert (outcome.status, outcome.clause) == ("refused", "S1 7.1")


def test_who_is_with_another_is_not_taken_back(active: Mentoring) -> None:
    """S1 7.1: педагог уже за другим — открепления не отзывают."""
    other_methodist(active)
    assert active.asks(TO_OTHER) == ["accepted"]
    outcome = withdrawn(active, "TeacherDetached")

    assert (outcome.status, outcome.clause) == ("refused", "S1 7.1")


@pytest.mark.parametrize("later", [False, True])
def test_a_past_attachment_is_corrected(active: Mentoring, *, later: bool) -> None:
    """S1 7.1: исправлен день прошлого закрепления — нынешнее остаётся чьим было."""
    other_methodist(active)
    if later:
        assert active.asks(TO_OTHER) == ["accepted"]
    outcome = corrected(active, "TeacherAttached", occurred_on=AFTER)
    assert outcome.status == "accepted"

    assert active.asks(TO_OTHER) == (["unchanged"] if later else ["accepted"])
