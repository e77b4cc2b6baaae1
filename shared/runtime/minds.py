"""Services in memory: deciders and policies as the engine runs them, and nothing stored.

For worlds that are made up (contracts §8): what is said becomes records at once, in the
order, with the versions and at the moments that the stores would give them. Nobody's
name leaves a mind: a personal field is sealed by throwing its content away.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from shared.kernel import Borrowed, Decider, Recorded, Refused, Withdrawal, kind_of
from shared.kernel.ids import EventId, Territory, named
from shared.runtime import codec
from shared.runtime.amending import Correct, Withdraw, amended, derived
from shared.runtime.asking import Asked, Outcome
from shared.runtime.codec import Basis, Meta
from shared.runtime.engine import ERASED
from shared.runtime.log import Record
from shared.runtime.minds_held import Holding
from shared.runtime.minds_kept import Keeping
from shared.runtime.minds_sealed import Ring, hidden, without
from shared.runtime.seal import Erased
from shared.runtime.service import Service, by_fact
from shared.runtime.territory import TREE, territory_of
from shared.runtime.tree import micros

HEARD_AT_ONCE = 500
"""Facts heard in one turn, as many as the engines hear in one transaction."""
AT_ONCE = 20_000
"""Records given away together."""
NEVER = datetime.min.replace(tzinfo=UTC)


class Said(NamedTuple):
    """A fact on its way to those who hear it; its personal fields are sealed."""

    recorded: Recorded[Any]
    stream: UUID
    correlation_id: UUID
    basis: Basis | None


@dataclass(slots=True)
class _Life:
    """One stream: what was said in it, in clear, and where that leads."""

    decider: Decider[Any, Any, Any]
    state: Any
    history: list[Recorded[Any]] = field(default_factory=list[Recorded[Any]])
    territory: Territory | None = None


class Mind:
    """One service in memory, `Known` to its own policies, and the log of what it says.

    `number`, below 4096, is unlike that of any other log: the ids of facts carry it.
    `take` gets each record as it is said, without a leaf. One thread asks it.
    """

    def __init__(
        self,
        service: Service,
        source: str,
        number: int,
        take: Callable[[Record], object],
        ring: Ring,
    ) -> None:
        self.service, self.source = service, source
        self._unheard: list[Said] = []
        self._first, self._heard = 0, dict[str, int]()
        self._number, self._take = number, take
        self._epoch = named("epoch", source)
        self._moment, self._millis = NEVER, 0
        self._deciders = {c: d for d in service.deciders for c in d.commands}
        self._informed = {each.command: each.inform for each in service.informed}
        self._policies = by_fact(service.policies)
        borrowed = (*service.borrowed, *TREE)
        self._keeping = Keeping(borrowed)
        self._waited_for = {*self._policies, *by_fact(borrowed)}
        self._lives: dict[UUID, _Life] = {}
        self._streams: dict[UUID, UUID] = {}
        self._holding = Holding()
        self._ring = ring
        self._sealed_for: dict[UUID, set[UUID]] = {}
        self._to_erase: list[UUID] = []

    @property
    def position(self) -> int:
        """Return the end of the log."""
        return self._first + len(self._unheard)

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        return self._keeping.of(borrowed, about)

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a claimed key, if anybody does."""
        return self._holding.holder(kind, key)

    def first(self, stream: UUID, fact: type[Any]) -> tuple[EventId, Any]:
        """Return the first fact of a class in a stream. LookupError if there is none."""
        history = self._lives[stream].history if stream in self._lives else ()
        for each in history:
            if isinstance(each.fact, fact):
                return each.event_id, each.fact
        raise LookupError(f"no {fact.__name__} in {stream}")

    # ── Hearing and being asked ─────────────────────────────────────────────

    def ask(self, asked: Sequence[Asked], at: datetime) -> list[Outcome]:
        """Decide commands at a moment, each seeing those before it."""
        self._now(at)
        return [self._answer(each) for each in asked]

    def hear(self, other: "Mind", at: datetime) -> int:
        """Hear what is new of another, so much at once; do at once what follows of it."""
        self._now(at)
        heard = self._heard.get(other.source, 0)
        some = other.said_after(heard)
        for each in some:
            fact = each.recorded.fact
            if type(fact) in self._waited_for or isinstance(fact, Withdrawal):
                self._hear(each)
        self._heard[other.source] = heard + len(some)
        return len(some)

    def said_after(self, position: int) -> list[Said]:
        """Return what follows a position, as much as is heard in one turn."""
        start = position - self._first
        return self._unheard[start : start + HEARD_AT_ONCE]

    def has_heard(self, other: "Mind", position: int) -> bool:
        """Say whether another was heard up to exactly this position."""
        return self._heard.get(other.source, 0) == position

    def let_go(self) -> None:
        """Forget the log; everybody has heard it."""
        self._first = self.position
        self._unheard = []

    def _hear(self, said: Said) -> None:
        fact, event_id = said.recorded.fact, said.recorded.event_id
        self._keeping.learn(said.recorded, said.stream)
        if type(fact) in self._policies:
            cause = Asked(
                command=None,
                command_id=event_id,
                actor=f"policy:{self.service.name}",
                correlation_id=said.correlation_id,
                basis=said.basis,
            )
            self._react(fact, event_id, cause)

    def _now(self, at: datetime) -> None:
        """Go on in time, never back: all that follows is recorded at one moment."""
        self._moment = max(self._moment, at)
        self._millis = micros(self._moment) // 1000

    # ── Deciding ────────────────────────────────────────────────────────────

    def _answer(self, asked: Asked) -> Outcome:
        stream = self._stream_of(asked.command)
        try:
            event_ids = self._decided(asked, stream)
        except (Refused, Erased) as refused:
            return Outcome(
                status="refused",
                stream=stream,
                version=self._version(stream),
                clause=refused.clause,
                reason=refused.reason,
            )
        return Outcome(
            status="accepted" if event_ids else "unchanged",
            stream=stream,
            version=self._version(stream),
            event_ids=tuple(event_ids),
        )

    def _decided(self, asked: Asked, stream: UUID) -> list[UUID]:
        if isinstance(asked.command, Correct | Withdraw):
            return self._amended(asked, stream)
        decider = self._deciders[type(asked.command)]
        inform = self._informed.get(type(asked.command))
        told = self._with_key(inform(asked.command, self) if inform else asked.command)
        facts = decider.decide(self._state(decider, stream), told)
        self._holding.require_free(decider, facts)
        return [self._say(decider, stream, each, asked) for each in facts]

    def _stream_of(self, command: Any) -> UUID:
        if isinstance(command, Correct | Withdraw):
            return self._streams.get(command.event_id, UUID(int=0))
        return self._deciders[type(command)].stream(command)

    def _version(self, stream: UUID) -> int:
        life = self._lives.get(stream)
        return len(life.history) if life else 0

    def _state(self, decider: Decider[Any, Any, Any], stream: UUID) -> Any:
        life = self._lives.get(stream)
        if life is None:
            return decider.initial
        if life.decider is not decider:
            raise Refused("S1 7.2", "Этот номер уже у другого")
        return life.state

    def _react(self, fact: Any, event_id: EventId, cause: Asked) -> None:
        for policy in self._policies.get(type(fact), ()):
            for n, command in enumerate(policy.react(fact, self)):
                asked = Asked(
                    command=command,
                    command_id=uuid5(event_id, f"{policy.name}/{n}"),
                    actor=cause.actor,
                    basis=cause.basis,
                    correlation_id=cause.correlation_id or cause.command_id,
                    causation_id=event_id,
                    home=cause.home,
                )
                self._answer(asked)

    def _amended(self, asked: Asked, stream: UUID) -> list[UUID]:
        history = self._lives[stream].history if stream in self._lives else []
        decider, wrong, fact, corrects = amended(self.service, asked.command, stream, history)
        self._holding.require_free(decider, [fact])
        self._holding.release(decider, wrong)
        said = self._say(decider, stream, fact, asked, corrects)
        more = derived(decider, stream, lambda: self._state(decider, stream))
        return [said] + [self._say(decider, stream, each, asked) for each in more]

    # ── Saying ──────────────────────────────────────────────────────────────

    def _say(
        self,
        decider: Decider[Any, Any, Any],
        stream: UUID,
        fact: Any,
        asked: Asked,
        corrects: EventId | None = None,
    ) -> UUID:
        life = self._lives.get(stream)
        otherwise = (life.territory if life else None) or asked.home
        territory, home_org = territory_of(fact, self, otherwise=otherwise)
        sealed = self._sealed(fact, stream)
        self._holding.take(decider, fact)
        event_id = self._next_id()
        said = Recorded(event_id=event_id, fact=fact, corrects=corrects)
        stored = said if sealed is fact else replace(said, fact=sealed)
        life = life or self._lives.setdefault(stream, _Life(decider, decider.initial))
        life.territory = territory or life.territory
        _go_on(life, said)
        self._streams[event_id] = stream
        self._record(stored, stream, len(life.history), (territory, home_org), asked)
        self._keeping.learn(stored, stream)
        self._react(fact, event_id, asked)
        return event_id

    def _next_id(self) -> EventId:
        """Return a UUIDv7 of the plan's clock: then the log's number, then the position."""
        number, place = self._number & 0xFFF, self.position + 1
        high = self._millis << 80 | 0x7 << 76 | number << 64
        return EventId(UUID(int=high | 0b10 << 62 | place))

    def _record(
        self,
        said: Recorded[Any],
        stream: UUID,
        version: int,
        where: tuple[Territory | None, UUID | None],
        asked: Asked,
    ) -> None:
        territory, home_org = where
        correlation_id = asked.correlation_id or asked.command_id
        self._unheard.append(Said(said, stream, correlation_id, asked.basis))
        kind = kind_of(said.fact)
        meta = Meta(
            event_id=said.event_id,
            actor=asked.actor,
            command_id=asked.command_id,
            correlation_id=correlation_id,
            causation_id=asked.causation_id,
            basis=asked.basis,
            home_org=home_org,
            corrects=said.corrects,
        )
        record = Record(
            source=self.source,
            epoch=self._epoch,
            position=self.position,
            recorded_at=self._moment,
            event_id=said.event_id,
            stream=stream,
            version=version,
            name=kind.name,
            schema=kind.schema,
            territory=territory,
            meta=codec.encode_meta(meta),
            data=codec.encode(said.fact),
            leaf=b"",
        )
        self._take(record)

    # ── Sealed fields ───────────────────────────────────────────────────────

    def _sealed(self, fact: Any, stream: UUID) -> Any:
        """Return what others may see. Raises `Erased`."""
        kind = kind_of(fact)
        if kind.name == ERASED:
            self._to_erase.append(stream)
        if not kind.sealed:
            return fact
        fields = hidden(fact)
        for each in {each.subject for each in fields.values()}:
            if each in self._ring.erased:
                raise Erased(each)
            self._ring.keyed.add(each)
            self._sealed_for.setdefault(each, set()).add(stream)
        return replace(fact, **fields)

    def _with_key(self, command: Any) -> Any:
        """Write in which key an erasure destroys; one without personal fields has none."""
        if getattr(command, "key_id", self) is not None:
            return command
        return replace(command, key_id=self._ring.key_of(command.person_id))

    def erased(self) -> list[UUID]:
        """Return who was erased in this turn; nobody can be found by a key any more."""
        people, self._to_erase = self._to_erase, []
        if people:
            self._holding.forget(people)
        return people

    def forget(self, person: UUID) -> None:
        """Forget what was said in clear of somebody whose key is destroyed."""
        for stream in self._sealed_for.pop(person, ()):
            life = self._lives[stream]
            life.history = [without(each, person) for each in life.history]
            life.state = life.decider.state(life.history)


class Minds:
    """All services in memory, hearing one another in the order in which a world does.

    `services` come with the names of their logs. `give` gets records as they come, at
    least `at_once` together, each log in its order.
    """

    def __init__(
        self,
        services: Iterable[tuple[Service, str]],
        give: Callable[[list[Record]], object],
        *,
        at_once: int = AT_ONCE,
    ) -> None:
        self._give, self._at_once = give, at_once
        self._records: list[Record] = []
        self._ring = Ring()
        self.minds = {
            service.name: Mind(service, source, number, self._take, self._ring)
            for number, (service, source) in enumerate(services, start=1)
        }
        self._at = NEVER

    def ask(self, name: str, asked: Sequence[Asked], at: datetime) -> list[Outcome]:
        """Ask one service, at a moment."""
        self._at = at
        outcomes = self.minds[name].ask(asked, at)
        self._destroy(self.minds[name].erased())
        return outcomes

    def hear(self) -> None:
        """Let everybody hear everybody, until nothing new is said."""
        while self._hear_round():
            pass
        for each in self.minds.values():
            each.let_go()
        if len(self._records) >= self._at_once:
            self.give()

    def give(self) -> None:
        """Give away what is said so far."""
        if self._records:
            self._give(self._records)
            self._records = []

    def _hear_round(self) -> int:
        """Hear as `World.hear` has it: each in turn, and each of the others in turn."""
        ends = {name: each.position for name, each in self.minds.items()}
        heard = 0
        for name, mind in self.minds.items():
            for of, other in self.minds.items():
                if of != name and not mind.has_heard(other, ends[of]):
                    heard += mind.hear(other, self._at)
                    self._destroy(mind.erased())
        return heard

    def _destroy(self, people: Iterable[UUID]) -> None:
        """Destroy keys, once what says so is in the log."""
        for person in people:
            self._ring.erased.add(person)
            for each in self.minds.values():
                each.forget(person)

    def _take(self, record: Record) -> None:
        self._records.append(record)


def _go_on(life: _Life, said: Recorded[Any]) -> None:
    """Put a fact at the end of a life."""
    life.history.append(said)
    if said.corrects or isinstance(said.fact, Withdrawal):
        life.state = life.decider.state(life.history)
    else:
        life.state = life.decider.evolve(life.state, said.fact)
