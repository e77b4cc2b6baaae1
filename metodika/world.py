"""The embedded world: five services, their logs and the ledger, in one process."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self
from uuid import UUID

from metodika.services import NAMES, service, source
from services.monitoring import ledger as language
from shared.runtime import codec
from shared.runtime.definitions import definitions
from shared.runtime.engine import Engine, utc_now
from shared.runtime.hearing import hear
from shared.runtime.heartbeat import Heartbeat, Line, announced_in
from shared.runtime.log import Mark, Record
from shared.runtime.marked import announced, following_of_ledger, heard_on, last_heard
from shared.runtime.notary import notarised
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.settings import PREFIX, SEALING, Settings, WrongSettings
from shared.runtime.store import LogStore, migrate, open_store

if TYPE_CHECKING:
    from shared.runtime.answers import Answers
    from shared.runtime.columns import Ledger

INDICATORS = Path(language.__file__).with_name("indicators")

BATCH = 500
"""Facts heard in one transaction."""


class World:
    """Every log, every engine and the ledger of one folder or of one cluster's stores.

    What one service says the others hear in `settle`, straight from the logs.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._clock = clock
        self.names = names_of(settings)
        seals = any(name in SEALING for name in self.names)
        self._lines: dict[str, Line] = {}
        self._keys = Keys(settings.keys, settings.the_master_key()) if seals else None
        self.stores: dict[str, LogStore] = {
            name: open_store(settings.store(name), source(name)) for name in self.names
        }
        self.engines = {
            name: Engine(
                service(name),
                self.stores[name],
                self._keys if name in SEALING else None,
                clock,
            )
            for name in self.names
        }
        self._settling = Lock()
        if self._has_numbers:
            self.ledger.positions()  # it is opened by one process at a time: said at once

    @cached_property
    def ledger(self) -> "Ledger":
        """Return the ledger. A service of a cluster that has no numbers seldom asks for one."""
        # read only where numbers are: with DuckDB comes a fifth of a start
        from shared.runtime.columns import Ledger  # noqa: PLC0415

        return Ledger(
            self.settings.ledger,
            language,
            sources=[source(name) for name in NAMES],
            ends=self._ends if self.settings.embedded else None,
            announced=self._announced,
        )

    @cached_property
    def answers(self) -> "Answers":
        """Return what the ledger answers."""
        from shared.runtime.answers import Answers  # noqa: PLC0415 - as the ledger, with DuckDB

        return Answers(self.ledger, definitions(INDICATORS))

    @property
    def _has_numbers(self) -> bool:
        return "monitoring" in self.names

    @property
    def keys(self) -> Keys:
        """Return the keys. TypeError in a process that has no right to any."""
        if self._keys is None:
            raise TypeError(f"{self.names} hold no keys")
        return self._keys

    def _ends(self) -> dict[str, int]:
        return {each.source: each.head().position for each in self.stores.values()}

    def announced(self, beat: Heartbeat) -> None:
        """Keep which epochs a log says that it began; one at hand is asked itself."""
        self._lines[beat.source] = beat.line

    def _announced(self, log: str, epoch: UUID, after: int) -> bool:
        store = self.stores.get(log.partition("@")[0])
        if store is not None:
            return announced(store, epoch, after)
        return announced_in(self._lines.get(log, ()), epoch, after)

    def settle(self) -> int:
        """Let everybody hear everybody until nothing new is said; return how many."""
        heard = self.hear()
        return heard + self.follow()

    def hear(self) -> int:
        """Let the services hear one another until nothing new is said."""
        with self._settling:
            total = 0
            while heard := self._hear_round():
                total += heard
            return total

    def follow(self) -> int:
        """Bring the ledger up to the logs; return how many records it took."""
        taken = 0
        for store in self.stores.values():
            until = self._clock()
            while records := self._unread(store):
                self.ledger.ingest(records)
                taken += len(records)
            head = store.head()
            if head.position == self._read_up_to(store.source):
                self.ledger.beat(store.source, head.epoch, head.position, until)
        return taken

    def _unread(self, store: LogStore) -> Sequence[Record]:
        known = self.ledger.positions().get(store.source)
        mark = Mark(store.source, *known) if known else None
        heard = self.ledger.event_at(mark.source, mark.position) if mark else None
        return following_of_ledger(store, mark, heard, 20_000)

    def _read_up_to(self, log: str) -> int:
        mark = self.ledger.positions().get(log)
        return mark[1] if mark else 0

    def _hear_round(self) -> int:
        return sum(self._heard(name, engine) for name, engine in self.engines.items())

    def _heard(self, name: str, engine: Engine) -> int:
        """Let one service hear each other once; return how many records that was."""
        heard, marks = 0, engine.store.marks()
        last = last_heard(engine.store, marks.values())
        for other in self.names:
            log = source(other)
            if other == name:
                continue
            at = marks.get(log), last.get(log)
            records = heard_on(self.stores[name], self.stores[other], *at, BATCH)
            if records:
                hear(engine, log, [codec.wire(each) for each in records])
                heard += len(records)
        return heard

    def close(self) -> None:
        """Let go of every file and connection; what is new is under a root before."""
        if self.settings.embedded:
            for store in self.stores.values():
                notarised(store)
        if "ledger" in vars(self):
            self.ledger.close()
        if self._keys is not None:
            self._keys.close()
        for store in self.stores.values():
            store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def names_of(settings: Settings) -> tuple[str, ...]:
    """Return the services of a process: all five in one folder, or one of a cluster."""
    return NAMES if settings.embedded else (str(settings.service),)


def prepare(settings: Settings) -> None:
    """Make every table that a world needs; nothing that stands is touched.

    Raises `WrongSettings` when its folder can't be written.
    """
    if settings.embedded:
        require_writable(settings.world, "WORLD")
    names = names_of(settings)
    if any(name in SEALING for name in names):
        migrate_keys(settings.keys)
    for name in names:
        migrate(settings.store(name), source(name))


def require_writable(folder: Path, setting: str) -> None:
    """Make a folder if it is missing. Raises `WrongSettings` when it can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as wrong:
        why = "it is no folder" if isinstance(wrong, FileExistsError) else wrong.strerror
        said = f"{PREFIX}{setting}: {folder} can't be written: {why}"
        raise WrongSettings(said) from None


@contextmanager
def opened(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Generator[World]:
    """Open a world, close it in the end; an embedded one is made if it is missing.

    A cluster is migrated apart from every start (`metodika migrate`). Raises
    `WrongSettings` when a folder can't be written.
    """
    if settings.embedded:
        prepare(settings)
    require_writable(settings.ledger, "LEDGER_DIR" if settings.ledger_dir else "WORLD")
    with World(settings, clock) as world:
        yield world
