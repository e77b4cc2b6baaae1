"""What the operator starts: a world, a demonstration, a migration, a look around."""

import shutil
import socket
from pathlib import Path

import click

from metodika.cli import say
from metodika.generate import Clock, carry_out
from metodika.plan import TIERS, Tier, plan
from metodika.services import NAMES, source
from metodika.targets import set_targets
from metodika.world import World, opened, prepare
from shared.runtime.store import open_store


@click.command()
@say.world_option
def migrate(world: Path | None) -> None:
    """Make every table that is missing; safe to repeat, apart from every start."""
    settings = say.settings(world)
    prepare(settings)
    click.echo("migrated: " + ", ".join(source(name) for name in NAMES))


@click.command()
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--tier", type=click.Choice(list(TIERS)), default="XS", show_default=True)
@say.world_option
@say.json_option
def generate(seed: int, tier: Tier, world: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Make a synthetic region by seed, through the real commands."""
    clock = Clock()
    with opened(say.settings(world), clock) as here:
        made = filled(here, clock, seed, tier)
    if as_json:
        say.json(made)
        return
    click.echo(
        f"{made.commands} commands: {made.accepted} accepted, {made.unchanged} already so"
    )
    for why, times in sorted(made.refused.items()):
        click.echo(f"  refused {times} times, {why}")


def filled(here: World, clock: Clock, seed: int, tier: Tier):  # noqa: ANN201 - Made
    """Carry out a plan in a world, with the founding targets."""
    set_targets(here)
    steps = list(plan(seed, TIERS[tier]))
    with say.progress("generate") as bar:
        task = bar.add_task("", total=len(steps))
        return carry_out(here, steps, clock, lambda n: bar.advance(task, n))


@click.command()
@say.world_option
@say.json_option
def status(world: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Show every log: its end, who has heard how much of it, what is parked."""
    with opened(say.existing(world)) as here:
        heads = {name: store.head() for name, store in here.stores.items()}
        marks = {name: store.marks() for name, store in here.stores.items()}
        taken = here.ledger.positions()
        rows = [
            {
                "log": source(name),
                "records": head.position,
                "last": head.recorded_at,
                "unheard": {
                    other: head.position
                    - (m.position if (m := marks[other].get(source(name))) else 0)
                    for other in NAMES
                    if other != name
                },
                "not_in_ledger": head.position - taken.get(source(name), (None, 0))[1],
                "parked": len(here.stores[name].parked()),
            }
            for name, head in heads.items()
        ]
    if as_json:
        say.json(rows)
        return
    columns = (
        "log",
        "records",
        "last recorded (UTC)",
        "most unheard",
        "not in ledger",
        "parked",
    )
    shown = (
        (
            r["log"],
            r["records"],
            f"{r['last']:%Y-%m-%d %H:%M:%S}" if r["last"] else "",
            max(r["unheard"].values()),
            r["not_in_ledger"],
            r["parked"],
        )
        for r in rows
    )
    say.table("Logs", columns, shown, right="records most unheard not in ledger parked")


@click.command()
@say.world_option
def doctor(world: Path | None) -> None:
    """Check the settings, the stores, the free space and the port, one line each."""
    settings = say.settings(world)
    bad = 0
    for what, ok, told in _examined(settings):
        click.echo(f"{'ok ' if ok else 'BAD'}  {what}: {told}")
        bad += not ok
    if bad:
        say.no(f"{bad} checks failed")


def _examined(settings):  # noqa: ANN001, ANN202
    yield "settings", True, "embedded world" if settings.embedded else "cluster"
    where = settings.world if settings.world.exists() else settings.world.absolute().parent
    free = shutil.disk_usage(where).free // 2**20
    yield "free space", free > 500, f"{free} MiB"
    for name in NAMES if settings.embedded else [settings.service or ""]:
        try:
            store = open_store(settings.store(name), source(name))
            yield source(name), True, f"{store.head().position} records"
            store.close()
        except Exception as wrong:  # noqa: BLE001 - whatever is wrong is what is told
            yield source(name), False, f"{type(wrong).__name__}: {wrong}"
    with socket.socket() as probe:
        taken = probe.connect_ex((settings.http_host, settings.http_port)) == 0
        address = f"{settings.http_host}:{settings.http_port}"
        yield "port", not taken, f"{address} {'is taken' if taken else 'is free'}"


COMMANDS = (migrate, generate, status, doctor)
