"""Organisations and centres: Nothing ─▶ at work ─▶ closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.registry.domain.territory import (
    NOWHERE,
    Municipality,
    MunicipalityState,
    Region,
    RegionState,
)
from shared.events.registry import (
    CentreFact,
    LegalForm,
    OrganisationClosed,
    OrganisationFact,
    OrganisationRegistered,
    OrgKind,
    RegionalCentreClosed,
    RegionalCentreOpened,
)
from shared.kernel import Decider, Refused, Told, command, only_same, require
from shared.kernel.ids import CentreId, Oktmo, OrgId, RegionCode

HOSTS: tuple[OrgKind, ...] = ("institute", "HE", "college")
"""Of whom a centre may be a unit: ДПО, высшее, профессиональное (S1 2)."""

# ── States of an organisation ───────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NoOrganisation:
    """Nobody knows it."""


@dataclass(frozen=True, slots=True)
class Working:
    """An organisation at work."""

    registered: OrganisationRegistered


@dataclass(frozen=True, slots=True)
class Closed:
    """An organisation that was."""

    registered: OrganisationRegistered
    closed: OrganisationClosed


type Organisation = NoOrganisation | Working | Closed

UNHEARD_OF = NoOrganisation()


def works_on(organisation: Organisation, day: date) -> OrganisationRegistered | None:
    """Return what is registered, if it is and was not closed by that day.

    An organisation is older than its entry: people worked there before it.
    """
    match organisation:
        case NoOrganisation():
            return None
        case Working(registered):
            return registered
        case Closed(registered, closed):
            return registered if day < closed.occurred_on else None


# ── Commands ────────────────────────────────────────────────────────────────


@command
class RegisterOrganisation:
    """Внести организацию."""

    org_id: OrgId
    kind: OrgKind
    name: str
    region: RegionCode
    oktmo: Oktmo | None
    parent_id: OrgId | None
    gen_ed: bool
    registered_on: date
    in_region: Told[RegionState] = NOWHERE
    in_municipality: Told[MunicipalityState] = NOWHERE
    parent: Told[Organisation] = UNHEARD_OF


@command
class CloseOrganisation:
    """Закрыть организацию."""

    org_id: OrgId
    reason: str
    closed_on: date


@command
class OpenRegionalCentre:
    """Открыть в субъекте РФ ЦНППМ."""

    centre_id: CentreId
    region: RegionCode
    host_org_id: OrgId
    legal_form: LegalForm
    opened_on: date
    in_region: Told[RegionState] = NOWHERE
    host: Told[Organisation] = UNHEARD_OF


@command
class CloseRegionalCentre:
    """Закрыть ЦНППМ."""

    centre_id: CentreId
    closed_on: date


type OrganisationCommand = RegisterOrganisation | CloseOrganisation
type CentreCommand = OpenRegionalCentre | CloseRegionalCentre

# ── An organisation ─────────────────────────────────────────────────────────


def decide(
    organisation: Organisation, asked: OrganisationCommand
) -> Sequence[OrganisationFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match organisation, asked:
        case NoOrganisation(), RegisterOrganisation():
            return [register(asked)]
        case Working(registered), CloseOrganisation():
            return [close(registered, asked)]

        case Working(registered) | Closed(registered), RegisterOrganisation():
            why = "Организация уже внесена иначе; ошибку исправляют исправлением записи"
            return only_same(registered, register(asked), clause="S1 4.1", reason=why)
        case Closed(registered, closed), CloseOrganisation():
            why = "Организация уже закрыта иначе"
            again = close(registered, asked)
            return only_same(closed, again, clause="S1 4.1", reason=why)

        case NoOrganisation(), CloseOrganisation():
            raise Refused("S1 4.1", "Такой организации в реестре нет")


def register(asked: RegisterOrganisation) -> OrganisationRegistered:
    """Организация входит в состав региональной системы (S1 4.1)."""
    require(asked.name.strip(), clause="S1 4.1", reason="У организации нет названия")
    require(
        isinstance(asked.in_region, Region),
        clause="S1 4.1",
        reason="Такой субъект РФ в систему не включён",
    )
    require(
        lies_within(asked.oktmo, asked.region, asked.in_municipality),
        clause="S1 4.1",
        reason="Муниципальное образование не внесено или лежит в другом субъекте РФ",
    )
    parent_stands = asked.parent_id != asked.org_id and (
        asked.parent_id is None or works_on(asked.parent, asked.registered_on)
    )
    require(parent_stands, clause="S1 4.1", reason="Вышестоящей организации нет")
    return OrganisationRegistered(
        org_id=asked.org_id,
        kind=asked.kind,
        name=asked.name,
        region=asked.region,
        oktmo=asked.oktmo,
        parent_id=asked.parent_id,
        gen_ed=asked.gen_ed,
        occurred_on=asked.registered_on,
    )


def lies_within(
    oktmo: Oktmo | None, region: RegionCode, municipality: MunicipalityState
) -> bool:
    """Say whether a municipality is the region's; none is right too (S4 2.1)."""
    if oktmo is None:
        return True
    return isinstance(municipality, Municipality) and municipality.added.region == region


def close(registered: OrganisationRegistered, asked: CloseOrganisation) -> OrganisationClosed:
    """Закрывают то, что уже внесено (S1 4.1)."""
    require(
        asked.closed_on >= registered.occurred_on,
        clause="S1 4.1",
        reason="Организация закрыта раньше, чем внесена",
    )
    return OrganisationClosed(
        org_id=asked.org_id, reason=asked.reason, occurred_on=asked.closed_on
    )


def evolve(organisation: Organisation, said: OrganisationFact) -> Organisation:
    """Go where a fact leads; never refuse, for it already happened."""
    match organisation, said:
        case NoOrganisation(), OrganisationRegistered():
            return Working(said)
        case Working(registered), OrganisationClosed() if (
            registered.occurred_on <= said.occurred_on
        ):
            return Closed(registered, said)
        case _, OrganisationRegistered() | OrganisationClosed():
            return organisation  # no life has this step, and still the log is read


ORGANISATION: Decider[Organisation, OrganisationCommand, OrganisationFact] = Decider(
    name="registry.organisation",
    commands=(RegisterOrganisation, CloseOrganisation),
    facts=(OrganisationRegistered, OrganisationClosed),
    initial=UNHEARD_OF,
    decide=decide,
    evolve=evolve,
    stream=lambda asked: asked.org_id,
)

# ── A centre ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NoCentre:
    """No centre yet."""


@dataclass(frozen=True, slots=True)
class CentreAtWork:
    """A centre that counts for its region."""

    opened: RegionalCentreOpened


@dataclass(frozen=True, slots=True)
class CentreGone:
    """A centre that was."""

    opened: RegionalCentreOpened
    closed: RegionalCentreClosed


type Centre = NoCentre | CentreAtWork | CentreGone


def decide_centre(centre: Centre, asked: CentreCommand) -> Sequence[CentreFact]:
    """Answer with facts, with none (already so), or with a refusal."""
    match centre, asked:
        case NoCentre(), OpenRegionalCentre():
            return [inaugurate(asked)]
        case CentreAtWork(opened), CloseRegionalCentre():
            return [wind_up(opened, asked)]

        case CentreAtWork(opened) | CentreGone(opened), OpenRegionalCentre():
            why = "ЦНППМ уже открыт иначе"
            return only_same(opened, inaugurate(asked), clause="S0 III", reason=why)
        case CentreGone(opened, closed), CloseRegionalCentre():
            why = "ЦНППМ уже закрыт иначе"
            again = wind_up(opened, asked)
            return only_same(closed, again, clause="S0 III", reason=why)

        case NoCentre(), CloseRegionalCentre():
            raise Refused("S0 III", "ЦНППМ ещё не открыт")


def inaugurate(asked: OpenRegionalCentre) -> RegionalCentreOpened:
    """RU1: ЦНППМ — подразделение организации субъекта либо юрлицо (S0 III)."""
    require(
        isinstance(asked.in_region, Region),
        clause="S0 III",
        reason="Такой субъект РФ в систему не включён",
    )
    host = works_on(asked.host, asked.opened_on)
    require(
        host and host.region == asked.region,
        clause="S0 III",
        reason="Организации, при которой открывают ЦНППМ, в этом субъекте РФ нет",
    )
    require(
        asked.legal_form == "legal_entity" or (host and host.kind in HOSTS),
        clause="S1 2",
        reason="ЦНППМ бывает подразделением ДПО, вуза или колледжа",
    )
    return RegionalCentreOpened(
        centre_id=asked.centre_id,
        region=asked.region,
        host_org_id=asked.host_org_id,
        legal_form=asked.legal_form,
        occurred_on=asked.opened_on,
    )


def wind_up(opened: RegionalCentreOpened, asked: CloseRegionalCentre) -> RegionalCentreClosed:
    """Закрывают то, что открыто (S0 III)."""
    require(
        asked.closed_on >= opened.occurred_on,
        clause="S0 III",
        reason="ЦНППМ закрыт раньше, чем открыт",
    )
    return RegionalCentreClosed(
        centre_id=opened.centre_id,
        region=opened.region,
        host_org_id=opened.host_org_id,
        occurred_on=asked.closed_on,
    )


def evolve_centre(centre: Centre, said: CentreFact) -> Centre:
    """Go where a fact leads; never refuse, for it already happened."""
    match centre, said:
        case NoCentre(), RegionalCentreOpened():
            return CentreAtWork(said)
        case CentreAtWork(opened), RegionalCentreClosed() if (
            opened.occurred_on <= said.occurred_on
        ):
            return CentreGone(opened, said)
        case _, RegionalCentreOpened() | RegionalCentreClosed():
            return centre  # no life has this step, and still the log is read


CENTRE: Decider[Centre, CentreCommand, CentreFact] = Decider(
    name="registry.centre",
    commands=(OpenRegionalCentre, CloseRegionalCentre),
    facts=(RegionalCentreOpened, RegionalCentreClosed),
    initial=NoCentre(),
    decide=decide_centre,
    evolve=evolve_centre,
    stream=lambda asked: asked.centre_id,
)
