"""One service in memory: what its engine would decide, and nothing stored."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID, uuid5

from shared.kernel import (
    Borrowed,
    Claim,
    Decider,
    Recorded,
    Refused,
    Release,
    Withdrawal,
    kind_of,
    records_of,
    said_last,
    stood,
)
from shared.kernel.ids import EventId, Territory
from shared.runtime.amending import (
    Correct,
    Withdraw,
    amended,
    derived,
    grounds,
    places,
)
from shared.runtime.asking import Asked, Outcome
from shared.runtime.engine import ERASED
from shared.runtime.mind_held import Holding
from shared.runtime.mind_kept import Keeping
from shared.runtime.mind_log import Log, Said
from shared.runtime.mind_sealed import Ring, hidden, without
from shared.runtime.seal import Erased
from shared.runtime.service import Reactions, Service, by_fact, courses
from shared.runtime.territory import (
    TREE,
    Standing,
    elsewhere,
    heard_also,
    homes_of,
    require_come,
    restated_at,
    tells_home,
    territory_of,
)


@dataclass(slots=True)
class _Life:
    """One stream: what was said in it, in clear, and where that leads."""

    decider: Decider[Any, Any, Any]
    state: Any
    history: list[Recorded[Any]] = field(default_factory=list[Recorded[Any]])
    territory: Territory | None = None

    def go_on(self, said: Recorded[Any]) -> None:
        """Put a fact at the end."""
        self.history.append(said)
        if said.corrects or isinstance(said.fact, Withdrawal):
            self.state = self.decider.state(self.history)
        else:
            self.state = self.decider.evolve(self.state, said.fact)


class Mind:
    """One service in memory, `Known` to its own policies. One thread asks it.

    Nobody's name leaves it: a personal field is sealed by throwing its content away.
    """

    def __init__(self, service: Service, log: Log, ring: Ring) -> None:
        self.service, self.log = service, log
        self._heard = dict[str, int]()
        self._courses = courses(service)
        self._reactions = Reactions(service.policies)
        self._concerns = {f: it for it in service.concerns if it.told for f in it.facts}
        borrowed = (*service.borrowed, *TREE)
        self._keeping = Keeping(borrowed)
        self._waited_for = {*self._reactions.facts, *by_fact(borrowed)}
        self._lives: dict[UUID, _Life] = {}
        self._streams: dict[UUID, UUID] = {}
        self._stands: dict[UUID, Standing] = {}
        self._holding = Holding()
        self._ring = ring
        self._sealed_for: dict[UUID, set[UUID]] = {}
        self._to_erase: list[UUID] = []

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        return self._keeping.of(borrowed, about)

    def every[D](self, borrowed: Borrowed[D, Any], about: Iterable[UUID]) -> Iterator[D]:
        """Return the document about each of these."""
        return (self.of(borrowed, each) for each in about)

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a claimed key, if anybody does."""
        return self._holding.holder(kind, key)

    def history(self, stream: UUID) -> Sequence[Recorded[Any]]:
        """Return all that was said of another thing of the same service."""
        return self._lives[stream].history if stream in self._lives else ()

    def standing_on(self, decider: Decider[Any, Any, Any], stream: UUID) -> Collection[UUID]:
        """Return the other streams of the service in which a fact stands on this one."""
        rules = [each for each in self.service.stands if each.on == decider.name]
        lives = self._lives.items() if rules else ()
        return [it for it, life in lives if stream in grounds(rules, life.history)]

    def first(self, stream: UUID, fact: type[Any]) -> tuple[EventId, Any]:
        """Return the first fact of a class in a stream. LookupError if there is none."""
        for each in self.history(stream):
            if isinstance(each.fact, fact):
                return each.event_id, each.fact
        raise LookupError(f"no {fact.__name__} in {stream}")

    # ── Hearing and being asked ─────────────────────────────────────────────

    def ask(self, asked: Sequence[Asked], at: datetime) -> list[Outcome]:
        """Decide commands at a moment, each seeing those before it."""
        self.log.go_on(at)
        return [self._answer(each) for each in asked]

    def hear(self, other: "Mind", at: datetime) -> int:
        """Hear what is new of another, so much at once; do at once what follows of it."""
        self.log.go_on(at)
        heard = self._heard.get(other.log.source, 0)
        some = other.log.after(heard)
        for each in some:
            fact = each.recorded.fact
            if type(fact) in self._waited_for or isinstance(fact, Withdrawal):
                self._hear(each)
        self._heard[other.log.source] = heard + len(some)
        return len(some)

    def has_heard(self, other: "Mind", position: int) -> bool:
        """Say whether another was heard up to exactly this position."""
        return self._heard.get(other.log.source, 0) == position

    def _hear(self, said: Said) -> None:
        fact, event_id = said.recorded.fact, said.recorded.event_id
        gone = self._keeping.stood(said.recorded, said.stream)
        self._keeping.learn(said.recorded, said.stream)
        if self._reactions.wait_for(fact, gone):
            cause = Asked(
                command=None,
                command_id=event_id,
                actor=f"policy:{self.service.name}",
                correlation_id=said.correlation_id,
                basis=said.basis,
            )
            self._react(fact, event_id, cause, gone)

    # ── Deciding ────────────────────────────────────────────────────────────

    def _stream_of(self, command: Any) -> UUID:
        if isinstance(command, Correct | Withdraw):
            return self._streams.get(command.event_id, UUID(int=0))
        return self._courses[type(command)].decider.stream(command)

    def _answer(self, asked: Asked) -> Outcome:
        stream = self._stream_of(asked.command)
        try:
            event_ids = self._said(asked, stream)
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

    def _react(self, fact: Any, event_id: EventId, cause: Asked, gone: Any = None) -> None:
        if not self._reactions.wait_for(fact, gone):
            return
        for name, command in self._reactions.to(fact, gone, self):
            asked = Asked(
                command=command,
                command_id=uuid5(event_id, name),
                actor=cause.actor,
                basis=cause.basis,
                correlation_id=cause.correlation_id or cause.command_id,
                causation_id=event_id,
                home=cause.home,
            )
            self._answer(asked)

    def _said(self, asked: Asked, stream: UUID) -> list[UUID]:
        if isinstance(asked.command, Correct | Withdraw):
            return self._amended(asked, stream)
        decider = self._courses[type(asked.command)].decider
        facts = decider.decide(self._state(decider, stream), self._told(asked.command))
        claims = [[*decider.claims(each)] for each in facts]
        self._holding.require_free(chain(*claims))
        require_come(facts, self.log.now)
        said: list[UUID] = []
        for each, its in zip(facts, claims, strict=True):
            said.append(self._say(decider, stream, each, its, asked))
            said += self._say_elsewhere(decider, stream, each, asked, EventId(said[-1]))
        return said

    def _told(self, command: Any) -> Any:
        """Write into a command what its guards must know."""
        course = self._courses[type(command)]
        told = course.told(command, self)
        if not course.keyed or told.key_id is not None:
            return told
        return replace(told, key_id=self._ring.key_of(told.person_id))

    def _amended(self, asked: Asked, stream: UUID) -> list[UUID]:
        history = self.history(stream)
        decider, record, after, keys = amended(
            self.service, asked.command, stream, history, self
        )
        self._holding.require_free(keys)
        heard = [
            [self._stands[each] for each in records_of(history, it.stood.event_id)]
            if it.stood
            else []
            for it in after
        ]
        fact = after[0].fact

        def at(event_id: UUID) -> Standing:
            return self._stands[said_last(history, event_id)]

        here = at(asked.command.event_id)
        where = restated_at(record.fact, fact, here, self)
        require_come((each.fact for each in after), self.log.now)
        for each in after:
            if kind_of(each.fact).sealed:
                self._sealed(each.fact, stream)  # may refuse: before anything is said
        self._holding.take(keys)
        there = [*places(after, here, where, at)]
        gone = [stood(history, each.fact, each.corrects) for each in after]
        said: list[UUID] = [
            self._put(decider, stream, each.fact, asked, each.corrects, place)
            for each, place in zip(after, there, strict=True)
        ]
        for each, its, was in zip(after, said, gone, strict=True):  # once all of it stands
            self._react(each.fact, EventId(its), asked, was)
        said += [
            self._put(decider, stream, each.fact, asked, each.corrects, also)
            for each, place, stands in zip(after, there, heard, strict=True)
            for also in heard_also(place, stands)
        ]
        more = derived(decider, stream, lambda: self._state(decider, stream), self._told)
        return said + [
            self._say(decider, stream, each, decider.claims(each), asked) for each in more
        ]

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

    # ── Saying ──────────────────────────────────────────────────────────────

    def _say(
        self,
        decider: Decider[Any, Any, Any],
        stream: UUID,
        fact: Any,
        claims: Iterable[Claim | Release],
        asked: Asked,
    ) -> EventId:
        event_id = self._put(decider, stream, fact, asked, None, None, claims)
        self._react(fact, event_id, asked)
        return event_id

    def _say_elsewhere(
        self,
        decider: Decider[Any, Any, Any],
        stream: UUID,
        fact: Any,
        asked: Asked,
        event_id: EventId,
    ) -> list[UUID]:
        """Say a fact anew in each other region that is to be told of it (ADR 0036)."""
        concern = self._concerns.get(type(fact))
        people = concern.people(fact, self) if concern else ()
        lives = ((each, self._lives.get(each)) for each in people)
        homes = (homes_of(each, it.territory if it else None, self) for each, it in lives)
        places = elsewhere(self._stands[event_id], chain.from_iterable(homes))
        return [self._put(decider, stream, fact, asked, event_id, each) for each in places]

    def _put(  # noqa: PLR0913, PLR0917 - all that a fact is said with
        self,
        decider: Decider[Any, Any, Any],
        stream: UUID,
        fact: Any,
        asked: Asked,
        corrects: EventId | None,
        where: Standing | None,
        claims: Iterable[Claim | Release] = (),
    ) -> EventId:
        life = self._lives.get(stream)
        otherwise = (life.territory if life else None) or asked.home
        where = where or territory_of(fact, self, otherwise=otherwise, sender=asked.home)
        territory, home_org = where
        sealed = self._sealed(fact, stream)
        self._holding.take(claims)
        event_id = self.log.next_id()
        because = EventId(asked.causation_id) if asked.causation_id else None
        said = Recorded(event_id=event_id, fact=fact, corrects=corrects, caused_by=because)
        stored = said if sealed is fact else said._replace(fact=sealed)
        life = life or self._lives.setdefault(stream, _Life(decider, decider.initial))
        if tells_home(kind_of(fact).name, corrects):
            life.territory = territory or life.territory
        life.go_on(said)
        self._streams[event_id], self._stands[event_id] = stream, where
        meta = asked.envelope(event_id, home_org, corrects)
        self.log.add(stored, stream, len(life.history), territory, meta)
        self._keeping.learn(stored, stream)
        return event_id

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
