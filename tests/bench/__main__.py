"""`python -m tests.bench [NAME …] [--write]`: ours against a rival, in one run.

`--write` puts the lines into docs/benchmarks.md; names pick some of them.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from shared.runtime.allocator import begin_with_room
from tests.bench.measured import Measured, machine, say

NAMES = ("append", "rebuild", "segments", "country", "importing", "visible", "cluster", "sinks")
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = ("What", "Ours", "Rival", "The rival is", "Our speed", "Budget", "")


def main(arguments: Sequence[str]) -> int:
    """Run, print, and write if asked to."""
    asked = [each for each in arguments if not each.startswith("-")]
    unknown = {each for each in arguments if each not in {*NAMES, "--write"}}
    if unknown:
        sys.stderr.write(f"no such benchmark: {', '.join(sorted(unknown))}\n{__doc__}")
        return 2
    for name in asked or NAMES:
        on = machine()
        say(f"── {name}: {on}")
        lines = _lines(name)
        for each in lines:
            say("   " + " · ".join(filter(None, each.cells())))
        if "--write" in arguments:
            _write(name, on, lines)
    return 0


def _lines(name: str) -> list[Measured]:
    run: Callable[[], Iterable[Measured]] = import_module(f"tests.bench.{name}").run
    return list(run())


def _write(name: str, on: str, lines: Sequence[Measured]) -> None:
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    said = PAGE.read_text()
    before, _, rest = said.partition(begin)
    _, _, after = rest.partition(end)
    today = datetime.now(UTC).date()
    told = f"`python -m tests.bench {name} --write`, {today}, {on}\n"
    rows = [HEAD, ("---",) * len(HEAD), *(each.cells() for each in lines)]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    PAGE.write_text(f"{before}{begin}{told}\n{table}{end}{after}")


if __name__ == "__main__":
    begin_with_room()  # as `metodika up` does
    sys.exit(main(sys.argv[1:]))
