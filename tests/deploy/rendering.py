"""Manifests as the cluster gets them: rendered by the real kustomize, built once."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.infra.go import HOME, go, one_at_a_time

ROOT = Path(__file__).parents[2]
VERSION = "v5.8.1"
KUSTOMIZE = f"sigs.k8s.io/kustomize/kustomize/v5@{VERSION}"


def kustomize() -> Path:
    """Return the tool; built from the module proxy, if not there."""
    built = HOME / VERSION / "kustomize"
    with one_at_a_time():
        if not built.exists():
            go("install", KUSTOMIZE, at=HOME, GOBIN=str(HOME / VERSION))
    return built


def rendered(folder: str) -> list[dict[str, Any]]:
    """Return every object of a base or an overlay."""
    said = subprocess.run(
        [kustomize(), "build", str(ROOT / "deploy" / "k8s" / folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [each for each in yaml.safe_load_all(said.stdout) if each]
