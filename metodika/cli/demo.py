"""The first thing to run: a demonstration."""

import shutil
import time
from datetime import date, datetime
from pathlib import Path

import click

from metodika.cli import numbers, say
from metodika.cli import numbers_shown as shown
from metodika.cli.generate import filled
from metodika.cli.prove import proved, tell
from metodika.generate import Clock
from metodika.world import World, opened, require_writable

SHOWN_ON = date(2024, 12, 31)
DEMO = "made-by-demo"
"""A file that says so: a world like this one may be thrown away."""


def emptied(folder: Path) -> None:
    """Begin in an empty folder; what an earlier demo left goes, nothing else does."""
    require_writable(folder, "WORLD")
    if any(folder.iterdir()) and not (folder / DEMO).exists():
        say.no(f"{folder} is not empty and no demo's: choose another folder", say.EXIT_USAGE)
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / DEMO).touch()


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@say.world_option
def demo(seed: int, world: Path | None) -> None:
    """Make a region, show its numbers, one of them as known on two dates, and the proof."""
    began, clock = time.monotonic(), Clock()
    settings = say.settings(world or Path("world/demo"))
    emptied(settings.world)
    with opened(settings, clock) as here:
        click.echo("1. A region is made through the real commands: Приморский край, 120 people")
        made = filled(here, clock, seed, "XS")
        facts = sum(store.head().position for store in here.stores.values())
        click.echo(f"   {made.commands} commands, {facts} facts in five logs")
        click.echo(f"\n2. Its indicators on {SHOWN_ON:%d.%m.%Y}")
        values = numbers.all_values(here, "25", SHOWN_ON, None)
        title = f"Приморский край на {SHOWN_ON:%d.%m.%Y}"
        say.table(
            title,
            shown.COLUMNS,
            (shown.row(here, each) for each in values),
            right=shown.RIGHT,
        )
        early = datetime.fromisoformat("2024-12-31T23:59:59+00:00")
        kpi = most_changed(here, early)
        click.echo(f"\n3. One number as known on two dates: {kpi}, and the facts between")
        shown.differ(here, kpi, "25", SHOWN_ON, early, None)
        click.echo("\n4. Everything derived is thrown away and rebuilt from the logs")
        result = proved(here, SHOWN_ON)
        tell(result, as_json=False)
    click.echo(f"\n{time.monotonic() - began:.0f} s. Worth trying next:")
    where = f"--world {settings.world}"
    click.echo(f"  metodika kpi members K-F1 --side not --as-of 2024-12-31 {where}")
    click.echo(f"  metodika import examples/roster --system demo --dry-run {where}")
    click.echo(f"  metodika verify {where}")


def most_changed(here: World, early: datetime) -> str:
    """Return the indicator that late facts changed most."""
    (old, _), (new, _) = here.answers.vector(early), here.answers.vector(None)
    counts = {
        kpi: len(here.answers.diff(kpi, "25", SHOWN_ON, old, new))
        for kpi in ("K-RR03", "K-RR09", "K-F1", "K-F2a", "K-F4")
    }
    return max(counts, key=lambda kpi: counts[kpi])


COMMANDS = (demo,)
