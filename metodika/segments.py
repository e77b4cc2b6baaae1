"""What stands beside the segments of a world's ledger: roots of its logs, and the questions."""

from metodika.world import INDICATORS, World
from shared.runtime.segments_logs import Roots, roots_of


def beside(world: World) -> tuple[Roots, dict[str, str]]:
    """Return what gives the roots of the logs at hand, and the indicators by their paths."""
    questions = {
        f"indicators/{each.name}": each.read_text() for each in INDICATORS.glob("*.sql")
    }
    return roots_of({each.source: each for each in world.stores.values()}), questions
