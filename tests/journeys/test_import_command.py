"""`metodika import` as an operator types it: dry run, held, confirmed, taken back."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.say import EXIT_HELD, EXIT_NO
from metodika.imports.plan import words
from metodika.services import service
from metodika.world import opened
from tests.journeys import chapters as ch
from tests.journeys.packages import package
from tests.journeys.telling import Telling, settings_of
from tests.journeys.test_whole_packages import PEOPLE, sent

EXAMPLES = Path(__file__).parents[2] / "examples"
ANNA = ("Анна", "112-233-445 95", "1980-03-14")
TAKES = ("registry", "diagnostics", "routes")
"""Services that files are read for."""
COMMANDS = [it for name in TAKES for each in service(name).deciders for it in each.commands]
INFINITIVE = re.compile(r"[а-яё]+(ть|ти)( [А-ЯЁа-яё-]+)*")
LATIN = re.compile("[A-Za-z]")


@pytest.fixture
def world(story: Telling) -> Path:
    """Give the folder of a world in which the regions stand."""
    ch.places(story)
    story.settle()
    folder = story.world.settings.world
    story.world.close()
    return Path(folder)


def typed(world: Path, *said: str) -> Result:
    return CliRunner().invoke(metodika, ["import", *said, "--world", str(world)])


def roster(folder: Path, name: str, without: int) -> str:
    target = folder / name
    target.mkdir()
    for file, content in sent(without=without).items():
        (target / file).write_bytes(content)
    return str(target)


def dry_run(world: Path, name: str, kind: str, *who: str) -> list[dict[str, Any]]:
    """Return the verdicts on one of the examples, as a program reads them."""
    said = typed(world, str(EXAMPLES / name), "--kind", kind, *who, "--dry-run", "--json")
    return msgspec.json.decode(said.stdout)["rows"]


def names(world: Path) -> list[str]:
    with opened(settings_of(world)) as here:
        return [each.name for each in here.stores["registry"].walk()]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_an_operator_imports_a_school(world: Path, tmp_path: Path) -> None:
    """contracts §7: пробный прогон, задержание, подтверждение, отзыв."""
    who = ("--system", "sis", "--region", "25", "--on", "2021-10-01")
    whole, fewer = roster(tmp_path, "whole", 0), roster(tmp_path, "fewer", 3)
    first = typed(world, whole, *who, "--json")
    log = names(world)
    dry = typed(world, fewer, *who, "--dry-run")
    plain: Any = msgspec.json.decode(typed(world, fewer, *who, "--dry-run", "--json").stdout)
    held = typed(world, fewer, *who)
    said: Any = msgspec.json.decode(typed(world, fewer, *who, "--json").stdout)
    untouched = names(world)
    done = typed(world, fewer, *who, "--confirm", "--json")
    import_id = msgspec.json.decode(done.stdout)["import_id"]
    ended = names(world)
    back = typed(world, "--take-back", import_id, "--on", "2021-10-02")

    assert (first.exit_code, dry.exit_code, held.exit_code) == (0, 0, EXIT_HELD)
    assert "Jobs that a whole (bulk) package leaves out" in dry.stdout
    assert [(it["jobs"], it["left_out"]) for it in plain["ends"]] == [(PEOPLE, 3)]
    assert sum("не названа" in row["verdict"] for row in plain["rows"]) == 3
    assert (said["status"], [it["left_out"] for it in said["ends"]]) == ("held", [3])
    assert (untouched, said["import_id"]) == (log, import_id)
    assert (done.exit_code, ended.count("registry.EmploymentEnded")) == (0, 3)
    assert back.exit_code == 0
    assert names(world)[len(ended) :] == ["registry.FactWithdrawn"] * 3


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_the_name_of_a_system_is_its_first_regions(world: Path, tmp_path: Path) -> None:
    """S0 V: имя учётной системы другой территории не берут; у страны права на все."""
    file = roster(tmp_path, "whole", 0)
    first = typed(world, file, "--system", "sis", "--region", "25", "--on", "2021-10-01")
    foreign = typed(world, file, "--system", "sis", "--region", "77", "--dry-run")
    country = typed(world, file, "--system", "sis", "--dry-run")

    assert (first.exit_code, foreign.exit_code, country.exit_code) == (0, EXIT_NO, 0)
    assert "another territory's" in foreign.stderr
    assert "orgs.csv" not in foreign.stdout


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_what_was_taken_back_is_not_taken_back_again(world: Path, tmp_path: Path) -> None:
    """contracts §7: второй отзыв отзывать нечего, и он ничего не пишет."""
    who = ("--system", "sis", "--region", "25", "--on", "2021-10-01", "--json")
    first = typed(world, roster(tmp_path, "whole", 0), *who)
    back = ("--take-back", msgspec.json.decode(first.stdout)["import_id"], "--on", "2021-10-02")
    once, stores = typed(world, *back), written(world)
    again = typed(world, *back)

    assert (once.exit_code, "nothing to take back" in once.stdout) == (0, False)
    assert (again.exit_code, again.stdout) == (0, "nothing to take back\n")
    assert written(world) == stores


def written(world: Path) -> list[tuple[Any, ...]]:
    """Return every row of every table of the five logs."""
    found: list[tuple[Any, ...]] = []
    for file in sorted(world.glob("*.sqlite")):
        with closing(sqlite3.connect(file)) as store:
            tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                rows = store.execute(f"SELECT * FROM {table}")
                found += [(file.name, table, *row) for row in rows]
    return found


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_a_slip_is_told_and_nothing_is_taken(world: Path, tmp_path: Path) -> None:
    """contracts §7: чего нет, того не отзывают; региона нет, имени нет — не принимают."""
    file, before = roster(tmp_path, "whole", 0), names(world)
    nothing = typed(world, "--take-back", str(UUID(int=1)))
    nowhere = typed(world, file, "--system", "sis", "--region", "99")
    unnamed = typed(world, file, "--system", " ", "--region", "25")

    assert (nothing.exit_code, nowhere.exit_code, unnamed.exit_code) == (EXIT_NO, EXIT_NO, 2)
    assert "no import" in nothing.stderr
    assert "no region 99" in nowhere.stderr
    assert "is no name" in unnamed.stderr
    assert names(world) == before


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_a_dry_run_says_what_the_import_will_say(world: Path, tmp_path: Path) -> None:
    """contracts §7: муниципалитета нет: пробный прогон говорит то же, что импорт."""
    file, who = tmp_path / "nowhere", ("--system", "sis", "--region", "25")
    file.mkdir()
    for name, content in package("25", "05999000", ANNA).items():
        (file / name).write_bytes(content)
    rows = dry_run(world, str(file), "roster", *who)
    done: Any = msgspec.json.decode(typed(world, str(file), *who, "--json").stdout)
    tried = [(it["file"], it["line"], it["verdict"]) for it in rows if not it["good"]]
    said = [
        (it["file"], it["line"], f"{it['column']}: {it['reason']} ({it['clause']})")
        for it in done["faults"]
    ]

    assert tried == said
    assert [(file, line) for file, line, _ in said] == [("orgs.csv", 2), ("roles.csv", 2)]
    assert "Муниципальное образование не внесено" in said[0][2]
    assert "Такой организации в реестре нет" in said[1][2]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_of_an_organisation_that_is_there_otherwise_too(world: Path, tmp_path: Path) -> None:
    """contracts §7, S1 4.1: вышестоящая — из того же пакета; внесённую иначе не вносят."""
    file, who = tmp_path / "two", ("--system", "sis", "--region", "25")
    file.mkdir()
    head = "sourcedId,name,type,parentSourcedId\n"
    both = f"{head}o-2,Школа,school,o-1\no-1,Отдел,local,\n"
    for name, content in (package("25", "") | {"orgs.csv": both.encode()}).items():
        (file / name).write_bytes(content)
    new = dry_run(world, str(file), "roster", *who)
    typed(world, str(file), *who)
    (file / "orgs.csv").write_text(both.replace("Отдел", "Управление"))
    again = dry_run(world, str(file), "roster", *who)

    assert [each["good"] for each in new] == [True, True]
    assert [each["good"] for each in again] == [True, False]
    assert "уже внесена иначе" in again[1]["verdict"]


USERS = (
    "sourcedId,givenName,familyName,metadata.snils,metadata.birthDate,"
    "metadata.category,metadata.categoryFrom\n"
    "u-1,Анна,Вымыслова,112-233-445 95,2015-03-14,,\n"
    "u-2,Вера,Вымыслова,202-222-222 74,1980-07-09,ped_methodist,2024-01-15\n"
)
ROLES = (
    "sourcedId,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,metadata.isTeacher\n"
    "r-1,u-1,primary,teacher,2021-09-01,,o-1,\n"
    "r-2,u-2,primary,teacher,2021-09-01,2021-08-01,o-1,\n"
    "r-3,u-2,primary,principal,2021-09-01,,o-1,true\n"
    "r-4,u-2,primary,teacher,2021-09-01,,o-2,\n"
    "r-5,u-2,primary,teacher,2021-09-01,,o-1,\n"
)


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_of_people_and_of_their_jobs_it_says_it_too(world: Path, tmp_path: Path) -> None:
    """contracts §7: что импорт не примет, того и пробный прогон не назовёт принятым."""
    file, who = tmp_path / "bad", ("--system", "sis", "--region", "25", "--on", "2025-09-02")
    file.mkdir()
    rows = {"users.csv": USERS.encode(), "roles.csv": ROLES.encode()}
    for name, content in (package("25", "") | rows).items():
        (file / name).write_bytes(content)
    log, keys = names(world), (world / "keys.sqlite").read_bytes()
    tried = dry_run(world, str(file), "roster", *who)
    untouched = names(world), (world / "keys.sqlite").read_bytes()
    done: Any = msgspec.json.decode(typed(world, str(file), *who, "--json").stdout)
    bad = {(it["file"], it["line"]): it["verdict"] for it in tried if not it["good"]}
    said = {(it["file"], it["line"]): it["reason"] for it in reversed(done["faults"])}
    users, roles = "users.csv", "roles.csv"

    assert untouched == (log, keys)
    assert (
        [*bad]
        == [*reversed(said)]
        == [(users, 2), (users, 3), *((roles, n) for n in (2, 3, 4, 5))]
    )
    assert all(said[each] in bad[each] for each in said)
    assert "от 16 до 100 лет" in bad[users, 2]
    assert "к высшей" in bad[users, 3]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_an_official_reads_what_each_row_will_bring(world: Path) -> None:
    """contracts §7: вердикт — по-русски, у программы — ещё и имена команд."""
    who = ("--system", "RU-PRI-SIS", "--region", "25")
    rows = dry_run(world, "roster", "roster", *who)
    typed(world, str(EXAMPLES / "roster"), *who)  # so that its people are known
    rows += dry_run(world, "results.csv", "results", *who)
    rows += dry_run(world, "completions.csv", "completions", *who)
    read = {(row["file"], row["line"]): row for row in rows if row["good"]}
    bad = {(row["file"], row["line"]): row["verdict"] for row in rows if not row["good"]}
    both = read["users.csv", 8]
    ended = read["roles.csv", 10]
    result = read["results.csv", 2]

    assert read["orgs.csv", 2]["verdict"] == "внести организацию"
    assert both["verdict"] == (
        "внести педагога в реестр, опознать человека в учётной системе, "
        "записать образование, записать квалификационную категорию × 2"
    )
    assert both["commands"] == [
        "RegisterTeacher",
        "LinkRoster",
        "RecordEducation",
        "AwardCategory",
        "AwardCategory",
    ]
    assert ended["verdict"] == "принять на работу, окончить работу"
    assert result["verdict"] == (
        "назначить диагностику, начать диагностику, записать результат диагностики"
    )
    assert "ДПП" in bad["completions.csv", 2]  # nobody has drafted it
    assert not [row for row in read.values() if LATIN.search(row["verdict"])]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda it: it.__name__)
def test_every_command_of_an_import_has_its_words(command: type[Any]) -> None:
    assert INFINITIVE.fullmatch(words(command))


def test_no_two_commands_have_the_same_words() -> None:
    assert len({words(each) for each in COMMANDS}) == len(COMMANDS)
