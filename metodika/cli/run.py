"""What the operator starts: a world, a demonstration, a migration, a look around."""

import asyncio
import os
import shutil
import socket
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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
from metodika.restored import AtHand, NotAsHeard, not_as_heard
from metodika.services import NAMES, folded_by, source
from metodika.up import up as running
from metodika.world import World, names_of, opened, prepare
from shared.runtime.hearing import AWAY
from shared.runtime.kafka import Broker, NoTopic
from shared.runtime.log import Record
from shared.runtime.reach import Unreachable
from shared.runtime.relay_agreed import holds
from shared.runtime.relay_lead import RELAY
from shared.runtime.releases import came
from shared.runtime.settings import Settings
from shared.runtime.store import NotMigrated, open_store
from shared.runtime.topic import held

FIVE = "five services at /registry … /monitoring"
LEAST_SPACE = 500
"""MiB below which a start is not advised."""


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


@dataclass(frozen=True)
class End:
    """One log: its end, the most that a service has not heard of it, what is parked.

    `without_log` are facts of the ledger that lie behind the log's end: it was made without
    logs (`generate --to ledger`), or the log lost its tail. `heard_beyond`: so many facts
    behind the end were heard by a service. `not_as_heard`: who has stopped, because the
    record at its mark is not the one it heard. `otherwise`: what topics of a cluster say
    otherwise than this log, or than its service heard. `lost_in_topic`: what its own topic
    has lost of what was published.
    """

    log: str
    records: int
    last: datetime | None
    unheard: int
    heard_beyond: int
    not_in_ledger: int
    without_log: int
    parked: int
    not_as_heard: Sequence[NotAsHeard]
    otherwise: Sequence[str]
    lost_in_topic: str | None


@click.command()
@say.world_option
@say.json_option
def status(world: Path | None, as_json: bool) -> None:
    """Show every log: its end, who has heard how much of it, what is parked."""
    with opened(say.existing(world)) as here:
        ends = [end_of(here, name) for name in here.names]
    if as_json:
        say.json([asdict(each) for each in ends])
    else:
        show(ends)
    require_whole(ends)


def show(ends: Sequence[End]) -> None:
    """Show where logs end as a table."""
    columns = ("log", "records", "last recorded (UTC)", "unheard", "not in ledger", "parked")
    rows = (
        (
            e.log,
            e.records,
            f"{e.last:%Y-%m-%d %H:%M:%S}" if e.last else "",
            e.unheard,
            e.not_in_ledger,
            e.parked,
        )
        for e in ends
    )
    say.table("Logs", columns, rows, right="records unheard not in ledger parked")
    without = sum(each.without_log for each in ends)
    if without:
        click.echo(f"{without:,} facts of the ledger have no log behind them", err=True)


def require_whole(ends: Sequence[End]) -> None:
    """Say no where a log has lost what others heard of it, or says something else there."""
    told = [each for end in ends for each in told_of(end)]
    if told:
        told.append("an older copy was put back: say nothing in it, see metodika epoch")
    if lost := [each.lost_in_topic for each in ends if each.lost_in_topic]:
        told += [*lost, "its relay fills it when it runs, or metodika relay"]
    if told:
        say.no("; ".join(told))


def told_of(end: End) -> Iterator[str]:
    """Say what of a log is not as its hearers heard it, where, and who they are."""
    if end.heard_beyond:
        yield f"{end.log} lost its last {end.heard_beyond:,} records, which were heard"
    found: dict[tuple[int, str], list[str]] = {}
    for each in end.not_as_heard:
        found.setdefault((each.position, each.what), []).append(each.hearer)
    for (position, what), hearers in sorted(found.items()):
        yield f"{end.log} at {position} is not as {', '.join(hearers)} heard it: {what}"
    yield from end.otherwise


def end_of(here: World, name: str) -> End:
    """Return where a log ends, and who is how far behind it."""
    store, log = here.stores[name], source(name)
    head = store.head()
    marks = [here.stores[other].marks().get(log) for other in here.names if other != name]
    heard = [mark.position if mark else 0 for mark in marks] or [head.position]
    _, taken = here.ledger.positions().get(log) or (None, 0)
    return End(
        log=log,
        records=head.position,
        last=head.recorded_at,
        unheard=max(0, head.position - min(heard)),
        heard_beyond=max(0, max(heard) - head.position),
        not_in_ledger=max(0, head.position - taken),
        without_log=max(0, taken - head.position),
        parked=len(store.parked()),
        not_as_heard=list(not_as_heard(AtHand(here, here.stores), name)),
        otherwise=list(otherwise(here, name)) if here.settings.kafka_bootstrap else (),
        lost_in_topic=lost_in_topic(here, name),
    )


def lost_in_topic(here: World, name: str) -> str | None:
    """Say what a topic has lost of what was published, None if it has it all."""
    log = here.stores[name]
    published = log.saved(RELAY) if here.settings.kafka_bootstrap else 0
    if published:
        with suppress(Unreachable):  # `otherwise` tells it
            there = asyncio.run(held_or_none(Broker.of(here.settings), log.source))
            if there < published:
                return f"{log.source} was published up to {published}, its topic holds {there}"
    return None


async def held_or_none(broker: Broker, log: str) -> int:
    """Return up to where a topic holds a log; one that is not there holds nothing."""
    try:
        return await held(broker, log)
    except NoTopic:
        return 0


def otherwise(here: World, name: str) -> Iterator[str]:
    """Say what topics hold otherwise than a log, or than its service and ledger heard."""
    at_hand, log = AtHand.of(here), here.stores[name]
    try:
        topic = at_hand.own_topic(name)
        if topic and topic.said and not holds(log, topic.said):
            yield f"{log.source} at {topic.said.position} is not as it was published"
        for other in () if at_hand.whole else NAMES:
            for each in not_as_heard(at_hand, other) if other != name else ():
                heard = f"{source(other)} at {each.position} is not as {each.hearer} heard it"
                yield f"{heard}: {each.what}"
    except Unreachable as away:
        click.echo(f"not compared with the topics: {away}", err=True)


@click.command()
@say.world_option
@say.json_option
def doctor(world: Path | None, as_json: bool) -> None:
    """Check settings, folder, stores, free space and port, one line each."""
    checks: list[dict[str, Any]] = []
    for what, ok, told in examined(say.settings(world)):
        checks.append({"check": what, "ok": ok, "told": told})
        if not as_json:
            click.echo(f"{'ok ' if ok else 'BAD'}  {what}: {told}")
    if as_json:
        say.json(checks)
    if bad := sum(not each["ok"] for each in checks):
        say.no(f"{bad} checks failed")


def examined(settings: Settings) -> Iterator[tuple[str, bool, str]]:
    """Look at each thing that a world stands on: what, whether it is well, and how."""
    yield "settings", True, "embedded world" if settings.embedded else "cluster"
    for folder in filter(None, (settings.world, settings.ledger_dir)):
        wrong = unwritable(folder)
        yield "folder", wrong is None, wrong or str(folder)
    free = shutil.disk_usage(nearest(settings.world)).free // 2**20
    yield "free space", free > LEAST_SPACE, f"{free} MiB"
    for name in names_of(settings):
        try:
            store = open_store(settings.store(name), source(name))
            yield source(name), True, f"{store.head().position} records"
            store.close()
        except (*AWAY, NotMigrated) as wrong:
            yield source(name), False, f"{type(wrong).__name__}: {wrong}"
    with socket.socket() as probe:
        taken = probe.connect_ex((settings.http_host, settings.http_port)) == 0
        address = f"{settings.http_host}:{settings.http_port}"
        yield "port", not taken, f"{address} {'is taken' if taken else 'is free'}"


def nearest(folder: Path) -> Path:
    """Return a folder, or of those above it the first that is there."""
    whole = folder.absolute()
    return next(each for each in (whole, *whole.parents) if each.exists())


def unwritable(folder: Path) -> str | None:
    """Say why nothing can be written to a folder, without making it; None: it can."""
    there = nearest(folder)
    if not there.is_dir():
        return f"{there} is no folder"
    return None if os.access(there, os.W_OK | os.X_OK) else f"{there} can't be written"


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


COMMANDS = (migrate, generate, status, doctor, up)
