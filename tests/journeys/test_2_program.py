"""Point 2: a programme from its draft to the Federal register."""

from typing import Any

from services.registry import domain as reg
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day, refused

SAME: dict[str, Any] = {"program_id": ch.PROGRAM, "program_version": 1, "register": "FED"}


def submitted(story: Telling) -> None:
    ch.places(story)
    story.tell(
        "registry",
        ch.drafted(ch.PROGRAM, "01.09.2021"),
        reg.SubmitProgram(**SAME, submitted_on=day("10.09.2021")),
    )


def opinion(verdict: Any) -> reg.GiveExpertOpinion:
    return reg.GiveExpertOpinion(
        **SAME, expert_id=ch.EXPERT, verdict=verdict, score=60, given_on=day("25.09.2021")
    )


def test_a_program_goes_all_the_way(story: Telling) -> None:
    """§1.2: разработана, направлена, рассмотрена, сертифицирована, внесена (S0 III.1)."""
    ch.places(story)
    ch.listed_program(story)

    assert story.names("registry")[-6:] == [
        "ProgramDrafted",
        "ProgramSubmitted",
        "ExpertGroupAssigned",
        "ExpertOpinionGiven",
        "ProgramCertified",
        "ProgramListed",
    ]


def test_an_expert_of_the_author_is_refused(story: Telling) -> None:
    """§1.2: RU11: никто из экспертов — не из организации автора (S0 III.1)."""
    submitted(story)
    own = ch.group(ch.PROGRAM, "15.09.2021", ch.INSTITUTE, ch.PRIMORYE)

    refused(story.ask("registry", own), "S0 III.1", "которая разработала ДПП")


def test_an_expert_stands_for_the_region_of_his_organisation(story: Telling) -> None:
    """§1.2: эксперты — представители субъектов РФ, от которых названы (S0 III.1)."""
    submitted(story)
    pretended = ch.group(ch.PROGRAM, "15.09.2021", ch.FOREIGN, ch.PRIMORYE)

    refused(story.ask("registry", pretended), "S0 III.1", "от которых названы")


def test_without_an_opinion_nothing_is_certified(story: Telling) -> None:
    """§1.2: сертифицируют по заключениям экспертов (S0 III.1)."""
    submitted(story)
    story.tell("registry", ch.group(ch.PROGRAM, "15.09.2021"))
    certify = ch.certified(ch.PROGRAM, "01.10.2021")

    refused(story.ask("registry", certify), "S0 III.1", "ни одного заключения")


def test_against_the_opinions_nothing_is_certified(story: Telling) -> None:
    """§1.2: рекомендующих заключений больше, чем остальных (S0 III.1)."""
    submitted(story)
    story.tell("registry", ch.group(ch.PROGRAM, "15.09.2021"), opinion("not_recommended"))
    certify = ch.certified(ch.PROGRAM, "01.10.2021")

    refused(story.ask("registry", certify), "S0 III.1", "Рекомендующих")


def test_what_is_not_certified_is_not_listed(story: Telling) -> None:
    """§1.2: в реестр вносят сертифицированное (S0 III.1)."""
    submitted(story)
    story.tell("registry", ch.group(ch.PROGRAM, "15.09.2021"), opinion("recommended"))
    listing = reg.ListProgram(**SAME, valid_until=None, listed_on=day("05.10.2021"))

    refused(story.ask("registry", listing), "S0 III.1", "не сертифицирована")


def test_the_listing_is_cited_by_whoever_enrols(story: Telling) -> None:
    """§1.2: зачисление помнит, в каком реестре ДПП стояла в этот день (S0 V.1)."""
    ch.places(story)
    ch.people(story)
    ch.listed_program(story)
    story.tell("routes", ch.enrolled(session=None, item=None))
    [listed] = story.of("registry", "ProgramListed")
    [enrolled] = list(story.world.stores["routes"].walk())

    assert b'"register_status_at_start":["FED"]' in enrolled.data
    assert str(listed).encode() in enrolled.data
