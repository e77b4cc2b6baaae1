"""One human, whatever his records (S1 7.2)."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from shared.events.registry import PersonsMerged
from shared.kernel import humans
from shared.kernel.ids import PersonId
from shared.testing.facts import DAY, a
from shared.testing.known import heard

ONE, TWO, THREE, OTHER = (PersonId(UUID(int=n)) for n in range(1, 5))
HUMANS = humans("test", PersonsMerged)


def merged(into: PersonId, whom: PersonId, on: date = DAY) -> PersonsMerged:
    return a(PersonsMerged, survivor_id=into, merged_id=whom, occurred_on=on)


@pytest.mark.parametrize("who", [ONE, TWO, THREE])
def test_a_chain_of_mergers_is_one_human(who: PersonId) -> None:
    known = heard(merged(TWO, ONE), merged(THREE, TWO))

    assert HUMANS.records(known, who) == (THREE, TWO, ONE)
    assert HUMANS.survivor(known, who) == THREE


def test_another_is_another() -> None:
    assert HUMANS.records(heard(merged(TWO, ONE)), OTHER) == (OTHER,)


def test_a_circle_ends() -> None:
    """No life has it, and still the log must be read."""
    known = heard(merged(TWO, ONE), merged(ONE, TWO))

    assert {*HUMANS.records(known, ONE)} == {ONE, TWO}


LATER = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("mergers", "since"),
    [
        ((merged(TWO, ONE),), DAY),
        ((merged(ONE, TWO),), DAY),
        ((merged(THREE, ONE), merged(THREE, TWO, LATER)), LATER),
        ((merged(THREE, ONE, LATER), merged(TWO, THREE)), LATER),
        ((merged(TWO, ONE), merged(THREE, TWO, LATER)), DAY),
        ((merged(THREE, ONE),), None),
    ],
)
def test_two_records_are_one_human_since_a_day(
    mergers: tuple[PersonsMerged, ...], since: date | None
) -> None:
    assert HUMANS.one_since(heard(*mergers), ONE, TWO) == since
