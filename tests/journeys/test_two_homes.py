"""S1 7.2, S1 5.5: who is on record in two regions is the federal operator's alone to merge."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from metodika.world import opened
from services.registry import domain as reg
from shared.kernel.ids import EmploymentId, OrgId, PersonId
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.bench.roster import snils
from tests.journeys import chapters as ch
from tests.journeys.http import grant, headers, let_in
from tests.journeys.running import Server, started
from tests.journeys.telling import day, settings_of

MERGED, ERASED, WITHDRAWN = (
    f"registry.{name}" for name in ("PersonsMerged", "PersonalDataErased", "FactWithdrawn")
)
NUMBERS = count(301)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world in which somebody federal may let others in."""
    folder = tmp_path_factory.mktemp("homes") / "world"
    with opened(settings_of(folder)) as world:
        let_in(world.engines["registry"])
    return folder


@pytest.fixture(scope="module")
def federal(folder: Path) -> Iterator[Server]:
    """Give `metodika up` with a school in each of two regions."""
    server = started(folder)
    server.token = LocalIssuer(folder).issue("federal-1", now=utc_now())
    schools = (
        ch.organisation(ch.SCHOOL, "school", ch.PRIMORYE, ch.VLADIVOSTOK),
        ch.organisation(ch.CAPITAL_SCHOOL, "school", ch.MOSCOW),
    )
    grants = (grant(f"region-{each}", "region", each) for each in ("25", "77"))
    for command in (*ch.map_of_two_regions(), *schools, *grants):
        said(server, command)
    yield server
    server.close()


@pytest.fixture
def here(folder: Path, federal: Server) -> Server:
    return of(folder, "region-25", federal)


@pytest.fixture
def there(folder: Path, federal: Server) -> Server:
    return of(folder, "region-77", federal)


def of(folder: Path, who: str, server: Server) -> Server:
    """Return the same server, spoken to by somebody else."""
    token = LocalIssuer(folder).issue(who, now=utc_now())
    return Server(server.url, server.process, server.log, token)


def said(server: Server, command: Any) -> Any:
    answer = server.ask("/registry", command)
    assert answer.status_code == 200, answer.text
    return answer.json()


def person(server: Server, *schools: OrgId) -> PersonId:
    """Register somebody who works there, in the first of these schools mainly."""
    who = PersonId(uuid4())
    said(server, ch.registered(who, snils(next(NUMBERS)), "17.05.1983"))
    for school in schools:
        job = ch.employed(who, school, "01.09.2021")
        job = replace(job, employment_id=EmploymentId(uuid4()), is_main=school == schools[0])
        said(server, job)
    return who


def merge(survivor: PersonId, merged: PersonId) -> reg.MergePersons:
    return reg.MergePersons(survivor_id=survivor, merged_id=merged, merged_on=day("01.10.2022"))


def erase(who: PersonId) -> reg.ErasePersonalData:
    return reg.ErasePersonalData(
        person_id=who, reason="отзыв согласия", act_no="7", erased_on=day("02.10.2022")
    )


def amend(server: Server, event_id: str, verb: str, body: Any) -> httpx.Response:
    return server.client.post(
        f"{server.url}/registry/facts/{event_id}/{verb}",
        json=body,
        headers=headers(server.token),
    )


GONE = {"reason": "разные люди", "withdrawn_on": "2022-10-03"}


def heard(server: Server, *types: str) -> list[dict[str, Any]]:
    answer = server.get("/registry/feed", types=",".join(types), limit=1000)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_merger(server: Server, merged: PersonId, *types: str) -> list[dict[str, Any]]:
    """Return what a reader of the feed was told of a merged record."""
    told = heard(server, *(types or (MERGED,)))
    return [each for each in told if each["subject"] == str(merged)]


def forbidden(answer: httpx.Response, clause: str, words: str = "федеральный оператор") -> None:
    assert answer.status_code == 403, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["clause"], words in answer.json()["detail"]) == (clause, True)


def test_a_region_merges_nobody_of_another(
    federal: Server, here: Server, there: Server
) -> None:
    """S1 7.2, S0 V: право нужно на обе записи, какая бы ни была основной."""
    mine, other, theirs = (
        person(federal, each) for each in (ch.SCHOOL, ch.SCHOOL, ch.CAPITAL_SCHOOL)
    )
    before = federal.get("/registry/feed", limit=1000).json()

    for survivor, merged in ((mine, theirs), (theirs, mine)):
        forbidden(here.ask("/registry", merge(survivor, merged)), "S1 7.2")
        forbidden(there.ask("/registry", merge(survivor, merged)), "S1 7.2")
    foreign = there.ask("/registry", merge(mine, other))
    forbidden(foreign, "S0 V", "Не ваша территория")
    assert federal.get("/registry/feed", limit=1000).json() == before


def test_a_merger_of_two_regions_is_heard_in_both(
    federal: Server, here: Server, there: Server
) -> None:
    """S1 7.2: сливает федеральный оператор; слышат оба субъекта РФ, и об отзыве тоже."""
    mine, theirs = person(federal, ch.SCHOOL), person(federal, ch.CAPITAL_SCHOOL)
    done = said(federal, merge(theirs, mine))
    [to_me], [to_them] = (of_merger(each, mine) for each in (here, there))
    path = f"/registry/teachers/{mine}"
    documents = [
        each.get(path, min_position=done["position"]).status_code for each in (here, there)
    ]
    for region, told in ((here, to_me), (there, to_them)):
        forbidden(amend(region, told["id"], "withdraw", GONE), "S1 7.2")
        fact = {"type": MERGED, "fact": told["data"] | {"occurred_on": "2022-09-30"}}
        forbidden(amend(region, told["id"], "correct", fact), "S1 7.2")
    anew = {"type": MERGED, "fact": to_me["data"] | {"occurred_on": "2022-09-30"}}
    moved = amend(federal, to_me["id"], "correct", anew)
    days = [of_merger(each, mine)[-1]["data"]["occurred_on"] for each in (here, there)]
    gone = amend(federal, to_them["id"], "withdraw", GONE)

    assert to_me["data"] == to_them["data"]
    assert documents == [200, 404]  # who reads it is who read it before
    assert (moved.status_code, days) == (200, ["2022-09-30", "2022-09-30"])
    assert gone.status_code == 200
    for region in (here, there):
        assert len(of_merger(region, mine, WITHDRAWN)) == 1
    said(federal, merge(theirs, mine))  # it stands alone again, and may be merged


@pytest.mark.parametrize("start", ["the survivor", "the merged", "the one between"])
def test_a_region_erases_no_record_of_another(
    federal: Server, here: Server, there: Server, start: str
) -> None:
    """S1 5.5, ADR 0033: ключ не вернуть: право нужно на каждую запись человека."""
    chain = {
        "the merged": person(federal, ch.SCHOOL),
        "the one between": person(federal, ch.CAPITAL_SCHOOL),
        "the survivor": person(federal, ch.CAPITAL_SCHOOL),
    }
    merged, between, survivor = chain.values()
    said(federal, merge(between, merged))
    said(there, merge(survivor, between))  # both are its own
    for region in (here, there):
        forbidden(region.ask("/registry", erase(chain[start])), "S1 5.5")
    erased = {each["data"]["person_id"] for each in heard(federal, ERASED)}
    study = reg.RecordEducation(
        person_id=merged, level="higher", pedagogical=True, received_on=day("30.06.2001")
    )
    said(here, study)  # its key is there
    said(federal, erase(chain[start]))
    now = {each["data"]["person_id"] for each in heard(federal, ERASED)}

    assert now - erased == {str(each) for each in chain.values()}
    assert str(merged) in {each["data"]["person_id"] for each in heard(here, ERASED)}
    assert str(merged) not in {each["data"]["person_id"] for each in heard(there, ERASED)}


def test_who_works_in_two_regions_is_no_single_regions(
    federal: Server, here: Server, there: Server
) -> None:
    """S1 5.5: приняли чужого и на основную работу — ключ его от этого не свой."""
    both = person(federal, ch.SCHOOL)
    theirs = person(federal, ch.CAPITAL_SCHOOL)
    job = replace(
        ch.employed(both, ch.CAPITAL_SCHOOL, "01.10.2022"), employment_id=EmploymentId(uuid4())
    )
    said(there, job)

    for region in (here, there):
        forbidden(region.ask("/registry", erase(both)), "S1 5.5")
        forbidden(region.ask("/registry", merge(theirs, both)), "S1 7.2")


def test_of_ones_own_a_region_merges_and_erases(
    federal: Server, here: Server, there: Server
) -> None:
    """S1 7.2, S1 5.5: обе записи свои: сливают и уничтожают сами, сказано один раз."""
    works, waits = person(here, ch.SCHOOL), person(here)
    mistaken = said(here, merge(works, waits))
    taken_back = amend(here, mistaken["event_ids"][0], "withdraw", GONE)
    again = said(here, replace(merge(works, waits), merged_on=day("02.10.2022")))
    erased = said(here, erase(works))

    assert (len(mistaken["event_ids"]), len(again["event_ids"])) == (1, 1)
    assert (taken_back.status_code, len(of_merger(here, waits))) == (200, 2)
    assert of_merger(there, waits) == []
    assert {str(works), str(waits)} <= {
        each["data"]["person_id"] for each in heard(federal, ERASED)
    }
    assert erased["event_ids"]


def test_a_record_without_work_is_at_home_where_it_was_made(
    federal: Server, here: Server, there: Server
) -> None:
    """S1 7.2: никто нигде не работает — записи там, где их внесли."""
    mine, theirs = person(here), person(there)

    forbidden(here.ask("/registry", merge(theirs, mine)), "S1 7.2")
    forbidden(there.ask("/registry", merge(theirs, mine)), "S1 7.2")
    said(federal, merge(theirs, mine))
    assert [len(of_merger(each, mine)) for each in (here, there)] == [1, 1]
