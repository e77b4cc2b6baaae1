"""A synthetic region by seed: pure, with its own clock and ids (contracts §8).

Rates and shapes are those of the design's population model; the country is made up.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal
from uuid import UUID

from services.diagnostics import domain as dia
from services.mentoring import domain as men
from services.registry import domain as reg
from services.routes import domain as rou
from shared.events.diagnostics import CompetencyScore
from shared.events.registry import Expert
from shared.events.routes import RouteItem
from shared.kernel.ids import (
    CentreId,
    CompetencyId,
    EmploymentId,
    EnrolmentId,
    InstrumentId,
    MethodistId,
    Oktmo,
    OrgId,
    PairId,
    PersonId,
    ProgramId,
    RegionCode,
    RouteItemId,
    SessionId,
    SupportId,
)

type Tier = Literal["XS", "S"]
UNSENT = 5
"""This programme is never sent to the Federal register."""

FIRST, LAST = date(2021, 1, 11), date(2024, 12, 31)
NAMES = ("Анна", "Мария", "Елена", "Ольга", "Пётр", "Иван", "Нина", "Вера", "Лев", "Юрий")
SURNAMES = ("Лесных", "Черных", "Седых", "Долгих", "Белых", "Крутых", "Малых", "Сухих")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What a tier is made of; rates are shares of people a year, in per cent."""

    region: str
    municipalities: int
    schools: int
    people: int
    diagnosed: int = 22
    routed: int = 90
    completed: int = 93
    young: int = 12
    late: int = 30
    annulled: int = 2
    corrected: int = 1


TIERS: dict[Tier, Parameters] = {
    "XS": Parameters(region="25", municipalities=2, schools=6, people=120),
    "S": Parameters(region="26", municipalities=1, schools=20, people=500),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """At this moment somebody asks this service for this."""

    at: datetime
    service: str
    command: Any
    actor: str


@dataclass
class Dice:
    """Chance and ids that a seed decides."""

    seed: int
    random: Random = field(init=False)
    numbers: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a made-up country, not a secret
        self.numbers = count(1)

    def id(self) -> UUID:
        """Return the next id, of version 8."""
        number = self.seed << 96 | next(self.numbers)
        return UUID(int=number & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62)

    def happens(self, per_cent: int) -> bool:
        """Say whether something of this likelihood happens."""
        return self.random.randrange(100) < per_cent

    def day(self, first: date, last: date) -> date:
        """Return a day between two, both included."""
        return first + timedelta(days=self.random.randint(0, max(0, (last - first).days)))

    def snils(self) -> str:
        """Return a СНИЛС with its control number, above 001-001-998."""
        digits = f"{self.random.randint(2_000_000, 999_999_999):09d}"
        total = sum(int(d) * (9 - n) for n, d in enumerate(digits)) % 101 % 100
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {total:02d}"


def plan(seed: int, parameters: Parameters) -> Iterator[Step]:
    """Return everything that is asked, in the order of asking.

    One seed and one set of parameters give the same steps for ever.
    """
    yield from sorted(_steps(Dice(seed), parameters), key=lambda step: step.at)


def _steps(dice: Dice, parameters: Parameters) -> Iterator[Step]:
    land = _Land(dice, parameters)
    yield from land.steps()
    land.people = [_Life(land, n) for n in range(parameters.people)]
    for life in land.people:
        yield from life.steps()


class _Land:
    """The region: its municipalities, schools, programmes and its centre."""

    def __init__(self, dice: Dice, parameters: Parameters) -> None:
        self.dice, self.parameters = dice, parameters
        self.region = RegionCode(parameters.region)
        about = _regions()[parameters.region]
        self.name, self.iso = about["name"], about["iso"]
        self.offset = int(about["utc_offset"]) * 60
        prefix = about["oktmo_prefix"]
        self.oktmo = [
            Oktmo(f"{prefix}{701 + 13 * n}000") for n in range(parameters.municipalities)
        ]
        self.institute = OrgId(dice.id())
        self.schools = [OrgId(dice.id()) for _ in range(parameters.schools)]
        self.competencies = [CompetencyId(dice.id()) for _ in range(12)]
        self.programs = [ProgramId(dice.id()) for _ in range(6)]
        self.methodical = ProgramId(dice.id())
        self.instrument = InstrumentId(dice.id())
        self.federal_org = OrgId(dice.id())
        self.people: list[_Life] = []

    def steps(self) -> Iterator[Step]:
        start = FIRST - timedelta(days=10)
        home = RegionCode("77")
        for code in (self.region, home):
            about = _regions()[code]
            command = reg.AddRegion(
                region=code,
                name=about["name"],
                iso=about["iso"],
                utc_offset_minutes=int(about["utc_offset"]) * 60,
                added_on=date(2020, 8, 6),
            )
            yield self.step(start, "registry", command)
        for n, oktmo in enumerate(self.oktmo, start=1):
            yield self.step(
                start,
                "registry",
                reg.AddMunicipality(
                    oktmo=oktmo,
                    region=self.region,
                    name=f"Округ {n}",
                    added_on=date(2020, 8, 6),
                ),
                minute=1,
            )
        yield from self._organisations(start, home)
        centre = reg.OpenRegionalCentre(
            centre_id=CentreId(self.dice.id()),
            region=self.region,
            host_org_id=self.institute,
            legal_form="unit",
            opened_on=date(2021, 9, 1),
        )
        yield self.step(date(2021, 9, 1), "registry", centre)
        for n, program in enumerate((*self.programs, self.methodical)):
            yield from self._program(n, program)

    def _organisations(self, start: date, home: RegionCode) -> Iterator[Step]:
        kinds = [(self.institute, "institute", "Институт развития образования", None)]
        kinds += [
            (org, "school", f"Школа № {n}", self.oktmo[n % len(self.oktmo)])
            for n, org in enumerate(self.schools, start=1)
        ]
        for org, kind, name, oktmo in kinds:
            yield self.step(
                start,
                "registry",
                self._organisation(org, kind, name, self.region, oktmo),
                minute=2,
            )
        federal = self._organisation(
            self.federal_org, "institute", "Федеральный методический центр", home, None
        )
        yield self.step(start, "registry", federal, minute=2)

    def _organisation(
        self, org: OrgId, kind: Any, name: str, region: RegionCode, oktmo: Oktmo | None
    ) -> reg.RegisterOrganisation:
        return reg.RegisterOrganisation(
            org_id=org,
            kind=kind,
            name=name,
            region=region,
            oktmo=oktmo,
            parent_id=None,
            gen_ed=kind == "school",
            registered_on=date(2020, 8, 6),
        )

    def _program(self, n: int, program: ProgramId) -> Iterator[Step]:
        drafted = date(2021, 2, 1) + timedelta(days=n)
        methodical = program == self.methodical
        known = self.competencies[2 * n % 12 : 2 * n % 12 + 2]
        expert = PersonId(self.dice.id())
        same: dict[str, Any] = {"program_id": program, "program_version": 1}
        review: list[tuple[int, Any]] = [
            (
                0,
                reg.DraftProgram(
                    **same,
                    provider_org_id=self.institute,
                    kind="PK",
                    name=f"Программа {n + 1}",
                    hours=36,
                    cascade=False,
                    network=False,
                    topics=("methodical_support",) if methodical else ("subject",),
                    competencies=tuple(known),
                    deficits=(),
                    drafted_on=drafted,
                ),
            )
        ]
        if n != UNSENT:
            later = [drafted + timedelta(days=7 * week) for week in range(1, 6)]
            group = (
                Expert(person_id=expert, org_id=self.federal_org, region=RegionCode("77")),
            )
            fed: dict[str, Any] = {**same, "register": "FED"}
            until = date(drafted.year + 4, 12, 31)
            review += [
                (7, reg.SubmitProgram(**fed, submitted_on=later[0])),
                (14, reg.AssignExpertGroup(**fed, experts=group, assigned_on=later[1])),
                (
                    21,
                    reg.GiveExpertOpinion(
                        **fed,
                        expert_id=expert,
                        verdict="recommended",
                        score=80,
                        given_on=later[2],
                    ),
                ),
                (
                    28,
                    reg.CertifyProgram(
                        **fed,
                        cert_no=f"ФР-{self.region}-{n + 1:03d}",
                        valid_until=until,
                        certified_on=later[3],
                    ),
                ),
                (35, reg.ListProgram(**fed, valid_until=until, listed_on=later[4])),
            ]
        for days, command in review:
            yield self.step(drafted + timedelta(days=days), "registry", command)

    def step(self, on: date, service: str, command: Any, *, minute: int = 0) -> Step:
        """Return a step taken on a day, in the morning of that region."""
        at = datetime.combine(on, time(9), UTC) + timedelta(seconds=minute)
        return Step(
            at=at - timedelta(minutes=self.offset),
            service=service,
            command=command,
            actor=f"region:{self.region}",
        )


class _Life:
    """One person from the first roster to the end of 2024."""

    def __init__(self, land: _Land, n: int) -> None:
        self.land, self.dice, self.n = land, land.dice, n
        self.person = PersonId(self.dice.id())
        self.job = EmploymentId(self.dice.id())
        self.school = land.schools[n % len(land.schools)]
        rates = land.parameters
        self.recorded, self.minutes = FIRST, count(10)
        self.is_young = self.dice.happens(rates.young)
        last = date(2023, 9, 1) if self.is_young else FIRST
        first = date(2021, 9, 1) if self.is_young else date(2005, 9, 1)
        self.since = self.dice.day(first, last)
        age = self.dice.random.randint(22, 31 if self.is_young else 58)
        self.born = self.dice.day(
            date(self.since.year - age, 1, 1), date(self.since.year - age, 12, 28)
        )

    def steps(self) -> Iterator[Step]:
        arrived = max(self.since, FIRST)
        yield from self._registered(arrived)
        for year in range(arrived.year, LAST.year + 1):
            first = max(arrived + timedelta(days=30), date(year, 1, 15))
            if first < date(year, 11, 1) and self.dice.happens(self.land.parameters.diagnosed):
                yield from self._diagnosed(self.dice.day(first, date(year, 11, 1)))
        if self.is_young and self.dice.happens(70):
            yield from self._supported(arrived + timedelta(days=40))
        if self.is_methodist:
            yield from self._methodist(date(2023, 2, 1))

    def _registered(self, on: date) -> Iterator[Step]:
        person: dict[str, Any] = {"person_id": self.person}
        name = f"{SURNAMES[self.n % 8]} {NAMES[self.n % 10]}"
        is_head = self.n % 20 == 0
        commands: list[Any] = [
            reg.RegisterTeacher(
                **person,
                full_name=name,
                snils=self.dice.snils(),
                birth_date=self.born,
                registered_on=on,
            ),
            reg.StartEmployment(
                employment_id=self.job,
                **person,
                org_id=self.school,
                position_class="HEAD" if is_head else "PED",
                is_teacher=not is_head,
                subject_code=("math", "rus", "phys")[self.n % 3],
                is_main=True,
                started_on=max(self.since, date(2020, 8, 6)) if is_head else self.since,
            ),
            reg.RecordEducation(
                **person, level="higher", pedagogical=True, received_on=self.since
            ),
        ]
        if not self.is_young:
            commands.append(
                reg.AwardCategory(
                    **person,
                    category="highest" if self.n % 4 == 1 else "first",
                    awarded_on=max(self.since, date(2020, 9, 1)),
                )
            )
        for minute, command in enumerate(commands, start=5):
            yield self.land.step(on, "registry", command, minute=minute)

    def _diagnosed(self, on: date) -> Iterator[Step]:
        session = SessionId(self.dice.id())
        literacy = self.dice.happens(30)
        scores = [
            (each, Decimal(self.dice.random.randint(4000, 9900)) / 100)
            for each in self.dice.random.sample(self.land.competencies, 4)
        ]
        total = sum((score for _, score in scores), Decimal(0)) / 4
        step = self._later(on)
        yield step(
            "diagnostics",
            dia.AssignDiagnostic(
                session_id=session,
                person_id=self.person,
                instrument_id=self.land.instrument,
                instrument_version=1,
                instrument_kind="functional_literacy" if literacy else "competence",
                purpose="initial",
                category="teacher",
                assigned_on=on - timedelta(days=7),
            ),
        )
        yield step("diagnostics", dia.StartDiagnostic(session_id=session, started_on=on))
        yield step(
            "diagnostics",
            dia.CompleteDiagnostic(
                session_id=session,
                score_pct=total.quantize(Decimal("0.01")),
                by_competency=tuple(
                    CompetencyScore(competency_id=each, score_pct=score)
                    for each, score in scores
                ),
                independent=True,
                completed_on=on,
            ),
        )
        if not literacy and any(score < dia.THRESHOLD_PCT for _, score in scores):
            yield from self._routed(session, scores, on + timedelta(days=14))
        if self.dice.happens(self.land.parameters.annulled):
            late = on + timedelta(days=90)
            annul = dia.AnnulDiagnostic(
                session_id=session, reason="нарушена процедура", annulled_on=late
            )
            yield self._later(late)("diagnostics", annul)

    def _routed(
        self, session: SessionId, scores: list[tuple[CompetencyId, Decimal]], on: date
    ) -> Iterator[Step]:
        if on > LAST or not self.dice.happens(self.land.parameters.routed):
            return
        weak = [each for each, score in scores if score < dia.THRESHOLD_PCT]
        n = self.land.competencies.index(weak[0]) // 2
        program = self.land.programs[n]
        route, item = rou.route_of(session), RouteItemId(self.dice.id())
        start = on + timedelta(days=21)
        until = start + timedelta(days=60)
        items = (
            RouteItem(
                item_id=item,
                kind="program",
                ref_id=program,
                form="очная",
                technology="сетевая",
                from_day=start,
                to_day=until,
                hours=36,
            ),
        )
        step = self._later(on)
        yield step("routes", rou.AgreeRoute(route_id=route, items=items, agreed_on=on))
        tutor = PersonId(self.land.institute) if self.dice.happens(50) else None
        yield step("routes", rou.AssignRoute(route_id=route, tutor_id=tutor, assigned_on=on))
        if start > LAST:
            return
        yield from self._studied(route, item, program, session, weak, start, until)

    def _studied(
        self,
        route: Any,
        item: RouteItemId,
        program: ProgramId,
        session: SessionId,
        weak: list[CompetencyId],
        start: date,
        until: date,
    ) -> Iterator[Step]:
        enrolment = EnrolmentId(self.dice.id())
        step = self._later(start)
        yield step("routes", rou.StartRoute(route_id=route, started_on=start))
        yield step(
            "routes",
            rou.StartEnrolment(
                enrolment_id=enrolment,
                person_id=self.person,
                program_id=program,
                program_version=1,
                route_id=route,
                route_item_id=item,
                deficit_ids=tuple(dia.deficit_of(session, each) for each in weak),
                channel="federal_register",
                started_on=start,
            ),
        )
        if until > LAST or not self.dice.happens(self.land.parameters.completed):
            return
        complete = rou.CompleteProgram(
            enrolment_id=enrolment,
            doc_kind="certificate",
            doc_no=f"ПК-{self.n:05d}/{until:%Y%m%d}",
            completed_on=until,
        )
        yield self._later(until)("routes", complete)

    def _supported(self, on: date) -> Iterator[Step]:
        step = self._later(on)
        if self.n % 2:
            pair = men.FormPair(
                pair_id=PairId(men.pair_of(self.job)),
                mentor_id=PersonId(self.land.institute),
                mentee_id=self.person,
                pair_basis="novice",
                formed_on=on,
            )
            yield step("mentoring", pair)
            return
        support = SupportId(self.dice.id())
        begun = men.StartSupport(
            support_id=support,
            person_id=self.person,
            form="mentoring_group",
            started_on=on,
        )
        yield step("mentoring", begun)

    @property
    def is_methodist(self) -> bool:
        """One of sixty becomes a methodist: not young, of the highest category."""
        return self.n % 60 == 1 and not self.is_young and self.since <= date(2018, 1, 1)

    def _methodist(self, on: date) -> Iterator[Step]:
        methodist, step = MethodistId(self.dice.id()), self._later(on)
        nominate = men.NominateMethodist(
            methodist_id=methodist,
            person_id=self.person,
            org_id=self.school,
            level="R",
            nominated_on=on,
        )
        yield step("mentoring", nominate)
        yield step("mentoring", men.PoolMethodist(methodist_id=methodist, pooled_on=on))
        yield from self._examined(on + timedelta(days=30))
        yield from self._taught(on + timedelta(days=60))
        active = on + timedelta(days=120)
        activate = men.ActivateMethodist(
            methodist_id=methodist, engagement="staff", activated_on=active
        )
        yield self._later(active)("mentoring", activate)
        for other in self.land.people:
            if other.is_charge_of(self):
                on = max(active, other.since) + timedelta(days=14)
                attach = men.AttachTeacher(
                    methodist_id=methodist, person_id=other.person, attached_on=on
                )
                yield self._later(on)("mentoring", attach)

    def is_charge_of(self, methodist: "_Life") -> bool:
        """Say whose charge somebody is: people are shared out among the methodists."""
        methodists = [each for each in self.land.people if each.is_methodist]
        return self is not methodist and methodists[self.n % len(methodists)] is methodist

    def _examined(self, on: date) -> Iterator[Step]:
        session, step = SessionId(self.dice.id()), self._later(on)
        assign = dia.AssignDiagnostic(
            session_id=session,
            person_id=self.person,
            instrument_id=self.land.instrument,
            instrument_version=1,
            instrument_kind="methodist",
            purpose="candidate",
            category="candidate_methodist",
            assigned_on=on,
        )
        yield step("diagnostics", assign)
        yield step("diagnostics", dia.StartDiagnostic(session_id=session, started_on=on))
        complete = dia.CompleteDiagnostic(
            session_id=session,
            score_pct=Decimal("86.50"),
            by_competency=(),
            independent=True,
            completed_on=on,
        )
        yield step("diagnostics", complete)

    def _taught(self, on: date) -> Iterator[Step]:
        enrolment, step = EnrolmentId(self.dice.id()), self._later(on)
        start = rou.StartEnrolment(
            enrolment_id=enrolment,
            person_id=self.person,
            program_id=self.land.methodical,
            program_version=1,
            route_id=None,
            route_item_id=None,
            channel="academy",
            started_on=on,
        )
        yield step("routes", start)
        until = on + timedelta(days=30)
        complete = rou.CompleteProgram(
            enrolment_id=enrolment,
            doc_kind="certificate",
            doc_no=f"МП-{self.n:05d}",
            completed_on=until,
        )
        yield self._later(until)("routes", complete)

    def _later(self, on: date) -> Callable[[str, Any], Step]:
        """Return how to take steps about a day: most the same day, some long after.

        Nobody records the end of a thing before its beginning.
        """
        if self.dice.happens(self.land.parameters.late):
            on += timedelta(days=self.dice.random.choice((1, 3, 7, 21, 60)))
        self.recorded = max(self.recorded, on)
        day = self.recorded
        return lambda service, command: self.land.step(
            day, service, command, minute=next(self.minutes)
        )


def _regions() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("regions.csv")
    with path.open(encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}
