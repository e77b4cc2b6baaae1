"""Point 4: pairs for the young, methodists by what was heard, 250 teachers at most."""

from dataclasses import replace
from uuid import uuid5

import pytest

from services.mentoring import domain as men
from services.registry import domain as reg
from shared.kernel.ids import EnrolmentId, MethodistId, PersonId, SessionId, SupportId
from tests.journeys import chapters as ch
from tests.journeys.telling import Telling, day, refused

METHODIST = MethodistId(ch.uid("methodist"))
PAIR = men.pair_of(ch.job_of(ch.VERA))
HEARD_OF_VERA = (
    "registry.TeacherRegistered",
    "registry.EmploymentStarted",
    "registry.YouthPeriodDetermined",
)


# ── Pairs ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("youth_first", [False, True])
def test_whichever_fact_comes_last_a_pair_is_proposed(
    story: Telling, *, youth_first: bool
) -> None:
    """§1.4: нужны два факта, и действует последний из услышанных (S1 4.4)."""
    ch.places(story)
    story.settle()
    later = ch.employed(ch.VERA, ch.SCHOOL, "01.09.2021")
    if youth_first:  # other pedagogical work came first, and youth is known from it
        other = replace(
            later, employment_id=ch.job_of(ch.ANNA), is_main=False, started_on=day("30.08.2021")
        )
        story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), other)
        story.settle()
        assert story.names("mentoring") == []
        story.tell("registry", later)
    else:  # the employment is recorded first, what it means for youth after it
        story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), later)
        assert story.names("registry")[-2:] == ["EmploymentStarted", "YouthPeriodDetermined"]
    story.settle()
    [proposed] = story.world.stores["mentoring"].streams([PAIR])[PAIR]
    cause = "EmploymentStarted" if youth_first else "YouthPeriodDetermined"

    assert proposed.name == "mentoring.MentorshipPairProposed"
    assert str(story.of("registry", cause)[-1]).encode() in proposed.meta


def test_who_gets_a_main_job_is_offered_a_pair(story: Telling) -> None:
    """§1.4: место стало основным: EmploymentChanged — последний нужный факт (S1 4.4)."""
    ch.places(story)
    aside = replace(ch.employed(ch.VERA, ch.SCHOOL, "01.09.2021"), is_main=False)
    story.tell("registry", ch.registered(ch.VERA, "202-222-222 74", "09.07.1999"), aside)
    story.settle()
    assert story.names("mentoring") == []
    main = reg.ChangeEmployment(
        employment_id=ch.job_of(ch.VERA),
        person_id=ch.VERA,
        org_id=ch.SCHOOL,
        position_class="PED",
        is_teacher=True,
        subject_code="MATH",
        is_main=True,
        changed_on=day("01.11.2021"),
    )
    story.tell("registry", main)
    story.settle()

    assert story.names("mentoring") == ["MentorshipPairProposed"]


def test_for_who_is_not_young_no_pair_is_proposed(story: Telling) -> None:
    """§1.4: предлагают молодому педагогу (S1 4.4)."""
    ch.places(story)
    story.tell(
        "registry",
        ch.registered(ch.ANNA, "112-233-445 95", "14.03.1980"),
        ch.employed(ch.ANNA, ch.SCHOOL, "01.09.2021"),
    )
    story.settle()

    assert story.names("mentoring") == []


def test_a_proposed_pair_is_formed_and_counted(story: Telling) -> None:
    """§1.4: у молодого педагога есть наставник (S0 V.4)."""
    ch.places(story)
    ch.people(story)
    form = men.FormPair(
        pair_id=PAIR,
        mentor_id=ch.GLEB,
        mentee_id=ch.VERA,
        pair_basis="novice",
        formed_on=day("15.09.2021"),
    )
    refused(
        story.ask("mentoring", replace(form, mentee_id=ch.ANNA)), "S1 4.4", "другому педагогу"
    )
    story.tell("mentoring", form)
    story.settle()

    assert story.counted("K-F4", "14.09.2021") == (0, 1)
    assert story.counted("K-F4", "15.09.2021") == (1, 1)


# ── Methodists ──────────────────────────────────────────────────────────────


def category() -> reg.AwardCategory:
    return reg.AwardCategory(
        person_id=ch.GLEB, category="highest", awarded_on=day("01.09.2021")
    )


def diploma() -> reg.RecordEducation:
    return reg.RecordEducation(
        person_id=ch.GLEB, level="higher", pedagogical=True, received_on=day("30.06.2001")
    )


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


def candidate(story: Telling, *facts: object) -> None:
    ch.places(story)
    ch.people(story)
    ch.listed_program(story, ch.METHODICAL, "methodical_support")
    story.tell("registry", *facts)
    story.settle()
    pooled(story)


def test_a_methodist_is_activated_by_what_was_heard(story: Telling) -> None:
    """§1.4: RU4–RU6 выполнены: методист приступает, и названо, почему (S1 4.5)."""
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())
    [*before, activated] = story.world.stores["mentoring"].streams([METHODIST])[METHODIST]
    heard = [
        *story.of("registry", "QualificationCategoryAwarded"),
        *story.of("registry", "EducationRecorded"),
        story.of("diagnostics", "DiagnosticCompleted")[0],
        story.of("routes", "ProgramCompleted")[0],
    ]

    assert [each.name.partition(".")[2] for each in before] == [
        "MethodistNominated",
        "MethodistPooled",
        "MethodistDiagnosed",
        "MethodistTrained",
    ]
    assert all(str(each).encode() in activated.data for each in heard)


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ((diploma(),), "высшей категории"),
        ((category(),), "педагогического образования"),
    ],
    ids=["category", "education"],
)
def test_without_category_or_education_nobody_is_activated(
    story: Telling, known: tuple[object, ...], words: str
) -> None:
    """§1.4: RU4: высшая категория и высшее педагогическое образование (S1 4.5)."""
    candidate(story, *known)
    learned(story)

    refused(story.ask("mentoring", activate()), "S1 4.5", words)


def test_who_works_elsewhere_is_not_activated(story: Telling) -> None:
    """§1.4: RU5: педагог школы, детского сада или сотрудник ЦНППМ (S1 4.5)."""
    candidate(story, category(), diploma())
    learned(story)
    end = reg.EndEmployment(
        employment_id=ch.job_of(ch.GLEB), person_id=ch.GLEB, ended_on=day("25.05.2022")
    )
    story.tell("registry", end)
    story.settle()

    refused(story.ask("mentoring", activate()), "S1 4.5", "не работает педагогом")


def test_who_failed_the_diagnosis_is_not_activated(story: Telling) -> None:
    """§1.4: RU6: актив — из прошедших диагностику (S1 2)."""
    candidate(story, category(), diploma())
    learned(story, "69.99")

    refused(story.ask("mentoring", activate()), "S1 2", "не прошёл диагностику")


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


def test_the_251st_teacher_is_refused(story: Telling) -> None:
    """§1.4: RU7: «не более 250 человек» за одним методистом (S1 7.1)."""
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())
    attached = [attach(each, "01.09.2022") for each in teachers(story, 251)]
    outcomes = story.ask_all("mentoring", attached)

    assert [each.status for each in outcomes[:250]] == ["accepted"] * 250
    refused(outcomes[250], "S1 7.1", "250")


# ── Who leaves ──────────────────────────────────────────────────────────────


def active(story: Telling) -> None:
    candidate(story, category(), diploma())
    learned(story)
    story.tell("mentoring", activate())


def attach(who: PersonId, on: str) -> men.AttachTeacher:
    return men.AttachTeacher(methodist_id=METHODIST, person_id=who, attached_on=day(on))


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


def detach(who: PersonId, on: str) -> men.DetachTeacher:
    return men.DetachTeacher(
        methodist_id=METHODIST, person_id=who, reason="переезд", detached_on=day(on)
    )


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

TWIN = PersonId(ch.uid("twin"))


def is_one(story: Telling, other: PersonId, born: str, on: str) -> None:
    """Have a second record of somebody, at work since before, and merge the first into it."""
    job = replace(ch.employed(TWIN, ch.SCHOOL, "01.09.2021"), is_main=False)
    merge = reg.MergePersons(survivor_id=TWIN, merged_id=other, merged_on=day(on))
    story.tell("registry", ch.registered(TWIN, "213-333-332 08", born), job, merge)
    story.settle()


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
