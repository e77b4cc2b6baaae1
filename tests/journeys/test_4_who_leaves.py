"""Point 4: who works no more leaves his methodist and his pair."""

from tests.journeys import chapters as ch
from tests.journeys.methodists import PAIR, active, attach, detach, form, leaves, teachers
from tests.journeys.telling import Telling, refused

# ── Who leaves ──────────────────────────────────────────────────────────────


def test_an_end_of_work_that_is_heard_late_is_an_end(story: Telling) -> None:
    """P4: закрепили и объединили в пару после последнего дня, о котором не слышали."""
    active(story)
    story.tell("mentoring", attach(ch.VERA, "05.09.2022"), form("05.09.2022"))
    assert story.ask("registry", leaves(ch.VERA, "31.08.2022")).status == "accepted"
    story.settle()
    [*_, last] = story.world.stores["mentoring"].streams([PAIR])[PAIR]

    assert last.name == "mentoring.MentorshipPairClosed"
    assert "TeacherDetached" in story.names("mentoring")
    assert story.counted("K-R5x.max", "31.12.2023") == (0, 1)


def test_no_past_day_gets_a_251st(story: Telling) -> None:
    """RU7: «не более 250» в каждый день: освободилось место — с этого дня (S1 7.1)."""
    active(story)
    first, *others = teachers(story, 250)
    story.ask_all("mentoring", [attach(each, "01.09.2022") for each in (first, *others)])
    story.tell("mentoring", detach(first, "31.12.2022"))
    early = story.ask("mentoring", attach(ch.VERA, "01.10.2022"))
    story.tell("mentoring", attach(ch.VERA, "31.12.2022"))
    story.settle()

    refused(early, "S1 7.1", "250")
    assert story.counted("K-R5x.max", "01.11.2022") == (250, 1)
    assert story.counted("K-R5x.max", "31.12.2022") == (250, 1)


def test_a_methodist_who_works_no_more_gets_nobody(story: Telling) -> None:
    """RU5: кто больше нигде не работает, за тем педагогов не закрепляют (S1 4.5, S1 7.1)."""
    active(story)
    story.tell("registry", leaves(ch.GLEB, "31.10.2022"))
    story.settle()

    refused(story.ask("mentoring", attach(ch.VERA, "01.11.2022")), "S1 7.1", "Методист в этот")
    assert story.ask("mentoring", attach(ch.VERA, "31.10.2022")).status == "accepted"
