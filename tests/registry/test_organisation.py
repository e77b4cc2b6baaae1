"""Организации (S1 4.1) и ЦНППМ (S0 III, S1 2)."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.registry.domain import (
    CENTRE,
    ORGANISATION,
    CloseOrganisation,
    CloseRegionalCentre,
    OpenRegionalCentre,
)
from services.registry.domain.organisation import (
    UNHEARD_OF,
    Centre,
    CentreCommand,
    Organisation,
    OrganisationCommand,
    works_on,
)
from services.registry.domain.territory import NOWHERE
from shared.events.registry import (
    CentreFact,
    OrganisationFact,
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.kernel.ids import CentreId, RegionCode
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec
from tests.registry.world import (
    AT_CLOSED_SCHOOL,
    AT_INSTITUTE,
    AT_SCHOOL,
    IN_REGION,
    INSTITUTE,
    REGION,
    REGISTER_SCHOOL,
    SCHOOL,
    SCHOOL_CLOSED,
    SCHOOL_REGISTERED,
)

BEFORE = DAY - timedelta(days=1)
CLOSE = a(CloseOrganisation, org_id=SCHOOL, reason="Слита")
CENTRE_ID = CentreId(UUID(int=31))
INAUGURATE = a(
    OpenRegionalCentre,
    centre_id=CENTRE_ID,
    region=REGION,
    host_org_id=INSTITUTE,
    in_region=IN_REGION,
    host=AT_INSTITUTE,
)
INAUGURATED = a(RegionalCentreOpened, centre_id=CENTRE_ID, region=REGION, host_org_id=INSTITUTE)
WIND_UP = a(CloseRegionalCentre, centre_id=CENTRE_ID)
WOUND_UP = a(RegionalCentreClosed, centre_id=CENTRE_ID, region=REGION, host_org_id=INSTITUTE)

type OrgSpec = Spec[Organisation, OrganisationCommand, OrganisationFact]
type CentreSpec = Spec[Centre, CentreCommand, CentreFact]


@pytest.fixture
def organisation() -> OrgSpec:
    return Spec(ORGANISATION)


@pytest.fixture
def centre() -> CentreSpec:
    return Spec(CENTRE)


def test_an_organisation_is_registered_where_it_is(organisation: OrgSpec) -> None:
    """S1 4.1: «В состав РС НМС входят …»."""
    organisation.when(REGISTER_SCHOOL)
    organisation.then(SCHOOL_REGISTERED)


def test_where_there_are_no_municipalities_none_is_asked(organisation: OrgSpec) -> None:
    """S4 2.1: два уровня — город и образовательная организация."""
    organisation.when(replace(REGISTER_SCHOOL, oktmo=None, in_municipality=NOWHERE))
    organisation.then(replace(SCHOOL_REGISTERED, oktmo=None))


def test_an_organisation_stands_under_another(organisation: OrgSpec) -> None:
    under = {"parent_id": INSTITUTE, "parent": AT_INSTITUTE}
    organisation.when(replace(REGISTER_SCHOOL, **under))
    organisation.then(replace(SCHOOL_REGISTERED, parent_id=INSTITUTE))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"in_region": NOWHERE},
        {"in_municipality": NOWHERE},
        {"region": RegionCode("54")},
        {"parent_id": INSTITUTE},
        {"parent_id": SCHOOL, "parent": AT_SCHOOL},
        {"parent_id": INSTITUTE, "parent": AT_CLOSED_SCHOOL},
    ],
)
def test_an_organisation_without_a_place_is_refused(
    organisation: OrgSpec, wrong: dict[str, object]
) -> None:
    organisation.when(replace(REGISTER_SCHOOL, **wrong))
    organisation.then_refused("S1 4.1")


def test_an_organisation_is_closed(organisation: OrgSpec) -> None:
    organisation.given(SCHOOL_REGISTERED)
    organisation.when(CLOSE)
    organisation.then(SCHOOL_CLOSED)


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((SCHOOL_REGISTERED,), REGISTER_SCHOOL),
        ((SCHOOL_REGISTERED, SCHOOL_CLOSED), REGISTER_SCHOOL),
        ((SCHOOL_REGISTERED, SCHOOL_CLOSED), CLOSE),
    ],
)
def test_an_organisation_is_already_so(
    organisation: OrgSpec, past: tuple[OrganisationFact, ...], asked: OrganisationCommand
) -> None:
    organisation.given(*past)
    organisation.when(asked)
    organisation.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), CLOSE),
        ((SCHOOL_REGISTERED,), replace(CLOSE, closed_on=BEFORE)),
        ((SCHOOL_REGISTERED,), replace(REGISTER_SCHOOL, name="Лицей")),
        ((SCHOOL_REGISTERED, SCHOOL_CLOSED), replace(CLOSE, reason="Иное")),
    ],
)
def test_an_organisation_is_not_changed_so(
    organisation: OrgSpec, past: tuple[OrganisationFact, ...], asked: OrganisationCommand
) -> None:
    organisation.given(*past)
    organisation.when(asked)
    organisation.then_refused("S1 4.1")


def test_a_closed_organisation_works_until_the_day_before() -> None:
    assert works_on(AT_CLOSED_SCHOOL, BEFORE) == SCHOOL_REGISTERED
    assert works_on(AT_CLOSED_SCHOOL, DAY) is None
    assert works_on(UNHEARD_OF, DAY) is None


def test_a_region_gets_its_centre(centre: CentreSpec) -> None:
    """RU1: «ЦНППМ … структурное подразделение организации» (S0 III)."""
    centre.when(INAUGURATE)
    centre.then(INAUGURATED)


def test_a_centre_may_be_a_legal_entity(centre: CentreSpec) -> None:
    """S1 2: «… или юридическое лицо»."""
    asked = replace(INAUGURATE, legal_form="legal_entity", host_org_id=SCHOOL, host=AT_SCHOOL)
    centre.when(asked)
    centre.then(replace(INAUGURATED, legal_form="legal_entity", host_org_id=SCHOOL))


@pytest.mark.parametrize(
    ("wrong", "clause"),
    [
        ({"in_region": NOWHERE}, "S0 III"),
        ({"host": UNHEARD_OF}, "S0 III"),
        ({"host": AT_CLOSED_SCHOOL}, "S0 III"),
        ({"region": RegionCode("54")}, "S0 III"),
        ({"host": AT_SCHOOL}, "S1 2"),
    ],
)
def test_a_centre_needs_its_region_and_host(
    centre: CentreSpec, wrong: dict[str, object], clause: str
) -> None:
    centre.when(replace(INAUGURATE, **wrong))
    centre.then_refused(clause)


def test_a_centre_is_closed(centre: CentreSpec) -> None:
    centre.given(INAUGURATED)
    centre.when(WIND_UP)
    centre.then(WOUND_UP)


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((INAUGURATED,), INAUGURATE),
        ((INAUGURATED, WOUND_UP), INAUGURATE),
        ((INAUGURATED, WOUND_UP), WIND_UP),
    ],
)
def test_a_centre_is_already_so(
    centre: CentreSpec, past: tuple[CentreFact, ...], asked: CentreCommand
) -> None:
    centre.given(*past)
    centre.when(asked)
    centre.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), WIND_UP),
        ((INAUGURATED,), replace(INAUGURATE, opened_on=BEFORE)),
        ((INAUGURATED,), replace(WIND_UP, closed_on=BEFORE)),
        ((INAUGURATED, WOUND_UP), replace(WIND_UP, closed_on=DAY + timedelta(1))),
    ],
)
def test_a_centre_is_not_changed_so(
    centre: CentreSpec, past: tuple[CentreFact, ...], asked: CentreCommand
) -> None:
    centre.given(*past)
    centre.when(asked)
    centre.then_refused("S0 III")
