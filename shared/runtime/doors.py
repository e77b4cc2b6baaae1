"""What a service declares of its HTTP doors: a command in, a document out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.events.registry import Role
from shared.kernel import Projection, kind_of


@dataclass(frozen=True, kw_only=True)
class Door:
    """`POST path`: a verb on its thing, `/routes/{route_id}/assign`.

    The names in braces are fields of the command, all others come in the body, except
    what is `Told`. `roles` may knock, each on its own territory only; who may, may also
    restate or withdraw what the command `says`. `example` is a whole body, as OpenAPI
    shows it. The summary is the command's own sentence, unless another is said.
    """

    command: type[Any]
    says: tuple[type[Any], ...] = ()
    path: str
    roles: tuple[Role, ...]
    example: dict[str, Any] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`GET path` and `GET path/{id}`: documents of a projection.

    `by` are fields of the document that may be asked for by equality, `sort` is the
    field that orders a list. `summary` is Russian, as a reader of the API sees it. What
    is `open` is no place's and nobody's: who has one of the roles anywhere reads all of it.
    """

    projection: Projection[Any, Any]
    path: str
    roles: tuple[Role, ...]
    by: tuple[str, ...] = ()
    sort: str = "id"
    open: bool = False
    summary: str


type SaidBy = Mapping[str, tuple[Role, ...]]
"""By the name of a fact, the roles that may bring it about."""


def who_may_say(doors: Iterable[Door]) -> SaidBy:
    """Return who may bring about each fact, through any of these doors."""
    said = defaultdict[str, list[Role]](list)
    for door in doors:
        for fact in door.says:
            said[kind_of(fact).name] += door.roles
    return {name: tuple(dict.fromkeys(roles)) for name, roles in said.items()}
