"""§5: a whole package that is older than what was taken is held, and both dates are named."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from metodika import imports
from metodika.imports.plan import Plan
from metodika.imports.state import Older
from tests.journeys import chapters as ch
from tests.journeys.packages import taken
from tests.journeys.telling import Telling, day
from tests.journeys.test_import_command import EXIT_HELD, typed
from tests.journeys.test_whole_packages import PEOPLE, SCHOOL, confirmed, plan, sent

SEPTEMBER, OCTOBER, NOVEMBER = day("02.09.2021"), day("01.10.2021"), day("01.11.2021")
MODIFIED = "dateLastModified"


def changed(files: dict[str, bytes], *days: str) -> dict[str, bytes]:
    """Return a package whose first roles say when they were changed."""
    header, *rows = files["roles.csv"].decode().splitlines()
    said = [*days, *[""] * (len(rows) - len(days))]
    lines = [f"{header},{MODIFIED}", *map(",".join, zip(rows, said, strict=True))]
    return files | {"roles.csv": "\n".join(lines).encode()}


def another(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the same in other bytes: a package that nobody has taken yet."""
    return files | {"roles.csv": files["roles.csv"] + b"\n"}


def older(planned: Plan) -> list[Older | None]:
    """Return what is held of it, and why if it is by its date."""
    return [each.older for each in planned.held]


@pytest.fixture
def school(story: Telling) -> Telling:
    """Give a world in which a school of twelve was imported on 2 September."""
    ch.places(story)
    assert taken(story, sent(), "sis", "25", SEPTEMBER).faults == []
    return story


def test_a_whole_package_of_an_earlier_day_ends_nobody_hired_since(school: Telling) -> None:
    """§5: полный пакет старше принятого ждёт подтверждения; принятых после него не кончает."""
    taken(school, sent(people=PEOPLE + 1), "sis", "25", NOVEMBER)
    log = school.names("registry")
    late = plan(school, another(sent()), OCTOBER)
    [held] = late.held

    assert (held.org_id, held.jobs, held.ended) == (SCHOOL, PEOPLE + 1, 1)
    assert held.older == Older(dated="2021-10-01", taken="2021-11-01")
    assert "составлен 2021-10-01, а принят уже составленный 2021-11-01" in held.said
    assert school.names("registry") == log

    assert confirmed(school, late).facts == 1
    assert older(plan(school, another(another(sent())), NOVEMBER)) == []


def test_rows_that_say_when_they_were_changed_tell_more_than_the_day_of_the_sending(
    school: Telling,
) -> None:
    """OneRoster: dateLastModified: старый пакет, отправленный позже, всё равно старый."""
    more = changed(sent(people=PEOPLE + 1), "2021-09-10T08:00:00.000Z", "2021-09-20")
    taken(school, more, "sis", "25", OCTOBER)
    late = changed(sent(), "2021-09-10T08:00:00.000Z", "2021-09-19T23:59:00+03:00")
    same = changed(sent(), "", "2021-09-20T03:00:00+03:00")
    newer = changed(sent(), "2021-09-20T00:00:01Z")

    dates = Older(dated="2021-09-19T20:59:00+00:00", taken="2021-09-20T00:00:00+00:00")
    assert older(plan(school, late, NOVEMBER)) == [dates]
    assert older(plan(school, same, NOVEMBER)) == []
    assert older(plan(school, newer, NOVEMBER)) == []


@pytest.mark.parametrize("said", ["2031-01-01", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_cannot_be_true_tells_nothing(school: Telling, said: str) -> None:
    """S1 5.5: будущий или нечитаемый день строки не делает пакет новее."""
    taken(school, changed(sent(people=PEOPLE + 1), said), "sis", "25", OCTOBER)

    assert older(plan(school, changed(sent(), "2021-09-20"), NOVEMBER)) == []
    assert older(plan(school, changed(sent(), "2021-09-20"), SEPTEMBER)) == [
        Older(dated="2021-09-02", taken="2021-10-01")
    ]


def test_what_a_partial_package_brought_is_newer_too(school: Telling) -> None:
    """§5: и то, что принёс частичный пакет, старый полный не кончает без подтверждения."""
    taken(school, sent("delta", people=PEOPLE + 1), "sis", "25", NOVEMBER)
    taken(school, another(sent("delta")), "sis", "25", SEPTEMBER)  # late, and takes nothing
    dates = Older(dated="2021-10-01", taken="2021-11-01")

    assert older(plan(school, another(sent()), OCTOBER)) == [dates]
    assert older(plan(school, another(sent("delta")), OCTOBER)) == []


def test_a_package_that_was_taken_back_is_nobody_s_newer(school: Telling) -> None:
    """contracts §7: отозванный приём ни для кого не новее."""
    more = taken(school, sent(people=PEOPLE + 1), "sis", "25", NOVEMBER)
    imports.take_back(
        school.world, more.import_id, actor="operator", reason="ошибка", on=NOVEMBER
    )
    school.settle()

    assert older(plan(school, another(sent()), OCTOBER)) == []
    assert older(plan(school, another(sent(without=1)), OCTOBER)) == []


def test_a_package_that_says_nothing_new_waits_for_nobody(school: Telling) -> None:
    """§5: старый пакет, от которого ничего не меняется, не задерживают."""
    taken(school, another(sent()), "sis", "25", NOVEMBER)

    assert older(plan(school, another(another(sent())), OCTOBER)) == []


def test_of_another_school_it_is_not_older(school: Telling) -> None:
    """§5: пакет сравнивают с принятым о той же организации."""
    taken(school, another(sent()), "sis", "25", NOVEMBER)
    other = {name: said.replace(b"o-0", b"o-9") for name, said in sent().items()}
    moved = {name: said.replace(b"r-", b"q-") for name, said in other.items()}

    assert older(plan(school, moved, OCTOBER)) == []


def test_a_confirmed_older_package_goes_on_after_a_kill(school: Telling) -> None:
    """contracts §7: подтверждение старого пакета — до ещё более нового."""
    engine = school.world.engines["registry"]
    taken(school, sent(people=PEOPLE + 1), "sis", "25", NOVEMBER)
    first = plan(school, another(sent()), OCTOBER)
    imports.keep(engine, first.kept("running", engine.clock()))
    again = plan(school, another(sent()), OCTOBER)
    taken(school, another(sent(people=PEOPLE + 1)), "sis", "25", day("02.11.2021"))
    later = plan(school, another(sent()), OCTOBER)

    assert older(again) == []
    assert older(later) == [Older(dated="2021-10-01", taken="2021-11-02")]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_an_operator_is_told_both_dates(school: Telling, tmp_path: Path) -> None:
    """contracts §7: почему пакет задержан: обе даты названы."""
    taken(school, sent(people=PEOPLE + 1), "sis", "25", NOVEMBER)
    school.world.close()
    folder = tmp_path / "older"
    folder.mkdir()
    for name, said in another(sent()).items():
        (folder / name).write_bytes(said)
    world = Path(school.world.settings.world)

    def sent_on(day: date, *said: str) -> Any:
        who = ("--system", "sis", "--region", "25", "--on", day.isoformat())
        return typed(world, str(folder), *who, *said)

    held = sent_on(OCTOBER)
    dry = msgspec.json.decode(sent_on(OCTOBER, "--dry-run", "--json").stdout)
    done = sent_on(OCTOBER, "--confirm")

    assert held.exit_code == EXIT_HELD
    assert "dated 2021-10-01, and one that is dated 2021-11-01 was taken" in held.stderr
    assert dry["held"][0]["older"] == {"dated": "2021-10-01", "taken": "2021-11-01"}
    assert (done.exit_code, "1 new facts" in done.stdout) == (0, True)
