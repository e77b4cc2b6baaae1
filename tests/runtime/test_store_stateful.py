"""Both stores against a model of a few lines: any units, in any order."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run
from uuid_utils.compat import uuid7

from shared.runtime.log import Answered, Conflict, Key, Learned, Mark, Parked, Unit
from shared.runtime.store import migrate, open_store
from shared.runtime.tree import verify
from tests.infra.servers import Postgres
from tests.runtime.units import (
    NOON,
    SECOND,
    SOURCE,
    answered,
    fact,
    key,
    learned,
    mark,
    parked,
    streams,
)

STREAMS = streams(3)
EPOCHS = (UUID(int=7), UUID(int=8))
HMACS = (b"a", b"b")


@st.composite
def units(draw: st.DrawFn, versions: dict[UUID, int]) -> Unit:
    """Make a unit that mostly fits, and sometimes does not."""

    def few(each: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(each, max_size=2))

    unit = Unit(now=NOON + draw(st.integers(-3, 9)) * SECOND)
    so_far = {each: versions.get(each, 0) for each in STREAMS}
    if draw(st.integers(0, 5)) == 0:
        so_far[draw(st.sampled_from(STREAMS))] += draw(st.sampled_from([-1, 1]))
    for stream in few(st.sampled_from(STREAMS)):
        so_far[stream] += 1
        unit.facts.append(fact(stream, so_far[stream]))
    holders = st.sampled_from(STREAMS)
    ids = st.integers(0, 9).map(lambda n: UUID(int=n))
    unit.answers += few(st.builds(answered, ids, st.integers(0, len(unit.facts))))
    unit.claims += few(st.builds(key, holders, st.sampled_from(HMACS)))
    unit.releases += few(st.builds(key, holders, st.sampled_from(HMACS)))
    unit.known += few(st.builds(learned, holders, st.binary(max_size=3)))
    epochs = st.sampled_from([EPOCHS[0]] * 5 + [EPOCHS[1]])
    unit.heard += draw(st.lists(st.builds(mark, st.integers(1, 40), epochs), max_size=1))
    unit.parked += few(st.builds(parked, st.integers(1, 4), st.integers(1, 3)))
    unit.unparked += few(st.tuples(st.just("routes@0"), st.integers(1, 4)))
    return unit


class Model:
    """What a log is, without a database."""

    def __init__(self) -> None:
        self.facts: list[tuple[UUID, int, int]] = []
        self.answers: dict[UUID, Answered] = {}
        self.claims: dict[tuple[str, bytes], UUID] = {}
        self.known: dict[tuple[str, UUID], bytes] = {}
        self.marks: dict[str, Mark] = {}
        self.parked: dict[int, Parked] = {}

    def versions(self) -> dict[UUID, int]:
        return {stream: version for stream, version, _ in self.facts}

    def after(self, unit: Unit) -> Model | str:
        """Return what the unit makes of it, or what it is in conflict about."""
        after = Model()
        after.__dict__ |= {name: value.copy() for name, value in self.__dict__.items()}
        return (
            self._twice(unit)
            or after._hear(unit.heard)
            or after._answer(unit)
            or after._say(unit)
            or after._claim(unit.releases, unit.claims)
            or after._keep(unit.known, unit)
        )

    def _twice(self, unit: Unit) -> str | None:
        ids = [each.command_id for each in unit.answers]
        if len(set(ids)) < len(ids):
            return "command"
        rivals = itertools.combinations(unit.claims, 2)
        both = any(a.key_hmac == b.key_hmac and a.holder != b.holder for a, b in rivals)
        return "key" if both else None

    def _hear(self, marks: list[Mark]) -> str | None:
        for each in marks:
            before = self.marks.get(each.source, each)
            if before.epoch != each.epoch:
                return "epoch"
            if before is not each and before.position >= each.position:
                return "mark"
            self.marks[each.source] = each
        return None

    def _answer(self, unit: Unit) -> str | None:
        for each in unit.answers:
            if each.command_id in self.answers:
                return "command"
            facts = each.position or len(unit.facts)
            position = len(self.facts) + facts
            self.answers[each.command_id] = answered(each.command_id, position)
        return None

    def _say(self, unit: Unit) -> str | None:
        last = self.facts[-1][2] if self.facts else -99
        now = max(last, (unit.now - NOON) // SECOND)
        for each in unit.facts:
            if each.version != self.versions().get(each.stream, 0) + 1:
                return "stream"
            self.facts.append((each.stream, each.version, now))
        return None

    def _claim(self, releases: list[Key], claims: list[Key]) -> str | None:
        for each in releases:
            if self.claims.get((each.kind, each.key_hmac)) == each.holder:
                del self.claims[each.kind, each.key_hmac]
        for each in claims:
            at = each.kind, each.key_hmac
            if self.claims.setdefault(at, each.holder) != each.holder:
                return "key"
        return None

    def _keep(self, known: list[Learned], unit: Unit) -> Model | str:
        self.known |= {(each.kind, each.about): each.history for each in known}
        for _, position in unit.unparked:
            if self.parked.pop(position, None) is None:
                return "parked"
        self.parked |= {each.position: each for each in unit.parked}
        return self


class StoreLife(RuleBasedStateMachine):
    """A store and its model, side by side."""

    @staticmethod
    def fresh() -> str:
        """Return the URL of a database in which there is nothing yet."""
        raise NotImplementedError

    @initialize()
    def open(self) -> None:
        self.url = self.fresh()
        self.model = Model()
        migrate(self.url, SOURCE)
        self.store = open_store(self.url, SOURCE)

    @rule(data=st.data())
    def append(self, data: st.DataObject) -> None:
        unit = data.draw(units(self.model.versions()))
        if any(each.version < 1 for each in unit.facts):
            return
        after = self.model.after(unit)
        if isinstance(after, Model):
            assert self.store.append(unit) == self.store.head()
            self.model = after
        else:
            with pytest.raises(Conflict) as conflict:
                self.store.append(unit)
            assert conflict.value.what == after

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = open_store(self.url, SOURCE)

    @rule(holder=st.sampled_from(STREAMS))
    def forget(self, holder: UUID) -> None:
        self.store.forget("snils", holder)
        kept = {k: h for k, h in self.model.claims.items() if h != holder}
        self.model.claims = kept

    @invariant()
    def the_log_is_the_same(self) -> None:
        records = list(self.store.walk())
        assert [
            (r.stream, r.version, (r.recorded_at - NOON) // SECOND) for r in records
        ] == self.model.facts
        assert verify(records) is None
        assert self.store.head().position == len(records)
        found = self.store.streams(STREAMS)
        assert {s: found[s][-1].version for s in found} == self.model.versions()

    @invariant()
    def all_else_is_the_same(self) -> None:
        model, store = self.model, self.store
        assert store.answers([UUID(int=n) for n in range(10)]) == model.answers
        assert store.holders([("snils", each) for each in HMACS]) == model.claims
        assert store.known([("employment", each) for each in STREAMS]) == model.known
        assert store.marks() == model.marks
        assert store.parked() == [each for _, each in sorted(model.parked.items())]

    def teardown(self) -> None:
        self.store.close()


def lives(count: int) -> settings:
    return settings(
        max_examples=count,
        stateful_step_count=20,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        deadline=None,
    )


def test_a_sqlite_log_is_what_its_model_is(tmp_path: Path) -> None:
    class Life(StoreLife):
        @staticmethod
        def fresh() -> str:
            return f"sqlite://{tmp_path}/{uuid7()}.sqlite"

    run(Life, settings=lives(60))


@pytest.mark.infra
def test_a_postgres_log_is_what_its_model_is(postgres: Postgres) -> None:
    class Life(StoreLife):
        fresh = staticmethod(postgres.new_database)

    run(Life, settings=lives(15))
