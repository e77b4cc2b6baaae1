"""Two at the same time: what each decided by holds when it is written, or it decides anew.

Contracts §4: a policy acts on whichever of its facts comes last, and a guard decides by
what is known. Neither holds if two transactions read, each, what the other is writing.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from metodika.services import service, source
from services.mentoring.domain import FormPair
from services.registry.domain import EndEmployment, GrantAccess, RevokeAccess, StartEmployment
from services.routes.policies import SHELVES
from shared.kernel.ids import (
    EmploymentId,
    EnrolmentId,
    EventId,
    GrantId,
    OrgId,
    PairId,
    Territory,
    named,
)
from shared.runtime.amending import Withdraw
from shared.runtime.asking import Asked
from shared.runtime.engine import Engine
from shared.runtime.grants import GRANTS
from shared.runtime.log import Conflict, Head, Unit
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.store import migrate, open_store
from shared.runtime.work import Work
from tests.journeys import chapters
from tests.journeys.chapters import ANNA, BORIS, VERA, job_of
from tests.journeys.methodists import activate, candidate, category, diploma, learned
from tests.journeys.telling import Telling, day
from tests.journeys.test_listed_late import END, listed, standing, unlisted

TIMES = 24
BOTH = ("sqlite", pytest.param("postgres", marks=pytest.mark.infra))


@pytest.fixture
def people(story: Telling) -> Telling:
    """Give the places of two regions, and who works there."""
    chapters.places(story)
    chapters.people(story)
    return story


@pytest.fixture(params=BOTH)
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give a registry that knows the places, on each of the stores."""
    url = f"sqlite://{tmp_path}/registry.sqlite"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    keys = f"sqlite://{tmp_path}/keys.sqlite"
    migrate(url, source("registry"))
    migrate_keys(keys)
    engine = Engine(
        service("registry"), open_store(url, source("registry")), Keys(keys, bytes(32))
    )
    for each in chapters.map_of_two_regions():
        engine.ask(asked(each))
    yield engine
    engine.store.close()


def asked(command: Any) -> Asked:
    """Make a command of somebody who may say all of it."""
    return Asked(command=command, command_id=uuid4(), actor="federal", home=Territory("25"))


def decided(engine: Engine, command: Any) -> Work:
    """Decide, but do not write yet."""
    work = engine.known()
    (outcome,) = engine.decided(work, [asked(command)])
    assert outcome.status == "accepted", outcome
    return work


def right(where: str, grant: GrantId | None = None) -> GrantAccess:
    return GrantAccess(
        grant_id=grant or GrantId(uuid4()),
        grantee="official",
        role="region",
        territory=Territory(where),
        until=None,
        granted_on=day("06.08.2020"),
    )


def rights(engine: Engine) -> int:
    """Return how many rights of the official hold, as far as access knows."""
    given = engine.known().of(GRANTS, named("grantee", "official"))
    return sum(each.live(day("01.10.2020")) for each in given)


def test_of_rights_given_at_once_none_is_forgotten(registry: Engine) -> None:
    """S0 V: what is recorded as given is known to whoever lets people in."""
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(registry.ask, [asked(right("25")) for _ in range(TIMES)]))
    given = [each for each in said if each.status == "accepted"]
    recorded = [e for e in registry.store.walk() if e.name == "registry.AccessGranted"]

    assert {each.status for each in said} <= {"accepted", "conflict"}
    assert len(given) == len(recorded) == rights(registry) > TIMES // 2


def test_a_right_revoked_while_another_is_given_is_revoked(registry: Engine) -> None:
    """S0 V: two facts about one official, of two streams, decided by the same knowledge."""
    grant = GrantId(uuid4())
    registry.ask(asked(right("25", grant)))
    revoked = RevokeAccess(grant_id=grant, reason="уволен", revoked_on=day("01.09.2020"))
    one, other = decided(registry, revoked), decided(registry, right("77"))

    registry.append(one.handed_over())
    with pytest.raises(Conflict, match="known grants"):
        registry.append(other.handed_over())
    assert registry.ask(asked(right("77"))).status == "accepted"
    assert rights(registry) == 1


def leaves() -> EndEmployment:
    return EndEmployment(
        employment_id=job_of(BORIS), person_id=BORIS, ended_on=day("30.11.2021")
    )


def pair(mentee: Any = VERA) -> FormPair:
    return FormPair(
        pair_id=PairId(uuid4()),
        mentor_id=BORIS,
        mentee_id=mentee,
        pair_basis="novice",
        formed_on=day("15.09.2021"),
    )


def active(story: Telling) -> int:
    """Count the pairs that are not closed."""
    names = story.names("mentoring")
    return names.count("MentorshipPairFormed") - names.count("MentorshipPairClosed")


def test_both_pairs_of_a_mentor_are_closed_when_he_leaves(people: Telling) -> None:
    """S0 V.4: formed at once, of two streams; he left, so neither goes on."""
    mentoring = people.world.engines["mentoring"]
    one, other = decided(mentoring, pair(VERA)), decided(mentoring, pair(ANNA))
    mentoring.append(one.handed_over())
    with pytest.raises(Conflict, match="known"):
        mentoring.append(other.handed_over())
    assert mentoring.ask(asked(pair(ANNA))).status == "accepted"
    assert active(people) == 2

    people.tell("registry", leaves())
    people.settle()

    assert active(people) == 0


def test_who_is_activated_while_other_things_are_heard_is_weighed_anew(story: Telling) -> None:
    """Contracts §4: RU4 holds by what is known when it is written."""
    candidate(story, category(), diploma())
    learned(story)
    mentoring = story.world.engines["mentoring"]
    activating = decided(mentoring, activate())
    story.tell("registry", replace(diploma(), received_on=day("30.06.2011")))
    story.settle()

    with pytest.raises(Conflict, match="known"):
        mentoring.append(activating.handed_over())


def test_a_school_is_not_withdrawn_while_somebody_begins_to_work_there(people: Telling) -> None:
    """ADR 0032: who stands on it is read in the whole log, and nobody is added meanwhile."""
    registry = people.world.engines["registry"]
    empty = chapters.organisation(OrgId(uuid4()), "school", chapters.PRIMORYE)
    people.tell("registry", empty)
    (said,) = registry.store.streams([empty.org_id])[empty.org_id]
    gone = Withdraw(
        event_id=EventId(said.event_id), reason="ошибка", withdrawn_on=day("01.09.2021")
    )
    withdrawing = decided(registry, gone)
    begun = StartEmployment(
        employment_id=EmploymentId(uuid4()),
        person_id=ANNA,
        org_id=empty.org_id,
        position_class="PED",
        is_teacher=True,
        subject_code="math",
        is_main=False,
        started_on=day("01.09.2021"),
    )
    people.tell("registry", begun)

    with pytest.raises(Conflict, match="log"):
        registry.append(withdrawing.handed_over())
    assert registry.ask(asked(gone)).status == "refused"


# ── A programme and its enrolments ──────────────────────────────────────────


def meanwhile(story: Telling, name: str, happens: Callable[[], None]) -> None:
    """Let something happen between the next decision of routes on a fact and its append."""
    store = story.world.stores["routes"]
    append = store.append

    def late(unit: Unit) -> Head:
        if any(each.name == f"routes.{name}" for each in unit.facts):
            vars(store).pop("append", None)
            happens()
        return append(unit)

    vars(store)["append"] = late


def test_a_listing_heard_while_somebody_is_enrolled_counts(story: Telling) -> None:
    """AM7: внесение услышали, пока решали о зачислении: решено заново, реестр дня верен."""
    unlisted(story)
    story.tell("registry", listed())
    meanwhile(story, "EnrolmentStarted", story.settle)
    story.tell("routes", chapters.enrolled(), chapters.completed())
    story.settle()

    assert standing(story).register_status_at_start == ("FED",)
    assert story.counted("K-F1", END) == (1, 4)


def test_an_enrolment_said_while_a_listing_is_heard_counts(story: Telling) -> None:
    """AM7: зачислили, пока слышали о внесении: услышано заново, и зачисление исправлено."""
    unlisted(story)
    other = EnrolmentId(chapters.uid("another"))
    story.tell("routes", chapters.enrolled(chapters.BORIS, other, None, None))
    story.tell("registry", listed())
    late = (chapters.enrolled(), chapters.completed())
    meanwhile(story, "EnrolmentStarted", lambda: story.tell("routes", *late))
    story.settle()

    assert standing(story).register_status_at_start == ("FED",)
    assert story.counted("K-F1", END) == (1, 4)


def test_two_enrolments_on_one_shelf_are_both_found(story: Telling) -> None:
    """AM7: двое зачислены разом; внесение, услышанное потом, исправляет обоих."""
    unlisted(story)
    same = EnrolmentId(UUID(int=7 * SHELVES + chapters.ENROLMENT.int % SHELVES))
    begin = chapters.enrolled(chapters.BORIS, same, None, None)
    meanwhile(story, "EnrolmentStarted", lambda: story.tell("routes", begin))
    story.tell("routes", chapters.enrolled(), chapters.completed())
    story.tell("registry", replace(listed(), listed_on=day("06.10.2021")))
    story.settle()

    assert standing(story).register_status_at_start == ("FED",)
    assert story.names("routes").count("EnrolmentStarted") == 4
