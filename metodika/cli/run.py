"""What the operator starts: a migration, and the services."""

from contextlib import closing
from pathlib import Path

import click

from metodika.cli import say
from metodika.services import NAMES, folded_by, source
from metodika.up import up as running
from metodika.world import names_of, opened, prepare
from shared.runtime.releases import came
from shared.runtime.store import open_store

FIVE = "five services at /registry … /monitoring"


@click.command()
@say.world_option
def migrate(world: Path | None) -> None:
    """Make every table that is missing, for this release; safe to repeat.

    Of releases that run side by side the one that was migrated to last is the newest.
    """
    settings = say.settings(world)
    prepare(settings)
    for name in names_of(settings):
        with closing(open_store(settings.store(name), source(name))) as log:
            came(log, folded_by(name), again=True)
    click.echo("migrated: " + ", ".join(source(name) for name in names_of(settings)))


@click.command()
@click.option("--service", type=click.Choice(NAMES), help="One service against a cluster.")
@click.option("--port", type=click.IntRange(0, 65535), default=None)
@say.world_option
def up(service: str | None, port: int | None, world: Path | None) -> None:
    """Run the embedded world, five services in one process; or one service of a cluster."""
    said = {"service": service, "http_port": port}
    settings = say.settings(world, **{k: v for k, v in said.items() if v is not None})
    with opened(settings) as here:
        swept = here.engines["registry"].swept() if "registry" in here.engines else 0
        click.echo(
            f"http://{settings.http_host}:{settings.http_port}, "
            f"{settings.service or FIVE}, {swept} erasures kept",
            err=True,
        )
        running(here)


COMMANDS = (migrate, up)
