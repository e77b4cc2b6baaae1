"""Доступы: S0 V."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.registry.domain import ACCESS, GrantAccess, RevokeAccess
from services.registry.domain.access import AccessCommand, Grant
from shared.events.registry import AccessFact, AccessGranted, AccessRevoked
from shared.kernel.ids import GrantId, Territory
from shared.testing.facts import DAY, a
from shared.testing.spec import Spec

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
ID = GrantId(UUID(int=71))
WHO = {"grant_id": ID, "grantee": "official-17"}
WHERE = {"role": "region", "territory": Territory("25")}
GIVE = a(GrantAccess, **WHO, **WHERE, territory_exists=True)
GIVEN = a(AccessGranted, **WHO, **WHERE)
REVOKE = a(RevokeAccess, grant_id=ID, reason="Переведён")
REVOKED = a(AccessRevoked, **WHO, reason="Переведён")

type GrantSpec = Spec[Grant, AccessCommand, AccessFact]


@pytest.fixture
def grant() -> GrantSpec:
    return Spec(ACCESS)


@pytest.mark.parametrize(
    ("role", "territory"),
    [
        ("federal", ""),
        ("region", "25"),
        ("municipality", "25/05701000"),
        ("organisation", "77/-/0190f3a0-0000-7000-8000-000000000001"),
        ("auditor", ""),
        ("auditor", "25/05701000"),
        ("self", ""),
        ("operator", ""),
    ],
)
def test_a_role_stands_at_its_level(grant: GrantSpec, role: str, territory: str) -> None:
    """S0 V: «субъекты управления» — каждый на своём уровне."""
    place = {"role": role, "territory": Territory(territory)}
    grant.when(replace(GIVE, **place))
    grant.then(replace(GIVEN, **place))


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((GIVEN,), GIVE),
        ((GIVEN, REVOKED), GIVE),
        ((GIVEN, REVOKED), REVOKE),
    ],
)
def test_access_is_already_so(
    grant: GrantSpec, past: tuple[AccessFact, ...], asked: AccessCommand
) -> None:
    grant.given(*past)
    grant.when(asked)
    grant.then()


@pytest.mark.parametrize(
    ("past", "asked"),
    [
        ((), replace(GIVE, role="federal")),
        ((), replace(GIVE, role="municipality")),
        ((), replace(GIVE, grantee=" ")),
        ((), replace(GIVE, territory_exists=False)),
        ((), replace(GIVE, until=BEFORE)),
        ((), REVOKE),
        ((GIVEN,), replace(GIVE, until=AFTER)),
        ((GIVEN,), replace(REVOKE, revoked_on=BEFORE)),
        ((GIVEN, REVOKED), replace(REVOKE, reason="Иное")),
    ],
)
def test_access_is_refused(
    grant: GrantSpec, past: tuple[AccessFact, ...], asked: AccessCommand
) -> None:
    grant.given(*past)
    grant.when(asked)
    grant.then_refused("S0 V")


def test_access_is_revoked(grant: GrantSpec) -> None:
    """S0 V: доступ даётся и отзывается."""
    grant.given(GIVEN)
    grant.when(REVOKE)
    grant.then(REVOKED)
