"""The command line knows its commands without reading them."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

import metodika.cli
from metodika.cli.listed import LISTED, command
from metodika.version import VERSION

MODULES = [each.stem for each in Path(metodika.cli.__file__).parent.glob("*.py")]
HEAVY = ("aiokafka", "duckdb", "fastapi", "faststream", "pyarrow", "psycopg", "pymongo")


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_what_a_command_says_of_itself(name: str) -> None:
    listed = click.Command(name, help=LISTED[name][1])

    assert command(name).get_short_help_str(200) == listed.get_short_help_str(200)
    assert LISTED[name][1].rstrip(".") == listed.get_short_help_str(200).rstrip(".")


def test_every_command_is_listed() -> None:
    modules = (import_module(f"metodika.cli.{each}") for each in MODULES if each[0] != "_")
    there: list[click.Command] = [
        each for module in modules for each in getattr(module, "COMMANDS", ())
    ]

    assert sorted(str(each.name) for each in there) == sorted(LISTED)


@pytest.mark.parametrize(
    ("read", "without"),
    [
        ("metodika.cli", HEAVY),
        ("metodika.cli.numbers", ("aiokafka", "fastapi", "faststream", "pymongo")),
        ("metodika.cli.look", ("fastapi", "faststream", "pymongo")),
        ("metodika.cli.people", ("aiokafka", "fastapi", "faststream", "pymongo")),
        ("metodika.cli.run", ("duckdb", "faststream", "pymongo", "opentelemetry.sdk")),
    ],
)
def test_a_command_brings_what_it_needs(read: str, without: tuple[str, ...]) -> None:
    """Who asks for a number waits for no web server, and `--help` for nothing."""
    code = f"import sys, {read}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert not set(without) & set(done.stdout.split())


def test_it_says_which_it_is_though_nobody_installed_it() -> None:
    """It runs from its folder, here and in the image."""
    asked = [sys.executable, "-m", "metodika", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, f"metodika, version {VERSION}\n")
