"""Every state that can be reached answers every command, and once is enough."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from services.diagnostics.domain import SESSION, SessionCommand
from shared.events.diagnostics import SessionFact
from shared.kernel import Refused
from shared.testing.facts import DAY
from tests.diagnostics.words import (
    ANNUL,
    ANNULLED,
    ASSIGN,
    ASSIGNED,
    COMPLETE,
    COMPLETED,
    DIGITAL,
    ISSUED,
    START,
    STARTED,
    TEACHING,
    scored,
)

LATER = DAY + timedelta(days=1)
COMMANDS: list[SessionCommand] = [
    ASSIGN,
    replace(ASSIGN, instrument_kind="functional_literacy"),
    replace(ASSIGN, instrument_kind="self"),
    replace(ASSIGN, instrument_kind="self", purpose="self"),
    replace(ASSIGN, assigned_on=LATER),
    START,
    replace(START, started_on=LATER),
    COMPLETE,
    replace(
        COMPLETE,
        by_competency=(scored(DIGITAL, "70"), scored(TEACHING, "5")),
        completed_on=LATER,
    ),
    replace(COMPLETE, by_competency=(scored(TEACHING, "69.99"),), independent=True),
    ANNUL,
    replace(ANNUL, annulled_on=LATER),
]


class LifeOfASession(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.session = SESSION.initial

    @rule(asked=st.sampled_from(COMMANDS))
    def ask_twice(self, asked: SessionCommand) -> None:
        try:
            said = SESSION.decide(self.session, asked)
        except Refused:
            return
        for each in said:
            before, self.session = self.session, SESSION.evolve(self.session, each)
            assert self.session is not before  # what is said belongs to a life
        assert SESSION.decide(self.session, asked) == []


TestLifeOfASession = LifeOfASession.TestCase

FACTS: list[SessionFact] = [ASSIGNED, STARTED, COMPLETED, ISSUED, ANNULLED]


@given(st.lists(st.sampled_from(FACTS)))
def test_no_past_is_refused(past: list[SessionFact]) -> None:
    reduce(SESSION.evolve, past, SESSION.initial)
