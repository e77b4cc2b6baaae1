"""`metodika grant` and `revoke`: the first right of a system, and any other, at the shell."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from metodika.cli import metodika
from metodika.cli.say import EXIT_NO, EXIT_USAGE
from metodika.services import source
from shared.runtime.codec import Basis, decode, decode_meta
from shared.runtime.issuer import LocalIssuer
from shared.runtime.log import Record
from shared.runtime.settings import Settings
from shared.runtime.store import open_store
from tests.infra.servers import Postgres
from tests.journeys import chapters as ch
from tests.journeys.cluster import MASTER
from tests.journeys.running import Server, started, within
from tests.journeys.telling import Telling, day, settings_of

ACT = ("--act", "приказ", "--number", "17-п", "--dated", "2024-01-09")
BASIS = Basis(act="приказ", number="17-п", date=day("09.01.2024"))
WHY = ("--reason", "Переведён")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a world that nobody has made yet, and no other settings."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"METODIKA_{name.upper()}", raising=False)
    monkeypatch.setenv("METODIKA_WORLD", str(tmp_path / "world"))
    return tmp_path / "world"


@pytest.fixture
def cluster(folder: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the registry's log of a cluster that `metodika migrate` has just made."""
    trusted = LocalIssuer(folder).trusted().model_dump(mode="json")
    said = {
        "SERVICE": "registry",
        "STORE_URL": postgres.new_database(),
        "KEYS_URL": postgres.new_database(),
        "MASTER_KEY": MASTER,
        "OIDC_ISSUERS": json.dumps([trusted]),
    }
    for name, value in said.items():
        monkeypatch.setenv(f"METODIKA_{name}", value)
    typed("migrate")
    return said["STORE_URL"]


def typed(*said: str, code: int = 0) -> Result:
    done = CliRunner().invoke(metodika, said)
    assert done.exit_code == code, done.output
    return done


def log(url: str) -> list[Record]:
    store = open_store(url, source("registry"))
    try:
        return list(store.walk())
    finally:
        store.close()


def told(url: str) -> list[Any]:
    return [decode(each.name, each.schema, each.data) for each in log(url)]


def status(server: Server, path: str) -> int:
    return server.get(path).status_code


def test_the_first_right_is_given_while_the_services_run(folder: Path) -> None:
    """S0 V: без доступа ничего нельзя; дан — можно всюду; отозван — опять нельзя."""
    server = started(folder)
    asked = ["/registry/regions", "/routes/routes"]
    try:
        server.token = typed("token", "me").stdout.strip()
        before = [status(server, each) for each in asked]
        typed("grant", "me", "federal", *ACT)
        for path in asked:
            within(10, lambda path=path: status(server, path) == 200, f"{path} is open")
        typed("revoke", "me", "federal", *WHY, *ACT)
        for path in asked:
            within(10, lambda path=path: status(server, path) == 403, f"{path} is shut")
    finally:
        server.close()

    assert before == [403, 403]


def test_the_first_right_of_a_cluster(cluster: str, folder: Path) -> None:
    """S0 V: первый доступ кластера — в журнале реестра, с актом; повтор не меняет ничего."""
    first = typed("grant", "me", "federal", *ACT)
    again = typed("grant", "me", "federal", *ACT)
    records = log(cluster)
    typed("revoke", "me", "federal", *WHY, *ACT)
    meta = [decode_meta(each.meta) for each in log(cluster)]

    assert "federal on the whole country for me: granted" in first.stdout
    assert "nothing changed" in again.stdout
    assert [each.name for each in records] == ["registry.AccessGranted"]
    assert [(each.actor, each.basis) for each in meta] == [("operator", BASIS)] * 2
    assert not (folder / "ledger").exists()


def test_another_service_of_a_cluster_gives_no_rights(
    cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METODIKA_SERVICE", "routes")
    refused = typed("grant", "me", "federal", *ACT, code=EXIT_USAGE)

    assert refused.stderr.count("\n") == 1
    assert "METODIKA_SERVICE=registry" in refused.stderr
    assert log(cluster) == []


def test_what_is_so_already_is_not_said_again(folder: Path) -> None:
    """S0 V: повтор не меняет ничего; иначе — отказ; после отзыва — новая запись."""
    term = ("--until", "2099-12-31")
    since = ("--on", "2024-01-10")
    off = ("revoke", "me", "federal", *ACT)
    first = json.loads(typed("grant", "me", "federal", *ACT, *term, *since, "--json").stdout)
    again = json.loads(typed("grant", "me", "federal", *ACT, *term, "--json").stdout)
    other = typed("grant", "me", "federal", *ACT, code=EXIT_NO)
    gone = typed(*off, *WHY, "--on", "2024-06-01")
    still = typed(*off, *WHY)
    otherwise = typed(*off, "--reason", "Уволен", code=EXIT_NO)
    anew = json.loads(typed("grant", "me", "federal", *ACT, "--json").stdout)
    granted, revoked, regranted = told(settings_of(folder).store("registry"))

    assert (first["status"], again["status"], anew["status"]) == (
        "accepted",
        "unchanged",
        "accepted",
    )
    assert again["grants"] == first["grants"] == [str(granted.grant_id)]
    assert (
        other.stderr == "metodika: Доступ уже дан иначе; другой доступ — другая запись (S0 V)\n"
    )
    assert "revoked from 2024-06-01 on" in gone.stdout
    assert "nothing changed: revoked from 2024-06-01 on" in still.stdout
    assert otherwise.stderr == "metodika: Доступ уже отозван иначе (S0 V)\n"
    assert (granted.occurred_on, granted.until) == (day("10.01.2024"), day("31.12.2099"))
    assert (revoked.grant_id, revoked.reason) == (granted.grant_id, "Переведён")
    assert anew["grants"] == [str(regranted.grant_id)] != first["grants"]


@pytest.mark.parametrize("story", ["embedded"], indirect=True)  # typed at its folder
def test_a_right_on_a_municipality(story: Telling) -> None:
    """S0 V: роль — на территории своего уровня, и территория есть."""
    ch.places(story)
    story.world.close()
    world = story.world.settings.world
    where = ("--territory", "25/05701000", "--world", str(world))
    done = typed("grant", "official-17", "municipality", *where, *ACT)
    granted = told(settings_of(world).store("registry"))[-1]

    assert "municipality on 25/05701000 for official-17: granted since" in done.stdout
    assert (granted.grantee, granted.territory) == ("official-17", "25/05701000")


@pytest.mark.parametrize(
    ("said", "code", "line"),
    [
        (("grant", "me", "region"), EXIT_NO, "Роль не того уровня, что территория (S0 V)"),
        (
            ("grant", "me", "region", "--territory", "25"),
            EXIT_NO,
            "Такой территории нет (S0 V)",
        ),
        (("grant", "me", "federal", "--until", "2020-01-01"), EXIT_NO, "раньше начала (S0 V)"),
        (("revoke", "me", "federal", *WHY), EXIT_NO, "Такой доступ не давали (S0 V)"),
        (("grant", "me", "tsar"), EXIT_USAGE, "'tsar' is not one of"),
        (("grant", "me", "region", "--territory", "край"), EXIT_USAGE, "is no territory"),
        (("grant", "Иван Петров", "federal"), EXIT_USAGE, "no token can name it"),
        (("grant", "me", "federal", "--act", " "), EXIT_USAGE, "a right needs an act"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    folder: Path, said: tuple[str, ...], code: int, line: str
) -> None:
    """S0 V: отказ назван одной строкой, с пунктом; ничего не записано."""
    typed("migrate")
    name, *rest = said
    refused = typed(name, *ACT, *rest, code=code)

    assert line in refused.stderr.splitlines()[-1]
    assert told(settings_of(folder).store("registry")) == []


def test_a_right_without_an_act_is_none(folder: Path) -> None:
    assert "--act" in typed("grant", "me", "federal", code=EXIT_USAGE).stderr
    assert not folder.exists()


def test_a_token_makes_no_world(folder: Path) -> None:
    """A token says who; no log is made or opened for it."""
    said = json.loads(typed("token", "me", "--json").stdout)

    assert (said["subject"], sorted(said)) == ("me", ["subject", "token", "until"])
    assert sorted(each.name for each in folder.iterdir()) == ["issuer.jwk", "issuer.jwks.json"]


@pytest.mark.usefixtures("folder")
def test_a_right_that_is_in_force_until_a_later_day_is_not_called_revoked() -> None:
    """Кто отзывает доступ сегодня, узнаёт, что он действует до названного дня."""
    typed("grant", "me", "federal", *ACT)
    typed("revoke", "me", "federal", *WHY, "--on", "2090-06-01", *ACT)
    again = typed("revoke", "me", "federal", *WHY, *ACT, code=EXIT_NO)

    assert "revoked from 2090-06-01 on already, and in force until then" in again.stderr


def test_a_right_of_a_later_day_is_none_today(folder: Path) -> None:
    """Доступ, который начнётся позже, не заменяет доступа, о котором просят сейчас."""
    typed("grant", "me", "federal", "--on", "2090-01-01", *ACT)
    today = typed("grant", "me", "federal", *ACT)
    typed("revoke", "me", "federal", *WHY, *ACT)

    assert "nothing changed" not in today.stdout
    assert "2090" not in today.stdout
    rights = told(f"sqlite://{folder}/registry.sqlite")
    assert [type(each).__name__ for each in rights] == [
        *["AccessGranted"] * 2,
        *["AccessRevoked"] * 2,
    ]
