"""Point 4: what followed from an end of work goes with it, and days decide, not their order."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from services.mentoring import domain as men
from services.registry import domain as reg
from shared.kernel import as_corrected
from shared.kernel.ids import EmploymentId, PersonId
from shared.runtime.amending import Withdraw
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, withdraw
from tests.journeys.methodists import (
    METHODIST,
    PAIR,
    active,
    attach,
    detach,
    form,
    is_one,
    leaves,
)
from tests.journeys.telling import Telling, day, noon

SECOND = EmploymentId(ch.uid("second job"))


def bound(story: Telling) -> None:
    """Vera has a mentor and a methodist, both since 05.09.2022."""
    active(story)
    story.tell("mentoring", attach(ch.VERA, "05.09.2022"), form("05.09.2022"))
    story.settle()


def hears(story: Telling, *commands: Any) -> None:
    """Have the registry say these one after another, and everybody hear each."""
    for each in commands:
        assert story.ask("registry", each).status == "accepted"
        story.settle()


def moves(on: str, who: PersonId = ch.VERA) -> reg.StartEmployment:
    """She begins at another school on a day."""
    return replace(ch.employed(who, ch.CAPITAL_SCHOOL, on), employment_id=SECOND)


def stand(story: Telling, name: str) -> list[Any]:
    """Return what stands of the facts of a name about the pair and the methodist."""
    known = story.world.engines["mentoring"].known()
    histories = (known.thing(each).history for each in (PAIR, METHODIST))
    return [it for each in histories for it in as_corrected(each) if type(it).__name__ == name]


def ends(story: Telling) -> list[str]:
    """Return on which days the pair parted and teachers were detached."""
    names = ("MentorshipPairClosed", "TeacherDetached")
    return [f"{it.occurred_on:%d.%m.%Y}" for name in names for it in stand(story, name)]


# ── What followed from a mistake ────────────────────────────────────────────


@pytest.mark.parametrize("who", [ch.VERA, ch.BORIS, ch.GLEB], ids=["both", "pair", "methodist"])
def test_what_followed_from_an_end_that_never_was_goes_with_it(
    story: Telling, who: PersonId
) -> None:
    """contracts §1, S1 7.2: окончание отозвано — никто не уходил: и пара, и методист те же."""
    bound(story)
    hears(story, leaves(who, "31.10.2022"))
    left = ends(story)
    assert withdraw(story, "registry", who, "EmploymentEnded").status == "accepted"

    assert set(left) == {"01.11.2022"}
    assert ends(story) == []
    assert story.counted("K-R5x.max", "31.12.2023") == (1, 1)
    assert story.counted("K-F4", "31.12.2023") == (1, 1)


def test_as_known_before_it_was_withdrawn_she_had_left(story: Telling) -> None:
    """contracts §3: как было известно раньше, так и остаётся: она ушла."""
    bound(story)
    hears(story, leaves(ch.VERA, "31.10.2022"))
    known = noon("31.10.2022")
    story.clock.moment = noon("01.02.2023")
    withdraw(story, "registry", ch.VERA, "EmploymentEnded")

    assert story.counted("K-R5x.max", "31.12.2022", known=known) == (0, 1)
    assert story.counted("K-R5x.max", "31.12.2022") == (1, 1)


def test_what_followed_from_another_day_is_said_of_that_day(story: Telling) -> None:
    """contracts §1: день исправили — и пара, и закрепление кончились днём позже него."""
    bound(story)
    hears(story, leaves(ch.VERA, "31.10.2022"))
    story.clock.moment = noon("15.12.2022")
    correct(story, "registry", ch.VERA, "EmploymentEnded", occurred_on=day("30.11.2022"))

    assert ends(story) == ["01.12.2022"] * 2
    assert story.counted("K-R5x.max", "30.11.2022") == (1, 1)
    assert story.counted("K-R5x.max", "01.12.2022") == (0, 1)


def test_what_people_said_stays(story: Telling) -> None:
    """S4 3.2.7, S1 7.1: пару и закрепление кончили люди: отзыв окончания их не касается."""
    bound(story)
    close = men.ClosePair(pair_id=PAIR, outcome="left", closed_on=day("01.11.2022"))
    story.tell("mentoring", close, detach(ch.VERA, "01.11.2022"))
    hears(story, leaves(ch.VERA, "31.10.2022"))
    withdraw(story, "registry", ch.VERA, "EmploymentEnded")

    assert ends(story) == ["01.11.2022"] * 2


def test_what_people_built_on_it_stays(story: Telling) -> None:
    """S1 7.1: её закрепили снова: прежнего открепления уже не отзывают."""
    bound(story)
    hears(story, leaves(ch.VERA, "31.10.2022"), moves("01.12.2022"))
    story.tell("mentoring", attach(ch.VERA, "05.12.2022"))
    withdraw(story, "registry", ch.VERA, "EmploymentEnded")

    assert [type(each).__name__ for each in stand(story, "TeacherDetached")] != []
    assert story.counted("K-R5x.max", "31.12.2022") == (1, 1)


# ── In whatever order ───────────────────────────────────────────────────────


def told_of(story: Telling, facts: Sequence[Any]) -> tuple[list[str], Any, Any]:
    """Return what came of these, said in this order."""
    bound(story)
    hears(story, *facts)
    on = "31.12.2023"
    return ends(story), story.counted("K-R5x.max", on), story.counted("K-F4", on, "")


MOVE = (leaves(ch.VERA, "31.10.2022"), moves("01.11.2022"))
SAME_DAY = (leaves(ch.VERA, "31.10.2022"), moves("31.10.2022"))
LATER = (leaves(ch.VERA, "31.10.2022"), moves("15.11.2022"))
BOTH = (leaves(ch.VERA, "30.11.2022"), leaves(ch.BORIS, "31.10.2022"))


@pytest.mark.parametrize("order", [0, 1], ids=["end first", "start first"])
@pytest.mark.parametrize("facts", [MOVE, SAME_DAY], ids=["next day", "same day"])
def test_who_moves_without_a_day_between_stays(
    story: Telling, facts: Sequence[Any], order: int
) -> None:
    """S1 7.1, S4 3.2.7, AM5: ни дня без работы — никто не уходил, что ни услышать первым."""
    said = [*permutations(facts)][order]

    assert told_of(story, said) == ([], (1, 1), (1, 1))


@pytest.mark.parametrize("order", [0, 1], ids=["end first", "start first"])
def test_who_is_away_for_a_day_has_left(story: Telling, order: int) -> None:
    """P4: первый день без работы — день ухода, о чём бы ни услышали раньше."""
    said = [*permutations(LATER)][order]

    assert told_of(story, said) == (["01.11.2022"] * 2, (0, 1), (0, 1))


@pytest.mark.parametrize("order", [0, 1], ids=["mentee first", "mentor first"])
def test_a_pair_parts_with_whoever_leaves_first(story: Telling, order: int) -> None:
    """LC 12: пара кончается с работой одного из двоих, того, кто ушёл раньше."""
    said = [*permutations(BOTH)][order]

    assert told_of(story, said)[0] == ["01.11.2022", "01.12.2022"]


@pytest.mark.parametrize("merged_first", [True, False])
def test_who_works_under_another_record_never_left(
    story: Telling, *, merged_first: bool
) -> None:
    """S1 7.2: человек работает, пока работает хоть одна запись, когда бы их ни слили."""
    bound(story)
    if merged_first:
        is_one(story, ch.VERA, "09.07.1999", "01.10.2022")
    hears(story, leaves(ch.VERA, "31.10.2022"))
    if not merged_first:
        is_one(story, ch.VERA, "09.07.1999", "01.10.2022")

    assert ends(story) == []


def test_two_humans_again_and_one_has_left(story: Telling) -> None:
    """S1 7.2: слияние отозвано: работала другая, а эта ушла."""
    bound(story)
    is_one(story, ch.VERA, "09.07.1999", "01.10.2022")
    hears(story, leaves(ch.VERA, "31.10.2022"))
    withdraw(story, "registry", ch.VERA, "PersonsMerged")

    assert ends(story) == ["01.11.2022"] * 2


def test_work_that_never_was_fills_no_day(story: Telling) -> None:
    """contracts §1: второй работы не было — и после первой она ушла."""
    bound(story)
    hears(story, *reversed(MOVE))
    history = story.world.engines["registry"].known().thing(ch.VERA).history
    second = next(
        each for each in history if getattr(each.fact, "employment_id", None) == SECOND
    )
    on = day("01.12.2022")
    hears(story, Withdraw(event_id=second.event_id, reason="ошибка", withdrawn_on=on))

    assert ends(story) == ["01.11.2022"] * 2
