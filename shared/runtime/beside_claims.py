"""Claimed keys against the log: the facts are folded again by the rules of the deciders.

What a sealed field claimed can be told while its person's key is there. Of the erased it
can't: no key of theirs by which they would be found may be held (contracts §6); another,
such as the number of a document, may be, by the thing whose fact named it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

from shared.kernel import (
    Claim,
    Decider,
    Recorded,
    Release,
    Sealed,
    Withdrawal,
    catalogue,
    kind_of,
)
from shared.kernel.decider import claims_nothing
from shared.kernel.ids import EventId
from shared.runtime.amending import moved
from shared.runtime.beside import Finding, as_id, pages, shown
from shared.runtime.codec import decode, decode_meta
from shared.runtime.engine import ERASED, FOUND_BY, Engine
from shared.runtime.log import Record
from shared.runtime.seal import Broken, Keys
from shared.runtime.store_log import LogStore, Still
from shared.runtime.tree import UNREADABLE

TABLE = "claims"
HIDDEN = "0"
"""Stands for what can't be opened, to see who would claim it."""


type Takes = Decider[Any, Any, Any]


class _Holder(NamedTuple):
    holder: UUID
    event_id: UUID


def claims_beside(
    engine: Engine, still: Still, log: LogStore, keys: Keys | None
) -> Iterator[Finding]:
    """Name each key that is held against the log, or that nobody holds against it.

    `log` is asked again about the erased, who may be forgotten at this very moment.
    """
    folded = _Folded(engine, still, keys)
    for page in pages(still):
        folded.take(page)
    yield from folded.broken
    for kind, key, cell in still.rows(TABLE):
        which = f"{kind}/{shown(key)}"
        try:
            holder = as_id(cell)
        except UNREADABLE as wrong:
            yield Finding(TABLE, which, f"unreadable: {type(wrong).__name__}")
            continue
        due = folded.holders.pop((kind, key), None)
        if due is not None and due.holder != holder:
            what = f"held by {holder}; event {due.event_id} gave it to {due.holder}"
            yield Finding(TABLE, which, what)
        elif due is None and kind in FOUND_BY and holder in folded.erased:
            if log.holders([(kind, key)]):
                yield Finding(TABLE, which, f"held by {holder}, who is erased")
        elif due is None and (kind, holder) not in folded.unsure:
            yield Finding(TABLE, which, f"held by {holder}, and no fact claims it")
    for (kind, key), due in folded.holders.items():
        if not (kind in FOUND_BY and due.holder in folded.erased):
            what = f"held by nobody; event {due.event_id} gave it to {due.holder}"
            yield Finding(TABLE, f"{kind}/{key.hex()}", what)


@dataclass
class _Folded:
    """Who holds which key by the facts so far; of whom a key can't be told any more."""

    engine: Engine
    still: Still
    keys: Keys | None
    holders: dict[tuple[str, bytes], _Holder] = field(
        default_factory=dict[tuple[str, bytes], _Holder]
    )
    unsure: set[tuple[str, UUID]] = field(default_factory=set[tuple[str, UUID]])
    erased: set[UUID] = field(default_factory=set[UUID])
    broken: list[Finding] = field(default_factory=list[Finding])

    def __post_init__(self) -> None:
        deciders = self.engine.service.deciders
        takes = [each for each in deciders if each.claims is not claims_nothing]
        self._takes: dict[str, Takes] = {
            kind_of(fact).name: each for each in takes for fact in each.facts
        }

    def take(self, page: list[Record]) -> None:
        """Fold some records, in their order."""
        sealed = {each.stream for each in page if _is_sealed(each.name)}
        if self.keys and sealed:
            self.keys.warm(sealed)
        for each in page:
            if each.name == ERASED:
                self.erased.add(each.stream)
            if decider := self._takes.get(self._about(each)):
                if each.name in self._takes and not decode_meta(each.meta).corrects:
                    said = decider.claims(self._opened(decider, each))
                else:
                    said = self._moved(decider, each)
                self._move(said, each)

    def _about(self, record: Record) -> str:
        """Return the name of a fact, of the one that is withdrawn if this withdraws one."""
        if not record.name.endswith(".FactWithdrawn"):
            return record.name
        gone: Withdrawal = decode(record.name, record.schema, record.data)
        return gone.name

    def _moved(self, decider: Takes, record: Record) -> Iterable[Claim | Release]:
        """Return the keys that a correction or a withdrawal moves."""
        stream = self.still.streams([record.stream])[record.stream]
        so_far = (each for each in stream if each.version <= record.version)
        history = [self._recorded(decider, each) for each in so_far]
        return moved(decider, history[:-1], history)

    def _recorded(self, decider: Takes, record: Record) -> Recorded[Any]:
        first = decode_meta(record.meta).corrects
        return Recorded(
            event_id=EventId(record.event_id),
            fact=self._opened(decider, record),
            corrects=EventId(first) if first else None,
        )

    def _move(self, claims: Iterable[Claim | Release], record: Record) -> None:
        for each in claims:
            at = (each.kind, self.engine.hmac(each.kind, each.key))
            if isinstance(each, Claim):
                self.holders.setdefault(at, _Holder(each.holder, record.event_id))
            else:
                self._let_go(at, each.holder)

    def _let_go(self, at: tuple[str, bytes], holder: UUID) -> None:
        if at in self.holders and self.holders[at].holder == holder:
            del self.holders[at]

    def _opened(self, decider: Takes, record: Record) -> Any:
        fact = decode(record.name, record.schema, record.data)
        if self.keys is None or not kind_of(fact).sealed:
            return fact
        try:
            fact = self.keys.open(fact, record.stream, record.version)
        except Broken as wrong:
            found = Finding(TABLE, f"event {record.event_id}", str(wrong))
            self.broken += [found] if found not in self.broken else []
        hidden = {
            name: HIDDEN
            for name in kind_of(fact).sealed
            if isinstance(getattr(fact, name), Sealed)
        }
        if hidden:
            would = decider.claims(replace(fact, **hidden))
            self.unsure |= {(each.kind, each.holder) for each in would}
        return fact


def _is_sealed(name: str) -> bool:
    return name in catalogue and bool(catalogue[name].sealed)
