"""What is built from the Go module proxy, by the Go in `.venv`, into `.infra` once."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

HOME = Path(__file__).parents[2] / ".infra" / "go"
FERRETDB = "github.com/FerretDB/FerretDB@v1.24.2"
SMALLER = ("-tags=ferretdb_no_postgresql", "-gcflags=all=-N -l", "-ldflags=-s -w")
"""SQLite is enough, and to optimise it takes longer than our tests do."""


@contextmanager
def one_at_a_time() -> Generator[None]:
    """Two runs of tests build once."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def go(*said: str, at: Path, homes: Path = HOME, **more: str) -> str:
    """Run Go in a folder and return what it prints; RuntimeError says why it failed."""
    named = {"GOPATH": str(homes / "path"), "GOCACHE": str(homes / "cache")}
    environment = os.environ | named | {"GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"} | more
    program = str(Path(sys.executable).with_name("go"))
    done = subprocess.run(
        [program, *said], env=environment, cwd=at, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"go {said[0]} failed: {done.stderr[-800:]}")
    return done.stdout


def ferretdb() -> Path:
    """Return FerretDB, which speaks MongoDB's protocol and asks for passwords.

    `go install` is not enough: it refuses to run without a file that names its version,
    which its module leaves out.
    """
    version = FERRETDB.rpartition("@")[2]
    built = HOME / f"ferretdb-{version}"
    with one_at_a_time():
        if not built.exists():
            with tempfile.TemporaryDirectory(dir=HOME) as draft:
                _ferretdb(Path(draft), version).rename(built)
    return built


def _ferretdb(draft: Path, version: str) -> Path:
    said = go("mod", "download", "-json", FERRETDB, at=draft, homes=draft)
    source, names = draft / "source", draft / "source" / "build" / "version"
    shutil.copytree(json.loads(said)["Dir"], source, copy_function=shutil.copyfile)
    names.chmod(0o755)
    (names / "version.txt").write_text(version)
    made = draft / "ferretdb"
    go("build", *SMALLER, "-o", str(made), "./cmd/ferretdb", at=source, homes=draft)
    return made
