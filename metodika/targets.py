"""What the founding documents define and promise, said by monitoring once."""

from metodika.world import World
from services.monitoring.domain import FOUNDING_TARGETS, founding_definitions
from shared.kernel.ids import named
from shared.runtime.asking import Asked


def set_targets(world: World) -> None:
    """Say every definition and every target; said again, nothing is new."""
    known = world.answers.definitions
    formulas = {each.id: each.sha256 for each in known.values()}
    commands = (*founding_definitions(formulas), *FOUNDING_TARGETS)
    asked = [
        Asked(command=each, command_id=named("founding", repr(each)), actor="founders")
        for each in commands
    ]
    world.engines["monitoring"].ask_many(asked)
