"""What one service in memory keeps of keys that one thing alone may hold (contracts §4)."""

from collections.abc import Collection, Iterable
from uuid import UUID

from shared.kernel import Claim, Refused, Release
from shared.runtime.engine import FOUND_BY


class Holding:
    """Who holds which key, as `claims` of a store has it; the keys stand as they are."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], UUID] = {}

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a key, if anybody does."""
        return self._holders.get((kind, key))

    def require_free(self, claims: Iterable[Claim | Release]) -> None:
        """Raise `Refused` if one of these keys is held by another."""
        for each in claims:
            held = self.holder(each.kind, each.key)
            if isinstance(each, Claim) and held not in (None, each.holder):
                raise Refused(each.clause, each.reason)

    def take(self, claims: Iterable[Claim | Release]) -> None:
        """Take the keys that a fact claims, let go of those that it frees."""
        for each in claims:
            if isinstance(each, Claim):
                self._holders.setdefault((each.kind, each.key), each.holder)
            else:
                self._let_go(each.kind, each.key, each.holder)

    def forget(self, people: Collection[UUID]) -> None:
        """Let go of the keys by which these people could be found again."""
        found_by = {at: by for at, by in self._holders.items() if at[0] in FOUND_BY}
        for (kind, key), by in found_by.items():
            if by in people:
                self._let_go(kind, key, by)

    def _let_go(self, kind: str, key: str, holder: UUID) -> None:
        if self._holders.get((kind, key)) == holder:
            del self._holders[kind, key]
