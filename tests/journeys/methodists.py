"""Words in which journeys tell of a pair, a methodist, and whom he has."""

from dataclasses import replace
from uuid import uuid5

from services.mentoring import domain as men
from services.registry import domain as reg
from shared.kernel.ids import EnrolmentId, MethodistId, PersonId, SessionId
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day

METHODIST = MethodistId(ch.uid("methodist"))
PAIR = men.pair_of(ch.job_of(ch.VERA))
TWIN = PersonId(ch.uid("twin"))

# ── Gleb becomes a methodist ────────────────────────────────────────────────


def category() -> reg.AwardCategory:
    return reg.AwardCategory(
        person_id=ch.GLEB, category="highest", awarded_on=day("01.09.2021")
    )


def diploma() -> reg.RecordEducation:
    return reg.RecordEducation(
        person_id=ch.GLEB, level="higher", pedagogical=True, received_on=day("30.06.2001")
    )


def candidate(story: Telling, *facts: object) -> None:
    ch.places(story)
    ch.people(story)
    ch.listed_program(story, ch.METHODICAL, "methodical_support")
    story.tell("registry", *facts)
    story.settle()
    pooled(story)


def pooled(story: Telling) -> None:
    nominate = men.NominateMethodist(
        methodist_id=METHODIST,
        person_id=ch.GLEB,
        org_id=ch.SCHOOL,
        level="R",
        nominated_on=day("10.01.2022"),
    )
    pool = men.PoolMethodist(methodist_id=METHODIST, pooled_on=day("15.01.2022"))
    story.tell("mentoring", nominate, pool)
    story.settle()


def learned(story: Telling, score: str = "90.00") -> None:
    ch.diagnosed(
        story,
        ch.GLEB,
        SessionId(ch.uid("session of gleb")),
        "01.02.2022",
        score,
        tested="candidate_methodist",
    )
    study = EnrolmentId(ch.uid("study of gleb"))
    story.tell(
        "routes",
        ch.enrolled(ch.GLEB, study, None, None, ch.METHODICAL),
        ch.completed(study),
    )
    story.settle()


def activate(on: str = "01.06.2022") -> men.ActivateMethodist:
    return men.ActivateMethodist(
        methodist_id=METHODIST, engagement="staff", activated_on=day(on)
    )


def active(story: Telling) -> None:
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())


# ── Whom he has, and who mentors whom ───────────────────────────────────────


def attach(who: PersonId, on: str) -> men.AttachTeacher:
    return men.AttachTeacher(methodist_id=METHODIST, person_id=who, attached_on=day(on))


def detach(who: PersonId, on: str) -> men.DetachTeacher:
    return men.DetachTeacher(
        methodist_id=METHODIST, person_id=who, reason="переезд", detached_on=day(on)
    )


def form(on: str) -> men.FormPair:
    return men.FormPair(
        pair_id=PAIR,
        mentor_id=ch.BORIS,
        mentee_id=ch.VERA,
        pair_basis="novice",
        formed_on=day(on),
    )


def leaves(who: PersonId, on: str) -> reg.EndEmployment:
    return reg.EndEmployment(employment_id=ch.job_of(who), person_id=who, ended_on=day(on))


def teachers(story: Telling, many: int) -> list[PersonId]:
    """Have so many more people work at the school."""
    people = [PersonId(uuid5(METHODIST, str(n))) for n in range(many)]
    jobs = [ch.employed(each, ch.SCHOOL, "01.09.2021") for each in people]
    registered = [ch.registered(each, snils(n), "01.02.1980") for n, each in enumerate(people)]
    for outcome in story.ask_all("registry", [*registered, *jobs]):
        assert outcome.status == "accepted"
    story.settle()
    return people


def snils(n: int) -> str:
    """Return a number of its own with its checksum."""
    digits = f"{300_000_000 + n}"
    control = sum(int(d) * w for d, w in zip(digits, range(9, 0, -1), strict=True)) % 101 % 100
    return f"{digits}{control:02d}"


def is_one(story: Telling, other: PersonId, born: str, on: str) -> None:
    """Have a second record of somebody, at work since before, and merge the first into it."""
    job = replace(ch.employed(TWIN, ch.SCHOOL, "01.09.2021"), is_main=False)
    merge = reg.MergePersons(survivor_id=TWIN, merged_id=other, merged_on=day(on))
    story.tell("registry", ch.registered(TWIN, "213-333-332 08", born), job, merge)
    story.settle()
