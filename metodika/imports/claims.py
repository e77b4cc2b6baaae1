"""Who claims somebody that is another territory's, and how often wrongly (ADR 0040).

What is kept of wrong claims stands beside the answers to commands, by the sender's place:
keyed digests and counts, no name and no date. No fact follows from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.registry.domain import TEACHER
from services.registry.domain.identity import opened, snils_digits
from services.registry.domain.roster import Row
from services.registry.domain.rows import day, said
from services.registry.domain.same import NOT_YOURS, is_named, written_alike
from services.registry.domain.teacher import Registered
from shared.kernel import Fault
from shared.kernel.ids import Territory, named
from shared.runtime.asking import May
from shared.runtime.engine import Engine
from shared.runtime.grants import covers
from shared.runtime.log import Conflict, Learned, Read, Unit, digest
from shared.runtime.logs import log
from shared.runtime.telemetry import measure
from shared.runtime.territory import HOME, PLACE
from shared.runtime.work import Work

KIND = "wrong claims"
SENDERS = (KIND, named(KIND))
"""Where it is kept who claimed anybody wrongly: of a key nobody can tell a sender."""

MOST_A_DAY = 20
"""Different wrong claims of one sender in a day; one more, and an operator looks."""
MOST_OF_ONE = 3
"""Different wrong claims of one sender on one person, ever."""

WAITS = Fault(
    "",
    "Слишком много строк о чужих людях не сошлось: такие строки ждут решения оператора",
    "S0 V",
)


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """The wrong claims of one sender: of a day, and on each person (digests)."""

    on: date = date.min
    today: int = 0
    stopped: bool = False
    of: dict[UUID, tuple[str, ...]] = msgspec.field(default_factory=dict)

    def stops(self, person_id: UUID) -> bool:
        """Say whether claims on somebody wait for an operator."""
        return self.stopped or len(self.of.get(person_id, ())) >= MOST_OF_ONE

    def with_one(self, person_id: UUID, claim: str, on: date) -> "Wrong":
        """Return it with one more; the same claim made again tells nobody anything."""
        before = self.of.get(person_id, ())
        if claim in before:
            return self
        today = 1 + (self.today if on == self.on else 0)
        claims = self.of | {person_id: (*before, claim)}
        stopped = self.stopped or today >= MOST_A_DAY
        return replace(self, on=on, today=today, stopped=stopped, of=claims)


_reader = msgspec.json.Decoder(Wrong)


def wrong_of(engine: Engine, sender: str) -> Wrong:
    """Return the wrong claims of a sender, a territory."""
    return _read(engine, sender)[0]


def senders(engine: Engine, inside: str = "") -> list[str]:
    """Return the territories that claimed anybody wrongly, at or below one, in order."""
    found = {*_senders(engine)[0]}
    if wrong_of(engine, inside).of:  # kept before there was a list
        found.add(inside)
    return sorted(it for it in found if covers(Territory(inside), Territory(it)))


def forgive(engine: Engine, sender: str) -> None:
    """Let a sender claim again: an operator has looked."""
    _changed(engine, sender, lambda _: Wrong())


@dataclass(frozen=True)
class Claims:
    """The claims of one package on people who are not its sender's."""

    engine: Engine
    work: Work
    may: May
    sender: str
    human: Callable[[UUID], UUID]
    wrong: list[Wrong] = field(default_factory=list[Wrong])

    def claimed(self, person_id: UUID, row: Row) -> bool:
        """Say whether a row claims somebody of another territory, and rightly.

        Raises `Fault`: one and the same whatever differs, for by a fault that names it
        the birth date of anybody could be read.
        """
        if self._is_ours(person_id):
            return False
        if self._so_far().stops(person_id):
            raise WAITS
        if not self._agrees(person_id, row):
            self._count(person_id, row)
            raise NOT_YOURS
        return True

    def _is_ours(self, person_id: UUID) -> bool:
        """Say whether somebody is new, or works where the sender has a right."""
        if not self.work.thing(person_id).version:
            return True
        return any(map(self._is_at_home, {person_id, self.human(person_id)}))

    def _is_at_home(self, person_id: UUID) -> bool:
        employers = self.work.of(HOME, person_id).employers
        if not employers:
            return self.may(self.work.thing(person_id).territory)
        return any(self.may(self.work.of(PLACE, each)) for each in employers)

    def _agrees(self, person_id: UUID, row: Row) -> bool:
        """Say whether all that a row says is as recorded; who is linked may leave out some."""
        known = self.work.state(TEACHER, self.work.thing(person_id))
        if not isinstance(known, Registered):
            return False
        born, snils = day(row, "metadata.birthDate", "S0 I"), said(row, "metadata.snils")
        family, given = said(row, "familyName"), said(row, "givenName")
        named_so = is_named(known.registered.full_name, family, given)
        held = self.work.holder("snils", snils_digits(snils) or "") if snils else person_id
        return (
            (named_so or not (family and given))
            and born in {None, opened(known.registered.birth_date)}
            and held is not None
            and self.human(held) == self.human(person_id)
        )

    def _so_far(self) -> Wrong:
        if not self.wrong:
            self.wrong.append(wrong_of(self.engine, self.sender))
        return self.wrong[-1]

    def _count(self, person_id: UUID, row: Row) -> None:
        claim, on = self._digest(row), self.engine.clock().date()
        so_far = _changed(
            self.engine, self.sender, lambda it: it.with_one(person_id, claim, on)
        )
        if so_far == self._so_far():
            return
        self.wrong.append(so_far)
        measure("metodika.claims.wrong", 1)
        log.warning("wrong claim on somebody of another territory", path=self.sender)
        if so_far.stops(person_id):
            log.error("claims of a sender wait for an operator", path=self.sender)

    def _digest(self, row: Row) -> str:
        names = written_alike(f"{said(row, 'familyName')} {said(row, 'givenName')}")
        who = said(row, "metadata.birthDate"), said(row, "metadata.snils"), *names
        return self.engine.hmac(KIND, "\0".join(who)).hex()[:12]


def _changed(engine: Engine, sender: str, change: Callable[[Wrong], Wrong]) -> Wrong:
    """Keep a change, also when others count at the same time. Returns what is kept now."""
    while True:
        before, kept = _read(engine, sender)
        after = change(before)
        if after == before:
            return after
        about = _about(sender)
        unit = Unit(
            now=engine.clock(),
            known=[Learned(KIND, about, msgspec.json.encode(after))],
            read=[Read(KIND, about, digest(kept))],
        )
        _list(engine, sender, unit)
        try:
            engine.store.append(unit)
        except Conflict:
            continue
        return after


def _list(engine: Engine, sender: str, unit: Unit) -> None:
    """Put a sender on the list of senders, in the same transaction, if it is not there."""
    listed, kept = _senders(engine)
    if sender not in listed:
        unit.known.append(Learned(*SENDERS, msgspec.json.encode(sorted({*listed, sender}))))
        unit.read.append(Read(*SENDERS, digest(kept)))


def _senders(engine: Engine) -> tuple[list[str], bytes]:
    kept = engine.store.known([SENDERS]).get(SENDERS, b"")
    return (msgspec.json.decode(kept, type=list[str]) if kept else []), kept


def _read(engine: Engine, sender: str) -> tuple[Wrong, bytes]:
    at = (KIND, _about(sender))
    kept = engine.store.known([at]).get(at, b"")
    return (_reader.decode(kept) if kept else Wrong()), kept


def _about(sender: str) -> UUID:
    return named(KIND, sender)
