"""A synthetic region, by seed."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from metodika.cli import say
from metodika.generate import (
    BEFORE,
    Clock,
    Columns,
    Made,
    Progress,
    Stores,
    behind,
    carry_out_tier,
    lay_out,
)
from metodika.plan import TIERS, TILED, Tier
from metodika.world import World, opened
from shared.runtime.log import Record


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--tier", type=click.Choice(list(TIERS)), default="XS", show_default=True)
@click.option(
    "--to",
    "sink",
    type=click.Choice(["stores", "ledger"]),
    default="stores",
    show_default=True,
    help="Through the engines into the logs, or in memory straight into the ledger.",
)
@say.world_option
@say.json_option
def generate(seed: int, tier: Tier, sink: str, world: Path | None, *, as_json: bool) -> None:
    """Make a synthetic region by seed, through the real commands.

    Tiers L and XL are laid out of copies of one district, and go to the ledger only. A
    ledger that was made so has no logs behind it: it answers, and nothing else.
    """
    began, clock = time.monotonic(), Clock()
    with opened(say.settings(world), clock) as here:
        require_fit(here, sink, tier)
        if sink == "stores":
            made = filled(here, clock, seed, tier)
        else:
            made = into_ledger(here, seed, tier)
        facts = sum(position for _, position in here.ledger.positions().values())
    if as_json:
        say.json(made)
        return
    seconds = time.monotonic() - began
    click.echo(
        f"{made.commands} commands: {made.accepted} accepted, {made.unchanged} already so"
    )
    click.echo(f"{facts:,} facts in the ledger after {seconds:.0f} s")
    for why, times in sorted(made.refused.items()):
        click.echo(f"  refused {times} times, {why}")


def require_fit(here: World, sink: str, tier: Tier) -> None:
    """Say no where one world would get facts of two origins."""
    logged = {store.source: store.head().position for store in here.stores.values()}
    known = {log: position for log, (_, position) in here.ledger.positions().items()}
    where = here.settings.world
    if sink == "stores" and tier in TILED:
        say.no(f"tier {tier} is laid out of tiles: it goes --to ledger only")
    if sink == "stores" and any(known[log] > logged.get(log, 0) for log in known):
        say.no(f"the ledger in {where} was made without logs: choose another --world")
    if sink == "ledger" and (any(logged.values()) or known):
        say.no(f"there are facts in {where} already: choose another --world")


def filled(here: World, clock: Clock, seed: int, tier: Tier) -> Made:
    """Carry out a plan in a world, with the founding targets."""
    with shown_progress() as progress:
        known = here.answers.definitions
        return carry_out_tier(Stores(here, clock), known, seed, tier, progress)


def into_ledger(here: World, seed: int, tier: Tier) -> Made:
    """Carry out a plan in memory; every log is heard up to the last moment of any."""
    last = BEFORE

    def take(records: list[Record]) -> None:
        nonlocal last
        last = max(last, *(each.recorded_at for each in records))
        here.ledger.ingest(records)

    with behind(take) as later, shown_progress() as progress:
        known = here.answers.definitions
        if tier in TILED:
            made = lay_out(later, known, seed, tier)
        else:
            made = carry_out_tier(Columns(later), known, seed, tier, progress)
    for log, (epoch, position) in here.ledger.positions().items():
        here.ledger.beat(log, epoch, position, last)
    return made


@contextmanager
def shown_progress() -> Generator[Progress]:
    """Draw a bar of the steps that are taken."""
    with say.progress("generate") as bar:
        task = bar.add_task("")
        yield lambda taken, of: bar.update(task, completed=taken, total=of)


COMMANDS = (generate,)
