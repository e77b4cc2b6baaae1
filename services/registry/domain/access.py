"""A grant: Nothing ─ grant ▶ in force ─ revoke ▶ revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.events.registry import AccessFact, AccessGranted, AccessRevoked, Role
from shared.kernel import Decider, Refused, Told, command, only_same, require
from shared.kernel.ids import GrantId, Territory

DEPTHS: dict[Role, tuple[int, ...]] = {
    "federal": (0,),
    "region": (1,),
    "municipality": (2,),
    "organisation": (3,),
    "self": (0, 1, 2, 3),
    "auditor": (0, 1, 2, 3),
    "operator": (0, 1, 2, 3),
}
"""How many steps down the tree a role may stand: `25/05701/<org_id>` is three."""

# ── Commands ────────────────────────────────────────────────────────────────


@command
class GrantAccess:
    """Дать доступ: роль на территории до срока."""

    grant_id: GrantId
    grantee: str
    role: Role
    territory: Territory
    until: date | None
    granted_on: date
    territory_exists: Told[bool] = False


@command
class RevokeAccess:
    """Отозвать доступ."""

    grant_id: GrantId
    reason: str
    revoked_on: date


type AccessCommand = GrantAccess | RevokeAccess

# ── States ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NoGrant:
    """Nothing is granted."""


@dataclass(frozen=True)
class InForce:
    """A grant."""

    granted: AccessGranted


@dataclass(frozen=True)
class TakenBack:
    """A grant that was; who needs it again gets another."""

    granted: AccessGranted
    revoked: AccessRevoked


type Grant = NoGrant | InForce | TakenBack

# ── Decide ──────────────────────────────────────────────────────────────────


def decide(grant: Grant, asked: AccessCommand) -> Sequence[AccessFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match grant, asked:
        case NoGrant(), GrantAccess():
            return [give(asked)]
        case InForce(granted), RevokeAccess():
            return [take_back(granted, asked)]

        case InForce(granted) | TakenBack(granted), GrantAccess():
            why = "Доступ уже дан иначе; другой доступ — другая запись"
            return only_same(granted, give(asked), clause="S0 V", reason=why)
        case TakenBack(granted, revoked), RevokeAccess():
            why = "Доступ уже отозван иначе"
            again = take_back(granted, asked)
            return only_same(revoked, again, clause="S0 V", reason=why)

        case NoGrant(), RevokeAccess():
            raise Refused("S0 V", "Такой доступ не давали")


def give(asked: GrantAccess) -> AccessGranted:
    """Субъекты управления действуют каждый на своём уровне (S0 V)."""
    require(asked.grantee.strip(), clause="S0 V", reason="Не сказано, кому дан доступ")
    require(
        depth(asked.territory) in DEPTHS[asked.role],
        clause="S0 V",
        reason="Роль не того уровня, что территория",
    )
    require(asked.territory_exists, clause="S0 V", reason="Такой территории нет")
    in_time = asked.until is None or asked.granted_on <= asked.until
    require(in_time, clause="S0 V", reason="Срок доступа кончается раньше начала")
    return AccessGranted(
        grant_id=asked.grant_id,
        grantee=asked.grantee,
        role=asked.role,
        territory=asked.territory,
        until=asked.until,
        occurred_on=asked.granted_on,
    )


def depth(territory: Territory) -> int:
    """Return how many steps down the tree a path leads; 0 is the country."""
    return len(territory.split("/")) if territory else 0


def take_back(granted: AccessGranted, asked: RevokeAccess) -> AccessRevoked:
    """Отзывают то, что дано (S0 V)."""
    in_order = asked.revoked_on >= granted.occurred_on
    require(in_order, clause="S0 V", reason="Доступ отозван раньше, чем дан")
    return AccessRevoked(
        grant_id=granted.grant_id,
        grantee=granted.grantee,
        reason=asked.reason,
        occurred_on=asked.revoked_on,
    )


# ── Evolve ──────────────────────────────────────────────────────────────────


def evolve(grant: Grant, said: AccessFact) -> Grant:
    """Go where a fact leads; never refuse, for it already happened."""
    match grant, said:
        case NoGrant(), AccessGranted():
            return InForce(said)
        case InForce(granted), AccessRevoked() if granted.occurred_on <= said.occurred_on:
            return TakenBack(granted, said)
        case _, AccessGranted() | AccessRevoked():
            return grant  # no life has this step, and still the log is read


ACCESS: Decider[Grant, AccessCommand, AccessFact] = Decider(
    name="registry.access",
    commands=(GrantAccess, RevokeAccess),
    facts=(AccessGranted, AccessRevoked),
    initial=NoGrant(),
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.grant_id,
)
