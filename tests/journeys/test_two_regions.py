"""§1.1, §1.9: one person in the rosters of two regions, each with rights at home alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from metodika import imports
from metodika.world import opened
from services.registry import domain as reg
from shared.kernel.ids import EmploymentId
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.journeys import chapters as ch
from tests.journeys.http import grant, let_in
from tests.journeys.packages import package, zipped
from tests.journeys.running import Server, started
from tests.journeys.telling import settings_of

ANNA = ("Анна", "112-233-445 95", "1980-03-14")
DINA = ("Дина", "204-444-444 29", "1976-02-29")
GLEB = ("Глеб", "203-333-333 01", "1979-01-25")
BORIS = ("Борис", "201-111-111 46", "1968-11-02")


def with_education(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a package that says of everybody when he finished his studies."""
    head, *users = files["users.csv"].decode().splitlines()
    columns = ",metadata.education,metadata.educationFrom"
    rows = [head + columns, *(f"{each},higher,2000-06-30" for each in users)]
    return files | {"users.csv": ("\n".join(rows) + "\n").encode()}


def part_time(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a package in which every job is a second one."""
    return files | {"roles.csv": files["roles.csv"].replace(b"PED,true", b"PED,false")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a world in which somebody federal may let others in."""
    folder = tmp_path / "world"
    with opened(settings_of(folder)) as world:
        let_in(world.engines["registry"])
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """Give `metodika up` with two regions, spoken to by somebody federal."""
    server = started(folder)
    server.token = token(folder, "federal-1")
    for command in ch.map_of_two_regions():
        said(server, command)
    for region in ("25", "77"):
        said(server, grant(f"region-{region}", "region", region))
    yield server
    server.close()


def token(folder: Path, who: str) -> str:
    return LocalIssuer(folder).issue(who, now=utc_now())


def of(folder: Path, who: str, server: Server) -> Server:
    """Return the same server, spoken to by somebody else."""
    return Server(server.url, server.process, server.log, token(folder, who))


def said(server: Server, command: Any) -> None:
    answer = server.ask("/registry", command)
    assert answer.status_code == 200, answer.text


def sent(server: Server, files: dict[str, bytes], **query: Any) -> Any:
    """Send a package; it must be taken, or judged."""
    answer = server.post("/registry/imports", zipped(files), **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def feed(server: Server) -> list[dict[str, Any]]:
    return server.get("/registry/feed", limit=500).json()


def places(folder: Path) -> list[tuple[int, str]]:
    """Return where each fact of the registry stands: (position, region)."""
    with opened(settings_of(folder)) as world:
        walked = world.stores["registry"].walk()
        return [(each.position, (each.territory or "").split("/")[0]) for each in walked]


@pytest.mark.parametrize("second_job", [False, True])
def test_a_person_of_another_region_is_taken_with_all_others(
    folder: Path, server: Server, *, second_job: bool
) -> None:
    """§1.1, §1.9: один человек в списках двух регионов: берут каждую годную строку (S1 5.5)."""
    here, there = of(folder, "region-25", server), of(folder, "region-77", server)
    sent(there, package("77", "", DINA), system="ru-mow")
    roster = with_education(package("25", "05701000", ANNA, DINA, BORIS))
    roster = part_time(roster) if second_job else roster
    dry = sent(here, roster, system="ru-pri", dry_run=True)
    first = sent(here, roster, system="ru-pri")
    log = feed(here)
    again = sent(here, roster, system="ru-pri")
    mine, theirs = feed(here), feed(there)
    server.process.kill9()
    stands = places(folder)

    assert all(row["good"] for row in dry["rows"]), dry["rows"]
    assert (first["faults"], again["faults"], again["facts"]) == ([], [], 0)
    assert (mine, len({it["data"]["person_id"] for it in of_kind(mine, "RosterLinked")})) == (
        log,
        3,
    )
    assert len(of_kind(mine, "EmploymentStarted")) == 3
    assert len(of_kind(theirs, "RosterLinked")) == 1
    for region, read in (("25", mine), ("77", theirs)):
        assert [it["position"] for it in read] == [
            at for at, where in stands if where == region
        ]


def of_kind(read: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [each for each in read if each["type"] == f"registry.{name}"]


@pytest.mark.parametrize("since", ["2022-09-01", "2019-09-01"])
def test_a_second_job_is_taken_whatever_it_does_to_youth(
    folder: Path, server: Server, since: str
) -> None:
    """S0 V: право — на место работы; срок молодости следует и права не просит (RU8)."""
    here = of(folder, "region-25", server)
    said(server, ch.organisation(ch.SCHOOL, "school", ch.PRIMORYE, ch.VLADIVOSTOK))
    said(server, ch.organisation(ch.CAPITAL_SCHOOL, "school", ch.MOSCOW))
    said(server, ch.registered(ch.DINA, "204-444-444 29", "29.02.1996"))
    said(server, ch.employed(ch.DINA, ch.CAPITAL_SCHOOL, "01.09.2021"))
    job = replace(
        ch.employed(ch.DINA, ch.SCHOOL, "01.09.2021"),
        employment_id=EmploymentId(uuid4()),
        started_on=date.fromisoformat(since),
        is_main=False,
    )
    taken = here.ask("/registry", job)
    foreign = replace(job, employment_id=EmploymentId(uuid4()), org_id=ch.CAPITAL_SCHOOL)
    refused = here.ask("/registry", foreign)
    anew = here.ask("/registry", reg.DetermineYouth(person_id=ch.DINA))

    assert taken.status_code == 200, taken.text
    assert refused.status_code == 403
    assert anew.status_code == 200  # nothing is to be said anew


def test_a_row_that_is_another_regions_is_a_fault_of_that_row(
    folder: Path, server: Server
) -> None:
    """S0 V, contracts §7: чужая строка — ошибка строки; остальные берут; прогон не лжёт."""
    here = of(folder, "region-25", server)
    roster = package("25", "05701000", ANNA, BORIS)
    foreign = "o-9,Чужая школа,school,school,77,,true\n".encode()
    job = b"r-9,u-1,secondary,teacher,2021-09-01,,o-9,PED,false,true,MATH\n"
    roster |= {"orgs.csv": roster["orgs.csv"] + foreign, "roles.csv": roster["roles.csv"] + job}
    dry = sent(here, roster, system="ru-pri", dry_run=True)
    taken = sent(here, roster, system="ru-pri")
    bad = [(row["file"], row["line"]) for row in dry["rows"] if not row["good"]]

    assert bad == [("orgs.csv", 3), ("roles.csv", 4)]
    assert [(it["file"], it["line"]) for it in taken["faults"]] == bad
    assert {it["clause"] for it in taken["faults"]} == {"S0 V"}
    assert len(of_kind(feed(here), "EmploymentStarted")) == 2


def test_a_roster_links_nobody_who_does_not_work_there(folder: Path, server: Server) -> None:
    """S0 V, S1 5.5: чужого человека без работы здесь не связывают; с работой — один человек."""
    here, there = of(folder, "region-25", server), of(folder, "region-77", server)
    sent(there, package("77", "", DINA), system="ru-mow")
    roster = package("25", "05701000", ANNA, DINA)
    foreign = roster | {
        "orgs.csv": roster["orgs.csv"] + "o-9,Чужая,school,school,77,,true\n".encode(),
        "roles.csv": roster["roles.csv"].replace(
            b"r-1,u-1,primary,teacher,2021-09-01,,o-1",
            b"r-1,u-1,primary,teacher,2021-09-01,,o-9",
        ),
    }
    dry = sent(here, foreign, system="ru-pri", dry_run=True)
    taken = sent(here, foreign, system="ru-pri")
    after = feed(here)
    employed = sent(here, roster, system="ru-pri", confirm=True)

    bad = [(row["file"], row["line"]) for row in dry["rows"] if not row["good"]]
    assert bad == [("orgs.csv", 3), ("users.csv", 3), ("roles.csv", 3)]
    assert [(it["file"], it["line"]) for it in taken["faults"]] == bad
    assert (len(of_kind(after, "RosterLinked")), employed["faults"]) == (1, [])
    assert len(of_kind(feed(here), "RosterLinked")) == 2


def test_a_municipality_sends_its_own_roster(folder: Path, server: Server) -> None:
    """S0 V: муниципалитет принимает своих: новый человек стоит у него, не в регионе."""
    said(server, grant("town", "municipality", "25/05701000"))
    town = of(folder, "town", server)
    taken = sent(town, package("25", "05701000", ANNA), system="town")

    assert taken["faults"] == []
    assert len(of_kind(feed(town), "TeacherRegistered")) == 1


def test_the_name_of_a_system_is_its_first_senders(folder: Path, server: Server) -> None:
    """S0 V, S1 5.5: имя системы — территории, которая первой под ним прислала."""
    here, there = of(folder, "region-25", server), of(folder, "region-77", server)
    same_ids = package("25", "05701000", ANNA)
    sent(there, package("77", "", GLEB), system="ru-mow")
    known = feed(there)
    answers = [
        here.post("/registry/imports", zipped(same_ids), system="ru-mow", **query)
        for query in ({"dry_run": True}, {}, {"confirm": True})
    ]
    own = sent(here, same_ids, system="ru-pri")
    again = sent(there, package("77", "", GLEB, DINA), system="ru-mow", confirm=True)

    assert [each.status_code for each in answers] == [403, 403, 403]
    for each in answers:
        assert each.json()["detail"].startswith("Имя учётной системы занято")
        assert "Школа" not in each.text
    assert (own["faults"], again["faults"]) == ([], [])
    assert feed(there)[: len(known)] == known
    assert len(of_kind(feed(there), "TeacherRegistered")) == 2


def test_a_name_that_was_used_by_mistake_is_free_again(folder: Path, server: Server) -> None:
    """S1 7.2: отозвано — значит, не было; имя системы свободно."""
    here, there = of(folder, "region-25", server), of(folder, "region-77", server)
    mistaken = sent(here, package("25", "05701000", ANNA), system="ru-mow")["import_id"]
    refused = there.post("/registry/imports", zipped(package("77", "", DINA)), system="ru-mow")
    server.process.kill9()
    with opened(settings_of(folder)) as world:
        back = imports.take_back(
            world, UUID(mistaken), actor="operator", reason="не та", on=date(2026, 11, 30)
        )
    server.process.start()
    again = sent(there, package("77", "", DINA), system="ru-mow")

    assert (refused.status_code, back.faults, again["faults"]) == (403, [], [])
