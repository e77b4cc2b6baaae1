"""Commands as a system outside asks for them: a door, a body, a token."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import uuid4, uuid5

import msgspec

from metodika.services import NAMES, doors
from services.registry.domain import GrantAccess
from shared.events.registry import Role
from shared.kernel.ids import NAMES as NAMES_OF
from shared.kernel.ids import GrantId, Territory
from shared.runtime.asking import Asked
from shared.runtime.doors import Door
from shared.runtime.engine import Engine
from shared.runtime.schemas import BRACES, Accepted

DOORS: Mapping[type[Any], Door] = {
    each.command: each for name in NAMES for each in doors(name) if isinstance(each, Door)
}


def spoken(command: Any) -> tuple[str, dict[str, Any]]:
    """Return the path and the body by which a door is asked for a command."""
    door = DOORS[type(command)]
    names = BRACES.findall(door.path)
    accepted = Accepted.of(type(command), names)
    said = {each.name: getattr(command, each.name) for each in fields(command)}
    asked = {str(each.alias) for each in accepted.body.model_fields.values()} & said.keys()
    body = {name: said[name] for name in asked}
    plain = msgspec.json.decode(msgspec.json.encode(body))
    return door.path.format(**said), plain


def headers(token: str) -> dict[str, str]:
    """Return the headers of a command that is asked for once."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}


def grant(
    subject: str, role: Role, territory: str, since: date = date(2020, 8, 6)
) -> GrantAccess:
    """Return the command that lets somebody in."""
    return GrantAccess(
        grant_id=GrantId(uuid5(NAMES_OF, f"grant/{subject}/{role}")),
        grantee=subject,
        role=role,
        territory=Territory(territory),
        until=None,
        granted_on=since,
    )


def let_in(registry: Engine) -> None:
    """Let the first one in, who lets in all others: whoever installs a system does it."""
    first = grant("federal-1", "federal", "")
    asked = Asked(command=first, command_id=first.grant_id, actor="operator")
    assert registry.ask(asked).status == "accepted"
