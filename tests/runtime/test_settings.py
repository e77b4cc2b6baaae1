"""Settings: what is not said has a default, what is said wrong stops the start."""

import base64
import stat
from pathlib import Path

import pytest

from shared.runtime import settings
from shared.runtime.settings import Settings, WrongSettings, describe, load

KEY = base64.b64encode(bytes(range(32))).decode()
CLUSTER = {
    "SERVICE": "routes",
    "STORE_URL": "postgresql://u:hidden-word@db/routes?sslmode=verify-full",
    "KEYS_URL": "postgresql://u:hidden-word@keys/keys",
    "MASTER_KEY": KEY,
    "OIDC_ISSUERS": '[{"issuer":"https://id","audience":"metodika","jwks":"/jwks"}]',
}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(settings.PREFIX + name.upper(), raising=False)


def say(monkeypatch: pytest.MonkeyPatch, **said: str) -> None:
    for name, value in said.items():
        monkeypatch.setenv(settings.PREFIX + name, value)


def test_a_laptop_needs_no_settings() -> None:
    assert load().embedded
    assert load().ledger == Path("world/ledger")


def test_a_cluster_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, **CLUSTER)
    read = load()
    assert (read.service, read.embedded) == ("routes", False)
    assert read.oidc_issuers[0].audience == "metodika"
    assert read.the_master_key() == bytes(range(32))
    assert "hidden-word" not in repr(read)


@pytest.mark.parametrize("name", ["SERVICE", "KEYS_URL", "MASTER_KEY", "OIDC_ISSUERS"])
def test_a_cluster_lacks_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    say(monkeypatch, **{each: CLUSTER[each] for each in CLUSTER if each != name})
    with pytest.raises(WrongSettings, match=f"METODIKA_{name} is needed"):
        load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "hidden-word"),
        ("HTTP_PORT", "70000"),
        ("STORE_URL", "mysql://u:hidden-word@db"),
        ("MASTER_KEY", "hidden-word"),
        ("MASTER_KEY", base64.b64encode(b"hidden-word").decode()),
        ("OIDC_ISSUERS", "hidden-word"),
        ("OIDC_ISSUERS", '[{"issuer":"hidden-word"}]'),
        ("KAFKA_BOOTSTRAP", "hidden-word"),
        ("KAFKA_CA", "/hidden-word"),
        ("KAFKA_SECURITY", "SASL_SSL"),
        ("KAFKA_MECHANISM", "PLAIN"),
        ("SERVICE", "hidden-word"),
    ],
)
def test_a_wrong_one_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    say(monkeypatch, **{name: value})
    with pytest.raises(WrongSettings, match=f"METODIKA_{name}") as wrong:
        load()
    assert "hidden-word" not in str(wrong.value)


def test_keys_do_not_live_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, **CLUSTER | {"KEYS_URL": CLUSTER["STORE_URL"]})
    with pytest.raises(WrongSettings, match="KEYS_URL must not be"):
        load()


def test_a_misspelt_one_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, STORE_ULR="postgresql://db")
    with pytest.raises(WrongSettings, match=r"STORE_ULR is no setting.*STORE_URL"):
        load()


def test_what_belongs_to_tests_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, REQUIRE_INFRA="1", TEST_STORE_URL="x")
    assert load().embedded


def test_the_embedded_world_makes_its_key_once(tmp_path: Path) -> None:
    first = load(world=tmp_path / "w").the_master_key()
    again = load(world=tmp_path / "w").the_master_key()
    assert first == again
    assert len(first) == 32
    mode = stat.S_IMODE((tmp_path / "w" / "master.key").stat().st_mode)
    assert mode == 0o600


def test_a_spoilt_key_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("short")
    with pytest.raises(WrongSettings, match=r"master\.key"):
        load(world=tmp_path).the_master_key()


def test_every_setting_is_described() -> None:
    table = describe()
    for name, each in Settings.model_fields.items():
        assert each.description, name
        assert f"`METODIKA_{name.upper()}`" in table
