"""The first thing to run, and the proof: a demonstration, a replay, a relay."""

import asyncio
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path

import click

from metodika.cli import say
from metodika.replaying import Replayed, replay_documents, replay_known, replay_ledger
from metodika.services import NAMES, source
from metodika.world import World, names_of, opened, prepare
from shared.runtime.columns import Hole
from shared.runtime.engine import utc_now
from shared.runtime.kafka import Broker
from shared.runtime.relay import Relay
from shared.runtime.relay_agreed import Beyond
from shared.runtime.settings import Settings
from shared.runtime.store import LogStore, open_store

STOPPED = 130
"""What a shell says of whoever was stopped by Ctrl-C."""


def proved(
    here: World, as_of: date, broker: Broker | None = None, segments: Path | None = None
) -> Replayed:
    """Rebuild ledger and documents, and compare."""
    result = replay_ledger(here, as_of, broker, segments)
    asyncio.run(replay_documents(here, result))
    replay_known(here, result)
    return result


def tell(result: Replayed, *, as_json: bool) -> None:
    """Say whether the rebuilt is equal."""
    if as_json:
        say.json(asdict(result))
    else:
        click.echo(
            f"   {result.facts} facts read again: {result.indicators} indicators with all "
            f"their members, {result.histories} histories that services go by "
            f"and {result.documents} documents are "
            + ("EQUAL" if not result.differs else "NOT EQUAL")
        )
    if result.differs:
        say.no("not as it was: " + ", ".join(sorted(result.differs)[:20]))


@click.command()
@click.option("--from", "transport", type=click.Choice(["stores", "kafka"]), default="stores")
@click.option(
    "--as-of", type=say.DAY, default=None, help="Indicators are compared on this date."
)
@click.option(
    "--from-segments",
    "segments",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The ledger out of this folder of segments, and of the logs what follows them.",
)
@say.world_option
@say.json_option
def replay(
    transport: str,
    as_of: date | None,
    segments: Path | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """Rebuild the ledger and all documents from the logs; say whether they are equal."""
    settings = say.existing(world)
    broker = Broker.of(settings) if transport == "kafka" else None
    with opened(settings) as here:
        here.settle()
        try:
            result = proved(here, as_of or utc_now().date(), broker, segments)
        except Hole as wrong:
            say.no(f"{wrong}; the ledger is as it was")
        except KeyboardInterrupt:
            say.no("stopped before the end; the ledger is as it was, or wholly new", STOPPED)
        tell(result, as_json=as_json)


@click.command()
@click.option(
    "--from", "after", type=click.IntRange(min=0), help="Publish anew after this position."
)
@click.option("--service", type=click.Choice(NAMES), help="One log alone.")
@say.world_option
def relay(after: int | None, service: str | None, world: Path | None) -> None:
    """Publish the logs to Kafka up to their ends, or a topic anew from a position.

    Where a service is at work its own relay is asked to go back, and does the rest.
    """
    settings = say.existing(world)
    broker, left = Broker.of(settings), list[str]()
    for log in logs_of(settings, service):
        try:
            told = asyncio.run(published(log, broker, after))
        except Beyond as wrong:
            say.no(str(wrong), say.EXIT_NO if after is None else say.EXIT_USAGE)
        click.echo(f"{log.source}: {told or ANOTHER}")
        left += [] if told else [log.source]
    if left:
        say.no(f"{', '.join(left)}: {WAITS if after is None else BUSY}")


def logs_of(settings: Settings, asked: str | None) -> Generator[LogStore]:
    """Open each log, or the one asked for, beside whatever runs on it."""
    names = names_of(settings)
    if asked and asked not in names:
        log = source(asked)
        say.no(f"{log} is in another database: METODIKA_SERVICE={asked}", say.EXIT_USAGE)
    if settings.embedded:
        prepare(settings)
    for name in [asked] if asked else names:
        with closing(open_store(settings.store(name), source(name))) as log:
            yield log


PATIENCE = 30
"""Seconds that a relay has to go back."""
ANOTHER = "another relay leads"
WAITS = "not by this command; look at /health/ready of the service, or stop it and try again"
BUSY = "not published anew; try again later, or stop every process of the service first"


async def published(log: LogStore, broker: Broker, after: int | None) -> str | None:
    """Publish one log; say what was done, None if another relay leads and goes its way."""
    await broker.provision([log.source])
    one = Relay(log, broker)
    reached = await (one.drain() if after is None else one.rebuild(after))
    if reached >= 0:
        return f"published up to {reached}"
    if after is not None and await one.taken(PATIENCE):
        return f"the relay that leads publishes it anew after {after}"
    return None


COMMANDS = (replay, relay)
