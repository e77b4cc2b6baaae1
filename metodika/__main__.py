"""`python -m metodika` is `metodika`: a process of its own."""

import sys

from metodika.cli import main
from shared.runtime.allocator import begin_with_room


def typed() -> None:
    """Run a command; what answers for weeks begins with room for small blocks (ADR 0050)."""
    if sys.argv[1:2] == ["up"]:
        begin_with_room()
    main()


if __name__ == "__main__":
    typed()
