"""PostgreSQL and MongoDB's protocol over TLS: proved servers alone are spoken to."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psycopg
import pytest

from shared.runtime import seal_shelves, store_postgres, views_mongo
from shared.runtime.logs import harmless
from shared.runtime.problems import of_failure
from shared.runtime.reach import Unreachable, shown
from shared.runtime.seal import Keys
from shared.runtime.seal_shelves import migrate_keys
from shared.runtime.settings import PREFIX
from shared.runtime.store import migrate, open_store
from shared.runtime.views import Put
from shared.runtime.views_mongo import MongoViews
from tests.infra.certificates import Authority
from tests.infra.secured import PASSWORD
from tests.infra.servers import Mongo, Postgres
from tests.runtime.made import record
from tests.runtime.secured import settings_of

pytestmark = pytest.mark.timeout(900)  # the first run builds a server

SOURCE = "registry@0"
QUOTED = quote(PASSWORD, safe="")
PERSON = UUID(int=7)
ROOT = Path(__file__).parents[2]


def verified(url: str, authority: Authority) -> str:
    """Return the URL of somebody who believes this authority and nobody else."""
    return f"{url.partition('?')[0]}?sslmode=verify-full&sslrootcert={authority.ca}"


# ── PostgreSQL ──────────────────────────────────────────────────────────────


def test_a_log_and_its_keys_live_behind_tls(
    secured_postgres: Postgres, authority: Authority
) -> None:
    """`sslmode=verify-full`: tables, appends, the lease and the keys, all of it over TLS."""
    url = verified(secured_postgres.new_database(), authority)
    keys_url = verified(secured_postgres.new_database(), authority)
    migrate(url, SOURCE)
    migrate_keys(keys_url)
    store, keys = open_store(url, SOURCE), Keys(keys_url, bytes(32))
    record(store, 40)
    keys.prepare([PERSON])
    with store.lease() as lease, psycopg.connect(url) as pg:
        clear = pg.execute(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            " WHERE client_addr IS NOT NULL AND NOT ssl"
        ).fetchone()

        assert lease is not None
        assert clear == (0,)
    assert [each.position for each in store.read(0, 100)] == [*range(1, 41)]
    assert keys.key_id(PERSON)
    store.close()
    keys.close()


def test_a_client_certificate_stands_for_a_password(
    secured_postgres: Postgres, authority: Authority, tmp_path: Path
) -> None:
    url = secured_postgres.new_database()
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url) as pg:
        pg.execute("DROP ROLE IF EXISTS certified")
        pg.execute("CREATE ROLE certified LOGIN SUPERUSER")
    pair = authority.client("certified")
    at = url.partition("@")[2].partition("/")[0]
    mine = verified(f"postgresql://certified@{at}/{name}", authority)
    theirs = f"{mine}&sslcert={pair.cert}&sslkey={shutil.copy(pair.key, tmp_path)}"
    migrate(theirs, SOURCE)

    with pytest.raises(Unreachable, match=r"METODIKA_STORE_URL: .*certificate"):
        migrate(mine, SOURCE)


type Url = Callable[[str, Authority, Authority], str]

WRONG_URLS: dict[str, tuple[Url, str]] = {
    "unknown CA": (
        lambda url, _, stranger: verified(url, stranger),
        "certificate verify failed",
    ),
    "another host": (
        lambda url, ours, _: verified(url, ours).replace("127.0.0.1", "localhost"),
        "does not match host name",
    ),
    "no TLS": (
        lambda url, _, __: url.replace("sslmode=require", "sslmode=disable"),
        "no encryption",
    ),
    "wrong password": (
        lambda url, ours, _: verified(url, ours).replace(QUOTED, "hidden-word"),
        "password authentication failed",
    ),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_postgres, "PATIENCE", 0.3)
    monkeypatch.setattr(seal_shelves, "ANSWERS_WITHIN", 0.3)
    monkeypatch.setattr(views_mongo, "PATIENCE", 300)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("case", WRONG_URLS)
def test_a_database_that_refuses_is_told_in_one_line(
    secured_postgres: Postgres, authority: Authority, stranger: Authority, case: str
) -> None:
    """Opening a log or the keys, making their tables: each names its setting."""
    wrong, why = WRONG_URLS[case]
    url = wrong(secured_postgres.address, authority, stranger)
    for act, setting in (
        (lambda: open_store(url, SOURCE), "STORE_URL"),
        (lambda: migrate(url, SOURCE), "STORE_URL"),
        (lambda: migrate_keys(url), "KEYS_URL"),
        (lambda: Keys(url, bytes(32)), "KEYS_URL"),
    ):
        with pytest.raises(Unreachable) as refused:
            act()
        said = str(refused.value)

        assert said.startswith(f"METODIKA_{setting}: ")
        assert why in said
        assert harmless(shown(refused.value)) == f"Unreachable: {said}"
        assert "\n" not in said
        assert not any(word in said for word in (PASSWORD, QUOTED, "hidden-word"))


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_a_server_without_tls_is_not_spoken_to(
    postgres: Postgres, authority: Authority, mode: str
) -> None:
    """The wheel's PostgreSQL is built without TLS: who asks for it goes no further."""
    with psycopg.connect(postgres.address) as pg:
        if pg.execute("SHOW ssl").fetchone() != ("off",):
            pytest.skip(f"this PostgreSQL speaks TLS: {postgres.how}")
    base = postgres.address.partition("?")[0]

    with pytest.raises(Unreachable, match="server does not support SSL"):
        migrate(f"{base}?sslmode={mode}&sslrootcert={authority.ca}", SOURCE)


def test_a_start_says_it_in_one_line(
    secured_postgres: Postgres, stranger: Authority, tmp_path: Path
) -> None:
    """`metodika migrate` ends with exit code 2: the settings are wrong."""
    told = {
        "service": "diagnostics",
        "store_url": verified(secured_postgres.address, stranger),
        "oidc_issuers": '[{"issuer":"https://id","audience":"metodika","jwks":"/jwks"}]',
        "world": str(tmp_path),
    }
    clean = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, "-m", "metodika", "migrate"],
        env=clean
        | {PREFIX + name.upper(): value for name, value in told.items()}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("metodika: METODIKA_STORE_URL: ")
    assert "certificate verify failed" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(word in done.stderr for word in (PASSWORD, QUOTED))


# ── MongoDB ─────────────────────────────────────────────────────────────────


def documents(said: dict[str, Any], monkeypatch: pytest.MonkeyPatch, database: str) -> Any:
    """Put a document and get it, as a service with these settings does."""

    async def act() -> Any:
        views = MongoViews.of(settings_of(said, monkeypatch), database, ["x"])
        try:
            await views.swap("x", await views.begin("x"), 0)
            await views.put("x", [Put(id="1", position=1, document={"n": 1}, territory=None)])
            return await views.get("x", "1")
        finally:
            await views.close()

    return asyncio.run(act())


def test_documents_live_behind_tls(
    secured_mongo: Mongo, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"views_url": secured_mongo.url, "views_ca": authority.ca}
    said["views_cert"] = authority.client("registry").both

    assert documents(said, monkeypatch, secured_mongo.new_database()) == {"n": 1}


type Views = Callable[[str, Authority, Authority], dict[str, Any]]

WRONG_VIEWS: dict[str, tuple[Views, str]] = {
    "unknown CA": (
        lambda url, _, stranger: {"views_url": url, "views_ca": stranger.ca},
        "METODIKA_VIEWS_CA: .*certificate verify failed",
    ),
    "the system's CAs": (
        lambda url, _, __: {"views_url": f"{url}/?tls=true"},
        "METODIKA_VIEWS_CA: .*certificate verify failed",
    ),
    "another host": (
        lambda url, ours, _: {
            "views_url": url.replace("127.0.0.1", "localhost"),
            "views_ca": ours.ca,
        },
        "METODIKA_VIEWS_CA: .*not valid for 'localhost'",
    ),
    "no TLS": (lambda url, _, __: {"views_url": url}, "METODIKA_VIEWS_URL: "),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("case", WRONG_VIEWS)
def test_documents_that_refuse_are_told_in_one_line(
    secured_mongo: Mongo,
    authority: Authority,
    stranger: Authority,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    """And whoever reads gets 503: it may be right again later."""
    wrong, why = WRONG_VIEWS[case]
    url = secured_mongo.url.replace("//", "//registry:hidden-word@")
    said = wrong(url, authority, stranger)
    with pytest.raises(Unreachable, match=why) as refused:
        documents(said, monkeypatch, secured_mongo.new_database())

    assert "hidden-word" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert harmless(shown(refused.value)) == f"Unreachable: {refused.value}"
    assert of_failure(refused.value).status == 503


# ── MongoDB that asks who one is ────────────────────────────────────────────


def known(asking: Mongo, authority: Authority, url: str | None = None) -> dict[str, Any]:
    """Return the settings of somebody whom the server knows, or of another URL."""
    pair = authority.client("registry")
    return {"views_url": url or asking.url, "views_ca": authority.ca, "views_cert": pair.both}


@pytest.mark.parametrize("mechanism", ["", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_documents_live_behind_a_password_and_a_certificate(
    asking_mongo: Mongo, authority: Authority, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    """By what both sides like best, and by each mechanism that is named."""
    url = f"{asking_mongo.url}/?authMechanism={mechanism}" if mechanism else None
    said = known(asking_mongo, authority, url)

    assert documents(said, monkeypatch, asking_mongo.new_database()) == {"n": 1}


WRONG_WHO: dict[str, tuple[Callable[[Mongo, Authority, Authority], dict[str, Any]], str]] = {
    "wrong password": (
        lambda m, ours, _: known(m, ours, m.url.replace(QUOTED, "hidden-word")),
        "METODIKA_VIEWS_URL: user and password are refused",
    ),
    "unknown user": (
        lambda m, ours, _: known(m, ours, m.url.replace("registry:", "hidden-word:")),
        "METODIKA_VIEWS_URL: user and password are refused",
    ),
    "user of another database": (
        lambda m, ours, _: known(m, ours, f"{m.url}/metodika_registry"),
        "METODIKA_VIEWS_URL: user and password are refused",
    ),
    "no password": (
        lambda m, ours, _: known(m, ours, f"mongodb://{m.url.rpartition('@')[2]}"),
        "METODIKA_VIEWS_URL: the user has no right to it",
    ),
    "no certificate": (
        lambda m, ours, _: {"views_url": m.url, "views_ca": ours.ca},
        "METODIKA_VIEWS_CERT: .*certificate required",
    ),
    "certificate of a stranger": (
        lambda m, ours, stranger: (
            known(m, ours) | {"views_cert": stranger.client("registry").both}
        ),
        "METODIKA_VIEWS_CERT: .*unknown ca",
    ),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("case", WRONG_WHO)
def test_whoever_is_not_let_in_to_documents_is_told_in_one_line(
    asking_mongo: Mongo,
    authority: Authority,
    stranger: Authority,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
) -> None:
    wrong, why = WRONG_WHO[case]
    with pytest.raises(Unreachable, match=why) as refused:
        documents(
            wrong(asking_mongo, authority, stranger), monkeypatch, asking_mongo.new_database()
        )
    said = str(refused.value)

    assert "\n" not in said
    assert not any(word in said for word in (PASSWORD, QUOTED, "hidden-word"))
    assert harmless(shown(refused.value)) == f"Unreachable: {said}"
    assert of_failure(refused.value).status == 503
