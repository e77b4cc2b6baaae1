"""Chapter three: functional literacy, support of the young, methodists."""

from shared.events.diagnostics import FactWithdrawn as DiagnosisWithdrawn
from shared.events.mentoring import (
    FactWithdrawn as MentoringWithdrawn,
)
from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MentorshipPairProposed,
    MethodistActivated,
    MethodistLevel,
    MethodistNominated,
    MethodistPooled,
    SupportFormEnded,
    SupportFormStarted,
    TeacherAttached,
    TeacherDetached,
)
from shared.events.routes import (
    RouteCancelled,
    RouteCompleted,
    RouteStarted,
    TutorAppointed,
)
from shared.kernel.ids import RegionCode
from shared.testing.facts import a
from tests.golden.story_training import annulled, assessed, diagnosed, routed
from tests.golden.words import (
    Story,
    day,
    methodist,
    org,
    pair,
    person,
    route,
    support,
)

# ── Functional literacy ─────────────────────────────────────────────────────


def literacy(story: Story) -> None:
    """Session 100 + n, a second one 200 + n."""
    assessed(story, 5, 105, "01.03.2024", score="90", purpose="self")
    taken = assessed(story, 13, 113, "01.04.2024", score="82")
    story.say(
        DiagnosisWithdrawn(
            withdraws=taken,
            name="diagnostics.DiagnosticCompleted",
            reason="Результат другого человека",
            occurred_on=day("10.03.2025"),
        )
    )
    assessed(story, 14, 114, "05.10.2021", score="64")
    assessed(story, 15, 115, "11.11.2021", score="73")
    annulled(story, 15, 115, "31.12.2023")
    assessed(story, 16, 116, "05.08.2020", score="99")  # the day before the Concept
    assessed(story, 17, 117, "05.05.2023", score="75")
    assessed(story, 19, 119, "10.10.2022", score="71")
    assessed(story, 19, 219, "10.10.2023", score="60")
    assessed(story, 20, 120, "15.11.2023", score="70.00")
    assessed(story, 21, 121, "03.03.2023", score="95")
    assessed(story, 22, 122, "01.12.2023", score="69.99")
    assessed(story, 31, 131, "01.01.2025", score="77")
    assessed(story, 34, 134, "06.08.2020", score="70.01")  # the day of the Concept
    assessed(story, 36, 136, "20.09.2023", score="88")
    assessed(story, 37, 137, "01.02.2024", score="72")
    assessed(story, 38, 138, "01.10.2023", score="50")
    assessed(story, 40, 140, "15.06.2023", score="80", category="graduate")
    assessed(story, 41, 141, "01.10.2020", score="90", category="graduate")
    assessed(story, 45, 145, "04.04.2023", score="77", category="manager")


# ── Support of the young ────────────────────────────────────────────────────


def the_young(story: Story) -> None:
    form(story, 23, "01.09.2024")
    story.say(
        a(
            MentorshipPairProposed,
            pair_id=pair(24),
            mentee_id=person(24),
            occurred_on=day("02.09.2023"),
        )
    )
    mentored(story, 24, by=41, since="10.10.2023")  # who works nowhere, as far as known
    mentored(story, 26, by=1, since="10.01.2022")
    mentored(story, 27, by=31, since="01.10.2023", closed="01.01.2024")
    mentored(story, 28, by=1, since="10.09.2023", closed="31.12.2023")
    form(story, 32, "01.10.2023", ended="01.01.2024")

    routed(story, 28, "05.05.2024", "06.05.2024", on_request=True)

    diagnosed(story, 29, "10.02.2024", "11.02.2024")
    routed(story, 29, "25.02.2024", "01.03.2024", tutor=1)
    of_29 = {"route_id": route(29), "person_id": person(29)}
    story.say(a(RouteStarted, **of_29, occurred_on=day("02.03.2024")))
    story.say(a(RouteCompleted, **of_29, occurred_on=day("01.06.2024")))

    diagnosed(story, 30, "01.03.2024", "02.03.2024")
    routed(story, 30, "10.03.2024", "15.03.2024")
    of_30 = {"route_id": route(30), "person_id": person(30)}
    story.say(a(TutorAppointed, **of_30, tutor_id=person(1), occurred_on=day("20.03.2024")))
    story.say(a(RouteCancelled, **of_30, occurred_on=day("11.11.2024")))

    routed(story, 43, "20.09.2022", "01.10.2022", tutor=47, on_request=True)


def form(story: Story, n: int, since: str, ended: str | None = None) -> None:
    who = {"support_id": support(n), "person_id": person(n)}
    story.say(a(SupportFormStarted, **who, form="consultation", occurred_on=day(since)))
    if ended:
        story.say(a(SupportFormEnded, **who, occurred_on=day(ended)))


def mentored(story: Story, n: int, *, by: int, since: str, closed: str | None = None) -> None:
    two = {"pair_id": pair(n), "mentor_id": person(by), "mentee_id": person(n)}
    story.say(a(MentorshipPairFormed, **two, occurred_on=day(since)))
    if closed:
        story.say(a(MentorshipPairClosed, **two, occurred_on=day(closed)))


# ── Methodists ──────────────────────────────────────────────────────────────


def methodists(story: Story) -> None:
    """1, 19, 36 and for a while 46 are regional methodists, 3 a federal one.

    20 is only in the pool.
    """
    nominated(story, 20, "D", "25", on="01.02.2023")
    activated(story, 1, "A", "25", on="01.06.2022")
    activated(story, 3, "A", "25", level="F", on="10.01.2023")
    activated(story, 19, "D", "25", on="01.02.2023")
    activated(story, 36, "I", "77", on="01.03.2023")
    activated(story, 46, "D", "25", on="01.10.2022")

    attached(story, 1, "15.06.2022", 18)
    attached(story, 1, "01.09.2022", 2, 3, 4, 5, 16, 41)
    attached(story, 3, "15.01.2023", 6, 7, 8, 10, 11, 12, 13)
    attached(story, 19, "01.03.2023", 9, 20)
    attached(story, 46, "01.10.2022", 14)
    attached(story, 36, "01.09.2023", 38, 39)
    attached(story, 36, "15.09.2024", 40)
    detached = story.say(
        a(
            TeacherDetached,
            methodist_id=methodist(1),
            methodist_person_id=person(1),
            person_id=person(5),
            occurred_on=day("31.12.2024"),
        )
    )
    story.say(
        MentoringWithdrawn(
            withdraws=detached,
            name="mentoring.TeacherDetached",
            reason="Откреплён другой педагог",
            occurred_on=day("20.05.2025"),
        )
    )


def nominated(
    story: Story, n: int, at: str, region: str, *, level: MethodistLevel = "R", on: str
) -> None:
    who = {"methodist_id": methodist(n), "person_id": person(n)}
    story.say(
        a(
            MethodistNominated,
            **who,
            org_id=org(at),
            region=RegionCode(region),
            level=level,
            occurred_on=day(on),
        )
    )
    story.say(a(MethodistPooled, **who, occurred_on=day(on)))


def activated(
    story: Story, n: int, at: str, region: str, *, level: MethodistLevel = "R", on: str
) -> None:
    """Methodist n is person n; nominated, pooled and activated on one day."""
    nominated(story, n, at, region, level=level, on=on)
    story.say(
        a(
            MethodistActivated,
            methodist_id=methodist(n),
            person_id=person(n),
            org_id=org(at),
            region=RegionCode(region),
            level=level,
            engagement="staff",
            core_eligible=True,
            occurred_on=day(on),
        )
    )


def attached(story: Story, to: int, on: str, *people: int) -> None:
    for n in people:
        story.say(
            a(
                TeacherAttached,
                methodist_id=methodist(to),
                methodist_person_id=person(to),
                person_id=person(n),
                occurred_on=day(on),
            )
        )
