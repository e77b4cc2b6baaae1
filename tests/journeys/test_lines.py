"""A bad row is reported with the line on which a text editor shows where it begins."""

from pathlib import Path

import pytest

from metodika import imports
from shared.runtime import bulk
from shared.runtime.bulk import Unreadable
from tests.journeys import chapters as ch
from tests.journeys.packages import ORGS, ROLES, USERS
from tests.journeys.telling import Telling, day

ON = day("02.09.2021")
ODD = {
    "lf": "\n",
    "crlf": "\r\n",
}
BAD = "bad"
"""Whatever row begins with it has a fault; an editor counts where it stands."""

RESULTS = (
    "session,purpose,completed_on,score_pct,person_id,instrument\n"
    "\n"
    'good-1,"initial",2024-02-01,"64.50","{one}",test\n'
    '"bad-1\n\n(of three lines)",initial,soon,64.50,{one},test\n'
    "\n\n"
    'bad-2,initial,2024-02-01,"much\nmore",{one},test\n'
).format(one="018f0000-0000-7000-8000-000000000001")
COMPLETIONS = '\ufeffenrolment,completed_on,note\nbad-1,"some\nday",\n\nbad-2,never,\n'


def editor(said: str) -> list[int]:
    """Return the lines on which a bad row begins, as an editor numbers them."""
    rows = said.split("\n")
    return [n for n, row in enumerate(rows, 1) if row.lstrip('"').startswith(BAD)]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)
@pytest.mark.parametrize("end", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize(("kind", "said"), [("results", RESULTS), ("completions", COMPLETIONS)])
def test_a_bad_row_of_a_table_is_named_by_its_line(
    story: Telling, tmp_path: Path, kind: str, said: str, end: str
) -> None:
    """contracts §7: непринятая строка названа той строкой, что видна в редакторе."""
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(said.replace("\n", end).encode())
    planned = imports.planned(story.world, kind, path, system="sis", region=None, on=ON)

    assert [each.line for each in planned.lines if each.fault] == editor(said)


@pytest.mark.parametrize("story", ["embedded"], indirect=True)
def test_a_bad_row_of_a_package_is_named_by_its_line(story: Telling) -> None:
    """contracts §7: то же — в каждом файле пакета, также после приёма."""
    files = {
        "orgs.csv": f'{ORGS}\n"bad\n",Школа,hut,,25,,\n'
        'o-1,"Школа\n№ 1",school,,25,,\nbad,,,,,,\n',
        "users.csv": f'{USERS}u-1,"Анна\nМария",Вымыслова,,112-233-445 95,1980-03-14\n\n'
        "bad,Борис,Вымыслов,,1,1968-11-02\n",
        "roles.csv": f"{ROLES}\n\nr-1,u-1,primary,teacher,2021-09-01,,o-1,PED,,,\n\n"
        "bad-1,u-1,primary,teacher,soon,,o-1,PED,,,\n\n"
        "bad-2,bad,primary,teacher,2021-09-01,,o-1,PED,,,\n",
    }
    story.tell("registry", *ch.map_of_two_regions())
    engine = story.world.engines["registry"]
    plan = imports.roster_plan(
        engine,
        {name: said.encode() for name, said in files.items()},
        system="sis",
        region="25",
        on=ON,
    )
    seen = [(file, line) for file, said in files.items() for line in editor(said)]
    faults = [(each.file, each.line) for each in plan.lines if each.fault]
    taken = imports.take(engine, plan, actor="import:sis", home="25").faults
    sent = {each.file: each.line for each in plan.lines if each.commands}

    assert len(seen) == 5
    assert sorted(faults) == sorted(seen)
    assert {(file, line) for file, line, _ in taken} >= {*seen}
    assert sent == {"orgs.csv": 5, "users.csv": 2, "roles.csv": 4}


def test_what_cannot_be_read_is_named_by_the_line_where_it_begins() -> None:
    """A row that is no CSV begins where its quotation mark stands."""
    said = 'a,b\n1,2\n\n3,"' + "x\n" * 70_000
    with pytest.raises(Unreadable, match=r"t\.csv, строка 4: не читается"):
        bulk.rows(said.encode(), "t.csv")


def test_every_row_knows_its_line() -> None:
    rows = bulk.rows(b'a,b\r\n\r\n"1\r\n\r\n",2\r\n \r\n3,4', "t.csv")

    assert [*zip(rows.lines, rows, strict=True)] == [
        (3, {"a": "1", "b": "2"}),
        (6, {"a": "", "b": ""}),
        (7, {"a": "3", "b": "4"}),
    ]
