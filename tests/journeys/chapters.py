"""The story in chapters: Приморский край with municipalities, Москва without any.

Everybody is made up. Ids follow from names, so whoever reads the logs finds them again.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid5

from services.diagnostics import domain as dia
from services.mentoring import domain as men
from services.registry import domain as reg
from services.routes import domain as rou
from shared.events.diagnostics import CompetencyScore, InstrumentKind, Tested
from shared.events.registry import Expert, OrgKind, PositionClass
from shared.events.routes import RouteItem
from shared.kernel.ids import (
    NAMES,
    CentreId,
    CompetencyId,
    EmploymentId,
    EnrolmentId,
    InstrumentId,
    Oktmo,
    OrgId,
    PersonId,
    ProgramId,
    RegionCode,
    RouteItemId,
    SessionId,
    SupportId,
)
from tests.journeys.telling import Teller, day

PRIMORYE, MOSCOW = RegionCode("25"), RegionCode("77")
VLADIVOSTOK = Oktmo("05701000")


def uid(name: str) -> Any:
    """Return the id of whatever has this name in the story."""
    return uuid5(NAMES, f"journey/{name}")


INSTITUTE, SCHOOL, FOREIGN = (OrgId(uid(x)) for x in ("institute", "school", "foreign"))
CAPITAL_SCHOOL = OrgId(uid("capital school"))
ANNA, BORIS, VERA, GLEB, DINA, EXPERT = (
    PersonId(uid(name)) for name in ("anna", "boris", "vera", "gleb", "dina", "expert")
)
LESSON, LANGUAGE = CompetencyId(uid("lesson")), CompetencyId(uid("language"))
PROGRAM, METHODICAL = ProgramId(uid("program")), ProgramId(uid("methodical"))
SESSION = SessionId(uid("session of anna"))
ROUTE = rou.route_of(SESSION)
ITEM = RouteItemId(uid("item"))
ENROLMENT = EnrolmentId(uid("enrolment of anna"))
CENTRE = CentreId(uid("centre"))


# ── Places ──────────────────────────────────────────────────────────────────


def map_of_two_regions() -> tuple[reg.AddRegion | reg.AddMunicipality, ...]:
    """Two regions, one of them without municipalities."""
    return (
        region(PRIMORYE, "Приморский край", "RU-PRI", 600),
        region(MOSCOW, "Москва", "RU-MOW", 180),
        reg.AddMunicipality(
            oktmo=VLADIVOSTOK,
            region=PRIMORYE,
            name="Владивосток",
            added_on=day("06.08.2020"),
        ),
    )


def places(tell: Teller) -> None:
    """The two regions with schools, institutes, a centre."""
    tell.tell(
        "registry",
        *map_of_two_regions(),
        organisation(INSTITUTE, "institute", PRIMORYE),
        organisation(SCHOOL, "school", PRIMORYE, VLADIVOSTOK),
        organisation(FOREIGN, "institute", MOSCOW),
        organisation(CAPITAL_SCHOOL, "school", MOSCOW),
        reg.OpenRegionalCentre(
            centre_id=CENTRE,
            region=PRIMORYE,
            host_org_id=INSTITUTE,
            legal_form="unit",
            opened_on=day("01.09.2021"),
        ),
    )


def region(code: RegionCode, name: str, iso: str, offset: int) -> reg.AddRegion:
    return reg.AddRegion(
        region=code,
        name=name,
        iso=iso,
        utc_offset_minutes=offset,
        added_on=day("06.08.2020"),
    )


def organisation(
    org_id: OrgId, kind: OrgKind, where: RegionCode, oktmo: Oktmo | None = None
) -> reg.RegisterOrganisation:
    return reg.RegisterOrganisation(
        org_id=org_id,
        kind=kind,
        name=f"Организация {str(org_id)[:4]} (вымышленная)",
        region=where,
        oktmo=oktmo,
        parent_id=None,
        gen_ed=kind == "school",
        registered_on=day("06.08.2020"),
    )


# ── People ──────────────────────────────────────────────────────────────────


def people(tell: Teller) -> None:
    """Four people of Vladivostok, one of Moscow; only Vera is young."""
    for who, snils, born, org, since in (
        (ANNA, "112-233-445 95", "14.03.1980", SCHOOL, "01.09.2005"),
        (BORIS, "201-111-111 46", "02.11.1968", SCHOOL, "01.09.1990"),
        (VERA, "202-222-222 74", "09.07.1999", SCHOOL, "01.09.2021"),
        (GLEB, "203-333-333 01", "25.01.1979", SCHOOL, "01.09.2001"),
        (DINA, "204-444-444 29", "29.02.1976", CAPITAL_SCHOOL, "01.09.1998"),
    ):
        tell.tell("registry", registered(who, snils, born), employed(who, org, since))
    tell.settle()


def registered(who: PersonId, snils: str, born: str) -> reg.RegisterTeacher:
    return reg.RegisterTeacher(
        person_id=who,
        full_name=f"Вымыслова {str(who)[:8]}",
        snils=snils,
        birth_date=day(born),
        registered_on=day("01.09.2021"),
    )


def job_of(who: PersonId) -> EmploymentId:
    return EmploymentId(uuid5(who, "job"))


def employed(
    who: PersonId, org: OrgId, since: str, position: PositionClass = "PED"
) -> reg.StartEmployment:
    return reg.StartEmployment(
        employment_id=job_of(who),
        person_id=who,
        org_id=org,
        position_class=position,
        is_teacher=position == "PED",
        subject_code="MATH",
        is_main=True,
        started_on=day(since),
    )


# ── Programmes ──────────────────────────────────────────────────────────────


def drafted(program: ProgramId, on: str, *topics: str) -> reg.DraftProgram:
    return reg.DraftProgram(
        program_id=program,
        program_version=1,
        provider_org_id=INSTITUTE,
        kind="PK",
        name="Урок, на котором думают",
        hours=36,
        cascade=False,
        network=False,
        topics=topics or ("subject",),
        competencies=(LESSON,),
        deficits=(),
        drafted_on=day(on),
    )


def group(
    program: ProgramId, on: str, org: OrgId = FOREIGN, where: RegionCode = MOSCOW
) -> reg.AssignExpertGroup:
    return reg.AssignExpertGroup(
        program_id=program,
        program_version=1,
        register="FED",
        experts=(Expert(person_id=EXPERT, org_id=org, region=where),),
        assigned_on=day(on),
    )


def certified(program: ProgramId, on: str) -> reg.CertifyProgram:
    return reg.CertifyProgram(
        program_id=program,
        program_version=1,
        register="FED",
        cert_no=f"ФР-{str(program)[:8]}",
        valid_until=day("31.12.2025"),
        certified_on=day(on),
    )


def listed_program(tell: Teller, program: ProgramId = PROGRAM, *topics: str) -> None:
    """A ДПП from the draft to the Federal register: listed on 05.10.2021."""
    same: dict[str, Any] = {"program_id": program, "program_version": 1, "register": "FED"}
    tell.tell(
        "registry",
        drafted(program, "01.09.2021", *topics),
        reg.SubmitProgram(**same, submitted_on=day("10.09.2021")),
        group(program, "15.09.2021"),
        reg.GiveExpertOpinion(
            **same,
            expert_id=EXPERT,
            verdict="recommended",
            score=87,
            given_on=day("25.09.2021"),
        ),
        certified(program, "01.10.2021"),
        reg.ListProgram(**same, valid_until=day("31.12.2025"), listed_on=day("05.10.2021")),
    )
    tell.settle()


# ── Diagnosis and route ─────────────────────────────────────────────────────


def diagnosed(  # noqa: PLR0917 - who, when, how and how well
    tell: Teller,
    who: PersonId,
    session: SessionId,
    on: str,
    score: str,
    kind: InstrumentKind = "competence",
    tested: Tested = "teacher",
) -> None:
    """A diagnosis from its assignment to its result, all on one day."""
    tell.tell("diagnostics", *diagnosis(who, session, on, score, kind, tested))
    tell.settle()


def diagnosis(  # noqa: PLR0917 - who, when, how and how well
    who: PersonId,
    session: SessionId,
    on: str,
    score: str,
    kind: InstrumentKind = "competence",
    tested: Tested = "teacher",
) -> tuple[dia.AssignDiagnostic | dia.StartDiagnostic | dia.CompleteDiagnostic, ...]:
    return (
        dia.AssignDiagnostic(
            session_id=session,
            person_id=who,
            instrument_id=InstrumentId(uid("instrument")),
            instrument_version=1,
            instrument_kind=kind,
            purpose="initial",
            category=tested,
            assigned_on=day(on),
        ),
        dia.StartDiagnostic(session_id=session, started_on=day(on)),
        dia.CompleteDiagnostic(
            session_id=session,
            score_pct=Decimal(score),
            by_competency=(
                CompetencyScore(competency_id=LESSON, score_pct=Decimal(score)),
                CompetencyScore(competency_id=LANGUAGE, score_pct=Decimal("88.00")),
            ),
            independent=True,
            completed_on=day(on),
        ),
    )


def assigned(tell: Teller, session: SessionId = SESSION, item: RouteItemId = ITEM) -> None:
    """The route that a map called for: agreed, assigned, with a tutor."""
    route = rou.route_of(session)
    tell.tell(
        "routes",
        rou.AgreeRoute(
            route_id=route, items=(program_item(item),), agreed_on=day("10.02.2022")
        ),
        rou.AssignRoute(route_id=route, tutor_id=None, assigned_on=day("15.02.2022")),
        tutor(session),
    )


def tutor(session: SessionId = SESSION) -> rou.AppointTutor:
    return rou.AppointTutor(
        route_id=rou.route_of(session), tutor_id=GLEB, appointed_on=day("16.02.2022")
    )


def program_item(item: RouteItemId) -> RouteItem:
    return RouteItem(
        item_id=item,
        kind="program",
        ref_id=PROGRAM,
        form="очная",
        technology="сетевая",
        from_day=day("01.03.2022"),
        to_day=day("31.05.2022"),
        hours=36,
    )


def enrolled(
    who: PersonId = ANNA,
    enrolment: EnrolmentId = ENROLMENT,
    session: SessionId | None = SESSION,
    item: RouteItemId | None = ITEM,
    program: ProgramId = PROGRAM,
) -> rou.StartEnrolment:
    return rou.StartEnrolment(
        enrolment_id=enrolment,
        person_id=who,
        program_id=program,
        program_version=1,
        route_id=rou.route_of(session) if session else None,
        route_item_id=item,
        channel="federal_register",
        started_on=day("01.03.2022"),
    )


def completed(
    enrolment: EnrolmentId = ENROLMENT, on: str = "20.05.2022"
) -> rou.CompleteProgram:
    return rou.CompleteProgram(
        enrolment_id=enrolment,
        doc_kind="certificate",
        doc_no=f"ПК-{str(enrolment)[:8]}",
        completed_on=day(on),
    )


def trained(tell: Teller) -> None:
    """Anna, from the diagnosis to the document."""
    diagnosed(tell, ANNA, SESSION, "01.02.2022", "52.00")
    assigned(tell)
    tell.tell("routes", enrolled(), completed())
    tell.settle()


# ── Support and literacy ────────────────────────────────────────────────────


def literate(tell: Teller) -> None:
    """Boris passes a diagnosis of functional literacy with 70.00, Gleb fails it."""
    for who, score in ((BORIS, "70.00"), (GLEB, "69.99")):
        session = SessionId(uuid5(who, "literacy"))
        diagnosed(tell, who, session, "10.03.2022", score, "functional_literacy")


def supported(tell: Teller) -> None:
    """Vera takes part in a form of support."""
    begun = men.StartSupport(
        support_id=SupportId(uid("support")),
        person_id=VERA,
        form="mentoring_group",
        started_on=day("01.10.2021"),
    )
    tell.tell("mentoring", begun)
    tell.settle()


def whole_story(tell: Teller) -> None:
    """Everything in its order, as far as nobody changes a mind."""
    places(tell)
    people(tell)
    listed_program(tell)
    supported(tell)
    trained(tell)
    literate(tell)


END: date = day("31.12.2022")
