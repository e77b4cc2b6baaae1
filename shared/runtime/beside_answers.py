"""Kept answers against the log: what each names is there, is its own, and all is named.

Each fact carries the id of the command that said it; so an answer that was accepted is
derived whole, but for its version where policies said more of the same thing. Of an answer
without facts the log holds nothing: whether a refusal was right, or that there ever was one,
can't be told; nor what was asked, of which only an HMAC is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.runtime.asking import Outcome
from shared.runtime.beside import Finding, as_id, pages, shown
from shared.runtime.codec import decode_meta
from shared.runtime.log import Record
from shared.runtime.store_log import Still
from shared.runtime.tree import UNREADABLE

AT_ONCE = 500
HMAC = 32
TABLE = "commands"

type Streams = Mapping[UUID, Sequence[Record]]

_outcome = msgspec.json.Decoder(Outcome)


class _Answer(NamedTuple):
    command_id: UUID
    outcome: Outcome
    position: int


def answers_beside(still: Still) -> Iterator[Finding]:
    """Name each answer that is not what the log says, each fact that no answer names."""
    end, named = still.head().position, 0
    for rows in batched(still.rows(TABLE), AT_ONCE):
        read: list[_Answer] = []
        for row in rows:
            try:
                read.append(_read(row))
            except (*UNREADABLE, msgspec.MsgspecError) as wrong:
                yield Finding(TABLE, shown(row[0]), f"unreadable: {type(wrong).__name__}")
        named += sum(len(each.outcome.event_ids) for each in read)
        yield from _differing(still, read, end)
    if named != end:
        yield from _unnamed(still)


def _read(row: tuple[Any, ...]) -> _Answer:
    command_id, body_hmac, outcome, position = row
    if not isinstance(position, int) or len(body_hmac) != HMAC:
        raise TypeError
    return _Answer(as_id(command_id), _outcome.decode(outcome), position)


def _differing(still: Still, answers: Sequence[_Answer], end: int) -> Iterator[Finding]:
    records = still.events({e for each in answers for e in each.outcome.event_ids})
    streams = still.streams({e.outcome.stream for e in answers if _needs(e, records)})
    for each in answers:
        what = (
            _at_odds(each.outcome)
            or (f"position {each.position}" if not 0 <= each.position <= end else None)
            or _other_facts(each, records)
            or _other_version(still, each, records, streams)
        )
        if what:
            yield Finding(TABLE, str(each.command_id), what)


def _at_odds(said: Outcome) -> str | None:
    """Say in what an answer contradicts itself; one that `conflict` was never kept."""
    refused = said.status == "refused"
    if refused != (said.clause is not None) or refused != (said.reason is not None):
        return f"{said.status}, and its clause or reason says otherwise"
    if (said.status == "accepted") != bool(said.event_ids) or said.status == "conflict":
        return f"{said.status} with {len(said.event_ids)} facts"
    return None


def _other_facts(answer: _Answer, records: Mapping[UUID, Record]) -> str | None:
    last = 0
    for event_id in answer.outcome.event_ids:
        record = records.get(event_id)
        if record is None:
            return f"event {event_id}: not in the log"
        by = decode_meta(record.meta).command_id
        if by != answer.command_id:
            return f"event {event_id}: said by command {by}"
        if record.stream != answer.outcome.stream:
            return f"event {event_id}: of {record.stream}, not of {answer.outcome.stream}"
        if not last < record.position <= answer.position:
            return f"event {event_id}: at position {record.position}, out of its order"
        last = record.position
    return None


def _needs(answer: _Answer, records: Mapping[UUID, Record]) -> bool:
    """Say whether the history of its thing must be looked at: its facts do not tell all."""
    return answer.outcome.version != _said_last(answer.outcome, records)


def _said_last(said: Outcome, records: Mapping[UUID, Record]) -> int:
    found = records.get(said.event_ids[-1]) if said.event_ids else None
    return found.version if found else 0


def _other_version(
    still: Still, answer: _Answer, records: Mapping[UUID, Record], streams: Streams
) -> str | None:
    """A thing is as its facts left it, or as later facts did that followed from them."""
    said = answer.outcome
    if not _needs(answer, records):
        return None
    wrong = f"version {said.version}"
    if said.version < _said_last(said, records):
        return wrong
    history = streams.get(said.stream, ())
    there = next((e for e in history if e.version == said.version), None)
    if there is None or there.position > answer.position:
        return wrong
    return None if not said.event_ids or _follows(still, there, said.event_ids) else wrong


def _follows(still: Still, record: Record, event_ids: Sequence[UUID]) -> bool:
    """Say whether a fact was brought about by one of these, also through others."""
    while cause := decode_meta(record.meta).causation_id:
        if cause in event_ids:
            return True
        found = still.events([cause]).get(cause)
        if found is None or found.position >= record.position:
            return False
        record = found
    return False


def _unnamed(still: Still) -> Iterator[Finding]:
    for page in pages(still):
        by = {each.event_id: decode_meta(each.meta).command_id for each in page}
        answers = still.answers(set(by.values()))
        for each in page:
            kept = answers.get(by[each.event_id])
            if kept is None or not _names(kept.outcome, each.event_id):
                said = f"its event {each.event_id}, position {each.position}, is in no answer"
                yield Finding(TABLE, str(by[each.event_id]), said)


def _names(outcome: bytes, event_id: UUID) -> bool:
    try:
        return event_id in _outcome.decode(outcome).event_ids
    except (*UNREADABLE, msgspec.MsgspecError):
        return True  # that it can't be read was said
