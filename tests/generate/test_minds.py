"""What a mind answers, an engine answers too: a story with refusals, told to both."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

import pytest

from metodika.generate import BEFORE, Clock, Columns, Made, Stores, carry_out
from metodika.plan import Restate, Step, TakeBack
from metodika.world import opened
from services.mentoring import domain as men
from services.registry import domain as reg
from services.routes import domain as rou
from shared.events.diagnostics import DiagnosticAssigned, DiagnosticCompleted
from shared.events.mentoring import MentorshipPairFormed
from shared.events.registry import (
    EmploymentStarted,
    OrganisationRegistered,
    ProgramListed,
    RosterLinked,
)
from shared.kernel.ids import EmploymentId, EnrolmentId, OrgId, PairId, PersonId, RegionCode
from shared.runtime.canonical import canonical
from shared.runtime.log import Record
from shared.runtime.settings import Settings
from tests.journeys import chapters as ch
from tests.journeys.telling import day, day_of

ZOYA, SAME = PersonId(ch.uid("zoya")), PersonId(ch.uid("zoya again"))
PAIR = PairId(men.pair_of(ch.job_of(SAME)))
SNILS = "213-333-332 08"


@dataclass
class Story:
    """A `Teller` that writes down steps: each on the morning of its day, or later."""

    steps: list[Step] = field(default_factory=list[Step])
    at: datetime = BEFORE

    def tell(self, service: str, *commands: Any) -> None:
        for command in commands:
            on = day_of(command) if not isinstance(command, Restate | TakeBack) else None
            self.on(service, command, on)

    def on(self, service: str, command: Any, on: date | None) -> None:
        if on:
            self.at = max(self.at, datetime.combine(on, time(9), UTC))
        self.steps.append(Step(at=self.at, service=service, command=command, actor="test"))

    def settle(self) -> None:
        """Everybody hears everybody after each service of a day."""


@cache
def story() -> list[Step]:
    """Return the whole story of the journeys, and then what goes wrong."""
    told = Story()
    ch.whole_story(told)
    amended(told)
    merged_and_erased(told)
    with_another_mentor(told)
    listed_otherwise(told)
    return told.steps


def amended(told: Story) -> None:
    """Restate, restate again, take back; and what can't be."""
    boris = Restate(ch.BORIS, EmploymentStarted, (("occurred_on", day("01.09.1989")),))
    nowhere = Restate(ch.BORIS, EmploymentStarted, (("org_id", OrgId(ch.uid("none"))),))
    child = Restate(ch.VERA, EmploymentStarted, (("occurred_on", day("01.09.2009")),))
    young = Restate(ch.VERA, EmploymentStarted, (("occurred_on", day("01.09.2020")),))
    other = Restate(ch.VERA, EmploymentStarted, (("person_id", ch.BORIS),))
    for n, each in enumerate((boris, nowhere, child, young, other, boris), start=1):
        told.on("registry", each, date(2023, 1, n))
    told.tell("registry", linked(ch.GLEB, "07.01.2023"))
    mistyped = Restate(ch.GLEB, RosterLinked, (("sourced_id_hmac", "another"),))
    told.on("registry", mistyped, day("08.01.2023"))
    told.tell("registry", linked(ch.BORIS, "09.01.2023"))  # the number is free again
    school = TakeBack(ch.SCHOOL, OrganisationRegistered, "не было", day("09.01.2023"))
    told.on("registry", school, day("09.01.2023"))  # refused: people work there
    literacy = (("instrument_kind", "functional_literacy"),)
    for fact in (DiagnosticAssigned, DiagnosticCompleted):
        told.on("diagnostics", Restate(ch.SESSION, fact, literacy), day("09.01.2023"))
    gone = TakeBack(ch.BORIS, EmploymentStarted, "не было", day("10.01.2023"))
    told.on("registry", gone, day("10.01.2023"))
    told.on("registry", gone, day("11.01.2023"))
    told.on("registry", boris, day("12.01.2023"))


def linked(who: PersonId, on: str) -> reg.LinkRoster:
    return reg.LinkRoster(
        person_id=who, source_system="roster", sourced_id_hmac="number", linked_on=day(on)
    )


def merged_and_erased(told: Story) -> None:
    """Keys that are taken, freed by an erasure, and taken again; a double; a late end."""
    zoya, again = registered(ZOYA), registered(SAME)
    told.on("registry", zoya, day("01.02.2023"))
    told.on("registry", again, day("02.02.2023"))  # refused: the same СНИЛС
    told.on("registry", zoya, day("03.02.2023"))  # already so
    told.tell("registry", ch.employed(ZOYA, ch.SCHOOL, "01.02.2023"))
    studies = [enrolled(number) for number in ("first", "second")]
    told.tell("routes", *studies)
    told.tell("routes", completed(studies[0], "20.02.2023"))
    erase = reg.ErasePersonalData(
        person_id=ZOYA, reason="просьба", act_no="1", erased_on=day("01.03.2023")
    )
    told.tell("registry", erase, again)  # refused: erased only after this transaction
    told.on("registry", zoya, day("02.03.2023"))  # refused: erased
    told.on("registry", again, day("02.03.2023"))  # her key is free
    told.tell("routes", completed(studies[0], "20.02.2023"))  # refused: nobody can tell
    told.tell("routes", completed(studies[1], "02.03.2023"))  # refused: erased
    told.on("registry", ch.employed(ZOYA, ch.SCHOOL, "02.03.2023"), day("02.03.2023"))
    merge = reg.MergePersons(survivor_id=SAME, merged_id=ch.GLEB, merged_on=day("01.04.2023"))
    told.tell("registry", merge)
    for who in (ch.VERA, ZOYA, ch.DINA):
        end = reg.EndEmployment(
            employment_id=ch.job_of(who), person_id=who, ended_on=day("01.06.2023")
        )
        told.tell("registry", end)
    unknown = reg.AddMunicipality(
        oktmo=ch.VLADIVOSTOK, region=RegionCode("99"), name="Нигде", added_on=day("02.06.2023")
    )
    told.tell("registry", unknown)


def with_another_mentor(told: Story) -> None:
    """Restate twice who a mentor was: the one in between leaves, and nothing is closed.

    Then it was the first one after all, and he leaves: it is.
    """
    for who in (SAME, ch.BORIS):
        told.tell("registry", ch.employed(who, ch.SCHOOL, "02.06.2023"))
    again = EmploymentId(ch.uid("dina's second job"))
    told.tell(
        "registry",
        replace(ch.employed(ch.DINA, ch.SCHOOL, "02.06.2023"), employment_id=again),
    )
    form = men.FormPair(
        pair_id=PAIR,
        mentor_id=ch.BORIS,
        mentee_id=SAME,
        pair_basis="novice",
        formed_on=day("02.06.2023"),
    )
    told.tell("mentoring", form)
    for on, mentor in (("03.06.2023", ch.ANNA), ("04.06.2023", ch.DINA)):
        restate = Restate(PAIR, MentorshipPairFormed, (("mentor_id", mentor),))
        told.on("mentoring", restate, day(on))
    end = reg.EndEmployment(
        employment_id=ch.job_of(ch.ANNA), person_id=ch.ANNA, ended_on=day("10.06.2023")
    )
    told.tell("registry", end)
    back = Restate(PAIR, MentorshipPairFormed, (("mentor_id", ch.BORIS),))
    told.on("mentoring", back, day("11.06.2023"))
    told.tell("registry", replace(end, employment_id=ch.job_of(ch.BORIS), person_id=ch.BORIS))


def listed_otherwise(told: Story) -> None:
    """A listing is restated and then taken back, and three enrolments follow it."""
    term = Restate(ch.PROGRAM, ProgramListed, (("valid_until", day("01.02.2023")),))
    told.on("registry", term, day("01.07.2023"))
    gone = TakeBack(ch.PROGRAM, ProgramListed, "не было", day("02.07.2023"))
    told.on("registry", gone, day("02.07.2023"))


def registered(who: PersonId) -> reg.RegisterTeacher:
    return reg.RegisterTeacher(
        person_id=who,
        full_name="Вымыслова Зоя",
        snils=SNILS,
        birth_date=day("17.05.1983"),
        registered_on=day("01.02.2023"),
    )


def enrolled(name: str) -> rou.StartEnrolment:
    return rou.StartEnrolment(
        enrolment_id=EnrolmentId(ch.uid(f"zoya's {name}")),
        person_id=ZOYA,
        program_id=ch.PROGRAM,
        program_version=1,
        route_id=None,
        route_item_id=None,
        channel="other",
        started_on=day("05.02.2023"),
    )


def completed(study: rou.StartEnrolment, on: str) -> rou.CompleteProgram:
    return rou.CompleteProgram(
        enrolment_id=study.enrolment_id,
        doc_kind="certificate",
        doc_no=f"З-{on}",
        completed_on=day(on),
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made, bytes, bytes]:
    """Give what came of the story, and the canonical form: engines first, then minds."""
    clock, thought = Clock(), list[Record]()
    settings = Settings(world=tmp_path_factory.mktemp("story"))
    with opened(settings, clock) as world:
        one = carry_out(Stores(world, clock), story())
        stored = [each for store in world.stores.values() for each in store.walk()]
    other = carry_out(Columns(thought.extend), story())
    return one, other, b"\n".join(canonical(stored)), b"\n".join(canonical(thought))


def test_minds_answer_as_engines_do(told: tuple[Made, Made, bytes, bytes]) -> None:
    """§8: те же решения, те же отказы."""
    stored, thought, *_ = told

    assert thought == stored
    assert stored.unchanged > 0
    assert len(stored.refused) == 10


def test_minds_say_what_engines_say(told: tuple[Made, Made, bytes, bytes]) -> None:
    """§8: те же факты в том же порядке, и с исправлениями, и со стиранием."""
    *_, stored, thought = told

    assert thought == stored
    for name in ("PersonalDataErased", "FactWithdrawn", "PersonsMerged"):
        assert f'"name":"registry.{name}"' in stored.decode()


def test_a_corrected_pair_is_its_last_mentors(told: tuple[Made, Made, bytes, bytes]) -> None:
    """S1 7.1: ушёл тот, кто наставником не был, — ничего; ушёл наставник — пара закрыта."""
    for form in told[2:]:
        said = [line for line in form.splitlines() if str(PAIR).encode() in line]
        names = [re.findall(rb'"name":"mentoring.(\w+)"', line)[0].decode() for line in said]
        formed, closed = "MentorshipPairFormed", "MentorshipPairClosed"
        assert names == [formed, formed, formed, formed, closed]


def test_enrolments_follow_a_listing(told: tuple[Made, Made, bytes, bytes]) -> None:
    """AM7: срок исправлен — двое зачислены позже него; внесение отозвано — никто (S0 V.1)."""
    for form in told[2:]:
        said = [
            line for line in form.splitlines() if b'"name":"routes.EnrolmentStarted"' in line
        ]
        registers = [re.findall(rb'"register_status_at_start":\[(.*?)\]', it)[0] for it in said]
        assert registers[:3] == [b'"FED"'] * 3
        assert sorted(registers[3:6]) == [b"", b"", b'"FED"']  # by another record
        assert registers[6:] == [b""]
