"""The five, and where each is put together."""

from importlib import import_module
from importlib.metadata import version
from typing import cast

from shared.runtime.doors import Door, Reading
from shared.runtime.release import FOLDS, made_by
from shared.runtime.service import Service

ANSWERS = ("shared.kernel", "shared.events", "shared.runtime")
NAMES = ("registry", "diagnostics", "routes", "mentoring", "monitoring")


def service(name: str) -> Service:
    """Return a service by its name; no service is imported before it is asked for."""
    return cast("Service", import_module(f"services.{name}.app").SERVICE)


def doors(name: str) -> tuple[Door | Reading, ...]:
    """Return the HTTP doors that a service declares."""
    api = import_module(f"services.{name}.api")
    return cast("tuple[Door | Reading, ...]", api.DOORS)


def folded_by(name: str) -> str:
    """Return what stands for the code that folds the documents of a service."""
    return made_by(f"services.{name}", *FOLDS)


def answered_by() -> str:
    """Return what stands for whatever answers with a number: our code, the database's."""
    return f"{made_by('services.monitoring', *ANSWERS)} {version('duckdb')}"


def source(name: str) -> str:
    """Return the name of a service's log."""
    return f"{name}@0"
