"""Where everything stands: regions and municipalities, each added once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.events.registry import MunicipalityAdded, RegionAdded
from shared.kernel import Decider, Told, command, only_same, require
from shared.kernel.ids import Oktmo, RegionCode, named

REGION_CODE = re.compile(r"[0-9]{2}")
OKTMO = re.compile(r"[0-9]{5}(?:[0-9]{3}){0,2}")
OFFSETS = range(120, 721)
"""Minutes ahead of UTC, from Kaliningrad to Kamchatka."""

# ── Commands ────────────────────────────────────────────────────────────────


@command
class AddRegion:
    """Включить субъект РФ в систему."""

    region: RegionCode
    name: str
    iso: str | None
    utc_offset_minutes: int
    added_on: date


# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NoPlace:
    """Not on the map."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the system."""

    added: RegionAdded


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality of a region."""

    added: MunicipalityAdded


type RegionState = NoPlace | Region
type MunicipalityState = NoPlace | Municipality

NOWHERE = NoPlace()


@command
class AddMunicipality:
    """Внести муниципальное образование."""

    oktmo: Oktmo
    region: RegionCode
    name: str
    added_on: date
    in_region: Told[RegionState] = NOWHERE


# ── Regions ─────────────────────────────────────────────────────────────────


def decide_region(region: RegionState, asked: AddRegion) -> Sequence[RegionAdded]:
    """Answer with the fact, with none (already so), or with a refusal."""
    match region:
        case NoPlace():
            return [add_region(asked)]
        case Region(added):
            why = "Субъект РФ уже включён иначе"
            return only_same(added, add_region(asked), clause="S0 III", reason=why)


def add_region(asked: AddRegion) -> RegionAdded:
    """Субъект узнают по двузначному коду; время его — местное (S0 III)."""
    known = REGION_CODE.fullmatch(asked.region) and asked.name.strip()
    require(known, clause="S0 III", reason="Нужны код из двух цифр и название")
    require(
        asked.utc_offset_minutes in OFFSETS,
        clause="S0 III",
        reason="Местное время — от 120 до 720 минут впереди UTC",
    )
    return RegionAdded(
        region=asked.region,
        name=asked.name,
        iso=asked.iso,
        utc_offset_minutes=asked.utc_offset_minutes,
        occurred_on=asked.added_on,
    )


def evolve_region(region: RegionState, said: RegionAdded) -> RegionState:
    """Go where a fact leads; a region is added once."""
    return Region(said) if isinstance(region, NoPlace) else region


REGION: Decider[RegionState, AddRegion, RegionAdded] = Decider(
    name="registry.region",
    commands=(AddRegion,),
    facts=(RegionAdded,),
    initial=NOWHERE,
    decide=decide_region,
    evolve=evolve_region,
    stream=lambda asked: named("region", asked.region),
)

# ── Municipalities ──────────────────────────────────────────────────────────


def decide_municipality(
    municipality: MunicipalityState, asked: AddMunicipality
) -> Sequence[MunicipalityAdded]:
    """Answer with the fact, with none (already so), or with a refusal."""
    match municipality:
        case NoPlace():
            return [add_municipality(asked)]
        case Municipality(added):
            why = "Муниципальное образование уже внесено иначе"
            again = add_municipality(asked)
            return only_same(added, again, clause="S1 4.1", reason=why)


def add_municipality(asked: AddMunicipality) -> MunicipalityAdded:
    """Муниципальное образование — часть включённого субъекта (S1 4.1)."""
    known = OKTMO.fullmatch(asked.oktmo) and asked.name.strip()
    require(known, clause="S1 4.1", reason="Нужны ОКТМО из 5, 8 или 11 цифр и название")
    require(
        isinstance(asked.in_region, Region),
        clause="S1 4.1",
        reason="Такой субъект РФ в систему не включён",
    )
    return MunicipalityAdded(
        oktmo=asked.oktmo,
        region=asked.region,
        name=asked.name,
        occurred_on=asked.added_on,
    )


def evolve_municipality(
    municipality: MunicipalityState, said: MunicipalityAdded
) -> MunicipalityState:
    """Go where a fact leads; a municipality is added once."""
    return Municipality(said) if isinstance(municipality, NoPlace) else municipality


MUNICIPALITY: Decider[MunicipalityState, AddMunicipality, MunicipalityAdded] = Decider(
    name="registry.municipality",
    commands=(AddMunicipality,),
    facts=(MunicipalityAdded,),
    initial=NOWHERE,
    decide=decide_municipality,
    evolve=evolve_municipality,
    stream=lambda asked: named("municipality", asked.oktmo),
)
