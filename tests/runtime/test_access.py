"""Access: a token says who, facts say what, where and until when."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from shared.events.mentoring import MentorshipPairFormed
from shared.events.monitoring import KpiTargetSet
from shared.events.registry import (
    AccessGranted,
    AccessRevoked,
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    MunicipalityAdded,
    OrganisationRegistered,
    ProgramCertified,
    ProgramDrafted,
    Role,
    TeacherRegistered,
)
from shared.kernel.ids import GrantId, OrgId, PersonId, ProgramId, Territory, named
from shared.runtime.access import REASONS, Access, Caller, KeysAway, Tokens, Untrusted
from shared.runtime.grants import GRANTS, Grant, covers, widest
from shared.runtime.issuer import LocalIssuer
from shared.runtime.problems import Problem
from shared.runtime.settings import TrustedIssuer
from shared.runtime.territory import HOME, territory_of
from shared.testing.facts import DAY, a
from shared.testing.known import heard

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ISS = TrustedIssuer(issuer="https://id", audience="metodika", jwks="https://id/keys")
CLAIMS = {
    "iss": "https://id",
    "sub": "official-1",
    "aud": ["other", "metodika"],
    "exp": int(NOW.timestamp()) + 600,
}
KEYS: dict[str, OKPKey | ECKey | RSAKey] = {
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "eddsa"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "es"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "rs"}),
}


class Issuer:
    """Serves keys, and counts how often it was asked."""

    def __init__(self, *keys: Any) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.away = False

    async def fetch(self, _: str) -> bytes:
        self.asked += 1
        if self.away:
            raise OSError
        return msgspec.json.encode(KeySet(self.keys).as_dict(private=False))


@pytest.fixture
def issuer() -> Issuer:
    return Issuer(*KEYS.values())


def subject(issuer: Issuer, token: str, at: datetime = NOW) -> str:
    return asyncio.run(Tokens([ISS], lambda: at, issuer.fetch).subject(token))


def token(alg: str = "Ed25519", key: Any = None, header: Any = None, **claims: Any) -> str:
    key = key or KEYS[alg]
    head = {"alg": alg, "typ": "at+jwt", "kid": key.kid} | (header or {})
    said = {k: v for k, v in (CLAIMS | claims).items() if v is not None}
    return jwt.encode(head, said, key, algorithms=[alg])


OTHER = TrustedIssuer(
    issuer="https://id25", audience="metodika", jwks="https://id25/keys", prefix="r25"
)


@pytest.mark.parametrize(
    ("iss", "sub", "who"),
    [
        ("https://id", "federal-1", "federal-1"),
        ("https://id25", "federal-1", "r25|federal-1"),
        ("https://id25", "r25|federal-1", "r25|r25|federal-1"),
        ("https://id", "r25|federal-1", None),
        ("https://id25", "x" * 197, None),
    ],
)
def test_whose_subject_it_is(issuer: Issuer, iss: str, sub: str, who: str | None) -> None:
    """S0 V: номер у одного издателя — не тот, кто под этим номером у другого."""
    tokens = Tokens([ISS, OTHER], lambda: NOW, issuer.fetch)
    asked = tokens.subject(token(iss=iss, sub=sub))
    if who is None:
        with pytest.raises(Untrusted):
            asyncio.run(asked)
    else:
        assert asyncio.run(asked) == who


@pytest.mark.parametrize("prefix", ["", "r25|"])
def test_a_person_is_who_an_official_said(prefix: str) -> None:
    """S0 V: `self` даётся тому, кого называет издатель; человек — по номеру."""
    own = Grant(GrantId(UUID(int=1)), "self", Territory(""), NOW.date(), None)
    assert Caller(f"{prefix}{UUID(int=7)}", (own,)).person == UUID(int=7)
    assert Caller(f"{prefix}{UUID(int=7)}", ()).person is None


@pytest.mark.parametrize("alg", list(KEYS))
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_an_issuer_may_sign_in_several_ways(issuer: Issuer, alg: str) -> None:
    assert subject(issuer, token(alg)) == "official-1"


NUMBER = int(NOW.timestamp())


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other"},
        {"iss": None},
        {"iss": 5},
        {"aud": "other"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "Иванов"},
        {"sub": "a b"},
        {"sub": "a" * 201},
        {"sub": 7},
        {"exp": NUMBER - 60},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": NUMBER + 60},
        {"iat": NUMBER + 60},
        {"header": {"typ": "logout+jwt"}},
        {"header": {"typ": "id+jwt"}},
    ],
)
def test_a_token_that_is_not_for_us_now(issuer: Issuer, wrong: dict[str, Any]) -> None:
    with pytest.raises(Untrusted) as why:
        subject(issuer, token(**wrong))
    assert "Иванов" not in str(why.value)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": None}, "У токена нет срока"),
        ({"exp": "soon"}, "Срок токена (exp) — не число секунд"),
        ({"exp": True}, "Срок токена (exp) — не число секунд"),
        ({"nbf": "soon"}, "Начало срока токена (nbf) — не число секунд"),
        ({"iat": []}, "Время выдачи токена (iat) — не число секунд"),
        ({"nbf": NUMBER + 60}, "Срок токена ещё не наступил"),
    ],
)
def test_what_is_wrong_with_its_time_is_told(
    issuer: Issuer, claims: dict[str, Any], why: str
) -> None:
    """contracts §7: срока нет — одно, срок не число — другое."""
    with pytest.raises(Untrusted) as told:
        subject(issuer, token(**claims))

    assert REASONS[str(told.value)] == why


def test_a_token_signed_by_another(issuer: Issuer) -> None:
    other = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    with pytest.raises(Untrusted, match="BadSignature"):
        subject(issuer, token(key=other))


def test_a_shared_secret_proves_nothing(issuer: Issuer) -> None:
    secret = OctKey.import_key(str(KEYS["RS256"]["n"]), {"kid": "rs"})
    with pytest.raises(Untrusted):
        subject(issuer, token("HS256", key=secret))


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "e30.e30.", "\x00", "x" * 9000])
def test_what_is_no_token(issuer: Issuer, text: str) -> None:
    with pytest.raises(Untrusted):
        subject(issuer, text)


@given(st.text(max_size=200))
def test_no_text_breaks_the_door(text: str) -> None:
    with pytest.raises(Untrusted):
        subject(Issuer(KEYS["ES256"]), text)


def test_keys_are_read_once_and_again_when_one_is_new() -> None:
    issuer, now = Issuer(KEYS["ES256"]), NOW
    tokens = Tokens([ISS], lambda: now, issuer.fetch)

    async def story() -> None:
        nonlocal now
        await asyncio.gather(*(tokens.subject(token("ES256")) for _ in range(5)))
        assert issuer.asked == 1
        issuer.keys.append(KEYS["Ed25519"])
        for _ in range(3):  # too soon: whoever names unknown keys costs nothing
            with pytest.raises(Untrusted):
                await tokens.subject(token())
        assert issuer.asked == 1
        now = NOW + timedelta(minutes=1)
        assert await tokens.subject(token()) == "official-1"
        issuer.away = True
        now = NOW + timedelta(hours=2)
        for _ in range(3):  # the old keys serve while the issuer is away
            fresh = token(exp=int(now.timestamp()) + 600)
            assert await tokens.subject(fresh) == "official-1"
        assert issuer.asked == 3

    asyncio.run(story())


def test_without_any_keys_nobody_is_judged(issuer: Issuer) -> None:
    issuer.away = True
    with pytest.raises(KeysAway):
        subject(issuer, token())


def test_the_local_issuer_keeps_its_key(tmp_path: Path) -> None:
    first, again = LocalIssuer(tmp_path), LocalIssuer(tmp_path)
    tokens = Tokens([again.trusted()], lambda: NOW)
    said = first.issue("official-1", now=NOW, name="Иванов Иван")
    assert asyncio.run(tokens.subject(said)) == "official-1"
    assert (tmp_path / "issuer.jwk").stat().st_mode & 0o777 == 0o600
    assert "d" not in first.jwks()["keys"][0]
    late = Tokens([again.trusted()], lambda: NOW + timedelta(days=1))
    with pytest.raises(Untrusted, match="Expired"):
        asyncio.run(late.subject(said))


# ── Grants ──────────────────────────────────────────────────────────────────

WHO = "official-1"
ME = named("grantee", WHO)


def granted(role: Role, territory: str, until: date | None = None, n: int = 1) -> AccessGranted:
    return AccessGranted(
        grant_id=GrantId(UUID(int=n)),
        grantee=WHO,
        role=role,
        territory=Territory(territory),
        until=until,
        occurred_on=date(2026, 1, 1),
    )


def revoked(on: date, n: int = 1) -> AccessRevoked:
    return AccessRevoked(grant_id=GrantId(UUID(int=n)), grantee=WHO, reason="", occurred_on=on)


def caller(*facts: Any, on: date = date(2026, 6, 1)) -> Caller:
    grants = heard(*facts).of(GRANTS, ME)
    return Caller(WHO, tuple(each for each in grants if each.live(on)))


def test_a_grant_gives_a_role_on_a_territory() -> None:
    asking = caller(granted("region", "25"))
    assert asking.scopes_for(("region", "federal")) == ("25",)
    assert asking.scopes_for(("federal",)) == ()
    with pytest.raises(Problem):
        asking.reach(("federal",))


@pytest.mark.parametrize(
    ("facts", "on", "has"),
    [
        ([granted("region", "25")], date(2025, 12, 31), False),
        ([granted("region", "25", date(2026, 6, 1))], date(2026, 6, 1), True),
        ([granted("region", "25", date(2026, 6, 1))], date(2026, 6, 2), False),
        ([granted("region", "25"), revoked(date(2026, 6, 1))], date(2026, 5, 31), True),
        ([granted("region", "25"), revoked(date(2026, 6, 1))], date(2026, 6, 1), False),
        ([granted("region", "25"), revoked(date(2026, 2, 1), 2)], date(2026, 6, 1), True),
    ],
)
def test_a_grant_has_its_days(facts: list[Any], on: date, *, has: bool) -> None:
    assert caller(*facts, on=on).has("region") is has


@pytest.mark.parametrize(
    ("role", "territory"),
    [("region", ""), ("region", "25/05701"), ("federal", "25"), ("organisation", "25")],
)
def test_a_role_elsewhere_than_at_its_level_gives_nothing(role: Role, territory: str) -> None:
    assert not caller(granted(role, territory)).has(role)


def test_self_and_operator_reach_no_territory() -> None:
    asking = caller(granted("operator", ""), granted("self", "25", n=2))
    assert asking.scopes_for(("operator", "self")) == ()
    assert asking.person is None
    me = Caller(str(UUID(int=9)), asking.grants)
    assert me.person == UUID(int=9)


def test_a_scope_covers_what_lies_below_it() -> None:
    assert covers(Territory("25"), Territory("25/05701"))
    assert not covers(Territory("25"), Territory("250"))
    assert not covers(Territory("25/05701"), Territory("25"))
    assert not covers(Territory("25"), None)
    assert covers(Territory(""), None)


def test_of_two_scopes_the_wider_is_asked_for() -> None:
    said = map(Territory, ["25/05701", "77", "25", "25"])
    assert widest(said) == ("25", "77")


def test_may_is_asked_about_the_place_of_the_new_facts() -> None:
    may = caller(granted("region", "25")).may(("region",))
    assert may(Territory("25/05701"))
    assert not may(Territory("77"))
    assert not may(None)


def test_the_door_answers_401_and_never_believes_a_body(tmp_path: Path) -> None:
    local = LocalIssuer(tmp_path)
    grant = Grant(GrantId(ME), "region", Territory("25"), DAY, None)
    asked: list[str] = []

    def grants_of(who: str) -> list[Grant]:
        asked.append(who)
        return [grant]

    access = Access(Tokens([local.trusted()], lambda: NOW), grants_of, lambda: NOW)
    said = f"Bearer {local.issue(WHO, now=NOW)}"
    assert asyncio.run(access.caller(said)) == Caller(WHO, (grant,))
    for wrong in (None, "", "Bearer", "Bearer x", f"Basic {said[7:]}"):
        with pytest.raises(Problem) as why:
            asyncio.run(access.caller(wrong))
        assert why.value.status == 401
        assert "WWW-Authenticate" in why.value.headers
    assert asked == [WHO]


# ── Places ──────────────────────────────────────────────────────────────────

SCHOOL, CITY = OrgId(UUID(int=71)), OrgId(UUID(int=72))
PERSON = PersonId(UUID(int=73))
PLACES = (
    a(OrganisationRegistered, org_id=SCHOOL, region="25", oktmo="05701"),
    a(OrganisationRegistered, org_id=CITY, region="77", oktmo=None),
)


def works(org: OrgId, n: int, *, is_main: bool = True) -> EmploymentStarted:
    return a(
        EmploymentStarted,
        person_id=PERSON,
        org_id=org,
        employment_id=UUID(int=n),
        is_main=is_main,
    )


def ended(org: OrgId, n: int) -> EmploymentEnded:
    return a(EmploymentEnded, person_id=PERSON, org_id=org, employment_id=UUID(int=n))


PROGRAM = ProgramId(UUID(int=74))
AT_SCHOOL, AT_CITY = f"25/05701/{SCHOOL}", f"77/-/{CITY}"


@pytest.mark.parametrize(
    ("before", "said", "place"),
    [
        ([], PLACES[0], AT_SCHOOL),
        ([], a(MunicipalityAdded, region="25", oktmo="05701"), "25/05701"),
        ([], a(KpiTargetSet, territory=Territory("25")), "25"),
        ([], a(KpiTargetSet, territory=Territory("")), None),
        (PLACES, works(CITY, 1), AT_CITY),
        ([], works(CITY, 1), "elsewhere"),
        ([], a(TeacherRegistered, person_id=PERSON), "elsewhere"),
        (
            [*PLACES, works(SCHOOL, 1)],
            a(MentorshipPairFormed, mentee_id=PERSON),
            AT_SCHOOL,
        ),
        (
            [*PLACES, a(ProgramDrafted, program_id=PROGRAM, provider_org_id=CITY)],
            a(ProgramCertified, program_id=PROGRAM),
            AT_CITY,
        ),
        ([], a(ProgramCertified, program_id=PROGRAM), None),
        ([granted("region", "25")], revoked(DAY), "25"),
        ([], revoked(DAY), None),
        ([works(SCHOOL, 1)], a(FactWithdrawn), "elsewhere"),
    ],
)
def test_a_fact_stands_where_its_fields_lead(
    before: list[Any], said: Any, place: str | None
) -> None:
    found, _ = territory_of(said, heard(*before), otherwise=Territory("elsewhere"))
    assert found == place


@pytest.mark.parametrize(
    ("life", "home"),
    [
        ([], None),
        ([works(SCHOOL, 1)], SCHOOL),
        ([works(SCHOOL, 1), works(CITY, 2, is_main=False)], SCHOOL),
        ([works(SCHOOL, 1), works(CITY, 2)], CITY),
        ([works(SCHOOL, 1), works(CITY, 2), ended(CITY, 2)], SCHOOL),
        ([works(SCHOOL, 1), ended(SCHOOL, 1)], SCHOOL),
    ],
)
def test_a_person_is_at_home_where_the_main_work_is(
    life: list[Any], home: OrgId | None
) -> None:
    assert heard(*life).of(HOME, PERSON).org_id == home
