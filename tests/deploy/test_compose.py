"""docker-compose.yml: every part is there, and says only what the settings know."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import yaml

from metodika.services import NAMES
from metodika.world import prepare
from shared.runtime.settings import PREFIX, SEALING, Settings, load
from tests.infra.servers import Postgres

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
DATABASES = (ROOT / "deploy/postgres/databases.sql").read_text(encoding="utf-8")


def test_every_part_is_there() -> None:
    assert {"kafka", "postgres", "mongo", "migrate", *NAMES} == PARTS.keys()
    assert all("healthcheck" in each for each in PARTS.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_service_starts_with_these_settings(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings of compose are settings: a wrong one would stop the start."""
    said = {k: v for k, v in PARTS[name]["environment"].items() if k.startswith(PREFIX)}
    for key, value in said.items():
        monkeypatch.setenv(key, str(value))

    settings = load()

    assert settings.service == name
    assert settings.store(name).endswith(f"/{name}")
    assert (settings.keys_url is not None) == (name in SEALING)
    kept = [each.split(":")[0] for each in PARTS[name]["tmpfs"]]
    volumes = [each for each in PARTS[name]["volumes"] if isinstance(each, str)]
    kept += [each.split(":")[1] for each in volumes]
    assert any(settings.world.is_relative_to(each) for each in kept)
    assert any(settings.ledger.is_relative_to(each) for each in kept)


def test_no_setting_is_misspelt() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    said = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / "docker-compose.yml").read_text()))

    assert said <= known


def test_a_database_for_each_and_one_for_keys() -> None:
    assert set(re.findall(r"CREATE DATABASE (\w+)", DATABASES)) == {*NAMES, "keys"}


@pytest.fixture
def made(postgres: Postgres) -> tuple[str, str]:
    """Run the script, its names made fresh; return the server's place and what follows."""
    fresh = f"_{uuid4().hex[:8]}"
    names = "|".join((*NAMES, "keys", "keeper"))
    script = re.sub(rf"\b({names})\b", rf"\1{fresh}", DATABASES)
    with psycopg.connect(postgres.address, autocommit=True) as connection:
        for each in re.sub("--.*", "", script).split(";")[:-1]:
            connection.execute(each.encode())
    return urlsplit(postgres.address).netloc.rpartition("@")[2], fresh


def url(made: tuple[str, str], role: str, database: str) -> str:
    place, fresh = made
    return f"postgresql://{role}{fresh}:{role}{fresh}@{place}/{database}{fresh}"


@pytest.mark.parametrize("role", NAMES)
def test_who_never_needs_names_never_sees_keys(made: tuple[str, str], role: str) -> None:
    """contracts §6: ключи лежат в своей базе, и роль службы её не откроет."""
    psycopg.connect(url(made, role, role)).close()
    for closed in {*NAMES, "keys"} - {role}:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(url(made, role, closed))


def test_a_role_may_make_its_own_tables(made: tuple[str, str]) -> None:
    of_compose = PARTS["registry"]["environment"]
    said = {
        key.removeprefix(PREFIX).lower(): of_compose[key]
        for key in of_compose
        if key in {f"{PREFIX}MASTER_KEY", f"{PREFIX}OIDC_ISSUERS"}
    }
    issuers = yaml.safe_load(said.pop("oidc_issuers"))

    prepare(
        load(
            service="registry",
            store_url=url(made, "registry", "registry"),
            keys_url=url(made, "keeper", "keys"),
            oidc_issuers=issuers,
            **said,
        )
    )


def test_migration_comes_first_and_names_every_service() -> None:
    script = PARTS["migrate"]["entrypoint"][-1]

    assert all(name in script for name in NAMES)
    for name in NAMES:
        waits = PARTS[name]["depends_on"]["migrate"]["condition"]
        assert waits == "service_completed_successfully"
