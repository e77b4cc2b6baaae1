"""Point 7: a person's data are gone for ever, and every number stays what it was."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from metodika import imports
from metodika.erasure import erase_person
from metodika.replaying import Replayed, numbers, replay_documents
from metodika.services import NAMES
from metodika.up import mounted, part
from metodika.world import World
from services.registry import domain as reg
from shared.kernel import Correct, Recorded
from shared.kernel.ids import PersonId
from shared.runtime import logs, telemetry
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from shared.runtime.seal_shelves import open_shelf
from shared.runtime.segments_logs import roots_of
from shared.runtime.segments_write import write
from shared.runtime.telemetry_sent import in_memory
from tests.journeys import chapters as ch
from tests.journeys.http import headers, let_in, spoken
from tests.journeys.packages import taken
from tests.journeys.telling import Telling, day, refused
from tests.journeys.written import days, found, guessed, snils_forms, written

WHO = PersonId(ch.uid("zoya"))
SECRETS = (
    "Тайнозёрова",
    "Зоя",
    "213-333-332 08",
    "21333333208",
    "213-333-332",
    "1983-05-17",
    "17.05.1983",
)
"""A name, a СНИЛС and a birth date as they might be written somewhere."""
BORN_FOLLOWS = ("2018-05-17", "1997-05-17")
"""35 and 14 years later: from these a birth date would follow."""


def register() -> reg.RegisterTeacher:
    return reg.RegisterTeacher(
        person_id=WHO,
        full_name="Тайнозёрова Зоя Выдумовна",
        snils="213-333-332 08",
        birth_date=day("17.05.1983"),
        registered_on=day("01.09.2021"),
    )


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Return every file of a world with its bytes."""
    for each in sorted(folder.rglob("*")):
        if each.is_file():
            yield each, each.read_bytes()


def nowhere(folder: Path, words: tuple[str, ...]) -> None:
    """Assert that no file holds one of these, in any encoding that we write."""
    found = [
        (path.name, word)
        for path, content in files(folder)
        for word in words
        for said in (word.encode(), word.encode("utf-16-le"), word.encode("unicode-escape"))
        if said in content
    ]
    assert found == []


class Heard:
    """A world told over HTTP, with everything that it logs and traces."""

    def __init__(self, world: World, story: Telling) -> None:
        self.world, self.story = world, story
        self.log = io.StringIO()
        logs.start("DEBUG", to=self.log, service="test")
        self.telemetry = in_memory()
        self.parts = [part(world, name, None) for name in NAMES]
        self.token = LocalIssuer(world.settings.world).issue("federal-1", now=utc_now())

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(mounted(self.parts), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(path, json=body, headers=headers(self.token))

    def ask(self, command: Any, **instead: Any) -> httpx.Response:
        path, body = spoken(command)
        return asyncio.run(self.post(f"/registry{path}", body | instead))

    def written(self) -> str:
        """Return every log line and every span."""
        assert self.telemetry.spans is not None
        spans = [each.to_json() for each in self.telemetry.spans.get_finished_spans()]
        return self.log.getvalue() + "\n".join(spans)


@pytest.fixture
def heard(told: Telling) -> Iterator[Heard]:
    """Give a world in which Zoya works, registered over HTTP."""
    with ExitStack() as stack:
        stack.callback(logs.start, "WARNING")
        stack.callback(telemetry.use, telemetry.Telemetry())
        let_in(told.world.engines["registry"])
        here = Heard(told.world, told)
        assert here.ask(register()).status_code == 200
        told.tell("registry", ch.employed(WHO, ch.SCHOOL, "01.09.2010"))
        told.settle()
        asyncio.run(replay_documents(told.world, Replayed()))
        yield here


def erased(heard: Heard) -> None:
    outcome = erase_person(
        heard.world, WHO, reason="отзыв согласия", act_no="152-7", on=day("01.10.2022")
    )
    assert outcome.status == "accepted"
    heard.story.settle()


@pytest.mark.parametrize("told", ["embedded"], indirect=True)  # its files are read
def test_in_clear_the_data_stand_nowhere_even_before(heard: Heard) -> None:
    """§1.7: имени, СНИЛС и даты рождения открытым текстом нет ни в одном файле (S1 5.5)."""
    before = [path.name for path, _ in files(heard.world.settings.world)]

    assert {"registry.sqlite", "keys.sqlite", "registry.documents.sqlite"} <= set(before)
    nowhere(heard.world.settings.world, (*SECRETS, *BORN_FOLLOWS))


def test_who_has_the_right_reads_the_name_before_and_nobody_after(heard: Heard) -> None:
    """§1.7: до уничтожения ключа имя читает, кто вправе; после — никто (S1 5.5)."""
    engine = heard.world.engines["registry"]
    [before, *_] = engine.known().thing(WHO).history
    erased(heard)
    [after, *_] = engine.known().thing(WHO).history

    assert before.fact.full_name == "Тайнозёрова Зоя Выдумовна"
    assert isinstance(after, Recorded)
    assert "Тайнозёрова" not in repr(after)
    assert "1983" not in repr(after)


@pytest.mark.parametrize("told", ["embedded"], indirect=True)  # its files are read
def test_the_key_is_gone(heard: Heard) -> None:
    """§1.7: ключа человека нет ни в одном файле; запечатанное осталось (S1 5.5)."""
    [kept] = open_shelf(heard.world.settings.keys).find([WHO])
    assert kept.wrapped is not None
    held = [path for path, said in files(heard.world.settings.world) if kept.wrapped in said]
    erased(heard)
    registered = heard.world.stores["registry"].streams([WHO])[WHO][0]

    assert held
    assert b"ciphertext" in registered.data
    assert [p for p, said in files(heard.world.settings.world) if kept.wrapped in said] == []


def test_every_number_stays(heard: Heard) -> None:
    """§1.7: все показатели со всеми учтёнными — те же (S1 5.5)."""
    dates = [day(each) for each in ("31.12.2021", "31.12.2022", "31.12.2024")]
    before = [numbers(heard.world.answers, each) for each in dates]
    erased(heard)

    assert [numbers(heard.world.answers, each) for each in dates] == before
    assert heard.story.counted("K-F1", "31.12.2022") == (1, 5)


def test_neither_log_nor_trace_names_anybody(heard: Heard) -> None:
    """§1.7: ни в журнале работы, ни в трассах — и когда запрос плох (S1 5.5)."""
    heard.ask(register(), snils="213-333-332 00")
    heard.ask(register(), birth_date="1983-05-17T00:00")
    heard.ask(register(), Тайнозёрова="Зоя")
    erased(heard)
    said = heard.written()

    assert "RegisterTeacher" in said
    assert [word for word in SECRETS if word in said] == []


def test_a_refusal_does_not_repeat_what_was_said(heard: Heard) -> None:
    """§1.7: ответ об ошибке не повторяет сказанного (S1 5.5)."""
    answers = [
        heard.ask(register(), snils="213-333-332 00"),
        heard.ask(register(), birth_date="1983-05-17T00:00"),
        heard.ask(register(), full_name=["Тайнозёрова"]),
    ]

    assert [each.status_code for each in answers] == [409, 422, 422]
    assert not any(word in each.text for each in answers for word in SECRETS)


def test_nothing_new_is_said_of_the_erased(heard: Heard) -> None:
    """§1.7: данные уничтожены: новых о человеке не записывают (S1 5.5)."""
    erased(heard)
    end = heard.world.stores["registry"].head().position
    again = erase_person(
        heard.world, WHO, reason="отзыв согласия", act_no="152-7", on=day("01.10.2022")
    )
    award = reg.AwardCategory(person_id=WHO, category="first", awarded_on=day("02.10.2022"))

    assert again.status == "accepted"  # the answer that was given the first time
    assert heard.world.stores["registry"].head().position == end
    refused(heard.story.ask("registry", award), "S1 5.5", "уничтожены")


def test_the_snils_of_the_erased_leads_to_nobody(heard: Heard) -> None:
    """§1.7: по СНИЛС уничтоженную запись больше не найти (S1 5.5)."""
    known = heard.world.engines["registry"].known
    assert known().holder("snils", "21333333208") == WHO
    erased(heard)

    assert known().holder("snils", "21333333208") is None


@pytest.mark.parametrize("who", ["the survivor", "the first", "the one between"])
def test_all_records_of_one_human_are_erased(told: Telling, who: str) -> None:
    """§1.7: слитые записи — один человек: уничтожают каждую, с которой ни начни (S1 5.5)."""
    records = {each: PersonId(ch.uid(each)) for each in ("the first", "the one between")}
    records |= {"the survivor": PersonId(ch.uid("the survivor")), "another": ch.BORIS}
    snils = iter(("213-333-331 07", "213-333-334 10", "213-333-335 11"))
    chain = [records[each] for each in ("the first", "the one between", "the survivor")]
    for each in chain:
        told.tell("registry", ch.registered(each, next(snils), "17.05.1983"))
    for merged, survivor in pairwise(chain):
        merger = reg.MergePersons(
            merged_id=merged, survivor_id=survivor, merged_on=day("01.03.2022")
        )
        told.tell("registry", merger)
    erase_person(told.world, records[who], reason="отзыв", act_no="9", on=day("01.10.2022"))
    engine = told.world.engines["registry"]
    known = {name: engine.known().thing(each).history for name, each in records.items()}
    sealed = {n for n, told_ in known.items() if not isinstance(told_[0].fact.birth_date, date)}
    late = reg.MergePersons(merged_id=WHO, survivor_id=chain[-1], merged_on=day("02.10.2022"))
    told.tell("registry", ch.registered(WHO, "213-333-332 08", "17.05.1983"))

    assert sealed == set(records) - {"another"}
    assert engine.known().holder("snils", "21333333107") is None
    refused(told.ask("registry", late), "S1 5.5", "уничтожены")


LATE = PersonId(ch.uid("late starter"))


def dates_of_the_ledger(world: World, month_day: str) -> set[tuple[str, str]]:
    """Return where in the ledger a date falls on this day of whatever year."""
    with world.ledger.reading() as reader:
        columns = reader.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type = 'DATE'"
        ).fetchall()
        found = (
            (table, column)
            for table, column in columns
            for day_ in reader.execute(f"SELECT {column} FROM {table}").fetchall()
            if day_[0] and f"{day_[0]:%m-%d}" == month_day
        )
        return set(found)


def test_only_the_end_of_youth_tells_a_birthday(told: Telling) -> None:
    """§1.7: день рождения виден лишь в конце молодости, а он и есть показатель (ADR 0009)."""
    began_at_33 = ch.registered(LATE, "213-333-333 09", "17.05.1987")
    told.tell("registry", began_at_33, ch.employed(LATE, ch.SCHOOL, "01.09.2020"))
    told.settle()
    erase_person(told.world, LATE, reason="отзыв согласия", act_no="1", on=day("01.10.2022"))
    told.settle()
    logs_ = {name: told.world.stores[name].read(0, limit=100_000) for name in NAMES}
    said = {each.name for log in logs_.values() for each in log if b"-05-17" in each.data}

    assert said == {"registry.YouthPeriodDetermined"}
    assert dates_of_the_ledger(told.world, "05-17") == {
        ("registry_YouthPeriodDetermined", "young_until")
    }


# ── A long life, erased ─────────────────────────────────────────────────────

DOUBLE = PersonId(ch.uid("zoya by another roster"))
BORN, MISTYPED = day("17.05.1983"), day("18.05.1983")
NUMBERS = ("213-333-332 08", "213-333-334 10")
HER_NAMES = ("Тайнозёрова", "ТАЙНОЗЁРОВА", "тайнозёрова", "Выдумовна", "ВЫДУМОВНА")
ROLES = "sourcedId,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId"


def her_package(org: str, began: str, born: str = "1983-05-17") -> dict[str, bytes]:
    """Return a package of nobody but her."""
    orgs = f"sourcedId,name,type,metadata.kind,metadata.region\n{org},Школа,school,school,25\n"
    users = (
        "sourcedId,givenName,familyName,middleName,metadata.snils,metadata.birthDate\n"
        f"u-1,Зоя,Тайнозёрова,Выдумовна,213-333-332 08,{born}\n"
    )
    terms = "metadata.positionClass,metadata.isMain,metadata.isTeacher"
    roles = f"{ROLES},{terms}\nr-1,u-1,primary,teacher,{began},,{org},PED,false,true\n"
    return {
        "orgs.csv": orgs.encode(),
        "users.csv": users.encode(),
        "roles.csv": roles.encode(),
    }


PACKAGES = {
    "one": her_package("o-1", "2021-09-01"),
    "two": her_package("o-2", "2021-10-01"),
    "waits": her_package("o-3", "2021-11-01"),
    "wrong": her_package("o-4", "2021-12-01", born="17.05.1983"),
}


def signs_of_her() -> set[bytes]:
    """Return all by which she may be known, or a guess at her be proved."""
    told = {*HER_NAMES}.union(*map(snils_forms, NUMBERS), days(BORN), days(MISTYPED))
    years = [BORN.replace(year=BORN.year + age) for age in (14, 35)]
    plain = told.union(*map(days, years))
    likely = (*SECRETS, *NUMBERS, *HER_NAMES, str(MISTYPED))
    signs = set[bytes]().union(
        *map(written, plain), *map(guessed, (it.encode() for it in likely))
    )
    packages = [(each, *map(files.get, sorted(files))) for each, files in PACKAGES.items()]
    whole = [guessed(it[0].encode(), *filter(None, it[1:])) for it in packages]
    return signs.union(*whole)


@pytest.fixture
def lived(heard: Heard) -> Heard:
    """Give a world in which Zoya came by two rosters, waits in a third, was merged, mended."""
    story, world = heard.story, heard.world
    engine = world.engines["registry"]
    for system in ("one", "two", "wrong"):
        taken(story, PACKAGES[system], system, "25", on=day("01.10.2021"))
    waits = imports.roster_plan(
        engine, PACKAGES["waits"], system="waits", region="25", on=day("01.10.2021")
    )
    imports.hold(engine, waits)
    double = replace(register(), person_id=DOUBLE, snils=NUMBERS[1], birth_date=MISTYPED)
    assert heard.ask(double).status_code == 200
    story.tell("registry", ch.employed(DOUBLE, ch.SCHOOL, "01.09.2012"))
    story.settle()
    [registered, *_] = engine.known().thing(DOUBLE).history
    mended = replace(registered.fact, birth_date=BORN)
    assert story.ask("registry", Correct(event_id=registered.event_id, fact=mended))
    merger = reg.MergePersons(survivor_id=WHO, merged_id=DOUBLE, merged_on=day("01.03.2022"))
    assert heard.ask(merger).status_code == 200
    story.settle()
    asyncio.run(replay_documents(world, Replayed()))
    return heard


def test_nothing_of_a_long_life_is_left(lived: Heard) -> None:
    """§1.7, 152-ФЗ: слита, исправлена, дважды ввезена, ещё ждёт: её не узнать (S1 5.5)."""
    world = lived.world
    early = write(world.ledger, world.settings.world / "segments", roots_of({}), {})
    jobs = [each for each in lived.story.names("registry") if each == "EmploymentStarted"]
    before = found(world, signs_of_her())
    with closing(open_shelf(world.settings.keys)) as shelf:
        wrapped = [each.wrapped or b"" for each in shelf.find([WHO, DOUBLE])]
    held = {it for _, it in found(world, wrapped)}
    erased(lived)
    asyncio.run(replay_documents(world, Replayed()))
    late = write(world.ledger, world.settings.world / "segments", roots_of({}), {})
    seen = {place for place, _ in found(world, [str(WHO).encode(), WHO.bytes])}
    new = {Path(each.file).name for each in late.new}

    assert new
    assert seen > new  # they were read, and she is there
    assert set(early.manifest.segments) < set(late.manifest.segments)
    assert before == set()
    assert len(held) == 2
    assert found(world, [*signs_of_her(), *wrapped]) == set()
    assert [word for word in SECRETS if word in lived.written()] == []
    assert len(jobs) >= 4
