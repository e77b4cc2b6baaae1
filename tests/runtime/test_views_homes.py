"""A document is where its thing is at home, in each home of documents (ADR 0036)."""

from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.events.registry import (
    EducationRecorded,
    EmploymentEnded,
    EmploymentStarted,
    FactWithdrawn,
    RosterLinked,
)
from shared.kernel import Projection, kind_of
from shared.kernel.ids import EventId
from shared.runtime.projector import Projector
from shared.runtime.views import Put, Views
from shared.testing.facts import DAY, a
from tests.runtime.documents import NAME, Open, ids, put, run, seen_from
from tests.runtime.made import a_log, say


def test_a_territory_and_all_below_it(opened: Open) -> None:
    async def act(views: Views) -> None:
        paths = ("25", "25/05701", "25/05701/o", "250/1", "2", "26", None)
        await views.put(NAME, [put(f"{n}", 1, at) for n, at in enumerate(paths)])

        assert await ids(views, scopes=["25"]) == ["0", "1", "2"]
        assert await ids(views, scopes=["25/05701", "26"]) == ["1", "2", "5"]
        assert await ids(views, scopes=[]) == []
        assert await ids(views, scopes=[""]) == ["0", "1", "2", "3", "4", "5", "6"]

    run(opened, act)


def test_a_document_goes_where_its_thing_goes(opened: Open) -> None:
    async def act(views: Views) -> None:
        await views.put(NAME, [put("a", 1, "25/05701")])
        await views.put(NAME, [put("a", 3, "77")])
        await views.put(NAME, [put("a", 2, "25")])

        assert await ids(views, scopes=["25"]) == []
        assert await ids(views, scopes=["77"]) == ["a"]

    run(opened, act)


WHO = UUID(int=11)
HERE, NEXT_DOOR, THERE = "25/1/a", "25/1/b", "77/-/c"
ORGS = {HERE: UUID(int=1), NEXT_DOOR: UUID(int=2), THERE: UUID(int=3)}


def job(n: int, place: str, fact: type[Any] = EmploymentStarted, **said: Any) -> Any:
    """Return what is said of a person's n-th job at an organisation."""
    return a(fact, employment_id=UUID(int=n), org_id=ORGS[place], **said)


def withdrawn(first: UUID) -> FactWithdrawn:
    name = kind_of(EmploymentStarted).name
    return FactWithdrawn(withdraws=EventId(first), name=name, reason="", occurred_on=DAY)


MAIN = job(1, HERE, is_main=True)
LIVES: dict[str, tuple[str, list[tuple[Any, str, int | None]]]] = {
    "a second job": (HERE, [(MAIN, HERE, None), (job(2, THERE), THERE, None)]),
    "one said before the main one": (
        THERE,
        [(job(2, HERE), HERE, None), (job(1, THERE, is_main=True), THERE, None)],
    ),
    "a link": (HERE, [(MAIN, HERE, None), (a(RosterLinked), THERE, None)]),
    "the last place of work": (
        HERE,
        [
            (job(2, THERE), THERE, None),
            (MAIN, HERE, None),
            (job(2, THERE, EmploymentEnded), THERE, None),
            (job(1, HERE, EmploymentEnded), HERE, None),
        ],
    ),
    "an old fact is said anew where it stands": (
        THERE,
        [
            (a(EducationRecorded), HERE, None),
            (job(1, THERE, is_main=True), THERE, None),
            (a(EducationRecorded, level="higher"), HERE, 0),
        ],
    ),
    "of somebody without work, too": (
        THERE,
        [
            (a(EducationRecorded), HERE, None),
            (a(EducationRecorded), THERE, None),
            (a(EducationRecorded, level="higher"), HERE, 0),
        ],
    ),
    "what tells the home is said anew": (
        NEXT_DOOR,
        [(MAIN, HERE, None), (job(1, NEXT_DOOR, is_main=True), NEXT_DOOR, 0)],
    ),
    "the first of two is": (
        THERE,
        [
            (MAIN, HERE, None),
            (job(1, HERE, EmploymentEnded), HERE, None),
            (job(2, THERE, is_main=True), THERE, None),
            (job(1, NEXT_DOOR, is_main=True), NEXT_DOOR, 0),
        ],
    ),
    "what told the home never was": (
        HERE,
        [(MAIN, HERE, None), (job(2, THERE, is_main=True), THERE, None), (None, THERE, 1)],
    ),
    "an organisation that nobody knew": (
        HERE,
        [(a(EducationRecorded), HERE, None), (MAIN, "", None)],
    ),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_document_is_at_home_live_and_anew(opened: Open, tmp_path: Path, life: str) -> None:
    """ADR 0036: документ там, где дом; догнали его или собрали заново — одно и то же."""
    home, steps = LIVES[life]
    counted: Projection[Any, Any] = Projection(
        name=NAME,
        facts=(EmploymentStarted, EmploymentEnded, EducationRecorded, RosterLinked),
        evolve=lambda so_far, _: {"id": str(WHO), "n": (so_far or {"n": 0})["n"] + 1},
    )

    async def act(views: Views) -> None:
        said: list[UUID] = []
        projector = Projector([counted], log, views)
        for fact, place, of in steps:
            corrects = None if of is None or fact is None else said[of]
            fact_ = withdrawn(said[of or 0]) if fact is None else fact
            said += say(log, WHO, fact_, territory=place or None, corrects=corrects)
            await projector.catch_up()
        live = [await seen_from(views, place) for place in ORGS]
        await projector.rebuild(counted)

        assert live == [await seen_from(views, place) for place in ORGS]
        assert [bool(each) for each in live] == [place == home for place in ORGS]

    with closing(a_log(tmp_path)) as log:
        run(opened, act)


def test_documents_move_with_the_place_that_they_are_at(opened: Open) -> None:
    """ADR 0036: организация другого муниципалитета: её документы — с ней, прочие на месте."""

    async def act(views: Views) -> None:
        for n, place in enumerate(("25/1/A", "25/1/AB", "25/1", None)):
            said = Put(id=str(n), position=1, document={"id": str(n)}, territory=place)
            await views.put(NAME, [said])
        await views.move(NAME, {"25/1/A": "25/2/A", "25/9/Z": "25/2/Z"})

        at_last = [
            [each["id"] for each in await seen_from(views, at)] for at in ("25/2", "25/1")
        ]
        assert at_last == [["0"], ["1", "2"]]

    run(opened, act)
