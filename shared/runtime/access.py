"""Who is asking, and what he may: OIDC access tokens and grants from facts."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from types import NoneType
from typing import Any
from uuid import UUID
from warnings import catch_warnings, simplefilter

import msgspec
from fastapi import Request
from joserfc import jwk, jws, jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, SecurityWarning

from shared.events.registry import Role
from shared.kernel.ids import Territory
from shared.runtime.grants import SUBJECT, Grant, covers, scopes_for
from shared.runtime.logs import log
from shared.runtime.problems import Problem, retry
from shared.runtime.settings import TrustedIssuer

LONGEST_TOKEN = 8192
BAR = "|"
"""Between the prefix of an issuer and its subject: neither a prefix nor a bare one has it."""

TYPES = ("at+jwt", "application/at+jwt", "jwt")
TIMES = ("exp", "nbf", "iat")
LEEWAY = 30
"""Seconds by which another clock may differ."""

REASONS = {
    "too long": "Токен слишком длинный",
    "unreadable": "Токен не читается",
    "issuer": "Токен выдан тем, кому служба не доверяет",
    "InvalidKeyIdError": "Токен подписан ключом, которого у издателя нет",
    "BadSignatureError": "Подпись токена неверна",
    "ExpiredTokenError": "Срок токена истёк",
    "exp": "У токена нет срока",
    "exp number": "Срок токена (exp) — не число секунд",
    "nbf number": "Начало срока токена (nbf) — не число секунд",
    "iat number": "Время выдачи токена (iat) — не число секунд",
    "nbf": "Срок токена ещё не наступил",
    "iat": "Срок токена ещё не наступил",
    "aud": "Токен выдан не для этой службы",
    "sub": "Токен не говорит, кто обращается",
    "bar": "В номере обращающегося — «|», а у издателя токена нет приставки",
    "typ": "Это не токен доступа",
}
"""What `Untrusted` says, as a person reads it."""

type Fetch = Callable[[str], Awaitable[bytes]]


class Untrusted(Exception):  # noqa: N818 - told to the caller as 401
    """This is no token of a trusted issuer for us, or no more. Quotes nothing of it."""


class KeysAway(Exception):  # noqa: N818 - told to the caller as 503
    """The keys of an issuer were never read, and cannot be read now."""


async def fetch(jwks: str) -> bytes:
    """Read a key set from a file or from an http(s) URL, within five seconds."""
    if not jwks.startswith(("http://", "https://")):
        return await asyncio.to_thread(Path(jwks).read_bytes)
    # read only where keys are fetched
    from httpx import AsyncClient, HTTPError  # noqa: PLC0415

    try:
        async with AsyncClient(timeout=5) as client:
            return (await client.get(jwks)).raise_for_status().content
    except HTTPError as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


@dataclass
class Shelf:
    """The keys of one issuer: read once, again when old or when a key is not there.

    However many unknown keys are named, the issuer is asked once in `PAUSE`.
    """

    PAUSE = timedelta(seconds=30)
    OLD = timedelta(hours=1)

    trusted: TrustedIssuer
    clock: Callable[[], datetime]
    fetch: Fetch
    keys: tuple[jwk.Key, ...] = ()
    asked_at: datetime | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def named(self, kid: str | None) -> jwk.KeySet:
        """Return the keys, read anew if this one is not among them."""
        if self._wanting(kid):
            async with self._lock:
                if self._wanting(kid):
                    await self._read()
        if not self.keys:
            raise KeysAway(self.trusted.issuer)
        return jwk.KeySet(list(self.keys))

    def _wanting(self, kid: str | None) -> bool:
        if self.asked_at is None:
            return True
        age = self.clock() - self.asked_at
        there = bool(self.keys) and kid in {None, *(key.kid for key in self.keys)}
        return age >= (self.OLD if there else self.PAUSE)

    async def _read(self) -> None:
        self.asked_at = self.clock()
        try:
            said = msgspec.json.decode(await self.fetch(self.trusted.jwks))
            self.keys = tuple(_keys(said["keys"]))
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.warning("keys of an issuer not read", error=type(error).__name__)


def _keys(said: Sequence[Mapping[str, Any]]) -> list[jwk.Key]:
    """Read what is understood; a shared secret is no issuer's key."""
    found: list[jwk.Key] = []
    for each in said:
        try:
            key = jwk.import_key(dict(each))
        except (JoseError, ValueError, LookupError, TypeError):
            continue
        if key.key_type != "oct":
            key.ensure_kid()
            found.append(key)
    return found


class Tokens:
    """Tells whose an access token is. `clock` gives UTC; `fetch` reads key sets."""

    def __init__(
        self,
        issuers: Sequence[TrustedIssuer],
        clock: Callable[[], datetime],
        fetch: Fetch = fetch,
    ) -> None:
        self._clock = clock
        self._shelves = {each.issuer: Shelf(each, clock, fetch) for each in issuers}

    async def subject(self, token: str) -> str:
        """Return the subject of a token, as rights name it. Raises `Untrusted`, `KeysAway`.

        What two issuers call the same are two (S0 V). Whatever else the token says of a
        person, a name for one, is left unread.
        """
        if len(token) > LONGEST_TOKEN:
            raise Untrusted("too long")
        issuer, kid = _peeked(token)
        shelf = self._shelves.get(issuer)
        if shelf is None:
            raise Untrusted("issuer")
        claims = self._proved(token, shelf.trusted, await shelf.named(kid))
        subject, prefix = claims["sub"], shelf.trusted.prefix
        if not prefix and BAR in subject:
            raise Untrusted("bar")
        known_as = f"{prefix}{BAR}{subject}" if prefix else subject
        if not subject or not SUBJECT.fullmatch(known_as):
            raise Untrusted("sub")
        return known_as

    def _proved(self, token: str, trusted: TrustedIssuer, keys: jwk.KeySet) -> dict[str, Any]:
        claimed = jwt.JWTClaimsRegistry(
            now=lambda: int(self._clock().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": trusted.issuer},
            aud={"essential": True, "value": trusted.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            with catch_warnings():  # an issuer may still say EdDSA for Ed25519
                simplefilter("ignore", SecurityWarning)
                proved = jwt.decode(token, keys, algorithms=list(trusted.algorithms))
            _require_times(proved.claims)
            claimed.validate(proved.claims)
        except (JoseError, ValueError, LookupError, TypeError) as error:
            raise Untrusted(_wrong(error)) from None
        if str(proved.header.get("typ", "")).lower() not in TYPES:
            raise Untrusted("typ")
        return proved.claims


def _require_times(claims: Mapping[str, Any]) -> None:
    """Raise `Untrusted` where a moment is there, and is no number."""
    for each in TIMES:
        if type(claims.get(each)) not in (int, float, NoneType):
            raise Untrusted(f"{each} number")


def _wrong(error: Exception) -> str:
    """Name the claim that is wrong or not there, else the kind of the error."""
    match error:
        case ClaimError() if not isinstance(error, ExpiredTokenError):
            return error.claim
        case _:
            return type(error).__name__


def _peeked(token: str) -> tuple[str, str | None]:
    """Return the issuer and the key that a token claims, nothing of it proved yet."""
    try:
        loose = jws.extract_compact(token.encode())
        issuer = msgspec.json.decode(loose.payload)["iss"]
        kid = loose.headers().get("kid")
    except (JoseError, ValueError, LookupError, TypeError, AttributeError):
        raise Untrusted("unreadable") from None
    if not isinstance(issuer, str) or not isinstance(kid, str | None):
        raise Untrusted("unreadable")
    return issuer, kid


@dataclass(frozen=True)
class Caller:
    """Whoever asks: the subject of the token, and the grants that are live today."""

    actor: str
    grants: tuple[Grant, ...]

    def scopes_for(self, roles: Collection[Role]) -> tuple[Territory, ...]:
        """Return where this caller has one of these roles, for the query."""
        return scopes_for(self.grants, roles)

    def has(self, *roles: Role) -> bool:
        """Say whether one of these roles is granted anywhere."""
        return any(each.role in roles for each in self.grants)

    @property
    def person(self) -> UUID | None:
        """Return the person that a caller with the role `self` is."""
        try:
            return UUID(self.actor.rpartition(BAR)[2]) if self.has("self") else None
        except ValueError:
            return None

    def reach(self, roles: Collection[Role]) -> tuple[Territory, ...]:
        """Return the scopes of these roles. Raises `Problem` 403 when there are none."""
        scopes = self.scopes_for(roles)
        if not scopes:
            raise forbidden()
        return scopes

    def may(self, roles: Collection[Role]) -> Callable[[Territory | None], bool]:
        """Return what says whether a fact of some place may be brought about."""
        scopes = self.scopes_for(roles)
        return lambda place: any(covers(each, place) for each in scopes)


class Access:
    """Turns an `Authorization` header into a `Caller`.

    `grants_of` reads the grants of a subject from the store: it blocks. Grants are
    compared with the day in UTC.
    """

    def __init__(
        self,
        tokens: Tokens,
        grants_of: Callable[[str], Sequence[Grant]],
        clock: Callable[[], datetime],
    ) -> None:
        self._tokens = tokens
        self._grants_of = grants_of
        self._clock = clock

    async def caller(self, authorization: str | None) -> Caller:
        """Return who asks. Raises `Problem` 401, or 503 when keys cannot be read."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unknown_caller()
        try:
            actor = await self._tokens.subject(token.strip())
        except Untrusted as why:
            raise unknown_caller(str(why)) from None
        except KeysAway:
            raise retry(5, "issuer-away") from None
        grants = await asyncio.to_thread(self._grants_of, actor)
        return Caller(actor, live(grants, self._clock().date()))


def live(grants: Sequence[Grant], day: date) -> tuple[Grant, ...]:
    """Return the grants that give a right on a day."""
    return tuple(each for each in grants if each.live(day))


@dataclass(frozen=True)
class Knock:
    """A dependency of a route: let in whoever has one of these roles (401, 403)."""

    access: Access
    roles: tuple[Role, ...]

    async def __call__(self, request: Request) -> Caller:
        """Return the caller. Raises `Problem`."""
        caller = await self.access.caller(request.headers.get("authorization"))
        if not caller.has(*self.roles):
            raise forbidden()
        return caller


def unknown_caller(why: str = "") -> Problem:
    """Answer 401, as RFC 6750 asks."""
    challenge = 'Bearer error="invalid_token"' if why else "Bearer"
    detail = REASONS.get(why, "Токен не прошёл проверку") if why else ""
    return Problem(401, "unknown-caller", detail, headers={"WWW-Authenticate": challenge})


def forbidden(detail: str = "", clause: str = "") -> Problem:
    """Answer 403, by a clause if one says so."""
    return Problem(403, "forbidden", detail, said={"clause": clause} if clause else None)
