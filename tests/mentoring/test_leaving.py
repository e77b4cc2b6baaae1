"""P4, S1 7.2: who leaves, who never left, and what people say of it stays (ADR 0039)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.domain import ClosePair
from shared.events.registry import EmploymentEnded, EmploymentStarted, PersonsMerged
from shared.kernel import Correct, as_corrected
from shared.kernel.ids import EmploymentId, EventId, PersonId
from shared.testing.facts import DAY, a
from tests.mentoring.made import Mentoring, at_work, gone, job_of, other_methodist
from tests.mentoring.words import (
    ACTIVATE,
    AFTER,
    AT_SCHOOL,
    ATTACH,
    FORM,
    JOB,
    MENTEE,
    MENTOR,
    METHODIST_ID,
    OTHER_METHODIST,
    PAIR_ID,
    PERSON,
    SCHOOL,
    STRANGER,
    TEACHER,
    WORKS,
)

LATER = DAY + timedelta(days=30)


def left(who: PersonId, job: EmploymentId | None = None, **otherwise: Any) -> EmploymentEnded:
    ids = {"employment_id": job or job_of(who), "person_id": who, "org_id": SCHOOL}
    return a(EmploymentEnded, **ids, **otherwise)


def begun(who: PersonId, n: int, **otherwise: Any) -> EmploymentStarted:
    return replace(WORKS, person_id=who, employment_id=EmploymentId(UUID(int=n)), **otherwise)


def ends(made: Mentoring) -> list[Any]:
    """Return what stands of the ends of the pair and of attachments, day by day."""
    names = ("MentorshipPairClosed", "TeacherDetached")
    streams = (PAIR_ID, METHODIST_ID, OTHER_METHODIST)
    histories = (made.engine.known().thing(each).history for each in streams)
    facts = (it for each in histories for it in as_corrected(each))
    return [each.occurred_on for each in facts if type(each).__name__ in names]


@pytest.fixture
def pair(empty: Mentoring) -> Mentoring:
    """A pair at work."""
    empty.hears(SCHOOL, AT_SCHOOL)
    at_work(empty, MENTOR, MENTEE, STRANGER)
    assert empty.asks(FORM) == ["accepted"]
    return empty


def corrected(made: Mentoring, name: str, **anew: Any) -> str:
    """Have somebody say a fact of the pair anew."""
    history = made.engine.known().thing(PAIR_ID).history
    stood = next(each for each in history if type(each.fact).__name__ == name)
    fact = replace(stood.fact, **anew)
    return made.asked(Correct(event_id=EventId(stood.event_id), fact=fact)).status


# ── The methodist, too ──────────────────────────────────────────────────────


def test_whom_a_methodist_had_is_free_when_his_work_ends(trained: Mentoring) -> None:
    """P4: EmploymentEnded методиста → TeacherDetached, и педагога закрепляют за другим."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    trained.hears(PERSON, left(PERSON, JOB))
    to_other = replace(ATTACH, methodist_id=OTHER_METHODIST, attached_on=AFTER)

    assert ends(trained) == [AFTER]
    assert trained.asks(to_other) == ["accepted"]


def test_who_is_with_another_by_now_is_not_taken_back(trained: Mentoring) -> None:
    """S1 7.1: ушёл ли методист, сказано было неверно, но педагог уже за другим."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    [mistake] = trained.hears(PERSON, left(PERSON, JOB))
    to_other = replace(ATTACH, methodist_id=OTHER_METHODIST, attached_on=AFTER)
    assert trained.asks(to_other) == ["accepted"]
    trained.hears(PERSON, gone(mistake, EmploymentEnded))

    assert ends(trained) == [AFTER]


# ── Two humans again ────────────────────────────────────────────────────────


def test_two_humans_have_two_methodists_again(trained: Mentoring) -> None:
    """contracts §1, S1 7.2: слияния не было — не было и открепления от второго методиста."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    at_work(trained, STRANGER)
    stranger = {"methodist_id": OTHER_METHODIST, "person_id": STRANGER}
    assert trained.asks(replace(ATTACH, **stranger)) == ["accepted"]
    [merged] = trained.hears(
        STRANGER, a(PersonsMerged, survivor_id=TEACHER, merged_id=STRANGER, occurred_on=AFTER)
    )
    as_one = ends(trained)
    trained.hears(STRANGER, gone(merged, PersonsMerged))

    assert as_one == [AFTER]
    assert ends(trained) == []


@pytest.fixture
def merged(trained: Mentoring) -> tuple[Mentoring, UUID]:
    """The teacher has a methodist; a stranger who has another is merged into her."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    at_work(trained, STRANGER)
    stranger = {"methodist_id": OTHER_METHODIST, "person_id": STRANGER}
    assert trained.asks(replace(ATTACH, **stranger)) == ["accepted"]
    [merger] = trained.hears(STRANGER, into(TEACHER, STRANGER))
    assert ends(trained) == [AFTER]
    return trained, merger


def into(survivor: PersonId, other: PersonId) -> PersonsMerged:
    return a(PersonsMerged, survivor_id=survivor, merged_id=other, occurred_on=AFTER)


def test_who_left_meanwhile_is_not_given_back(merged: tuple[Mentoring, UUID]) -> None:
    """P4: слияния не было, а работа окончена: закреплён до дня, с которого не работает."""
    made, merger = merged
    made.hears(STRANGER, left(STRANGER, occurred_on=LATER))
    made.hears(STRANGER, gone(merger, PersonsMerged))

    assert ends(made) == [LATER + timedelta(days=1)]


def test_who_is_one_with_another_still_has_one_methodist(
    merged: tuple[Mentoring, UUID],
) -> None:
    """S1 7.2: третья запись была слита по ошибке: две другие — по-прежнему один человек."""
    made, _ = merged
    third = PersonId(UUID(int=94))
    at_work(made, third)
    [mistake] = made.hears(third, into(STRANGER, third))
    made.hears(third, gone(mistake, PersonsMerged))

    assert ends(made) == [AFTER]


def test_who_never_left_as_one_human_keeps_the_methodist(trained: Mentoring) -> None:
    """S1 7.2: под другой записью она работала: прежний методист её, второй — нет."""
    at_work(trained, STRANGER)
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    trained.hears(TEACHER, left(TEACHER))
    to_other = replace(ATTACH, methodist_id=OTHER_METHODIST, person_id=STRANGER)
    assert trained.asks(to_other) == ["accepted"]
    assert ends(trained) == [AFTER]
    trained.hears(STRANGER, replace(into(TEACHER, STRANGER), occurred_on=LATER))

    assert ends(trained) == [LATER]


def test_another_day_of_a_merger_is_another_day_of_its_end(
    merged: tuple[Mentoring, UUID],
) -> None:
    """contracts §1: слили в другой день — в тот день и откреплён."""
    made, merger = merged
    made.hears(STRANGER, replace(into(TEACHER, STRANGER), occurred_on=LATER), corrects=merger)

    assert ends(made) == [LATER]


@pytest.mark.parametrize("on", [AFTER, LATER], ids=["the same day", "another"])
def test_another_day_of_one_merger_moves_no_end_of_another(
    merged: tuple[Mentoring, UUID], on: date
) -> None:
    """contracts §1, S1 7.2: третья запись слита в другой день, а откреплён — в прежний."""
    made, _ = merged
    third = PersonId(UUID(int=94))
    at_work(made, third)
    merger = replace(into(STRANGER, third), occurred_on=on)
    [said] = made.hears(third, merger)
    made.hears(third, replace(merger, occurred_on=LATER + timedelta(9)), corrects=said)

    assert ends(made) == [AFTER]


def test_two_are_one_since_the_last_merger_between_them(trained: Mentoring) -> None:
    """S1 7.2: о первом слиянии услышано последним: один человек — со дня второго."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    other_methodist(trained)
    at_work(trained, STRANGER)
    third = PersonId(UUID(int=94))
    at_work(trained, third)
    stranger = {"methodist_id": OTHER_METHODIST, "person_id": STRANGER}
    assert trained.asks(replace(ATTACH, **stranger)) == ["accepted"]
    trained.hears(third, replace(into(TEACHER, third), occurred_on=LATER))
    trained.hears(STRANGER, into(third, STRANGER))

    assert ends(trained) == [LATER]


# ── Whichever comes last ────────────────────────────────────────────────────


def test_work_that_began_before_the_pair_keeps_it(pair: Mentoring) -> None:
    """P4: ушёл до пары, а о другой работе, начатой до неё, услышано последней."""
    before = DAY - timedelta(days=20)
    pair.hears(MENTOR, left(MENTOR, occurred_on=before))
    ended = ends(pair)
    pair.hears(MENTOR, begun(MENTOR, 91, occurred_on=DAY - timedelta(days=9)))

    assert ended == [DAY]
    assert ends(pair) == []


def test_another_mentor_never_left(pair: Mentoring) -> None:
    """S4 3.2.7: ушёл не тот: наставник исправлен, и пара работает."""
    pair.hears(MENTOR, left(MENTOR))
    assert ends(pair) == [AFTER]

    assert corrected(pair, "MentorshipPairFormed", mentor_id=STRANGER) == "accepted"
    assert ends(pair) == []


def test_a_pair_that_never_began_earlier_ends_where_it_ended(pair: Mentoring) -> None:
    """contracts §1: день образования исправили, а день ухода тот же."""
    pair.hears(MENTOR, left(MENTOR, occurred_on=LATER))
    assert corrected(pair, "MentorshipPairFormed", occurred_on=AFTER) == "accepted"

    assert ends(pair) == [LATER + timedelta(days=1)]


def test_an_end_that_never_was_ended_nothing(pair: Mentoring) -> None:
    """contracts §1: окончание отозвано — и пара работает."""
    [mistake] = pair.hears(MENTOR, left(MENTOR))
    pair.hears(MENTOR, gone(mistake, EmploymentEnded))

    assert ends(pair) == []


def test_work_that_never_was_kept_nobody(pair: Mentoring) -> None:
    """contracts §1: второй работы не было — после первой он ушёл."""
    [second] = pair.hears(MENTOR, begun(MENTOR, 91, occurred_on=DAY))
    pair.hears(MENTOR, left(MENTOR))
    stayed = ends(pair)
    pair.hears(MENTOR, gone(second))

    assert (stayed, ends(pair)) == ([], [AFTER])


def test_a_merger_and_its_withdrawal_are_heard_last(pair: Mentoring) -> None:
    """S1 7.2: другая запись работала — не уходил; слияния не было — ушёл."""
    pair.hears(MENTOR, left(MENTOR))
    one = a(PersonsMerged, survivor_id=STRANGER, merged_id=MENTOR)
    [merged] = pair.hears(MENTOR, one)
    as_one = ends(pair)
    pair.hears(MENTOR, gone(merged, PersonsMerged))

    assert (as_one, ends(pair)) == ([], [AFTER])


# ── What people say stays ───────────────────────────────────────────────────


def test_a_day_that_people_corrected_stays(pair: Mentoring) -> None:
    """S4 3.2.7: день сказали люди: ни отзыв окончания, ни новая работа его не трогают."""
    [mistake] = pair.hears(MENTOR, left(MENTOR, occurred_on=LATER))
    assert corrected(pair, "MentorshipPairClosed", occurred_on=AFTER) == "accepted"
    pair.hears(MENTOR, gone(mistake, EmploymentEnded))
    pair.hears(MENTOR, begun(MENTOR, 91, occurred_on=LATER))

    assert ends(pair) == [AFTER]


@pytest.mark.parametrize("outcome", ["achieved", "left"])
def test_an_end_that_people_told_stays(pair: Mentoring, outcome: Any) -> None:
    """S4 3.2.7: пару закрыли люди, с каким бы итогом, и раньше, чем кто-то ушёл."""
    close = ClosePair(pair_id=PAIR_ID, outcome=outcome, closed_on=AFTER)
    assert pair.asks(close) == ["accepted"]
    [mistake] = pair.hears(MENTOR, left(MENTOR, occurred_on=LATER))
    pair.hears(MENTOR, gone(mistake, EmploymentEnded))

    assert ends(pair) == [AFTER]
    assert pair.said().count("FactWithdrawn") == 0
