"""Manifests as the cluster gets them: rendered by the real kustomize, built once."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GO = ROOT / ".infra" / "go"
VERSION = "v5.8.1"
KUSTOMIZE = f"sigs.k8s.io/kustomize/kustomize/v5@{VERSION}"


def kustomize() -> Path:
    """Return the tool; built by the Go in `.venv` from the module proxy, if not there."""
    built = GO / VERSION / "kustomize"
    GO.mkdir(parents=True, exist_ok=True)
    with (GO / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            homes = {"GOBIN": VERSION, "GOPATH": "path", "GOCACHE": "cache"}
            environment = os.environ | {k: str(GO / v) for k, v in homes.items()}
            environment |= {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
            subprocess.run(
                [Path(sys.executable).with_name("go"), "install", KUSTOMIZE],
                env=environment,
                check=True,
                cwd=GO,
            )
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
