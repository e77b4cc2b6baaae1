"""A local issuer of access tokens: for the embedded world and for tests."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from shared.runtime.secret_file import kept
from shared.runtime.settings import TrustedIssuer

ISSUER = "urn:metodika:local"
AUDIENCE = "metodika"
ALGORITHM = "Ed25519"


class LocalIssuer:
    """Signs with an Ed25519 key that lies in the world folder, its owner's alone."""

    def __init__(self, world: Path) -> None:
        made = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        stored = kept(world / "issuer.jwk", msgspec.json.encode(made.as_dict(private=True)))
        self._key = OKPKey.import_key(msgspec.json.decode(stored))
        self._jwks = world / "issuer.jwks.json"
        if not self._jwks.exists():
            self._jwks.write_bytes(msgspec.json.encode(self.jwks()))

    def issue(
        self,
        sub: str,
        *,
        now: datetime,
        ttl: timedelta = timedelta(hours=8),
        aud: str = AUDIENCE,
        **claims: Any,
    ) -> str:
        """Return an access token that says who somebody is, and nothing else."""
        said = {
            "iss": ISSUER,
            "sub": sub,
            "aud": aud,
            "iat": int(now.timestamp()),
            "exp": int((now + ttl).timestamp()),
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, said | claims, self._key, algorithms=[ALGORITHM])

    def jwks(self) -> dict[str, Any]:
        """Return the public key set."""
        return dict(KeySet([self._key]).as_dict(private=False))

    def trusted(self) -> TrustedIssuer:
        """Return what makes a service believe these tokens."""
        return TrustedIssuer(
            issuer=ISSUER,
            audience=AUDIENCE,
            jwks=str(self._jwks),
            algorithms=(ALGORITHM,),
        )
