"""What comes from Maven, collected into `.infra` once."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".infra"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def classpath() -> str:
    """Return the class path of Kafka, mongo-java-server and our `Mongo`.

    RuntimeError says what is missing: Java 17, Maven, or what Maven could not bring.
    """
    sources = (HERE / "pom.xml").read_bytes() + (HERE / "Mongo.java").read_bytes()
    jars = HOME / f"jars-{hashlib.sha256(sources).hexdigest()[:12]}"
    _once(jars, _collect)
    return f"{jars}{os.pathsep}{jars}/*"


def fetched(artifact: str) -> Path:
    """Return the file of `group:name:version:type`. RuntimeError says what is missing."""
    _, name, version, kind = artifact.split(":")
    where = HOME / f"{name}-{version}"
    _once(where, lambda into: _maven("copy", f"-Dartifact={artifact}", into))
    return where / f"{name}-{version}.{kind}"


def _once(where: Path, collect: Callable[[Path], None]) -> None:
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs of tests, one Maven
        if not where.exists():
            with tempfile.TemporaryDirectory(dir=HOME) as draft:
                collect(Path(draft))
                shutil.copytree(draft, where)


def _collect(into: Path) -> None:
    _maven("copy-dependencies", "-DincludeScope=runtime", into)
    _run("javac", "-cp", f"{into}/*", "-d", str(into), str(HERE / "Mongo.java"))


def _maven(goal: str, what: str, into: Path) -> None:
    pom = str(HERE / "pom.xml")
    _run("mvn", "-q", "-B", "-f", pom, f"{PLUGIN}:{goal}", what, f"-DoutputDirectory={into}")


def _run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise RuntimeError(f"{program} is not on PATH (Java 17 and Maven are needed)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().split("\n")
        raise RuntimeError(f"{program} failed: " + "\n".join(said[:15]))
