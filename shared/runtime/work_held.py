"""What a unit of work knows of keys that one thing alone may hold (contracts §4)."""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from uuid import UUID

from shared.kernel import Claim, Refused, Release
from shared.runtime.log import Key, Store, Unit


class Holding:
    """Who holds which key: read once, and as it is after what was said here.

    If hopeful, a key that nobody is known to hold is free: the append will find out.
    """

    def __init__(
        self, store: Store, hmac: Callable[[str, str], bytes], *, hopeful: bool
    ) -> None:
        self._store = store
        self._hmac = cache(hmac)
        self._hopeful = hopeful
        self._holders: dict[tuple[str, bytes], UUID | None] = {}

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a key, if anybody does."""
        at = (kind, self._hmac(kind, key))
        if at not in self._holders:
            self._holders[at] = self._store.holders([at]).get(at)
        return self._holders[at]

    def foresee(self, keys: Collection[tuple[str, str]]) -> None:
        """Read at once who holds these keys."""
        hidden = {(kind, self._hmac(kind, key)) for kind, key in keys}
        hidden.difference_update(self._holders)
        if hidden:
            self._holders |= dict.fromkeys(hidden) | self._store.holders(hidden)

    def require_free(self, claims: Iterable[Claim | Release]) -> None:
        """Raise `Refused` if one of these keys is held by another."""
        for each in claims:
            if isinstance(each, Claim) and self._held(each) not in (None, each.holder):
                raise Refused(each.clause, each.reason)

    def take(self, claims: Iterable[Claim | Release], unit: Unit) -> None:
        """Take the keys that a fact claims, let go of those that it frees."""
        for each in claims:
            at = (each.kind, self._hmac(each.kind, each.key))
            held = self._held(each)
            key = Key(*at, each.holder)
            if isinstance(each, Claim):
                if held is None:
                    self._holders[at] = each.holder
                    _put(key, unit.claims, unless_in=unit.releases)
            elif held == each.holder:
                self._holders[at] = None
                _put(key, unit.releases, unless_in=unit.claims)

    def _held(self, wanted: Claim | Release) -> UUID | None:
        """Return who holds a key; if hopeful, nobody: the append will find out."""
        if self._hopeful and isinstance(wanted, Claim):
            return self._holders.get((wanted.kind, self._hmac(wanted.kind, wanted.key)))
        return self.holder(wanted.kind, wanted.key)


def _put(key: Key, into: list[Key], *, unless_in: list[Key]) -> None:
    """Write a key down, or strike out what undid it."""
    if key in unless_in:
        unless_in.remove(key)
    else:
        into.append(key)
