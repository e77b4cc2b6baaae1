"""What an indicator is: one SQL file with a header (kpi §2)."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One indicator file: what its header says, its query and the query's fingerprint."""

    id: str
    version: int
    title: str
    title_en: str
    clause: str
    aggregate: str
    unit: str
    period: str
    guards: tuple[str, ...]
    sql: str
    sha256: str


def definitions(folder: Path) -> dict[str, Definition]:
    """Read every indicator file of a folder."""
    found = [_definition(path.read_text(encoding="utf-8")) for path in folder.glob("*.sql")]
    return {each.id: each for each in sorted(found, key=lambda each: each.id)}


def _definition(text: str) -> Definition:
    header = dict(re.findall(r"^-- (\w+): +(.+(?:\n--  +.+)*)$", text, re.MULTILINE))
    said = {name: re.split(r"\n-- +", value) for name, value in header.items()}
    title, *english = said["title"]
    return Definition(
        id=said["id"][0],
        version=int(said["version"][0]),
        title=title,
        title_en=" ".join(english),
        clause=" ".join(said["clause"]),
        aggregate=said["aggregate"][0],
        unit=said["unit"][0],
        period=said["period"][0],
        guards=tuple(said.get("guards", [""])[0].split(", ")) if "guards" in said else (),
        sql=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )
