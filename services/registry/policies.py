"""What the registry's commands must know of its other streams."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any
from uuid import UUID

from services.registry.domain import (
    MUNICIPALITY,
    ORGANISATION,
    REGION,
    TEACHER,
    AddMunicipality,
    AddRegion,
    AssignExpertGroup,
    AwardCategory,
    CertifyProgram,
    ChangeEmployment,
    CloseOrganisation,
    CloseRegionalCentre,
    DetermineYouth,
    DraftProgram,
    EndEmployment,
    ErasePersonalData,
    GiveExpertOpinion,
    GrantAccess,
    LinkRoster,
    ListProgram,
    MergePersons,
    OpenRegionalCentre,
    RecordEducation,
    RegisterGraduate,
    RegisterOrganisation,
    RegisterTeacher,
    RevokeAccess,
    StartEmployment,
    SubmitProgram,
)
from services.registry.domain.human import eras_of
from services.registry.domain.organisation import NoOrganisation, Organisation
from services.registry.domain.people import Survivor
from services.registry.domain.territory import (
    NOWHERE,
    Municipality,
    MunicipalityState,
    RegionState,
)
from services.registry.domain.youth import Eras
from shared.events.registry import (
    AccessGranted,
    AccessRevoked,
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentStarted,
    ExpertGroupAssigned,
    ExpertOpinionGiven,
    GraduateRegistered,
    MunicipalityAdded,
    MunicipalityFact,
    OrganisationClosed,
    OrganisationFact,
    OrganisationRegistered,
    PersonalDataErased,
    PersonsMerged,
    ProgramCertified,
    ProgramDrafted,
    ProgramListed,
    ProgramSubmitted,
    QualificationCategoryAwarded,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
    RegionFact,
    RosterLinked,
    TeacherRegistered,
)
from shared.kernel import (
    Borrowed,
    Concerns,
    Known,
    Restated,
    Stands,
    informs,
    whenever,
    whenever_gone,
)
from shared.kernel.ids import EventId, Oktmo, OrgId, PersonId, Territory, named

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
    return replace(asked, organisation=organisation, human=human(known, asked.person_id))


@informs(ChangeEmployment)
def of_the_new_employer(asked: ChangeEmployment, known: Known) -> ChangeEmployment:
    """Организация, где теперь работают (S0 I), и другие записи человека (S1 7.2)."""
    organisation = known.of(ORGANISATIONS, asked.org_id)
    return replace(asked, organisation=organisation, human=human(known, asked.person_id))


@informs(DetermineYouth)
def of_the_other_records(asked: DetermineYouth, known: Known) -> DetermineYouth:
    """Другие записи того же человека (S1 7.2)."""
    return replace(asked, human=human(known, asked.person_id))


def human(known: Known, person: PersonId) -> Eras:
    """Return what the other records of a human say, since they are one; mostly nothing."""
    mergers = mergers_around(known, person)
    lives = {it: TEACHER.state(known.history(it)) for it in records_of(mergers)}
    return eras_of(person, mergers, lives)


def mergers_around(known: Known, *people: PersonId) -> Mergers:
    """Return all mergers that join these records to others, in chains."""
    found, seen, ahead = dict[PersonsMerged, None](), set[PersonId](), [*people]
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
    """RU11: организации, от которых выступают эксперты (S0 III.1)."""
    employers = (known.of(ORGANISATIONS, each.org_id) for each in asked.experts)
    return replace(asked, organisations=tuple(employers))


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


# ── When the registry itself speaks ─────────────────────────────────────────


@whenever(PersonalDataErased, name="registry.erase")
def one_human_is_erased_whole(
    said: PersonalDataErased, known: Known
) -> Iterator[ErasePersonalData]:
    """Уничтожают все записи человека: и слитые с этой, и основную (S1 5.5).

    Each says so for itself, and so along a chain of mergers to both its ends.
    """
    into = (each.survivor_id for each in known.of(MERGED_INTO, said.person_id))
    of = (each.merged_id for each in known.of(MERGED_FROM, said.person_id))
    for other in chain(into, of):
        yield ErasePersonalData(
            person_id=other,
            reason=said.reason,
            act_no=said.act_no,
            erased_on=said.occurred_on,
        )


type OfYouth = PersonsMerged | EmploymentStarted | EmploymentChanged | TeacherRegistered


def determined_anew(said: OfYouth, known: Known) -> Iterator[DetermineYouth]:
    """AM14: первая работа — первая из всех записей человека (S0 V.4, S1 7.2).

    Whoever's job or birthday it is says so for himself; of a merger all must.
    """
    if isinstance(said, PersonsMerged):
        these, itself = (said.survivor_id, said.merged_id), None
    else:
        these, itself = (said.person_id,), said.person_id
    others = records_of(mergers_around(known, *these))
    for each in dict.fromkeys(chain(these, others)):
        if each != itself:
            yield DetermineYouth(person_id=each)


one_human_is_young_once = whenever(
    PersonsMerged, EmploymentStarted, EmploymentChanged, name="registry.youth"
)(determined_anew)
and_is_so_anew = whenever_gone(
    PersonsMerged,
    EmploymentStarted,
    EmploymentChanged,
    TeacherRegistered,
    name="registry.youth anew",
)(determined_anew)


POLICIES = (one_human_is_erased_whole, one_human_is_young_once, and_is_so_anew)
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
BORROWED = (REGIONS, MUNICIPALITIES, ORGANISATIONS, PEOPLE, MERGED_INTO, MERGED_FROM)

# ── What is said anew passes what its command passes ────────────────────────

RESTATED = tuple(
    Restated(fact=fact, command=command, repeated=tuple(repeated))
    for fact, command, *repeated in (
        (RegionAdded, AddRegion),
        (MunicipalityAdded, AddMunicipality),
        (OrganisationRegistered, RegisterOrganisation),
        (OrganisationClosed, CloseOrganisation),
        (RegionalCentreOpened, OpenRegionalCentre, RegionalCentreClosed),
        (RegionalCentreClosed, CloseRegionalCentre),
        (TeacherRegistered, RegisterTeacher),
        (RosterLinked, LinkRoster),
        (EmploymentStarted, StartEmployment, EmploymentEnded),
        (EmploymentChanged, ChangeEmployment, EmploymentEnded),
        (EmploymentEnded, EndEmployment),
        (EducationRecorded, RecordEducation),
        (QualificationCategoryAwarded, AwardCategory),
        (GraduateRegistered, RegisterGraduate),
        (PersonsMerged, MergePersons),
        (PersonalDataErased, ErasePersonalData),
        (ProgramDrafted, DraftProgram),
        (ProgramSubmitted, SubmitProgram),
        (ExpertGroupAssigned, AssignExpertGroup),
        (ExpertOpinionGiven, GiveExpertOpinion),
        (ProgramCertified, CertifyProgram, ProgramListed),
        (ProgramListed, ListProgram),
        (AccessGranted, GrantAccess, AccessRevoked),
        (AccessRevoked, RevokeAccess),
    )
)

# ── What stands on what ─────────────────────────────────────────────────────

type OnRegion = MunicipalityAdded | OrganisationRegistered | RegionalCentreOpened
type OnOrganisation = (
    OrganisationRegistered
    | RegionalCentreOpened
    | EmploymentStarted
    | EmploymentChanged
    | GraduateRegistered
    | ProgramDrafted
    | ExpertGroupAssigned
)


def in_region(said: OnRegion) -> Iterator[UUID]:
    """Субъект РФ, в котором всё это лежит (S1 4.1)."""
    yield named("region", said.region)


def in_municipality(said: OrganisationRegistered) -> Iterator[UUID]:
    """Муниципальное образование организации (S1 4.1)."""
    if said.oktmo:
        yield named("municipality", said.oktmo)


def of_organisations(said: OnOrganisation) -> Iterator[UUID]:
    """Организации, без которых этого быть не могло (S0 I, S0 III, S1 4.1, S1 4.3)."""
    match said:
        case OrganisationRegistered():
            if said.parent_id:
                yield said.parent_id
        case RegionalCentreOpened():
            yield said.host_org_id
        case EmploymentStarted() | EmploymentChanged():
            yield said.org_id
        case GraduateRegistered():
            yield said.university_id
        case ProgramDrafted():
            yield said.provider_org_id
        case ExpertGroupAssigned():
            yield from (each.org_id for each in said.experts)


def into_survivor(said: PersonsMerged) -> Iterator[UUID]:
    """Основная запись, с которой слита другая (S1 7.2)."""
    yield said.survivor_id


STANDS: tuple[Stands[Any], ...] = (
    Stands(
        on=REGION.name,
        facts=(MunicipalityAdded, OrganisationRegistered, RegionalCentreOpened),
        streams=in_region,
    ),
    Stands(on=MUNICIPALITY.name, facts=(OrganisationRegistered,), streams=in_municipality),
    Stands(
        on=ORGANISATION.name,
        facts=(
            OrganisationRegistered,
            RegionalCentreOpened,
            EmploymentStarted,
            EmploymentChanged,
            GraduateRegistered,
            ProgramDrafted,
            ExpertGroupAssigned,
        ),
        streams=of_organisations,
    ),
    Stands(on=TEACHER.name, facts=(PersonsMerged,), streams=into_survivor),
)

# ── Whose records are concerned ─────────────────────────────────────────────


def both_records(said: PersonsMerged, _: Known) -> Iterator[UUID]:
    """Основная запись и та, что с нею слита (S1 7.2)."""
    yield said.survivor_id
    yield said.merged_id


def every_record(said: PersonalDataErased, known: Known) -> Iterable[UUID]:
    """Все записи, которые уничтожат вместе с этой (S1 5.5)."""
    found, ahead = dict[UUID, None](), [said.person_id]
    while ahead:
        found[record := ahead.pop()] = None
        into = (each.survivor_id for each in known.of(MERGED_INTO, record))
        of = (each.merged_id for each in known.of(MERGED_FROM, record))
        chained = (*into, *of)
        left = [each for each in chained if known.of(PEOPLE, each) != "erased"]
        ahead += [each for each in left if each not in found]
    return found


CONCERNS: tuple[Concerns[Any], ...] = (
    Concerns(
        facts=(PersonsMerged,),
        people=both_records,
        clause="S1 7.2",
        reason="Человек записан и на другой территории: сливает такие записи"
        " и исправляет слияние федеральный оператор",
        told=True,
    ),
    Concerns(
        facts=(PersonalDataErased,),
        people=every_record,
        clause="S1 5.5",
        reason="Человек записан и на другой территории: данные уничтожает федеральный оператор",
    ),
)
