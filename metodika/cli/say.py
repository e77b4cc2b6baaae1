"""How answers look: tables for people, JSON for programs; and what an exit code means."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec

from metodika.cli.exits import EXIT_HELD, EXIT_NO, EXIT_USAGE
from shared.runtime.settings import Settings, load
from shared.runtime.territory import SCOPE

if TYPE_CHECKING:  # read where something is drawn: programs ask for JSON
    from rich.progress import Progress

__all__ = ["EXIT_HELD", "EXIT_NO", "EXIT_USAGE"]

type Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

world_option: Decorator = click.option(
    "--world",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder of the embedded world; METODIKA_WORLD, else ./world.",
)
json_option: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="JSON on standard output, for programs."
)


class Day(click.ParamType[date]):
    """A business date, 2024-12-31."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Read a date, or say what one looks like."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; write it like 2024-12-31", param, ctx)


class Moment(click.ParamType[datetime]):
    """A moment of knowledge, 2024-12-31T12:00:00+00:00; without a zone it is UTC."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read a moment; a date alone means its last microsecond."""
        if isinstance(value, datetime):
            return value
        try:
            if len(value) == len("2024-12-31"):
                value += "T23:59:59.999999"
            said = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment; write it like 2024-12-31T12:00Z", param, ctx)
        return said if said.tzinfo else said.replace(tzinfo=UTC)


class Scope(click.ParamType[str]):
    """A place of the tree: empty, 25, 25/05701, 25/-/ORG."""

    name = "scope"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read a place; what can be none must not answer that nobody is there."""
        if not re.fullmatch(SCOPE, value, re.ASCII):
            self.fail(f"{value!r} is no territory; write it like 25 or 25/05701", param, ctx)
        return value


class System(click.ParamType[str]):
    """The name of an accounting system, RU-PRI-SIS."""

    name = "system"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Read a name; a blank one would be everybody's."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value, re.ASCII):
            self.fail(f"{value!r} is no name; write it like RU-PRI-SIS", param, ctx)
        return value


DAY, MOMENT, PLACE, SYSTEM = Day(), Moment(), Scope(), System()


def settings(world: Path | None, **said: Any) -> Settings:
    """Return the settings, the command line's word before the environment's."""
    if world is not None:
        said["world"] = world
    return load(**said)


def existing(world: Path | None) -> Settings:
    """Return the settings of a world that is there; else say how to make one."""
    found = settings(world)
    if found.embedded and not (found.world / "registry.sqlite").exists():
        no(f"no world in {found.world}; make one: metodika generate, or metodika demo")
    return found


def json(said: Any) -> None:
    """Print a value as one JSON document."""
    text = msgspec.json.encode(said, enc_hook=str, order="deterministic")
    sys.stdout.buffer.write(msgspec.json.format(text, indent=2) + b"\n")
    sys.stdout.buffer.flush()


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: str = ""
) -> None:
    """Print rows; columns whose names stand in `right` are aligned to the right."""
    from rich.console import Console  # noqa: PLC0415 - read only where a person looks
    from rich.table import Table  # noqa: PLC0415 - read only where a person looks

    drawn = Table(title=title, title_justify="left")
    for each in columns:
        drawn.add_column(each, justify="right" if each and each in right else "left")
    for row in rows:
        drawn.add_row(*("" if each is None else str(each) for each in row))
    Console(width=None if sys.stdout.isatty() else 150).print(drawn)


def progress(label: str) -> Progress:
    """Return a bar on the standard error; silent where nobody looks."""
    from rich.console import Console  # noqa: PLC0415 - read only where a person looks
    from rich.progress import (  # noqa: PLC0415 - read only where a person looks
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
    )

    aside = Console(stderr=True)
    return Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        console=aside,
        transient=True,
        disable=not aside.is_terminal,
    )


def no(why: str, code: int = EXIT_NO) -> NoReturn:
    """Say why not, and end."""
    click.echo(f"metodika: {why}", err=True)
    sys.exit(code)
