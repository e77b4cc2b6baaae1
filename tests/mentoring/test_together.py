"""The rooms together, on a real engine and real logs: a teacher becomes a methodist."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.mentoring.api import DOORS
from services.mentoring.app import SERVICE
from services.mentoring.domain import DetachTeacher
from shared.events.registry import (
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    YouthPeriodDetermined,
)
from shared.kernel import kind_of, standing
from shared.kernel.ids import EmploymentId, EventId, MethodistId, PersonId
from shared.runtime import codec
from shared.runtime.asking import Asked, Outcome
from shared.runtime.doors import Door, Reading
from shared.runtime.engine import Engine
from shared.runtime.hearing import hear
from shared.runtime.schemas import Accepted
from shared.testing.facts import DAY, a
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
from tests.runtime.made import a_log, say

UNTOLD = replace(NOMINATE, region=None, candidate="unheard")
ON_HIRE = a(
    EmploymentStarted,
    employment_id=JOB,
    person_id=MENTEE,
    org_id=SCHOOL,
    position_class="PED",
    is_main=True,
)
OF_TEACHER = a(
    EmploymentStarted,
    employment_id=EmploymentId(UUID(int=81)),
    person_id=TEACHER,
    org_id=SCHOOL,
    is_main=True,
)
OF_MENTOR = replace(WORKS, employment_id=EmploymentId(UUID(int=82)), person_id=MENTOR)
YOUNG = a(YouthPeriodDetermined, person_id=MENTEE, young_until=DAY + timedelta(days=900))


class Mentoring:
    """Mentoring, and the logs of its neighbours."""

    def __init__(self, folder: Path) -> None:
        names = ("registry", "diagnostics", "routes", "mentoring")
        self.logs = {name: a_log(folder, f"{name}@0") for name in names}
        log = self.logs["mentoring"]
        self.engine = Engine(SERVICE, log, None, lambda: datetime(2024, 6, 1, tzinfo=UTC))

    def hears(self, stream: UUID, *facts: Any, corrects: UUID | None = None) -> list[UUID]:
        owner = kind_of(facts[0]).owner if facts else "registry"
        said = say(self.logs[owner], stream, *facts, corrects=corrects)
        hearing = hear(
            self.engine,
            f"{owner}@0",
            [codec.wire(each) for each in self.logs[owner].read(0, 500)],
        )
        assert not hearing.parked
        return said

    def asks(self, *asked: Any) -> list[str]:
        return [self.asked(each).status for each in asked]

    def asked(self, command: Any) -> Outcome:
        return self.engine.ask(Asked(command=command, command_id=uuid4(), actor="test"))

    def said(self) -> list[str]:
        return [each.name.partition(".")[2] for each in self.logs["mentoring"].read(0, 999)]

    def close(self) -> None:
        for each in self.logs.values():
            each.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Mentoring]:
    yield (made := Mentoring(tmp_path))
    made.close()


@pytest.fixture
def pooled(empty: Mentoring) -> Mentoring:
    """A teacher of a school, whom the registry knows, is in the pool."""
    empty.hears(SCHOOL, AT_SCHOOL)
    empty.hears(PERSON, WORKS, AWARDED, EDUCATED)
    empty.hears(PROGRAM, TAUGHT)
    assert empty.asks(UNTOLD, POOL) == ["accepted"] * 2
    return empty


@pytest.fixture
def trained(pooled: Mentoring) -> Mentoring:
    """And he has passed and studied; there is a teacher to be attached."""
    pooled.hears(TEACHER, OF_TEACHER)
    pooled.hears(SESSION, TESTED)
    pooled.hears(ENROLMENT, STUDIED)
    return pooled


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
    other = {"methodist_id": MethodistId(OTHER_METHODIST)}
    other_person = PersonId(UUID(int=77))
    of_another = {"person_id": other_person}
    trained.hears(
        other_person,
        replace(WORKS, **of_another, employment_id=EmploymentId(UUID(int=78))),
        replace(AWARDED, **of_another),
        replace(EDUCATED, **of_another),
    )
    trained.hears(UUID(int=79), replace(TESTED, **of_another, session_id=UUID(int=79)))
    trained.hears(UUID(int=80), replace(STUDIED, **of_another, enrolment_id=UUID(int=80)))
    trained.asks(ACTIVATE, ATTACH)
    ways = [replace(UNTOLD, **other, **of_another), replace(POOL, **other)]
    assert trained.asks(*ways, replace(ACTIVATE, **other)) == ["accepted"] * 3

    refused = trained.asked(replace(ATTACH, **other))
    assert (refused.status, refused.clause) == ("refused", "S1 7.1")
    assert trained.asks(DETACH, replace(ATTACH, **other)) == ["accepted"] * 2


def test_a_young_teacher_gets_a_pair_and_leaves_it(empty: Mentoring) -> None:
    """P3, P4: принят → предложена пара → образована → работа окончена (S1 4.4)."""
    empty.hears(SCHOOL, AT_SCHOOL)
    empty.hears(MENTEE, ON_HIRE, YOUNG)
    empty.hears(MENTOR, OF_MENTOR)
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


def gone(event_id: UUID, fact: type[Any] = EmploymentStarted) -> Any:
    return a(FactWithdrawn, withdraws=EventId(event_id), name=kind_of(fact).name)


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
    empty.hears(MENTOR, OF_MENTOR)
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
    job = {"employment_id": OF_TEACHER.employment_id, "person_id": TEACHER, "org_id": SCHOOL}
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
