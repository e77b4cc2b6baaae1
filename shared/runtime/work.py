"""One unit of work: what has been read, what will be written, and nothing half."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from shared.kernel import (
    Borrowed,
    Claim,
    Decider,
    Kind,
    Recorded,
    Refused,
    Release,
    Stands,
    Withdrawal,
    catalogue,
    kind_of,
)
from shared.kernel.ids import EventId, OrgId, Territory
from shared.runtime import codec
from shared.runtime.amending import grounds
from shared.runtime.asking import Asked
from shared.runtime.log import Answered, Pending, Record, Store, Unit
from shared.runtime.seal import Keys, Unmade
from shared.runtime.territory import (
    Standing,
    as_it_is_now,
    homes_of,
    rights_to,
    tells_home,
    territory_of,
)
from shared.runtime.work_held import Holding
from shared.runtime.work_kept import Keeping, Kept

PAGE = 1000
_NO_GROUND: tuple[int, AbstractSet[UUID]] = (-1, frozenset())


@dataclass(slots=True)
class Thing:
    """What is known of one stream; its state once a decider asked for it.

    So many facts of its history as `folded` says have led to the state; this unit has
    `seen` it in that version.
    """

    stream: UUID
    history: list[Recorded[Any]]
    version: int
    territory: Territory | None
    decider: Decider[Any, Any, Any] | None = None
    state: Any = None
    folded: int = 0
    seen: int | None = None

    @property
    def begins(self) -> bool:
        """Say whether a decider has found that nothing of its life stands."""
        if self.decider is None:
            return False
        initial = self.decider.initial
        return type(self.state) is type(initial) and self.state == initial


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What will be asked for: commands, streams, histories, keys, people to be named.

    Of what is `new` nothing is recorded, as far as is known: it is not read, and if
    something is there, the append will find out.
    """

    new: Collection[UUID] = ()
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
        keys: Keys | Unmade | None,
        borrowed: Sequence[Borrowed[Any, Any]],
        hmac: Callable[[str, str], bytes],
        unit: Unit,
        *,
        names_people: bool,
        hopeful: bool = False,
        stands: Sequence[Stands[Any]] = (),
    ) -> None:
        self.unit = unit
        self.keeping = Keeping(store, borrowed)
        self.holding = Holding(store, hmac, hopeful=hopeful)
        self._store = store
        self._keys = keys
        self._names_people = names_people
        self._stands = stands
        self._named: dict[str, dict[UUID, set[UUID]]] = {}
        self._grounds: dict[tuple[str, int], tuple[int, AbstractSet[UUID]]] = {}
        self._things: dict[int, Thing] = {}  # by the number of an id: it has its hash at hand
        self._seen: list[Thing] = []
        self._read_to: int | None = None
        self._read_whole = False
        self._said: dict[int, UUID] = {}
        self._answers: dict[int, Answered | None] = {}

    # ── What is known ───────────────────────────────────────────────────────

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        return self.keeping.of(borrowed, about)

    def every[D](self, borrowed: Borrowed[D, Any], about: Iterable[UUID]) -> Iterator[D]:
        """Return the document about each of these, all read at once."""
        those = [*about]
        self.keeping.foresee([(borrowed.name, each) for each in those])
        return (self.of(borrowed, each) for each in those)

    def holder(self, kind: str, key: str) -> UUID | None:
        """Return who holds a claimed key, if anybody does."""
        return self.holding.holder(kind, key)

    def history(self, stream: UUID) -> Sequence[Recorded[Any]]:
        """Return all that was said of another thing of the same service."""
        return self.thing(stream).history

    def foresee(self, wanted: Wanted) -> None:
        """Read at once what would be read one by one."""
        commands = {n: each for each in wanted.commands if (n := each.int) not in self._answers}
        if commands:
            self._answers |= dict.fromkeys(commands)
            for command_id, how in self._store.answers(commands.values()).items():
                self._answers[command_id.int] = how
        new = {each.int for each in wanted.new}
        streams = {n: each for each in wanted.streams if (n := each.int) not in self._things}
        if streams:
            older = [each for n, each in streams.items() if n not in new]
            found = self._store.streams(older) if older else {}
            self._warm(found.values())
            for n, each in streams.items():
                self._things[n] = self._thing_of(each, found.get(each, []) if found else [])
        if wanted.people and self._keys:
            self._keys.prepare(wanted.people)
        self.keeping.foresee(wanted.about, new)
        self.holding.foresee(wanted.keys)

    def standing_on(self, decider: Decider[Any, Any, Any], stream: UUID) -> Collection[UUID]:
        """Return the other streams of the log in which a fact stands on this one.

        The log is read for it, once for all things of a decider: nothing else is so rare.
        """
        rules = [each for each in self._stands if each.on == decider.name]
        if not rules:
            return ()
        self._read_whole = True
        if self._read_to is None:
            self._read_to = self._store.head().position
        if decider.name not in self._named:
            self._named[decider.name] = self._namings(rules)
        named = self._named[decider.name].get(stream, ())
        self.foresee(Wanted(streams=named))
        for each in named:
            self.thing(each)
        things = self._things.items()
        return [it.stream for n, it in things if stream in self._ground(decider.name, n, it)]

    def answer(self, command_id: UUID) -> Answered | None:
        """Return how a command was answered, here or, if it was foreseen, before."""
        return self._answers.get(command_id.int)

    def answered(self, how: Answered) -> None:
        """Keep how a command was answered."""
        self.unit.answers.append(how)
        self._answers[how.command_id.int] = how

    # ── What stands in this log ─────────────────────────────────────────────

    def thing(self, stream: UUID) -> Thing:
        """Return what is known of a stream, personal fields open if they may be."""
        thing = self._things.get(stream.int)
        if thing is None:
            self.foresee(Wanted(streams=[stream]))
            thing = self._things[stream.int]
        if thing.seen is None:
            thing.seen = thing.version
            self._seen.append(thing)
        return thing

    def state[S](self, decider: Decider[S, Any, Any], thing: Thing) -> S:
        """Return where a thing is in its life."""
        if thing.decider is not decider:
            thing.state = _begun(decider, thing.history) if thing.history else decider.initial
            thing.decider = decider
        else:
            for each in thing.history[thing.folded :]:
                thing.state = decider.evolve(thing.state, each.fact)
        thing.folded = len(thing.history)
        return thing.state

    def place_of(
        self, thing: Thing, fact: Any, asked: Asked
    ) -> tuple[Territory | None, UUID | None]:
        """Return where a fact would stand, and the organisation it would be of.

        A life that begins anew, all of it withdrawn, begins where the caller stands.
        """
        stood, home = thing.territory, asked.home
        here = home or stood if thing.begins else stood or home
        return territory_of(fact, self, otherwise=here, sender=asked.home)

    def rights_to(self, thing: Thing, fact: Any, asked: Asked) -> Iterator[Territory | None]:
        """Return the places whose officials may say this fact.

        Not where it will stand, for a link: that is wherever its sender is.
        """
        if tells_home(kind_of(fact).name):
            place, _ = self.place_of(thing, fact, asked)
        else:
            place, _ = territory_of(fact, self, otherwise=thing.territory)
        return rights_to(fact, place, self)

    def homes_of(self, person: UUID) -> list[Standing]:
        """Return where a person is at home, in each place of work."""
        return homes_of(person, self.thing(person).territory, self)

    def stands(self, event_id: EventId) -> Standing:
        """Return where a record stands, also one that is not written yet."""
        here = (each for each in self.unit.facts if each.event_id == event_id)
        said = next(here, None) or self._store.events([event_id])[event_id]
        place = None if said.territory is None else Territory(said.territory)
        home_org = codec.decode_meta(said.meta).home_org
        return place, None if home_org is None else OrgId(home_org)

    def is_at(self, event_id: EventId) -> Standing:
        """Return where the fact of a record is at home: its school may be elsewhere by now."""
        place, org_id = self.stands(event_id)
        return as_it_is_now(place, self), org_id

    def said_of(self, event_id: UUID) -> UUID | None:
        """Return the stream of a record that was said here; it may not be written yet."""
        return self._said.get(event_id.int)

    def say(  # noqa: PLR0913, PLR0917 - all that a fact is said with
        self,
        thing: Thing,
        fact: Any,
        claims: Iterable[Claim | Release],
        asked: Asked,
        corrects: EventId | None,
        where: Standing | None = None,
    ) -> EventId:
        """Put a fact at the end of its stream; its keys and its readers are served.

        It stands `where` is said, or else where its fields lead to.
        """
        version, kind = thing.version + 1, kind_of(fact)
        event_id = EventId(codec.new_id())
        territory, home_org = where or self.place_of(thing, fact, asked)
        sealed = self._sealed(kind, fact, thing.stream, version) if kind.sealed else fact
        data = codec.encode(sealed)  # may refuse: before claims
        self.holding.take(claims, self.unit)
        self.unit.facts.append(
            Pending(
                event_id=event_id,
                stream=thing.stream,
                version=version,
                name=kind.name,
                schema=kind.schema,
                territory=territory,
                meta=codec.encode_meta(asked.envelope(event_id, home_org, corrects)),
                data=data,
            )
        )
        self._said[event_id.int] = thing.stream
        thing.version = version
        thing.territory = territory if tells_home(kind.name, corrects) else thing.territory
        because = EventId(asked.causation_id) if asked.causation_id else None
        thing.history.append(Recorded(event_id, fact, corrects, because))
        if corrects or isinstance(fact, Withdrawal):
            thing.decider = None
        if self.keeping.waits_for(fact):
            kept = Kept(event_id, corrects, kind.name, kind.schema, msgspec.Raw(data))
            self.keeping.learn(kept, fact, thing.stream)
        return event_id

    def require_sealable(self, thing: Thing, facts: Iterable[Any]) -> None:
        """Raise `Erased` if a personal field of one of these facts can't be sealed."""
        for each in facts:
            if (kind := kind_of(each)).sealed:
                self._sealed(kind, each, thing.stream, thing.version + 1)

    def handed_over(self) -> Unit:
        """Return what is to be written, whole; what follows goes into the next unit."""
        done = self.unit
        done.read, known = self.keeping.handed_over()
        done.known += known
        for each in self._seen:
            if each.seen == each.version:  # else the facts say so
                done.seen[each.stream] = each.version
            each.seen = None
        self._seen.clear()
        done.whole = self._read_to if self._read_whole else None
        if self._read_to is not None:
            self._read_to += len(done.facts)
        self._read_whole = False
        self.unit = Unit(now=done.now)
        return done

    # ── Inside ──────────────────────────────────────────────────────────────

    def _ground(self, on: str, number: int, thing: Thing) -> AbstractSet[UUID]:
        """Return on which things of a decider a thing stands; reckoned once for a history."""
        at, said = (on, number), len(thing.history)
        if self._grounds.get(at, _NO_GROUND)[0] != said:
            rules = (each for each in self._stands if each.on == on)
            self._grounds[at] = said, grounds(rules, thing.history)
        return self._grounds[at][1]

    def _namings(self, rules: Sequence[Stands[Any]]) -> dict[UUID, set[UUID]]:
        """Say of each stream in which others something was said that stood on it."""
        found: dict[UUID, set[UUID]] = {}
        for rule in rules:
            names, after = [kind_of(each).name for each in rule.facts], 0
            while page := self._store.read(after, PAGE, names=names):
                after = page[-1].position
                for each in page:
                    fact = codec.decode(each.name, each.schema, each.data)
                    for stream in rule.streams(fact):
                        found.setdefault(stream, set()).add(each.stream)
        return found

    def _warm(self, histories: Collection[Sequence[Record]]) -> None:
        """Read at once the keys of those whose personal fields stand in these streams."""
        if self._names_people and self._keys and len(histories) > 1:
            self._keys.warm(
                {each.stream for some in histories for each in some if _is_sealed(each.name)}
            )

    def _thing_of(self, stream: UUID, records: Sequence[Record]) -> Thing:
        history = [self._read(each) for each in records]
        said = zip(reversed(records), reversed(history), strict=True)
        stood = (it.territory for it, read in said if tells_home(it.name, read.corrects))
        place = next(filter(None, stood), None)
        return Thing(
            stream=stream,
            history=history,
            version=records[-1].version if records else 0,
            territory=Territory(place) if place else None,
        )

    def _read(self, record: Record) -> Recorded[Any]:
        fact = codec.decode(record.name, record.schema, record.data)
        if self._names_people and self._keys and kind_of(fact).sealed:
            fact = self._keys.open(fact, record.stream, record.version)
        meta = codec.decode_meta(record.meta)
        return Recorded(
            event_id=EventId(record.event_id),
            fact=fact,
            corrects=EventId(meta.corrects) if meta.corrects else None,
            caused_by=EventId(meta.causation_id) if meta.causation_id else None,
        )

    def _sealed(self, kind: Kind, fact: Any, stream: UUID, version: int) -> Any:
        if self._keys is None:
            raise TypeError(f"{kind.name} names people, and this service has no keys")
        return self._keys.seal(kind, fact, stream, version)


def _begun[S](decider: Decider[S, Any, Any], history: Sequence[Recorded[Any]]) -> S:
    """Return where a history leads. Raises `Refused` if it is another thing's."""
    of_its_life = (*decider.facts, Withdrawal)
    if not all(isinstance(each.fact, of_its_life) for each in history):
        raise Refused("S1 7.2", "Этот номер уже у другого")
    return decider.state(history)


@cache
def _is_sealed(name: str) -> bool:
    return name in catalogue and bool(catalogue[name].sealed)
