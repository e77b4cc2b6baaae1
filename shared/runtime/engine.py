"""Commands in, facts out: read, decide, append, and again when somebody was faster."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any, cast
from uuid import UUID

from msgspec import structs

from shared.kernel import Decider, kind_of
from shared.kernel.ids import EventId
from shared.runtime.asking import FOREIGN, WHO_MAY_WHAT, Asked, May, NotAllowed, Outcome
from shared.runtime.deciding import Deciding
from shared.runtime.log import Conflict, Head, Store, Unit
from shared.runtime.seal import Keys, Unmade
from shared.runtime.service import Service
from shared.runtime.territory import TREE
from shared.runtime.work import Wanted, Work

TRIES = 4
ERASED = "registry.PersonalDataErased"

FOUND_BY = ("snils",)
"""Kinds of claimed keys from which a person could be found again."""


def utc_now() -> datetime:
    """Return the moment, in whole microseconds UTC."""
    return datetime.now(UTC)


class Engine:
    """The working of one service on one log. Blocking: call it in threads."""

    def __init__(
        self,
        service: Service,
        store: Store,
        keys: Keys | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.service = service
        self.store = store
        self.clock = clock
        self._keys = keys
        self._again = Lock()  # who was too late tries again alone
        self._borrowed = (*service.borrowed, *TREE)
        self._naming = {c: about for d in service.deciders for c, about in _naming(d)}
        self._deciding = Deciding(service, store, keys, self.hmac)

    # ── Commands ────────────────────────────────────────────────────────────

    def ask(
        self,
        asked: Asked,
        may: May | None = None,
    ) -> Outcome:
        """Decide one command in a transaction of its own.

        Raises `OtherBody`, `NotAllowed`; answers `conflict` when its version is old, or
        when others were faster `TRIES` times.
        """
        outcome = self.ask_many([asked], may)[0]
        if outcome.status == "forbidden":
            why = outcome.reason or FOREIGN, outcome.clause or WHO_MAY_WHAT
            raise NotAllowed(type(asked.command).__name__, *why)
        return outcome

    def ask_many(
        self,
        asked: Sequence[Asked],
        may: May | None = None,
        foresee: Callable[[Work], None] | None = None,
    ) -> list[Outcome]:
        """Decide many commands in one transaction, each seeing those before it.

        One that is `forbidden` says nothing, and keeps no other from being taken.
        """
        for attempt in range(TRIES):
            try:
                with self._again if attempt else nullcontext():
                    work = self.known(hopeful=not attempt)
                    work.foresee(Wanted(commands=[each.command_id for each in asked]))
                    if foresee:
                        foresee(work)
                    outcomes = self.decided(work, asked, may)
                    position = self.append(work.handed_over()).position
            except Conflict:
                continue
            return [
                each if each.position else structs.replace(each, position=position)
                for each in outcomes
            ]
        return [self._too_late(each) for each in asked]

    def decided(
        self, work: Work, asked: Sequence[Asked], may: May | None = None
    ) -> list[Outcome]:
        """Decide commands, each seeing those before it; nothing of it is written yet.

        What was answered to them before is foreseen in the work.
        """
        return [self._deciding.answer(work, each, may) for each in asked]

    def react(
        self, work: Work, fact: Any, event_id: EventId, cause: Asked, gone: Any = None
    ) -> list[Outcome]:
        """Have every policy react to a fact; each command is decided within this work.

        First to the one that is `gone` with it, if it was withdrawn or is said anew.
        """
        return self._deciding.react(work, fact, event_id, cause, gone)

    def append(self, unit: Unit) -> Head:
        """Write a unit, unless there is nothing to write. Raises `Conflict`."""
        return self._written(unit, partial(self.store.append, unit))

    def ready(self, unit: Unit) -> Callable[[], Head]:
        """Return what appends a unit, everything else done by now. Raises `Conflict`."""
        return partial(self._written, unit, self.store.ready(unit))

    def _written(self, unit: Unit, write: Callable[[], Head]) -> Head:
        if not (unit.facts or unit.answers or unit.heard or unit.parked or unit.unparked):
            return self.store.head()
        head = write()
        for each in unit.facts:
            if each.name == ERASED:
                self.destroy(each.stream)
        return head

    def _too_late(self, asked: Asked) -> Outcome:
        stream = self.stream_of(asked.command)
        history = self.store.streams([stream]).get(stream, [])
        version = history[-1].version if history else 0
        return Outcome(status="conflict", stream=stream, version=version)

    # ── What a command will ask for ─────────────────────────────────────────

    def stream_of(self, command: Any) -> UUID:
        """Return the thing that a command is about. TypeError if it is none of ours."""
        return self._deciding.stream_of(command)

    def borrowed_about(self, field: str) -> tuple[str, ...]:
        """Name what is kept about the id that a fact has in `field`."""
        return tuple(
            each.name
            for each in self._borrowed
            if any(it.name == field for it in fields(each.facts[0]))
        )

    def named_by(self, command: Any) -> UUID | None:
        """Return whom a command names, so that a fact of it will be sealed for them."""
        about = self._naming.get(type(command))
        return getattr(command, about) if about else None

    # ── What is known ───────────────────────────────────────────────────────

    @property
    def keeps(self) -> tuple[str, ...]:
        """Return the kinds of histories that are kept of what is heard and said.

        What was moved by a correction stands in an index beside them (`Work.learn`).
        """
        return tuple(kind for each in self._borrowed for kind in (each.name, f"{each.name}@"))

    def unlearned(self) -> Work:
        """Return what is known by whoever has heard and said nothing yet."""
        unit = Unit(now=self.clock())
        nothing = cast("Store", _Nothing())
        return Work(nothing, None, self._borrowed, self.hmac, unit, names_people=False)

    def known(self, *, hopeful: bool = False) -> Work:
        """Return what is known now, to look things up in; nothing of it is written.

        A hopeful one takes keys for free that nobody is known to hold, and leaves it
        to the append to find out.
        """
        return self._work(self._keys, hopeful=hopeful)

    def tried(self) -> Work:
        """Return what is known now, to try commands in: nothing of them is ever written."""
        return self._work(self._keys and Unmade(self._keys), hopeful=False)

    def _work(self, keys: Keys | Unmade | None, *, hopeful: bool) -> Work:
        return Work(
            self.store,
            keys,
            self._borrowed,
            self.hmac,
            Unit(now=self.clock()),
            names_people=self.service.names_people,
            hopeful=hopeful,
            stands=self.service.stands,
        )

    def hmac(self, kind: str, key: str) -> bytes:
        """Return what stands for a key: keyed, by the key database if there is one."""
        if self._keys is not None:
            return self._keys.hmac(kind, key)
        secret = self.store.source.encode()
        return hashlib.blake2b(f"{kind}/{key}".encode(), key=secret, digest_size=32).digest()

    # ── Erasure ─────────────────────────────────────────────────────────────

    def destroy(self, person_id: UUID) -> None:
        """Destroy a person's key, and every index entry by which he could be found.

        After the fact that says so: a crash between leaves a fact that asks for it, and
        `swept` finishes what was begun.
        """
        if self._keys is not None:
            self._keys.erase(person_id)
        for kind in FOUND_BY:
            self.store.forget(kind, person_id)

    def swept(self) -> int:
        """Destroy again the key of everybody whose erasure is recorded; return how many."""
        position, count = 0, 0
        while records := self.store.read(position, 1000, names=[ERASED]):
            for each in records:
                self.destroy(each.stream)
            position, count = records[-1].position, count + len(records)
        return count


def _naming(decider: Decider[Any, Any, Any]) -> Iterator[tuple[type[Any], str]]:
    """Pair the commands that have personal fields with the field of whose they are."""
    sealed = {f: about for each in decider.facts for f, about in kind_of(each).sealed.items()}
    for each in decider.commands:
        names = {it.name for it in fields(each)}
        for about in {sealed[name] for name in names & sealed.keys()} & names:
            yield each, about


class _Nothing:
    """Where nobody has kept anything."""

    def known(self, keys: Collection[tuple[str, UUID]]) -> dict[tuple[str, UUID], bytes]:
        del keys
        return {}
