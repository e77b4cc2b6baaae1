"""Erasure: the fact that says it, the key that ends it (contracts §6, 152-ФЗ)."""

from datetime import date
from uuid import UUID

from metodika.world import World
from services.registry.domain import ErasePersonalData
from shared.kernel.ids import PersonId, named
from shared.runtime.asking import Asked, Outcome


def erase_person(
    world: World, person_id: UUID, *, reason: str, act_no: str, on: date
) -> Outcome:
    """Record the erasure, which destroys the key; asked twice, nothing new is said."""
    command = ErasePersonalData(
        person_id=PersonId(person_id), reason=reason, act_no=act_no, erased_on=on
    )
    command_id = named("erase", str(person_id), act_no)
    asked = Asked(command=command, command_id=command_id, actor="operator")
    return world.engines["registry"].ask(asked)
