"""A look around: where every log ends, and whether all is well to start."""

import asyncio
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from metodika.cli import say
from metodika.restored import AtHand, NotAsHeard, not_as_heard
from metodika.services import NAMES, source
from metodika.world import World, names_of, opened
from shared.runtime.hearing import AWAY
from shared.runtime.kafka import Broker, NoTopic
from shared.runtime.reach import Unreachable
from shared.runtime.relay_agreed import holds
from shared.runtime.relay_lead import RELAY
from shared.runtime.settings import Settings
from shared.runtime.store import NotMigrated, open_store
from shared.runtime.topic import held

LEAST_SPACE = 500
"""MiB below which a start is not advised."""


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


COMMANDS = (status, doctor)
