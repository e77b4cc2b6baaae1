"""One unit of work: what has been read, what will be written, and nothing half."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from shared.kernel import (
    Borrowed,
    Claim,
    Decider,
    Kind,
    Recorded,
    Refused,
    Release,
    Withdrawal,
    catalogue,
    kind_of,
    standing,
)
from shared.kernel.ids import EventId, Territory
from shared.runtime import codec
from shared.runtime.amending import withdrawn
from shared.runtime.asking import Asked
from shared.runtime.log import Answered, Key, Learned, Pending, Record, Store, Unit
from shared.runtime.seal import Keys
from shared.runtime.service import by_fact
from shared.runtime.territory import territory_of


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """One fact as a service keeps it of others; the array is a borrowed history."""

    event_id: UUID
    corrects: UUID | None
    name: str
    schema: int
    data: msgspec.Raw


MOVED = "перенесено"
"""Why a fact is withdrawn from one history: it stands in another."""

_encoder = msgspec.json.Encoder()
_histories = msgspec.json.Decoder(list[Kept])
_UNREAD = object()


@dataclass(slots=True)
class Thing:
    """What is known of one stream; its state once a decider asked for it.

    So many facts of its history as `folded` says have led to the state.
    """

    stream: UUID
    history: list[Recorded[Any]]
    version: int
    territory: Territory | None
    decider: Decider[Any, Any, Any] | None = None
    state: Any = None
    folded: int = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What will be asked for: commands, streams, histories, keys, people to be named."""

    commands: Collection[UUID] = ()
    streams: Collection[UUID] = ()
    about: Collection[tuple[str, UUID]] = ()
    keys: Collection[tuple[str, str]] = ()
    people: Collection[UUID] = ()


class Work:
    """What is read is read once; what is said is seen by everything that follows."""

    def __init__(  # noqa: PLR0913 - all that one transaction needs
        self,
        store: Store,
        keys: Keys | None,
        borrowed: Sequence[Borrowed[Any, Any]],
        hmac: Callable[[str, str], bytes],
        unit: Unit,
        *,
        names_people: bool,
        hopeful: bool = False,
    ) -> None:
        self.unit = unit
        self._store = store
        self._keys = keys
        self._hmac = cache(hmac)
        self._names_people = names_people
        self._hopeful = hopeful
        self._listeners = by_fact(borrowed)
        self._things: dict[UUID, Thing] = {}
        self._known: dict[tuple[str, UUID], list[Kept]] = {}
        self._documents: dict[tuple[str, UUID], Any] = {}
        self._grown: dict[tuple[str, UUID], None] = {}
        self._index: dict[tuple[str, UUID], UUID] = {}
        self._indexed: dict[tuple[str, UUID], None] = {}
        self._answers: dict[UUID, Answered | None] = {}
        self._holders: dict[tuple[str, bytes], UUID | None] = {}

    # ── What is known ───────────────────────────────────────────────────────

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        at = (borrowed.name, about)
        document = self._documents.get(at, _UNREAD)
        if document is _UNREAD:
            stand = standing(map(_recorded, self._history_about(at)))
            document = self._documents[at] = reduce(
                lambda so_far, each: borrowed.evolve(so_far, each.fact, each.event_id),
                stand,
                borrowed.initial,
            )
        return document

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a claimed key, if anybody does."""
        at = (kind, self._hmac(kind, key))
        if at not in self._holders:
            self._holders[at] = self._store.holders([at]).get(at)
        return self._holders[at]

    def foresee(self, wanted: Wanted) -> None:
        """Read at once what would be read one by one."""
        commands = set(wanted.commands).difference(self._answers)
        if commands:
            self._answers |= dict.fromkeys(commands) | self._store.answers(commands)
        streams = set(wanted.streams).difference(self._things)
        if streams:
            found = self._store.streams(streams)
            self._warm(found.values())
            for each in streams:
                self._things[each] = self._thing_of(each, found.get(each, []))
        if wanted.people and self._keys:
            self._keys.prepare(wanted.people)
        about = set(wanted.about).difference(self._known)
        if about:
            kept = self._store.known(about)
            self._known |= {at: [] for at in about}
            self._known |= {at: _histories.decode(said) for at, said in kept.items()}
        hidden = {(kind, self._hmac(kind, key)) for kind, key in wanted.keys}
        hidden.difference_update(self._holders)
        if hidden:
            self._holders |= dict.fromkeys(hidden) | self._store.holders(hidden)

    def answer(self, command_id: UUID) -> Answered | None:
        """Return how a command was answered, here or, if it was foreseen, before."""
        return self._answers.get(command_id)

    def answered(self, how: Answered) -> None:
        """Keep how a command was answered."""
        self.unit.answers.append(how)
        self._answers[how.command_id] = how

    # ── What stands in this log ─────────────────────────────────────────────

    def thing(self, stream: UUID) -> Thing:
        """Return what is known of a stream, personal fields open if they may be."""
        thing = self._things.get(stream)
        if thing is None:
            self.foresee(Wanted(streams=[stream]))
            thing = self._things[stream]
        return thing

    def state[S](self, decider: Decider[S, Any, Any], thing: Thing) -> S:
        """Return where a thing is in its life."""
        if thing.decider is not decider:
            of_its_life = (*decider.facts, Withdrawal)
            if not all(isinstance(each.fact, of_its_life) for each in thing.history):
                raise Refused("S1 7.2", "Этот номер уже у другого")
            thing.decider, thing.state = decider, decider.state(thing.history)
        else:
            for each in thing.history[thing.folded :]:
                thing.state = decider.evolve(thing.state, each.fact)
        thing.folded = len(thing.history)
        return thing.state

    def say(
        self,
        thing: Thing,
        fact: Any,
        claims: Iterable[Claim | Release],
        asked: Asked,
        corrects: EventId | None,
    ) -> tuple[EventId, Territory | None]:
        """Put a fact at the end of its stream; its keys and its readers are served."""
        version, kind = thing.version + 1, kind_of(fact)
        event_id = EventId(uuid7())
        here = thing.territory or asked.home
        territory, home_org = territory_of(fact, self, otherwise=here)
        sealed = self._sealed(kind, fact, thing.stream, version) if kind.sealed else fact
        data = codec.encode(sealed)  # may refuse: before claims
        self._claim(claims)
        self.unit.facts.append(
            Pending(
                event_id=event_id,
                stream=thing.stream,
                version=version,
                name=kind.name,
                schema=kind.schema,
                territory=territory,
                meta=codec.encode_meta(_meta(asked, event_id, home_org, corrects)),
                data=data,
            )
        )
        thing.version, thing.territory = version, territory
        thing.history.append(Recorded(event_id=event_id, fact=fact, corrects=corrects))
        if corrects or isinstance(fact, Withdrawal):
            thing.decider = None
        kept = Kept(event_id, corrects, kind.name, kind.schema, msgspec.Raw(data))
        self.learn(kept, fact, thing.stream)
        return event_id, territory

    # ── What is borrowed ────────────────────────────────────────────────────

    def learn(self, kept: Kept, fact: Any, stream: UUID) -> None:
        """Keep a fact, heard or said, wherever somebody wants to know it."""
        if isinstance(fact, Withdrawal):
            kind = catalogue.get(fact.name)
            for each in self._listeners.get(kind.fact, ()) if kind else ():
                self._append(each, self._whereabouts(each, fact.withdraws, stream), kept)
            return
        for each in self._listeners.get(type(fact), ()):
            about, before = each.about(fact), stream
            if kept.corrects:
                before = self._whereabouts(each, EventId(kept.corrects), stream)
                if before != about:
                    self._append(each, before, _gone(kept))
                    self._come_back(each, about, kept.corrects)
            if before != about:
                at = (f"{each.name}@", kept.corrects or kept.event_id)
                self._index[at], self._indexed[at] = about, None
            self._append(each, about, kept, fact)

    def _whereabouts(
        self, borrowed: Borrowed[Any, Any], event_id: EventId, stream: UUID
    ) -> UUID:
        at = (f"{borrowed.name}@", event_id)
        if at in self._index:
            return self._index[at]
        found = self._store.known([at]).get(at)
        return msgspec.json.decode(found, type=UUID) if found else stream

    def _come_back(self, borrowed: Borrowed[Any, Any], about: UUID, first: UUID) -> None:
        """Let a fact stand again where a correction had moved it away from."""
        history = self._history_about((borrowed.name, about))
        history[:] = [each for each in history if not _is_moved(each, first)]

    def _append(
        self, borrowed: Borrowed[Any, Any], about: UUID, kept: Kept, fact: Any = None
    ) -> None:
        at = (borrowed.name, about)
        self._history_about(at).append(kept)
        self._grown[at] = None
        document = self._documents.pop(at, None)
        if document is None or fact is None or kept.corrects or kind_of(fact).sealed:
            return  # it is made anew, of what stands and as it is stored
        event_id = EventId(kept.event_id)
        self._documents[at] = borrowed.evolve(document, fact, event_id)

    def handed_over(self) -> Unit:
        """Return what is to be written, whole; what follows goes into the next unit."""
        done = self.unit
        for at in self._grown:
            done.known.append(Learned(*at, _encoder.encode(self._known[at])))
        for at in self._indexed:
            done.known.append(Learned(*at, _encoder.encode(self._index[at])))
        self.unit = Unit(now=done.now)
        self._grown.clear()
        self._indexed.clear()
        return done

    def _history_about(self, at: tuple[str, UUID]) -> list[Kept]:
        history = self._known.get(at)
        if history is None:
            self.foresee(Wanted(about=[at]))
            history = self._known[at]
        return history

    # ── Inside ──────────────────────────────────────────────────────────────

    def _warm(self, histories: Collection[Sequence[Record]]) -> None:
        """Read at once the keys of those whose personal fields stand in these streams."""
        if self._names_people and self._keys and len(histories) > 1:
            self._keys.warm(
                {each.stream for some in histories for each in some if _is_sealed(each.name)}
            )

    def _thing_of(self, stream: UUID, records: Sequence[Record]) -> Thing:
        place = next((r.territory for r in reversed(records) if r.territory), None)
        return Thing(
            stream=stream,
            history=[self._read(each) for each in records],
            version=records[-1].version if records else 0,
            territory=Territory(place) if place else None,
        )

    def _read(self, record: Record) -> Recorded[Any]:
        fact = codec.decode(record.name, record.schema, record.data)
        if self._names_people and self._keys and kind_of(fact).sealed:
            fact = self._keys.open(fact, record.stream, record.version)
        corrects = codec.decode_meta(record.meta).corrects
        return Recorded(
            event_id=EventId(record.event_id),
            fact=fact,
            corrects=EventId(corrects) if corrects else None,
        )

    def _sealed(self, kind: Kind, fact: Any, stream: UUID, version: int) -> Any:
        if self._keys is None:
            raise TypeError(f"{kind.name} names people, and this service has no keys")
        return self._keys.seal(kind, fact, stream, version)

    def free(self, claims: Iterable[Claim | Release]) -> None:
        """Raise `Refused` if one of these keys is held by another."""
        for each in claims:
            if isinstance(each, Claim) and self._held(each) not in (None, each.holder):
                raise Refused(each.clause, each.reason)

    def release(self, decider: Decider[Any, Any, Any], fact: Any) -> None:
        """Let go of the keys of a fact that is corrected or withdrawn."""
        for each in decider.claims(fact):
            at = (each.kind, self._hmac(each.kind, each.key))
            if isinstance(each, Claim) and self.holder(each.kind, each.key) == each.holder:
                self._holders[at] = None
                self.unit.releases.append(Key(*at, each.holder))

    def _held(self, wanted: Claim | Release) -> UUID | None:
        """Return who holds a key; if hopeful, nobody: the append will find out."""
        if self._hopeful and isinstance(wanted, Claim):
            return self._holders.get((wanted.kind, self._hmac(wanted.kind, wanted.key)))
        return self.holder(wanted.kind, wanted.key)

    def _claim(self, claims: Iterable[Claim | Release]) -> None:
        for each in claims:
            at = (each.kind, self._hmac(each.kind, each.key))
            held = self._held(each)
            key = Key(*at, each.holder)
            if isinstance(each, Claim):
                if held is None:
                    self._holders[at] = each.holder
                    if key in self.unit.releases:
                        self.unit.releases.remove(key)
                    else:
                        self.unit.claims.append(key)
            elif held == each.holder:
                self._holders[at] = None
                if key in self.unit.claims:
                    self.unit.claims.remove(key)
                else:
                    self.unit.releases.append(key)


def claimed(decider: Decider[Any, Any, Any], fact: Any) -> list[Claim | Release]:
    """Return the keys that a fact takes or frees; a withdrawal leaves them to others."""
    return [] if isinstance(fact, Withdrawal) else [*decider.claims(fact)]


def _meta(
    asked: Asked, event_id: EventId, home_org: UUID | None, corrects: EventId | None
) -> codec.Meta:
    return codec.Meta(
        event_id=event_id,
        actor=asked.actor,
        command_id=asked.command_id,
        correlation_id=asked.correlation_id or asked.command_id,
        causation_id=asked.causation_id,
        basis=asked.basis,
        home_org=home_org,
        corrects=corrects,
        traceparent=asked.traceparent,
    )


@cache
def _is_sealed(name: str) -> bool:
    return name in catalogue and bool(catalogue[name].sealed)


def _recorded(kept: Kept) -> Recorded[Any]:
    return Recorded(
        event_id=EventId(kept.event_id),
        fact=codec.decode(kept.name, kept.schema, bytes(kept.data)),
        corrects=EventId(kept.corrects) if kept.corrects else None,
    )


def _gone(kept: Kept) -> Kept:
    """Withdraw, in one history, what a correction has moved to another."""
    fact = codec.decode(kept.name, kept.schema, bytes(kept.data))
    first = kept.corrects or kept.event_id
    said = withdrawn(kind_of(fact), first, MOVED, fact.occurred_on)
    kind = kind_of(said)
    return Kept(kept.event_id, None, kind.name, kind.schema, msgspec.Raw(codec.encode(said)))


def _is_moved(kept: Kept, first: UUID) -> bool:
    """Say whether this withdraws a fact from one history, because it is in another."""
    if not kept.name.endswith(".FactWithdrawn"):
        return False
    said = codec.decode(kept.name, kept.schema, bytes(kept.data))
    return said.withdraws == first and said.reason == MOVED
