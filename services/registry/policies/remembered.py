"""What the registry remembers of its own facts, by the ids of other streams."""

from uuid import UUID

from services.registry.domain import (
    MUNICIPALITY,
    ORGANISATION,
    REGION,
)
from services.registry.domain.organisation import Organisation
from services.registry.domain.people import Survivor
from services.registry.domain.territory import (
    MunicipalityState,
    RegionState,
)
from shared.events.registry import (
    MunicipalityFact,
    OrganisationFact,
    PersonalDataErased,
    PersonsMerged,
    RegionFact,
    TeacherRegistered,
)
from shared.kernel import (
    Borrowed,
)
from shared.kernel.ids import EventId, named

# ── Own facts, by other streams' ids ────────────────────────────────────────

REGIONS: Borrowed[RegionState, RegionFact] = Borrowed(
    name="registry.region",
    facts=REGION.facts,
    about=lambda said: named("region", said.region),
    initial=REGION.initial,
    evolve=lambda so_far, said, _: REGION.evolve(so_far, said),
)
MUNICIPALITIES: Borrowed[MunicipalityState, MunicipalityFact] = Borrowed(
    name="registry.municipality",
    facts=MUNICIPALITY.facts,
    about=lambda said: named("municipality", said.oktmo),
    initial=MUNICIPALITY.initial,
    evolve=lambda so_far, said, _: MUNICIPALITY.evolve(so_far, said),
)
ORGANISATIONS: Borrowed[Organisation, OrganisationFact] = Borrowed(
    name="registry.organisation",
    facts=ORGANISATION.facts,
    about=lambda said: said.org_id,
    initial=ORGANISATION.initial,
    evolve=lambda so_far, said, _: ORGANISATION.evolve(so_far, said),
)


type Standing = TeacherRegistered | PersonsMerged | PersonalDataErased


def who_is_there(_: Survivor, said: Standing, __: EventId) -> Survivor:
    """Keep whether a record stands by itself."""
    match said:
        case TeacherRegistered():
            return "registered"
        case PersonsMerged():
            return "merged"
        case PersonalDataErased():
            return "erased"


def record(said: Standing) -> UUID:
    """Return whose record a fact stands in."""
    return said.merged_id if isinstance(said, PersonsMerged) else said.person_id


PEOPLE: Borrowed[Survivor, Standing] = Borrowed(
    name="registry.person",
    facts=(TeacherRegistered, PersonsMerged, PersonalDataErased),
    about=record,
    initial="unknown",
    evolve=who_is_there,
)
type Mergers = tuple[PersonsMerged, ...]

MERGED_INTO: Borrowed[Mergers, PersonsMerged] = Borrowed(
    name="registry.merged into",
    facts=(PersonsMerged,),
    about=lambda said: said.merged_id,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said),
)
MERGED_FROM: Borrowed[Mergers, PersonsMerged] = Borrowed(
    name="registry.merged from",
    facts=(PersonsMerged,),
    about=lambda said: said.survivor_id,
    initial=(),
    evolve=lambda so_far, said, _: (*so_far, said),
)

BORROWED = (REGIONS, MUNICIPALITIES, ORGANISATIONS, PEOPLE, MERGED_INTO, MERGED_FROM)
