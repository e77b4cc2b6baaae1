"""How a unit is written into a log in PostgreSQL: one call, one round trip (contracts §4)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.numeric import Int8

from shared.runtime.log import Conflict, Key, Unit
from shared.runtime.store_log import befores, last_marks
from shared.runtime.store_postgres_arrays import ARRAYS
from shared.runtime.store_postgres_one import Connection, is_one
from shared.runtime.store_postgres_tables import ARGUMENTS, CONFLICT, call
from shared.runtime.tree import micros


def append_unit(
    pg: Connection, unit: Unit, arguments: Sequence[Any] = ()
) -> tuple[UUID, int, int | None]:
    """Write all of a unit and return the row of the head after it. Raises `Conflict`.

    `arguments` are those of the unit, if somebody has made them.
    """
    try:
        row = pg.append_one(unit) if is_one(unit) else None
        return row or _append_any(pg, arguments or arguments_of(unit))
    except psycopg.DatabaseError as wrong:
        if wrong.sqlstate != CONFLICT:
            raise
        what, which = wrong.diag.message_primary, wrong.diag.message_detail
        raise Conflict(str(what), str(which)) from None


def _append_any(pg: Connection, arguments: Sequence[Any]) -> tuple[UUID, int, int | None]:
    done = pg.execute(call(len(arguments)), arguments, prepare=True, binary=True)
    return done.fetchall()[0]


def arguments_of(unit: Unit) -> list[Any]:
    """Return what `append_unit` in the database is called with, in the order of `ARGUMENTS`.

    Of a unit that has facts and answers alone, as most have, no others are sent.
    """
    more = unit.claims or unit.releases or unit.known or unit.heard
    more = more or unit.parked or unit.unparked or unit.read
    more = more or unit.whole is not None
    columns = _facts(unit) + (_more(unit) if more else [])
    now = Int8(micros(unit.now))
    return [now, *(make(each) for make, each in zip(_ARRAYS, columns, strict=False))]


_ARRAYS = [ARRAYS[type_] for type_ in ARGUMENTS.values()]


def _facts(unit: Unit) -> list[list[Any]]:
    before, facts, answers = befores(unit), unit.facts, unit.answers
    return [
        [each.event_id for each in facts],
        [each.stream for each in facts],
        [each.version for each in facts],
        [each.name for each in facts],
        [each.schema for each in facts],
        [each.territory for each in facts],
        [each.meta for each in facts],
        [each.data for each in facts],
        list(before),
        list(before.values()),
        [each.command_id for each in answers],
        [each.body_hmac for each in answers],
        [each.outcome for each in answers],
        [each.position for each in answers],
    ]


def _more(unit: Unit) -> list[list[Any]]:
    known = {(each.kind, each.about.int): each for each in unit.known}.values()
    marks = last_marks(unit)
    parked = {(each.source, each.position): each for each in unit.parked}.values()
    return [
        *_keys(unit.claims),
        *_keys(unit.releases),
        [each.kind for each in known],
        [each.about for each in known],
        [each.history for each in known],
        [each.kind for each in unit.read],
        [each.about for each in unit.read],
        [each.was for each in unit.read],
        [] if unit.whole is None else [unit.whole],
        [each.source for each in marks],
        [each.epoch for each in marks],
        [each.position for each in marks],
        [source for source, _ in unit.unparked],
        [position for _, position in unit.unparked],
        [each.source for each in parked],
        [each.position for each in parked],
        [each.epoch for each in parked],
        [each.stream for each in parked],
        [each.name for each in parked],
        [each.wire for each in parked],
        [each.error for each in parked],
        [each.attempts for each in parked],
        [micros(each.retry_at) for each in parked],
    ]


def _keys(keys: Sequence[Key]) -> list[list[Any]]:
    return [
        [each.kind for each in keys],
        [each.key_hmac for each in keys],
        [each.holder for each in keys],
    ]
