"""How services in memory seal: what is personal is thrown away (contracts §6)."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from shared.kernel import Recorded, Sealed, kind_of
from shared.kernel.ids import KeyId, named

NO_CIPHER = "none"
"""The `alg` of a field that nobody can open."""


@dataclass(slots=True)
class Ring:
    """Who has a key, and whose is destroyed; the minds of one world share it."""

    keyed: set[UUID] = field(default_factory=set[UUID])
    erased: set[UUID] = field(default_factory=set[UUID])

    def key_of(self, person: UUID) -> KeyId | None:
        """Return the id of a person's key; None if there was none."""
        return key(person) if person in self.keyed else None


def key(person: UUID) -> KeyId:
    """Return the id that the key of a person would have."""
    return KeyId(named("key", str(person)))


def hidden(fact: Any) -> dict[str, Sealed]:
    """Return what stands in the log for the personal fields of a fact."""
    return {
        name: Sealed(getattr(fact, about), key(getattr(fact, about)), NO_CIPHER, "")
        for name, about in kind_of(fact).sealed.items()
        if getattr(fact, name) is not None
    }


def without(said: Recorded[Any], person: UUID) -> Recorded[Any]:
    """Return a record in clear, but for what is personal of somebody."""
    of_person = {name: it for name, it in hidden(said.fact).items() if it.subject == person}
    return said._replace(fact=replace(said.fact, **of_person)) if of_person else said
