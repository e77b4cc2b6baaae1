"""Five logs in memory: each fact gets its source, position, stream and version."""

from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events.mentoring import (
    MentorshipPairClosed,
    MentorshipPairFormed,
    MentorshipPairProposed,
    SupportFormEnded,
    SupportFormStarted,
)
from shared.events.registry import (
    MunicipalityAdded,
    OrganisationClosed,
    OrganisationRegistered,
    PersonsMerged,
    ProgramDrafted,
    ProgramListed,
    RegionAdded,
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.events.routes import CompletionAnnulled, EnrolmentStarted, ProgramCompleted
from shared.kernel import Withdrawal, kind_of
from shared.kernel.ids import named
from tests.oracle.said import Said


def stream_of(fact: Any) -> UUID:
    """Return the stream in which a fact stands; a withdrawal has that of its fact."""
    match fact:
        case RegionAdded():
            return named("region", fact.region)
        case MunicipalityAdded():
            return named("municipality", fact.oktmo)
        case OrganisationRegistered() | OrganisationClosed():
            return fact.org_id
        case RegionalCentreOpened() | RegionalCentreClosed():
            return fact.centre_id
        case ProgramDrafted() | ProgramListed():
            return fact.program_id
        case PersonsMerged():
            return fact.merged_id
        case EnrolmentStarted() | ProgramCompleted() | CompletionAnnulled():
            return fact.enrolment_id
        case MentorshipPairProposed() | MentorshipPairFormed() | MentorshipPairClosed():
            return fact.pair_id
        case SupportFormStarted() | SupportFormEnded():
            return fact.support_id
        case _:
            for field in ("route_id", "methodist_id", "session_id"):
                if kind_of(fact).owner != "registry" and hasattr(fact, field):
                    return getattr(fact, field)
            return fact.person_id


class Logs:
    """Append-only: gapless positions, `recorded_at` never runs backwards in a log.

    `split` is the number of logs that each service has; a stream stays in one of them.
    """

    def __init__(self, split: int = 1) -> None:
        self.records: list[Said] = []
        self._split = split
        self._by_id: dict[UUID, Said] = {}
        self._heads: dict[str, int] = {}
        self._versions: dict[UUID, int] = {}

    def append(
        self,
        fact: Any,
        moment: datetime,
        *,
        event_id: UUID,
        corrects: UUID | None = None,
    ) -> Said:
        """Write one record at a moment that is not before the last."""
        kind = kind_of(fact)
        stream = (
            self._by_id[fact.withdraws].stream
            if isinstance(fact, Withdrawal)
            else stream_of(fact)
        )
        assert stream is not None
        source = f"{kind.owner}@{stream.int % self._split}"
        position = self._heads.get(source, 0) + 1
        version = self._versions.get(stream, 0) + 1
        said = Said(
            source=source,
            position=position,
            recorded_at=moment,
            event_id=event_id,
            name=kind.name,
            fact=fact,
            corrects=corrects,
            stream=stream,
            version=version,
        )
        self._heads[source] = position
        self._versions[stream] = version
        self._by_id[event_id] = said
        self.records.append(said)
        return said
