"""How a command is asked and how it is answered, whoever asks."""

from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from shared.kernel.ids import EventId, Territory
from shared.runtime.codec import Basis, Meta

FOREIGN, WHO_MAY_WHAT = "Не ваша территория", "S0 V"

type May = Callable[[Territory | None], bool]
"""Says whether a caller may say facts that belong to a territory; None is federal."""

type Status = Literal["accepted", "unchanged", "refused", "conflict", "forbidden"]


class Asked(Struct, frozen=True, kw_only=True):
    """One command, who asks it, by what act and because of what.

    `home` is where its facts belong when nothing in them tells.
    """

    command: Any
    command_id: UUID
    actor: str
    body_hmac: bytes = b""
    basis: Basis | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    traceparent: str | None = None
    expected_version: int | None = None
    home: Territory | None = None

    def envelope(
        self, event_id: EventId, home_org: UUID | None, corrects: EventId | None
    ) -> Meta:
        """Return what the log says of a fact that this command brings about."""
        return Meta(
            event_id=event_id,
            actor=self.actor,
            command_id=self.command_id,
            correlation_id=self.correlation_id or self.command_id,
            causation_id=self.causation_id,
            basis=self.basis,
            home_org=home_org,
            corrects=corrects,
            traceparent=self.traceparent,
        )


class Outcome(Struct, frozen=True, kw_only=True):
    """What a command was answered, once and for ever (except `conflict`, `forbidden`).

    `position` is the head of the log once it was answered: see `min_position`.
    """

    status: Status
    stream: UUID
    version: int
    position: int = 0
    event_ids: tuple[UUID, ...] = ()
    clause: str | None = None
    reason: str | None = None


class OtherBody(Exception):  # noqa: N818 - 422, contracts §4
    """The id of this command was used for another one."""


class NotAllowed(Exception):  # noqa: N818 - 403
    """The facts would belong to a territory on which the caller has no such role.

    It holds what the caller is told: the reason and its clause.
    """

    def __init__(self, command: str, reason: str = FOREIGN, clause: str = WHO_MAY_WHAT) -> None:
        super().__init__(command)
        self.reason = reason
        self.clause = clause
