"""`segments`: a ledger out of sealed Parquet, against a bare DuckDB that reads the same files.

Ours compares each file with its SHA-256, makes ids of bytes, lays out the index of all
records and finds what is restated. The rival is `CREATE TABLE … AS SELECT * FROM
read_parquet(…)`, a table for each kind, into a file. In turn, the medians of three, in
processor time of all threads: a second here is one of one core.
"""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import duckdb

from services.monitoring import ledger as language
from shared.kernel import catalogue
from shared.runtime import columns_release
from shared.runtime.columns import Ledger
from shared.runtime.definitions import definitions
from shared.runtime.segments import Manifest
from shared.runtime.segments_logs import roots_of
from shared.runtime.segments_read import filling
from shared.runtime.segments_write import write
from tests.bench.ledger_bench import AS_OF
from tests.bench.ledger_country import fill
from tests.bench.measured import Measured, at_least, say
from tests.monitoring.telling import INDICATORS

TEACHERS = 400_000
TIMES = 3
NATION, BUDGET, CORES = 100_000_000, 60, 2


def run() -> Iterator[Measured]:
    """Make a country, write its segments, make ledgers of them."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        made = country(home / "made")
        took = used(lambda: write(made, home / "segments", roots_of({}), {}))
        manifest = write(made, home / "segments", roots_of({}), {}).manifest
        made.close()
        facts = sum(each.position for each in manifest.logs)
        say(f"{facts:,} facts, {size(manifest):,} MB, written in {took:.1f} s")
        yield from _measured(home, manifest, facts)


def country(folder: Path) -> Ledger:
    """Return a ledger of facts that nobody said."""
    (folder / "1").mkdir(parents=True)
    with duckdb.connect(folder / "1" / "ledger.duckdb") as writer:
        known = fill(writer, TEACHERS)
        writer.execute(columns_release.OWN)
        for name, kind in catalogue.items():
            writer.execute(
                "INSERT INTO records SELECT source, position, recorded_at, event_id,"
                f" '{name}', TRUE FROM {language.table(kind)}"
            )
        for log, position in known.items():
            row = [log, "00000000-0000-0000-0000-000000000001", position]
            writer.execute("INSERT INTO heard VALUES (?, ?, ?, now())", row)
        hashes = map(columns_release._hash, columns_release._texts(language))
        writer.execute("INSERT INTO made VALUES (?, ?)", [*hashes])
    return Ledger(folder, language)


def used(act: Callable[[], object]) -> float:
    """Return the seconds of processor time that something took."""
    begun = process_time()
    act()
    return process_time() - begun


def size(manifest: Manifest) -> int:
    """Return how many megabytes the segments are."""
    return sum(each.bytes for each in manifest.segments) // 1_000_000


def _measured(home: Path, manifest: Manifest, facts: int) -> Iterator[Measured]:
    names = count()

    def ours() -> None:
        rebuilt(home / f"ledger {next(names)}", home / "segments", manifest).close()

    def rival() -> None:
        bare(home / f"bare {next(names)}.duckdb", home / "segments", manifest)

    in_turn = [(used(ours), used(rival)) for _ in range(TIMES)]
    mine, its = (median(each) for each in zip(*in_turn, strict=True))
    yield Measured(
        what=f"ledger out of segments, {facts:,} facts",
        ours=facts / mine,
        unit="facts/s",
        rival=facts / its,
        against="a bare DuckDB that makes tables of the same files",
    )
    asked = used(lambda: every_number(home / "segments", manifest))
    whole = asked * NATION / facts / CORES
    line = Measured(
        what="every indicator at every level, out of the files alone",
        ours=facts / asked,
        unit="facts/s",
        rival=NATION / BUDGET / CORES,
        against=f"100 M facts in {BUDGET} s of {CORES} cores; so they take {whole:.0f} s",
    )
    yield at_least(1.0, line)


def rebuilt(folder: Path, segments: Path, manifest: Manifest) -> Ledger:
    """Make a ledger of segments alone."""
    ledger = Ledger(folder, language)
    ledger.rebuild(lambda _: [], begun=filling(segments, manifest, language))
    return ledger


def bare(file: Path, segments: Path, manifest: Manifest) -> None:
    """Take the same files into tables, as they are."""
    with duckdb.connect(file) as writer:
        for n, fact in enumerate({each.fact for each in manifest.segments}):
            files = [str(segments / each.file) for each in manifest.of(fact)]
            query = f"CREATE TABLE t{n} AS SELECT * FROM read_parquet(?)"
            writer.execute(query, [files])


def every_number(segments: Path, manifest: Manifest) -> None:
    """Ask every indicator at every level, as an auditor does: with views over the files."""
    asked = {
        "as_of": AS_OF,
        "known": {each.log: each.position for each in manifest.logs},
        "scope": "",
    }
    with duckdb.connect(config={"threads": CORES}) as reader:
        reader.execute(f"SET file_search_path = '{segments}'")
        reader.execute((segments / "views.sql").read_text())
        for each in definitions(INDICATORS).values():
            query = language.by_level(each.sql, each.unit, each.aggregate)
            reader.execute(query, asked).fetchall()
