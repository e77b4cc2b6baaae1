"""Point 4: a methodist and a tutor count on the days on which they work."""

from dataclasses import replace

from services.mentoring import domain as men
from shared.kernel.ids import PersonId, SessionId, SupportId
from tests.journeys import chapters as ch
from tests.journeys.amends import withdraw
from tests.journeys.methodists import TWIN, active, attach, form, is_one, leaves
from tests.journeys.telling import Telling, day

SESSION = SessionId(ch.uid("session of vera"))


def test_a_methodist_counts_while_he_works(story: Telling) -> None:
    """K-R5, S1 2: «региональный методист» — педагогический работник: кончилась работа — нет."""
    active(story)
    story.tell("mentoring", attach(ch.VERA, "05.09.2022"))
    story.tell("registry", leaves(ch.GLEB, "31.10.2022"))
    story.settle()

    assert story.counted("K-R5", "31.10.2022") == (4, 1)
    assert story.counted("K-R5", "01.11.2022") == (3, 0)
    assert story.counted("K-R5x.max", "01.11.2022") == (0, 0)
    assert story.counted("K-R5x.coverage", "31.10.2022") == (1, 4)
    assert story.counted("K-R5x.coverage", "01.11.2022") == (0, 3)


def test_and_again_when_he_works_again(story: Telling) -> None:
    """K-R5: методист тот же, допущен по-прежнему, и снова работает (S1 4.5)."""
    active(story)
    again = replace(
        ch.employed(ch.GLEB, ch.SCHOOL, "01.02.2023"), employment_id=ch.uid("second job")
    )
    story.tell("registry", leaves(ch.GLEB, "31.10.2022"), again)
    story.settle()
    den = [story.counted("K-R5", on)[1] for on in ("31.01.2023", "01.02.2023")]

    assert den == [0, 1]


def tutored(story: Telling) -> None:
    """Vera, who is young, has a route; Gleb leads it from 16.02.2022."""
    ch.places(story)
    ch.people(story)
    ch.diagnosed(story, ch.VERA, SESSION, "01.02.2022", "52.00")
    ch.assigned(story, SESSION)
    story.settle()


def test_a_tutor_supports_while_he_works(story: Telling) -> None:
    """K-F4, S1 2: «тьютор» — педагогический работник: ушёл — поддержка окончена в том году."""
    tutored(story)
    story.tell("registry", leaves(ch.GLEB, "31.10.2022"))
    story.settle()

    assert story.counted("K-F4", "31.12.2022") == (1, 1)
    assert story.counted("K-F4", "01.01.2023") == (0, 1)
    withdraw(story, "registry", ch.GLEB, "EmploymentEnded")
    assert story.counted("K-F4", "01.01.2023") == (1, 1)


def test_another_tutor_goes_on(story: Telling) -> None:
    """K-F4: вместо ушедшего маршрут ведёт другой тьютор (S0 V.4, S1 3.2)."""
    tutored(story)
    story.tell("registry", leaves(ch.GLEB, "31.10.2022"))
    story.settle()
    other = replace(ch.tutor(SESSION), tutor_id=ch.BORIS, appointed_on=day("15.11.2022"))
    story.tell("routes", other)
    story.settle()

    assert story.counted("K-F4", "31.12.2023") == (1, 1)


def test_a_tutor_who_works_under_another_record_leads_on(story: Telling) -> None:
    """K-F4, S1 7.2: тьютор — человек: основная запись ушла, слитая с ней работает."""
    tutored(story)
    is_one(story, ch.GLEB, "25.01.1979", "01.03.2022")
    story.tell("registry", leaves(TWIN, "31.10.2022"))
    story.settle()

    assert story.counted("K-F4", "31.12.2023") == (1, 1)


def test_a_pair_that_ended_as_it_began_supported_nobody(story: Telling) -> None:
    """K-F4, kpi 2.4.3: наставник ушёл до того, как пара образована: она не длилась ни дня."""
    ch.places(story)
    ch.people(story)
    story.tell("mentoring", form("05.09.2022"))
    story.settle()
    assert story.counted("K-F4", "31.12.2022") == (1, 1)
    story.tell("registry", leaves(ch.BORIS, "31.08.2022"))
    story.settle()

    assert story.names("mentoring")[-1] == "MentorshipPairClosed"
    assert story.counted("K-F4", "31.12.2022") == (0, 1)


def test_a_form_of_no_day_is_none(story: Telling) -> None:
    """K-F4, kpi 2.4.3: окончено в день начала — в силе не было; днём позже — было."""
    ch.places(story)
    ch.people(story)
    for on in ("01.09.2022", "02.09.2022"):
        support = SupportId(ch.uid(f"support until {on}"))
        start = men.StartSupport(
            support_id=support,
            person_id=ch.VERA,
            form="mentoring_group",
            started_on=day("01.09.2022"),
        )
        story.tell("mentoring", start, men.EndSupport(support_id=support, ended_on=day(on)))
        story.settle()
        assert story.counted("K-F4", "31.12.2022") == (int(on == "02.09.2022"), 1)


def mistaken(story: Telling, who: PersonId) -> str:
    """Withdraw the work of somebody; return K-F4 and K-R5x as they are then."""
    assert withdraw(story, "registry", who, "EmploymentStarted").status == "accepted"
    return counts(story)


def counts(story: Telling) -> str:
    """Return who is supported, who is attached, and whom that covers."""
    of = ("K-F4", "K-R5x.max", "K-R5x.coverage")
    return " ".join(str(story.counted(each, "31.12.2023")[0]) for each in of)


def test_who_never_worked_makes_no_bond_count(story: Telling) -> None:
    """K-F4, K-R5x, contracts §1: чужую работу отозвали — не засчитано; внесли заново — снова.

    Nobody ends the pair: what is withdrawn is mostly entered anew (S1 7.2).
    """
    active(story)
    story.tell("mentoring", attach(ch.ANNA, "05.09.2022"), form("05.09.2022"))
    story.settle()
    assert counts(story) == "1 1 1"
    assert mistaken(story, ch.BORIS) == "0 1 1"
    assert mistaken(story, ch.ANNA) == "0 0 0"
    again = [
        replace(
            ch.employed(each, ch.SCHOOL, "01.09.2021"), employment_id=ch.uid(f"again {each}")
        )
        for each in (ch.BORIS, ch.ANNA)
    ]
    story.tell("registry", *again)
    story.settle()

    assert counts(story) == "1 1 1"
