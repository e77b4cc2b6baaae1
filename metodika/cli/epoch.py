"""What an operator does after a log was put back from a copy: look, begin anew, adopt."""

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from metodika.cli import say
from metodika.cli.parked import somebody
from metodika.restored import (
    LEDGER,
    Astray,
    AtHand,
    Because,
    Lost,
    adopt,
    adopted,
    astray,
    begin,
    lost,
    parted,
    said_because,
    unannounced,
)
from metodika.services import NAMES
from metodika.world import opened
from shared.runtime.branches import Note, begun
from shared.runtime.engine import utc_now
from shared.runtime.log import Conflict
from shared.runtime.store import LogStore
from shared.runtime.topic_log import TopicLog

EPOCHS = ("log", "epoch", "after", "begun", "by", "reason")
ASTRAY = ("log", "hearer", "heard", "common", "again", "because", "parked")

reason_option: say.Decorator = click.option(
    "--reason", required=True, help="Why: which copy, after what; it is kept."
)
by_option: say.Decorator = click.option(
    "--by", default=somebody, help="Who decides so; the system's user if not given."
)
dry_option: say.Decorator = click.option(
    "--dry-run", is_flag=True, help="Say what it would touch, and touch nothing."
)


@click.group()
def epoch() -> None:
    """A log put back from an older copy: list, lost, new, adopt.

    In a cluster each command speaks of one service, which must not run: its own log, and
    what it heard of the others. Their logs are read out of Kafka.
    """


@contextmanager
def at_hand(world: Path | None) -> Generator[AtHand]:
    """Open a world with all that can be read of the logs from here."""
    with opened(say.existing(world)) as here:
        yield AtHand.of(here)


ATTEMPTS, PAUSE = 10, 0.5


@contextmanager
def alone(here: AtHand) -> Generator[None]:
    """Hold the lease of a cluster's service, so that nobody hears or publishes for it."""
    if here.world.settings.embedded:  # its ledger is open: nobody else is at work
        yield
        return
    (store,) = here.world.stores.values()
    for _ in range(ATTEMPTS):
        with store.lease() as lease:
            if lease is not None:
                yield
                return
        time.sleep(PAUSE)
    say.no(f"{store.source} is at work: stop every process of its service first")


@epoch.command("list")
@say.world_option
@say.json_option
def epoch_list(world: Path | None, as_json: bool) -> None:
    """List the epochs of each log: after what, by whom and why."""
    with at_hand(world) as here:
        rows = [row for name in here.logs for row in epochs_of(here, name)]
    if as_json:
        say.json(rows)
    else:
        told = (row | {"begun": on_the_clock(row["begun"])} for row in rows)
        say.table("Epochs", EPOCHS, ([row[c] for c in EPOCHS] for row in told), right="after")


def on_the_clock(moment: datetime | None) -> str:
    """Return a moment (UTC) as tables show it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def epochs_of(here: AtHand, name: str) -> list[dict[str, Any]]:
    """Return the epochs of a log, the first first; who began them, where it is at hand."""
    log, rows = here.logs[name], list[dict[str, Any]]()
    for each in log.epochs():
        note = begun(log, each.epoch) if isinstance(log, LogStore) else None
        row = {"log": log.source, "epoch": each.epoch, "parent": each.parent}
        told = {"at": note.at, "by": note.by, "reason": note.reason} if note else {}
        row |= {"after": each.branched_at, "begun": told.get("at")}
        row |= {"by": told.get("by"), "reason": told.get("reason"), "adopted": []}
        rows.append(row)
    notes = (adopted(other, log) for other in here.world.stores.values())
    rows[-1]["adopted"] = [note for note in notes if note]
    return rows


@epoch.command("lost")
@say.world_option
@say.json_option
def epoch_lost(world: Path | None, as_json: bool) -> None:
    """List facts that no log holds, and what followed of them.

    Lost facts are told as the ledger knows them. Ask before `adopt`: after it the ledger
    knows only what the logs hold. With `--json` each lost fact comes with its fields; what
    was sealed is in no ledger. In a cluster they are told of the service's own log, as they
    were published, and `epoch new` keeps them.
    """
    with at_hand(world) as here:
        gone = list(lost(here))
        stores = here.world.stores.values()
        because = [one for store in stores for one in said_because(here, store)]
    if as_json:
        say.json({"lost": [asdict(e) for e in gone], "because": [asdict(e) for e in because]})
    else:
        show_lost(gone, because)


def show_lost(gone: Sequence[Lost], because: Sequence[Because]) -> None:
    """Show both as tables."""
    say.table(
        "Lost, as the ledger or Kafka knows it",
        ("log", "position", "recorded (UTC)", "fact", "event"),
        ((e.log, e.position, on_the_clock(e.recorded_at), e.name, e.event_id) for e in gone),
        right="position",
    )
    say.table(
        "Said because of what no log holds",
        ("log", "position", "fact", "event", "because of"),
        ((e.log, e.position, e.name, e.event_id, e.lost) for e in because),
        right="position",
    )


@epoch.command("new")
@click.argument("service", type=click.Choice(NAMES))
@reason_option
@by_option
@dry_option
@say.world_option
@say.json_option
def epoch_new(
    service: str, reason: str, by: str, dry_run: bool, world: Path | None, as_json: bool
) -> None:
    """Let a log that was put back go on in a new epoch.

    It begins after the log's present end; do it before anything is said. The log's
    documents are folded anew. Who heard nothing of what is lost follows by itself; who did
    has stopped, until `metodika epoch adopt`. In a cluster the topic begins anew, as soon as
    the service runs again; what was published and is lost is kept for `epoch lost`.
    """
    note = noted(by, reason)
    with at_hand(world) as here, alone(here):
        store = own_store(here, service)
        head, apart = store.head(), parted(store, here.own_topic(service))
        stopped = [each.hearer for each in astray(here) if each.log == store.source]
        new = None if dry_run else asyncio.run(begin(here.world, service, note, apart)).epoch
    if as_json:
        said = {"log": store.source, "parent": head.epoch, "after": head.position}
        say.json(said | {"epoch": new, "stopped": stopped})
        return
    would = "would go on" if dry_run else "goes on"
    click.echo(f"{store.source} {would} in a new epoch after {head.position}")
    if stopped:
        click.echo(f"stopped until metodika epoch adopt: {', '.join(stopped)}", err=True)


def own_store(here: AtHand, service: str) -> LogStore:
    """Return the log of a service, which must be at hand itself."""
    log = here.logs[service]
    if isinstance(log, TopicLog):
        say.no(
            f"{log.source} is in another database: METODIKA_SERVICE={service}", say.EXIT_USAGE
        )
    return log


@epoch.command("adopt")
@reason_option
@by_option
@dry_option
@say.world_option
@say.json_option
def epoch_adopt(reason: str, by: str, dry_run: bool, world: Path | None, as_json: bool) -> None:
    """Let all who heard what is lost go on with the logs.

    A service goes back to what it has in common with the log, and what it knew of the lost
    facts goes; what it said because of them stays: withdraw it if it is not so. The ledger
    is built of the logs anew. In a cluster do so for each service that has stopped.
    """
    note = noted(by, reason)
    with at_hand(world) as here, alone(here):
        require_whole_topics(here)
        them = astray(here)
        early = unannounced(here, them)
        if not (early or dry_run):
            try:
                adopt(here, them, note)
            except Conflict as taken:
                say.no(f"{taken.which} went on meanwhile: stop its service first")
    if as_json:
        say.json([asdict(each) for each in them])
    else:
        show(them, dry_run=dry_run or bool(early))
    if early:
        say.no(f"{', '.join(early)}: metodika epoch new first, or the old one says two things")


def require_whole_topics(here: AtHand) -> None:
    """Say no while a topic does not hold what its log has: it has begun anew just now."""
    for log in here.logs.values():
        if isinstance(log, TopicLog) and not log.whole():
            say.no(f"{log.source} is being published anew: again when its service is ready")


def show(them: Sequence[Astray], *, dry_run: bool) -> None:
    """Show who goes back, how far, and what stays of what is lost."""
    if not them:
        click.echo("nobody heard anything that the logs do not hold")
        return
    rows = ([getattr(each, c) for c in ASTRAY] for each in them)
    title = "Would go back" if dry_run else "Went back"
    say.table(title, ASTRAY, rows, right="heard common again because parked")
    if any(each.hearer == LEDGER for each in them):
        click.echo(f"the ledger {'would be' if dry_run else 'was'} built of the logs anew")


def noted(by: str, reason: str) -> Note:
    """Return who decides what, and why; both must be said."""
    if not (reason.strip() and by.strip()):
        say.no("it needs a reason, and somebody who answers for it", say.EXIT_USAGE)
    return Note(at=utc_now(), by=by.strip(), reason=reason.strip())


COMMANDS = (epoch,)
