"""Whatever is asked in whatever order: an answer, and the same once more adds nothing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.registry.app import SERVICE
from services.registry.domain import (
    ACCESS,
    CENTRE,
    MUNICIPALITY,
    ORGANISATION,
    PROGRAM,
    REGION,
    TEACHER,
    DetermineYouth,
)
from shared.kernel import Decider, Recorded, Refused
from shared.kernel.ids import EventId
from tests.registry import (
    test_access,
    test_employment,
    test_organisation,
    test_program,
    test_record,
    world,
)

REGISTERS = ("FED", "REG")
LIVES: list[tuple[Decider[Any, Any, Any], list[Any]]] = [
    (REGION, [world.ADD_REGION, replace(world.ADD_REGION, name="Иной")]),
    (MUNICIPALITY, [world.ADD_MUNICIPALITY]),
    (
        ORGANISATION,
        [
            world.REGISTER_SCHOOL,
            test_organisation.CLOSE,
            replace(test_organisation.CLOSE, closed_on=test_organisation.BEFORE),
        ],
    ),
    (CENTRE, [test_organisation.INAUGURATE, test_organisation.WIND_UP]),
    (
        TEACHER,
        [
            world.REGISTER,
            world.START,
            replace(
                world.START,
                employment_id=world.SECOND_JOB,
                started_on=test_record.OLD,
            ),
            test_employment.CHANGE,
            world.END,
            replace(world.END, employment_id=world.SECOND_JOB),
            DetermineYouth(person_id=world.PERSON),
            test_record.LINK,
            test_record.MERGE,
            test_record.GRADUATE,
            test_record.LEARN,
            test_record.AWARD,
            test_record.OLD_AWARD,
            test_record.MENTOR,
            test_record.ERASE,
        ],
    ),
    (
        PROGRAM,
        [
            test_program.DRAFT,
            replace(test_program.DRAFT, program_version=2),
            *(
                replace(asked, program_version=version, register=register)
                for version in (1, 2)
                for register in REGISTERS
                for asked in (
                    test_program.SUBMIT,
                    test_program.ASSIGN,
                    test_program.OPINE,
                    replace(test_program.OPINE, expert_id=test_program.BORIS),
                    test_program.CERTIFY,
                    test_program.LIST,
                )
            ),
        ],
    ),
    (ACCESS, [test_access.GIVE, test_access.REVOKE]),
]
FACTS: dict[str, list[Any]] = {
    "registry.region": [world.REGION_ADDED],
    "registry.municipality": [world.MUNICIPALITY_ADDED],
    "registry.organisation": [world.SCHOOL_REGISTERED, world.SCHOOL_CLOSED],
    "registry.centre": [test_organisation.INAUGURATED, test_organisation.WOUND_UP],
    "registry.teacher": [
        world.REGISTERED,
        world.STARTED,
        test_employment.CHANGED,
        world.ENDED,
        test_employment.DETERMINED,
        test_record.LINKED,
        test_record.MERGED,
        test_record.GRADUATED,
        test_record.LEARNT,
        test_record.AWARDED,
        test_record.ERASED,
    ],
    "registry.program": [*test_program.LISTED_, test_program.AGAINST],
    "registry.access": [test_access.GIVEN, test_access.REVOKED],
}
every_life = pytest.mark.parametrize(
    ("decider", "commands"), LIVES, ids=[decider.name for decider, _ in LIVES]
)


def recorded(facts: Sequence[Any]) -> list[Recorded[Any]]:
    """Envelop facts, the n-th with the id n."""
    return [
        Recorded(event_id=EventId(UUID(int=n)), fact=fact)
        for n, fact in enumerate(facts, start=1)
    ]


def test_every_decider_lives_here() -> None:
    assert [decider for decider, _ in LIVES] == list(SERVICE.deciders)


@every_life
def test_asked_twice_adds_nothing(decider: Decider[Any, Any, Any], commands: list[Any]) -> None:
    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.state = decider.initial
            self.past: list[Any] = []

        @rule(asked=st.sampled_from(commands))
        def ask_twice(self, asked: Any) -> None:
            try:
                said = decider.decide(self.state, asked)
            except Refused:
                return
            self.past.extend(said)
            self.state = reduce(decider.evolve, said, self.state)
            assert list(decider.decide(self.state, asked)) == []

        @invariant()
        def what_was_decided_is_a_life(self) -> None:
            assert decider.is_a_life(recorded(self.past))

    run_state_machine_as_test(Life)


@every_life
@given(data=st.data())
def test_no_past_is_refused(
    decider: Decider[Any, Any, Any], commands: list[Any], data: st.DataObject
) -> None:
    """`evolve` takes every fact in every state, and every state answers."""
    past = data.draw(st.lists(st.sampled_from(FACTS[decider.name])))
    state = reduce(decider.evolve, past, decider.initial)
    for asked in commands:
        with suppress(Refused):
            decider.decide(state, asked)


@every_life
def test_an_impossible_step_is_no_life(
    decider: Decider[Any, Any, Any], commands: list[Any]
) -> None:
    del commands
    begun, *others = FACTS[decider.name]

    assert decider.is_a_life(recorded([begun]))
    assert not decider.is_a_life(recorded([begun, begun]))
    assert not any(decider.is_a_life(recorded([each])) for each in others)


@pytest.mark.parametrize(
    "past",
    [
        [world.REGISTERED, world.ENDED],
        [world.REGISTERED, test_employment.CHANGED],
        [world.REGISTERED, world.STARTED, world.STARTED],
        [world.REGISTERED, world.STARTED, world.ENDED, world.ENDED],
        [world.REGISTERED, world.STARTED, world.ENDED, test_employment.CHANGED],
        [
            world.REGISTERED,
            world.STARTED,
            replace(world.ENDED, occurred_on=test_record.OLD),
        ],
        [
            world.REGISTERED,
            world.STARTED,
            replace(test_employment.CHANGED, occurred_on=test_record.OLD),
        ],
        [world.REGISTERED, test_record.LEARNT, test_record.LEARNT],
        [world.REGISTERED, test_record.AWARDED, test_record.AWARDED],
        [world.REGISTERED, test_record.LINKED, test_record.LINKED],
        [world.REGISTERED, test_record.GRADUATED, test_record.GRADUATED],
        [world.REGISTERED, test_record.MERGED, test_record.MERGED],
        [world.REGISTERED, test_record.ERASED, world.STARTED],
        [world.REGISTERED, test_record.ERASED, world.ENDED],
        [world.REGISTERED, test_record.ERASED, test_employment.DETERMINED],
        [
            replace(world.REGISTERED, birth_date=test_record.OLD),
            world.STARTED,
        ],
    ],
)
def test_no_person_lives_so(past: list[Any]) -> None:
    assert not TEACHER.is_a_life(recorded(past))


@pytest.mark.parametrize("left_out", range(len(test_program.LISTED_) - 1))
def test_no_programme_skips_a_step(left_out: int) -> None:
    """S0 III.1: ни один шаг экспертизы не пропускают."""
    past = [*test_program.LISTED_]
    del past[left_out]

    assert PROGRAM.is_a_life(recorded(test_program.LISTED_))
    assert not PROGRAM.is_a_life(recorded(past))
