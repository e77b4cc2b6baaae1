"""S0 V: who knows a СНИЛС alone learns nothing of its holder by sending rosters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from metodika.cli import metodika
from metodika.imports.claims import MOST_A_DAY, MOST_OF_ONE
from shared.runtime.asking import Asked
from shared.runtime.engine import Engine, utc_now
from shared.runtime.issuer import LocalIssuer
from shared.runtime.telemetry import Telemetry, use
from shared.runtime.telemetry_sent import in_memory
from tests.journeys import chapters as ch
from tests.journeys.http import grant, headers
from tests.journeys.packages import package, zipped
from tests.journeys.test_imports_door import door
from tests.runtime.webworld import Client

type Person = tuple[str, str, str]

ANNA = ("Алёна", "112-233-445 95", "1980-03-14")
WRONG = {
    "дата": ("Алёна", "112-233-445 95", "1980-03-15"),
    "имя": ("Кто", "112-233-445 95", "1980-03-14"),
    "всё": ("Кто", "112-233-445 95", "1981-03-14"),
}
OTHERS = ("204-444-444 29", "203-333-333 01", "201-111-111 46", "087-654-303 00")


@dataclass
class Sender:
    """A region that sends rosters, and the registry that takes them."""

    client: Client
    engine: Engine
    system: str
    folder: Path

    def sent(self, files: dict[str, bytes], **query: Any) -> Any:
        said = {"system": self.system, "confirm": True, "on": "2022-10-01"} | query
        answer = self.client.request("POST", "/imports", params=said, content=zipped(files))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def judged(self, *people: Person, region: str = "77") -> list[str]:
        """Return what a dry run says of each person."""
        rows = self.sent(package(region, "", *people), dry_run=True)["rows"]
        return [each["verdict"] for each in rows if each["file"] == "users.csv"]


@pytest.fixture
def senders(tmp_path: Path) -> Iterator[tuple[Sender, Sender]]:
    """Give Primorye, where Anna works, and Moscow, which is to learn nothing of her."""
    folder = tmp_path / "world"
    with door(folder) as (app, engine):
        rights = [grant("pri", "region", "25"), grant("mow", "region", "77")]
        for each in (*ch.map_of_two_regions(), *rights):
            asked = Asked(command=each, command_id=uuid4(), actor="federal-1")
            assert engine.ask(asked).status == "accepted"
        here, there = (
            Sender(
                Client(app, headers(LocalIssuer(folder).issue(who, now=utc_now()))),
                engine,
                f"ru-{who}",
                folder,
            )
            for who in ("pri", "mow")
        )
        here.sent(package("25", "", ANNA))
        yield here, there


def test_a_wrong_claim_is_told_as_a_claim_without_right(
    senders: tuple[Sender, Sender],
) -> None:
    """S0 V: чужого человека называют полностью; что не сошлось и нет ли права, не говорят."""
    _, there = senders
    no_right = without_jobs_here(package("77", "", ANNA))
    unemployed = there.sent(no_right, dry_run=True)["rows"]
    [told] = {each["verdict"] for each in unemployed if each["file"] == "users.csv"}

    for each in WRONG.values():
        assert there.judged(each) == [told]
    taken = there.sent(package("77", "", WRONG["имя"]))
    assert (taken["facts"], {it["file"] for it in taken["faults"]}) == (
        1,  # the school itself
        {"users.csv", "roles.csv"},
    )


def without_jobs_here(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a package in which everybody works at a school of another region."""
    foreign = "o-9,Чужая,school,school,25,,true\n".encode()
    return files | {
        "orgs.csv": files["orgs.csv"] + foreign,
        "roles.csv": files["roles.csv"].replace(b",o-1,", b",o-9,"),
    }


def test_a_right_claim_is_taken_however_the_name_is_written(
    senders: tuple[Sender, Sender],
) -> None:
    """S1 5.5: вторая работа в другом регионе — тот же человек; ё, регистр, пробелы не важны."""
    _, there = senders
    taken = there.sent(package("77", "", (" алена", *ANNA[1:])))
    feed = there.client.get("/feed", params={"limit": 100}).json()

    assert taken["faults"] == []
    assert "TeacherRegistered" not in str(feed)


def test_one_snils_with_many_birth_dates_is_a_fault_of_every_row(
    senders: tuple[Sender, Sender],
) -> None:
    """S1 5.5: один СНИЛС у разных дат или имён: не берут ни одной строки, и своих тоже."""
    days = [(date(1980, 3, 1) + timedelta(days=n)).isoformat() for n in range(30)]
    guesses = [(ANNA[0], ANNA[1], each) for each in days]
    here, there = senders
    ours, theirs = here.judged(*guesses, region="25"), there.judged(*guesses)
    [told] = {*ours, *theirs, *there.judged(ANNA, WRONG["имя"])}

    assert (len(ours), len(theirs)) == (len(days), len(days))
    assert told.startswith("metadata.snils")


def test_who_guesses_is_seen_and_waits_for_an_operator(
    senders: tuple[Sender, Sender],
) -> None:
    """S0 V: трёх неверных притязаний на одного человека довольно: дальше молчат (ADR 0040)."""
    _, there = senders
    telemetry = in_memory()
    *guesses, last = [(ANNA[0], ANNA[1], f"1980-04-{n}") for n in range(10, 10 + MOST_OF_ONE)]
    [told] = {there.judged(each)[0] for each in [*guesses, *guesses, last]}
    [(_, counted)] = telemetry.measures()["metodika.claims.wrong"]
    use(Telemetry())
    [right], [wrong] = there.judged(ANNA), there.judged(WRONG["дата"])
    operator = typed(there, "--forgive")

    assert (counted, right, right == told) == (MOST_OF_ONE, wrong, False)
    assert operator.exit_code == 0, operator.output
    assert there.judged(WRONG["дата"]) == [told]
    assert there.sent(package("77", "", ANNA))["faults"] == []


def test_a_sender_that_guesses_at_many_waits_for_an_operator(
    senders: tuple[Sender, Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S0 V: столько-то неверных притязаний в день, и отправитель ждёт оператора (ADR 0040)."""
    here, there = senders
    monkeypatch.setattr("metodika.imports.claims.MOST_A_DAY", len(OTHERS))
    here.sent(package("25", "", ANNA, *(("Инна", each, "1970-01-01") for each in OTHERS)))
    there.judged(*(("Инна", each, "1970-01-02") for each in OTHERS))
    [right] = there.judged(ANNA)
    shown = typed(there, "--json")

    assert len(OTHERS) < MOST_A_DAY
    assert "оператор" in right
    assert '"stopped": true' in shown.stdout
    assert "1970" not in shown.stdout


def test_wrong_claims_are_counted_by_the_day(
    senders: tuple[Sender, Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ADR 0040: по одному неверному притязанию в день — ошибки, а не подбор."""
    here, there = senders
    monkeypatch.setattr("metodika.imports.claims.MOST_A_DAY", 2)
    here.sent(package("25", "", ANNA, *(("Инна", each, "1970-01-01") for each in OTHERS[:2])))
    for days, each in enumerate(OTHERS[:2]):
        there.engine.clock = lambda days=days: utc_now() + timedelta(days=days)
        there.judged(("Инна", each, "1970-01-02"))
    [right] = there.judged(ANNA)

    assert "оператор" not in right


def test_an_operator_sees_who_waits(senders: tuple[Sender, Sender]) -> None:
    """ADR 0040: кто остановлен, видно и без пути, и над ним; кто не слал, того не прощают."""
    here, _ = senders
    path = f"25/{ch.VLADIVOSTOK}"
    guesses = [(ANNA[0], ANNA[1], f"1980-04-{n}") for n in range(10, 10 + MOST_OF_ONE)]
    nobody = typed(here, at="")
    for each in guesses:
        town(here, path).sent(package("25", ch.VLADIVOSTOK, each), dry_run=True)
    waits = [typed(here, "--json", at=at) for at in ("", "25", path)]
    made_up, forgiven = (typed(here, "--forgive", at=at) for at in ("Приморье", path))

    assert "no sender waits" in nobody.stdout
    assert all(path in each.stdout and '"stopped": true' in each.stdout for each in waits)
    assert (made_up.exit_code, forgiven.exit_code) == (1, 0)
    assert "no sender waits" in typed(here, at="").stdout


def town(there: Sender, path: str) -> Sender:
    """Let a municipality send, too."""
    let_in = grant("town", "municipality", path)
    there.engine.ask(Asked(command=let_in, command_id=let_in.grant_id, actor="federal-1"))
    token = LocalIssuer(there.folder).issue("town", now=utc_now())
    client = Client(there.client.app, headers(token))
    return replace(there, client=client, system="ru-town")


def typed(there: Sender, *said: str, at: str = "77") -> Any:
    world = str(there.folder)
    args = ["claims", *([at] if at else []), *said, "--world", world]
    return CliRunner().invoke(metodika, args)
