"""Settings: what is not said has a default, what is said wrong stops the start."""

import base64
import json
import re
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from shared.runtime import settings
from shared.runtime.settings import Settings, WrongSettings, describe, load
from tests.infra.certificates import Authority

KEY = base64.b64encode(bytes(range(32))).decode()
CLUSTER = {
    "SERVICE": "routes",
    "STORE_URL": "postgresql://u:hidden-word@db/routes?sslmode=verify-full",
    "KEYS_URL": "postgresql://u:hidden-word@keys/keys",
    "MASTER_KEY": KEY,
    "OIDC_ISSUERS": '[{"issuer":"https://id","audience":"metodika","jwks":"/jwks"}]',
}


def without(said: dict[str, str], name: str) -> dict[str, str]:
    """Return the same with one of them unsaid."""
    return {each: value for each, value in said.items() if each != name}


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


@pytest.mark.parametrize(
    ("prefixes", "good"),
    [
        (("", "r25"), True),
        (("r25", "r77"), True),
        (("", ""), False),
        (("r25", "r25"), False),
        (("", "r25|"), False),
    ],
)
def test_each_issuer_but_one_has_a_prefix_of_its_own(
    monkeypatch: pytest.MonkeyPatch, prefixes: tuple[str, ...], *, good: bool
) -> None:
    """S0 V: под одним номером у двух издателей — двое; иначе служба не начинает работу."""
    issuers = [
        {"issuer": f"https://id{n}", "audience": "a", "jwks": "/jwks", "prefix": each}
        for n, each in enumerate(prefixes)
    ]
    say(monkeypatch, OIDC_ISSUERS=json.dumps(issuers))
    if good:
        assert [each.prefix for each in load().oidc_issuers] == list(prefixes)
    else:
        with pytest.raises(WrongSettings, match="prefix"):
            load()


KAFKA = {"KAFKA_BOOTSTRAP": "kafka:9093"}
SASL = KAFKA | {
    "KAFKA_SECURITY": "SASL_SSL",
    "KAFKA_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_USERNAME": "registry",
    "KAFKA_PASSWORD": "xyzzy-plugh",
}
TLS = KAFKA | {"KAFKA_SECURITY": "SSL"}
PAIR = {"KAFKA_CERT": "{files}/me.crt", "KAFKA_KEY": "{files}/me.key"}
MONGO = {"VIEWS_URL": "mongodb://mongo:27017"}
TOGETHER: dict[str, tuple[dict[str, str], str]] = {
    "SASL without mechanism": (
        without(SASL, "KAFKA_MECHANISM"),
        "METODIKA_KAFKA_MECHANISM is needed where METODIKA_KAFKA_SECURITY is SASL_SSL",
    ),
    "SASL without user": (
        without(SASL, "KAFKA_USERNAME"),
        "METODIKA_KAFKA_USERNAME is needed where METODIKA_KAFKA_SECURITY is SASL_SSL",
    ),
    "SASL without password": (
        without(SASL, "KAFKA_PASSWORD"),
        "METODIKA_KAFKA_PASSWORD is needed where METODIKA_KAFKA_SECURITY is SASL_SSL",
    ),
    "SASL with an empty password": (
        SASL | {"KAFKA_PASSWORD": ""},
        "METODIKA_KAFKA_PASSWORD is needed",
    ),
    "a password for nobody": (
        KAFKA | {"KAFKA_PASSWORD": "xyzzy-plugh"},
        "METODIKA_KAFKA_PASSWORD has no use unless METODIKA_KAFKA_SECURITY is SASL_…",
    ),
    "an unknown mechanism": (
        SASL | {"KAFKA_MECHANISM": "xyzzy-plugh"},
        "METODIKA_KAFKA_MECHANISM: Input should be 'PLAIN', 'SCRAM-SHA-256' or",
    ),
    "an unknown security": (
        SASL | {"KAFKA_SECURITY": "xyzzy-plugh"},
        "METODIKA_KAFKA_SECURITY: Input should be 'PLAINTEXT', 'SSL', ",
    ),
    "SASL with no broker": (
        without(SASL, "KAFKA_BOOTSTRAP"),
        "METODIKA_KAFKA_BOOTSTRAP is needed where METODIKA_KAFKA_SECURITY is SASL_SSL",
    ),
    "a certificate without its key": (
        TLS | without(PAIR, "KAFKA_KEY"),
        "METODIKA_KAFKA_CERT and METODIKA_KAFKA_KEY come together",
    ),
    "a key without its certificate": (
        TLS | without(PAIR, "KAFKA_CERT"),
        "METODIKA_KAFKA_CERT and METODIKA_KAFKA_KEY come together",
    ),
    "another's key": (
        TLS | PAIR | {"KAFKA_KEY": "{files}/other.key"},
        "METODIKA_KAFKA_CERT and METODIKA_KAFKA_KEY are no certificate and its key",
    ),
    "an encrypted key": (
        TLS | PAIR | {"KAFKA_KEY": "{files}/locked.key"},
        "in PEM, the key not encrypted",
    ),
    "a certificate in plaintext": (
        KAFKA | PAIR,
        "METODIKA_KAFKA_SECURITY must be SSL or SASL_SSL",
    ),
    "a CA in plaintext": (
        KAFKA | {"KAFKA_CA": "{files}/ca.pem"},
        "METODIKA_KAFKA_SECURITY must be SSL or SASL_SSL",
    ),
    "a CA that is not there": (
        TLS | {"KAFKA_CA": "{files}/xyzzy-plugh"},
        "METODIKA_KAFKA_CA: Path does not point to a file",
    ),
    "a CA that is none": (
        TLS | {"KAFKA_CA": "{files}/me.key"},
        "METODIKA_KAFKA_CA: is no PEM file of certificates",
    ),
    "a CA of documents that is none": (
        MONGO | {"VIEWS_CA": "{files}/me.key"},
        "METODIKA_VIEWS_CA: is no PEM file of certificates",
    ),
    "a certificate for documents without a key": (
        MONGO | {"VIEWS_CERT": "{files}/me.crt"},
        "METODIKA_VIEWS_CERT: is no PEM file of a certificate and its key",
    ),
    "a CA for no documents": (
        {"VIEWS_CA": "{files}/ca.pem"},
        "METODIKA_VIEWS_CA has no use without METODIKA_VIEWS_URL",
    ),
    "an @ in the password of documents": (
        {"VIEWS_URL": "mongodb://u:xyzzy@plugh@mongo/x"},
        "METODIKA_VIEWS_URL: is no URL of a database",
    ),
    "an @ in the password of the log": (
        CLUSTER | {"STORE_URL": "postgresql://u:xyzzy@plugh@db/routes"},
        "METODIKA_STORE_URL: is no URL of a database",
    ),
    "a / in the password of the log": (
        CLUSTER | {"STORE_URL": "postgresql://u:xyzzy/plugh@db/routes"},
        "METODIKA_STORE_URL: is no URL of a database",
    ),
    "a % in the password of the keys": (
        CLUSTER | {"KEYS_URL": "postgresql://u:xyzzy%plugh@db/keys"},
        "METODIKA_KEYS_URL: is no URL of a database",
    ),
    "a misspelt option": (
        CLUSTER | {"STORE_URL": "postgresql://u:xyzzy-plugh@db/x?sslmod=require"},
        'METODIKA_STORE_URL: invalid URI query parameter: "sslmod"',
    ),
    "an unknown sslmode": (
        CLUSTER | {"KEYS_URL": "postgresql://u:xyzzy-plugh@db/x?sslmode=verify"},
        "METODIKA_KEYS_URL: sslmode must be one of disable, allow, prefer, require,",
    ),
    "a CA of the log that is not there": (
        CLUSTER | {"STORE_URL": "postgresql://u:xyzzy-plugh@db/x?sslrootcert={files}/xyzzy"},
        "METODIKA_STORE_URL: sslrootcert is no file",
    ),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a CA, a certificate, its key, another's, and an encrypted one."""
    folder = tmp_path_factory.mktemp("files")
    authority = Authority(folder)
    key = load_pem_private_key(authority.client("me").key.read_bytes(), None)
    authority.client("other")
    locked = BestAvailableEncryption(b"xyzzy-plugh")
    form = Encoding.PEM, PrivateFormat.PKCS8
    (folder / "locked.key").write_bytes(key.private_bytes(*form, locked))
    return folder


@pytest.mark.parametrize("case", TOGETHER)
def test_what_does_not_go_together_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, files: Path, case: str
) -> None:
    """One line in English that names the variable, and holds nothing of its value."""
    said, told = TOGETHER[case]
    say(
        monkeypatch,
        **{name: value.replace("{files}", str(files)) for name, value in said.items()},
    )
    with pytest.raises(WrongSettings) as wrong:
        load()
    first, *lines = str(wrong.value).splitlines()

    assert first == "wrong settings"
    assert len(lines) == 1
    assert told in lines[0]
    assert not re.search("xyzzy|plugh", lines[0])


def test_all_of_it_together_is_right(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    """SASL over TLS with a client certificate; documents with both; a verified log."""
    ours = CLUSTER | SASL | PAIR | MONGO | {"KAFKA_CA": "{files}/ca.pem"}
    ours |= {"VIEWS_CA": "{files}/ca.pem", "VIEWS_CERT": "{files}/me.pem"}
    ours |= {"STORE_URL": "postgresql://u:a%40b@db/x?sslrootcert={files}/ca.pem"}
    say(
        monkeypatch,
        **{name: value.replace("{files}", str(files)) for name, value in ours.items()},
    )

    assert load().kafka_security == "SASL_SSL"
    assert "xyzzy-plugh" not in repr(load())


def test_keys_do_not_live_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, **CLUSTER | {"KEYS_URL": CLUSTER["STORE_URL"]})
    with pytest.raises(WrongSettings, match="KEYS_URL must not be"):
        load()


def test_a_misspelt_one_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, STORE_ULR="postgresql://db")
    with pytest.raises(WrongSettings, match=r"STORE_ULR is no setting.*STORE_URL"):
        load()


@pytest.mark.parametrize(
    ("name", "nearest"), [("TYPO", ""), ("STORES", "STORE_URL"), ("KAFKA", "KAFKA_C")]
)
def test_a_name_that_nothing_reads_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, nearest: str
) -> None:
    """issue §3: wrong settings stop the start, however far the name is from a known one."""
    say(monkeypatch, **{name: "1"})
    told = rf"METODIKA_{name} is no setting; the nearest is METODIKA_{nearest}"
    with pytest.raises(WrongSettings, match=told):
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
