"""The rooms together, on a real engine and real logs: a teacher becomes a methodist."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.mentoring.api import DOORS
from services.mentoring.app import SERVICE
from services.mentoring.domain import DetachTeacher
from shared.events.registry import (
    EmploymentEnded,
    EmploymentStarted,
    YouthPeriodDetermined,
)
from shared.kernel import standing
from shared.runtime import codec
from shared.runtime.doors import Door, Reading
from shared.runtime.schemas import Accepted
from shared.testing.facts import DAY, a
from tests.mentoring.made import UNTOLD, Mentoring, at_work, gone, job_of, other_methodist
from tests.mentoring.words import (
    ACTIVATE,
    AT_SCHOOL,
    ATTACH,
    AWARDED,
    DETACH,
    EDUCATED,
    ENROLMENT,
    FORM,
    JOB,
    MENTEE,
    MENTOR,
    METHODIST_ID,
    NOMINATE,
    OTHER_METHODIST,
    PAIR_ID,
    PERSON,
    POOL,
    PROGRAM,
    SCHOOL,
    SESSION,
    STUDIED,
    TAUGHT,
    TEACHER,
    TESTED,
    WORKS,
)
from tests.runtime.made import say

ON_HIRE = a(
    EmploymentStarted,
    employment_id=JOB,
    person_id=MENTEE,
    org_id=SCHOOL,
    position_class="PED",
    is_main=True,
)
YOUNG = a(YouthPeriodDetermined, person_id=MENTEE, young_until=DAY + timedelta(days=900))


def test_from_a_nomination_to_a_teacher_attached(trained: Mentoring) -> None:
    """RU4–RU7: выдвинут → в активе → диагностика → ДПП → допуск → педагоги (S1 4.5)."""
    assert trained.asks(ACTIVATE, ATTACH) == ["accepted"] * 2
    assert trained.said() == [
        "MethodistNominated",
        "MethodistPooled",
        "MethodistDiagnosed",
        "MethodistTrained",
        "MethodistActivated",
        "TeacherAttached",
    ]


def test_the_activation_cites_what_was_heard(trained: Mentoring) -> None:
    """RU4–RU6: каждое доказательство — запись соседнего журнала (S1 4.5)."""
    trained.asks(ACTIVATE)
    [record] = [
        each
        for each in trained.logs["mentoring"].read(0, 99)
        if each.name == "mentoring.MethodistActivated"
    ]
    said: Any = codec.decode(record.name, record.schema, record.data)
    neighbours = {
        each.event_id
        for name in ("registry", "diagnostics", "routes")
        for each in trained.logs[name].read(0, 99)
        if each.stream != TEACHER
    }

    assert set(said.evidence) == neighbours  # here every one of them is needed
    assert (said.region, said.org_id, record.territory) == ("25", SCHOOL, f"25/-/{SCHOOL}")


def test_the_order_of_hearing_does_not_matter(empty: Mentoring) -> None:
    """RU6: услышано до выдвижения или после — одно и то же (S1 2)."""
    empty.hears(ENROLMENT, STUDIED)
    empty.hears(SESSION, TESTED)
    empty.hears(PERSON, EDUCATED, AWARDED, WORKS)
    empty.hears(PROGRAM, TAUGHT)
    empty.hears(SCHOOL, AT_SCHOOL)

    assert empty.asks(UNTOLD, POOL, ACTIVATE) == ["accepted"] * 3


def test_a_result_corrected_below_the_threshold_counts_no_more(pooled: Mentoring) -> None:
    """RU6: исправленная диагностика действует исправленной (S1 7.2, S1 2)."""
    [tested] = pooled.hears(SESSION, TESTED)
    pooled.hears(ENROLMENT, STUDIED)
    pooled.hears(SESSION, replace(TESTED, score_pct=Decimal("69.99")), corrects=tested)
    outcome = pooled.asked(ACTIVATE)

    assert (outcome.status, outcome.clause) == ("refused", "S1 2")


@pytest.mark.parametrize("made_up", [NOMINATE, ACTIVATE])
def test_what_is_told_can_not_be_made_up(empty: Mentoring, made_up: Any) -> None:
    """RU4: о ком ничего не услышано, тот не методист (S1 4.5)."""
    outcome = empty.asked(made_up)

    assert (outcome.status, outcome.clause) == ("refused", "S1 4.5")


def test_a_teacher_has_one_methodist_at_a_time(trained: Mentoring) -> None:
    """S1 7.1: педагог закреплён за одним методистом."""
    trained.asks(ACTIVATE, ATTACH)
    other_methodist(trained)
    to_other = replace(ATTACH, methodist_id=OTHER_METHODIST)
    refused = trained.asked(to_other)

    assert (refused.status, refused.clause) == ("refused", "S1 7.1")
    assert trained.asks(DETACH, to_other) == ["accepted"] * 2


def test_a_young_teacher_gets_a_pair_and_leaves_it(empty: Mentoring) -> None:
    """P3, P4: принят → предложена пара → образована → работа окончена (S1 4.4)."""
    empty.hears(SCHOOL, AT_SCHOOL)
    empty.hears(MENTEE, ON_HIRE, YOUNG)
    at_work(empty, MENTOR)
    assert empty.asks(FORM) == ["accepted"]
    empty.hears(
        MENTEE,
        a(
            EmploymentEnded,
            employment_id=JOB,
            person_id=MENTEE,
            org_id=SCHOOL,
            occurred_on=DAY + timedelta(days=30),
        ),
    )

    assert empty.said() == [
        "MentorshipPairProposed",
        "MentorshipPairFormed",
        "MentorshipPairClosed",
    ]
    assert FORM.pair_id == PAIR_ID


def test_a_job_that_never_was_calls_for_nobody(empty: Mentoring) -> None:
    """S1 4.4, S1 7.2: приём отозван — отозвано и предложение; принят снова — и оно снова."""
    job, _ = empty.hears(MENTEE, ON_HIRE, YOUNG)
    empty.hears(MENTEE, gone(job))
    without = empty.said()
    empty.hears(MENTEE, ON_HIRE)

    assert without == ["MentorshipPairProposed", "FactWithdrawn"]
    assert empty.said() == [*without, "MentorshipPairProposed"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_whole_life_is_withdrawn_from_its_end(empty: Mentoring, *, at_once: bool) -> None:
    """S1 4.4: отозвано одно за другим, услышано сразу или порознь: пары никому не ищут."""
    said: list[Any] = []

    def tell(*facts: Any) -> list[UUID]:
        said.extend(facts)
        told = say(empty.logs["registry"], MENTEE, *facts)
        return told if at_once else [*told, *empty.hears(MENTEE)]

    job, young = tell(ON_HIRE, YOUNG)
    [again] = tell(gone(young, YouthPeriodDetermined), YOUNG)[1:]
    tell(gone(job), gone(again, YouthPeriodDetermined))
    empty.hears(MENTEE)

    pair = standing(empty.engine.known().history(PAIR_ID))
    assert (len(said), pair) == (6, [])


def test_a_pair_that_was_formed_stays(empty: Mentoring) -> None:
    """S1 7.2: на чём стоит другое, то само собой не отзывают; пара образована людьми."""
    empty.hears(SCHOOL, AT_SCHOOL)
    at_work(empty, MENTOR)
    job, _ = empty.hears(MENTEE, ON_HIRE, YOUNG)
    empty.asks(FORM)
    empty.hears(MENTEE, gone(job))

    assert empty.said() == ["MentorshipPairProposed", "MentorshipPairFormed"]


@pytest.mark.parametrize(
    ("instead", "proposed"),
    [
        ({"occurred_on": DAY - timedelta(days=7)}, [DAY - timedelta(days=7)]),
        ({"subject_code": "MATH"}, [DAY]),
        ({"position_class": "DEPUTY"}, []),
        ({"is_main": False}, []),
    ],
)
def test_a_corrected_job_calls_as_it_now_is(
    empty: Mentoring, instead: dict[str, Any], proposed: list[date]
) -> None:
    """S1 4.4, contracts §1: исправленный приём всегда и был таким."""
    job, _ = empty.hears(MENTEE, ON_HIRE, YOUNG)
    empty.hears(MENTEE, replace(ON_HIRE, **instead), corrects=job)
    pair = standing(empty.engine.known().history(PAIR_ID))

    assert [each.fact.occurred_on for each in pair] == proposed


def test_who_works_no_more_is_attached_no_more(trained: Mentoring) -> None:
    """P4: EmploymentEnded → TeacherDetached, и педагог свободен (S1 7.1)."""
    job = {"employment_id": job_of(TEACHER), "person_id": TEACHER, "org_id": SCHOOL}
    trained.asks(ACTIVATE, ATTACH)
    trained.hears(TEACHER, a(EmploymentEnded, **job))

    assert trained.said()[-1] == "TeacherDetached"
    assert trained.asks(a(DetachTeacher, methodist_id=METHODIST_ID, person_id=TEACHER)) == [
        "refused"
    ]


# ── Doors ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.path)
def test_a_door_has_its_roles_and_its_example(door: Door | Reading) -> None:
    assert door.roles
    if isinstance(door, Door):
        [_, thing, *_] = door.path.split("/")
        accepted = Accepted.of(door.command, [f"{thing.removesuffix('s')}_id"])
        accepted.check(door.example)
        assert set(accepted.must) <= set(door.example)


def test_every_command_has_its_door_and_every_document_its_reading() -> None:
    doors = [each for each in DOORS if isinstance(each, Door)]
    readings = [each for each in DOORS if isinstance(each, Reading)]
    commands = {each for decider in SERVICE.deciders for each in decider.commands}

    assert commands == {each.command for each in doors}
    assert {*SERVICE.projections} == {each.projection for each in readings}
