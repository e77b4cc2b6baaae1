"""What was said, what stands of it by a vector, and what of that had happened by a day.

The first half of the oracle. It reads facts only: nothing of `services`, not even the
kernel's own fold of a history, so that a mistake there shows here as a difference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from shared.events.registry import OrganisationRegistered
from shared.kernel import Withdrawal


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One record of one log without its bytes.

    `recorded_at` is UTC; `corrects` names the first record of the fact that is restated
    here (kernel `Recorded`); a withdrawal names it in the fact itself. `stream` and
    `version` are for whoever makes a stored record of it; the oracle reads neither.
    """

    source: str
    position: int
    recorded_at: datetime
    event_id: UUID
    name: str
    fact: Any
    corrects: UUID | None = None
    stream: UUID | None = None
    version: int = 0

    @property
    def withdraws(self) -> UUID | None:
        """Return the first record of the fact that never was so, if this ends one."""
        return self.fact.withdraws if isinstance(self.fact, Withdrawal) else None


type Place = tuple[date, datetime, str, int]
"""Where a fact stands among all others: contracts §3 and kpi §2.1, "Order"."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A fact that stands, in its place, with the record that says it so."""

    place: Place
    fact: Any
    event_id: UUID


def what_stands(said: Iterable[Said], vector: Mapping[str, int]) -> list[Standing]:
    """Return what stands at the vector, in order; a log that is not named is unheard.

    Clauses: contracts §1 (corrections and withdrawals act from the corrected fact's own
    date, for every `as_of`, once they are known), §2 (a record is (source, position):
    delivered twice, it is one), §3 (Order).
    Decided here: a correction takes the *place* of the first record, so that of its own
    record only the date is new ("a restated fact in its first place", kernel.history);
    a withdrawal ends a fact for good, whatever else is said of it before or after.
    """
    heard = {
        (each.source, each.position): each
        for each in said
        if each.position <= vector.get(each.source, 0)
    }
    first: dict[UUID, Said] = {}
    latest: dict[UUID, Said] = {}
    never_so: set[UUID] = set()
    for _, each in sorted(heard.items()):
        if each.withdraws is not None:
            never_so.add(each.withdraws)
        else:
            root = each.corrects or each.event_id
            first.setdefault(root, each)
            latest[root] = each
    return sorted(
        (
            Standing(
                (
                    latest[root].fact.occurred_on,
                    first[root].recorded_at,
                    first[root].source,
                    first[root].position,
                ),
                latest[root].fact,
                latest[root].event_id,
            )
            for root in first
            if root not in never_so
        ),
        key=lambda each: each.place,
    )


class Past:
    """Everything that had happened by the end of `as_of` (inclusive), in order.

    Decided here: a fact dated after `as_of` counts for nothing at all, but for where an
    organisation is: people worked in it before anybody entered it.
    """

    def __init__(self, said: Iterable[Said], as_of: date, vector: Mapping[str, int]) -> None:
        self.as_of = as_of
        stands = what_stands(said, vector)
        self.organisations = [
            each.fact for each in stands if isinstance(each.fact, OrganisationRegistered)
        ]
        self._stands = [each for each in stands if each.fact.occurred_on <= as_of]

    def every[F](self, *kinds: type[F]) -> list[F]:
        """Return each fact of these kinds, in order."""
        return [each.fact for each in self._stands if isinstance(each.fact, kinds)]

    def placed[F](self, kind: type[F]) -> list[tuple[Place, F]]:
        """Return each fact of a kind with its place, in order."""
        return [(each.place, each.fact) for each in self._stands if isinstance(each.fact, kind)]
