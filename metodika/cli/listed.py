"""Commands by name: one is read when it is typed, for most bring half of Metodika with them."""

from collections.abc import Mapping
from importlib import import_module

import click

LISTED: Mapping[str, tuple[str, str]] = {
    "claims": (
        "people",
        "Show how often rosters of a territory, and of those below it, claimed wrongly.",
    ),
    "demo": (
        "demo",
        "Make a region, show its numbers, one of them as known on two dates, and the proof.",
    ),
    "doctor": ("look", "Check settings, folder, stores, free space and port, one line each."),
    "epoch": ("epoch", "A log put back from an older copy: list, lost, new, adopt."),
    "erase": (
        "people",
        "Destroy a person's key: name, СНИЛС and birth date are gone, every number stays.",
    ),
    "events": ("log", "List facts of the logs, or the chain that one of them caused."),
    "generate": ("generate", "Make a synthetic region by seed, through the real commands."),
    "grant": (
        "rights",
        "Give whoever a token names a role on a territory: the first right, or another.",
    ),
    "import": (
        "people",
        "Take a OneRoster 1.2 package (zip or folder), or a CSV of results or completions.",
    ),
    "kpi": ("numbers", "Indicators: list, value, series, members, why, diff."),
    "migrate": ("run", "Make every table that is missing, for this release; safe to repeat."),
    "parked": ("parked", "Heard facts that failed: list, show, retry, skip."),
    "relay": (
        "prove",
        "Publish the logs to Kafka up to their ends, or a topic anew from a position.",
    ),
    "replay": (
        "prove",
        "Rebuild the ledger and all documents from the logs; say whether they are equal.",
    ),
    "revoke": ("rights", "Take a right back; other rights of the same subject stay."),
    "segments": (
        "segments",
        "The ledger in Parquet files that are never written again: write, verify, load.",
    ),
    "status": (
        "look",
        "Show every log: its end, who has heard how much of it, what is parked.",
    ),
    "token": (
        "rights",
        "Issue an access token of the local issuer, for the embedded world and trials.",
    ),
    "up": (
        "run",
        "Run the embedded world, five services in one process; or one service of a cluster.",
    ),
    "verify": (
        "log",
        "Recompute every leaf and root, and what follows from the log; name what differs.",
    ),
}
"""Name → the module it is in, and what `--help` says of it: the first line of its own."""


class Listed(click.Group):
    """A group that knows what it has without reading it."""

    def __init__(self, name: str | None = None, **said: object) -> None:
        named = {each: click.Command(each, help=LISTED[each][1]) for each in LISTED}
        super().__init__(name, commands=named, **said)  # pyright: ignore[reportArgumentType] - click's own words, passed on

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Read the module of a command, and return it."""
        del ctx
        return command(cmd_name) if cmd_name in LISTED else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List all, as click does."""
        del ctx
        limit = formatter.width - 6 - max(map(len, LISTED))
        rows = [(name, it.get_short_help_str(limit)) for name, it in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command(name: str) -> click.Command:
    """Return a command that is listed."""
    module = import_module(f"metodika.cli.{LISTED[name][0]}")
    commands: tuple[click.Command, ...] = module.COMMANDS
    return next(each for each in commands if each.name == name)
