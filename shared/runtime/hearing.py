"""Facts of others in, what they bring about out: heard once, or parked with an error."""

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.persistence import PersistenceError

from shared.kernel import Refused, catalogue
from shared.kernel.ids import EventId
from shared.runtime import codec, telemetry
from shared.runtime.asking import Asked
from shared.runtime.engine import Engine
from shared.runtime.log import Conflict, Hole, Learned, Mark, Parked, Record
from shared.runtime.logs import log
from shared.runtime.marked import last_heard, remembered
from shared.runtime.work import Wanted, Work
from shared.runtime.work_kept import Kept

HEARTBEAT = "metodika.Heartbeat"
LONGEST_PAUSE = 300
AWAY = (psycopg.Error, sqlite3.Error, PersistenceError, OSError)
"""The world is away; nobody's fact is to blame, so nothing is parked for it."""
TRIES = 4
"""How often something is decided on fresh state before others are too many."""
LEAST_PAUSE = 0.01

type Told = tuple[bytes, Record]


class Crowded(Exception):  # noqa: N818 - said of a record that is parked
    """Others wrote first each time what it was decided by."""

    def __init__(self) -> None:
        super().__init__("others wrote first each time")


@dataclass(kw_only=True)
class Hearing:
    """What came of a batch: every record is skipped, applied or parked."""

    position: int = 0
    heard: int = 0
    skipped: int = 0
    parked: int = 0
    effects: int = 0
    refused: int = 0


# ── Hearing ─────────────────────────────────────────────────────────────


def hear(engine: Engine, source: str, wires: Sequence[bytes]) -> Hearing:
    """Hear a batch of one source: one transaction with all that it brings about.

    What fails is parked with its error, and its stream queues behind it. Where others
    write first each time, it is heard record by record, and one that is too late even so
    is parked. Raises `Hole`, and whatever says that the world is away.
    """
    records = [(wire, codec.unwire(wire)) for wire in wires]
    heard = [(w, r) for w, r in records if r.name != HEARTBEAT]
    try:
        return _heard(engine, source, heard, {})
    except Conflict as taken:
        said = {"service": engine.service.name, "source": source, "count": len(heard)}
        log.warning("others write first: heard one by one", kind=taken.what, **said)
    hearing = Hearing()
    for each in heard:
        hearing = _together(hearing, _alone(engine, source, each))
    return hearing


def _alone(engine: Engine, source: str, one: Told) -> Hearing:
    try:
        return _heard(engine, source, [one], {})
    except Conflict as taken:
        if taken.what == "mark":  # another process hears this source
            raise
    return _heard(engine, source, [one], {one[1].position: _why(Crowded())})


def _together(one: Hearing, then: Hearing) -> Hearing:
    return Hearing(
        position=max(one.position, then.position),
        heard=one.heard + then.heard,
        skipped=one.skipped + then.skipped,
        parked=one.parked + then.parked,
        effects=one.effects + then.effects,
        refused=one.refused + then.refused,
    )


def _heard(
    engine: Engine, source: str, heard: Sequence[Told], failed: dict[int, str]
) -> Hearing:
    """Hear records in one transaction. Raises `Conflict` when others are faster each time."""
    answered: set[UUID] = set()
    conflicts = 0
    while True:
        work, hearing = engine.known(), Hearing()
        work.foresee(Wanted(commands=answered))
        mark = engine.store.marks().get(source)
        fresh = _fresh(heard, mark)
        _must_be_as_heard(engine, heard, mark)
        hearing.skipped = len(heard) - len(fresh)
        if not fresh:
            return replace(hearing, position=mark.position if mark else 0)
        behind = {e.stream for e in engine.store.parked() if e.source == source}
        broken = _hear_all(engine, work, fresh, failed, behind, hearing)
        if broken:
            failed |= broken
            continue
        last = fresh[-1][1]
        work.unit.heard.append(Mark(source, last.epoch, last.position))
        work.unit.known.append(remembered(last.source, last.position, last.event_id))
        hearing.position = last.position
        unit = work.handed_over()
        try:
            engine.append(unit)
        except Conflict:  # perhaps it was heard before, and the mark was set back
            answered |= {each.command_id for each in unit.answers}
            conflicts += 1
            if conflicts == TRIES:
                raise
            rest(conflicts)
            continue
        return hearing


def rest(conflicts: int) -> None:
    """Let others be done; whoever was too late as often does not come back at once."""
    time.sleep(LEAST_PAUSE * 2**conflicts * random.uniform(0.5, 1))  # noqa: S311 - no secret


def _fresh(heard: Sequence[Told], mark: Mark | None) -> list[Told]:
    position = mark.position if mark else 0
    fresh: list[Told] = []
    for wire, record in heard:
        if record.position <= position:  # published again, in whatever epoch it was said
            continue
        if mark and record.epoch != mark.epoch:
            raise Hole(f"{record.source}: epoch {record.epoch} was not announced")
        if record.position != position + 1:
            raise Hole(f"{record.source}: nothing between {position} and {record.position}")
        position = record.position
        fresh.append((wire, record))
    return fresh


def _must_be_as_heard(engine: Engine, heard: Sequence[Told], mark: Mark | None) -> None:
    """A known position with another event id stops the reader (contracts §2).

    Where the mark stands it is noticed: a log that lost its tail must come by there.
    """
    again = next((r for _, r in heard if mark and r.position == mark.position), None)
    if again is None or mark is None:
        return
    kept = last_heard(engine.store, [mark]).get(again.source)
    if kept and kept != again.event_id:
        raise Hole(f"{again.source}: {again.position} is not the record that was heard there")


def _hear_all(  # noqa: PLR0913, PLR0917 - one pass over a batch
    engine: Engine,
    work: Work,
    fresh: Sequence[Told],
    failed: dict[int, str],
    behind: set[UUID],
    hearing: Hearing,
) -> dict[int, str]:
    for wire, record in fresh:
        error = failed.get(record.position)
        if error is None and record.stream in behind:
            error = "queues behind a parked fact of its stream"
        if error is not None:
            behind.add(record.stream)
            work.unit.parked.append(_parked(wire, record, error, engine.clock()))
            hearing.parked += 1
            continue
        try:
            _hear_one(engine, work, record, hearing)
        except AWAY:
            raise
        except Exception as wrong:  # noqa: BLE001 - whatever it is, it is parked
            return {record.position: _why(wrong)}
    return {}


def _hear_one(engine: Engine, work: Work, record: Record, hearing: Hearing) -> None:
    if record.name not in catalogue:
        hearing.skipped += 1
        return
    fact, meta, gone = learn(work, record)
    hearing.heard += 1
    cause = Asked(
        command=None,
        command_id=record.event_id,
        actor=f"policy:{engine.service.name}",
        correlation_id=meta.correlation_id,
        traceparent=meta.traceparent,
        basis=meta.basis,
    )
    for outcome in engine.react(work, fact, EventId(record.event_id), cause, gone):
        hearing.effects += len(outcome.event_ids)
        hearing.refused += outcome.status == "refused"


def learn(work: Work, record: Record) -> tuple[Any, codec.Meta, Any | None]:
    """Keep a fact wherever the service wants to know it; return it with its envelope.

    And with the fact that it withdraws or says anew, as that stood.
    """
    fact = codec.decode(record.name, record.schema, record.data)
    meta = codec.decode_meta(record.meta)
    data = msgspec.Raw(record.data)
    kept = Kept(record.event_id, meta.corrects, record.name, record.schema, data)
    corrects = EventId(meta.corrects) if meta.corrects else None
    gone = work.keeping.stood(fact, corrects, record.stream)
    work.keeping.learn(kept, fact, record.stream)
    return fact, meta, gone


def relearned(engine: Engine, records: Iterable[Record]) -> Iterator[Learned]:
    """Learn a service's world again from nothing, and return all that it then keeps."""
    work = engine.unlearned()
    for each in records:
        if each.name in catalogue:
            learn(work, each)
    yield from work.handed_over().known


# ── Parked ──────────────────────────────────────────────────────────────


def _parked(wire: bytes, record: Record, error: str, now: datetime) -> Parked:
    return Parked(
        source=record.source,
        epoch=record.epoch,
        position=record.position,
        stream=record.stream,
        name=record.name,
        wire=wire,
        error=error,
        attempts=1,
        retry_at=now + timedelta(seconds=1),
    )


def retry(engine: Engine, parked: Parked) -> Hearing:
    """Hear a parked record again; it leaves with its effects in one transaction.

    It is told in the trace of the fact, as the first hearing was. Raises `Conflict`
    when it is not parked any more: it was skipped, or heard by another.
    """
    record = codec.unwire(parked.wire)
    try:
        with telemetry.span(
            "retry",
            _traceparent(record),
            service=engine.service.name,
            source=parked.source,
            position=parked.position,
            fact=parked.name,
            attempts=parked.attempts,
        ):
            return _heard_again(engine, parked, record)
    except (*AWAY, Conflict):
        raise
    except Exception as wrong:  # noqa: BLE001 - it stays parked, with its new error
        return _parked_again(engine, parked, wrong)


def _heard_again(engine: Engine, parked: Parked, record: Record) -> Hearing:
    """Hear it by what is known now. Raises `Crowded` when others are faster each time."""
    for conflicts in range(1, TRIES + 1):
        work, hearing = engine.known(), Hearing()
        _hear_one(engine, work, record, hearing)
        work.unit.unparked.append((parked.source, parked.position))
        try:
            engine.append(work.handed_over())
        except Conflict as taken:
            if taken.what not in {"stream", "known"}:
                raise
            rest(conflicts)
        else:
            return hearing
    raise Crowded


def _parked_again(engine: Engine, parked: Parked, wrong: Exception) -> Hearing:
    work = engine.known()
    pause = min(2**parked.attempts, LONGEST_PAUSE)
    again = replace(
        parked,
        error=_why(wrong),
        attempts=parked.attempts + 1,
        retry_at=engine.clock() + timedelta(seconds=pause),
    )
    work.unit.unparked.append((parked.source, parked.position))  # unless it was skipped
    work.unit.parked.append(again)
    engine.append(work.handed_over())
    return Hearing(parked=1)


def _traceparent(record: Record) -> str | None:
    """Return who said it in a trace; what cannot be read may be why it was parked."""
    with suppress(msgspec.MsgspecError):
        return telemetry.parent_in(record.meta)
    return None


def skip(engine: Engine, parked: Parked, *, by: str, reason: str) -> None:
    """Let a parked record go without its effects; who, when and why are kept.

    Raises `Conflict` when it is not parked any more.
    """
    engine.store.skip(parked, at=engine.clock(), by=by, reason=reason)


def _why(wrong: Exception) -> str:
    """Say what went wrong, if whoever said it promised to name no value."""
    told = isinstance(wrong, codec.Unreadable | Refused | Crowded)
    return f"{type(wrong).__name__}: {wrong if told else 'see the log'}"
