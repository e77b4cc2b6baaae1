"""§5: a package that is whole (bulk) or partial (delta), held, confirmed, taken back."""

from dataclasses import astuple
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from metodika import imports
from metodika.imports.plan import Plan
from metodika.imports.state import kept
from metodika.services import NAMES
from services.registry import domain as reg
from services.registry.domain.roster import Source
from shared.kernel import standing
from shared.kernel.ids import EmploymentId, PersonId
from shared.runtime import amending, bulk, work
from shared.runtime.bulk import Report, Unreadable
from tests.bench.roster import package
from tests.journeys import chapters as ch
from tests.journeys.packages import package as package_of
from tests.journeys.packages import taken
from tests.journeys.telling import Telling, day

PEOPLE = 12
SEPTEMBER, OCTOBER = day("02.09.2021"), day("01.10.2021")
SCHOOL = Source(system="sis", on=SEPTEMBER, fingerprint=str).organisation("o-0")


def sent(mode: str = "bulk", *, people: int = PEOPLE, without: int = 0) -> dict[str, bytes]:
    """Return a school of so many people, less the jobs of the last of them."""
    files = package(people, "25")
    rows = files["roles.csv"].decode().splitlines(keepends=True)
    files["roles.csv"] = "".join(rows[: len(rows) - without]).encode()
    said = f"propertyName,value\noneroster.version,1.2\nfile.roles,{mode}\n"
    return files | ({"manifest.csv": said.encode()} if mode else {})


def plan(story: Telling, files: dict[str, bytes], on: date = OCTOBER) -> Plan:
    engine = story.world.engines["registry"]
    story.clock.moment = max(story.clock.moment, datetime.combine(on, time(12), UTC))
    return imports.roster_plan(engine, files, system="sis", region="25", on=on)


def confirmed(story: Telling, planned: Plan) -> Report:
    engine = story.world.engines["registry"]
    report = imports.take(engine, planned, actor="import:sis", home="25")
    story.settle()
    return report


def ended(story: Telling) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(each.data)
        for each in story.world.stores["registry"].walk()
        if each.name == "registry.EmploymentEnded"
    ]


@pytest.fixture
def school(story: Telling) -> Telling:
    """Give a world in which a school of twelve was imported on 2 September."""
    ch.places(story)
    report = taken(story, sent(), "sis", "25")
    assert (report.faults, story.names("registry").count("EmploymentStarted")) == ([], PEOPLE)
    return story


def test_whoever_a_whole_package_leaves_out_works_there_no_more(school: Telling) -> None:
    """§5: полный пакет (bulk) не называет работу — она окончена в день пакета (S1 5.5)."""
    planned = plan(school, sent(without=1))
    [ends] = planned.ends
    left_out = [row for row in planned.verdicts() if "не названа" in row[2]]
    before = len(school.names("registry"))

    assert (ends.org_id, ends.jobs, ends.ended, ends.left_out) == (SCHOOL, PEOPLE, 1, 1)
    assert ends.said.startswith("«Школа № 0»: из 12 работ окончится 1")
    assert [(row[0], row[1], row[3]) for row in left_out] == [("roles.csv", 0, True)]
    assert len(school.names("registry")) == before, "a plan stores nothing"

    assert not planned.held
    report = confirmed(school, planned)

    assert (report.faults, report.facts) == ([], 1)
    assert [each["occurred_on"] for each in ended(school)] == ["2021-10-01"]
    assert school.counted("K-F1", "01.10.2021") == (0, PEOPLE)
    assert school.counted("K-F1", "02.10.2021") == (0, PEOPLE - 1)


@pytest.mark.parametrize("mode", ["delta", ""])
def test_a_partial_package_ends_nothing_by_silence(school: Telling, mode: str) -> None:
    """§5: частичный пакет (delta) или пакет без описи молчанием ничего не кончает."""
    planned = plan(school, sent(mode, without=1))
    report = confirmed(school, planned)

    assert (planned.ends, planned.held) == ((), ())
    assert (report.facts, report.faults, ended(school)) == (0, [], [])


def test_a_whole_package_that_leaves_out_many_is_held(school: Telling) -> None:
    """contracts §7: кончает больше 10 % работ — ждёт подтверждения; без него — ничего."""
    engine, log = school.world.engines["registry"], school.names("registry")
    planned = plan(school, sent(without=2))
    [held] = planned.held
    imports.hold(engine, planned)
    school.settle()
    said = kept(engine, planned.import_id)

    assert (held.org_id, held.jobs, held.ended) == (SCHOOL, PEOPLE, 2)
    assert said
    assert said.status == "held"
    assert school.names("registry") == log
    assert school.counted("K-F1", "31.12.2021") == (0, PEOPLE)

    report = confirmed(school, plan(school, sent(without=2)))
    done = kept(engine, planned.import_id)

    assert report.facts == 2
    assert done
    assert (done.status, done.facts) == ("done", 2)
    assert school.counted("K-F1", "31.12.2021") == (0, PEOPLE - 2)


def test_an_empty_export_is_held_and_not_taken(school: Telling) -> None:
    """contracts §7: выгрузка, в которой никого нет, не увольняет всех."""
    planned = plan(school, sent(without=PEOPLE))

    assert [(each.org_id, each.ended) for each in planned.held] == [(SCHOOL, PEOPLE)]


def test_a_slip_in_a_row_ends_nobodys_job(school: Telling) -> None:
    """§5: непринятая строка всё же называет свою работу."""
    right = b"r-11,u-11,primary,teacher,2021-09-01,o-0,PED"
    for slip, column in (
        (b"r-11,u-11,primary,teacher,soon,o-0,PED", "beginDate"),
        (b",u-11,primary,teacher,2021-09-01,o-0,PED", "sourcedId"),
        (b",u-11,primary,teacher,2021-09-01,,PED", "sourcedId"),
        (b",u-11,primary,teacher,2021-09-01,o-O,PED", "sourcedId"),  # the letter
        (b"r-11" + b"1" * 500 + b",u-11,primary,teacher,2021-09-01,o-0,PED", "sourcedId"),
    ):
        files = sent()
        files["roles.csv"] = files["roles.csv"].replace(right, slip)
        planned = plan(school, files)

        assert [each.fault.column for each in planned.lines if each.fault] == [column]
        assert planned.ends == ()


def test_what_others_said_is_not_for_a_package_to_end(school: Telling) -> None:
    """§5: полный пакет кончает только то, что начали пакеты той же системы."""
    person = next(
        each.stream
        for each in school.world.stores["registry"].walk()
        if each.name == "registry.TeacherRegistered"
    )
    by_command = reg.StartEmployment(
        employment_id=EmploymentId(uuid4()),
        person_id=PersonId(person),
        org_id=SCHOOL,
        position_class="PED",
        is_teacher=False,
        subject_code=None,
        is_main=False,
        started_on=day("03.09.2021"),
    )
    school.tell("registry", by_command)

    assert plan(school, sent() | {"another.csv": b""}).ends == ()


def test_an_old_package_sent_again_ends_nobody_hired_since(school: Telling) -> None:
    """§5: повтор прежнего полного пакета не увольняет принятых после него."""
    more = taken(school, sent(people=PEOPLE + 1), "sis", "25", day("01.11.2021"))
    again = plan(school, sent(), day("02.11.2021"))

    assert more.facts
    assert (again.ends, again.held) == ((), ())


def test_a_killed_import_is_not_held_by_its_own_half(story: Telling) -> None:
    """§5: прерванный приём продолжается без нового подтверждения."""
    ch.places(story)
    engine = story.world.engines["registry"]
    half = imports.roster_plan(engine, sent(), system="sis", region="25", on=SEPTEMBER)
    half.lines = half.lines[:5]
    imports.keep(engine, half.kept("running", engine.clock()))
    bulk.take(engine, half.lines, Report(import_id=half.import_id), actor="import:sis")
    rest = plan(story, sent(), SEPTEMBER)
    report = confirmed(story, rest)

    assert rest.held == ()
    assert report.faults == []
    assert story.names("registry").count("EmploymentStarted") == PEOPLE


def cut(story: Telling, files: dict[str, bytes], on: date = OCTOBER) -> Plan:
    """Begin to take a package, as one that is killed before its first row."""
    planned = plan(story, files, on)
    engine = story.world.engines["registry"]
    imports.keep(engine, planned.kept("running", engine.clock()))
    return planned


def test_an_import_that_was_killed_is_held_for_what_nobody_confirmed(school: Telling) -> None:
    """contracts §7: что приём прервали, подтверждения не заменяет."""
    first = cut(school, sent(without=1))
    taken(school, sent("delta", people=PEOPLE + 2), "sis", "25")
    [held] = plan(school, sent(without=1)).held

    assert first.held == ()
    assert (held.jobs, held.ended) == (PEOPLE + 2, 3)


def test_a_confirmation_holds_for_what_was_confirmed_and_no_more(school: Telling) -> None:
    """contracts §7: подтверждённое не подтверждают дважды; чего прибавилось — ждёт."""
    first = cut(school, sent(without=2))
    same = cut(school, sent(without=2))  # without another word, and killed again
    taken(school, sent("delta", people=PEOPLE + 1), "sis", "25")
    [more] = plan(school, sent(without=2)).held

    assert [each.ended for each in first.held] == [2]
    assert same.held == ()
    assert more.ended == 3


def test_what_was_held_and_never_confirmed_stays_held(school: Telling) -> None:
    """contracts §7: повтор задержанного без подтверждения — снова задержан."""
    engine = school.world.engines["registry"]
    imports.hold(engine, plan(school, sent(without=2)))
    again = plan(school, sent(without=2))
    imports.hold(engine, again)

    assert [each.ended for each in again.held] == [2]
    assert plan(school, sent(without=2)).held == again.held


def test_what_was_refused_is_asked_anew_when_it_is_sent_again(story: Telling) -> None:
    """§5: чего пакету не хватало, внесли — тот же пакет принимают (contracts §4)."""
    early = taken(story, sent(), "sis", "25")
    ch.places(story)
    late = taken(story, sent(), "sis", "25")

    assert {fault.clause for *_, fault in early.faults} >= {"S1 4.1", "S0 I"}
    assert late.faults == []
    assert story.names("registry").count("EmploymentStarted") == PEOPLE


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("file.roles,whole", "file.roles"),
        ("oneroster.version,1.1", "oneroster.version"),
    ],
)
def test_a_manifest_that_says_something_else_is_no_manifest(
    story: Telling, said: str, why: str
) -> None:
    """§5: опись, которую не прочесть, — не опись (OneRoster 1.2)."""
    files = sent() | {"manifest.csv": f"propertyName,value\n{said}\n".encode()}

    with pytest.raises(Unreadable, match=why):
        plan(story, files)


# ── Taking back ─────────────────────────────────────────────────────────────


def numbers(story: Telling) -> list[Any]:
    """Return every answer for a row of days: values and who is counted, as known now."""
    vector, _ = story.world.answers.vector(None)
    days = [SEPTEMBER - timedelta(days=1), SEPTEMBER, OCTOBER, day("31.12.2021")]
    said: list[Any] = []
    for kpi in ("K-F0", "K-F1", "K-F4"):
        for on in days:
            value = story.world.answers.value(kpi, "25", on, vector)
            members = story.world.answers.members(kpi, "25", on, vector)
            said.append((kpi, on, value.num, value.den, value.value, value.status))
            said += map(astuple, members)
    return said


def test_what_was_taken_back_never_was_and_is_still_known_to_have_been_said(
    school: Telling,
) -> None:
    """contracts §7: после отзыва числа те же до байта, а «как было известно» — прежние."""
    before = msgspec.json.encode(numbers(school))
    planned = plan(school, sent(without=2))
    confirmed(school, planned)
    school.clock.moment += timedelta(days=1)
    known = school.clock.moment
    during = school.counted("K-F1", "31.12.2021")
    school.clock.moment += timedelta(days=1)
    report = imports.take_back(
        school.world, planned.import_id, actor="operator", reason="ошибка", on=OCTOBER
    )
    school.settle()
    said = kept(school.world.engines["registry"], planned.import_id)

    assert (report.accepted, report.faults) == (2, [])
    assert during == (0, PEOPLE - 2)
    assert msgspec.json.encode(numbers(school)) == before
    assert school.counted("K-F1", "31.12.2021", known=known) == during
    assert said
    assert said.status == "taken back"


def test_a_whole_import_is_taken_back_and_taken_again(story: Telling) -> None:
    """contracts §7: отозванный приём не оставляет чисел; пакет можно принять снова."""
    ch.places(story)
    story.settle()
    before = msgspec.json.encode(numbers(story))
    first = taken(story, sent(), "sis", "25")
    counted = story.counted("K-F1", "31.12.2021")
    report = imports.take_back(
        story.world, first.import_id, actor="operator", reason="ошибка", on=OCTOBER
    )
    story.settle()

    assert report.faults == []
    assert msgspec.json.encode(numbers(story)) == before

    again = taken(story, sent(), "sis", "25")

    assert (again.faults, again.facts) == ([], first.facts)
    assert story.counted("K-F1", "31.12.2021") == counted == (0, PEOPLE)


def test_to_take_many_back_is_not_to_look_at_each_for_each(
    story: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """contracts §7: на чём стоит каждая запись, смотрят, когда о ней что-то сказали."""
    ch.places(story)
    first = taken(story, sent(people=4 * PEOPLE), "sis", "25")
    looked: list[object] = []

    def look(rules: Any, history: Any) -> Any:
        looked.append(history)
        return amending.grounds(rules, history)

    monkeypatch.setattr(work, "grounds", look)
    report = imports.take_back(
        story.world, first.import_id, actor="operator", reason="ошибка", on=OCTOBER
    )

    assert report.faults == []
    assert 0 < len(looked) < report.facts


@pytest.mark.parametrize("heard", [True, False], ids=["heard before", "not heard yet"])
def test_nobody_is_sought_for_whoever_was_taken_back(story: Telling, *, heard: bool) -> None:
    """S1 4.4, contracts §7: человек отозван, отозвано и предложение пары; второй раз нечего."""
    ch.places(story)
    story.settle()
    born = ("112-233-445 95", "1999-05-17"), ("201-111-111 46", "1999-03-14")
    two = package_of("25", ch.VLADIVOSTOK, *(("Анна", *each) for each in born))
    planned = plan(story, two)
    report = imports.take(
        story.world.engines["registry"], planned, actor="import:sis", home="25"
    )
    if heard:
        story.settle()
    back = [taken_back(story, planned.import_id)]
    said = {name: story.names(name) for name in NAMES}
    back.append(taken_back(story, planned.import_id))
    log = list(story.world.stores["mentoring"].walk())
    pairs = {each.stream for each in log if each.name == "mentoring.MentorshipPairProposed"}
    history = story.world.engines["mentoring"].known().history

    assert (report.faults, back[0].faults, len(pairs)) == ([], [], 2)
    assert [standing(history(each)) for each in pairs] == [[], []]
    assert (back[1].rows, {name: story.names(name) for name in NAMES}) == (0, said)


def taken_back(story: Telling, import_id: UUID) -> Report:
    report = imports.take_back(
        story.world, import_id, actor="operator", reason="ошибка", on=OCTOBER
    )
    story.settle()
    return report


def test_what_a_later_package_builds_on_stays_and_is_named(story: Telling) -> None:
    """ADR 0021: школу внёс первый пакет, люди второго в ней работают: она стоит."""
    ch.places(story)
    first = taken(story, sent(mode="", people=1), "sis", "25")
    taken(story, sent(mode="", people=7), "sis", "25")
    people = story.counted("K-RR03", "31.12.2021")[1]
    report = imports.take_back(
        story.world, first.import_id, actor="operator", reason="ошибка", on=OCTOBER
    )
    story.settle()
    [(file, _, fault)] = report.faults

    assert (people, story.counted("K-RR03", "31.12.2021")[1]) == (7, 6)
    assert file == "registry.OrganisationRegistered"
    assert (fault.clause, "их 6:" in fault.reason) == ("S1 7.2", True)
