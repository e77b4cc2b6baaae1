"""What a command of the registry is told before it is decided."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.registry.domain import (
    TEACHER,
    AddMunicipality,
    AssignExpertGroup,
    ChangeEmployment,
    DetermineYouth,
    DraftProgram,
    GrantAccess,
    MergePersons,
    OpenRegionalCentre,
    RegisterGraduate,
    RegisterOrganisation,
    StartEmployment,
)
from services.registry.domain.human import eras_of
from services.registry.domain.organisation import NoOrganisation
from services.registry.domain.teacher import Nobody
from services.registry.domain.territory import (
    NOWHERE,
    Municipality,
    MunicipalityState,
)
from services.registry.domain.youth import Eras
from services.registry.policies.remembered import (
    MERGED_FROM,
    MERGED_INTO,
    MUNICIPALITIES,
    ORGANISATIONS,
    PEOPLE,
    REGIONS,
    Mergers,
)
from shared.events.registry import (
    PersonsMerged,
)
from shared.kernel import Known, but, informs
from shared.kernel.ids import Oktmo, OrgId, PersonId, Territory, named

# ── What a command is told ──────────────────────────────────────────────────


@informs(AddMunicipality)
def of_its_region(asked: AddMunicipality, known: Known) -> AddMunicipality:
    """Субъект РФ, в котором лежит муниципальное образование (S1 4.1)."""
    region = known.of(REGIONS, named("region", asked.region))
    return replace(asked, in_region=region)


@informs(RegisterOrganisation)
def of_its_place(asked: RegisterOrganisation, known: Known) -> RegisterOrganisation:
    """Территория и вышестоящая организация (S1 4.1)."""
    parent = known.of(ORGANISATIONS, asked.parent_id) if asked.parent_id else None
    return replace(
        asked,
        in_region=known.of(REGIONS, named("region", asked.region)),
        in_municipality=municipality(known, asked.oktmo),
        parent=parent or asked.parent,
    )


def municipality(known: Known, oktmo: Oktmo | None) -> MunicipalityState:
    """Return what is known of a municipality; of none, nothing."""
    return known.of(MUNICIPALITIES, named("municipality", oktmo)) if oktmo else NOWHERE


@informs(OpenRegionalCentre)
def of_its_host(asked: OpenRegionalCentre, known: Known) -> OpenRegionalCentre:
    """Субъект РФ и организация, при которой открывают ЦНППМ (S0 III)."""
    return replace(
        asked,
        in_region=known.of(REGIONS, named("region", asked.region)),
        host=known.of(ORGANISATIONS, asked.host_org_id),
    )


@informs(StartEmployment)
def of_the_employer(asked: StartEmployment, known: Known) -> StartEmployment:
    """Организация, куда принимают (S0 I), и другие записи того же человека (S1 7.2)."""
    organisation = known.of(ORGANISATIONS, asked.org_id)
    return but(asked, organisation=organisation, human=human(known, asked.person_id))


@informs(ChangeEmployment)
def of_the_new_employer(asked: ChangeEmployment, known: Known) -> ChangeEmployment:
    """Организация, где теперь работают (S0 I), и другие записи человека (S1 7.2)."""
    organisation = known.of(ORGANISATIONS, asked.org_id)
    return but(asked, organisation=organisation, human=human(known, asked.person_id))


@informs(DetermineYouth)
def of_the_other_records(asked: DetermineYouth, known: Known) -> DetermineYouth:
    """Другие записи того же человека (S1 7.2)."""
    return replace(asked, human=human(known, asked.person_id))


def human(known: Known, person: PersonId) -> Eras:
    """Return what the other records of a human say, since they are one; mostly nothing."""
    mergers = mergers_around(known, person)
    if not mergers:
        return ()
    lives = {it: TEACHER.state(known.history(it)) for it in records_of(mergers)}
    return eras_of(person, mergers, lives)


def mergers_around(known: Known, *people: PersonId) -> Mergers:
    """Return all mergers that join these records to others, in chains; mostly none."""
    ahead = [it for it in people if known.of(MERGED_INTO, it) or known.of(MERGED_FROM, it)]
    if not ahead:
        return ()
    found, seen = dict[PersonsMerged, None](), set[PersonId]()
    while ahead:
        person = ahead.pop()
        if person in seen:
            continue
        seen.add(person)
        here = (*known.of(MERGED_INTO, person), *known.of(MERGED_FROM, person))
        found |= dict.fromkeys(here)
        ahead += records_of(here)
    return tuple(found)


def records_of(mergers: Mergers) -> Iterable[PersonId]:
    """Return the records that these join, each once."""
    return dict.fromkeys(
        it for each in mergers for it in (each.survivor_id, each.merged_id)
    ).keys()


@informs(RegisterGraduate)
def of_the_university(asked: RegisterGraduate, known: Known) -> RegisterGraduate:
    """Вуз, который окончил выпускник (S0 V.2)."""
    return replace(asked, university=known.of(ORGANISATIONS, asked.university_id))


@informs(MergePersons)
def of_the_survivor(asked: MergePersons, known: Known) -> MergePersons:
    """Есть ли основная запись и стоит ли она сама (S1 7.2)."""
    return replace(asked, survivor=known.of(PEOPLE, asked.survivor_id))


@informs(DraftProgram)
def of_the_author(asked: DraftProgram, known: Known) -> DraftProgram:
    """Организация-разработчик (S1 4.3)."""
    return replace(asked, provider=known.of(ORGANISATIONS, asked.provider_org_id))


@informs(AssignExpertGroup)
def of_the_experts(asked: AssignExpertGroup, known: Known) -> AssignExpertGroup:
    """RU11: организации, от которых выступают эксперты, и где они работают (S0 III.1).

    Of whoever is in the registry with jobs: those of that day, of all his records.
    """
    speaking_for = (known.of(ORGANISATIONS, each.org_id) for each in asked.experts)
    working = (
        org_id
        for each in asked.experts
        for org_id in employed_at(known, each.person_id, asked.assigned_on)
    )
    return replace(asked, organisations=tuple(speaking_for), employers=frozenset(working))


def employed_at(known: Known, person: PersonId, day: date) -> Iterable[OrgId]:
    """Return where somebody works on a day, by all records of that human (S1 7.2)."""
    for each in {person, *records_of(mergers_around(known, person))}:
        teacher = TEACHER.state(known.history(each))
        jobs = () if isinstance(teacher, Nobody) else teacher.jobs.values()
        yield from filter(None, (it.org_on(day) for it in jobs))


@informs(GrantAccess)
def of_the_territory(asked: GrantAccess, known: Known) -> GrantAccess:
    """Есть ли территория, на которой дают доступ (S0 V)."""
    return replace(asked, territory_exists=exists(known, asked.territory))


def exists(known: Known, territory: Territory) -> bool:
    """Say whether every step of a path is there, and each within the one above."""
    match territory.split("/"):
        case [""]:
            return True
        case [region]:
            return known.of(REGIONS, named("region", region)) != NOWHERE
        case [region, oktmo]:
            place = known.of(MUNICIPALITIES, named("municipality", oktmo))
            return isinstance(place, Municipality) and place.added.region == region
        case [region, oktmo, org_id]:
            return is_there(known, region, oktmo, org_id)
        case _:
            return False


def is_there(known: Known, region: str, oktmo: str, org_id: str) -> bool:
    """Say whether an organisation stands where a path says; `-` is no municipality."""
    try:
        organisation = known.of(ORGANISATIONS, OrgId(UUID(org_id)))
    except ValueError:
        return False
    if isinstance(organisation, NoOrganisation):
        return False
    registered = organisation.registered
    return (registered.region, registered.oktmo or "-") == (region, oktmo)


INFORMED = (
    of_its_region,
    of_its_place,
    of_its_host,
    of_the_employer,
    of_the_new_employer,
    of_the_other_records,
    of_the_university,
    of_the_survivor,
    of_the_author,
    of_the_experts,
    of_the_territory,
)
