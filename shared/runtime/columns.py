"""The ledger's file: every log in columns, in one DuckDB database that one process owns."""

import os
import shutil
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import duckdb

from shared.runtime import codec
from shared.runtime.columns_asked import AT, COMPLETE, digest_of
from shared.runtime.columns_batch import (
    Announced,
    Batch,
    ForeignEpoch,
    Heard,
    Portion,
    Unusual,
    in_order,
    read_ahead,
)
from shared.runtime.columns_generation import Generation, written
from shared.runtime.columns_release import Logless, OtherRelease, begin, renew
from shared.runtime.columns_terms import AsKnown, Came, Language, Logs, Taken, Vector
from shared.runtime.log import Hole
from shared.runtime.logs import log
from shared.runtime.told import Told

CURRENT = "CURRENT"
FILE = "ledger.duckdb"
LOCKED = (  # nothing is fetched, nothing but this file is touched, and so it stays
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)

__all__ = [
    "AsKnown",
    "ForeignEpoch",
    "Hole",
    "InUse",
    "Language",
    "Ledger",
    "Logless",
    "Logs",
    "Taken",
    "Vector",
]


class InUse(Told):
    """Another process owns the ledger's file."""


class Ledger:
    """One folder: `CURRENT` names a generation, `<generation>/ledger.duckdb` holds it.

    One process owns it. Writing takes turns; each reader has a cursor of its own and
    sees one moment. `sources` are the logs that ought to be heard: one that was never
    heard lags. Where `ends` says how far the logs go, a file of another release that knows
    more stays as it is. Raises `InUse`, `Logless`.
    """

    def __init__(  # noqa: PLR0913 - all that one process says of its ledger
        self,
        folder: Path,
        language: Language,
        *,
        sources: Collection[str] = (),
        threads: int | None = None,
        memory: str | None = None,
        ends: Callable[[], Mapping[str, int]] | None = None,
        announced: Announced = lambda _source, _epoch, _after: False,
    ) -> None:
        self.folder = folder
        self.language = language
        self._sources = frozenset(sources)
        self._announced = announced
        self._limits = {"threads": threads, "memory_limit": memory}
        self._writing = Lock()
        self._naming = Lock()
        folder.mkdir(parents=True, exist_ok=True)
        pointer = folder / CURRENT
        name = pointer.read_text().strip() if pointer.exists() else "1"
        try:
            self._current = self._open(name)
        except OtherRelease as other:
            other.require_logs(folder, ends)
            log.warning("the ledger is of another release, the logs are read again")
            following = str(int(name) + 1)
            shutil.rmtree(folder / following, ignore_errors=True)  # a rebuild that never ended
            self._current = self._open(following)
        self._point_to(self._current.name)
        for other in folder.iterdir():  # such a one, and what is of another release
            if other.is_dir() and other.name != self.generation and other.name.isdecimal():
                shutil.rmtree(other)

    # ── Writing ─────────────────────────────────────────────────────────────

    def ingest(self, came: Came) -> Taken:
        """Take records of any logs, each log in its own order; what is known is passed by.

        All of them or none. Raises `Hole`, `ForeignEpoch`, and `codec.Malformed` when
        bytes are not what their name says.
        """
        with self._writing, self._current.written():
            return self._ingest(self._current, came)

    def beat(self, source: str, epoch: UUID, position: int, recorded_at: datetime) -> None:
        """Hear that a log said nothing after `position` up to a moment (contracts §2).

        It may be the first that is heard of an epoch which is announced.
        """
        with self._writing, self._current.written() as writer:
            self._go_on_in(epoch, source, position)
            writer.execute("DELETE FROM heartbeat WHERE source = ?", [source])
            said = [source, epoch, position, recorded_at]
            writer.execute("INSERT INTO heartbeat VALUES (?, ?, ?, ?)", said)

    def rebuild(
        self,
        logs: Logs,
        *,
        put_back: Collection[str] = (),
        begun: Callable[[Path], object] | None = None,
    ) -> Taken:
        """Read the logs again into a new generation and swap it in; readers go on.

        The old generation keeps hearing until the new one has heard as much. What makes a
        file of segments may have `begun` the new one. Raises `Hole` when the logs end
        before what is known already, unless they were `put_back`.
        """
        name = str(int(self._current.name) + 1)
        if begun is not None:
            self._begin(name, begun)
            new, came = self._open(name), None
        else:
            new, came = self._open_and_read(name, logs)
        try:
            total = self._read(new, logs, came)
            with self._writing:
                if put_back or self._lacks(new):  # the old one heard more meanwhile
                    total = _sum(total, self._read(new, logs))
                self._must_have_heard_as_much(new, put_back)
                self._carry_heartbeats(new)
                self._point_to(new.name)
                with self._naming:
                    old, self._current = self._current, new
                    old.retired = True
        except BaseException:
            self._throw_away(new)
            raise
        self._let_go(old)
        return total

    def close(self) -> None:
        """Let go of the file; readers must have gone."""
        with self._writing:
            self._current.connection.close()

    # ── Reading ─────────────────────────────────────────────────────────────

    @contextmanager
    def reading(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Give a cursor in one read transaction."""
        with self._naming:
            generation = self._current
            generation.readers += 1
            cursor = generation.connection.cursor()
        try:
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            yield cursor
            cursor.execute("ROLLBACK")
        finally:
            cursor.close()
            with self._naming:
                generation.readers -= 1
            self._let_go(generation)

    @property
    def generation(self) -> str:
        """Return the name of the generation that answers."""
        return self._current.name

    def positions(self) -> Vector:
        """Return how far each log is heard."""
        heard = self._current.heard.items()
        return {source: (mark.epoch, mark.position) for source, mark in sorted(heard)}

    def event_at(self, source: str, position: int) -> UUID | None:
        """Return which event is known at a position of a log; None if none is."""
        with self.reading() as cursor:
            asked = "SELECT event_id FROM records WHERE source = ? AND position = ?"
            found = cursor.execute(asked, [source, position]).fetchall()
        return found[0][0] if found else None

    def skipped(self) -> dict[str, int]:
        """Count the records of each name that this code could not read."""
        with self.reading() as cursor:
            found = cursor.execute(
                "SELECT name, count(*) FROM records WHERE NOT readable GROUP BY name ORDER BY 1"
            )
            return dict(found.fetchall())

    def digest(self) -> str:
        """Return a hash of everything that is known: equal logs give equal ledgers.

        How the logs arrived, how often, and in which generation, does not enter it.
        """
        with self.reading() as cursor:
            return digest_of(cursor, self.language)

    def vector_at(self, moment: datetime | None = None) -> AsKnown:
        """Return what was known at a moment: of each log the last record by then.

        A log whose last record and heartbeat are older than the moment lags. No moment
        is everything known now, and nothing lags.
        """
        with self.reading() as cursor:
            if moment is None:
                found = cursor.execute("SELECT source, epoch, position FROM heard ORDER BY ALL")
                return AsKnown({source: (epoch, at) for source, epoch, at in found.fetchall()})
            asked = {"moment": moment}
            found = cursor.execute(AT, asked).fetchall()
            complete = {name for (name,) in cursor.execute(COMPLETE, asked).fetchall()}
            heard = {name for (name,) in cursor.execute("SELECT source FROM heard").fetchall()}
        lagging = sorted((heard | self._sources) - complete)
        return AsKnown({name: (epoch, at) for name, epoch, at in found}, tuple(lagging))

    # ── Inside ──────────────────────────────────────────────────────────────

    def _go_on_in(self, epoch: UUID, source: str, position: int) -> None:
        """Take an epoch that begins where a log is heard for that of the log."""
        known = self._current.hearing.get(source)
        if known is None or known.epoch == epoch or known.position != position:
            return
        if self._announced(source, epoch, position):
            self._current.hearing[source] = replace(known, epoch=epoch)
            said = "UPDATE heard SET epoch = ? WHERE source = ?"
            self._current.connection.execute(said, [epoch, source])

    def _begin(self, name: str, begun: Callable[[Path], object]) -> None:
        home = self.folder / name
        home.mkdir()
        try:
            begun(home / FILE)
        except BaseException:
            shutil.rmtree(home)
            raise

    def _open(self, name: str) -> Generation:
        home = self.folder / name
        new = not (home / FILE).exists()
        home.mkdir(exist_ok=True)
        limits = {key: each for key, each in self._limits.items() if each is not None}
        config: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(home / "temp"),
            **limits,
        }
        try:
            connection = duckdb.connect(home / FILE, config=config)
        except duckdb.IOException as wrong:
            if "lock" not in str(wrong):
                raise
            owned = "another process is at work here; ask it over HTTP, or stop it"
            raise InUse(f"{self.folder}: {owned}") from None
        for each in LOCKED:
            connection.execute(each)
        try:
            with written(connection) as writer:
                (begin if new else renew)(writer, self.language)
        except OtherRelease:
            connection.close()
            raise
        found = connection.execute("SELECT source, epoch, position, recorded_at FROM heard")
        heard = {source: Heard(*mark) for source, *mark in found.fetchall()}
        return Generation(name, connection, heard=heard)

    def _ingest(self, generation: Generation, came: Came) -> Taken:
        """Take records in the transaction that goes on; what fails ends it."""
        if not came:
            return Taken()
        batch = Batch(self.language, generation.connection, generation.hearing)
        try:
            generation.hearing |= batch.write(_read_ahead(came))
        except Unusual:
            return self._ingest_each(generation, batch, came)
        return Taken(len(came))

    def _ingest_each(self, generation: Generation, batch: Batch, came: Came) -> Taken:
        records = [codec.unwire(e, leaf=False) if isinstance(e, bytes) else e for e in came]
        fresh, repeated, heard = in_order(generation.hearing, records, self._announced)
        skipped = batch.write_each(fresh, repeated, heard)
        generation.hearing |= heard
        return Taken(len(fresh) - skipped, skipped, len(repeated))

    def _open_and_read(self, name: str, logs: Logs) -> tuple[Generation, Generator[Came]]:
        """Open an empty generation while the first of the logs comes."""
        with ThreadPoolExecutor(1, "open") as aside:
            opening, came = aside.submit(self._open, name), _each(logs({}))
            try:
                first = next(came, ())
                return opening.result(), _each(chain([first], came))
            except BaseException:
                came.close()
                if opening.exception() is None:
                    self._throw_away(opening.result())
                raise

    def _read(self, new: Generation, logs: Logs, came: Generator[Came] | None = None) -> Taken:
        """Read logs; a generation that fails is thrown away, whatever of it is committed.

        Where a log ends, what was written of it is kept while the next is read. They may
        be read already, `came`, from their beginnings.
        """
        total, goes_on = Taken(), True
        heard = {source: mark.position for source, mark in new.heard.items()}
        with closing(came or _each(logs(heard))) as batches:
            while goes_on:
                goes_on = False
                with new.written():
                    for each in batches:
                        total = _sum(total, self._ingest(new, each))
                        if isinstance(each, Portion) and each.ends:
                            goes_on = True
                            break
        return total

    def _throw_away(self, new: Generation) -> None:
        new.connection.close()
        shutil.rmtree(self.folder / new.name)

    def _must_have_heard_as_much(self, new: Generation, put_back: Collection[str]) -> None:
        for source, position in self._lacks(new).items():
            if source not in put_back:
                raise Hole(f"{source} ends before {position}, known already")

    def _lacks(self, new: Generation) -> dict[str, int]:
        """Return the logs that the current generation heard farther, and how far."""
        known = {source: mark.position for source, mark in new.heard.items()}
        return {
            source: mark.position
            for source, mark in self._current.heard.items()
            if known.get(source, -1) < mark.position
        }

    def _carry_heartbeats(self, new: Generation) -> None:
        found = self._current.connection.execute("FROM heartbeat").fetchall()
        with new.written() as writer:
            for each in found:
                writer.execute("INSERT INTO heartbeat VALUES (?, ?, ?, ?)", each)

    def _point_to(self, name: str) -> None:
        new = self.folder / f"{CURRENT}.new"
        with new.open("w") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.folder / CURRENT)

    def _let_go(self, generation: Generation) -> None:
        with self._naming:
            if not generation.retired or generation.readers:
                return
            generation.retired = False
        generation.connection.close()
        shutil.rmtree(self.folder / generation.name)


def _read_ahead(came: Came) -> Portion:
    if isinstance(came, Portion):
        return came
    return read_ahead([e if isinstance(e, bytes) else codec.wire(e) for e in came])


def _each(logs: Iterable[Came]) -> Generator[Came]:
    """Go through what is read; whoever closes this lets go of what reads."""
    yield from logs


def _sum(one: Taken, other: Taken) -> Taken:
    return Taken(
        one.applied + other.applied,
        one.skipped + other.skipped,
        one.repeated + other.repeated,
    )
