"""Facts and commands: frozen, keyword-only; a fact is stored under a name for ever."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

type Personal[T] = Annotated[T, "sealed"]
"""A field that tells who somebody is: sealed with that person's key, or not stored."""


type Told[T] = Annotated[T, "told"]
"""A field of a command that no door accepts: what is known, written in before deciding.

It has a default, the answer of somebody who has heard nothing.
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a personal field looks like to whoever has no right to open it.

    `ciphertext` is base64 text; `subject` is the person whose key opens it.
    """

    subject: UUID
    key_id: UUID
    alg: str
    ciphertext: str


@dataclass(frozen=True)
class Kind:
    """What store, wire and ledger call one class of facts.

    `sealed` names each personal field and the field that holds its person's id.
    """

    name: str
    schema: int
    fact: type[Any]
    sealed: dict[str, str]

    @property
    def owner(self) -> str:
        """Return the service that says it: `routes` of `routes.RouteAssigned`."""
        return self.name.partition(".")[0]


catalogue: dict[str, Kind] = {}
"""Every fact by its stored name; what the codec, the ledger and the docs read."""

_kinds: dict[type[Any], Kind] = {}


def kind_of(fact: Any) -> Kind:
    """Return the kind of a fact, or of a class of facts; KeyError if it is none."""
    return _kinds[fact if isinstance(fact, type) else type(fact)]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact[T](
    name: str, *, schema: int, subject: str = "person_id"
) -> Callable[[type[T]], type[T]]:
    """Declare something that happened. The name outlives the code: never reuse it."""

    def declare(cls: type[T]) -> type[T]:
        if name in catalogue:
            raise ValueError(f"{name} is already the name of a fact")
        frozen = dataclass(frozen=True, kw_only=True, slots=True)(cls)
        hints = get_type_hints(frozen)
        sealed = {field: subject for field, hint in hints.items() if is_personal(hint)}
        kind = Kind(name, schema, frozen, sealed)
        catalogue[name] = _kinds[frozen] = kind
        return frozen

    return declare


def is_personal(hint: Any) -> bool:
    """Say whether a type is `Personal[...]`, or may be."""
    return get_origin(hint) is Personal or any(map(is_personal, get_args(hint)))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def command[T](cls: type[T]) -> type[T]:
    """Declare something asked for. A command is answered, not stored: no name."""
    return dataclass(frozen=True, kw_only=True, slots=True)(cls)
