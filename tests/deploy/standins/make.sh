#!/usr/bin/env bash
# Where no registry of images can be reached: the four images that we build and run on, under
# their own names, from Debian (debootstrap), Maven, npm and the Go module proxy. Each says
# in the label metodika.standin what it is. For a machine of proof, and never to be pushed.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

if ! docker image inspect metodika-standin/debian:trixie > /dev/null 2>&1; then
  debootstrap --variant=minbase --include=ca-certificates trixie "$made/debian"
  # whoever this machine believes, its containers believe
  cat /etc/ssl/certs/ca-certificates.crt > "$made/debian/etc/ssl/certs/ca-certificates.crt"
  tar --directory "$made/debian" --create . | docker import - metodika-standin/debian:trixie
fi

cp -r python postgres kafka mongo "$made"
mkdir "$made/kafka/libs"
"$root/.venv/bin/python" - "$made" <<'PY'
import os, shutil, sys
from pathlib import Path
sys.path.insert(0, "../../..")
from tests.infra.go import ferretdb
from tests.infra.jars import classpath, fetched
made = Path(sys.argv[1])
for jar in Path(classpath().split(os.pathsep)[0]).glob("*.jar"):
    shutil.copy(jar, made / "kafka" / "libs")
shutil.copy(fetched("org.apache.kafka:kafka-tools:4.3.1:jar"), made / "kafka" / "libs")
shutil.copy(ferretdb(), made / "mongo" / "ferretdb")
PY
docker build --network host --tag python:3.13-slim "$made/python"
docker build --network host --tag postgres:17 "$made/postgres"
docker build --network host --tag apache/kafka:4.3.1 "$made/kafka"
docker build --network host --tag mongo:8 "$made/mongo"
