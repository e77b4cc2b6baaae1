"""Identifiers: opaque outside, unmistakable inside. Some of them name a stream."""

from functools import lru_cache
from hashlib import sha1
from typing import NewType
from uuid import UUID

CentreId = NewType("CentreId", UUID)
CommandId = NewType("CommandId", UUID)
CompetencyId = NewType("CompetencyId", UUID)
DeficitId = NewType("DeficitId", UUID)
EmploymentId = NewType("EmploymentId", UUID)
EnrolmentId = NewType("EnrolmentId", UUID)
EventId = NewType("EventId", UUID)
GrantId = NewType("GrantId", UUID)
InstrumentId = NewType("InstrumentId", UUID)
KeyId = NewType("KeyId", UUID)
MethodistId = NewType("MethodistId", UUID)
OrgId = NewType("OrgId", UUID)
PairId = NewType("PairId", UUID)
PersonId = NewType("PersonId", UUID)
ProgramId = NewType("ProgramId", UUID)
RouteId = NewType("RouteId", UUID)
RouteItemId = NewType("RouteItemId", UUID)
SessionId = NewType("SessionId", UUID)
SupportId = NewType("SupportId", UUID)

KpiId = NewType("KpiId", str)
Oktmo = NewType("Oktmo", str)
RegionCode = NewType("RegionCode", str)
Territory = NewType("Territory", str)
"""A path down the tree: `25`, `25/05701`, `25/05701/<org_id>`; `77/-/<org_id>` where
the municipal level is skipped (S4 2.1); the empty path is the whole country."""

NAMES = UUID("6d65746f-6469-4b61-8000-000000000001")
"""The namespace in which things that have a natural key get their id."""


_namespace = sha1(NAMES.bytes, usedforsecurity=False)
_NAME = ~(0xF000 << 64 | 0xC000 << 48)
_VERSION_5 = 0x5000 << 64 | 0x8000 << 48  # RFC 9562, 5.5


@lru_cache(maxsize=4096)
def named(*parts: str) -> UUID:
    """Return the one id of a thing with a natural key: `named("region", "25")`.

    It is `uuid5(NAMES, …)`, in half of its time.
    """
    said = _namespace.copy()
    said.update("/".join(parts).encode())
    return UUID(int=int.from_bytes(said.digest()[:16]) & _NAME | _VERSION_5)
