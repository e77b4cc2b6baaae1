"""`metodika`: what the operator and the auditor type."""

import logging
import os
import sqlite3
import sys

import click

from metodika.cli.ending import ended_when_interrupted
from metodika.cli.exits import EXIT_FAILED, EXIT_NO, EXIT_USAGE
from metodika.cli.listed import Listed
from metodika.version import VERSION
from shared.runtime.told import Told


@click.group(cls=Listed, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="metodika")
def metodika() -> None:
    """Numbers of the ЕФС НМС, and the proof of each from the log.

    Exit codes: 0 as asked; 1 the answer is no (differs, refused, not found);
    2 the call or the settings are wrong; 3 an import is held for confirmation;
    4 it failed inside.
    """


def main() -> None:
    """Run a command; whoever typed it sees a sentence, never a stack trace."""
    logging.getLogger("psycopg").addHandler(logging.NullHandler())  # we tell it ourselves
    try:
        with ended_when_interrupted():
            metodika()
    except Told as wrong:
        click.echo("; ".join(filter(None, (f"metodika: {wrong}", wrong.hint))), err=True)
        sys.exit(EXIT_NO if wrong.is_no else EXIT_USAGE)
    except Exception as wrong:
        if os.environ.get("METODIKA_LOG_LEVEL") == "debug":
            raise
        told = of_the_machine(wrong)
        click.echo(f"metodika: {told}; METODIKA_LOG_LEVEL=debug shows where", err=True)
        sys.exit(EXIT_FAILED)


def of_the_machine(wrong: Exception) -> str:
    """Name what failed; where it was the disk, in its words, which hold nothing of a fact."""
    kind = type(wrong).__name__
    match wrong:
        case OSError(strerror=str(words), filename=str() | None as where):
            return f"{kind}: {where}: {words}" if where else f"{kind}: {words}"
        case sqlite3.Error(sqlite_errorname=("SQLITE_FULL" | "SQLITE_READONLY") as code):
            return f"{kind}: {'the disk is full' if code == 'SQLITE_FULL' else 'read-only'}"
        case _:
            return kind
