"""The commonest unit, one fact and the answer to its command, as one statement (ADR 0027).

It goes straight to libpq, in the bytes that PostgreSQL keeps: the client would spend
more on adapting twelve values, one by one, than the server on writing them.
"""

from struct import Struct
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import InvalidSqlStatementName, UniqueViolation, error_from_result
from psycopg.generators import execute
from psycopg.postgres import types
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

from shared.runtime import store_postgres_tables as tables
from shared.runtime.log import Unit
from shared.runtime.tree import micros

FIRST, NEXT = b"append_first", b"append_next"
STATEMENTS = {FIRST: tables.FIRST.encode(), NEXT: tables.NEXT.encode()}
OIDS = [types[each].oid for each in tables.ONE_TYPES]
BINARY = [Format.BINARY] * len(OIDS)
TAKEN = str(UniqueViolation.sqlstate).encode()
FORGOTTEN = str(InvalidSqlStatementName.sqlstate).encode()

_bigint = Struct(">q")


def is_one(unit: Unit) -> bool:
    """Say whether a unit is one fact, the answer to its command, and nothing else."""
    return (
        len(unit.facts) == 1 == len(unit.answers)
        and unit.answers[0].position in {0, 1}
        and not (unit.claims or unit.releases or unit.known or unit.heard)
        and not (unit.parked or unit.unparked or unit.read or unit.seen)
        and unit.whole is None
    )


class Connection(psycopg.Connection[Any]):
    """A connection that has each of the statements prepared from its first use on."""

    _knows: frozenset[bytes] = frozenset()

    def append_one(self, unit: Unit) -> tuple[UUID, int, int] | None:
        """Append a unit that `is_one`; return epoch, position, `recorded_at`.

        None: nothing is written, for something is taken; `append_unit` says what.
        """
        name, values = FIRST if unit.facts[0].version == 1 else NEXT, sent(unit)
        if name not in self._knows:
            self._learn(name)
        done = self._send(name, values)
        if _state(done) == FORGOTTEN:  # a transaction that psycopg rolled back
            self._learn(name)
            done = self._send(name, values)
        if _state(done) == TAKEN:
            return None
        self._require(done)
        return _row(done) if done.ntuples else None

    def _learn(self, name: bytes) -> None:
        self.pgconn.send_prepare(name, STATEMENTS[name], OIDS)
        self._require(self._answer())
        self._knows |= {name}

    def _send(self, name: bytes, values: list[Any]) -> PGresult:
        self.pgconn.send_query_prepared(name, values, BINARY, Format.BINARY)
        return self._answer()

    def _answer(self) -> PGresult:
        """Wait as psycopg does: libpq itself would not hear Ctrl-C until it has an answer."""
        [done] = self.wait(execute(self.pgconn))
        return done

    def _require(self, done: PGresult) -> None:
        if done.status in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
            return
        if self.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(done.get_error_message())
        raise error_from_result(done)


def _state(done: PGresult) -> bytes | None:
    return done.error_field(DiagnosticField.SQLSTATE)


def sent(unit: Unit) -> list[Any]:
    """Return what both statements take, in binary or null, of a unit that `is_one`."""
    (fact,), (answer,) = unit.facts, unit.answers
    return [
        _bigint.pack(micros(unit.now)),
        fact.event_id.bytes,
        fact.stream.bytes,
        _bigint.pack(fact.version),
        fact.name.encode(),
        _bigint.pack(fact.schema),
        None if fact.territory is None else fact.territory.encode(),
        fact.meta,
        fact.data,
        answer.command_id.bytes,
        answer.body_hmac,
        answer.outcome,
    ]


def _row(done: PGresult) -> tuple[UUID, int, int]:
    epoch, position, at = (done.get_value(0, column) or b"" for column in range(3))
    ((position,), (at,)) = _bigint.unpack(position), _bigint.unpack(at)
    return UUID(bytes=epoch), position, at
