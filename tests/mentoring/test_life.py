"""Every state that can be reached answers every command, and once is enough."""

from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from services.mentoring.domain import METHODIST, MOST, PAIR, SUPPORT, Evidence
from services.mentoring.domain.methodist import Active
from shared.kernel import Decider, Refused
from shared.kernel.ids import PersonId
from tests.mentoring.words import (
    ACTIVATE,
    AFTER,
    ATTACH,
    ATTACHED,
    BEFORE,
    BEGIN,
    BEGUN,
    CLOSE,
    CLOSED,
    DETACH,
    DETACHED,
    DIAGNOSE,
    END,
    ENDED,
    FAILED,
    FORM,
    FORMED,
    MENTEE,
    NOMINATE,
    POOL,
    PROPOSE,
    PROPOSED,
    STRANGER,
    TESTED,
    TRAIN,
    WAY,
)

FAIL = replace(DIAGNOSE, result=replace(TESTED, score_pct=Decimal(1)))
STEPS: list[Any] = [NOMINATE, POOL, DIAGNOSE, TRAIN, ACTIVATE]
OF_METHODISTS: list[Any] = [
    *STEPS,
    replace(NOMINATE, region=None),
    replace(NOMINATE, level="F"),
    replace(POOL, pooled_on=AFTER),
    FAIL,
    replace(FAIL, session_id=FAILED.session_id),
    replace(DIAGNOSE, result=None),
    replace(TRAIN, studied=None),
    replace(ACTIVATE, evidence=Evidence()),
    replace(ACTIVATE, activated_on=AFTER),
]
OF_TEACHERS: list[Any] = [
    replace(each, person_id=who)
    for who in (ATTACH.person_id, STRANGER, *(PersonId(UUID(int=n)) for n in range(80, 84)))
    for each in (
        ATTACH,
        DETACH,
        replace(ATTACH, attached_on=AFTER),
        replace(DETACH, detached_on=AFTER),
        replace(DETACH, detached_on=BEFORE),
    )
]
OF_PAIRS: list[Any] = [
    PROPOSE,
    replace(PROPOSE, mentee_id=STRANGER),
    FORM,
    replace(FORM, mentor_id=MENTEE),
    replace(FORM, formed_on=AFTER),
    CLOSE,
    replace(CLOSE, outcome="left", closed_on=AFTER),
]
OF_SUPPORT: list[Any] = [
    BEGIN,
    replace(BEGIN, started_on=AFTER),
    replace(BEGIN, form="community"),
    END,
    replace(END, ended_on=AFTER),
    replace(END, ended_on=BEFORE),
]


class Life(RuleBasedStateMachine):
    decider: Decider[Any, Any, Any] = PAIR

    def __init__(self) -> None:
        super().__init__()
        self.state = self.decider.initial

    def ask_twice(self, asked: Any) -> None:
        try:
            said = self.decider.decide(self.state, asked)
        except Refused:
            return
        for each in said:
            before, self.state = self.state, self.decider.evolve(self.state, each)
            assert self.state is not before  # what is said belongs to a life
        assert self.decider.decide(self.state, asked) == []


class LifeOfAMethodist(Life):
    decider = METHODIST

    @rule(asked=st.sampled_from(OF_METHODISTS))
    def go(self, asked: Any) -> None:
        self.ask_twice(asked)

    @rule(asked=st.sampled_from(OF_TEACHERS))
    def accompany(self, asked: Any) -> None:
        self.ask_twice(asked)

    @rule()
    def go_on(self) -> None:
        """Ask for the next step of the whole way, or the end is seldom reached."""
        for asked in STEPS:
            before = self.state
            self.ask_twice(asked)
            if self.state is not before:
                return

    @rule(n=st.integers(1, MOST + 9))
    def attach_many(self, n: int) -> None:
        for each in range(n):
            self.ask_twice(replace(ATTACH, person_id=PersonId(UUID(int=1000 + each))))
        if isinstance(self.state, Active):
            assert len(self.state.attached) <= MOST


class LifeOfAPair(Life):
    @rule(asked=st.sampled_from(OF_PAIRS))
    def go(self, asked: Any) -> None:
        self.ask_twice(asked)


class LifeOfSupport(Life):
    decider = SUPPORT

    @rule(asked=st.sampled_from(OF_SUPPORT))
    def go(self, asked: Any) -> None:
        self.ask_twice(asked)


TestLifeOfAMethodist = LifeOfAMethodist.TestCase
TestLifeOfAPair = LifeOfAPair.TestCase
TestLifeOfSupport = LifeOfSupport.TestCase


@given(st.lists(st.sampled_from([*WAY, FAILED, ATTACHED, DETACHED])))
def test_no_past_of_a_methodist_is_refused(past: list[Any]) -> None:
    reduce(METHODIST.evolve, past, METHODIST.initial)


@given(st.lists(st.sampled_from([PROPOSED, FORMED, CLOSED])))
def test_no_past_of_a_pair_is_refused(past: list[Any]) -> None:
    reduce(PAIR.evolve, past, PAIR.initial)


@given(st.lists(st.sampled_from([BEGUN, ENDED])))
def test_no_past_of_support_is_refused(past: list[Any]) -> None:
    reduce(SUPPORT.evolve, past, SUPPORT.initial)
