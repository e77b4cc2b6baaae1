"""What an operator does after a log was put back from a copy: look, begin anew, adopt."""

import asyncio
from collections.abc import Sequence
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
    Because,
    Lost,
    Note,
    adopt,
    adopted,
    astray,
    begin,
    begun,
    lost,
    said_because,
    unannounced,
)
from metodika.services import NAMES
from metodika.world import World, opened
from shared.runtime.engine import utc_now
from shared.runtime.settings import Settings

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
    """A log put back from an older copy: list, lost, new, adopt."""


@epoch.command("list")
@say.world_option
@say.json_option
def epoch_list(world: Path | None, as_json: bool) -> None:
    """List the epochs of each log: after what, by whom and why."""
    with opened(say.existing(world)) as here:
        rows = [row for name in here.names for row in epochs_of(here, name)]
    if as_json:
        say.json(rows)
    else:
        told = (row | {"begun": on_the_clock(row["begun"])} for row in rows)
        say.table("Epochs", EPOCHS, ([row[c] for c in EPOCHS] for row in told), right="after")


def on_the_clock(moment: datetime | None) -> str:
    """Return a moment (UTC) as tables show it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def epochs_of(here: World, name: str) -> list[dict[str, Any]]:
    """Return the epochs of a log, the first first."""
    store, rows = here.stores[name], list[dict[str, Any]]()
    for each in store.epochs():
        note = begun(store, each.epoch)
        row = {"log": store.source, "epoch": each.epoch, "parent": each.parent}
        told = {"at": note.at, "by": note.by, "reason": note.reason} if note else {}
        row |= {"after": each.branched_at, "begun": told.get("at")}
        row |= {"by": told.get("by"), "reason": told.get("reason"), "adopted": []}
        rows.append(row)
    notes = (adopted(other, store) for other in here.stores.values())
    rows[-1]["adopted"] = [note for note in notes if note]
    return rows


@epoch.command("lost")
@say.world_option
@say.json_option
def epoch_lost(world: Path | None, as_json: bool) -> None:
    """List facts that no log holds, and what followed of them.

    Lost facts are told as the ledger knows them. Ask before `adopt`: after it the ledger
    knows only what the logs hold. With `--json` each lost fact comes with its fields; what
    was sealed is in no ledger.
    """
    with opened(whole(world)) as here:
        gone = list(lost(here))
        because = [one for store in here.stores.values() for one in said_because(here, store)]
    if as_json:
        say.json({"lost": [asdict(e) for e in gone], "because": [asdict(e) for e in because]})
    else:
        show_lost(gone, because)


def show_lost(gone: Sequence[Lost], because: Sequence[Because]) -> None:
    """Show both as tables."""
    say.table(
        "Lost, as the ledger knows it",
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
    has stopped, until `metodika epoch adopt`.
    """
    note = noted(by, reason)
    with opened(whole(world)) as here:
        store = here.stores[service]
        head = store.head()
        stopped = [each.hearer for each in astray(here) if each.log == store.source]
        new = None if dry_run else asyncio.run(begin(here, service, note)).epoch
    if as_json:
        said = {"log": store.source, "parent": head.epoch, "after": head.position}
        say.json(said | {"epoch": new, "stopped": stopped})
        return
    would = "would go on" if dry_run else "goes on"
    click.echo(f"{store.source} {would} in a new epoch after {head.position}")
    if stopped:
        click.echo(f"stopped until metodika epoch adopt: {', '.join(stopped)}", err=True)


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
    is built of the logs anew.
    """
    note = noted(by, reason)
    with opened(whole(world)) as here:
        them = astray(here)
        early = unannounced(here, them)
        if not (early or dry_run):
            adopt(here, them, note)
    if as_json:
        say.json([asdict(each) for each in them])
    else:
        show(them, dry_run=dry_run or bool(early))
    if early:
        say.no(f"{', '.join(early)}: metodika epoch new first, or the old one says two things")


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


def whole(world: Path | None) -> Settings:
    """Return the settings of a world that has all its logs at hand; of no other."""
    found = say.existing(world)
    if not found.embedded:
        say.no("only where all five logs are in one folder, not in a cluster", say.EXIT_USAGE)
    return found


COMMANDS = (epoch,)
