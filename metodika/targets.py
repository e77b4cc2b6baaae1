"""What the founding documents define and promise, said by monitoring once."""

from collections.abc import Mapping

from metodika.world import World
from services.monitoring.domain import FOUNDING_TARGETS, founding_definitions
from shared.kernel.ids import named
from shared.runtime.asking import Asked
from shared.runtime.definitions import Definition


def set_targets(world: World) -> None:
    """Say every definition and every target; said again, nothing is new."""
    world.engines["monitoring"].ask_many(founding(world.answers.definitions))


def founding(known: Mapping[str, Definition]) -> list[Asked]:
    """Return what monitoring is asked first, of these indicators."""
    formulas = {each.id: each.sha256 for each in known.values()}
    commands = (*founding_definitions(formulas), *FOUNDING_TARGETS)
    return [
        Asked(command=each, command_id=named("founding", repr(each)), actor="founders")
        for each in commands
    ]
