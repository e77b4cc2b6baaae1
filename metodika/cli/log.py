"""What an auditor asks of the logs: read, follow causes, recompute, compare."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import click
import msgspec

from metodika.cli import say
from metodika.services import NAMES, source
from metodika.verifying import verified
from metodika.world import World, names_of, opened
from shared.runtime.codec import decode_meta
from shared.runtime.log import Record
from shared.runtime.seal import Keys
from shared.runtime.settings import SEALING, Settings
from shared.runtime.store import LogStore, open_store


def shown(record: Record) -> dict[str, object]:
    """Return a record as a program reads it; sealed fields stay sealed."""
    meta = decode_meta(record.meta)
    return {
        "source": record.source,
        "position": record.position,
        "recorded_at": record.recorded_at,
        "name": record.name,
        "stream": record.stream,
        "version": record.version,
        "meta": meta,
        "data": msgspec.Raw(record.data),
    }


@click.command()
@click.option("--service", type=click.Choice(NAMES), help="One log alone.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="After a position.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50)
@click.option("--name", "names", multiple=True, help="A fact's name, registry.RegionAdded.")
@click.option("--because-of", type=click.UUID, help="The facts that this one caused.")
@say.world_option
@say.json_option
def events(
    service: str | None,
    after: int,
    limit: int,
    names: tuple[str, ...],
    because_of: UUID | None,
    world: Path | None,
    as_json: bool,
) -> None:
    """List facts of the logs, or the chain that one of them caused."""
    with opened(say.existing(world)) as here:
        if because_of:
            found = list(caused(here, because_of))
        else:
            chosen = [service] if service else here.names
            found = [
                record
                for name in chosen
                for record in here.stores[name].read(after, limit, names=names)
            ][:limit]
    if because_of and not found:
        say.no(f"no log has an event {because_of}")
    if as_json:
        say.json([shown(each) for each in found])
        return
    rows = (
        (r.source, r.position, f"{r.recorded_at:%Y-%m-%d %H:%M:%S}", r.name, r.event_id)
        for r in found
    )
    say.table("Facts", ("log", "position", "recorded (UTC)", "fact", "event"), rows)


def caused(world: World, event_id: UUID) -> Iterator[Record]:
    """Return a fact, and all that was said because of it, in the order of causes.

    What the same command said after it belongs to the chain: in the same log, for a client
    may ask two services under one id.
    """
    every = [each for store in world.stores.values() for each in store.walk()]
    by_cause: dict[UUID, list[Record]] = {}
    by_command: dict[tuple[str, UUID], list[Record]] = {}
    for each in every:
        meta = decode_meta(each.meta)
        by_command.setdefault((each.source, meta.command_id), []).append(each)
        if meta.causation_id:
            by_cause.setdefault(meta.causation_id, []).append(each)
    waiting, seen = [each for each in every if each.event_id == event_id], set[UUID]()
    while waiting:
        first = waiting.pop(0)
        if first.event_id in seen:
            continue
        seen.add(first.event_id)
        yield first
        waiting += by_cause.get(first.event_id, ())
        said_with_it = by_command[first.source, decode_meta(first.meta).command_id]
        waiting += [each for each in said_with_it if each.position > first.position]


@click.command()
@say.world_option
@say.json_option
def verify(world: Path | None, as_json: bool) -> None:
    """Recompute every leaf and root, and what follows from the log; name what differs."""
    settings = say.existing(world)
    with ExitStack() as stack:
        stores: dict[str, LogStore] = {}
        for name in names_of(settings):
            stores[name] = open_store(settings.store(name), source(name))
            stack.callback(stores[name].close)
        keys = keys_of(settings, stores)
        if keys:
            stack.callback(keys.close)
        results = verified(stores, keys)
    wrong = [each for each in results if each.differs]
    if as_json:
        say.json(results)
    else:
        rows = (
            (each.source, each.records, each.roots, each.differs or "as recorded")
            for each in results
        )
        say.table("Logs", ("log", "records", "roots", "verdict"), rows, right="records roots")
        for each in results:
            for what in each.untold:
                click.echo(f"{each.source}: not looked at: {what}", err=True)
    if wrong:
        told = (f"{e.source}: {what}" for e in wrong for what in e.beside or [e.differs])
        say.no("; ".join(told))


def keys_of(settings: Settings, names: Collection[str]) -> Keys | None:
    """Return the keys, where services seal and the keys are at hand; none is made."""
    if not any(each in SEALING for each in names):
        return None
    master = settings.master_key is not None or (settings.world / "master.key").exists()
    if settings.embedded and not (master and (settings.world / "keys.sqlite").exists()):
        return None
    return Keys(settings.keys, settings.the_master_key())


COMMANDS = (events, verify)
