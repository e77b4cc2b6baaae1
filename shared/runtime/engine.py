"""Commands in, facts out: read, decide, append, and again when somebody was faster."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import chain
from threading import Lock
from typing import Any, cast
from uuid import UUID, uuid5

import msgspec
from msgspec import structs

from shared.kernel import Claim, Concerns, Decider, Refused, Release, Withdrawal, kind_of, stood
from shared.kernel.ids import EventId, Territory
from shared.runtime.amending import AMENDING, amended, derived, places, records_of
from shared.runtime.asking import (
    FOREIGN,
    WHO_MAY_WHAT,
    Asked,
    May,
    NotAllowed,
    OtherBody,
    Outcome,
)
from shared.runtime.log import Answered, Conflict, Head, Store, Unit
from shared.runtime.seal import Erased, Keys
from shared.runtime.service import Service, by_fact
from shared.runtime.territory import (
    TREE,
    Standing,
    elsewhere,
    heard_also,
    require_come,
    restated_at,
    rights_to,
    taken_from,
)
from shared.runtime.work import Thing, Wanted, Work

TRIES = 4
ERASED = "registry.PersonalDataErased"
FOR_NOW = ("conflict", "forbidden")
"""Answers that are not kept: asked again, a command may be answered otherwise."""

FOUND_BY = ("snils",)
"""Kinds of claimed keys from which a person could be found again."""

_encoder = msgspec.json.Encoder()


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
        self._deciders = {c: d for d in service.deciders for c in d.commands}
        self._informed = {each.command: each.inform for each in service.informed}
        self._policies = by_fact(each for each in service.policies if not each.gone)
        self._when_gone = by_fact(each for each in service.policies if each.gone)
        self._concerns = {f: each for each in service.concerns for f in each.facts}
        self._naming = {c: about for d in service.deciders for c, about in _naming(d)}

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
                    position = self._append(work)
            except Conflict:
                continue
            return [
                each if each.position else structs.replace(each, position=position)
                for each in outcomes
            ]
        return [self._too_late(each) for each in asked]

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

    def _with_key(self, command: Any) -> Any:
        """Write in which key an erasure will destroy; a service without keys knows none."""
        if self._keys is None or getattr(command, "key_id", self) is not None:
            return command
        return replace(command, key_id=self._keys.key_id(command.person_id))

    def decided(
        self, work: Work, asked: Sequence[Asked], may: May | None = None
    ) -> list[Outcome]:
        """Decide commands, each seeing those before it; nothing of it is written yet.

        What was answered to them before is foreseen in the work.
        """
        return [self._answer(work, each, may) for each in asked]

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

    def append(self, unit: Unit) -> Head:
        """Write a unit, unless there is nothing to write. Raises `Conflict`."""
        if not (unit.facts or unit.answers or unit.heard or unit.parked or unit.unparked):
            return self.store.head()
        head = self.store.append(unit)
        for each in unit.facts:
            if each.name == ERASED:
                self.destroy(each.stream)
        return head

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
        return Work(
            self.store,
            self._keys,
            self._borrowed,
            self.hmac,
            Unit(now=self.clock()),
            names_people=self.service.names_people,
            hopeful=hopeful,
            stands=self.service.stands,
        )

    def _answer(
        self,
        work: Work,
        asked: Asked,
        may: May | None,
    ) -> Outcome:
        body = asked.body_hmac or self.hmac("body", repr(asked.command))
        if answered := work.answer(asked.command_id):
            if answered.body_hmac != body:
                raise OtherBody(str(asked.command_id))
            outcome = msgspec.json.decode(answered.outcome, type=Outcome)
            return structs.replace(outcome, position=answered.position)
        outcome = self._decided(work, asked, may)
        if outcome.status not in FOR_NOW:
            work.answered(
                Answered(
                    command_id=asked.command_id,
                    body_hmac=body,
                    outcome=_encoder.encode(outcome),
                )
            )
        return outcome

    def _decided(
        self,
        work: Work,
        asked: Asked,
        may: May | None,
    ) -> Outcome:
        stream = self._stream_in(work, asked.command)
        thing = work.thing(stream)
        if asked.expected_version not in (None, thing.version):
            return Outcome(status="conflict", stream=stream, version=thing.version)
        version = thing.version
        try:
            event_ids = self._said(work, asked, thing, may)
        except (Refused, Erased) as refused:
            return Outcome(
                status="refused",
                stream=stream,
                version=version,
                clause=refused.clause,
                reason=refused.reason,
            )
        except NotAllowed as why:
            return Outcome(
                status="forbidden",
                stream=stream,
                version=version,
                clause=why.clause,
                reason=why.reason,
            )
        return Outcome(
            status="accepted" if event_ids else "unchanged",
            stream=stream,
            version=thing.version,
            event_ids=tuple(event_ids),
        )

    def _said(
        self,
        work: Work,
        asked: Asked,
        thing: Thing,
        may: May | None,
    ) -> list[UUID]:
        command = asked.command
        if isinstance(command, AMENDING):
            return self._amended(work, asked, thing, may)
        decider = self._deciders[type(command)]
        facts = decider.decide(work.state(decider, thing), self._told(work, command))
        claims = [[*decider.claims(each)] for each in facts]
        work.holding.require_free(chain(*claims))
        self._require_right(work, thing, facts[:1], asked, may)
        require_come(facts, work.unit.now)
        said: list[UUID] = []
        for fact, its in zip(facts, claims, strict=True):
            said.append(self._say(work, thing, fact, its, asked, None))
            said += self._say_elsewhere(work, thing, fact, asked, EventId(said[-1]))
        return said

    def _told(self, work: Work, command: Any) -> Any:
        """Write into a command what its guards must know."""
        inform = self._informed.get(type(command))
        return self._with_key(inform(command, work) if inform else command)

    def _amended(self, work: Work, asked: Asked, thing: Thing, may: May | None) -> list[UUID]:
        decider, record, after, keys = amended(
            self.service, asked.command, thing.stream, thing.history, work
        )
        work.holding.require_free(keys)
        fact = after[0].fact
        records = records_of(thing.history, asked.command.event_id)
        stands = [work.stands(each) for each in records]
        where = restated_at(record.fact, fact, stands[-1], work)
        self._require_right_to_amend(work, asked, (record.fact, fact), (stands[-1], where), may)
        require_come((each.fact for each in after), work.unit.now)
        work.require_sealable(thing, [each.fact for each in after])
        work.holding.take(keys, work.unit)
        there = [*places(after, stands[-1], where, work.stands)]
        said: list[UUID] = [
            self._say(work, thing, each.fact, (), asked, each.corrects, place)
            for each, place in zip(after, there, strict=True)
        ]
        said += [  # whoever heard the fact
            work.say(thing, fact, (), asked, after[0].corrects, each)
            for each in heard_also(where, stands)
        ]
        more = derived(
            decider,
            thing.stream,
            lambda: work.state(decider, thing),
            lambda command: self._told(work, command),
        )
        return said + [
            self._say(work, thing, each, decider.claims(each), asked, None) for each in more
        ]

    def _require_right(
        self, work: Work, thing: Thing, facts: Sequence[Any], asked: Asked, may: May | None
    ) -> None:
        """Raise `NotAllowed` where a caller may not say this; nothing of it is said yet.

        What a command brings about besides what it states asks no right of its own.
        """
        if may is None:
            return
        for fact in facts:
            if type(fact) in self._concerns:
                self._require_every_home(work, asked, (fact,), (), may)
            elif not any(map(may, work.rights_to(thing, fact, asked))) or (
                (taken := taken_from(fact, work)) and not may(taken)
            ):
                raise NotAllowed(type(asked.command).__name__)

    def _require_right_to_amend(
        self,
        work: Work,
        asked: Asked,
        facts: tuple[Any, Any],
        stands: tuple[Standing, Standing],
        may: May | None,
    ) -> None:
        """Raise `NotAllowed` where a caller may not amend what stood by what is said."""
        (stood, fact), ((here, _), (there, _)) = facts, stands
        if may is None:
            return
        if type(stood) in self._concerns:
            self._require_every_home(work, asked, facts, (here, there), may)
        elif not (may(here) and any(map(may, rights_to(fact, there, work)))):
            raise NotAllowed(type(asked.command).__name__)

    def _require_every_home(
        self,
        work: Work,
        asked: Asked,
        facts: Iterable[Any],
        places: Iterable[Territory | None],
        may: May,
    ) -> None:
        """Raise `NotAllowed`: who may at some of the homes is told who may at all."""
        concerned = [(c, it) for it in facts if (c := self._concerns.get(type(it)))]
        homes = (at for concern, it in concerned for at, _ in _homes(work, concern, it))
        rights = [may(at) for at in (*places, *homes)]
        if all(rights):
            return
        (concern, _), *_ = concerned
        why = (concern.reason, concern.clause) if any(rights) else ()
        raise NotAllowed(type(asked.command).__name__, *why)

    def _say_elsewhere(
        self, work: Work, thing: Thing, fact: Any, asked: Asked, event_id: EventId
    ) -> list[UUID]:
        """Say a fact anew in each other region that is to be told of it (ADR 0036)."""
        concern = self._concerns.get(type(fact))
        if concern is None or not concern.told:
            return []
        places = elsewhere(work.stands(event_id), _homes(work, concern, fact))
        return [work.say(thing, fact, (), asked, event_id, each) for each in places]

    def _say(  # noqa: PLR0913, PLR0917 - all that a fact is said with
        self,
        work: Work,
        thing: Thing,
        fact: Any,
        claims: Iterable[Claim | Release],
        asked: Asked,
        corrects: EventId | None,
        where: Standing | None = None,
    ) -> UUID:
        amends = corrects or isinstance(fact, Withdrawal)
        gone = stood(thing.history, fact, corrects) if amends else None
        event_id = work.say(thing, fact, claims, asked, corrects, where)
        self.react(work, fact, event_id, asked, gone)
        return event_id

    def stream_of(self, command: Any) -> UUID:
        """Return the thing that a command is about. TypeError if it is none of ours."""
        if isinstance(command, AMENDING):
            found = self.store.events([command.event_id]).get(command.event_id)
            return found.stream if found else UUID(int=0)
        if type(command) not in self._deciders:
            raise TypeError(f"{type(command).__name__} is no command of this service")
        return self._deciders[type(command)].stream(command)

    def _stream_in(self, work: Work, command: Any) -> UUID:
        """Return the thing that a command is about, also one that is not written yet."""
        said = work.said_of(command.event_id) if isinstance(command, AMENDING) else None
        return said or self.stream_of(command)

    def react(
        self, work: Work, fact: Any, event_id: EventId, cause: Asked, gone: Any = None
    ) -> list[Outcome]:
        """Have every policy react to a fact; each command is decided within this work.

        First to the one that is `gone` with it, if it was withdrawn or is said anew.
        """
        outcomes: list[Outcome] = []
        if gone is None and type(fact) not in self._policies:
            return outcomes
        for policy, about in chain(
            ((each, gone) for each in self._when_gone.get(type(gone), ())),
            ((each, fact) for each in self._policies.get(type(fact), ())),
        ):
            for n, command in enumerate(policy.react(about, work)):
                command_id = uuid5(event_id, f"{policy.name}/{n}")
                if work.answer(command_id):
                    continue  # brought about when the fact was heard before
                asked = structs.replace(
                    cause,
                    command=command,
                    command_id=command_id,
                    body_hmac=b"",
                    correlation_id=cause.correlation_id or cause.command_id,
                    causation_id=event_id,
                    expected_version=None,
                )
                outcomes.append(self._answer(work, asked, None))
        return outcomes

    # ── Inside ──────────────────────────────────────────────────────────────

    def hmac(self, kind: str, key: str) -> bytes:
        """Return what stands for a key: keyed, by the key database if there is one."""
        if self._keys is not None:
            return self._keys.hmac(kind, key)
        secret = self.store.source.encode()
        return hashlib.blake2b(f"{kind}/{key}".encode(), key=secret, digest_size=32).digest()

    def _append(self, work: Work) -> int:
        return self.append(work.handed_over()).position

    def _too_late(self, asked: Asked) -> Outcome:
        stream = self.stream_of(asked.command)
        history = self.store.streams([stream]).get(stream, [])
        version = history[-1].version if history else 0
        return Outcome(status="conflict", stream=stream, version=version)


def _homes(work: Work, concern: Concerns[Any], fact: Any) -> list[Standing]:
    """Return where everybody is at home whom a fact concerns."""
    return [at for each in concern.people(fact, work) for at in work.homes_of(each)]


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
