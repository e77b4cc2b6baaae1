"""A row of `orgs`: an organisation, since when it stands, and whether it is closed."""

from datetime import date

from services.registry.domain.organisation import (
    Closed,
    CloseOrganisation,
    NoOrganisation,
    Organisation,
    RegisterOrganisation,
    Working,
)
from services.registry.domain.roster import Command, Source, changed_on, is_gone
from services.registry.domain.rows import Fault, Row, day, needed, one_of, text, yes
from shared.events.registry import OrgKind
from shared.kernel.ids import Oktmo, RegionCode

KINDS: tuple[OrgKind, ...] = (
    "school",
    "kindergarten",
    "college",
    "supplementary",
    "HE",
    "institute",
    "authority",
)
BY_TYPE: dict[str, OrgKind] = {
    "school": "school",
    "department": "authority",
    "district": "authority",
    "local": "authority",
    "state": "authority",
    "national": "authority",
}


def read_org(
    row: Row, source: Source, known: Organisation, began: date | None = None
) -> tuple[Command, ...]:
    """Организация учётной системы (S1 4.1). Raises `Fault`.

    `began` is the first day on which somebody worked there, by the same package.
    """
    org_id = source.organisation(needed(row, "sourcedId", "S1 4.1"))
    kind_by_type = BY_TYPE.get(needed(row, "type", "S1 4.1"), "")
    kind: OrgKind = one_of(KINDS, row, "metadata.kind", "S1 4.1", kind_by_type)
    parent = text(row, "parentSourcedId")
    register = RegisterOrganisation(
        org_id=org_id,
        kind=kind,
        name=needed(row, "name", "S1 4.1"),
        region=RegionCode(needed(row, "metadata.region", "S1 4.1", source.region or "")),
        oktmo=Oktmo(text(row, "metadata.oktmo")) or None,
        parent_id=source.organisation(parent) if parent else None,
        gen_ed=yes(
            row,
            "metadata.genEd",
            "S1 4.5",
            default=kind in {"school", "kindergarten"},
        ),
        registered_on=stands_since(row, source, known, began),
    )
    if not is_gone(row):
        return (register,)
    if not isinstance(known, Working):
        return ()  # never here, or no more
    closed_on = changed_on(row, source)
    reason = "Исключена из учётной системы"
    return (CloseOrganisation(org_id=org_id, reason=reason, closed_on=closed_on),)


def stands_since(row: Row, source: Source, known: Organisation, began: date | None) -> date:
    """Организация стоит со дня основания, а не со дня, когда о ней узнали (S1 4.1).

    Where none is given: since the day that is recorded, or since somebody began to work
    there, for then it stood already, or since the day of the package.
    """
    founded = day(row, "metadata.foundingDate", "S1 4.1")
    if founded and founded > source.on:
        raise Fault("metadata.foundingDate", "Позже дня пакета", "S1 4.1")
    match known:
        case _ if founded:
            return founded
        case NoOrganisation():
            return min(began or source.on, source.on)
        case Working(registered) | Closed(registered):
            return registered.occurred_on
