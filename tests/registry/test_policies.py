"""What a command is told of the registry's other streams."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from services.registry.app import SERVICE
from services.registry.domain import (
    AddMunicipality,
    AssignExpertGroup,
    ChangeEmployment,
    DraftProgram,
    GrantAccess,
    MergePersons,
    OpenRegionalCentre,
    RegisterGraduate,
    RegisterOrganisation,
    StartEmployment,
)
from services.registry.domain.organisation import UNHEARD_OF
from services.registry.domain.territory import NOWHERE
from shared.events.registry import Expert, FactWithdrawn, PersonalDataErased, PersonsMerged
from shared.kernel import Recorded
from shared.kernel.ids import EventId, PersonId, RegionCode, Territory
from shared.testing.facts import a
from shared.testing.known import Heard, heard
from tests.registry.world import (
    AT_CLOSED_SCHOOL,
    AT_INSTITUTE,
    AT_SCHOOL,
    AT_UNIVERSITY,
    IN_MUNICIPALITY,
    IN_REGION,
    INSTITUTE,
    INSTITUTE_REGISTERED,
    MUNICIPALITY_ADDED,
    OKTMO,
    OTHER,
    PERSON,
    REGION,
    REGION_ADDED,
    REGISTERED,
    SCHOOL,
    SCHOOL_CLOSED,
    SCHOOL_REGISTERED,
    UNIVERSITY,
    UNIVERSITY_REGISTERED,
)

EVERYTHING = heard(
    REGION_ADDED,
    MUNICIPALITY_ADDED,
    SCHOOL_REGISTERED,
    UNIVERSITY_REGISTERED,
    INSTITUTE_REGISTERED,
    REGISTERED,
)
BOTH = (
    Expert(person_id=PersonId(UUID(int=1)), org_id=SCHOOL, region=REGION),
    Expert(person_id=PersonId(UUID(int=2)), org_id=UNIVERSITY, region=REGION),
)


def told(asked: Any, known: Heard) -> Any:
    [informed] = [it for it in SERVICE.informed if it.command is type(asked)]
    return informed.inform(asked, known)


@pytest.mark.parametrize(
    ("asked", "field", "answer", "ignorance"),
    [
        (a(AddMunicipality, region=REGION), "in_region", IN_REGION, NOWHERE),
        (a(RegisterOrganisation, region=REGION), "in_region", IN_REGION, NOWHERE),
        (
            a(RegisterOrganisation, oktmo=OKTMO),
            "in_municipality",
            IN_MUNICIPALITY,
            NOWHERE,
        ),
        (a(RegisterOrganisation), "in_municipality", NOWHERE, NOWHERE),
        (a(RegisterOrganisation, parent_id=SCHOOL), "parent", AT_SCHOOL, UNHEARD_OF),
        (a(RegisterOrganisation), "parent", UNHEARD_OF, UNHEARD_OF),
        (a(OpenRegionalCentre, region=REGION), "in_region", IN_REGION, NOWHERE),
        (
            a(OpenRegionalCentre, host_org_id=INSTITUTE),
            "host",
            AT_INSTITUTE,
            UNHEARD_OF,
        ),
        (a(StartEmployment, org_id=SCHOOL), "organisation", AT_SCHOOL, UNHEARD_OF),
        (a(ChangeEmployment, org_id=SCHOOL), "organisation", AT_SCHOOL, UNHEARD_OF),
        (
            a(RegisterGraduate, university_id=UNIVERSITY),
            "university",
            AT_UNIVERSITY,
            UNHEARD_OF,
        ),
        (a(MergePersons, survivor_id=PERSON), "survivor", "registered", "unknown"),
        (a(DraftProgram, provider_org_id=SCHOOL), "provider", AT_SCHOOL, UNHEARD_OF),
        (
            a(AssignExpertGroup, experts=BOTH),
            "organisations",
            (AT_SCHOOL, AT_UNIVERSITY),
            (UNHEARD_OF, UNHEARD_OF),
        ),
    ],
)
def test_a_command_is_told_what_is_known(
    asked: Any, field: str, answer: object, ignorance: object
) -> None:
    assert getattr(told(asked, EVERYTHING), field) == answer
    assert getattr(told(asked, heard()), field) == ignorance


@pytest.mark.parametrize(
    ("territory", "exists"),
    [
        ("", True),
        ("25", True),
        ("54", False),
        ("25/05701000", True),
        ("54/05701000", False),
        ("25/05702000", False),
        (f"25/05701000/{SCHOOL}", True),
        (f"25/-/{SCHOOL}", False),
        (f"25/-/{UNIVERSITY}", True),
        (f"54/-/{UNIVERSITY}", False),
        (f"25/-/{PERSON}", False),
        ("25/-/school", False),
        (f"25/05701000/{SCHOOL}/5a", False),
    ],
)
def test_a_territory_is_there_step_by_step(territory: str, *, exists: bool) -> None:
    asked = a(GrantAccess, territory=Territory(territory))

    assert told(asked, EVERYTHING).territory_exists is exists


def test_a_merged_record_is_no_survivor() -> None:
    merged = a(PersonsMerged, survivor_id=OTHER, merged_id=PERSON)
    asked = a(MergePersons, survivor_id=PERSON)

    assert told(asked, heard(REGISTERED, merged)).survivor == "merged"


def test_a_closed_organisation_is_known_as_closed() -> None:
    known = heard(SCHOOL_REGISTERED, SCHOOL_CLOSED)

    assert told(a(StartEmployment, org_id=SCHOOL), known).organisation == (AT_CLOSED_SCHOOL)


def test_what_is_withdrawn_is_not_known() -> None:
    one, two = EventId(UUID(int=1)), EventId(UUID(int=2))
    said: Sequence[Any] = [
        Recorded(event_id=one, fact=REGION_ADDED),
        Recorded(event_id=two, fact=a(FactWithdrawn, withdraws=one)),
    ]
    asked = a(AddMunicipality, region=RegionCode("25"))

    assert told(asked, Heard(*said)).in_region == NOWHERE


ONE, TWO, THREE, FOUR = (PersonId(UUID(int=n)) for n in (31, 32, 33, 34))
CHAIN = tuple(
    a(PersonsMerged, merged_id=merged, survivor_id=survivor)
    for merged, survivor in ((ONE, TWO), (TWO, THREE), (FOUR, THREE))
)


@pytest.mark.parametrize(
    ("erased", "concerned"),
    [
        ((), {ONE, TWO, THREE, FOUR}),
        ((TWO,), {FOUR, THREE}),
        ((ONE, FOUR), {TWO, THREE}),
    ],
)
def test_an_erasure_concerns_every_record_that_it_erases(
    erased: Sequence[PersonId], concerned: set[PersonId]
) -> None:
    """S1 5.5, ADR 0033: право нужно на каждую; уничтоженная раньше дальше не ведёт."""
    known = heard(*CHAIN, *(a(PersonalDataErased, person_id=each) for each in erased))

    assert people(a(PersonalDataErased, person_id=THREE), known) == concerned


def test_a_merger_concerns_both_records() -> None:
    """S1 7.2: право нужно и на основную запись, и на ту, что с нею сливают."""
    assert people(CHAIN[0], heard()) == {ONE, TWO}


def people(said: Any, known: Heard) -> set[UUID]:
    """Return whose records a fact concerns."""
    [concern] = [each for each in SERVICE.concerns if isinstance(said, each.facts)]
    return set(concern.people(said, known))
