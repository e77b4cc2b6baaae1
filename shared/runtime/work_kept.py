"""What a unit of work keeps of facts: histories, and the documents they fold into."""

from collections import defaultdict
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from shared.kernel import (
    Borrowed,
    Recorded,
    Withdrawal,
    amends,
    catalogue,
    kind_of,
    standing,
    stood,
)
from shared.kernel.ids import EventId, named
from shared.runtime import codec
from shared.runtime.amending_life import withdrawn
from shared.runtime.log import Learned, Read, Store, digest
from shared.runtime.service import by_fact
from shared.runtime.territory import PLACE, place_in


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """One fact as a service keeps it of others; the array is a borrowed history."""

    event_id: UUID
    corrects: UUID | None
    name: str
    schema: int
    data: msgspec.Raw


MOVED = "перенесено"
"""Why a fact is withdrawn from one history: it stands in another."""

MOVES = ("moved organisations", named("moved organisations"))
"""Where it is kept from which path to which organisations were moved by a correction."""

_encoder = msgspec.json.Encoder()
_histories = msgspec.json.Decoder(list[Kept])
_UNREAD = object()


@dataclass(slots=True)
class _Story:
    """One history: as it `was` stored, whether this unit has `used` it, if it has `grown`."""

    at: tuple[str, UUID]
    history: list[Kept]
    was: bytes = b""
    document: Any = _UNREAD
    used: bool = False
    grown: bool = False


class Keeping:
    """Histories by what they are about, read once, and all that was learned here."""

    def __init__(self, store: Store, borrowed: Sequence[Borrowed[Any, Any]]) -> None:
        self._store = store
        self._listeners = by_fact(borrowed)
        self._stories = defaultdict[str, dict[int, _Story]](dict)  # an int is its own hash
        self._used: list[_Story] = []
        self._places: dict[tuple[str, UUID], bytes] = {}
        self._index: dict[tuple[str, UUID], Any] = {}
        self._indexed: dict[tuple[str, UUID], None] = {}

    def of[D](self, borrowed: Borrowed[D, Any], about: UUID) -> D:
        """Return the document; the initial one when nothing was heard yet."""
        story = self._story(borrowed.name, about)
        if story.document is _UNREAD:
            story.document = _folded(borrowed, story.history)
        return story.document

    def foresee(
        self, about: Collection[tuple[str, UUID]], new: Container[int] = frozenset()
    ) -> None:
        """Read at once what is kept about these; of the `new`, by their numbers, nothing is."""
        unread = [at for at in about if at[1].int not in self._stories[at[0]]]
        if unread:
            older = [at for at in unread if at[1].int not in new]
            kept = self._store.known(older) if older else {}
            for at in unread:
                self._stories[at[0]][at[1].int] = _Story(at, [])
            for at, said in kept.items():
                self._stories[at[0]][at[1].int] = _Story(at, _histories.decode(said), said)

    def stood(self, fact: Any, corrects: EventId | None, stream: UUID) -> Any | None:
        """Return what is kept of the fact that this withdraws or says anew, as it stood."""
        first = amends(fact, corrects)
        if first is None:
            return None
        kind = catalogue.get(fact.name) if isinstance(fact, Withdrawal) else kind_of(fact)
        for each in self._listeners.get(kind.fact, ()) if kind else ():
            about = self._whereabouts(each, first, stream)
            history = [_recorded(it) for it in self._story(each.name, about).history]
            if found := stood(history, fact, corrects):
                return found
        return None

    def waits_for(self, fact: Any) -> bool:
        """Say whether anybody wants to know this fact, or might: it ends another."""
        return type(fact) in self._listeners or isinstance(fact, Withdrawal)

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
            if before is not about and before != about:
                at = (f"{each.name}@", kept.corrects or kept.event_id)
                self._index[at], self._indexed[at] = about, None
            self._append(each, about, kept, fact)
            if kept.corrects and each.name == PLACE.name:
                self._note_move(about)

    def _note_move(self, org_id: UUID) -> None:
        """Note from where to where an organisation was moved, by a correction."""
        story = self._story(PLACE.name, org_id)
        said = (_recorded(each).fact for each in story.history)
        now = self.of(PLACE, org_id)
        paths = {place_in(each) for each in said if isinstance(each, PLACE.facts)} - {now}
        found = self._moves()
        ours = {old for old in found if old.endswith(f"/{org_id}")}
        moves = {old: new for old, new in found.items() if old not in ours}
        self._index[MOVES] = moves | (dict.fromkeys(paths, now) if now else {})
        self._indexed[MOVES] = None

    def _moves(self) -> dict[str, str]:
        if MOVES in self._index:
            return self._index[MOVES]
        found = self._store.known([MOVES]).get(MOVES, b"")
        self._places[MOVES] = digest(found)
        return moves_of(found)

    def _whereabouts(
        self, borrowed: Borrowed[Any, Any], event_id: EventId, stream: UUID
    ) -> UUID:
        at = (f"{borrowed.name}@", event_id)
        if at in self._index:
            return self._index[at]
        found = self._store.known([at]).get(at)
        self._places[at] = digest(found or b"")
        return msgspec.json.decode(found, type=UUID) if found else stream

    def _come_back(self, borrowed: Borrowed[Any, Any], about: UUID, first: UUID) -> None:
        """Let a fact stand again where a correction had moved it away from."""
        history = self._story(borrowed.name, about).history
        history[:] = [each for each in history if not _is_moved(each, first)]

    def _append(
        self, borrowed: Borrowed[Any, Any], about: UUID, kept: Kept, fact: Any = None
    ) -> None:
        story = self._story(borrowed.name, about)
        if story.history and any(
            it.event_id == kept.event_id and it.name == kept.name for it in story.history
        ):
            return  # heard again: what is known already says what came after it, too
        story.history.append(kept)
        story.grown, document, story.document = True, story.document, _UNREAD
        if document is _UNREAD or fact is None or kept.corrects or kind_of(fact).sealed:
            return  # it is made anew, of what stands and as it is stored
        story.document = borrowed.evolve(document, fact, EventId(kept.event_id))

    def handed_over(self) -> tuple[list[Read], list[Learned]]:
        """Return what was decided by, and what is to be written of it, whole."""
        read = [Read(*each.at, digest(each.was)) for each in self._used]
        read += [Read(*at, was) for at, was in self._places.items()]
        done: list[Learned] = []
        for each in self._used:
            if each.grown:
                done.append(Learned(*each.at, _encoder.encode(each.history)))
                each.was = done[-1].history
            each.used = each.grown = False
        done += [Learned(*at, _encoder.encode(self._index[at])) for at in self._indexed]
        self._used.clear()
        self._places.clear()
        self._indexed.clear()
        return read, done

    def _story(self, kind: str, about: UUID) -> _Story:
        """Return a history, and note that it is decided by."""
        story = self._stories[kind].get(about.int)
        if story is None:
            self.foresee([(kind, about)])
            story = self._stories[kind][about.int]
        if not story.used:
            story.used = True
            self._used.append(story)
        return story


def moves_of(kept: bytes) -> dict[str, str]:
    """Read from which path to which organisations were moved."""
    return msgspec.json.decode(kept, type=dict[str, str]) if kept else {}


def _folded[D](borrowed: Borrowed[D, Any], history: Sequence[Kept]) -> D:
    """Return the document that a history leads to; mostly there is none yet."""
    document = borrowed.initial
    for each in standing(map(_recorded, history)) if history else ():
        document = borrowed.evolve(document, each.fact, each.event_id)
    return document


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
