"""Chapter two: diagnoses, routes, programmes."""

from decimal import Decimal

from shared.events.diagnostics import (
    DeficitIdentified,
    DeficitMapIssued,
    DiagnosticAnnulled,
    DiagnosticAssigned,
    DiagnosticCompleted,
    DiagnosticStarted,
    InstrumentKind,
    Purpose,
    Tested,
)
from shared.events.registry import ProgramDrafted, ProgramListed, Register
from shared.events.routes import (
    CompletionAnnulled,
    EnrolmentStarted,
    ProgramCompleted,
    RouteAgreed,
    RouteAssigned,
    RouteDrafted,
    RouteItem,
)
from shared.kernel.ids import EventId
from shared.testing.facts import a
from tests.golden.words import (
    Story,
    competency,
    day,
    deficit,
    enrolment,
    item,
    org,
    person,
    program,
    route,
    session,
)

FED: tuple[Register, ...] = ("FED",)

# ── Diagnosis → route → programme ───────────────────────────────────────────


def training(story: Story) -> None:
    """Who was trained, rightly or not, and who was only diagnosed."""
    programmes(story)
    chosen_by_diagnosis(story)
    chosen_otherwise(story)
    diagnosed(story, 16, "14.03.2023", "15.03.2023")
    diagnosed(story, 39, "19.02.2024", "20.02.2024")
    diagnosed(story, 44, "06.07.2024", "07.07.2024")
    routed(story, 44, "20.07.2024", "21.07.2024")
    annulled(story, 44, 44, "31.12.2024")


def programmes(story: Story) -> None:
    """Programme 1: FED. 2: FED since 01.04.2022. 3: both. 4: REG. 5: FED, other."""
    for n, (registers, listed) in enumerate(
        (
            (FED, "01.01.2021"),
            (FED, "01.04.2022"),
            (("FED", "REG"), "01.01.2021"),
            (("REG",), "01.01.2021"),
            (FED, "01.01.2021"),
        ),
        start=1,
    ):
        story.say(
            a(
                ProgramDrafted,
                program_id=program(n),
                program_version=1,
                provider_org_id=org("D"),
                competencies=(competency(2 if n == 5 else 1),),
                occurred_on=day("01.12.2020"),
            )
        )
        for register in registers:
            story.say(
                a(
                    ProgramListed,
                    program_id=program(n),
                    program_version=1,
                    register=register,
                    occurred_on=day(listed),
                )
            )


def chosen_by_diagnosis(story: Story) -> None:
    """Each was right once; of 4, 7 and 10 it is no longer so, 12 is told late."""
    diagnosed(story, 1, "01.02.2022", "02.02.2022")
    routed(story, 1, "10.02.2022", "15.02.2022")
    enrolled(story, 1, "01.03.2022", FED)
    completed(story, 1, "20.05.2022")

    diagnosed(story, 3, "16.01.2023", "17.01.2023")
    routed(story, 3, "25.01.2023", "30.01.2023")
    enrolled(story, 3, "10.02.2023", ("FED", "REG"), programme=3)
    completed(story, 3, "10.04.2023", programme=3)

    diagnosed(story, 4, "03.02.2022", "04.02.2022")
    routed(story, 4, "12.02.2022", "15.02.2022")
    enrolled(story, 4, "01.03.2022", FED)
    completed(story, 4, "10.06.2022")
    annulled(story, 4, 4, "01.10.2024")

    diagnosed(story, 7, "01.12.2022", "02.12.2022")
    routed(story, 7, "20.12.2022", "21.12.2022")
    enrolled(story, 7, "10.01.2023", FED)
    completed(story, 7, "01.03.2023")
    story.say(
        a(
            CompletionAnnulled,
            enrolment_id=enrolment(7),
            person_id=person(7),
            occurred_on=day("30.11.2023"),
        )
    )

    diagnosed(story, 11, "05.09.2023", "05.09.2023")  # all on one day, hour by hour
    routed(story, 11, "05.09.2023", "05.09.2023")
    enrolled(story, 11, "05.09.2023", FED)
    completed(story, 11, "20.12.2023")

    diagnosed(story, 12, "01.06.2024", "02.06.2024")
    routed(story, 12, "10.06.2024", "11.06.2024")
    enrolled(story, 12, "01.09.2024", FED)
    completed(story, 12, "20.12.2024", recorded="10.02.2025")  # late

    diagnosed(story, 18, "10.09.2021", "11.09.2021")
    routed(story, 18, "20.09.2021", "21.09.2021")
    enrolled(story, 18, "01.10.2021", FED)
    completed(story, 18, "30.11.2021")

    diagnosed(story, 10, "15.02.2023", "16.02.2023")
    routed(story, 10, "20.02.2023", "21.02.2023")
    begun = enrolled(story, 10, "01.03.2023", FED)
    enrolled(story, 10, "10.02.2023", FED, recorded="01.03.2025", corrects=begun)
    completed(story, 10, "15.06.2023")


def chosen_otherwise(story: Story) -> None:
    """Each breaks one condition of K-F1."""
    diagnosed(story, 2, "01.02.2022", "02.02.2022")
    routed(story, 2, "10.02.2022", "15.02.2022")
    enrolled(story, 2, "01.03.2022", (), programme=2)  # listed on 01.04.2022
    completed(story, 2, "01.06.2022", programme=2)

    diagnosed(story, 5, "05.02.2024", "06.02.2024", purpose="self")
    routed(story, 5, "20.02.2024", "22.02.2024")
    enrolled(story, 5, "01.03.2024", FED)
    completed(story, 5, "01.05.2024")

    enrolled(story, 6, "01.03.2023", FED, on_route=False)
    completed(story, 6, "01.05.2023", on_route=False)

    diagnosed(story, 8, "01.02.2023", "02.02.2023")
    routed(story, 8, "10.02.2023", "11.02.2023")
    enrolled(story, 8, "01.03.2023", ("REG",), programme=4)
    completed(story, 8, "15.05.2023", programme=4)

    diagnosed(story, 9, "30.12.2023", "31.12.2023")  # lacks 1, is taught 2
    routed(story, 9, "01.01.2024", "09.01.2024")
    enrolled(story, 9, "01.02.2024", FED, programme=5)
    completed(story, 9, "30.04.2024", programme=5)


def assessed(
    story: Story,
    n: int,
    number: int,
    on: str,
    *,
    kind: InstrumentKind = "functional_literacy",
    score: str,
    purpose: Purpose = "initial",
    category: Tested = "teacher",
) -> EventId:
    """Person n is assigned, starts and completes a session on one day."""
    who = {"session_id": session(number), "person_id": person(n)}
    what = {"instrument_kind": kind, "purpose": purpose, "category": category}
    story.say(a(DiagnosticAssigned, **who, **what, occurred_on=day(on)))
    story.say(a(DiagnosticStarted, **who, occurred_on=day(on)))
    return story.say(
        a(
            DiagnosticCompleted,
            **who,
            **what,
            score_pct=Decimal(score),
            occurred_on=day(on),
        )
    )


def annulled(story: Story, n: int, number: int, on: str) -> None:
    story.say(
        a(
            DiagnosticAnnulled,
            session_id=session(number),
            person_id=person(n),
            occurred_on=day(on),
        )
    )


def diagnosed(story: Story, n: int, on: str, mapped: str, purpose: Purpose = "initial") -> None:
    """Session n finds deficit n of person n in competency 1; a map is issued."""
    assessed(story, n, n, on, kind="competence", score="40", purpose=purpose)
    who = {"session_id": session(n), "person_id": person(n)}
    story.say(
        a(
            DeficitIdentified,
            **who,
            deficit_id=deficit(n),
            competency_id=competency(1),
            severity=1,
            occurred_on=day(on),
        )
    )
    story.say(a(DeficitMapIssued, **who, deficit_ids=(deficit(n),), occurred_on=day(mapped)))


def routed(
    story: Story,
    n: int,
    agreed: str,
    assigned: str,
    *,
    tutor: int | None = None,
    on_request: bool = False,
) -> None:
    """Route n of person n on session n, with item n."""
    basis = {"session_id": None if on_request else session(n)}
    who = {"route_id": route(n), "person_id": person(n)}
    lacks = {"deficit_ids": () if on_request else (deficit(n),)}
    items = {"items": (a(RouteItem, item_id=item(n), ref_id=program(1)),)}
    story.say(
        a(
            RouteDrafted,
            **who,
            **basis,
            **lacks,
            on_request=on_request,
            occurred_on=day(agreed),
        )
    )
    story.say(a(RouteAgreed, **who, **basis, **items, occurred_on=day(agreed)))
    story.say(
        a(
            RouteAssigned,
            **who,
            **basis,
            **lacks,
            **items,
            tutor_id=person(tutor) if tutor else None,
            occurred_on=day(assigned),
        )
    )


def enrolled(
    story: Story,
    n: int,
    on: str,
    registers: tuple[Register, ...],
    *,
    programme: int = 1,
    on_route: bool = True,
    recorded: str | None = None,
    corrects: EventId | None = None,
) -> EventId:
    return story.say(
        a(
            EnrolmentStarted,
            enrolment_id=enrolment(n),
            person_id=person(n),
            program_id=program(programme),
            program_version=1,
            register_status_at_start=registers,
            route_id=route(n) if on_route else None,
            route_item_id=item(n) if on_route else None,
            deficit_ids=(deficit(n),) if on_route else (),
            competencies=(competency(2 if programme == 5 else 1),),
            occurred_on=day(on),
        ),
        recorded=recorded,
        corrects=corrects,
    )


def completed(
    story: Story,
    n: int,
    on: str,
    *,
    programme: int = 1,
    on_route: bool = True,
    recorded: str | None = None,
) -> None:
    story.say(
        a(
            ProgramCompleted,
            enrolment_id=enrolment(n),
            person_id=person(n),
            program_id=program(programme),
            program_version=1,
            route_id=route(n) if on_route else None,
            route_item_id=item(n) if on_route else None,
            doc_no=f"{n:06d}",
            occurred_on=day(on),
        ),
        recorded=recorded,
    )
