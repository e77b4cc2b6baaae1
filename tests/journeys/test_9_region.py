"""Point 9: a regional system without Kafka sends its roster and follows its own region."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest

from metodika.world import opened
from shared.runtime.engine import utc_now
from shared.runtime.issuer import LocalIssuer
from tests.bench.roster import snils
from tests.journeys import chapters as ch
from tests.journeys.http import grant, let_in
from tests.journeys.packages import package, zipped
from tests.journeys.running import Server, started, within
from tests.journeys.telling import settings_of

PRIMORYE = package(
    "25",
    "05701000",
    ("Анна", "112-233-445 95", "1980-03-14"),
    ("Борис", "201-111-111 46", "1968-11-02"),
)
CAPITAL = package("77", "", ("Дина", "204-444-444 29", "1976-02-29"))


@dataclass
class Reader:
    """A regional system: it keeps what it was given and where to go on from."""

    server: Server
    after: str = "0"
    got: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def read(self, limit: int = 3, pages: int = 1000) -> None:
        """Follow the feed page by page until there is nothing more."""
        for _ in range(pages):
            page = self.server.get("/registry/feed", after=self.after, scope="25", limit=limit)
            assert page.status_code == 200, page.text
            self.after = page.headers["Metodika-Next"]
            self.got += page.json()
            if not page.json():
                return


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a world with two regions, in which somebody federal may let others in."""
    folder = tmp_path_factory.mktemp("region") / "world"
    with opened(settings_of(folder)) as world:
        let_in(world.engines["registry"])
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """Give `metodika up`, at work in a process of its own."""
    server = started(folder)
    server.token = token(folder, "federal-1")
    for command in ch.map_of_two_regions():
        answer = server.ask("/registry", command)
        assert answer.status_code == 200, answer.text
    for region in ("25", "77"):
        answer = server.ask("/registry", grant(f"region-{region}", "region", region))
        assert answer.status_code == 200, answer.text
    yield server
    server.close()


def token(folder: Path, who: str) -> str:
    return LocalIssuer(folder).issue(who, now=utc_now())


def recorded(folder: Path) -> list[tuple[int, str, str | None]]:
    """Return (position, name, territory) of the registry's log."""
    with opened(settings_of(folder)) as world:
        return [
            (each.position, each.name, each.territory)
            for each in world.stores["registry"].walk()
        ]


def of(folder: Path, who: str, server: Server) -> Server:
    """Return the same server, spoken to by somebody else."""
    return Server(server.url, server.process, server.log, token(folder, who))


def test_a_dry_run_judges_every_row_and_stores_nothing(folder: Path, server: Server) -> None:
    """§1.9: сначала пробный прогон: вердикт по каждой строке, не записано ничего."""
    region = of(folder, "region-25", server)
    before = region.get("/registry/feed", scope="25", limit=500).json()
    answer = region.post("/registry/imports", zipped(PRIMORYE), system="ru-pri", dry_run=True)
    after = region.get("/registry/feed", scope="25", limit=500).json()

    assert answer.status_code == 200, answer.text
    rows = answer.json()["rows"]
    assert [row["good"] for row in rows] == [True] * 5
    assert (rows[0]["verdict"], rows[-1]["verdict"]) == (
        "внести организацию",
        "принять на работу",
    )
    assert [row["commands"][0] for row in (rows[0], rows[-1])] == [
        "RegisterOrganisation",
        "StartEmployment",
    ]
    assert after == before


def test_the_roster_is_taken_and_followed_through_a_kill(folder: Path, server: Server) -> None:
    """§1.9: за своим регионом следят через перезапуски: без пропусков и без чужого."""
    region, capital = of(folder, "region-25", server), of(folder, "region-77", server)
    reader = Reader(region)
    reader.read(limit=2, pages=2)
    taken = region.post("/registry/imports", zipped(PRIMORYE), system="ru-pri")
    others = capital.post("/registry/imports", zipped(CAPITAL), system="ru-mow")
    reader.read(limit=3, pages=2)
    server.process.kill9()
    server.process.start()
    reader.read()
    server.process.kill9()
    log = recorded(folder)
    server.process.start()
    reader.read()
    mine = [position for position, _, place in log if (place or "").split("/")[0] == "25"]

    assert (taken.status_code, others.status_code) == (200, 200), (taken.text, others.text)
    assert taken.json()["faults"] == []
    assert [each["position"] for each in reader.got] == mine
    assert {"registry.TeacherRegistered", "registry.EmploymentStarted"} <= {
        each["type"] for each in reader.got
    }
    assert any((place or "").startswith("77") for _, _, place in log)


def test_a_roster_sent_twice_over_http_says_nothing_new(folder: Path, server: Server) -> None:
    """§1.9: повтор того же пакета ничего не добавляет (contracts §7)."""
    region = of(folder, "region-25", server)
    first = region.post("/registry/imports", zipped(PRIMORYE), system="ru-pri")
    log = region.get("/registry/feed", scope="25", limit=500).json()
    again = region.post("/registry/imports", zipped(PRIMORYE), system="ru-pri")

    assert (first.status_code, again.status_code) == (200, 200)
    assert region.get("/registry/feed", scope="25", limit=500).json() == log


def test_what_became_of_a_package_is_told_to_its_own_region(
    folder: Path, server: Server
) -> None:
    """contracts §7: приём спрашивают по номеру; чужого приёма для региона нет (S0 V)."""
    region, capital = of(folder, "region-25", server), of(folder, "region-77", server)
    wrong = package("25", "05701000", ("Ева", "111-111-111 11", "1991-12-31"))
    taken = region.post("/registry/imports", zipped(wrong), system="ru-pri-2")
    where = urljoin("/registry/imports", taken.headers["Location"])
    said, foreign = region.get(where), capital.get(where)
    nobodys = region.get(f"/registry/imports/{UUID(int=1)}")

    assert (taken.status_code, said.status_code) == (200, 200), taken.text
    assert said.json() == taken.json()
    assert said.json()["status"] == "done"
    assert [(it["file"], it["line"], it["column"]) for it in said.json()["faults"]] == [
        ("users.csv", 2, "metadata.snils"),
        ("roles.csv", 2, "userSourcedId"),
    ]
    for each in (foreign, nobodys):
        assert each.status_code == 404
        assert each.headers["Content-Type"] == "application/problem+json"
        assert each.json()["type"] == "urn:metodika:problem:no-such-import"


def test_a_foreign_region_is_not_for_reading(folder: Path, server: Server) -> None:
    """§1.9: чужого региона по ленте не получить (S0 V)."""
    region = of(folder, "region-25", server)

    assert region.get("/registry/feed", scope="77").status_code == 403
    own = region.get("/registry/feed", limit=500).json()
    assert not any(each["data"].get("region") == "77" for each in own)


def test_a_foreign_roster_is_not_taken(folder: Path, server: Server) -> None:
    """§1.9: список чужого региона не принимают (S0 V)."""
    region = of(folder, "region-25", server)
    foreign = package("77", "", ("Ева", "205-555-555 57", "1991-12-31"))
    answer = region.post("/registry/imports", zipped(foreign), system="ru-pri")
    own = region.get("/registry/feed", limit=500).json()

    assert answer.status_code in {200, 403}
    assert answer.status_code == 403 or answer.json()["faults"]
    assert not any(each["data"].get("region") == "77" for each in own)


def test_without_a_token_nothing_is_told(server: Server) -> None:
    """§1.9: кто не назвался, тому не отвечают (S0 V)."""
    nobody = Server(server.url, server.process, server.log)

    assert nobody.get("/registry/feed").status_code == 401
    assert nobody.get("/monitoring/kpi/K-F1").status_code == 401


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("kpi/K-F1", {"as_known": "вчера"}, "нужен момент с часовым поясом"),
        ("kpis", {"limit": "много"}, "нужно целое число"),
        (
            "kpi/K-F1/diff",
            {"scope": "25", "before": "2025-01-01T00:00Z", "after": "2024-01-01T00:00Z"},
            "позже, чем after",
        ),
    ],
)
def test_a_question_put_wrongly_is_told_so_in_russian(
    folder: Path, server: Server, path: str, query: dict[str, str], reason: str
) -> None:
    """contracts §7: что не так — по-русски, без внутренних имён."""
    said = of(folder, "region-25", server).get(f"/monitoring/{path}", **query)

    assert said.status_code == 422
    assert said.json()["errors"][0]["reason"].startswith(reason)


def test_the_number_follows_the_roster(folder: Path, server: Server) -> None:
    """§1.5: после приёма списка педагоги есть в знаменателе (S0 V.1)."""
    region = of(folder, "region-25", server)
    region.post("/registry/imports", zipped(PRIMORYE), system="ru-pri")

    def counted() -> bool:
        said = region.get("/monitoring/kpi/K-F1", scope="25").json()
        return (said["num"], said["den"]) == (0, 2)

    within(20, counted, "two teachers in K-F1")


def test_a_held_package_is_taken_when_it_is_confirmed(folder: Path, server: Server) -> None:
    """contracts §7: задержанный пакет ждёт; подтверждён — принят."""
    region = of(folder, "region-25", server)
    manifest = {"manifest.csv": b"propertyName,value\nfile.roles,bulk\n"}
    people = tuple((f"Имя{n}", snils(n), "1980-03-14") for n in range(3))
    whole = package("25", "05701000", *people) | manifest
    fewer = package("25", "05701000", *people[:2]) | manifest
    region.post("/registry/imports", zipped(whole), system="ru-held")
    log = region.get("/registry/feed", scope="25", limit=500).json()
    dry = region.post("/registry/imports", zipped(fewer), system="ru-held", dry_run=True)
    held = region.post("/registry/imports", zipped(fewer), system="ru-held")
    where = urljoin("/registry/imports", held.headers["Location"])
    waits = region.get(where).json()
    untouched = region.get("/registry/feed", scope="25", limit=500).json()
    done = region.post("/registry/imports", zipped(fewer), system="ru-held", confirm=True)

    assert dry.json()["ends"][0]["said"] == (
        "«Школа 25»: из 3 работ окончится 1, из них не названы в полном пакете 1; "
        "из 3 человек затронуто 1"
    )
    assert (held.status_code, waits["status"], waits["facts"]) == (202, "held", 0)
    assert [it["ended"] for it in waits["held"]] == [1]
    assert untouched == log
    assert (done.status_code, done.json()["facts"]) == (200, 1)
    assert region.get(where).json()["status"] == "done"


def test_what_the_server_wrote_names_nobody(folder: Path, server: Server) -> None:
    """§1.7: в журнале работы сервера нет ни имени, ни СНИЛС, ни даты рождения (S1 5.5)."""
    said = server.log.read_text()

    for word in ("Вымыслова", "Анна", "112-233-445", "1980-03-14"):
        assert word not in said
        assert word.encode() not in (folder / "registry.sqlite").read_bytes()
