"""ADR 0040: who is a sender's own under any record, and whose СНИЛС a linked row may name."""

from uuid import UUID

import pytest

from metodika.imports.claims import Claims
from shared.kernel import Fault
from shared.kernel.ids import Territory
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling

NAME = {"familyName": "Вымыслова", "givenName": str(ch.ANNA)[:8]}
ANNA = NAME | {"metadata.snils": "112-233-445 95", "metadata.birthDate": "1980-03-14"}


def claims(story: Telling, merged: dict[UUID, UUID] | None = None) -> Claims:
    """Return the claims of a package of Moscow, which has rights there alone."""
    engine = story.world.engines["registry"]
    human = (merged or {}).get

    def may(place: Territory | None) -> bool:
        return (place or "").startswith("77")

    return Claims(engine, engine.known(), may, "77", lambda it: human(it, it))


@pytest.fixture
def told(story: Telling) -> Telling:
    """Anna works in Primorye, Dina in Moscow."""
    ch.places(story)
    ch.people(story)
    return story


def test_who_works_here_under_another_record_is_our_own(told: Telling) -> None:
    """S1 7.2: запись слита с той, что работает у отправителя: человек его, не чужой."""
    wrong = ANNA | {"metadata.birthDate": "1980-03-15"}

    assert not claims(told, {ch.ANNA: ch.DINA}).claimed(ch.ANNA, wrong)
    with pytest.raises(Fault):
        claims(told).claimed(ch.ANNA, wrong)


@pytest.mark.parametrize("number", ["204-444-444 29", "087-654-303 00"], ids=["of Dina", "new"])
def test_who_is_linked_is_claimed_with_his_own_number(told: Telling, number: str) -> None:
    """S1 5.5: имя и дата те же, СНИЛС другой: притязание неверное, чей бы номер ни был."""
    assert claims(told).claimed(ch.ANNA, ANNA)
    assert claims(told).claimed(ch.ANNA, NAME)
    with pytest.raises(Fault):
        claims(told).claimed(ch.ANNA, ANNA | {"metadata.snils": number})
