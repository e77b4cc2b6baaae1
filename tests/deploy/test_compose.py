"""docker-compose.yml: every part is there, and says only what the settings know."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from metodika.services import NAMES
from shared.runtime.settings import PREFIX, SEALING, Settings, load

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

    settings = load(service=name)

    assert settings.store(name).endswith(f"/{name}")
    assert (settings.keys_url is not None) == (name in SEALING)


def test_no_setting_is_misspelt() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    said = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / "docker-compose.yml").read_text()))

    assert said <= known


def test_a_database_for_each_and_one_for_keys() -> None:
    assert set(re.findall(r"CREATE DATABASE (\w+)", DATABASES)) == {*NAMES, "keys"}
    assert "REVOKE CONNECT ON DATABASE keys FROM PUBLIC" in DATABASES


def test_migration_comes_first_and_names_every_service() -> None:
    script = PARTS["migrate"]["entrypoint"][-1]

    assert all(name in script for name in NAMES)
    for name in NAMES:
        waits = PARTS[name]["depends_on"]["migrate"]["condition"]
        assert waits == "service_completed_successfully"
