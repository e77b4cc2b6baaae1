"""Whether a record is shown where its fact leads: no leaf holds its place (contracts §2)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec import MsgspecError, Struct, json

from shared.events.registry import OrganisationRegistered
from shared.kernel import kind_of
from shared.kernel.ids import OrgId
from shared.runtime.log import Record
from shared.runtime.territory import path

REGISTERED = kind_of(OrganisationRegistered).name

type Places = Mapping[UUID, set[str]]
"""organisation → each path at which it was registered, as the registry's log says."""


class _Said(Struct):
    """What of a fact or of its envelope tells the place of the record."""

    org_id: OrgId | None = None
    home_org: OrgId | None = None
    region: str | None = None
    oktmo: str | None = None
    territory: str | None = None


_said = json.Decoder(_Said)


def places_of(registry: Iterable[Record]) -> Places:
    """Return where each organisation was ever registered."""
    found: dict[UUID, set[str]] = {}
    for each in registry:
        said = _of(each.data) if each.name == REGISTERED else None
        if said and said.org_id and said.region:
            place = path(said.region, said.oktmo, said.org_id)
            found.setdefault(said.org_id, set()).add(place)
    return found


def misplaced(record: Record, places: Places) -> bool:
    """Say whether a record stands on another territory than its own fields lead to.

    False where they do not say: of a person who works nowhere yet, of a withdrawal, of an
    organisation that is not among the `places`.
    """
    meta, data = _of(record.meta), _of(record.data)
    if meta is None or data is None:
        return False  # the leaf says so
    among = places.get(meta.home_org) if meta.home_org else None
    if among:
        return record.territory not in among
    if data.territory is not None:
        return (record.territory or "") != data.territory
    if data.region is not None and meta.home_org is None:
        return record.territory != path(data.region, data.oktmo)
    return False


def _of(said: bytes) -> _Said | None:
    try:
        return _said.decode(said)
    except (MsgspecError, TypeError):
        return None
