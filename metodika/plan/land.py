"""Where a plan takes place: the region, its schools, its centre, its programmes."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from metodika.plan.dice import Dice
from metodika.plan.steps import Step
from metodika.plan.tiers import FIRST, Parameters
from services.registry import domain as reg
from shared.events.registry import Expert, OrgKind
from shared.kernel.ids import (
    CentreId,
    CompetencyId,
    InstrumentId,
    Oktmo,
    OrgId,
    PersonId,
    ProgramId,
    RegionCode,
)

UNSENT = 5
"""This programme is never sent to the Federal register."""
CAPITAL = RegionCode("77")
START = FIRST - timedelta(days=10)
CONCEPT = date(2020, 8, 6)
REGIONS = Path(__file__).parents[1] / "regions.csv"


class Land:
    """The region: its municipalities, schools, programmes and its centre."""

    def __init__(self, dice: Dice, parameters: Parameters) -> None:
        self.dice, self.parameters = dice, parameters
        self.region = RegionCode(parameters.region)
        self.neighbour = RegionCode(parameters.neighbour)
        self.oktmo = [oktmo_of(self.region, n) for n in range(parameters.municipalities)]
        self.institute = OrgId(dice.id())
        self.schools = [OrgId(dice.id()) for _ in range(parameters.schools)]
        self.competencies = [CompetencyId(dice.id()) for _ in range(12)]
        self.programs = [ProgramId(dice.id()) for _ in range(6)]
        self.methodical = ProgramId(dice.id())
        self.instrument = InstrumentId(dice.id())
        self.federal_org = OrgId(dice.id())
        self.school_next_door = OrgId(dice.id())
        self.centre = CentreId(dice.id())
        self.experts = [PersonId(dice.id()) for _ in (*self.programs, self.methodical)]
        self.sessions, self.documents = count(), count()

    def steps(self) -> Iterator[Step]:
        """Make the places, then the programmes."""
        others = map(RegionCode, self.parameters.others)
        for region in dict.fromkeys((self.region, self.neighbour, CAPITAL, *others)):
            yield self.step(START, "registry", added(region))
        for n, oktmo in enumerate(self.oktmo, start=1):
            municipality = reg.AddMunicipality(
                oktmo=oktmo, region=self.region, name=f"Округ {n}", added_on=CONCEPT
            )
            yield self.step(START, "registry", municipality, minute=1)
        for organisation in self._organisations():
            yield self.step(START, "registry", organisation, minute=2)
        centre = reg.OpenRegionalCentre(
            centre_id=self.centre,
            region=self.region,
            host_org_id=self.institute,
            legal_form="unit",
            opened_on=date(2021, 9, 1),
        )
        yield self.step(date(2021, 9, 1), "registry", centre)
        for n, program in enumerate((*self.programs, self.methodical)):
            yield from self._program(n, program)

    def _organisations(self) -> Iterator[reg.RegisterOrganisation]:
        regional, federal = "Институт развития образования", "Федеральный методический центр"
        yield organisation(self.institute, "institute", regional, self.region)
        for n, org in enumerate(self.schools, start=1):
            oktmo = self.oktmo[n % len(self.oktmo)]
            yield organisation(org, "school", f"Школа № {n}", self.region, oktmo)
        yield organisation(self.federal_org, "institute", federal, CAPITAL)
        yield organisation(self.school_next_door, "school", "Соседняя школа", self.neighbour)

    def _program(self, n: int, program: ProgramId) -> Iterator[Step]:
        drafted = date(2021, 2, 1) + timedelta(days=n)
        methodical = program == self.methodical
        draft = reg.DraftProgram(
            program_id=program,
            program_version=1,
            provider_org_id=self.institute,
            kind="PK",
            name=f"Программа {n + 1}",
            hours=36,
            cascade=False,
            network=False,
            topics=("methodical_support",) if methodical else ("subject",),
            competencies=tuple(self.competencies[2 * n % 12 : 2 * n % 12 + 2]),
            deficits=(),
            drafted_on=drafted,
        )
        yield self.step(drafted, "registry", draft)
        for week, asked in enumerate(self._review(n, program, drafted), start=1):
            yield self.step(drafted + timedelta(days=7 * week), "registry", asked)

    def _review(self, n: int, program: ProgramId, drafted: date) -> list[Any]:
        """Return the way into the Federal register, week by week."""
        expert = self.experts[n]
        if n == UNSENT:
            return []
        week = [drafted + timedelta(days=7 * each) for each in range(6)]
        fed: dict[str, Any] = {"program_id": program, "program_version": 1, "register": "FED"}
        group = (Expert(person_id=expert, org_id=self.federal_org, region=CAPITAL),)
        until = date(drafted.year + 4, 12, 31)
        number = f"ФР-{self.region}-{n + 1:03d}"
        return [
            reg.SubmitProgram(**fed, submitted_on=week[1]),
            reg.AssignExpertGroup(**fed, experts=group, assigned_on=week[2]),
            reg.GiveExpertOpinion(
                **fed, expert_id=expert, verdict="recommended", score=80, given_on=week[3]
            ),
            reg.CertifyProgram(**fed, cert_no=number, valid_until=until, certified_on=week[4]),
            reg.ListProgram(**fed, valid_until=until, listed_on=week[5]),
        ]

    def step(self, on: date, service: str, command: Any, *, minute: int = 0) -> Step:
        """Return a step taken on a day, in the morning of that region."""
        at = datetime.combine(on, time(9), UTC) + timedelta(seconds=minute)
        return Step(
            at=at - timedelta(hours=int(about(self.region)["utc_offset"])),
            service=service,
            command=command,
            actor=f"region:{self.region}",
        )


def added(region: RegionCode) -> reg.AddRegion:
    """Return how a region is added."""
    what = about(region)
    return reg.AddRegion(
        region=region,
        name=what["name"],
        iso=what["iso"],
        utc_offset_minutes=int(what["utc_offset"]) * 60,
        added_on=CONCEPT,
    )


def organisation(
    org: OrgId, kind: OrgKind, name: str, region: RegionCode, oktmo: Oktmo | None = None
) -> reg.RegisterOrganisation:
    """Return how an organisation is registered."""
    return reg.RegisterOrganisation(
        org_id=org,
        kind=kind,
        name=name,
        region=region,
        oktmo=oktmo,
        parent_id=None,
        gen_ed=kind == "school",
        registered_on=CONCEPT,
    )


def oktmo_of(region: RegionCode, n: int) -> Oktmo:
    """Return the code of the n-th municipality of a region, from 0: eight digits."""
    prefix = about(region)["oktmo_prefix"]
    rest = f"{501 + n % 499:03d}{n // 499:0{5 - len(prefix)}d}"
    return Oktmo(prefix + rest)


def about(region: RegionCode) -> dict[str, str]:
    """Return what is known of a region of the country (population §6.2)."""
    return regions()[region]


@cache
def regions() -> dict[str, dict[str, str]]:
    """Return the regions by their codes."""
    with REGIONS.open(encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}
