"""Who may do what, where and until when: folded from the facts of access (S0 V)."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from shared.events.registry import AccessFact, AccessGranted, AccessRevoked, Role
from shared.kernel import Borrowed
from shared.kernel.ids import EventId, GrantId, Territory, named

SUBJECT = re.compile(r"[!-~]{1,200}")

COUNTRY = Territory("")

DEPTH: dict[Role, int] = {"federal": 0, "region": 1, "municipality": 2, "organisation": 3}
"""How deep in the tree a role stands; the other roles stand anywhere."""


@dataclass(frozen=True)
class Grant:
    """A role on a territory, from a day to a day inclusive, unless revoked before."""

    grant_id: GrantId
    role: Role
    territory: Territory
    since: date
    until: date | None
    revoked_on: date | None = None

    def live(self, day: date) -> bool:
        """Say whether it gives any right on a day; a misfit gives none on any day."""
        return (
            DEPTH.get(self.role, self.depth) == self.depth
            and self.since <= day
            and (self.until is None or day <= self.until)
            and (self.revoked_on is None or day < self.revoked_on)
        )

    @property
    def depth(self) -> int:
        """Return 0 for the country, 1 for a region, 2 and 3 below it."""
        return len(self.territory.split("/")) if self.territory else 0


def _granted(so_far: tuple[Grant, ...], said: AccessFact, _: EventId) -> tuple[Grant, ...]:
    others = tuple(each for each in so_far if each.grant_id != said.grant_id)
    match said:
        case AccessGranted():
            grant = Grant(
                said.grant_id, said.role, said.territory, said.occurred_on, said.until
            )
            return (*others, grant)
        case AccessRevoked():
            ended = (
                replace(each, revoked_on=said.occurred_on)
                for each in so_far
                if each.grant_id == said.grant_id
            )
            return (*others, *ended)


GRANTS: Borrowed[tuple[Grant, ...], AccessFact] = Borrowed(
    name="grants",
    facts=(AccessGranted, AccessRevoked),
    about=lambda said: named("grantee", said.grantee),
    initial=(),
    evolve=_granted,
)
"""grantee (the subject of a token) → every grant there was."""


def covers(scope: Territory, place: Territory | None) -> bool:
    """Say whether a place lies in a scope; what has no place is the country's alone."""
    return scope == COUNTRY or (
        place is not None and (place == scope or place.startswith(f"{scope}/"))
    )


def widest(scopes: Iterable[Territory]) -> tuple[Territory, ...]:
    """Return the scopes without those that lie in another."""
    each = sorted(set(scopes))
    return tuple(
        inner
        for inner in each
        if not any(covers(outer, inner) for outer in each if outer != inner)
    )


def scopes_for(grants: Iterable[Grant], roles: Collection[Role]) -> tuple[Territory, ...]:
    """Return the territories on which these grants give one of these roles.

    `self` and `operator` reach no territory: one has a person, the other a cluster.
    """
    return widest(
        each.territory
        for each in grants
        if each.role in roles and each.role not in ("self", "operator")
    )
