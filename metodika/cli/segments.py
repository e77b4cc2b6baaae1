"""The ledger in Parquet, for whoever asks it without our software: write, verify, load."""

from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

import click
import msgspec

from metodika.cli import say
from metodika.cli.numbers_shown import known_line
from metodika.replaying import begun_by, logs_of_stores
from metodika.segments import beside
from metodika.services import source
from metodika.world import names_of, opened
from services.monitoring import ledger as language
from shared.runtime.segments import (
    MANIFEST,
    Manifest,
    changed,
    of_another_release,
    required,
    sha256_of,
)
from shared.runtime.segments_logs import otherwise
from shared.runtime.segments_read import content, misplaced
from shared.runtime.segments_write import write
from shared.runtime.store import LogStore, open_store

folder_argument: say.Decorator = click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False)
)


@click.group()
def segments() -> None:
    """The ledger in Parquet files that are never written again: write, verify, load."""


@segments.command("write")
@folder_argument
@click.option("--anew", is_flag=True, help="Write all again, not only what is new.")
@say.world_option
@say.json_option
def segments_write(folder: Path, anew: bool, world: Path | None, as_json: bool) -> None:
    """Write into a folder what the ledger knows and the segments there do not have.

    Beside them stand `views.sql` and the indicators, to ask them with DuckDB's own client.
    """
    settings = say.existing(world)
    with opened(settings) as here:
        if settings.embedded:
            here.settle()
        done = write(here.ledger, folder, *beside(here), anew=anew)
    if as_json:
        say.json(asdict(done) | {"manifest": msgspec.to_builtins(done.manifest)})
        return
    if done.anew:
        click.echo(f"all anew: {done.anew}")
    rows = sum(each.rows for each in done.new)
    click.echo(f"{rows:,} facts in {len(done.new)} new of {len(done.manifest.files)} files")
    click.echo(f"SHA-256 of {folder / MANIFEST}: {done.sha256}")
    known_line(vector_of(done.manifest), ())


def vector_of(manifest: Manifest) -> dict[str, int]:
    """Return up to where each log is in segments."""
    return {each.log: each.position for each in manifest.logs}


@segments.command("verify")
@folder_argument
@click.option(
    "--world",
    type=click.Path(path_type=Path),
    default=None,
    help="Compare with the logs of this world too, which may be at work.",
)
@say.json_option
def segments_verify(folder: Path, world: Path | None, as_json: bool) -> None:
    """Compare each file with the list, byte by byte, and say what all of them hold.

    The hash of the content is that of any ledger, and of any segments, that know the same.
    """
    manifest = required(folder)
    found = [*changed(folder, manifest)] or [*misplaced(folder, manifest)]
    if world is not None:
        found += compared(manifest, world)
    other = of_another_release(manifest, language)
    if other:
        click.echo(f"not looked at: what they hold, {other} is of another release", err=True)
    hash_ = None if found or other else content(folder, manifest, language)
    told = {"manifest": sha256_of(folder / MANIFEST), "content": hash_, "differs": found}
    if as_json:
        say.json(told | {"vector": vector_of(manifest)})
    else:
        click.echo(f"{len(manifest.files)} files, SHA-256 of the list: {told['manifest']}")
        unread = "not looked at" if other else "not as written"
        click.echo(f"content: {hash_ or unread}")
        known_line(vector_of(manifest), ())
    if found:
        say.no("; ".join(found))


def compared(manifest: Manifest, world: Path) -> list[str]:
    """Name the logs of a world that say something else."""
    settings = say.existing(world)
    with ExitStack() as stack:
        logs: dict[str, LogStore] = {}
        for name in names_of(settings):
            store = stack.enter_context(closing(open_store(settings.store(name), source(name))))
            logs[store.source] = store
        return list(otherwise(manifest, logs))


@segments.command("load")
@folder_argument
@say.world_option
def segments_load(folder: Path, world: Path | None) -> None:
    """Make the ledger anew of segments, and of what the logs at hand say after them.

    Of a cluster's monitoring, which must not run, the rest comes out of the topics when it
    does. `metodika replay` proves that it came out as out of the logs.
    """
    with opened(say.existing(world)) as here:
        here.ledger.rebuild(logs_of_stores(here), begun=begun_by(here, folder))
        known_line(here.answers.vector(None)[0], ())


COMMANDS = (segments,)
