"""S1 7.2: a pair that was recorded of the wrong mentee is corrected, and counts so."""

import pytest

from services.mentoring import domain as men
from shared.kernel.ids import PairId
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, withdraw
from tests.journeys.methodists import PAIR, form
from tests.journeys.telling import Telling, day


@pytest.fixture
def told(story: Telling) -> Telling:
    """Vera is young, and a mentor was proposed to her."""
    ch.places(story)
    ch.people(story)
    story.settle()
    return story


def test_a_pair_of_the_wrong_mentee_is_corrected(told: Telling) -> None:
    """S1 7.2, contracts §1: пара та же, молодой педагог другой; она и закрыта уже его."""
    pair = PairId(ch.uid("pair of the wrong mentee"))
    wrong = men.FormPair(
        pair_id=pair,
        mentor_id=ch.BORIS,
        mentee_id=ch.ANNA,
        pair_basis="novice",
        formed_on=day("05.09.2022"),
    )
    told.tell("mentoring", wrong)
    told.settle()
    before = told.counted("K-F4", "31.12.2022")
    outcome = correct(told, "mentoring", pair, "MentorshipPairFormed", mentee_id=ch.VERA)

    assert (outcome.status, before) == ("accepted", (0, 1))
    assert told.counted("K-F4", "31.12.2022") == (1, 1)


def test_where_a_mentor_was_proposed_the_refusal_says_what_to_do(told: Telling) -> None:
    """S1 4.4: пара предложена Вере; ошиблись педагогом — её отзывают, для другого своя."""
    told.tell("mentoring", form("05.09.2022"))
    told.settle()
    outcome = correct(told, "mentoring", PAIR, "MentorshipPairFormed", mentee_id=ch.ANNA)
    gone = withdraw(told, "mentoring", PAIR, "MentorshipPairFormed")
    anew = men.FormPair(
        pair_id=PairId(ch.uid("pair of anna")),
        mentor_id=ch.BORIS,
        mentee_id=ch.ANNA,
        pair_basis="other",
        formed_on=day("05.09.2022"),
    )

    assert (outcome.status, outcome.clause) == ("refused", "S1 4.4")
    assert "отзывают" in (outcome.reason or "")
    assert gone.status == "accepted"
    assert told.counted("K-F4", "31.12.2022") == (0, 1)
    assert told.ask("mentoring", anew).status == "accepted"
    assert told.ask("mentoring", form("06.09.2022")).status == "accepted"
