"""Dockerfile: SERVICE chooses which of the five the image runs (issue 3, §6)."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")
STAND_IN = '#!/bin/sh\necho "$@" of "$METODIKA_SERVICE"\n'


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ({"SERVICE": "routes"}, "routes"),
        ({"METODIKA_SERVICE": "routes"}, "routes"),
        ({"METODIKA_SERVICE": "routes", "SERVICE": "registry"}, "routes"),
        ({}, ""),
    ],
)
def test_service_chooses(said: dict[str, str], chosen: str, tmp_path: Path) -> None:
    [begins] = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        json.loads(begins),
        env={"PATH": path} | said,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"-m metodika up of {chosen}\n"
