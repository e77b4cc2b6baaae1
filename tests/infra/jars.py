"""The servers that come as jars, collected by Maven into `.infra` once."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
HOME = HERE.parents[1] / ".infra"


def classpath() -> str:
    """Return the class path of Kafka, mongo-java-server and our `Mongo`.

    RuntimeError says what is missing: Java 17, Maven, or what Maven could not bring.
    """
    sources = (HERE / "pom.xml").read_bytes() + (HERE / "Mongo.java").read_bytes()
    jars = HOME / f"jars-{hashlib.sha256(sources).hexdigest()[:12]}"
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs of tests, one Maven
        if not jars.exists():
            with tempfile.TemporaryDirectory(dir=HOME) as draft:
                _collect(Path(draft))
                shutil.copytree(draft, jars)
    return f"{jars}{os.pathsep}{jars}/*"


def _collect(into: Path) -> None:
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    pom = str(HERE / "pom.xml")
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={into}"]
    _run("mvn", "-q", "-B", "-f", pom, goal, *options)
    _run("javac", "-cp", f"{into}/*", "-d", str(into), str(HERE / "Mongo.java"))


def _run(program: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise RuntimeError(f"{program} is not on PATH (Java 17 and Maven are needed)")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().split("\n")
        raise RuntimeError(f"{program} failed: " + "\n".join(said[:15]))
