"""Every state that can be reached answers every command, and once is enough."""

from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from services.routes.domain import ENROLMENT, ROUTE
from shared.kernel import Decider, Refused
from shared.kernel.ids import EnrolmentId
from tests.routes.words import (
    ACCOMPANIED,
    ACCOMPANY,
    AFTER,
    AGREE,
    ANNUL,
    ANNULLED,
    APPOINT,
    APPOINTED,
    ASSIGN,
    ATTEND,
    CANCEL,
    CANCELLED,
    COMPLETE,
    COURSE,
    DRAFT,
    ENROL,
    ENROLLED,
    ENROLMENT_ID,
    EVENT,
    FINISH,
    FINISHED,
    START,
    STUDY,
    TUTOR,
    WAY,
)

EARNED = replace(STUDY, proof=FINISHED)
OTHER = EnrolmentId(UUID(int=99))
OF_ROUTES: list[Any] = [
    DRAFT,
    replace(DRAFT, deficit_ids=()),
    replace(DRAFT, session_id=None, deficit_ids=(), on_request=True),
    AGREE,
    replace(AGREE, items=()),
    replace(AGREE, items=(COURSE,)),
    replace(AGREE, items=(EVENT,), agreed_on=AFTER),
    ASSIGN,
    replace(ASSIGN, tutor_id=None),
    replace(ASSIGN, assigned_on=AFTER),
    START,
    replace(START, started_on=AFTER),
    ATTEND,
    replace(ATTEND, completed_on=AFTER),
    STUDY,
    EARNED,
    replace(EARNED, enrolment_id=OTHER, proof=replace(FINISHED, enrolment_id=OTHER)),
    replace(
        EARNED,
        enrolment_id=OTHER,
        proof=replace(FINISHED, enrolment_id=OTHER),
        void=ENROLMENT_ID,
    ),
    COMPLETE,
    replace(COMPLETE, completed_on=AFTER),
    replace(COMPLETE, void=(ENROLMENT_ID,)),
    CANCEL,
    replace(CANCEL, cancelled_on=AFTER),
]
OF_TUTORS: list[Any] = [
    APPOINT,
    replace(APPOINT, tutor_id=TUTOR),
    replace(APPOINT, appointed_on=AFTER),
    ACCOMPANY,
    replace(ACCOMPANY, recorded_on=AFTER),
]
OF_ENROLMENTS: list[Any] = [
    ENROL,
    replace(ENROL, offered=None),
    replace(ENROL, route_id=None, route_item_id=None, route=None),
    FINISH,
    replace(FINISH, doc_no="2"),
    replace(FINISH, completed_on=AFTER),
    ANNUL,
    replace(ANNUL, annulled_on=AFTER),
]


class Life(RuleBasedStateMachine):
    decider: Decider[Any, Any, Any] = ROUTE

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


class LifeOfARoute(Life):
    @rule(asked=st.sampled_from(OF_ROUTES))
    def go(self, asked: Any) -> None:
        self.ask_twice(asked)

    @rule(asked=st.sampled_from(OF_TUTORS))
    def accompany(self, asked: Any) -> None:
        self.ask_twice(asked)

    @rule()
    def go_on(self) -> None:
        """Ask for the next step of the whole way, or the end is seldom reached."""
        for asked in (DRAFT, AGREE, ASSIGN, START, ATTEND, EARNED, COMPLETE):
            before = self.state
            self.ask_twice(asked)
            if self.state is not before:
                return


class LifeOfAnEnrolment(Life):
    decider = ENROLMENT

    @rule(asked=st.sampled_from(OF_ENROLMENTS))
    def go(self, asked: Any) -> None:
        self.ask_twice(asked)


TestLifeOfARoute = LifeOfARoute.TestCase
TestLifeOfAnEnrolment = LifeOfAnEnrolment.TestCase


@given(st.lists(st.sampled_from([*WAY, CANCELLED, APPOINTED, ACCOMPANIED])))
def test_no_past_of_a_route_is_refused(past: list[Any]) -> None:
    reduce(ROUTE.evolve, past, ROUTE.initial)


@given(st.lists(st.sampled_from([ENROLLED, FINISHED, ANNULLED])))
def test_no_past_of_an_enrolment_is_refused(past: list[Any]) -> None:
    reduce(ENROLMENT.evolve, past, ENROLMENT.initial)
