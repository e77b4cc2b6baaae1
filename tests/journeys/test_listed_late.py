"""An enrolment knows the registers of its day, whenever they are heard of (S0 V.1)."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metodika.generate import Clock
from metodika.world import opened
from services.diagnostics.domain import deficit_of
from services.registry import domain as reg
from services.routes import domain as rou
from shared.events.routes import EnrolmentStarted
from shared.kernel.ids import CompetencyId, EnrolmentId
from shared.runtime.codec import wire
from shared.runtime.hearing import hear
from shared.runtime.log import Mark
from tests.journeys import chapters as ch
from tests.journeys.amends import correct, scored, withdraw
from tests.journeys.telling import Telling, day, settings_of

END = "31.12.2022"
FEDERAL: dict[str, Any] = {
    "program_id": ch.PROGRAM,
    "program_version": 1,
    "register": "FED",
}


def certified(story: Telling, register: str = "FED") -> None:
    """The draft goes as far as its certificate."""
    same: dict[str, Any] = FEDERAL | {"register": register}
    story.tell(
        "registry",
        reg.SubmitProgram(**same, submitted_on=day("10.09.2021")),
        replace(ch.group(ch.PROGRAM, "15.09.2021"), register=register),
        reg.GiveExpertOpinion(
            **same,
            expert_id=ch.EXPERT,
            verdict="recommended",
            score=87,
            given_on=day("25.09.2021"),
        ),
        replace(
            ch.certified(ch.PROGRAM, "01.10.2021"),
            register=register,
            cert_no=f"{register}-1",
        ),
    )


def unlisted(story: Telling) -> None:
    """Everything but the register: a certified draft, people, an assigned route."""
    ch.places(story)
    ch.people(story)
    story.tell("registry", ch.drafted(ch.PROGRAM, "01.09.2021"))
    certified(story)
    story.settle()
    ch.diagnosed(story, ch.ANNA, ch.SESSION, "01.02.2022", "52.00")
    ch.assigned(story)


def listed(until: str = "31.12.2025", register: str = "FED") -> reg.ListProgram:
    same: dict[str, Any] = FEDERAL | {"register": register}
    return reg.ListProgram(**same, valid_until=day(until), listed_on=day("05.10.2021"))


def heard_late(story: Telling) -> None:
    """Listed on 05.10.2021; routes hears of it when the study of 01.03.2022 is over."""
    unlisted(story)
    story.tell("registry", listed())
    story.tell("routes", ch.enrolled(), ch.completed())


def standing(story: Telling) -> EnrolmentStarted:
    """Return how the enrolment of Anna stands."""
    history = story.world.engines["routes"].known().thing(ch.ENROLMENT).history
    return [each.fact for each in history if isinstance(each.fact, EnrolmentStarted)][-1]


def test_a_listing_heard_after_the_enrolment_counts(story: Telling) -> None:
    """AM7, S0 V.1: реестр — каким он был в день зачисления, а не каким о нём слышали."""
    heard_late(story)
    before = story.clock.moment
    story.clock.moment = before.replace(hour=23)
    story.settle()

    assert story.counted("K-F1", END) == (1, 4)
    assert story.counted("K-F1", END, known=before) == (0, 4)
    assert standing(story).listed_by == (*story.of("registry", "ProgramListed"),)


def test_a_listing_recorded_after_the_enrolment_counts(story: Telling) -> None:
    """S0 V.1: внесена 05.10.2021, а записано это, когда уже учились."""
    unlisted(story)
    story.tell("routes", ch.enrolled(), ch.completed())
    story.settle()
    story.tell("registry", listed())
    story.settle()

    assert story.counted("K-F1", END) == (1, 4)


def test_a_listing_that_began_after_the_enrolment_does_not(story: Telling) -> None:
    """AM7: внесённая в реестр, когда уже учились, в день зачисления в нём не стояла."""
    unlisted(story)
    story.tell("routes", ch.enrolled(), ch.completed())
    story.settle()
    story.tell("registry", replace(listed(), listed_on=day("02.03.2022")))
    story.settle()

    assert story.counted("K-F1", END) == (0, 4)
    assert "FactWithdrawn" not in story.names("routes")
    assert story.names("routes").count("EnrolmentStarted") == 1


def test_a_withdrawn_listing_never_was(told: Telling) -> None:
    """contracts §1: внесение отозвано — в реестре программы не было ни на какую дату."""
    assert withdraw(told, "registry", ch.PROGRAM, "ProgramListed").status == "accepted"

    assert told.counted("K-F1", END) == (0, 4)
    assert (standing(told).register_status_at_start, standing(told).listed_by) == ((), ())


def test_a_corrected_listing_was_always_so(told: Telling) -> None:
    """contracts §1: срок исправили туда и обратно — и зачисление следует за ним."""
    for until, counted in (("01.03.2022", 0), ("02.03.2022", 1), ("01.02.2022", 0)):
        correct(told, "registry", ch.PROGRAM, "ProgramListed", valid_until=day(until))
        assert told.counted("K-F1", END) == (counted, 4)

    assert withdraw(told, "registry", ch.PROGRAM, "ProgramListed").status == "accepted"
    assert told.counted("K-F1", END) == (0, 4)


def test_a_corrected_listing_that_is_withdrawn_never_was(told: Telling) -> None:
    """contracts §1: отзывают первую запись, и с ней все исправления."""
    correct(told, "registry", ch.PROGRAM, "ProgramListed", valid_until=day("31.12.2024"))
    withdraw(told, "registry", ch.PROGRAM, "ProgramListed")

    assert told.counted("K-F1", END) == (0, 4)


def test_a_version_teaches_what_its_corrected_draft_says(told: Telling) -> None:
    """S0 V.1: программа «подобрана», если учит тому, чему учит по исправленной записи."""
    other = (CompetencyId(ch.uid("other")),)
    correct(told, "registry", ch.PROGRAM, "ProgramDrafted", competencies=other)

    assert standing(told).competencies == other
    assert told.counted("K-F1", END) == (0, 4)


def test_two_registers_heard_at_once(story: Telling) -> None:
    """contracts §4: в одной пачке два внесения, и второе исправляет исправленное."""
    unlisted(story)
    certified(story, "REG")
    story.tell("registry", listed(), listed(register="REG"))
    story.tell("routes", ch.enrolled(), ch.completed())
    story.settle()

    assert standing(story).register_status_at_start == ("FED", "REG")
    assert story.counted("K-F1", END) == (1, 4)


def test_a_study_known_to_be_annulled_is_restated_too(told: Telling) -> None:
    """contracts §1: и аннулированное зачисление говорит правду о своём дне."""
    annul = rou.AnnulCompletion(
        enrolment_id=ch.ENROLMENT, reason="подделка", annulled_on=day("01.09.2022")
    )
    told.tell("routes", annul)
    withdraw(told, "registry", ch.PROGRAM, "ProgramListed")

    assert told.counted("K-F1", "31.08.2022") == (0, 4)
    assert standing(told).register_status_at_start == ()


def test_an_enrolment_moved_to_another_programme_is_found_there(story: Telling) -> None:
    """contracts §1: зачисление исправили на другую ДПП, и за ней оно теперь следует."""
    unlisted(story)
    other = ch.METHODICAL
    story.tell("registry", ch.drafted(other, "01.09.2021"))
    story.settle()
    story.tell("routes", ch.enrolled(session=None, item=None, program=other))
    correct(story, "routes", ch.ENROLMENT, "EnrolmentStarted", program_id=ch.PROGRAM)
    story.tell("registry", listed())
    story.settle()

    assert standing(story).register_status_at_start == ("FED",)


# ── Heard twice ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_log_heard_again_says_nothing_new(story: Telling, size: int) -> None:
    """contracts §4: журнал соседа услышан ещё раз с начала — ничего не сказано и не забыто."""
    heard_late(story)
    story.settle()
    correct(story, "registry", ch.PROGRAM, "ProgramListed", valid_until=day("01.03.2022"))
    correct(story, "registry", ch.PROGRAM, "ProgramListed", valid_until=day("31.12.2024"))
    before = story.names("routes")
    heard_again(story, size)

    assert story.names("routes") == before
    assert story.counted("K-F1", END) == (1, 4)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_nor_does_a_withdrawal_heard_again(told: Telling, size: int) -> None:
    """contracts §4: и отозванное внесение, услышанное снова, не возвращается."""
    second = EnrolmentId(ch.uid("second"))
    withdraw(told, "registry", ch.PROGRAM, "ProgramListed")
    told.tell("routes", ch.enrolled(ch.BORIS, second, None, None))
    before = told.names("routes")
    heard_again(told, size)

    assert told.names("routes") == before
    assert told.counted("K-F1", END) == (0, 4)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_nor_does_a_correction_heard_again(told: Telling, size: int) -> None:
    """contracts §4: первая запись, услышанная снова, не заслоняет своего исправления."""
    correct(told, "registry", ch.PROGRAM, "ProgramListed", valid_until=day("01.02.2022"))
    before = told.names("routes")
    heard_again(told, size)

    assert told.names("routes") == before
    assert told.counted("K-F1", END) == (0, 4)


def heard_again(story: Telling, size: int) -> None:
    """Routes hears the registry from the beginning, so many records at once."""
    store = story.world.stores["routes"]
    store.adopt(Mark("registry@0", store.marks()["registry@0"].epoch, 0))
    records = [*story.world.stores["registry"].walk()]
    for n in range(0, len(records), size):
        some = [wire(each) for each in records[n : n + size]]
        hear(story.world.engines["routes"], "registry@0", some)
    story.settle()


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_as_it_restates_it_restates_once(
    empty_folder: Path, tmp_path: Path, when: str
) -> None:
    """contracts §4: kill -9 до записи или после неё — исправление одно, и число верно."""
    folder, clock = Path(shutil.copytree(empty_folder, tmp_path / "world")), Clock()
    with opened(settings_of(folder), clock) as world:
        heard_late(Telling(world, clock))
    killed = [sys.executable, "-m", "tests.journeys.killed", str(folder), when]
    died = subprocess.run(killed, check=False).returncode
    with opened(settings_of(folder), clock) as world:
        story = Telling(world, clock)
        story.settle()

        assert died == -signal.SIGKILL
        assert story.names("routes").count("EnrolmentStarted") == 2
        assert story.counted("K-F1", END) == (1, 4)


# ── The route was corrected meanwhile ───────────────────────────────────────


def studied_for_two(story: Telling) -> None:
    """Anna has studied for both deficits of her route; then it is found to have one."""
    unlisted(story)
    both = tuple(deficit_of(ch.SESSION, each) for each in (ch.LESSON, ch.LANGUAGE))
    correct(story, "diagnostics", ch.SESSION, "DiagnosticCompleted", by_competency=scored("52"))
    correct(story, "routes", ch.ROUTE, "RouteDrafted", deficit_ids=both)
    story.tell("routes", ch.enrolled(), ch.completed())
    story.settle()


def corrected_to_one(story: Telling) -> None:
    one = (deficit_of(ch.SESSION, ch.LESSON),)
    done = correct(story, "routes", ch.ROUTE, "RouteDrafted", deficit_ids=one)
    assert done.status == "accepted"


def test_a_listing_heard_after_the_route_was_corrected_counts(story: Telling) -> None:
    """AM7, ADR 0032: зачислить сегодня так нельзя, а реестры всё равно — какие они были."""
    studied_for_two(story)
    corrected_to_one(story)
    story.tell("registry", listed())
    story.settle()

    assert len(standing(story).deficit_ids) == 2
    assert standing(story).register_status_at_start == ("FED",)
    assert story.counted("K-F1", END) == (1, 4)


def test_a_listing_withdrawn_after_the_route_was_corrected_does_not(story: Telling) -> None:
    """contracts §1, ADR 0032: внесения не было, как бы маршрут с тех пор ни исправили."""
    studied_for_two(story)
    story.tell("registry", listed())
    story.settle()
    corrected_to_one(story)
    withdraw(story, "registry", ch.PROGRAM, "ProgramListed")

    assert standing(story).register_status_at_start == ()
    assert story.counted("K-F1", END) == (0, 4)


def test_nor_may_a_hand_say_other_registers_of_it(story: Telling) -> None:
    """AM7, S1 7.2: реестры говорит доказательство, и вместе с ним больше ничего не меняют."""
    studied_for_two(story)
    corrected_to_one(story)
    fed = correct(
        story, "routes", ch.ENROLMENT, "EnrolmentStarted", register_status_at_start=("FED",)
    )
    story.tell("registry", listed())
    story.settle()
    route = correct(story, "routes", ch.ENROLMENT, "EnrolmentStarted", route_id=ch.SESSION)

    assert (fed.status, route.status) == ("refused", "refused")
    assert standing(story).route_id == ch.ROUTE
