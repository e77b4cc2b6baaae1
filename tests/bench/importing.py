"""`importing`: a roster of 5,000 people into PostgreSQL, read, decided, sealed, appended.

The rival is the floor under it: the same number of facts appended by the same store,
in transactions as large, with nothing to read, to decide or to seal.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date
from os import urandom
from typing import cast
from uuid import uuid4

from metodika import imports
from metodika.services import service, source
from services.registry.domain import AddRegion
from shared.kernel.ids import RegionCode
from shared.runtime.asking import Asked
from shared.runtime.bulk import COMMANDS, Report
from shared.runtime.engine import Engine
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.store import migrate, open_store
from tests.bench.append import units
from tests.bench.measured import Measured, quiet, say, seconds, servers
from tests.bench.roster import package
from tests.infra.servers import Postgres

PEOPLE = 5_000
BUDGET = 15_000
TIMES = 5
REGION = "25"


def run() -> list[Measured]:
    """Import as `metodika import` does, and append as much without thinking, in turn."""
    files, on = package(PEOPLE, REGION), date(2021, 9, 2)
    with servers() as parts:
        postgres = cast("Postgres", parts.part("postgres"))
        both = [measured(postgres, files, on) for _ in range(TIMES)]
    rate, floor = max(one for one, _ in both), max(other for _, other in both)
    return [
        Measured(
            what=f"roster of {PEOPLE:,} people into PostgreSQL, the best of {TIMES}",
            ours=rate,
            unit="facts/s",
            rival=floor,
            against=f"the same store, {COMMANDS} facts a transaction, nothing decided",
            budget=f"≥ {BUDGET:,} facts/s",
            kept=rate >= BUDGET,
        )
    ]


def measured(postgres: Postgres, files: Mapping[str, bytes], on: date) -> tuple[float, float]:
    """Return facts a second of one import into new databases, and of appending alone."""
    with registry(postgres) as engine:
        return taken_by(engine, postgres, files, on)


def taken_by(
    engine: Engine, postgres: Postgres, files: Mapping[str, bytes], on: date
) -> tuple[float, float]:
    """Return facts a second of one import into new databases, and of appending alone."""
    plan = imports.roster_plan(engine, files, system="bench", region=REGION, on=on)
    read = seconds(lambda: read_again(engine, files, on))
    report = Report(import_id=plan.import_id)

    def take() -> None:
        nonlocal report
        report = imports.take(engine, plan, actor="import:bench", home=REGION)

    with quiet():
        took = read + seconds(take)
        least = seconds(lambda: append(postgres, report.facts))
    if report.faults:
        raise RuntimeError(f"{len(report.faults)} rows were refused: {report.faults[0]}")
    rate = report.facts / took
    say(f"{report.facts} facts of {report.rows} rows, {rate:,.0f}/s; read in {read:.2f} s")
    return rate, report.facts / least


@contextmanager
def registry(postgres: Postgres) -> Generator[Engine]:
    """Make a registry that knows one region, and let go of its databases in the end."""
    url, keys, log = postgres.new_database(), postgres.new_database(), source("registry")
    migrate(url, log)
    migrate_keys(keys)
    sealing, store = Keys(keys, urandom(32)), open_store(url, log)
    engine = Engine(service("registry"), store, sealing)
    region = AddRegion(
        region=RegionCode(REGION),
        name="Край",
        iso=None,
        utc_offset_minutes=600,
        added_on=date(2020, 9, 1),
    )
    engine.ask(Asked(command=region, command_id=uuid4(), actor="bench"))
    try:
        yield engine
    finally:
        store.close()
        sealing.close()


def read_again(engine: Engine, files: Mapping[str, bytes], on: date) -> None:
    """Read the package: rows into commands."""
    imports.roster_plan(engine, files, system="bench", region=REGION, on=on)


def append(postgres: Postgres, facts: int) -> None:
    """Append so many facts, as an import cuts them."""
    url, log = postgres.new_database(), source("registry")
    migrate(url, log)
    store, made = open_store(url, log), units(COMMANDS)
    for _ in range(facts // COMMANDS):
        store.append(next(made))
    store.close()
