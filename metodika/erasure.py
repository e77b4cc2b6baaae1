"""Erasure: the fact that says it, the key that ends it (contracts §6, 152-ФЗ)."""

from datetime import date
from uuid import UUID

from metodika.world import World
from services.registry.domain import ErasePersonalData
from shared.kernel.ids import PersonId, named
from shared.runtime.asking import Asked, Outcome

CLAIMED = ("snils",)
"""Kinds of keys from which a person could be found again."""


def erase_person(
    world: World, person_id: UUID, *, reason: str, act_no: str, on: date
) -> Outcome:
    """Record the erasure and destroy the key; asked twice, nothing new is said.

    The key goes after the fact is stored, so a crash between leaves a fact that asks
    for it: `sweep` finishes what was begun.
    """
    engine = world.engines["registry"]
    command = ErasePersonalData(
        person_id=PersonId(person_id),
        reason=reason,
        act_no=act_no,
        erased_on=on,
        key_id=world.keys.key_id(person_id),
    )
    command_id = named("erase", str(person_id), act_no)
    outcome = engine.ask(Asked(command=command, command_id=command_id, actor="operator"))
    if outcome.status in ("accepted", "unchanged"):
        destroy(world, person_id)
    return outcome


def destroy(world: World, person_id: UUID) -> None:
    """Destroy the key and every deletable index entry of a person."""
    world.keys.erase(person_id)
    for kind in CLAIMED:
        world.stores["registry"].forget(kind, person_id)


def sweep(world: World) -> int:
    """Destroy again the key of everybody whose erasure is recorded; return how many."""
    said = ("registry.PersonalDataErased",)
    position, swept = 0, 0
    while records := world.stores["registry"].read(position, 1000, names=said):
        for each in records:
            destroy(world, each.stream)
        position, swept = records[-1].position, swept + len(records)
    return swept
