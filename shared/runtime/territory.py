"""Whose a fact is: the place in the tree that its own fields lead to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, reduce
from typing import Any, NamedTuple
from uuid import UUID

from shared.events.registry import (
    AccessRevoked,
    EducationRecorded,
    EmploymentChanged,
    EmploymentEnded,
    EmploymentFact,
    EmploymentStarted,
    OrganisationRegistered,
    PersonsMerged,
    ProgramDrafted,
    QualificationCategoryAwarded,
    RosterLinked,
)
from shared.kernel import Borrowed, Known, Withdrawal, kind_of, require
from shared.kernel.ids import EmploymentId, EventId, OrgId, PersonId, Territory, named
from shared.runtime.grants import GRANTS

ORGANISATIONS = ("org_id", "host_org_id", "provider_org_id", "university_id")
SCOPE = r"^$|^\d{2}(/(\d{5,11}|-)(/[0-9a-f-]{36})?)?$"
"""A place of the tree as it is asked for: empty, 25, 25/05701, 25/-/ORG."""

ID = 36
"""How long the id of an organisation is at the end of its path."""

PEOPLE = ("person_id", "mentee_id", "survivor_id")


def path(region: str, oktmo: str | None = None, org_id: UUID | None = None) -> str:
    """Return a path down the tree; `-` where the municipal level is skipped (S4 2.1)."""
    if org_id is not None:
        return f"{region}/{oktmo or '-'}/{org_id}"
    return f"{region}/{oktmo}" if oktmo else region


class Running(NamedTuple):
    """A job as it stands."""

    job: EmploymentId
    org_id: OrgId
    is_main: bool
    is_pedagogical: bool


@dataclass(frozen=True)
class Home:
    """Where somebody works: each employment as it stands, the latest said last."""

    running: tuple[Running, ...] = ()
    last: OrgId | None = None

    @property
    def org_id(self) -> OrgId | None:
        """Return the nearest place of work; without any the last one.

        The pedagogical before any other, as the indicators count (AM33); of those the main
        one, of several the one said last.
        """
        if not self.running:
            return self.last
        return max(reversed(self.running), key=_closeness).org_id

    @property
    def employers(self) -> tuple[OrgId, ...]:
        """Return every place of work; without one the last one, if there was any."""
        last = () if self.last is None else (self.last,)
        return tuple(it.org_id for it in self.running) or last


def _closeness(job: Running) -> tuple[bool, bool]:
    return job.is_pedagogical, job.is_main


def place_in(said: OrganisationRegistered) -> Territory:
    """Return the path that the record of an organisation states."""
    return Territory(path(said.region, said.oktmo, said.org_id))


def _placed(_: object, said: OrganisationRegistered, __: EventId) -> Territory:
    return place_in(said)


def _at_home(so_far: Home, said: EmploymentFact, _: EventId | None = None) -> Home:
    others = tuple(each for each in so_far.running if each.job != said.employment_id)
    match said:
        case EmploymentStarted() | EmploymentChanged():
            is_pedagogical = said.position_class == "PED"
            here = Running(said.employment_id, said.org_id, said.is_main, is_pedagogical)
            return Home((*others, here), said.org_id)
        case EmploymentEnded():
            return Home(others, said.org_id)


def _provided(_: OrgId | None, said: ProgramDrafted, __: EventId) -> OrgId:
    return said.provider_org_id


PLACE: Borrowed[Territory | None, OrganisationRegistered] = Borrowed(
    name="place",
    facts=(OrganisationRegistered,),
    about=lambda said: said.org_id,
    initial=None,
    evolve=_placed,
)
"""organisation → its path in the tree."""

HOME: Borrowed[Home, EmploymentFact] = Borrowed(
    name="home",
    facts=(EmploymentStarted, EmploymentChanged, EmploymentEnded),
    about=lambda said: said.person_id,
    initial=Home(),
    evolve=_at_home,
)
"""person → the organisation where that person works, or worked last."""

PROVIDER: Borrowed[OrgId | None, ProgramDrafted] = Borrowed(
    name="provider",
    facts=(ProgramDrafted,),
    about=lambda said: said.program_id,
    initial=None,
    evolve=_provided,
)
"""programme → the organisation that drafted it."""

TREE = (PLACE, HOME, PROVIDER, GRANTS)
"""What every service must borrow: facts find their place, callers their rights."""


ELSEWHERE = {kind_of(each).name for each in (RosterLinked, PersonsMerged)}
"""What stands elsewhere than the record it is said of: with a sender, with a survivor."""

WITHDRAWN = ".FactWithdrawn"
EASTMOST = timedelta(hours=12)
"""How far the clocks of Kamchatka are ahead: nowhere in the country is it later."""

OF_ANY_EMPLOYER = (EducationRecorded, QualificationCategoryAwarded, RosterLinked)
"""What whoever employs a person may say, though it stands at the nearest place of work."""


def territory_of(
    said: Any,
    known: Known,
    *,
    otherwise: Territory | None = None,
    sender: Territory | None = None,
) -> tuple[Territory | None, OrgId | None]:
    """Return the place of a fact, or None (federal), and the organisation it is of.

    A field `territory` speaks for itself, then an organisation, then a person's place
    of work, a programme's author, a region. `otherwise` is where a person stands who
    works nowhere yet, and a withdrawal: where the stream stood before, or where the
    caller stands. A link to an accounting system stands with its `sender`, whoever else
    knows the person.
    """
    if sender is not None and isinstance(said, RosterLinked):
        return sender, None
    if isinstance(said, Withdrawal):
        return otherwise, None
    leads = _leads(type(said))
    stated = _stated(said, leads, known)
    if stated is not None:
        return stated or None, None
    if isinstance(said, OrganisationRegistered):
        return place_in(said), said.org_id
    person = _first(said, leads.people)
    org_id = _organisation(said, leads, person, known)
    if org_id is not None:
        place = known.of(PLACE, org_id)
        if place is not None:
            return place, org_id
    if leads.region and said.region is not None:
        return Territory(path(said.region, _first(said, leads.municipality))), org_id
    return None if person is None else otherwise, org_id


type Standing = tuple[Territory | None, OrgId | None]
"""Where a record stands, and the organisation that it is of."""


def restated_at(old: Any, new: Any, stands: Standing, known: Known) -> Standing:
    """Return where a correction or a withdrawal stands: where its fact does (ADR 0019).

    Whoever heard the fact must hear what became of it, wherever its person works now.
    Raises `Refused` if it would move to another region: neither would hear both.
    """
    if isinstance(new, Withdrawal):
        return stands
    before, after = (territory_of(each, known, otherwise=stands[0]) for each in (old, new))
    if before == after:
        return stands
    require(
        _region(before) == _region(after),
        clause="S1 7.2",
        reason="Исправление перенесло бы запись в другой субъект РФ: её отзывают"
        " и вносят там заново",
    )
    return after if _region(after) == _region(stands) else stands


def _region(place: Standing) -> str:
    return (place[0] or "").partition("/")[0]


def as_it_is_now[P: (Territory, Territory | None)](place: P, known: Known) -> P | Territory:
    """Return where an organisation is by what is known now, of a path at which it was.

    Its region or municipality may have been corrected since somebody wrote the path down.
    """
    above, _, last = (place or "").rpartition("/")
    if "/" not in above or len(last) != ID:
        return place
    return known.of(PLACE, OrgId(UUID(last))) or place


def homes_of(person: UUID, record: Territory | None, known: Known) -> list[Standing]:
    """Return each place where a person works; else where he did last.

    Who never worked is where his record stands.
    """
    home = known.of(HOME, person)
    return [(known.of(PLACE, org), org) for org in home.employers] or [(record, None)]


def elsewhere(here: Standing, places: Iterable[Standing]) -> list[Standing]:
    """Return of these places the first in each other region."""
    found: dict[str, Standing] = {}
    for each in places:
        found.setdefault(_region(each), each)
    return [at for region, at in found.items() if region not in {"", _region(here)}]


def heard_also(here: Standing, places: Iterable[Standing]) -> list[Standing]:
    """Return of these places each whose feed does not tell what stands here (ADR 0019).

    A correction may have moved a fact between the municipalities or schools of a region.
    """
    found: dict[Territory, Standing] = {}
    for each in places:
        if each[0]:
            found.setdefault(each[0], each)
    return [at for place, at in found.items() if not _covers(place, here[0])]


def _covers(scope: Territory, place: Territory | None) -> bool:
    return place is not None and f"{place}/".startswith(f"{scope}/")


def require_come(facts: Iterable[Any], now: datetime) -> None:
    """Работу, её перемену и конец записывают, когда их день наступил (S0 I).

    What is recorded moves the person's home at once: names, documents, feeds. Raises
    `Refused`.
    """
    moving = [said for said in facts if isinstance(said, HOME.facts)]
    if moving:
        today = (now + EASTMOST).date()
        require(
            all(said.occurred_on <= today for said in moving),
            clause="S0 I",
            reason="Этот день ещё не наступил: работу, её перемену и окончание"
            " записывают, когда они наступили",
        )


def rights_to(said: Any, place: Territory | None, known: Known) -> Iterator[Territory | None]:
    """Return the places whose officials may say a fact that would stand at `place`."""
    yield place
    if isinstance(said, OF_ANY_EMPLOYER):
        for each in known.of(HOME, said.person_id).employers:
            yield known.of(PLACE, each)


def taken_from(said: Any, known: Known) -> Territory | None:
    """Return where a job stands that a fact changes: it asks a right there too, if any."""
    if not isinstance(said, EmploymentChanged):
        return None
    running = known.of(HOME, said.person_id).running
    here = (it.org_id for it in running if it.job == said.employment_id)
    return next((known.of(PLACE, each) for each in here), None)


def tells_home(name: str, corrects: UUID | None = None) -> bool:
    """Say whether a stream stands where its record of this name does.

    A link or a merger is elsewhere; what is said of an old fact stands where that one does.
    """
    return not (corrects or name in ELSEWHERE or name.endswith(WITHDRAWN))


class Stood(NamedTuple):
    """A fact as it stands corrected, and the place of the record that says it so."""

    fact: Any
    place: str | None


def home_of(stand: Sequence[Stood], leads: tuple[type[Any], ...] = ()) -> str | None:
    """Return where the thing is at home of which these facts stand, in their order.

    A person: at the nearest place of work. Whatever else: where the last of its facts
    stands, of those that lead if some are said to.
    """
    telling = [it for it in stand if it.place and tells_home(kind_of(it.fact).name)]
    jobs = [it for it in stand if isinstance(it.fact, HOME.facts)]
    main = reduce(_at_home, (it.fact for it in jobs), Home()).org_id
    at_work = [it for it in jobs if it.place and it.fact.org_id == main]
    leading = [it for it in telling if isinstance(it.fact, leads)]
    found = at_work or leading or telling
    return found[-1].place if found else None


@dataclass(frozen=True, slots=True)
class Leads:
    """The fields of a class of facts that lead to a place, by what they name."""

    territory: tuple[str, ...]
    organisations: tuple[str, ...]
    people: tuple[str, ...]
    program: tuple[str, ...]
    region: tuple[str, ...]
    municipality: tuple[str, ...]


@cache
def _leads(fact: type[Any]) -> Leads:
    def of(*names: str) -> tuple[str, ...]:
        return tuple(name for name in names if hasattr(fact, name))

    return Leads(
        territory=of("territory"),
        organisations=of(*ORGANISATIONS),
        people=of(*PEOPLE),
        program=of("program_id"),
        region=of("region"),
        municipality=of("oktmo"),
    )


def _stated(said: Any, leads: Leads, known: Known) -> Territory | None:
    if isinstance(said, AccessRevoked):
        grants = known.of(GRANTS, named("grantee", said.grantee))
        return next((g.territory for g in grants if g.grant_id == said.grant_id), None)
    return _first(said, leads.territory)


def _organisation(
    said: Any, leads: Leads, person: PersonId | None, known: Known
) -> OrgId | None:
    named_here = _first(said, leads.organisations)
    if named_here is not None:
        return named_here
    if person is not None:
        return known.of(HOME, person).org_id
    program = _first(said, leads.program)
    return None if program is None else known.of(PROVIDER, program)


def _first(said: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        value = getattr(said, name)
        if value is not None:
            return value
    return None
