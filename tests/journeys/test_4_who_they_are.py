"""Point 4: who is in a pair, attached or a candidate is known, works, and is one human."""

from dataclasses import replace

from services.mentoring import domain as men
from shared.kernel.ids import MethodistId, PersonId, SupportId
from tests.journeys import chapters as ch
from tests.journeys.methodists import (
    METHODIST,
    TWIN,
    activate,
    active,
    attach,
    candidate,
    category,
    diploma,
    form,
    is_one,
    learned,
    leaves,
)
from tests.journeys.telling import Telling, day, refused

# ── Nobody knows them ───────────────────────────────────────────────────────

NOBODY = PersonId(ch.uid("nobody"))
NOT_ARRIVED = "сведения реестра о нём ещё не дошли"


def test_a_pair_is_of_two_who_work(story: Telling) -> None:
    """S4 3.2.7: пара педагогов: оба известны и в этот день работают."""
    ch.places(story)
    ch.people(story)
    refused(
        story.ask("mentoring", replace(form("15.09.2021"), mentor_id=NOBODY)),
        "S4 3.2.7",
        f"Наставник неизвестен: {NOT_ARRIVED}",
    )
    refused(story.ask("mentoring", form("31.08.2021")), "S4 3.2.7", "не работает")
    story.settle()

    assert story.counted("K-F4", "31.12.2021") == (0, 1)
    assert story.ask("mentoring", form("15.09.2021")).status == "accepted"


def test_support_is_of_somebody_who_works(story: Telling) -> None:
    """S0 V.4: поддержка — «педагогических работников»."""
    ch.places(story)
    ch.people(story)
    support = men.StartSupport(
        support_id=SupportId(ch.uid("support")),
        person_id=NOBODY,
        form="community",
        started_on=day("01.10.2021"),
    )

    refused(story.ask("mentoring", support), "S0 V.4", NOT_ARRIVED)


def test_who_is_attached_is_known_and_works(story: Telling) -> None:
    """S1 7.1: закрепляют «педагогических работников»."""
    active(story)
    refused(story.ask("mentoring", attach(NOBODY, "05.09.2022")), "S1 7.1", NOT_ARRIVED)
    story.tell("registry", leaves(ch.VERA, "31.08.2022"))
    story.settle()

    refused(story.ask("mentoring", attach(ch.VERA, "01.09.2022")), "S1 7.1", "не работает")
    assert story.ask("mentoring", attach(ch.VERA, "30.08.2022")).status == "accepted"
    assert story.names("mentoring")[-1] == "TeacherDetached"  # for she has gone since


def test_a_candidate_works_where_he_is_nominated_and_once(story: Telling) -> None:
    """S1 4.5: кандидат — работник этой организации; человек — один методист."""
    candidate(story, category(), diploma())
    again = men.NominateMethodist(
        methodist_id=MethodistId(ch.uid("another")),
        person_id=ch.GLEB,
        org_id=ch.SCHOOL,
        level="R",
        nominated_on=day("10.01.2023"),
    )

    refused(story.ask("mentoring", replace(again, person_id=NOBODY)), "S1 4.5", NOT_ARRIVED)
    refused(story.ask("mentoring", replace(again, person_id=ch.DINA)), "S1 4.5", "не работает")
    refused(story.ask("mentoring", again), "S1 4.5", "уже кандидат или методист")
    assert story.ask("mentoring", replace(again, level="M")).status == "accepted"


# ── Two records of one human ────────────────────────────────────────────────


def test_who_works_on_under_another_record_keeps_the_pair(story: Telling) -> None:
    """S1 7.2: место слитой записи кончилось, человек работает: пара остаётся (S1 7.1)."""
    ch.places(story)
    ch.people(story)
    is_one(story, ch.VERA, "09.07.1999", "01.10.2021")
    story.tell("mentoring", form("05.10.2021"))
    story.tell("registry", leaves(ch.VERA, "30.11.2021"))
    story.settle()

    assert story.counted("K-F4", "31.12.2022") == (1, 1)


def test_what_stands_under_the_merged_record_is_evidence(story: Telling) -> None:
    """S1 7.2: категория, образование и стаж — человека, под какой бы записью (S1 4.5)."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story, ch.METHODICAL, "methodical_support")
    story.tell("registry", category(), diploma())
    is_one(story, ch.GLEB, "25.01.1979", "01.10.2021")
    nominate = men.NominateMethodist(
        methodist_id=METHODIST,
        person_id=TWIN,
        org_id=ch.SCHOOL,
        level="R",
        nominated_on=day("10.01.2022"),
    )
    pool = men.PoolMethodist(methodist_id=METHODIST, pooled_on=day("15.01.2022"))
    story.tell("mentoring", nominate, pool)
    learned(story)

    assert story.ask("mentoring", activate()).status == "accepted"


def test_one_human_is_attached_once(story: Telling) -> None:
    """S1 7.2: закреплён под одной записью — под другой уже не закрепить (S1 7.1)."""
    active(story)
    is_one(story, ch.VERA, "09.07.1999", "02.06.2022")
    story.tell("mentoring", attach(ch.VERA, "05.09.2022"))

    refused(story.ask("mentoring", attach(TWIN, "05.09.2022")), "S1 7.1", "другой записью")
