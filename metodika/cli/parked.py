"""What an operator does about heard facts that failed: look, hear again, let go."""

import getpass
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec

from metodika.cli import say
from metodika.services import NAMES
from metodika.world import World, opened
from shared.runtime import telemetry_start
from shared.runtime.hearing import retry, skip
from shared.runtime.log import Conflict, Parked, Skipped

PARKED = ("service", "source", "position", "fact", "attempts", "retry_at", "error")
SKIPPED = ("service", "source", "position", "fact", "skipped_at", "by", "reason")

at_argument = click.argument("position", type=click.IntRange(min=1))
source_argument = click.argument("heard_from")
service_argument = click.argument("service", type=click.Choice(NAMES))


def somebody() -> str:
    """Return whom the system says is typing, if it knows."""
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "operator"


@click.group()
def parked() -> None:
    """Heard facts that failed: list, show, retry, skip."""


@parked.command("list")
@click.option("--all", "also_skipped", is_flag=True, help="Also what was skipped, and why.")
@say.world_option
@say.json_option
def parked_list(also_skipped: bool, world: Path | None, as_json: bool) -> None:
    """List what is parked in each service."""
    with opened(say.existing(world)) as here:
        waiting = list(every_parked(here))
        gone = list(every_skipped(here)) if also_skipped else []
    if as_json:
        say.json(waiting + gone)
        return
    say.table("Parked", PARKED, ([each[c] for c in PARKED] for each in waiting))
    if also_skipped:
        say.table("Skipped", SKIPPED, ([each[c] for c in SKIPPED] for each in gone))


def every_parked(here: World) -> Iterator[dict[str, Any]]:
    """Return what waits in each service, as a program reads it."""
    for name, store in here.stores.items():
        for each in store.parked():
            tried = {"attempts": each.attempts, "retry_at": each.retry_at}
            yield named(name, each) | {"state": "parked"} | tried


def every_skipped(here: World) -> Iterator[dict[str, Any]]:
    """Return what each service was told to let go, as a program reads it."""
    for name, store in here.stores.items():
        for each in store.skipped():
            yield named(name, each) | let_go(each)


def named(service: str, each: Parked | Skipped) -> dict[str, Any]:
    """Say which fact it is, whose it is not, and what was wrong."""
    return {
        "service": service,
        "source": each.source,
        "position": each.position,
        "fact": each.name,
        "error": each.error,
    }


def let_go(each: Skipped) -> dict[str, Any]:
    """Say that it was skipped: after how many attempts, when, by whom, why."""
    return {
        "state": "skipped",
        "attempts": each.attempts,
        "skipped_at": each.at,
        "by": each.by,
        "reason": each.reason,
    }


@parked.command("show")
@service_argument
@source_argument
@at_argument
@say.world_option
@say.json_option
def parked_show(
    service: str,
    heard_from: str,
    position: int,
    world: Path | None,
    as_json: bool,  # noqa: ARG001 - it is JSON in any case, for it holds a fact
) -> None:
    """Show a parked fact and the queue behind it; of a skipped one, who let it go, and why."""
    with opened(say.existing(world)) as here:
        one, behind = found(here, service, heard_from, position)
        gone = skipped(here, service, heard_from, position)
    if one is not None:
        said = {"state": "parked", "error": one.error, "wire": msgspec.Raw(one.wire)}
        say.json(said | {"queue_behind": behind})
    elif gone is not None:
        say.json(named(service, gone) | let_go(gone))
    else:
        say.no(f"{service} has not parked {heard_from} {position}")


def found(
    here: World, service: str, heard_from: str, position: int
) -> tuple[Parked | None, int]:
    """Return what is parked there, and how many facts of its stream queue behind it."""
    every = here.stores[service].parked()
    one = next((e for e in every if (e.source, e.position) == (heard_from, position)), None)
    if one is None:
        return None, 0
    of_stream = (e for e in every if (e.source, e.stream) == (heard_from, one.stream))
    return one, sum(e.position > position for e in of_stream)


def skipped(here: World, service: str, heard_from: str, position: int) -> Skipped | None:
    """Return what was let go there, the last time if it was more than once."""
    every = here.stores[service].skipped()
    at = [e for e in every if (e.source, e.position) == (heard_from, position)]
    return at[-1] if at else None


@parked.command("retry")
@service_argument
@source_argument
@say.world_option
@say.json_option
def parked_retry(service: str, heard_from: str, world: Path | None, as_json: bool) -> None:
    """Hear again, in order, all that a service parked of one source."""
    with opened(say.existing(world)) as here:
        waiting = [e for e in here.stores[service].parked() if e.source == heard_from]
        click.echo(f"{len(waiting)} facts will be heard again", err=True)
        with traced(here):
            tried(here, service, waiting)
        left = len([e for e in here.stores[service].parked() if e.source == heard_from])
    if as_json:
        say.json({"applied": len(waiting) - left, "parked": left})
    else:
        click.echo(f"{len(waiting) - left} applied, {left} still parked")
    if left:
        say.no("see metodika parked list")


def tried(here: World, service: str, waiting: list[Parked]) -> None:
    """Hear again in order; where one fails, the rest of its stream waits.

    What the service itself has heard meanwhile, or somebody skipped, is passed by.
    """
    failed: set[UUID] = set()
    for each in sorted(waiting, key=lambda e: e.position):
        try:
            if each.stream not in failed and retry(here.engines[service], each).parked:
                failed.add(each.stream)
        except Conflict as taken:
            if taken.what != "parked":
                failed.add(each.stream)


@contextmanager
def traced(here: World) -> Generator[None]:
    """Tell what happens inside to the collector, if there is one, as the service would."""
    told = telemetry_start.start(here.settings, here.settings.service or "metodika")
    try:
        yield
    finally:
        told.close()


@parked.command("skip")
@service_argument
@source_argument
@at_argument
@click.option("--reason", required=True, help="Why its effects are not wanted; it is kept.")
@click.option("--by", default=somebody, help="Who decides so; the system's user if not given.")
@say.world_option
@say.json_option
def parked_skip(
    service: str,
    heard_from: str,
    position: int,
    reason: str,
    by: str,
    world: Path | None,
    as_json: bool,
) -> None:
    """Let one parked fact go without its effects; who, when and why are kept."""
    if not (reason.strip() and by.strip()):
        say.no("a skip needs a reason, and somebody who answers for it", say.EXIT_USAGE)
    with opened(say.existing(world)) as here:
        one, behind = found(here, service, heard_from, position)
        if one is None:
            say.no(f"{service} has not parked {heard_from} {position}")
        click.echo(f"{behind} facts of its stream queue behind it", err=True)
        try:
            skip(here.engines[service], one, by=by.strip(), reason=reason.strip())
        except Conflict:
            say.no(f"{heard_from} {position} was heard or skipped meanwhile")
        kept = skipped(here, service, heard_from, position)
    if as_json and kept is not None:
        say.json(named(service, kept) | let_go(kept))
    else:
        click.echo(f"skipped {one.name} of {heard_from} at {position}: {reason.strip()}")


COMMANDS = (parked,)
